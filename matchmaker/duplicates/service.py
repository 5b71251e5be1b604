"""Records that resemble another, for the person who looks: live, not stored.

Who wrote a record is told of the organisation's own and of public ones, found
among the public texts, so that nothing hidden has a part in it. Staff are told of
all, found by the full texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.duplicates import (
    CANDIDATES,
    Duplicate,
    Level,
    alike,
    by_words,
    duplicates,
    has_same_figures,
    order,
    same_passages,
    unread,
    whole,
)
from index.facts import Facts
from index.hybrid import HybridIndex, IndexedRecord
from index.sync import LiveIndex
from index.text import facts, full_source
from models import TABLES, Achievement, Need, User, kind_of
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus

from .. import policies
from ..labels import label
from ..matches.nearby import as_question
from ..needs.service import text_for
from ..search.service import load

Item = Need | Achievement

SHOWN = 5
# So many of one's own records are compared, the last changed first.
MOST_OWN = 200
MOST_QUOTES = 3
LEVEL_WORDS = {Level.SAME: "几乎相同", Level.SUSPECTED: "疑似重复"}
# Shares of text in common, in words: never a bare percentage.
SHARE_WORDS = ((0.95, "文字基本一样"), (0.6, "大部分文字相同"), (0.3, "部分文字相同"))
KIND_WORDS = {RecordType.NEED: "需求", RecordType.ACHIEVEMENT: "成果"}
REWORDED = "文字改写过，意思相同"
WITHDRAWN: dict[RecordType, tuple[StrEnum, ...]] = {
    RecordType.NEED: (NeedStatus.WITHDRAWN,),
    RecordType.ACHIEVEMENT: (AchievementStatus.WITHDRAWN,),
}


@dataclass(frozen=True)
class Similar:
    """A record that says the same, as this reader gets it.

    quotes   passages of the record on the page that stand there word for word
    same_figures  whether every figure of the shorter text is in the other too
    """

    item: Any
    title: str
    organisation: str
    same_organisation: bool
    level: Level
    share: float
    same_figures: bool
    quotes: Sequence[str] = ()

    @property
    def level_words(self) -> str:
        return LEVEL_WORDS[self.level]

    @property
    def state_words(self) -> str:
        return label(self.item.status)

    @property
    def share_words(self) -> str:
        return next(
            (words for least, words in SHARE_WORDS if self.share >= least), REWORDED
        )


@dataclass(frozen=True)
class Finding:
    """What resembles a record: the first few, and how many there are in all.

    at_least  whether there may be more than ``total``
    twins     ids of those that wait for a decision too and say almost the same, or
              perhaps the same and come from the same organisation; for staff
    reason    words with which staff may return the record; they name only what
              the author may read
    """

    rows: list[Similar] = field(default_factory=list)
    total: int = 0
    at_least: bool = False
    reason: str = ""
    twins: Sequence[int] = ()


def find(
    session: Session,
    index: LiveIndex,
    user: User | None,
    item: Item,
    *,
    encode: bool = True,
) -> Finding | None:
    """What resembles the record and this person may see.

    None for readers who are not told, and, unless ``encode``, where the worker has
    not come to the record yet.
    """
    kind = kind_of(item)
    if item.status in WITHDRAWN[kind]:
        return None
    inside = policies.may(user, f"{kind.value}.verify", item)
    if not inside and not policies.may(user, f"{kind.value}.edit", item):
        return None
    if not encode and not _is_encoded(session, index, item, kind):
        return None
    mine = as_question(session, index, user, item)
    if mine is None or not mine.passages:
        return None
    with index.reading(session) as held:
        condition = policies.visible(user, kind)
        shelf = held.shelves[kind, inside]
        found = duplicates(mine, shelf, condition, limit=CANDIDATES)
        known = {
            one.record_id: record
            for one in found
            if (record := held.get(kind, one.record_id, inside=inside))
        }
        if not inside:
            found = _with_own(session, held, user, mine, found, known)
    found = _visible(session, user, kind, found)
    rows = _shown(session, user, item, mine, found[:SHOWN], known)
    reason = _reason(session, item, rows) if inside else ""
    return Finding(rows, len(found), len(found) >= CANDIDATES, reason)


def find_for_staff(
    session: Session, index: LiveIndex, user: User, items: Sequence[Item]
) -> list[Finding | None]:
    """What `find` tells staff of each, without encoding; the tables are asked once."""
    found: dict[int, tuple[IndexedRecord, list[Duplicate]]] = {}
    known: dict[tuple[RecordType, int], IndexedRecord] = {}
    with index.reading(session) as held:
        for place, item in enumerate(items):
            kind = kind_of(item)
            mine = held.get(kind, item.id, inside=True)
            if item.status in WITHDRAWN[kind] or not policies.may(
                user, f"{kind.value}.verify", item
            ):
                continue
            if mine is None or mine.text_hash != full_source(item).hash:
                continue
            shelf = held.shelves[kind, True]
            alike_ones = duplicates(
                mine, shelf, policies.visible(user, kind), limit=CANDIDATES
            )
            found[place] = mine, alike_ones
            for one in alike_ones:
                if record := held.get(kind, one.record_id, inside=True):
                    known[kind, one.record_id] = record
    seen = _loaded(session, user, known)
    public = _public(seen)
    return [
        _finding(user, item, *found[place], known, seen, public)
        if place in found
        else None
        for place, item in enumerate(items)
    ]


Rows = Mapping[tuple[RecordType, int], Any]


def _loaded(
    session: Session, user: User | None, keys: Iterable[tuple[RecordType, int]]
) -> Rows:
    """Those of the records this person may know of."""
    by_kind: dict[RecordType, list[int]] = {}
    for kind, id_ in keys:
        by_kind.setdefault(kind, []).append(id_)
    return {
        (kind, row.id): row
        for kind, ids in by_kind.items()
        for row in load(session, user, kind, ids)
    }


def _public(rows: Rows) -> set[tuple[RecordType, int]]:
    """Which of these rows anybody may know of, by the rule that filters queries."""
    found: set[tuple[RecordType, int]] = set()
    for kind in {of for of, _ in rows}:
        keys = [key for key in rows if key[0] is kind]
        held = Facts()
        for place, key in enumerate(keys):
            held.put(place, facts(rows[key], kind))
        mask = policies.visible(None, kind).mask(held)
        found.update(key for key, open_ in zip(keys, mask, strict=False) if open_)
    return found


def _finding(
    user: User,
    item: Item,
    mine: IndexedRecord,
    found: list[Duplicate],
    known: Mapping[tuple[RecordType, int], IndexedRecord],
    seen: Rows,
    public: set[tuple[RecordType, int]],
) -> Finding:
    kind = mine.kind
    found = [one for one in found if (kind, one.record_id) in seen]
    rows = [
        _similar(
            user, item, mine, one, seen[kind, one.record_id], known[kind, one.record_id]
        )
        for one in found[:SHOWN]
    ]
    readable = {id_ for of, id_ in public if of is kind}
    reason = _reason_of(kind, rows, readable)
    twins = [
        one.record_id for one in found if _is_twin(item, one, seen[kind, one.record_id])
    ]
    return Finding(rows, len(found), len(found) >= CANDIDATES, reason, twins)


def _is_twin(item: Item, one: Duplicate, other: Item) -> bool:
    """Whether both wait and one decision would do for both."""
    waiting = item.status.value == other.status.value == "pending"
    same_home = item.organisation_id == other.organisation_id
    return waiting and (one.level is Level.SAME or same_home)


def _is_encoded(
    session: Session, index: LiveIndex, item: Item, kind: RecordType
) -> bool:
    stored = index.caught_up(session).get(kind, item.id, inside=True)
    return stored is not None and stored.text_hash == full_source(item).hash


def _with_own(
    session: Session,
    held: HybridIndex,
    user: User | None,
    mine: IndexedRecord,
    found: list[Duplicate],
    known: dict[int, IndexedRecord],
) -> list[Duplicate]:
    """Add those of the organisation's own records, by their full texts.

    They are measured by what is usual among public texts, and a text that has no
    vectors yet by its words alone.
    """
    shelf = held.shelves[mine.kind, False]
    encoded: list[IndexedRecord] = []
    unencoded: list[IndexedRecord] = []
    best = {one.record_id: one for one in found}
    for row in _own(session, user, mine):
        source = full_source(row)
        stored = held.get(mine.kind, row.id, inside=True)
        if stored is not None and stored.text_hash == source.hash:
            encoded.append(stored)
            known[row.id] = stored
        else:
            told = facts(row, mine.kind)
            unencoded.append(unread(mine.kind, row.id, source, told))
    worded = by_words(mine, unencoded, encoded)
    for blank, likeness in zip(unencoded, worded, strict=True):
        if likeness.level is not None:
            best[blank.id] = Duplicate(blank.id, likeness, likeness.level)
    for one in alike(mine, encoded, shelf):
        best[one.record_id] = one
    return sorted(best.values(), key=order)


def _own(session: Session, user: User | None, mine: IndexedRecord) -> Iterable[Any]:
    model: Any = TABLES[mine.kind]
    if user is None:
        return []
    own = policies.where(policies.owned(user, mine.kind), mine.kind)
    query = (
        select(model)
        .where(own, model.id != mine.id, model.status.not_in(WITHDRAWN[mine.kind]))
        .order_by(model.updated_at.desc(), model.id.desc())
        .limit(MOST_OWN)
    )
    return session.scalars(query)


def _visible(
    session: Session, user: User | None, kind: RecordType, found: list[Duplicate]
) -> list[Duplicate]:
    """Those the tables let this person know of, whatever the index held."""
    model: Any = TABLES[kind]
    query = select(model.id).where(
        model.id.in_([one.record_id for one in found]),
        policies.where(policies.visible(user, kind), kind),
    )
    seen = set(session.scalars(query))
    return [one for one in found if one.record_id in seen]


def _shown(
    session: Session,
    user: User | None,
    item: Item,
    mine: IndexedRecord,
    found: Sequence[Duplicate],
    known: Mapping[int, IndexedRecord],
) -> list[Similar]:
    ids = [one.record_id for one in found]
    rows = {row.id: row for row in load(session, user, mine.kind, ids)}
    return [
        _similar(user, item, mine, one, rows[one.record_id], known.get(one.record_id))
        for one in found
        if one.record_id in rows
    ]


def _similar(
    user: User | None,
    item: Item,
    mine: IndexedRecord,
    one: Duplicate,
    row: Item,
    theirs: IndexedRecord | None,
) -> Similar:
    title, organisation = _names(user, row)
    # Without vectors it is one's own record, and its full text may be read.
    words = whole(theirs) if theirs is not None else full_source(row).whole
    return Similar(
        item=row,
        title=title,
        organisation=organisation,
        same_organisation=row.organisation_id == item.organisation_id,
        level=one.level,
        share=one.likeness.share,
        same_figures=has_same_figures(whole(mine), words),
        quotes=same_passages(mine, theirs)[:MOST_QUOTES] if theirs else (),
    )


def _names(user: User | None, row: Item) -> tuple[str, str]:
    """Title and organisation as this reader gets them."""
    if isinstance(row, Need):
        text = text_for(user, row)
        return text.title, text.organisation
    return row.title, row.organisation.name


def _reason(session: Session, item: Item, rows: Sequence[Similar]) -> str:
    """Words for returning a duplicate, naming only what its author may read."""
    if not rows:
        return ""
    kind = kind_of(item)
    public = load(session, None, kind, [row.item.id for row in rows])
    return _reason_of(kind, rows, {row.id for row in public})


def _reason_of(kind: RecordType, rows: Sequence[Similar], public: set[int]) -> str:
    if not rows:
        return ""
    what, level = f"平台上已有的{KIND_WORDS[kind]}", rows[0].level_words
    for row in rows:
        if row.same_organisation:
            what, level = f"本单位的「{row.title}」", row.level_words
            break
        if row.item.id in public:
            title, _ = _names(None, row.item)
            what, level = f"已公开的「{title}」", row.level_words
            break
    return f"重复：与{what}内容{level}。如果不是同一件事，请写明区别后再次提交。"
