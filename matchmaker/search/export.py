"""A list of needs, achievements or calls as a file: whole, as its reader gets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from index.sync import LiveIndex
from models import User, snapshot, transaction
from models.conditions import Condition
from models.outbox import RecordType

from ..achievements import export as achievements
from ..calls import export as calls
from ..history import service as history
from ..needs import export as needs
from ..sheets.tables import Form, Told, write_table
from .links import Links
from .listing import Whole
from .schema import ListQuery
from .service import DEEPEST, load, whole

# Rows that are read at once, each with its texts.
AT_ONCE = 500


@dataclass(frozen=True)
class Kind:
    """What a kind of record is called as a file, its columns, its row for a reader."""

    title: str
    columns: Sequence[Told[Any]]
    line: Callable[[User, Any, datetime], Any]


KINDS = {
    RecordType.NEED: Kind("技术需求", needs.COLUMNS, needs.line),
    RecordType.ACHIEVEMENT: Kind("科技成果", achievements.COLUMNS, achievements.line),
    RecordType.CALL: Kind("揭榜榜单", calls.COLUMNS, calls.line),
}


def write(
    session: Session,
    index: LiveIndex,
    user: User,
    kind: RecordType,
    query: ListQuery,
    form: Form,
    *,
    base: Condition | None = None,
    ranked: bool = True,
    states: bool = False,
    now: datetime,
) -> IO[bytes]:
    """All pages of the list `service.browse` shows, in its order; the copy is noted.

    Which rows there are is asked first, as for a page. They are read as they stand at
    one moment after that, under the conditions of the list again.
    """
    found = whole(
        session,
        index,
        user,
        kind,
        query,
        base=base,
        ranked=ranked,
        states=states,
        now=now,
    )
    with transaction(session):
        filters = [*Links(query).filters, ("format", form)]
        filters += [("q", query.q)] * bool(query.q) + [("own", "是")] * bool(base)
        history.record_export(session, user, kind.value, filters, now=now)
    said = KINDS[kind]
    with snapshot(session):
        lines = (said.line(user, item, now) for item in _read(session, user, found))
        return write_table(form, said.title, said.columns, lines, _notes(found))


def _read(session: Session, user: User, found: Whole) -> Iterator[Any]:
    for start in range(0, len(found.ids), AT_ONCE):
        some = found.ids[start : start + AT_ONCE]
        yield from load(session, user, found.kind, some, within=found.condition)


def _notes(found: Whole) -> list[str]:
    if not found.ranked or len(found.ids) < DEEPEST:
        return []
    return [f"按关键词检索，只列出最接近的 {DEEPEST} 条；要全部，请去掉关键词再导出"]
