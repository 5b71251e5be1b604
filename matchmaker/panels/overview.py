"""The bids of a call side by side: who judged what, the points, the ranking."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Bid, BidReview, Call, IssuerView
from models.states import BidState, ReviewState

from . import scoring
from .scoring import Criterion, Scored, Standing


@dataclass(frozen=True)
class Line:
    """One bid of the call; points are hundredths.

    reviews    all that was assigned, by expert; those set aside too
    sheets     the points of each submitted sheet, by the number of its review
    outliers   the numbers of the reviews far from the median of the bid
    lacking    how many more experts it needs
    awaited    how many experts have it in hand
    standing   its place in the ranking, None while nobody judged it
    """

    bid: Bid
    reviews: Sequence[BidReview]
    view: IssuerView | None
    sheets: Mapping[int, int]
    outliers: frozenset[int]
    spread: int
    lacking: int
    awaited: int
    standing: Standing | None

    @property
    def submitted(self) -> list[BidReview]:
        return [one for one in self.reviews if one.state is ReviewState.SUBMITTED]


@dataclass(frozen=True)
class Overview:
    """All bids of a call, best first.

    issuer_counts   whether the issuer's views are part of the totals: every bid has
                    one, or none counts, so that all are measured alike
    mark            tells these scores from others, whatever changed in them
    """

    call: Call
    criteria: Sequence[Criterion]
    lines: Sequence[Line]
    needed: int
    issuer_counts: bool
    mark: str

    @property
    def lacking(self) -> int:
        """How many experts are still to be found."""
        return sum(line.lacking for line in self.lines)

    @property
    def awaited(self) -> int:
        """How many sheets experts have in hand."""
        return sum(line.awaited for line in self.lines)

    @property
    def is_complete(self) -> bool:
        """Whether every bid has the sheets it needs and nobody still writes one."""
        return bool(self.lines) and not (self.lacking or self.awaited)

    @property
    def views_missing(self) -> int:
        """How many bids wait for the issuer's view; none where it has no weight."""
        if not self.call.issuer_weight:
            return 0
        return sum(line.view is None for line in self.lines)

    def line_of(self, bid_id: int) -> Line | None:
        return next((one for one in self.lines if one.bid.id == bid_id), None)


def criteria_of(call: Call) -> list[Criterion]:
    """What the bids of the call are judged by."""
    return [Criterion(one["name"], one["weight"]) for one in call.criteria]


def released(session: Session, call: Call) -> Sequence[Bid]:
    """The bids that were opened, by number."""
    query = (
        select(Bid)
        .where(Bid.call_id == call.id, Bid.state == BidState.RELEASED)
        .options(joinedload(Bid.organisation))
        .order_by(Bid.id)
    )
    return session.scalars(query).all()


def load(session: Session, call: Call, *, needed: int) -> Overview:
    """The overview as it is now; ``needed`` experts judge each bid."""
    bids = released(session, call)
    reviews, views = _reviews(session, bids), _views(session, bids)
    criteria = criteria_of(call)
    counts = bool(call.issuer_weight and bids) and len(views) == len(bids)
    standings = {
        one.bid_id: one
        for one in scoring.ranking(
            [
                Scored(
                    bid.id,
                    [scores_of(one) for one in _submitted(reviews[bid.id])],
                    views[bid.id].score if counts else None,
                )
                for bid in bids
            ],
            criteria,
            call.issuer_weight,
        )
    }
    lines = [
        _line(
            bid,
            reviews[bid.id],
            views.get(bid.id),
            criteria,
            standings.get(bid.id),
            needed,
        )
        for bid in bids
    ]
    # While it is sorted a list has no length.
    last = len(bids)
    lines.sort(key=lambda line: (_rank(line, last), line.bid.id))
    return Overview(call, criteria, lines, needed, counts, _mark(lines))


def _rank(line: Line, last: int) -> int:
    return line.standing.rank if line.standing else last + 1


def scores_of(review: BidReview) -> list[int]:
    """The points of a submitted sheet in the order of the criteria."""
    return [one["score"] for one in review.scores]


def _submitted(reviews: Sequence[BidReview]) -> list[BidReview]:
    return [one for one in reviews if one.state is ReviewState.SUBMITTED]


def _reviews(session: Session, bids: Sequence[Bid]) -> dict[int, list[BidReview]]:
    found: dict[int, list[BidReview]] = {bid.id: [] for bid in bids}
    query = (
        select(BidReview)
        .where(BidReview.bid_id.in_(found))
        .options(joinedload(BidReview.user))
        .order_by(BidReview.user_id)
    )
    for review in session.scalars(query):
        found[review.bid_id].append(review)
    return found


def _views(session: Session, bids: Sequence[Bid]) -> dict[int, IssuerView]:
    query = (
        select(IssuerView)
        .where(IssuerView.bid_id.in_([bid.id for bid in bids]))
        .options(joinedload(IssuerView.user))
    )
    return {view.bid_id: view for view in session.scalars(query)}


def _line(
    bid: Bid,
    reviews: Sequence[BidReview],
    view: IssuerView | None,
    criteria: Sequence[Criterion],
    standing: Standing | None,
    needed: int,
) -> Line:
    done = _submitted(reviews)
    points: list[Fraction] = [
        scoring.sheet_points(scores_of(one), criteria) for one in done
    ]
    live = sum(one.is_live for one in reviews)
    return Line(
        bid=bid,
        reviews=reviews,
        view=view,
        sheets={
            one.id: scoring.hundredths(value)
            for one, value in zip(done, points, strict=True)
        },
        outliers=frozenset(done[place].id for place in scoring.outliers(points)),
        spread=scoring.hundredths(scoring.spread(points)),
        lacking=max(0, needed - live),
        awaited=live - len(done),
        standing=standing,
    )


def _mark(lines: Sequence[Line]) -> str:
    said = [
        (
            line.bid.id,
            [(one.id, scores_of(one)) for one in line.submitted],
            line.view.score if line.view else None,
        )
        for line in sorted(lines, key=lambda line: line.bid.id)
    ]
    return sha256(json.dumps(said).encode()).hexdigest()
