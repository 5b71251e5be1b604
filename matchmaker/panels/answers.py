"""A panel as programs of the staff read it: sheets, scores, the result.

Points are whole hundredths: 8530 is 85.30.
"""

from __future__ import annotations

from datetime import date, datetime

from models import BidReview, Call, CallResult, utcnow
from models.states import CallStatus, ObjectionState, ResultState, ReviewState

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Output
from ..calendar.current import city_days
from ..db import db
from . import (
    due,
    finding,
    objections,
    overview,
    results,
    web,
)
from .assigning import Candidate
from .listing import Progress
from .overview import Line, Overview


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


def panel(call_id: int) -> PanelOut:
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


def candidate(one: Candidate) -> CandidateLine:
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


def progress_line(row: tuple[Call, Progress]) -> PanelLine:
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
