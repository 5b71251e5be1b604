"""What an expert does, for programs: read a bid, write its sheet, stand aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from models import BidReview, utcnow
from models.states import ReviewState

from ...accounts.current import signed_in
from ...api.answers import Output, Place, Slice
from ...api.operations import Operations, Shape
from ...bids import facts
from ...bids.api import BidContent, BidFileLine, content_of, files_of
from ...bids.web import safe
from ...db import db
from ...errors import Invalid
from ...schema import Input
from .. import recusing, writing
from ..answers import ReviewStand, late, stand
from ..schema import InRange, ReasonInput, SheetInput, Version, read_sheet
from ..web import review_of, settings

operations = Operations("panels", "评分表")
MOST_LINES = 20


class SheetLine(Input):
    """What is said to one criterion; it may be empty until the sheet is submitted."""

    score: InRange | None = None
    words: str = ""


class SheetDraftBody(Input):
    """A sheet as it is saved: a line for each criterion, in the order of the call."""

    lines: Annotated[list[SheetLine], Field(max_length=MOST_LINES)]
    overall: str = ""


class SheetBody(SheetDraftBody):
    """A sheet as it is submitted; ``independent``: there is no interest in the bid.

    ``version`` is that of the review that was read.
    """

    version: Version
    independent: bool = False


class ReviewLine(Output):
    """A bid in an expert's hands, or that was; ``total`` is in hundredths."""

    id: int
    bid: int
    organisation: str
    call: int
    title: str
    state: ReviewState
    is_open: bool
    assigned_at: datetime
    due_on: date | None
    late: str
    total: int | None
    returned_words: str | None
    conflict_words: str | None
    demo: bool


class ReviewCriterion(Output):
    """One criterion, and what the sheet says to it, where the reader may know."""

    name: str
    weight: int
    asks: str
    score: int | None
    words: str | None


class ReviewOut(ReviewLine):
    """The bid and its sheet; ``lines`` may be written while it ``is_open``.

    What was not submitted only its expert reads; the staff read the bid's contact.
    """

    version: int
    expert: str
    submitted_at: datetime | None
    bid_content: BidContent
    files: list[BidFileLine]
    criteria: list[ReviewCriterion]
    overall: str | None


def _facts(review: BidReview) -> dict[str, Any]:
    """What a line has of the review."""
    bid, is_open = review.bid, writing.is_open(review)
    returned = review.state is ReviewState.RETURNED
    recused = review.state is ReviewState.RECUSED
    return {
        "id": review.id,
        "bid": bid.id,
        "organisation": bid.organisation.name,
        "call": bid.call_id,
        "title": bid.call.title,
        "state": review.state,
        "is_open": is_open,
        "assigned_at": review.assigned_at,
        "due_on": bid.call.sheets_due_on if is_open else None,
        "late": late(review),
        "total": writing.total(review),
        "returned_words": review.returned_words if returned else None,
        "conflict_words": review.conflict_words if recused else None,
        "demo": bid.is_demo,
    }


def _line(review: BidReview) -> ReviewLine:
    return ReviewLine(**_facts(review))


def _criteria(review: BidReview, *, reads: bool) -> list[ReviewCriterion]:
    asked = review.bid.call.criteria
    said = review.scores if reads else []
    lines = said or writing.blank(len(asked))
    return [
        ReviewCriterion(
            name=one["name"],
            weight=one["weight"],
            asks=one["words"],
            score=line["score"],
            words=line["words"] if reads else None,
        )
        for one, line in zip(asked, lines, strict=True)
    ]


@operations.get("/reviews", "reviews.mine", "分派给自己的揭榜书")
def my_reviews(place: Place) -> Slice[ReviewLine]:
    """没有评完的在前。"""
    return place.whole(writing.own(db.session, signed_in()), _line)


@operations.get("/reviews/<int:review_id>", "reviews.show", "揭榜书和评分表")
def show_review(review_id: int) -> ReviewOut:
    review = review_of(review_id, "review.read")
    reads = writing.reads_sheet(signed_in(), review)
    found = facts.read(safe().vault, review.bid)
    assert found.content is not None  # a bid under review was released
    return ReviewOut(
        **_facts(review),
        version=review.version,
        expert=review.user.name,
        submitted_at=review.submitted_at,
        bid_content=content_of(found.content),
        files=files_of(found.files),
        criteria=_criteria(review, reads=reads),
        overall=review.overall if reads else None,
    )


@operations.put("/reviews/<int:review_id>", "reviews.write", "保存评分表草稿")
def save_sheet(
    review_id: int,
    body: Annotated[Mapping[str, Any], Shape(SheetDraftBody)],
    version: int,
) -> ReviewStand:
    """只有专家本人能读到。"""
    review = review_of(review_id, "review.write")
    data, lines = _read(review, {"version": version, **body}, whole=False)
    return stand(
        writing.save(db.session, signed_in(), review_id, data, lines, now=utcnow())
    )


@operations.post("/reviews/<int:review_id>/submit", "reviews.write", "提交评分表")
def submit_sheet(
    review_id: int, body: Annotated[Mapping[str, Any], Shape(SheetBody)]
) -> ReviewStand:
    """提交后不能自行修改。"""
    review = review_of(review_id, "review.write")
    data, lines = _read(review, body, whole=True)
    assert isinstance(data, SheetInput)
    done = writing.submit(
        db.session,
        signed_in(),
        review_id,
        data,
        lines,
        needed=settings().panel_size,
        now=utcnow(),
    )
    return stand(done)


def _read(review: BidReview, body: Mapping[str, Any], *, whole: bool) -> Any:
    """The sheet as its form would post it, read by the form's own rules."""
    names = [one["name"] for one in review.bid.call.criteria]
    if len(body["lines"]) > len(names):
        raise Invalid({"lines": f"本榜有 {len(names)} 条评审标准，请逐条对应"})
    form = {name: value for name, value in body.items() if name != "lines"}
    for place, line in enumerate(body["lines"]):
        form |= {f"{part}_{place}": value for part, value in line.items()}
    try:
        return read_sheet(form, names, whole=whole)
    except Invalid as invalid:
        raise Invalid({_place(k): v for k, v in invalid.fields.items()}) from invalid


def _place(field: str) -> str:
    """Where the body has what the form calls «score_0»."""
    part, _, place = field.partition("_")
    return f"lines/{place}/{part}" if part in ("score", "words") else field


@operations.post(
    "/reviews/<int:review_id>/recuse", "reviews.recuse", "有利害关系，回避"
)
def recuse(review_id: int, body: ReasonInput) -> ReviewStand:
    """马上不再由这位专家评审，已写的不计入，不能恢复。"""
    return stand(
        recusing.declare(db.session, signed_in(), review_id, body, now=utcnow())
    )
