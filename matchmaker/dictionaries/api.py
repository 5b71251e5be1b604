"""Dictionaries and the calendar, for the programs of administrators."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from models import DictionaryEntry, Holiday, utcnow

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..labels import today
from ..schema import Input, Text
from . import service
from .schema import (
    FIRST_YEAR,
    LABELS,
    LAST_YEAR,
    EntryEdit,
    EntryMove,
    HolidayInput,
    NewEntry,
)

operations = Operations("dictionaries", "字典与节假日")


class DictionaryLine(Output):
    """A dictionary: what it is for, and how many entries it has in use and not."""

    name: str
    title: str
    use: str
    advised: bool
    active: int
    retired: int


class EntryOut(Output):
    """An entry; ``seen`` marks its words, for whoever changes them."""

    labels: ClassVar[dict[str, str]] = LABELS

    id: int
    dictionary: str
    code: str
    label: str
    advice: str
    position: int
    active: bool
    seen: str


class HolidayOut(Output):
    """A day that is not what its weekday says."""

    labels: ClassVar[dict[str, str]] = LABELS

    id: int
    day: date
    name: str
    is_working: bool


class EntriesQuery(Input):
    """Whose entries."""

    dictionary: Annotated[Text, Field(max_length=32)]


class HolidayQuery(Input):
    """Of which year; without it, of this one."""

    year: Annotated[int | None, Field(ge=FIRST_YEAR, le=LAST_YEAR)] = None


def shown(entry: DictionaryEntry) -> EntryOut:
    """The entry as its page shows it."""
    return EntryOut(
        id=entry.id,
        dictionary=entry.dictionary,
        code=entry.code,
        label=entry.label,
        advice=entry.advice,
        position=entry.position,
        active=entry.active,
        seen=service.seen(entry),
    )


@operations.get("/dictionaries", "dictionaries.index", "全部字典")
def index(place: Place) -> Slice[DictionaryLine]:
    return place.whole(
        service.counts(db.session, signed_in()),
        lambda row: DictionaryLine(
            name=row[0].name,
            title=row[0].title,
            use=row[0].use,
            advised=row[0].advised,
            active=row[1],
            retired=row[2],
        ),
    )


@operations.get(
    "/dictionary-entries",
    ("dictionaries.index", "dictionaries.export"),
    "一个字典的条目",
)
def entries(query: EntriesQuery, place: Place) -> Slice[EntryOut]:
    service.refuse_unknown(query.dictionary)
    found = service.entries(db.session, signed_in(), query.dictionary)
    return place.whole(found, shown)


@operations.post("/dictionary-entries", "dictionaries.add", "新增条目", status=201)
def add(body: NewEntry) -> EntryOut:
    return shown(service.add(db.session, signed_in(), body, now=utcnow()))


@operations.get("/dictionary-entries/<int:entry_id>", "dictionaries.edit", "一个条目")
def show(entry_id: int) -> EntryOut:
    return shown(service.find(db.session, signed_in(), entry_id))


@operations.put(
    "/dictionary-entries/<int:entry_id>", "dictionaries.edit", "修改条目的文字"
)
def edit(entry_id: int, body: EntryEdit) -> EntryOut:
    """带上读取时的 seen，其间有人改过文字的就不会被覆盖。"""
    return shown(service.rename(db.session, signed_in(), entry_id, body, now=utcnow()))


@operations.post(
    "/dictionary-entries/<int:entry_id>/move", "dictionaries.move", "上移或下移条目"
)
def move(entry_id: int, body: EntryMove) -> EntryOut:
    return shown(service.move(db.session, signed_in(), entry_id, body, now=utcnow()))


@operations.post(
    "/dictionary-entries/<int:entry_id>/retire", "dictionaries.retire", "停用条目"
)
def retire(entry_id: int) -> EntryOut:
    return shown(
        service.set_active(db.session, signed_in(), entry_id, False, now=utcnow())
    )


@operations.post(
    "/dictionary-entries/<int:entry_id>/restore", "dictionaries.restore", "恢复条目"
)
def restore(entry_id: int) -> EntryOut:
    return shown(
        service.set_active(db.session, signed_in(), entry_id, True, now=utcnow())
    )


@operations.get("/holidays", "dictionaries.holidays", "一年的节假日和调休")
def holidays(query: HolidayQuery, place: Place) -> Slice[HolidayOut]:
    year = query.year or today(utcnow()).year
    return place.whole(service.holidays(db.session, signed_in(), year), _day)


def _day(holiday: Holiday) -> HolidayOut:
    return HolidayOut.model_validate(holiday)


@operations.post("/holidays", "dictionaries.add_holiday", "登记一天", status=201)
def add_holiday(body: HolidayInput) -> HolidayOut:
    return _day(service.add_holiday(db.session, signed_in(), body, now=utcnow()))


@operations.delete(
    "/holidays/<int:holiday_id>", "dictionaries.remove_holiday", "删除一天"
)
def remove_holiday(holiday_id: int) -> None:
    service.remove_holiday(db.session, signed_in(), holiday_id, now=utcnow())
