"""What everybody may read betrays no contract, not even by subtraction."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.contracts.groupings import Cell, Grouping, Sum
from matchmaker.dashboards import public
from models.states import ContractState, ContractType, TargetIndicator

from ..conftest import NOW

DAY = date(2026, 5, 6)


def cells(*counts):
    return [
        Cell(str(place), f"第{place}项", Sum(count, count * 100, 0))
        for place, count in enumerate(counts)
    ]


def hidden(found):
    return [cell.key for cell in found if cell.sum is None]


@pytest.mark.parametrize(
    ("counts", "withheld"),
    [
        ((5, 3, 9), []),
        ((0, 3, 9), []),  # of none there is nothing to betray
        ((2, 5, 9), ["0", "1"]),  # the smallest other one goes with it
        ((1, 1, 9), ["0", "1", "2"]),  # two together are still too few
        ((2, 1, 9, 8), ["0", "1"]),
        ((1, 0, 5, 4), ["0", "3"]),
        ((1, 2), ["0", "1"]),
        ((), []),
    ],
)
def test_what_is_withheld_cannot_be_had_by_subtraction(counts, withheld):
    assert hidden(public.guarded(cells(*counts))) == withheld


@given(st.lists(st.integers(0, 9), max_size=12))
def test_no_sum_that_follows_from_a_table_is_of_fewer_than_three(counts):
    """The reader knows the cells told and the total; the rest follows as one sum."""
    found = public.guarded(cells(*counts))
    withheld = [int(key) for key in hidden(found)]
    if sum(counts) < public.FEWEST:
        return  # such a year is not told at all
    assert all(not 0 < cell.sum.count < 3 for cell in found if cell.sum)
    rest = sum(counts[place] for place in withheld)
    assert not withheld or (len(withheld) > 1 and rest >= public.FEWEST)


def recognise(make, number, **given):
    values = {
        "state": ContractState.RECOGNISED,
        "recognised_on": DAY,
        "signed_on": DAY - timedelta(days=9),
        "technology_fen": 0,
    }
    return [make.contract(**values | given) for _ in range(number)]


def test_a_small_district_is_withheld_with_the_next_smallest(session, make, client):
    recognise(make, 5, seller_region="430102")
    recognise(make, 4, seller_region="430104")
    recognise(make, 2, seller_region="430181", total_fen=777_000_000)
    board = public.board(session, 2026, now=NOW)
    [tile] = [t for t in board.tiles if t.grouping is Grouping.DISTRICT]
    # Not in the order of their sums, which the reader is not to know.
    assert [cell.label for cell in tile.cells] == ["芙蓉区", "岳麓区", "浏阳市"]
    assert tile.hidden == ["岳麓区", "浏阳市"]
    page = client.get("/board?year=2026").text
    assert "岳麓区、浏阳市暂不公布" in page
    assert "777" not in page
    assert "1,554" not in page


def test_a_year_of_two_contracts_is_not_told(session, make, client):
    recognise(make, 2, total_fen=123_456_700)
    page = client.get("/board?year=2026").text
    assert "不足 3 份，暂不公布" in page
    assert "123" not in page
    assert "246" not in page
    assert "暂不公布" in client.get("/").text


def test_growth_is_withheld_where_it_would_betray_a_type(session, make):
    """三技 less development gives transfers, of which there is one."""
    recognise(make, 6, recognised_on=DAY.replace(year=2025), signed_on=date(2025, 1, 2))
    recognise(make, 6)
    recognise(make, 5, type=ContractType.CONSULTING)
    assert TargetIndicator.THREE_KINDS_GROWTH not in withheld_of(session)
    recognise(make, 1, type=ContractType.TRANSFER)
    assert TargetIndicator.THREE_KINDS_GROWTH in withheld_of(session)


def withheld_of(session):
    return public.board(session, 2026, now=NOW).withheld


def test_a_share_is_withheld_where_its_rest_is_of_few(session, make):
    recognise(make, 6)
    assert TargetIndicator.LOCAL_CONVERSION not in withheld_of(session)
    recognise(make, 2, buyer_region="110000")
    assert TargetIndicator.LOCAL_CONVERSION in withheld_of(session)
    recognise(make, 1, buyer_region="110000")
    assert TargetIndicator.LOCAL_CONVERSION not in withheld_of(session)


def test_nobody_is_named_and_nothing_opens(make, client):
    recognise(make, 4, buyer_name="湘江机密公司", seller_name="岳麓机密大学")
    page = client.get("/board?year=2026").text
    assert "机密" not in page
    assert "/boards/rows" not in page
    assert "按当前进度，年底可达约" in page


def test_a_projection_is_told_in_three_digits():
    assert public.rounded(44_010_123_456_789) == 44_000_000_000_000
    assert public.rounded(999_600) == 1_000_000
    assert public.rounded(7) == 7
    assert public.rounded(0) == 0


def test_the_first_page_has_the_year_in_one_line(make, client):
    recognise(make, 3, total_fen=7_000_000_000_000 // 3)
    page = client.get("/").text
    assert "2026 年技术合同认定登记成交额 700.00 亿元" in page
    assert "2024 年目标 1400 亿元，完成 50.0%" in page
    assert '<progress max="1" value="0.5000"' in page
    assert 'href="/board"' in page


def test_a_board_of_nothing_says_so(client):
    page = client.get("/board").text
    assert "0 份" in page
    assert client.get("/board?year=2031").status_code == 200
    assert client.get("/board?year=abc").status_code == 422
