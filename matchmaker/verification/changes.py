"""What changed in a submission since it was last returned."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from models import DictionaryEntry, History

from ..achievements.schema import LABELS as ACHIEVEMENT_LABELS
from ..labels import in_words
from ..needs.schema import COLUMN_LABELS as NEED_COLUMNS
from . import reasons

NAMES: Mapping[str, Mapping[str, str]] = {
    "need": NEED_COLUMNS,
    "achievement": ACHIEVEMENT_LABELS | {"price_fen": ACHIEVEMENT_LABELS["price"]},
}
# A figure or a Latin word changes as a whole, a Chinese text sign by sign.
TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]+|\s+|.", re.DOTALL)
# Beyond this the two texts are shown one after the other: comparing takes too long.
MOST_TOKENS = 4000

# (text, "same" | "gone" | "new")
Piece = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One field, before and after, as pieces of a single text."""

    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Returned:
    """The last return of a submission, and what its author did about it."""

    at: datetime
    by: str
    entries: list[DictionaryEntry]
    words: str
    changes: list[Change] = field(default_factory=list)


def since_return(
    session: Session, kind: str, items: Sequence[Any]
) -> dict[int, Returned]:
    """For each record that was returned before, by id; two queries in all."""
    found = since_returns(session, {kind: items})
    return {record_id: returned for (_, record_id), returned in found.items()}


def since_returns(
    session: Session, items: Mapping[str, Sequence[Any]]
) -> dict[tuple[str, int], Returned]:
    """The same for records of several kinds, by kind and id; two queries in all."""
    tables = {some[0].__tablename__: kind for kind, some in items.items() if some}
    if not tables:
        return {}
    rows: dict[tuple[str, int], list[History]] = defaultdict(list)
    for row in session.scalars(_noted(items)):
        kind = tables[row.record_type]
        if row.action == f"{kind}.returned":
            # What was before belongs to an earlier return.
            rows[kind, row.record_id] = [row]
        elif (kind, row.record_id) in rows:
            rows[kind, row.record_id].append(row)
    entries = reasons.every(session, sorted({kind for kind, _ in rows}))
    return {
        (kind, record_id): _returned(kind, first, edits, entries[kind])
        for (kind, record_id), (first, *edits) in rows.items()
    }


def _noted(items: Mapping[str, Sequence[Any]]) -> Select[History]:
    """Returns and edits of the records, in the order in which they happened."""
    wanted = [
        and_(
            History.record_type == some[0].__tablename__,
            History.record_id.in_([item.id for item in some]),
            History.action.in_((f"{kind}.returned", f"{kind}.edited")),
        )
        for kind, some in items.items()
        if some
    ]
    return (
        select(History)
        .where(or_(*wanted))
        .options(joinedload(History.actor))
        .order_by(History.id)
    )


def _codes(row: History) -> list[str]:
    return list(row.changes.get("codes", [None, []])[1])


def _returned(
    kind: str,
    row: History,
    edits: Sequence[History],
    entries: Sequence[DictionaryEntry],
) -> Returned:
    # A return from before there were codes has its words under «reason».
    words = (row.changes.get("words") or row.changes.get("reason") or [None, ""])[1]
    codes = _codes(row)
    return Returned(
        at=row.at,
        by=row.actor.name if row.actor else "",
        entries=[entry for entry in entries if entry.code in codes],
        words=words or "",
        changes=_changes(kind, edits),
    )


def _changes(kind: str, edits: Sequence[History]) -> list[Change]:
    """First old and last new value of each field: what was undone is no change."""
    spans: dict[str, tuple[Any, Any]] = {}
    for edit in edits:
        for name, (before, after) in edit.changes.items():
            first = spans[name][0] if name in spans else before
            spans[name] = first, after
    return [
        Change(label, compare(_text(name, spans[name][0]), _text(name, spans[name][1])))
        for name, label in NAMES[kind].items()
        if name in spans and spans[name][0] != spans[name][1]
    ]


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(in_words(name, part) for part in value)
    return "" if value is None else in_words(name, value) if value != "" else ""


def compare(before: str, after: str) -> list[Piece]:
    """The two texts as one: what stayed, what went, what came.

    Without «gone» it is the new text, without «new» the old one.
    """
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if len(old) + len(new) > MOST_TOKENS:
        return _joined([(before, "gone"), (after, "new")])
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            pieces.append(("".join(old[i:j]), "same"))
        else:
            pieces += [("".join(old[i:j]), "gone"), ("".join(new[k:m]), "new")]
    return _joined(pieces)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    return [(text, kind) for text, kind in pieces if text]
