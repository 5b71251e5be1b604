"""Dictionaries: codes stay, words and order change, nothing goes."""

from datetime import date

import pytest
from sqlalchemy import select

from matchmaker.dictionaries import service
from matchmaker.dictionaries.schema import EntryEdit, EntryMove, HolidayInput, NewEntry
from matchmaker.errors import Conflict, Forbidden, Invalid
from matchmaker.schema import parse
from models import DictionaryEntry, History, User, fields
from models.fields import DISTRICTS, FIELDS, Vocabulary
from models.states import Role

from ..conftest import NOW


@pytest.fixture
def admin(make) -> User:
    return make.user(Role.ADMIN)


@pytest.fixture(autouse=True)
def _built_in():
    yield
    for vocabulary in (FIELDS, DISTRICTS):
        vocabulary.hold([])


def entry(session, code: str, dictionary: str = "field") -> DictionaryEntry:
    query = select(DictionaryEntry).where(
        DictionaryEntry.dictionary == dictionary, DictionaryEntry.code == code
    )
    return session.scalars(query).one()


def new(**given) -> NewEntry:
    values = {"dictionary": "field", "code": "QC", "label": "量子科技"}
    return parse(NewEntry, values | given)


def test_the_seeded_words_are_those_built_in(session):
    built_in = dict(FIELDS), dict(DISTRICTS)
    fields.refresh(session)
    assert (dict(FIELDS), dict(DISTRICTS)) == built_in
    assert [code for code, _ in FIELDS.offered()] == list(built_in[0])


def test_a_new_entry_stands_at_the_end_and_is_offered(session, admin):
    service.add(session, admin, new(), now=NOW)
    fields.refresh(session)
    assert FIELDS.offered()[-1] == ("QC", "量子科技")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"code": "ES"}, "code"),
        ({"code": "Q" * 17}, "code"),
        ({"label": "新材料"}, "label"),
    ],
)
def test_a_code_and_a_name_stand_once(session, admin, given, name):
    with pytest.raises(Invalid) as refusal:
        service.add(session, admin, new(**given), now=NOW)
    assert list(refusal.value.fields) == [name]


@pytest.mark.parametrize("code", ["", " ", "a b", "a'b", "=1", "x" * 33, "a\nb", "-"])
def test_a_code_is_letters_digits_and_characters(code):
    with pytest.raises(Invalid) as refusal:
        new(code=code)
    assert list(refusal.value.fields) == ["code"]


def test_new_words_show_and_the_code_stays(session, admin):
    row = entry(session, "长沙县", "district")
    data = EntryEdit(label="星沙区", seen=service.seen(row))
    service.rename(session, admin, row.id, data, now=NOW)
    fields.refresh(session)
    assert DISTRICTS["长沙县"] == "星沙区"
    noted = session.scalars(select(History)).one()
    assert noted.changes == {"label": ["长沙县", "星沙区"]}


def test_the_second_of_two_editors_is_told(session, admin):
    row = entry(session, "ES")
    mark = service.seen(row)
    service.rename(session, admin, row.id, EntryEdit(label="储能", seen=mark), now=NOW)
    data = EntryEdit(label="电池", seen=mark)
    with pytest.raises(Conflict, match="stale"):
        service.rename(session, admin, row.id, data, now=NOW)


def test_up_and_down_change_the_order_and_stop_at_the_ends(session, admin):
    def move(code, direction):
        step = EntryMove(direction=direction)
        service.move(session, admin, entry(session, code).id, step, now=NOW)
        fields.refresh(session)
        return [code for code, _ in FIELDS.offered()]

    before = move("EM", "up")
    assert before[:3] == ["EM", "AT", "ES"]
    assert move("AT", "up")[:3] == ["AT", "EM", "ES"]
    assert move("CH", "down")[-1] == "CH"
    assert move("EM", "down")[:3] == ["AT", "ES", "EM"]


def test_a_retired_entry_is_known_but_not_offered(session, admin):
    row = entry(session, "ES")
    service.set_active(session, admin, row.id, False, now=NOW)
    fields.refresh(session)
    assert FIELDS["ES"] == "先进储能与新能源"
    assert not FIELDS.is_offered("ES")
    assert "ES" not in dict(FIELDS.offered())
    assert list(FIELDS)[-1] == "ES"
    service.set_active(session, admin, row.id, True, now=NOW)
    fields.refresh(session)
    assert FIELDS.is_offered("ES")


def test_the_last_entry_in_use_is_not_retired(session, make, admin):
    one, two = make.entry(), make.entry()
    service.set_active(session, admin, one.id, False, now=NOW)
    with pytest.raises(Conflict, match=r"dictionary\.last"):
        service.set_active(session, admin, two.id, False, now=NOW)


def test_only_an_admin_keeps_dictionaries(session, make):
    staff, row = make.staff(), make.entry()
    for work in (
        lambda: service.add(session, staff, new(), now=NOW),
        lambda: service.set_active(session, staff, row.id, False, now=NOW),
        lambda: service.entries(session, staff, "field"),
        lambda: service.holidays(session, staff, 2026),
    ):
        with pytest.raises(Forbidden):
            work()


def test_a_vocabulary_without_lines_is_what_is_built_in():
    words = Vocabulary({"a": "甲", "b": "乙"})
    words.hold([("b", "新乙", True), ("c", "丙", False)])
    assert words.offered() == [("b", "新乙"), ("a", "甲")]
    assert list(words) == ["b", "a", "c"]
    words.hold(())
    assert dict(words) == {"a": "甲", "b": "乙"}


def test_holidays_are_entered_once_and_taken_out_ahead_only(session, make, admin):
    def day(text, **given):
        values = {"day": text, "name": "元旦", "is_working": "0"}
        return parse(HolidayInput, values | given)

    made = service.add_holiday(session, admin, day("2027-01-01"), now=NOW)
    for data, name in (
        (day("2027-01-01"), "day"),
        (day("2027-01-04", is_working="1"), "is_working"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.add_holiday(session, admin, data, now=NOW)
        assert list(refusal.value.fields) == [name]
    service.add_holiday(session, admin, day("2027-01-09", is_working="1"), now=NOW)
    found = [(h.day, h.is_working) for h in service.holidays(session, admin, 2027)]
    assert found == [(date(2027, 1, 1), False), (date(2027, 1, 9), True)]
    service.remove_holiday(session, admin, made.id, now=NOW)
    assert len(service.holidays(session, admin, 2027)) == 1
    today = make.holiday(day=date(2026, 11, 23))
    with pytest.raises(Conflict, match=r"holiday\.past"):
        service.remove_holiday(session, admin, today.id, now=NOW)
