"""Every sum on a board is the sum of its rows, over random ledgers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from matchmaker.contracts import cuts, listing
from matchmaker.contracts.cuts import Standing
from matchmaker.contracts.groupings import Grouping
from matchmaker.contracts.listing import ContractQuery
from matchmaker.dashboards import public, year
from matchmaker.dashboards.methods import KINDS
from matchmaker.dashboards.schema import Narrowing
from matchmaker.errors import Forbidden
from matchmaker.schema import parse
from models.states import Flow, Role, TargetIndicator

from ..conftest import NOW
from .ledger import KEYS, LEDGERS, counts, enter, sums

# The tables are emptied by each example itself.
RANDOM = settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
YEARS = st.sampled_from([2025, 2026])


def listed(session, user, address):
    """What the list of the ledger under these cuts says it adds up to."""
    query = parse(ContractQuery, MultiDict([("cut", str(one)) for one in address]))
    found = listing.browse(session, user, query)
    return found.total, found.total_fen, found.technology_fen


def year_of(year):
    return cuts.standing(Standing.COUNTED, year)


def numbers(one):
    return one.count, one.total_fen, one.technology_fen


def test_every_way_to_cut_has_a_key_by_hand():
    assert set(KEYS) == set(Grouping) == set(year.TILES)


def test_every_part_is_the_sum_of_the_contracts_it_opens(session, make):
    user = make.staff()

    @RANDOM
    @given(LEDGERS, YEARS)
    def check(drawn, of):
        ledger = [row for row in enter(session, drawn) if counts(row, of)]
        board = year.year_board(session, user, Narrowing(year=of), now=NOW)
        assert numbers(board.counted) == sums(ledger)
        for tile in board.tiles:
            key_of = KEYS[tile.grouping]
            by_hand = {}
            for row in ledger:
                by_hand.setdefault(key_of(row), []).append(row)
            assert {c.key: numbers(c.sum) for c in tile.cells} == {
                key: sums(some) for key, some in by_hand.items()
            }, tile.grouping
            for cell in tile.cells:
                found = [year_of(of), cuts.by(tile.grouping, cell.key)]
                assert listed(session, user, found) == numbers(cell.sum), found

    check()


def test_a_board_that_is_cut_is_the_sum_of_what_is_left(session, make):
    user = make.staff()
    every = st.lists(st.sampled_from(list(Grouping)), min_size=1, max_size=3)

    @RANDOM
    @given(LEDGERS, YEARS, every, st.randoms(use_true_random=False))
    def check(drawn, of, groupings, random):
        ledger = [row for row in enter(session, drawn) if counts(row, of)]
        # Filters some contract meets, where there is any.
        like = random.choice(ledger) if ledger else None
        chosen = {each: KEYS[each](like) if like else "unknown" for each in groupings}
        left = [
            row
            for row in ledger
            if all(KEYS[each](row) == key for each, key in chosen.items())
        ]
        given = [cuts.by(each, key) for each, key in chosen.items()]
        query = Narrowing(year=of, cut=given)
        board = year.year_board(session, user, query, now=NOW)
        assert numbers(board.counted) == sums(left)
        for tile in board.tiles:
            parts = [numbers(cell.sum) for cell in tile.cells]
            assert tuple(map(sum, zip(*parts, strict=True))) == (
                sums(left) if left else ()
            )
        assert listed(session, user, [year_of(of), *given]) == sums(left)
        assert board.progress == []  # targets are the whole city's
        assert board.pace is None

    check()


def test_what_stands_apart_is_the_sum_of_its_rows_too(session, make):
    user = make.staff()
    pending = ("signed", "submitted", "correcting")

    @RANDOM
    @given(LEDGERS, YEARS)
    def check(drawn, of):
        ledger = enter(session, drawn)
        apart = year.year_board(session, user, Narrowing(year=of), now=NOW).apart
        for standing, found, meant in (
            (
                Standing.PENDING,
                apart.pending,
                lambda r: r["state"] in pending and r["signed_on"].year <= of,
            ),
            (
                Standing.REFUSED,
                apart.refused,
                lambda r: r["state"] == "refused" and r["signed_on"].year == of,
            ),
            (
                Standing.CANCELLED,
                apart.cancelled,
                lambda r: r["state"] == "cancelled" and r["recognised_on"].year == of,
            ),
        ):
            by_hand = sums(filter(meant, ledger))
            assert numbers(found) == by_hand
            assert listed(session, user, [cuts.standing(standing, of)]) == by_hand

    check()


def test_the_indicators_are_what_one_gets_by_hand(session, make):
    user = make.staff()

    @RANDOM
    @given(LEDGERS)
    def check(drawn):
        ledger = enter(session, drawn)
        board = year.year_board(session, user, Narrowing(year=2026), now=NOW)
        reached = {one.indicator: one.reached for one in board.progress}
        now = [row for row in ledger if counts(row, 2026)]
        # NOW is 23 November.
        then = [
            row
            for row in ledger
            if counts(row, 2025)
            and (row["recognised_on"].month, row["recognised_on"].day) <= (11, 23)
        ]
        assert reached[TargetIndicator.TURNOVER].value == sums(now)[1]

        def of_kinds(rows):
            return sum(r["total_fen"] for r in rows if r["type"] in KINDS)

        growth = reached[TargetIndicator.THREE_KINDS_GROWTH]
        if of_kinds(then):
            exact = (of_kinds(now) / of_kinds(then) - 1) * 10_000
            assert growth.value == pytest.approx(exact, abs=0.51, rel=1e-9)
        else:
            assert growth.value is None
            assert growth.missing

        flow_of = KEYS[Grouping.FLOW]
        local = sum(r["total_fen"] for r in now if flow_of(r) == Flow.LOCAL)
        sold = sum(r["total_fen"] for r in now if flow_of(r) in (Flow.LOCAL, Flow.OUT))
        share = reached[TargetIndicator.LOCAL_CONVERSION]
        if sold:
            assert share.value == pytest.approx(local / sold * 10_000, abs=0.51)
        else:
            assert share.value is None
            assert share.missing

    check()


def test_the_public_board_tells_the_same_sums_and_hides_the_few(session, make):
    @RANDOM
    @given(LEDGERS, YEARS)
    def check(drawn, of):
        ledger = [row for row in enter(session, drawn) if counts(row, of)]
        board = public.board(session, of, now=NOW)
        if 0 < len(ledger) < public.FEWEST:
            assert board.counted is None
            assert board.tiles == []
            assert board.projection is None
            return
        assert numbers(board.counted) == sums(ledger)
        for tile in board.tiles:
            key_of = KEYS[tile.grouping]
            hidden = [cell for cell in tile.cells if cell.sum is None]
            for cell in tile.cells:
                by_hand = sums(r for r in ledger if key_of(r) == cell.key)
                assert cell.sum is None or numbers(cell.sum) == by_hand
                assert cell.sum is None or by_hand[0] >= public.FEWEST
            # What subtraction from the total gives is of enough contracts.
            kept = sum(cell.sum.count for cell in tile.cells if cell.sum)
            assert len(hidden) != 1
            assert len(ledger) - kept >= public.FEWEST or not hidden

    check()


def test_others_than_staff_have_no_board(session, make):
    for role in (Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER):
        with pytest.raises(Forbidden):
            year.year_board(session, make.user(role), Narrowing(), now=NOW)
