"""The files of records, for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response
from werkzeug.datastructures import FileStorage

from models import utcnow
from models.attachments import Attachment, FileOwner

from .. import policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..schema import Input
from . import content, service
from .owners import OWNERS
from .web import download as offered
from .web import store

operations = Operations("attachments", "附件")


class AttachmentOut(Output):
    """A file of a record; ``public`` whether everybody who reads the record gets it."""

    id: int
    record_type: FileOwner
    record_id: int
    name: str
    media_type: str
    size: int
    public: bool
    created_at: datetime


class Publicity(Input):
    """Whether everybody who reads the record may have the file."""

    public: bool


def shown(row: Attachment, item: Any) -> AttachmentOut:
    """The file as a line of its record."""
    return AttachmentOut(
        id=row.id,
        record_type=row.record_type,
        record_id=row.record_id,
        name=row.name,
        media_type=content.BY_CODE[row.kind].media_type,
        size=row.size,
        public=row.is_public and policies.may_show_attachments(item),
        created_at=row.created_at,
    )


def listed(kind: FileOwner, record_id: int, place: Place) -> Slice[AttachmentOut]:
    """The files of a record that the caller may have."""
    item = OWNERS[kind].find(db.session, current(), record_id)
    rows = service.of_record(db.session, current(), item)
    return place.whole(rows, lambda row: shown(row, item))


def added(kind: FileOwner, record_id: int, file: FileStorage) -> AttachmentOut:
    """The file, kept with its record."""
    upload = service.Upload(file.filename or "", file.stream)  # type: ignore[arg-type]
    row = service.add(
        db.session, store(), signed_in(), kind, record_id, upload, now=utcnow()
    )
    return shown(*service.find(db.session, signed_in(), row.id))


def most() -> int:
    """How many bytes a file may have."""
    return store().limit


# The kind of record, the path of its own, its page, the page of its files, its name.
PLACES: tuple[tuple[FileOwner, str, str, str, str], ...] = (
    (FileOwner.NEED, "needs", "needs.show", "of_need", "需求"),
    (
        FileOwner.ACHIEVEMENT,
        "achievements",
        "achievements.show",
        "of_achievement",
        "成果",
    ),
    (
        FileOwner.INTRODUCTION,
        "introductions",
        "introductions.show",
        "of_introduction",
        "对接",
    ),
    (FileOwner.CONTRACT, "contracts", "contracts.show", "of_contract", "技术合同"),
    (FileOwner.AWARD, "awards", "awards.show", "of_award", "立项"),
    (FileOwner.MILESTONE, "milestones", "milestones.show", "of_milestone", "里程碑"),
)


def _lists(kind: FileOwner) -> Callable[..., Slice[AttachmentOut]]:
    def view(record_id: int, place: Place) -> Slice[AttachmentOut]:
        return listed(kind, record_id, place)

    view.__name__ = f"list_of_{kind.value}"
    return view


def _takes(kind: FileOwner) -> Callable[..., AttachmentOut]:
    def view(record_id: int, file: FileStorage) -> AttachmentOut:
        return added(kind, record_id, file)

    view.__name__ = f"add_to_{kind.value}"
    return view


for _kind, _path, _page, _files, _noun in PLACES:
    _rule = f"/{_path}/<int:record_id>/attachments"
    operations.get(_rule, _page, f"{_noun}的附件")(_lists(_kind))
    operations.upload(_rule, f"attachments.{_files}", f"给{_noun}添加附件", most=most)(
        _takes(_kind)
    )


@operations.get(
    "/attachments/<int:attachment_id>", "attachments.download", "下载一个附件"
)
def download(attachment_id: int) -> Response:
    return offered(attachment_id)


@operations.post(
    "/attachments/<int:attachment_id>/public",
    "attachments.set_public",
    "公开或不公开一个附件",
)
def set_public(attachment_id: int, body: Publicity) -> AttachmentOut:
    """把已发布信息的附件设为公开后，这条信息重新审核。"""
    service.set_public(
        db.session, signed_in(), attachment_id, body.public, now=utcnow()
    )
    return shown(*service.find(db.session, signed_in(), attachment_id))


@operations.delete(
    "/attachments/<int:attachment_id>",
    (
        "attachments.remove",
        "attachments.remove_from_deal",
        "attachments.remove_from_award",
    ),
    "删除一个附件",
)
def remove(attachment_id: int) -> None:
    service.remove(db.session, store(), signed_in(), attachment_id, now=utcnow())
