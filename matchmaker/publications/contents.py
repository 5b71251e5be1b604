"""What stands in a list: the public text of public records, and nothing else.

Whoever composes or issues it, a record is read here as a visitor reads it. So a
masked need gives its public text and the band of its budget, and a restricted one is
not even counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from models import (
    TABLES,
    Achievement,
    Need,
    PublicationEntry,
    PublicationList,
)
from models.fields import district_name, field_name
from models.outbox import RecordType
from models.states import PublicationKind, Secrecy

from .. import labels, policies
from ..achievements import rights
from ..errors import Invalid
from ..needs import budgets
from ..needs.service import text_for
from .schema import MOST_ENTRIES

Facts = list[list[str]]

RECORDS: Mapping[PublicationKind, RecordType] = {
    PublicationKind.NEEDS: RecordType.NEED,
    PublicationKind.ACHIEVEMENTS: RecordType.ACHIEVEMENT,
    PublicationKind.SCENES: RecordType.NEED,
}


@dataclass(frozen=True)
class Line:
    """A record as a list tells of it; ``entry`` is where it stands in the list."""

    title: str
    facts: Facts
    is_demo: bool
    entry: PublicationEntry

    def fact(self, label: str) -> str:
        """What stands under this label, if anything does."""
        return next((words for name, words in self.facts if name == label), "")


def _need(need: Need) -> tuple[str, Facts]:
    text = text_for(None, need)
    return text.title, [
        ["编号", need.code or ""],
        ["单位", text.organisation],
        ["技术领域", field_name(need.field)],
        ["区县", district_name(need.district)],
        ["要解决的问题", text.problem],
        ["希望达到的指标", "\n".join(text.targets)],
        ["期望成熟度", f"{need.trl_expected} 级" if need.trl_expected else ""],
        ["预算", budgets.seen(None, need).words],
        ["合作方式", _modes(need.cooperation)],
        ["截止日期", labels.day(need.deadline)],
    ]


def _scene(need: Need) -> tuple[str, Facts]:
    text = text_for(None, need)
    return text.title, [
        ["编号", need.code or ""],
        ["单位", text.organisation],
        ["技术领域", field_name(need.field)],
        ["区县", district_name(need.district)],
        ["应用场景", text.scene],
        ["要解决的问题", text.problem],
        ["希望达到的指标", "\n".join(text.targets)],
        ["合作方式", _modes(need.cooperation)],
        ["截止日期", labels.day(need.deadline)],
    ]


def _achievement(item: Achievement) -> tuple[str, Facts]:
    return item.title, [
        ["编号", item.code or ""],
        ["单位", item.organisation.name],
        ["技术领域", field_name(item.field)],
        ["成果简介", item.abstract],
        ["已达到的指标", "\n".join(item.indicators)],
        ["成熟度", f"{item.level}/{item.trl_scale} 级"],
        ["所处阶段", labels.label(item.stage)],
        ["知识产权", "\n".join(map(rights.in_words, item.ip))],
        ["转化方式", _modes(item.modes)],
        ["意向价格", " ".join(labels.money(item.price_fen)).strip()],
    ]


def _modes(codes: Sequence[str]) -> str:
    return "、".join(map(labels.mode_label, codes))


TEXTS: Mapping[PublicationKind, Callable[[Any], tuple[str, Facts]]] = {
    PublicationKind.NEEDS: _need,
    PublicationKind.ACHIEVEMENTS: _achievement,
    PublicationKind.SCENES: _scene,
}


def _fit(kind: PublicationKind) -> list[ColumnElement[bool]]:
    """What may stand in a list of the kind: what every visitor finds in the lists."""
    record = RECORDS[kind]
    public = policies.known_to_all(record)
    return [public, policies.where(policies.listed(record), record)]


def _chosen(made: PublicationList) -> list[ColumnElement[bool]]:
    table: Any = TABLES[RECORDS[made.kind]]
    chosen, found = made.chosen, []
    for name in ("field", "district"):
        if chosen.get(name):
            found.append(getattr(table, name).in_(chosen[name]))
    if chosen.get("from_on"):
        found.append(table.published_at >= _morning(chosen["from_on"]))
    if chosen.get("until_on"):
        end = _morning(chosen["until_on"]) + timedelta(days=1)
        found.append(table.published_at < end)
    return found


def _morning(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), labels.CITY)


def _where(
    made: PublicationList, *more: ColumnElement[bool]
) -> Sequence[ColumnElement[bool]]:
    """The public records that may stand in the list."""
    found = [*_fit(made.kind), *more]
    if made.kind is PublicationKind.SCENES:
        # Told by the public text; of a masked need that has none (`NeedText`).
        found += [Need.secrecy == Secrecy.PUBLIC, Need.scene != ""]
    return found


def refill(session: Session, made: PublicationList) -> None:
    """Gather anew by what is chosen, inside the running transaction.

    What stood in the draft keeps its place and whether it is left out; what is new
    comes after it, the newest first. Raises `Invalid` where there is more than a list
    can hold.
    """
    table: Any = TABLES[RECORDS[made.kind]]
    where = _where(made, *_chosen(made))
    number = session.scalar(select(func.count(table.id)).where(*where)) or 0
    if number > MOST_ENTRIES:
        words = f"符合条件的有 {number:,} 条，一份清单最多 {MOST_ENTRIES} 条"
        raise Invalid({"field": f"{words}，请缩小领域、区县或日期的范围"})
    newest = select(table.id).where(*where)
    ids = session.scalars(
        newest.order_by(table.published_at.desc(), table.id.desc())
    ).all()
    kept = {entry.record_id: entry for entry in made.entries}
    for record_id, entry in kept.items():
        if record_id not in set(ids):
            session.delete(entry)
    old = [id_ for id_ in kept if id_ in set(ids)]
    for place, id_ in enumerate(old + [id_ for id_ in ids if id_ not in kept], 1):
        entry = kept.get(id_) or PublicationEntry(
            list_id=made.id, record_type=RECORDS[made.kind], record_id=id_
        )
        entry.position = place
        session.add(entry)
    session.flush()
    session.expire(made, ["entries"])


def lines(session: Session, made: PublicationList) -> list[Line]:
    """The entries in their order: of an issued list as issued, of a draft as of now.

    What a draft holds that is not public any more is left out.
    """
    if not made.is_draft:
        return [
            Line(entry.title or "", entry.facts or [], entry.is_demo, entry)
            for entry in made.entries
        ]
    table: Any = TABLES[RECORDS[made.kind]]
    ids = [entry.record_id for entry in made.entries]
    query = select(table).where(*_where(made, table.id.in_(ids)))
    records = session.scalars(query.options(joinedload(table.organisation)))
    found = {item.id: item for item in records}
    told = []
    for entry in made.entries:
        if (item := found.get(entry.record_id)) is not None:
            title, facts = TEXTS[made.kind](item)
            told.append(Line(title, facts, item.is_demo, entry))
    return told


def hold(session: Session, made: PublicationList) -> None:
    """Keep the records of the draft from being changed until the transaction ends.

    Else one could become restricted between being read and being issued.
    """
    table: Any = TABLES[RECORDS[made.kind]]
    ids = sorted(entry.record_id for entry in made.entries)
    query = select(table.id).where(table.id.in_(ids)).order_by(table.id)
    session.execute(query.with_for_update(read=True)).all()


def digest(made: PublicationList, included: Sequence[Line]) -> str:
    """SHA-256 over all that a reader of the list reads in it."""
    head = [made.kind.value, made.title, made.issuer, made.foreword]
    body = [[line.title, line.facts] for line in included]
    text = json.dumps([*head, body], ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def is_unaltered(made: PublicationList, issued: Sequence[Line]) -> bool:
    """Whether an issued list still says what it said when it was issued."""
    return made.digest == digest(made, issued)
