"""Panels, for programs of the staff: who judges what, the scores, the result.

Points are whole hundredths: 8530 is 85.30.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from models import BidReview, Call, CallResult, utcnow
from models.states import CallStatus, ObjectionState, ResultState, ReviewState

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations, Shape
from ..calendar.current import city_days
from ..db import db
from ..errors import Invalid
from ..schema import Input
from . import (
    assigning,
    due,
    finding,
    listing,
    objections,
    overview,
    results,
    web,
    writing,
)
from .assigning import Candidate
from .listing import Progress
from .overview import Line, Overview
from .schema import (
    MOST_BIDS,
    AnnounceInput,
    AssignInput,
    DismissInput,
    DueInput,
    Id,
    Loose,
    PanelInput,
    ReasonInput,
    Version,
    read_result,
)

operations = Operations("panels", "揭榜评审")


class PanelAssignment(AssignInput):
    """One more expert for one bid, both by number."""


class PanelLine(Output):
    """A call under review or under notice; ``sheets`` by their state."""

    id: int
    title: str
    issuer: str
    status: CallStatus
    bids: int
    sheets: dict[str, int]
    needed: int
    notice_until: datetime | None
    demo: bool


class PanelSheet(Output):
    """One expert's sheet of a bid; the scores once it is submitted.

    ``expert`` is the number of the account, ``late`` says how late it is, in words.
    """

    id: int
    expert: int
    name: str
    state: ReviewState
    scores: list[int] | None
    total: int | None
    is_outlier: bool
    late: str
    conflict_words: str
    submitted_at: datetime | None


class IssuerOpinion(Output):
    """What the issuer thinks of a bid; ``by_staff``: entered for it."""

    score: int
    words: str
    by: str
    by_staff: bool
    at: datetime


class PanelBid(Output):
    """One bid of the call beside the others; ``means`` are of each criterion."""

    bid: int
    organisation: str
    rank: int | None
    total: int | None
    experts: int | None
    means: list[int]
    tie: str
    spread: int
    lacking: int
    awaited: int
    issuer: IssuerOpinion | None
    sheets: list[PanelSheet]


class PanelResult(Output):
    """The result that was drafted, announced or put in force."""

    version: int
    state: ResultState
    winners: list[int]
    failed_words: str
    without_issuer: bool
    outdated: bool
    notice_until: datetime | None


class ObjectionLine(Output):
    """An objection to a result of the call, for the staff."""

    id: int
    state: ObjectionState
    at: datetime
    words: str


class PanelOut(Output):
    """The bids side by side, best first, and what is still missing."""

    id: int
    status: CallStatus
    criteria: list[str]
    issuer_weight: int
    issuer_counts: bool
    sheets_due_on: date | None
    needed: int
    lacking: int
    awaited: int
    is_complete: bool
    views_missing: int
    bids: list[PanelBid]
    result: PanelResult | None
    objections: list[ObjectionLine]


class CandidateLine(Output):
    """An expert as seen from the call; with ``conflicts`` it may judge no bid of it.

    ``id`` is of the expert, ``member`` of its account where it is on the panel;
    ``open`` is how many sheets it has in hand.
    """

    id: int
    member: int | None
    name: str
    employer: str
    title: str
    fields: list[str]
    open: int
    conflicts: list[str]
    joined: bool


class ReviewStand(Output):
    """How far a review is."""

    id: int
    version: int
    bid: int
    state: ReviewState


class BidReason(Input):
    """What the bidder reads of its result; no expert is named."""

    bid: Id
    reason: str


class ResultBody(Input):
    """The result as it is proposed: winners, or a cause why there are none.

    ``version`` is that of the draft, 0 for the first.
    """

    version: Version
    winners: Annotated[list[Id], Field(max_length=MOST_BIDS)] = []
    failed_words: Loose = ""
    without_issuer: bool = False
    reasons: Annotated[list[BidReason], Field(max_length=MOST_BIDS)]


class DraftOut(Output):
    """The draft of the result, or what it may begin with.

    ``reasons`` are drafted from the experts' words where nothing is kept.
    """

    version: int
    winners: list[int]
    failed_words: str
    without_issuer: bool
    outdated: bool
    reasons: dict[int, str]


def stand(review: BidReview) -> ReviewStand:
    """How far the review is."""
    return ReviewStand(
        id=review.id, version=review.version, bid=review.bid_id, state=review.state
    )


def late(review: BidReview) -> str:
    """How late the sheet is or was, in words."""
    return due.late_words(city_days(), review, utcnow())


def opinion(line: Line) -> IssuerOpinion | None:
    """What the issuer thinks of the bid."""
    view = line.view
    if view is None:
        return None
    return IssuerOpinion(
        score=view.score,
        words=view.words,
        by=view.user.name,
        by_staff=view.user.is_staff,
        at=view.at,
    )


def loaded(call: Call) -> Overview:
    """The bids of the call side by side, as they are now."""
    return overview.load(db.session, call, needed=web.settings().panel_size)


def _panel(call_id: int) -> PanelOut:
    policies.require(signed_in(), "panel.read")
    call = finding.call(db.session, signed_in(), call_id)
    found, result = loaded(call), results.current(db.session, call)
    return PanelOut(
        id=call.id,
        status=call.status,
        criteria=[one.name for one in found.criteria],
        issuer_weight=call.issuer_weight,
        issuer_counts=found.issuer_counts,
        sheets_due_on=call.sheets_due_on,
        needed=found.needed,
        lacking=found.lacking,
        awaited=found.awaited,
        is_complete=found.is_complete,
        views_missing=found.views_missing,
        bids=[_bid(line) for line in found.lines],
        result=_result(result, found) if result else None,
        objections=[
            ObjectionLine.model_validate(one)
            for one in objections.of_call(db.session, call)
        ],
    )


def _bid(line: Line) -> PanelBid:
    standing = line.standing
    return PanelBid(
        bid=line.bid.id,
        organisation=line.bid.organisation.name,
        rank=standing.rank if standing else None,
        total=standing.total if standing else None,
        experts=standing.experts if standing else None,
        means=list(standing.means) if standing else [],
        tie=standing.tie if standing else "",
        spread=line.spread,
        lacking=line.lacking,
        awaited=line.awaited,
        issuer=opinion(line),
        sheets=[_sheet(line, one) for one in line.reviews],
    )


def _sheet(line: Line, review: BidReview) -> PanelSheet:
    done = review.state is ReviewState.SUBMITTED
    return PanelSheet(
        id=review.id,
        expert=review.user_id,
        name=review.user.name,
        state=review.state,
        scores=overview.scores_of(review) if done else None,
        total=line.sheets.get(review.id),
        is_outlier=review.id in line.outliers,
        late=late(review),
        conflict_words=review.conflict_words,
        submitted_at=review.submitted_at,
    )


def _result(result: CallResult, found: Overview) -> PanelResult:
    return PanelResult(
        version=result.version,
        state=result.state,
        winners=[one.bid_id for one in result.winners],
        failed_words=result.failed_words,
        without_issuer=result.without_issuer,
        outdated=result.basis != found.mark,
        notice_until=result.notice_until,
    )


def _candidate(one: Candidate) -> CandidateLine:
    expert = one.expert
    return CandidateLine(
        id=expert.id,
        member=expert.user_id if one.is_member else None,
        name=expert.user.name,
        employer=expert.employer,
        title=expert.title,
        fields=expert.fields,
        open=one.open,
        conflicts=list(one.conflicts),
        joined=expert.joined_at is not None,
    )


def _progress(row: tuple[Call, Progress]) -> PanelLine:
    call, progress = row
    return PanelLine(
        id=call.id,
        title=call.title,
        issuer=call.issuer.name,
        status=call.status,
        bids=progress.bids,
        sheets={state.value: number for state, number in progress.sheets.items()},
        needed=web.settings().panel_size,
        notice_until=progress.result.notice_until if progress.result else None,
        demo=call.is_demo,
    )


@operations.get("/panels", ("panels.index", "panels.export"), "评审和公示中的榜单")
def index(place: Place) -> Slice[PanelLine]:
    """停留最久的在前。"""
    ids = listing.numbers(db.session, signed_in())
    return place.among(
        ids, lambda some: listing.of_numbers(db.session, some), _progress
    )


@operations.get("/calls/<int:call_id>/panel", "panels.show", "评审总览")
def show(call_id: int) -> PanelOut:
    """分数是百分之一分的整数：8530 就是 85.30 分。"""
    return _panel(call_id)


@operations.get("/calls/<int:call_id>/panel/experts", "panels.show", "可选的专家")
def candidates(call_id: int, place: Place) -> Slice[CandidateLine]:
    """评审组成员在前，其次是没有利害关系、擅长本领域的。"""
    policies.require(signed_in(), "panel.read")
    call = finding.call(db.session, signed_in(), call_id)
    return place.whole(assigning.candidates(db.session, call), _candidate)


@operations.post("/calls/<int:call_id>/panel", "panels.add", "加入专家")
def add(call_id: int, body: PanelInput) -> PanelOut:
    """每人都得到全部揭榜书；有一人有利害关系就一个都不加入。"""
    assigning.add(db.session, signed_in(), call_id, body, now=utcnow())
    return _panel(call_id)


@operations.post("/calls/<int:call_id>/panel/due", "panels.move_due", "改评审截止")
def move_due(call_id: int, body: DueInput) -> PanelOut:
    due.move(db.session, signed_in(), call_id, body, now=utcnow())
    return _panel(call_id)


@operations.post("/calls/<int:call_id>/panel/assign", "panels.assign", "补派专家")
def assign(call_id: int, body: PanelAssignment) -> PanelOut:
    assigning.assign(db.session, signed_in(), call_id, body, now=utcnow())
    return _panel(call_id)


@operations.post("/calls/<int:call_id>/panel/dismiss", "panels.dismiss", "退出评审组")
def dismiss(call_id: int, body: DismissInput) -> PanelOut:
    """没有提交的评分表收回，已提交的保留。"""
    assigning.dismiss(db.session, signed_in(), call_id, body, now=utcnow())
    return _panel(call_id)


@operations.post("/reviews/<int:review_id>/take-away", "panels.take_away", "取消分派")
def take_away(review_id: int, body: ReasonInput) -> ReviewStand:
    return stand(
        assigning.take_away(db.session, signed_in(), review_id, body, now=utcnow())
    )


@operations.post("/reviews/<int:review_id>/hand-back", "panels.hand_back", "退回评分表")
def hand_back(review_id: int, body: ReasonInput) -> ReviewStand:
    return stand(
        writing.hand_back(db.session, signed_in(), review_id, body, now=utcnow())
    )


@operations.post(
    "/calls/<int:call_id>/minutes", "panels.minutes", "评审纪要（Word）", keyed=False
)
def minutes(call_id: int) -> Response:
    return web.sent_minutes(call_id)


@operations.get("/calls/<int:call_id>/result/draft", "panels.propose", "拟定的结果")
def draft(call_id: int) -> DraftOut:
    return _draft(call_id)


def _draft(call_id: int) -> DraftOut:
    policies.require(signed_in(), "result.write")
    call = finding.call(db.session, signed_in(), call_id)
    found = results.drafted(loaded(call), results.current(db.session, call))
    return DraftOut.model_validate(found)


@operations.post("/calls/<int:call_id>/result/draft", "panels.propose", "拟定结果")
def propose(
    call_id: int, body: Annotated[Mapping[str, Any], Shape(ResultBody)]
) -> DraftOut:
    """给每份揭榜书写明理由；公示前没有任何人知道。"""
    policies.require(signed_in(), "result.write")
    call = finding.call(db.session, signed_in(), call_id)
    bids = [line.bid.id for line in loaded(call).lines]
    form = _as_form(body, bids)
    try:
        results.propose(
            db.session,
            signed_in(),
            call_id,
            read_result(form, bids),
            needed=web.settings().panel_size,
            now=utcnow(),
        )
    except Invalid as invalid:
        told = {_place(body, k): words for k, words in invalid.fields.items()}
        raise Invalid(told) from invalid
    return _draft(call_id)


def _as_form(body: Mapping[str, Any], bids: list[int]) -> dict[str, Any]:
    """The proposal with its reasons as the form names them; raises `Invalid`."""
    form = {name: value for name, value in body.items() if name != "reasons"}
    for place, one in enumerate(body["reasons"]):
        name = f"reason_{one['bid']}"
        if one["bid"] not in bids or name in form:
            words = "不在本榜之内，或写了两次，请核对编号"
            raise Invalid({f"reasons/{place}/bid": words})
        form[name] = one["reason"]
    return form


def _place(body: Mapping[str, Any], field: str) -> str:
    """Where the body has what the form calls «reason_7»; «reasons» where it lacks."""
    if not field.startswith("reason_"):
        return field
    bids = [f"reason_{one['bid']}" for one in body["reasons"]]
    return f"reasons/{bids.index(field)}/reason" if field in bids else "reasons"


@operations.post("/calls/<int:call_id>/result/announce", "panels.announce", "公示结果")
def announce(call_id: int, body: AnnounceInput) -> PanelOut:
    """每家揭榜单位同时收到结果和理由，不能撤回。"""
    results.announce(
        db.session,
        signed_in(),
        call_id,
        body,
        needed=web.settings().panel_size,
        notice_days=web.settings().notice_days,
        clock=utcnow,
    )
    return _panel(call_id)


@operations.post("/calls/<int:call_id>/result/close", "panels.close", "确认结果")
def close(call_id: int) -> PanelOut:
    """公示期满、没有待答复的异议之后，确认立项或流榜。"""
    results.close(db.session, signed_in(), call_id, clock=utcnow)
    return _panel(call_id)
