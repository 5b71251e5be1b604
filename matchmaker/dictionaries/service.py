"""Keep the coded lists: add, rename, reorder, retire. Nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import extract, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import DictionaryEntry, Holiday, User, transaction

from .. import policies
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..labels import today
from .schema import EntryEdit, EntryMove, HolidayInput, NewEntry

LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Kind:
    """A dictionary: what it is called and used for.

    ``longest`` is that of a code as the records store it; ``advised`` dictionaries
    say with each entry what to do about it.
    """

    name: str
    title: str
    use: str
    longest: int = 32
    advised: bool = False


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "field", "技术领域", "需求、成果和榜单所属的领域，检索和统计也按它分。", 16
        ),
        Kind("district", "区县", "单位和需求所在的区县。"),
        Kind(
            "need_return",
            "需求退回原因",
            "退回需求时选择，申报单位会看到修改建议。",
            advised=True,
        ),
        Kind(
            "achievement_return",
            "成果退回原因",
            "退回成果时选择，持有单位会看到修改建议。",
            advised=True,
        ),
        Kind(
            "call_return",
            "榜单退回原因",
            "论证没有通过、退回榜单时选择，起草单位会看到修改建议。",
            advised=True,
        ),
        Kind(
            "call_end",
            "流榜和终止原因",
            "榜单流榜或终止时选择，页面上公开。",
        ),
        Kind(
            "organisation_return",
            "单位退回原因",
            "退回单位注册时选择，申请人会看到修改建议。",
            advised=True,
        ),
        Kind(
            "introduction_declined",
            "无意向原因",
            "答复对接「无意向」时选择，会告知对方，也用来改进匹配。",
            advised=True,
        ),
        Kind(
            "introduction_failed",
            "对接未成原因",
            "洽谈没有结果时选择，看板按它统计。",
            advised=True,
        ),
        Kind(
            "award_stop",
            "项目终止原因",
            "立项后终止项目时选择，页面上公开；承担单位会看到对责任的说明。",
            advised=True,
        ),
        Kind("contract_subtype", "技术合同类别", "五类技术合同的细分类别。"),
        Kind(
            "contract_refused",
            "不予登记原因",
            "登记机构不予登记时选择，当事人会看到修改建议。",
            advised=True,
        ),
        Kind("technology_field", "登记表技术领域", "技术合同登记表的一级技术领域。"),
        Kind("ip_kind", "知识产权构成", "技术合同登记表的知识产权类别。"),
        Kind("plan_source", "计划来源", "技术合同登记表的项目计划来源。"),
        Kind(
            "aim",
            "社会经济目标",
            "技术合同登记表要填的社会经济目标，按登记机构公布的分类录入。",
        ),
    )
}


def kind(name: str) -> Kind:
    """The dictionary of this name; raises `NotFound`."""
    if name not in KINDS:
        raise NotFound("dictionary")
    return KINDS[name]


def refuse_unknown(name: str) -> None:
    """Raise `Invalid` for the name of no dictionary."""
    if name not in KINDS:
        raise Invalid({"dictionary": "没有这个字典，请从所列字典中选择"})


def counts(session: Session, user: User) -> list[tuple[Kind, int, int]]:
    """Every dictionary with how many entries are in use and how many are not."""
    policies.require(user, "dictionary.govern")
    query = select(
        DictionaryEntry.dictionary, DictionaryEntry.active, func.count()
    ).group_by(DictionaryEntry.dictionary, DictionaryEntry.active)
    found = {(name, active): number for name, active, number in session.execute(query)}
    return [
        (each, found.get((name, True), 0), found.get((name, False), 0))
        for name, each in KINDS.items()
    ]


def entries(session: Session, user: User, name: str) -> Sequence[DictionaryEntry]:
    """The entries of a dictionary in their order."""
    policies.require(user, "dictionary.govern")
    kind(name)
    return _ordered(session, name)


# What everybody chooses from besides; they are told apart (`models.fields`).
APART = frozenset({"field", "district"})


def choices(session: Session) -> list[tuple[Kind, list[DictionaryEntry]]]:
    """The entries of every other dictionary, in their order, as forms offer them."""
    query = (
        select(DictionaryEntry)
        .where(DictionaryEntry.dictionary.in_(KINDS.keys() - APART))
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    rows = session.scalars(query).all()
    return [
        (each, [row for row in rows if row.dictionary == name])
        for name, each in KINDS.items()
        if name not in APART
    ]


def _ordered(session: Session, name: str) -> Sequence[DictionaryEntry]:
    query = (
        select(DictionaryEntry)
        .where(DictionaryEntry.dictionary == name)
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    return session.scalars(query).all()


def find(session: Session, user: User, entry_id: int) -> DictionaryEntry:
    """An entry; raises `NotFound`."""
    policies.require(user, "dictionary.govern")
    entry = session.get(DictionaryEntry, entry_id) if entry_id <= LARGEST_ID else None
    if entry is None or entry.dictionary not in KINDS:
        raise NotFound("dictionary_entry")
    return entry


def seen(entry: DictionaryEntry) -> str:
    """A mark of the entry's words: it tells whether somebody changed them since."""
    return sha256(f"{entry.label}\n{entry.advice}".encode()).hexdigest()[:16]


def add(
    session: Session, actor: User, data: NewEntry, *, now: datetime
) -> DictionaryEntry:
    """Add an entry at the end of its dictionary."""
    with transaction(session):
        policies.require(actor, "dictionary.govern")
        refuse_unknown(data.dictionary)
        its = kind(data.dictionary)
        if len(data.code) > its.longest:
            raise Invalid({"code": f"这个字典的代码最多 {its.longest} 个字符"})
        others = _hold(session, its.name)
        _refuse_label(others, data.label, None)
        entry = DictionaryEntry(
            dictionary=its.name,
            code=data.code,
            label=data.label,
            advice=data.advice if its.advised else "",
            position=max((other.position for other in others), default=0) + 1,
            active=True,
        )
        session.add(entry)
        try:
            session.flush()
        except IntegrityError as error:
            raise Invalid({"code": "已有这个代码，请换一个"}) from error
        changes = {"code": [None, entry.code], "label": [None, entry.label]}
        history.record(
            session, actor, "dictionary.added", entry, now=now, changes=changes
        )
    return entry


def rename(
    session: Session, actor: User, entry_id: int, data: EntryEdit, *, now: datetime
) -> DictionaryEntry:
    """Give an entry other words; records keep its code and show the new ones."""
    with transaction(session):
        entry, others = _held(session, actor, entry_id)
        if data.seen and data.seen != seen(entry):
            raise Conflict("stale")
        _refuse_label(others, data.label, entry)
        values = {"label": data.label}
        if KINDS[entry.dictionary].advised:
            values["advice"] = data.advice
        changes = history.difference(entry, values)
        for name, value in values.items():
            setattr(entry, name, value)
        if changes:
            history.record(
                session, actor, "dictionary.renamed", entry, now=now, changes=changes
            )
    return entry


def move(
    session: Session, actor: User, entry_id: int, data: EntryMove, *, now: datetime
) -> DictionaryEntry:
    """Change places with the neighbour; at the end of the list nothing happens."""
    with transaction(session):
        entry, found = _held(session, actor, entry_id)
        order = list(found)
        here = order.index(entry)
        there = here + (-1 if data.direction == "up" else 1)
        if 0 <= there < len(order):
            order[here], order[there] = order[there], order[here]
            for position, each in enumerate(order, 1):
                each.position = position
            changes = {"position": [here + 1, there + 1]}
            history.record(
                session, actor, "dictionary.moved", entry, now=now, changes=changes
            )
    return entry


def set_active(
    session: Session, actor: User, entry_id: int, active: bool, *, now: datetime
) -> DictionaryEntry:
    """Take an entry out of use or back; what has its code keeps it."""
    with transaction(session):
        entry, others = _held(session, actor, entry_id)
        if not active and sum(other.active for other in others if other != entry) == 0:
            raise Conflict("dictionary.last")
        if entry.active != active:
            entry.active = active
            action = "dictionary.restored" if active else "dictionary.retired"
            history.record(session, actor, action, entry, now=now)
    return entry


def _held(
    session: Session, actor: User, entry_id: int
) -> tuple[DictionaryEntry, Sequence[DictionaryEntry]]:
    """The entry, and all of its dictionary, locked: order is a matter of all."""
    entry = find(session, actor, entry_id)
    return entry, _hold(session, entry.dictionary)


def _hold(session: Session, name: str) -> Sequence[DictionaryEntry]:
    query = (
        select(DictionaryEntry)
        .where(DictionaryEntry.dictionary == name)
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def _refuse_label(
    others: Sequence[DictionaryEntry], label: str, entry: DictionaryEntry | None
) -> None:
    if any(other.label == label and other is not entry for other in others):
        raise Invalid({"label": "已有同名的条目，请换一个名称"})


def holidays(session: Session, user: User, year: int) -> Sequence[Holiday]:
    """The special days of a year."""
    policies.require(user, "dictionary.govern")
    query = (
        select(Holiday)
        .where(extract("year", Holiday.day) == year)
        .order_by(Holiday.day)
    )
    return session.scalars(query).all()


def add_holiday(
    session: Session, actor: User, data: HolidayInput, *, now: datetime
) -> Holiday:
    """Enter a day off, or a weekend day on which people work."""
    if data.is_working and data.day.weekday() < 5:
        raise Invalid({"is_working": "这一天本来就是工作日，不需要登记调休上班"})
    with transaction(session):
        policies.require(actor, "dictionary.govern")
        holiday = Holiday(day=data.day, name=data.name, is_working=data.is_working)
        session.add(holiday)
        try:
            session.flush()
        except IntegrityError as error:
            raise Invalid({"day": "这一天已经登记；要修改请先删除再登记"}) from error
        history.record(
            session,
            actor,
            "holiday.added",
            holiday,
            now=now,
            changes={
                "day": [None, data.day.isoformat()],
                "name": [None, data.name],
                "is_working": [None, data.is_working],
            },
        )
    return holiday


def remove_holiday(
    session: Session, actor: User, holiday_id: int, *, now: datetime
) -> date:
    """Take out a day that is still to come; waiting times rest on the past ones."""
    with transaction(session):
        policies.require(actor, "dictionary.govern")
        holiday = (
            session.get(Holiday, holiday_id, with_for_update=True)
            if holiday_id <= LARGEST_ID
            else None
        )
        if holiday is None:
            raise NotFound("holiday")
        if holiday.day <= today(now):
            raise Conflict("holiday.past")
        day = holiday.day
        changes = {"day": [day.isoformat(), None], "name": [holiday.name, None]}
        history.record(
            session, actor, "holiday.removed", holiday, now=now, changes=changes
        )
        session.delete(holiday)
    return day
