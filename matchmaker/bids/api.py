"""Bids, for programs: those one may know of, one of them, its receipt and files.

What a bid says is told by GET alone: the answers to what is done are kept for a day.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models import Bid, Call, utcnow
from models.states import BidState

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import NotFound
from ..schema import Input
from . import facts, sealing, service, web
from .content import Content
from .facts import Files
from .schema import LABELS

operations = Operations("bids", "揭榜书")


class BidQuery(Input):
    """Which bids; ``call`` those of one call."""

    call: Annotated[int, Field(ge=1, le=service.LARGEST_ID)] | None = None


class BidLine(Output):
    """A bid in a list; ``unsent`` are changes of one's own that were not submitted."""

    id: int
    call: int
    title: str
    issuer: str
    organisation: str
    state: BidState
    number: int
    submitted_at: datetime | None
    digest: str | None
    unsent: bool | None
    closes_at: datetime | None
    demo: bool


class BidStand(Output):
    """How far one's own bid is; nothing of what it says."""

    id: int
    call: int
    state: BidState
    number: int
    submitted_at: datetime | None
    digest: str | None
    unsent: bool


class BidPromise(Output):
    """What is promised for one goal of the call, and what shows it."""

    goal: str
    value: str
    evidence: str


class BidContent(Output):
    """What a bid says; ``budget`` is in 分. Who judges it is not told the contact."""

    labels = dict(LABELS)

    leader: str
    contact: str | None
    team: str
    approach: str
    goals: list[BidPromise]
    budget: int | None
    budget_words: str
    schedule: list[str]
    months: int | None
    readiness: int | None
    readiness_words: str


class BidFileLine(Output):
    """A file of a bid; ``sha256`` is of the file itself."""

    id: int | None
    name: str
    kind: str
    size: int
    sha256: str


class BidOut(Output):
    """A bid as it is read: what was submitted, else the draft.

    ``agrees`` tells whether it is what the receipt vouches for.
    """

    id: int
    call: int
    title: str
    organisation: str
    state: BidState
    number: int
    submitted_at: datetime | None
    digest: str | None
    is_draft: bool
    agrees: bool | None
    content: BidContent | None
    files: list[BidFileLine]
    demo: bool


class SubmissionLine(Output):
    """The receipt of one submission; it stays whatever becomes of the bid."""

    number: int
    at: datetime
    sender: str
    sha256: str


class BidReceiptOut(Output):
    """The receipt of the submission in force, and all there were.

    ``salt`` is the random part of the statement, ``goals_changed`` whether the call
    asks for other things since.
    """

    id: int
    call: int
    title: str
    code: str | None
    issuer: str
    organisation: str
    state: BidState
    number: int
    submitted_at: datetime | None
    closes_at: datetime | None
    digest: str | None
    salt: str | None
    agrees: bool | None
    unsent: bool
    goals_changed: bool
    takes_bids: bool
    files: list[BidFileLine]
    submissions: list[SubmissionLine]


def stand(bid: Bid) -> BidStand:
    """How far one's own bid is."""
    return BidStand(
        id=bid.id,
        call=bid.call_id,
        state=bid.state,
        number=bid.number,
        submitted_at=bid.submitted_at,
        digest=bid.digest,
        unsent=bid.draft is not None,
    )


def content_of(content: Content) -> BidContent:
    """What a bid says, to the caller."""
    contact = content["contact"] if facts.reads_contact(signed_in()) else None
    budget = {"budget": content["budget_fen"], "contact": contact}
    return BidContent.model_validate(content | budget)


def files_of(files: Files) -> list[BidFileLine]:
    """The files of a bid, each with the number by which it is read."""
    return [
        BidFileLine(
            id=number, name=one.name, kind=one.kind, size=one.size, sha256=one.sha256
        )
        for number, one in files
    ]


def _line(bid: Bid) -> BidLine:
    own = bid.organisation_id == signed_in().organisation_id
    return BidLine(
        id=bid.id,
        call=bid.call_id,
        title=bid.call.title,
        issuer=bid.call.issuer.name,
        organisation=bid.organisation.name,
        state=bid.state,
        number=bid.number,
        submitted_at=bid.submitted_at,
        digest=bid.digest,
        unsent=bid.draft is not None if own else None,
        closes_at=bid.call.closes_at,
        demo=bid.is_demo,
    )


@operations.get("/bids", ("bids.mine", "bids.export_mine"), "本人能查看的揭榜书")
def mine(query: BidQuery, place: Place) -> Slice[BidLine]:
    """本单位填写和提交的，以及本单位榜单、分派给自己、平台已启封的。"""
    policies.require(signed_in(), "bid.read")
    found = select(Bid).where(policies.visible_bids(signed_in()))
    if query.call is not None:
        found = found.where(Bid.call_id == query.call)
    found = found.options(
        joinedload(Bid.call).joinedload(Call.issuer), joinedload(Bid.organisation)
    )
    return place.newest(db.session, found, Bid.id, _line)


@operations.get("/bids/<int:bid_id>", "bids.show", "一份揭榜书")
def show(bid_id: int) -> BidOut:
    """密封期间只有揭榜单位能读到；评审专家看不到联系方式。"""
    bid = service.find_bid(db.session, signed_in(), bid_id)
    found = facts.read(web.safe().vault, bid)
    if found.content is None and bid.organisation_id != signed_in().organisation_id:
        raise NotFound("bid")
    return BidOut(
        id=bid.id,
        call=bid.call_id,
        title=bid.call.title,
        organisation=bid.organisation.name,
        state=bid.state,
        number=bid.number,
        submitted_at=bid.submitted_at,
        digest=bid.digest,
        is_draft=found.is_draft,
        agrees=None if found.is_draft else found.agrees,
        content=content_of(found.content) if found.content else None,
        files=files_of(found.files),
        demo=bid.is_demo,
    )


@operations.get("/bids/<int:bid_id>/receipt", "bids.receipt", "揭榜书的回执")
def receipt(bid_id: int) -> BidReceiptOut:
    bid = service.find_own(db.session, signed_in(), bid_id)
    stated = sealing.statement_of(web.safe().vault, bid)
    return BidReceiptOut(
        id=bid.id,
        call=bid.call_id,
        title=bid.call.title,
        code=bid.call.code,
        issuer=bid.call.issuer.name,
        organisation=bid.organisation.name,
        state=bid.state,
        number=bid.number,
        submitted_at=bid.submitted_at,
        closes_at=bid.call.closes_at,
        digest=bid.digest,
        salt=stated["salt"] if stated else None,
        agrees=facts.agrees(bid, stated) if stated else None,
        unsent=bid.draft is not None,
        goals_changed=facts.goals_changed(web.safe().vault, bid),
        takes_bids=bid.call.takes_bids_at(utcnow()),
        files=files_of(facts.stated_files(bid, stated)),
        submissions=[
            SubmissionLine(
                number=one.number, at=one.at, sender=one.user.name, sha256=one.sha256
            )
            for one in bid.submissions
        ],
    )


@operations.get("/bids/<int:bid_id>/statement", "bids.statement", "核对文件")
def statement(bid_id: int) -> Response:
    """它自己的 SHA-256 就是回执，一个字节都不要改。"""
    return web.sent_statement(bid_id)


@operations.get("/bid-files/<int:file_id>", "bids.file", "揭榜书的一个附件")
def file_bytes(file_id: int) -> Response:
    return web.sent_file(file_id)


@operations.post("/bids/<int:bid_id>/withdraw", "bids.withdraw", "撤回揭榜书")
def withdraw(bid_id: int) -> BidStand:
    """内容、附件和密钥都销毁，不能恢复；回执保留。"""
    return stand(
        service.withdraw(db.session, web.safe(), signed_in(), bid_id, clock=utcnow)
    )


@operations.post(
    "/bids/<int:bid_id>/drop-changes", "bids.drop_changes", "放弃没有提交的修改"
)
def drop_changes(bid_id: int) -> BidStand:
    return stand(
        service.drop_changes(db.session, web.safe(), signed_in(), bid_id, clock=utcnow)
    )
