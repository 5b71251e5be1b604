"""A person's notices, for programs."""

from __future__ import annotations

from datetime import datetime

from flask import url_for

from models import Notice, utcnow

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..schema import Input
from . import service

operations = Operations("notices", "通知")


class NoticeQuery(Input):
    """With ``unread``, only those that were not opened yet."""

    unread: bool = False


class NoticeOut(Output):
    """A notice; ``kind`` says what happened, ``page`` is what it is about."""

    id: int
    kind: str
    words: str
    page: str
    created_at: datetime
    read_at: datetime | None


class ReadOut(Output):
    """How many notices were new."""

    marked: int


def shown(notice: Notice) -> NoticeOut:
    """The notice as its reader gets it."""
    endpoint, arguments = service.target(notice)
    return NoticeOut(
        id=notice.id,
        kind=notice.kind,
        words=service.words(notice),
        page=url_for(endpoint, **arguments),
        created_at=notice.created_at,
        read_at=notice.read_at,
    )


@operations.get("/notices", "notices.inbox", "我的通知")
def inbox(query: NoticeQuery, place: Place) -> Slice[NoticeOut]:
    mine = service.own(signed_in(), unread=query.unread)
    return place.newest(db.session, mine, Notice.id, shown)


@operations.post("/notices/<int:notice_id>/read", "notices.open", "标为已读")
def mark_read(notice_id: int) -> NoticeOut:
    return shown(service.mark_read(db.session, signed_in(), notice_id, now=utcnow()))


@operations.post("/notices/read-all", "notices.read_all", "全部标为已读")
def read_all() -> ReadOut:
    return ReadOut(marked=service.mark_all_read(db.session, signed_in(), now=utcnow()))
