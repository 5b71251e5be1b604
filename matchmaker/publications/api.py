"""Lists for publication, for programs: everybody reads them, staff compose them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Response

from models import PublicationList, utcnow
from models.outbox import RecordType
from models.states import PublicationKind, PublicationState

from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..db import db
from . import finding, service, web
from .contents import Line
from .schema import (
    LABELS,
    EditedList,
    ListArrangement,
    ListHead,
    ListSeen,
    ListVersion,
    ListWithdrawal,
    NewList,
    PublicationQuery,
    SheetQuery,
)
from .view import View, view

operations = Operations("lists", "公开清单")


class ListLine(Output):
    """A list; ``code`` is the number by which it is cited, null for a draft.

    ``entries`` are those that are in it, or would be.
    """

    labels = LABELS

    id: int
    kind: PublicationKind
    state: PublicationState
    code: str | None
    title: str
    issuer: str
    entries: int
    issued_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_words: str | None
    demo: bool


class ListChoice(Output):
    """What a draft is gathered by; what is empty narrows nothing."""

    labels = LABELS

    field: list[str] = []
    district: list[str] = []
    from_on: date | None = None
    until_on: date | None = None


class ListLogLine(Output):
    """Something that was done with a list."""

    at: datetime
    who: str
    what: str
    detail: str


class ListOut(Output):
    """A list as this reader may know it; its entries are read by themselves.

    ``foreword``, ``entries`` and ``digest`` are null where it was withdrawn for this
    reader. The digest is a SHA-256 over all it says: of a draft, what is to be sent
    back when it is issued; of an issued list, that of its issue, and ``unaltered``
    tells whether it holds. ``gone`` entries of a draft are no longer public and would
    not be in it. ``chosen``, ``gone``, ``author`` and ``created_at`` are those of a
    draft, ``log`` is for staff.
    """

    labels = LABELS

    id: int
    version: int
    kind: PublicationKind
    state: PublicationState
    code: str | None
    title: str
    issuer: str
    foreword: str | None
    entries: int | None
    digest: str | None
    unaltered: bool | None
    replaces: int | None
    replaced_by: int | None
    issued_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_words: str | None
    chosen: ListChoice | None
    gone: int | None
    author: str | None
    created_at: datetime | None
    log: list[ListLogLine] | None
    demo: bool


class ListFact(Output):
    """What a list says of a record under a label."""

    label: str
    words: str


class ListEntryOut(Output):
    """A record in a list, in the words of its issue; of a draft, in those of now.

    ``record_id`` is null where this reader may not open the record now. ``included``
    is false for what a draft leaves out.
    """

    id: int
    position: int
    record_type: RecordType
    record_id: int | None
    included: bool
    title: str
    facts: list[ListFact]
    demo: bool


def _line(row: tuple[PublicationList, int]) -> ListLine:
    made, entries = row
    return ListLine(
        id=made.id,
        kind=made.kind,
        state=made.state,
        code=finding.code(made) or None,
        title=made.title,
        issuer=made.issuer,
        entries=entries,
        issued_at=made.issued_at,
        withdrawn_at=made.withdrawn_at,
        withdrawn_words=made.withdrawn_words,
        demo=made.is_demo,
    )


def shown(list_id: int) -> ListOut:
    """The list as the caller may know it."""
    seen = view(db.session, current(), list_id)
    made = seen.made
    new = finding.successor(db.session, current(), made)
    return ListOut.model_validate(
        {
            "id": made.id,
            "version": made.version,
            "kind": made.kind,
            "state": made.state,
            "code": finding.code(made) or None,
            "title": made.title,
            "issuer": made.issuer,
            "replaces": made.replaces_id,
            "replaced_by": new.id if new else None,
            "issued_at": made.issued_at,
            "withdrawn_at": made.withdrawn_at,
            "withdrawn_words": made.withdrawn_words,
            "log": _log(made) if seen.governs else None,
            "demo": made.is_demo,
        }
        | _inside(seen)
        | _of_draft(seen)
    )


def _inside(seen: View) -> dict[str, Any]:
    """What it says, for whoever reads it."""
    draft, readable = seen.made.is_draft, seen.readable
    digest = seen.digest if draft else seen.made.digest
    return {
        "foreword": seen.made.foreword if readable else None,
        "entries": len(seen.included) if readable else None,
        "digest": digest if readable else None,
        "unaltered": seen.unaltered if readable and not draft else None,
    }


def _of_draft(seen: View) -> dict[str, Any]:
    made = seen.made
    if not made.is_draft:
        return dict.fromkeys(("chosen", "gone", "author", "created_at"))
    return {
        "chosen": ListChoice.model_validate(made.chosen),
        "gone": seen.gone,
        "author": made.author.name,
        "created_at": made.created_at,
    }


def _log(made: PublicationList) -> list[ListLogLine]:
    return [
        ListLogLine(
            at=one["iso"], who=one["who"], what=one["what"], detail=one["detail"]
        )
        for one in web.log(made)
    ]


# -- To read -------------------------------------------------------------------------


@operations.get("/lists", ("publications.index", "publications.export"), "公开清单")
def index(query: PublicationQuery, place: Place) -> Slice[ListLine]:
    """草稿在前，只有工作人员看得到；已发布的由新到旧。"""

    def read(part: Any) -> Any:
        found = finding.listed(db.session, current(), query, part)
        counts = finding.counts(db.session, found.items)
        return [(made, counts[made.id]) for made in found.items], found.total

    return numbered(place, read, _line)


@operations.get("/lists/feed.atom", "publications.feed", "新发布的清单（Atom）")
def feed() -> Response:
    return web.feed()


@operations.get("/lists/<int:list_id>", "publications.show", "一份清单")
def show(list_id: int) -> ListOut:
    return shown(list_id)


@operations.get("/lists/<int:list_id>/entries", "publications.show", "清单的条目")
def entries(list_id: int, place: Place) -> Slice[ListEntryOut]:
    """撤回的清单除工作人员外不再有条目。"""
    seen = view(db.session, current(), list_id)
    rows: Sequence[tuple[int, Line]] = list(enumerate(seen.lines, 1))
    return place.whole(rows, lambda row: _entry(*row, seen.openable))


def _entry(position: int, line: Line, openable: frozenset[int]) -> ListEntryOut:
    entry = line.entry
    return ListEntryOut(
        id=entry.id,
        position=position,
        record_type=entry.record_type,
        record_id=entry.record_id if entry.record_id in openable else None,
        included=entry.included,
        title=line.title,
        facts=[ListFact(label=label, words=words) for label, words in line.facts],
        demo=line.is_demo,
    )


@operations.get("/lists/<int:list_id>/word", "publications.word", "清单（Word）")
def word(list_id: int) -> Response:
    """只有已发布的清单可以下载；与页面上的导出合计限次。"""
    file: Response = web.word(list_id)
    return file


@operations.get(
    "/lists/<int:list_id>/sheet", "publications.sheet", "清单（Excel 或 CSV）"
)
def sheet(list_id: int, query: SheetQuery) -> Response:
    """只有已发布的清单可以下载；与页面上的导出合计限次。"""
    file: Response = web.offer_sheet(list_id, query.format)
    return file


# -- To compose ----------------------------------------------------------------------


@operations.post("/lists", "publications.new", "拟定清单", status=201)
def create(body: NewList) -> ListOut:
    """收集现在公开的、符合条件的信息，存为草稿。"""
    return shown(service.create(db.session, signed_in(), body, now=utcnow()).id)


@operations.put("/lists/<int:list_id>", "publications.edit", "修改清单草稿")
def edit(list_id: int, body: ListHead, version: int) -> ListOut:
    """同时按新的条件重新收集；已有条目的顺序和取舍不变。"""
    # Checked already but for the version, which may be none that ever was.
    data = EditedList.model_construct(**dict(body), version=version)
    service.edit(db.session, signed_in(), list_id, data, now=utcnow())
    return shown(list_id)


@operations.post("/lists/<int:list_id>/gather", "publications.gather", "重新收集")
def gather(list_id: int, body: ListVersion) -> ListOut:
    service.gather(db.session, signed_in(), list_id, body.version, now=utcnow())
    return shown(list_id)


@operations.post(
    "/lists/<int:list_id>/entries", "publications.arrange", "排列和取舍条目"
)
def arrange(list_id: int, body: ListArrangement) -> ListOut:
    """entries 是条目的 id，places 是各自的顺序号，其中列入清单的写在 keep 里。

    没有写出的条目排在最后，取舍不变。
    """
    service.arrange(db.session, signed_in(), list_id, body, now=utcnow())
    return shown(list_id)


@operations.post("/lists/<int:list_id>/issue", "publications.issue", "发布清单")
def issue(list_id: int, body: ListSeen) -> ListOut:
    """version 和 digest 是读到的草稿的；其间条目有变动就不发布。"""
    service.issue(db.session, signed_in(), list_id, body, now=utcnow())
    return shown(list_id)


@operations.delete("/lists/<int:list_id>", "publications.discard", "放弃清单草稿")
def discard(list_id: int, version: int) -> None:
    service.discard(db.session, signed_in(), list_id, version, now=utcnow())


@operations.post(
    "/lists/<int:list_id>/withdraw", "publications.withdraw", "撤回已发布的清单"
)
def withdraw(list_id: int, body: ListWithdrawal) -> ListOut:
    """不能恢复；编号、名称和原因仍然公开。"""
    service.withdraw(db.session, signed_in(), list_id, body, now=utcnow())
    return shown(list_id)


@operations.post(
    "/lists/<int:list_id>/replace",
    "publications.replace",
    "起草更正清单",
    status=201,
)
def replace(list_id: int) -> ListOut:
    """它发布时，原清单自动撤回。"""
    made = service.replace(db.session, signed_in(), list_id, now=utcnow())
    return shown(made.id)
