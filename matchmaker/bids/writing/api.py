"""A bid while it is written, for programs of its bidder and before the end alone."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from werkzeug.datastructures import FileStorage

from models import BidFile, Call, utcnow
from models.states import BidState

from ... import policies
from ...accounts.current import signed_in
from ...api.answers import Output
from ...api.operations import Operations
from ...attachments.service import Upload
from ...calls.service import find_call
from ...db import db
from .. import content as texts
from .. import facts, files, sealing, service
from ..api import (
    BidContent,
    BidFileLine,
    BidPromise,
    BidStand,
    content_of,
    files_of,
    stand,
)
from ..schema import LABELS, BidInput, BidSubmission
from ..web import safe

operations = Operations("bids", "填写揭榜书")


class BidBody(BidInput):
    """A bid as it is saved; ``budget`` is in 分, ``goals`` are in the call's words.

    ``seen`` is that of what was read, empty for the first time.
    """

    labels: ClassVar[object] = LABELS


class BidSubmissionBody(BidSubmission):
    """The same when it is submitted; ``promise``: it holds no state secret."""

    labels: ClassVar[object] = LABELS


class BidDraft(Output):
    """What was written last, and what it still lacks, by field.

    ``seen`` marks this text, for the next to be saved to name it. ``stray`` are
    answers to what the call asked once; they go when it is saved.
    """

    id: int | None
    call: int
    state: BidState | None
    number: int
    unsent: bool
    seen: str
    content: BidContent
    stray: list[BidPromise]
    missing: dict[str, str]
    advice: list[str]
    files: list[BidFileLine]
    closes_at: datetime | None


def _open(call_id: int) -> Call:
    return service.find_open_call(db.session, signed_in(), call_id, utcnow)


@operations.get("/calls/<int:call_id>/bid", "bid_forms.edit", "本单位正在填写的揭榜书")
def draft(call_id: int) -> BidDraft:
    call = _open(call_id)
    bid = service.own_bid(db.session, signed_in(), call)
    stored = None if bid is None else sealing.content_of(safe().vault, bid)
    kept = texts.answering(stored, call.goals)
    own = facts.draft_files(safe().vault, bid)
    return BidDraft(
        id=bid.id if bid else None,
        call=call.id,
        state=bid.state if bid else None,
        number=bid.number if bid else 0,
        unsent=bid is not None and bid.draft is not None,
        seen=texts.mark(stored),
        content=content_of(kept),
        stray=[
            BidPromise.model_validate(one)
            for one in texts.stray(stored or kept, call.goals)
        ],
        missing=texts.missing(kept),
        advice=texts.advice(kept, call, len(own)),
        files=files_of(own),
        closes_at=call.closes_at,
    )


@operations.put("/calls/<int:call_id>/bid", "bid_forms.edit", "保存揭榜书草稿")
def save(call_id: int, body: BidBody) -> BidStand:
    """加密保存，只有本单位能读到；提交过的仍然有效。"""
    return stand(
        service.save(db.session, safe(), signed_in(), call_id, body, clock=utcnow)
    )


# A digest of what it says would be kept under a key; sent twice it is one anyway.
@operations.post(
    "/calls/<int:call_id>/bid/submit", "bid_forms.edit", "提交揭榜书", keyed=False
)
def submit(call_id: int, body: BidSubmissionBody) -> BidStand:
    """密封；截止前再次提交就替换上一次。同样的内容发两次只算一次。"""
    return stand(
        service.submit(db.session, safe(), signed_in(), call_id, body, clock=utcnow)
    )


@operations.upload(
    "/calls/<int:call_id>/bid/files",
    "bid_forms.files",
    "添加附件",
    most=lambda: safe().limit,
)
def add_file(call_id: int, file: FileStorage) -> BidStand:
    """加密保存在草稿里，提交后才算数；各附件见正在填写的揭榜书。"""
    _open(call_id)
    sent = Upload(file.filename or "", file.stream)  # type: ignore[arg-type]
    files.add(db.session, safe(), signed_in(), call_id, sent, clock=utcnow)
    call = find_call(db.session, signed_in(), call_id)
    bid = service.own_bid(db.session, signed_in(), call)
    assert bid is not None
    return stand(bid)


@operations.delete("/bid-files/<int:file_id>", "bid_forms.remove_file", "删除附件")
def remove_file(file_id: int) -> None:
    """从草稿里去掉；已提交的那一份里仍然有。"""
    row: BidFile = files.find(db.session, signed_in(), file_id)
    policies.require(signed_in(), "bid.edit", row.bid)
    files.remove(db.session, safe(), signed_in(), file_id, clock=utcnow)
