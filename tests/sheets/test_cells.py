"""What a cell says: any usual way to write it, and nothing read into it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matchmaker.achievements.importing.rights import (
    read_rights,
    read_shares,
    write_rights,
    write_shares,
)
from matchmaker.achievements.rights import IP_TYPES
from matchmaker.achievements.schema import IP_STATES
from matchmaker.imports import numbers, parts
from matchmaker.money import Unit
from matchmaker.needs.importing.measured import read_measures, write_measures
from matchmaker.schema import CONTROL
from matchmaker.sheets import cells
from matchmaker.sheets.cells import CellError
from matchmaker.sheets.reader import UNCOMPUTED
from matchmaker.sheets.writer import safe_cell, unguarded
from models.likeness import likeness

WORDS = st.text(min_size=1, max_size=40).filter(
    lambda text: (
        text.strip() == text
        and "\n" not in text
        and "\r" not in text
        and not CONTROL.search(text)
    )
)
ANY = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.just(UNCOMPUTED),
)
FIRST = datetime.combine(date(1985, 1, 2), time())
LAST = datetime.combine(date(2100, 12, 30), time())
READERS = (
    cells.text,
    cells.prose,
    cells.lines,
    cells.day,
    cells.last_day,
    cells.moment,
    cells.level,
    cells.credit_code,
    cells.yes_or_no,
    cells.whole(1, 20),
    cells.several(cells.named({"技术转让": 1, "技术许可": 2})),
    cells.exactly({"公开": 1}),
    lambda cell: cells.amount(cell, Unit.WAN),
    numbers.read,
    read_rights,
    read_shares,
    read_measures,
)


@pytest.mark.parametrize("read", READERS)
@given(cell=ANY)
def test_every_cell_is_read_or_refused_in_words(read, cell):
    if cell is None:
        return  # an empty cell reaches no reader
    try:
        words = ""
        read(cell)
    except CellError as error:
        words = str(error)
    assert not words or any("\u4e00" <= char <= "\u9fff" for char in words)


@given(texts=st.lists(WORDS, max_size=12))
@example(texts=["a；b"])
@example(texts=["1. a"])
@example(texts=["• a", "b"])
@example(texts=["1、a 2、b"])
def test_lines_find_what_was_written(texts):
    texts = [cells.prose(text) for text in texts]
    texts = [text for text in texts if text]
    assert cells.lines(cells.written(texts)) == texts


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("误报率 ≤ 1%", ["误报率 ≤ 1%"]),
        ("甲；乙;丙", ["甲", "乙", "丙"]),
        ("1、甲\n2、乙", ["甲", "乙"]),
        ("(1) 甲 (2) 乙", ["甲", "乙"]),
        ("①甲；②乙", ["甲", "乙"]),
        ("1.5 mm 以下", ["1.5 mm 以下"]),
        ("\n甲\n\n乙\n", ["甲", "乙"]),
        (12, ["12"]),
    ],
)
def test_several_texts_in_one_cell(cell, found):
    assert cells.lines(cell) == found


@given(day=st.dates(date(1985, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_however_it_is_written(day):
    serial = (day - date(1899, 12, 30)).days
    for cell in (
        day,
        datetime.combine(day, time()),
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        serial,
        str(serial),
    ):
        assert cells.day(cell) == cells.last_day(cell) == day


@given(moment=st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_a_moment_is_read_back_to_the_last_digit(moment):
    assert cells.moment(parts.when(moment)) == moment


@pytest.mark.parametrize(
    ("cell", "at_end", "found"),
    [
        ("2027-06-30 17:00", False, "2027-06-30T09:00:00"),
        ("2027年6月30日 17点", False, "2027-06-30T09:00:00"),
        ("2027-06-30", False, "2027-06-29T16:00:00"),
        ("2027-06-30", True, "2027-06-30T16:00:00"),
        (date(2027, 6, 30), True, "2027-06-30T16:00:00"),
        ("2027-06-30 24:00", True, "2027-06-30T16:00:00"),
        (datetime.combine(date(2027, 6, 30), time(17)), True, "2027-06-30T09:00:00"),
    ],
)
def test_moments_are_of_the_citys_clock(cell, at_end, found):
    assert cells.moment(cell, at_end=at_end).isoformat() == f"{found}+00:00"


@pytest.mark.parametrize("cell", ["2027-06-30 25:00", "2027-06-30 12:61"])
def test_there_is_no_such_hour(cell):
    with pytest.raises(CellError, match="没有这个时刻"):
        cells.moment(cell)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2027年6月", date(2027, 6, 30)),
        ("2027-02", date(2027, 2, 28)),
        ("2028.2月底前", date(2028, 2, 29)),
        ("2027年底", date(2027, 12, 31)),
        ("2027年6月30日前", date(2027, 6, 30)),
    ],
)
def test_until_a_month_is_until_its_end(cell, found):
    assert cells.last_day(cell) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [(7, 7), ("7", 7), ("TRL7", 7), ("七级", 7), ("TRL 7级及以上", 7), (7.0, 7)],
)
def test_levels_as_people_write_them(cell, found):
    assert cells.level(cell) == found


@pytest.mark.parametrize("cell", ["6-7级", "10", "0", "高", 7.5])
def test_what_is_no_level(cell):
    with pytest.raises(CellError):
        cells.level(cell)


@given(text=st.text(max_size=60).filter(lambda text: not CONTROL.search(text)))
@example(text="'=1")
@example(text="''=1")
def test_a_guarded_text_is_itself_again(text):
    assert unguarded(str(safe_cell(text))) == text


RIGHTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(IP_TYPES),
        "status": st.sampled_from(IP_STATES),
        "count": st.integers(1, 9999),
    },
    optional={"family": WORDS},
)


@given(rows=st.lists(RIGHTS, max_size=10))
def test_rights_are_read_back(rows):
    blank = {"number": "", "family": ""}
    rows = [
        row | {k: cells.prose(v) for k, v in row.items() if k == "family"}
        for row in rows
    ]
    assert read_rights(write_rights(rows)) == [blank | row for row in rows]


@given(
    shares=st.lists(
        st.tuples(
            st.from_regex(r"[\u4e00-\u9fff]{2,20}", fullmatch=True),
            st.integers(1, 9999).map(lambda n: n / 100),
        ),
        max_size=6,
    )
)
def test_shares_are_read_back(shares):
    rows = [{"name": name, "share": share} for name, share in shares]
    found = read_shares(write_shares(rows))
    assert [(row["name"], float(row["share"])) for row in found] == shares


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "name": st.from_regex(
                    r"[\u4e00-\u9fff a-z]{0,20}[\u4e00-\u9fff]", fullmatch=True
                ),
                "comparator": st.sampled_from(["ge", "le", "range", "none", ""]),
                "value": st.from_regex(r"-?\d{1,5}(\.\d)?", fullmatch=True),
                "upper": st.just(""),
                "unit": st.sampled_from(["mm", "%", ""]),
                "must": st.booleans(),
                "proposed": st.booleans(),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
def test_measures_are_read_back(rows):
    rows = [row | {"name": row["name"].strip()} for row in rows]
    assert read_measures(write_measures(rows)) == rows


def test_an_end_may_come_after_midnight_and_a_key_survives_marks():
    assert cells.moment("2027-06-30", at_end=True) - cells.moment(
        "2027-06-30"
    ) == timedelta(days=1)
    assert likeness("储能，电站 (一)") == likeness("储能电站（一）")
    assert likeness("储能电站一") != likeness("储能电站二")
