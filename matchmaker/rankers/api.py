"""How good the suggestions are in use, for programs."""

from __future__ import annotations

from datetime import datetime

from models import utcnow
from models.states import RejectReason

from ..accounts.current import signed_in
from ..api.answers import Output
from ..api.operations import Operations
from ..db import db
from ..matches.answers import PairSide, side
from ..search.live import live_index
from .quality import Quality, Rate, quality

operations = Operations("quality", "匹配质量")


class ApprovalRate(Output):
    """Decided pairs of one ranker or week; ``low`` to ``high`` is 95 per cent."""

    name: str
    approved: int
    decided: int
    share: float
    low: float
    high: float


class RejectCount(Output):
    """How often a reason was given, by ranker in the order of ``by_ranker``."""

    reason: RejectReason
    counts: list[int]


class ToldBin(Output):
    """Pairs told a probability between ``low`` and ``high``, and what came of them."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


class RankerActivation(Output):
    """A ranker that was put in force."""

    name: str
    at: datetime
    is_rollback: bool
    rescored: int


class QualityOut(Output):
    """Of the decisions that stand; put off and taken back ones do not count.

    ``compared`` decisions are behind ``told``, whose mean error is ``error``; null
    where there are none.
    ``unsupplied`` are the published needs without a likely achievement that have
    waited longest, of ``unsupplied_total``.
    """

    active: str
    since: datetime | None
    activations: list[RankerActivation]
    total: ApprovalRate
    by_ranker: list[ApprovalRate]
    by_week: list[ApprovalRate]
    reasons: list[RejectCount]
    told: list[ToldBin]
    error: float | None
    compared: int
    unsupplied: list[PairSide]
    unsupplied_total: int


def _rate(one: Rate) -> ApprovalRate:
    return ApprovalRate.model_validate(one)


def _told(found: Quality) -> QualityOut:
    return QualityOut(
        active=found.active,
        since=found.since,
        activations=[RankerActivation.model_validate(one) for one in found.activations],
        total=_rate(found.total),
        by_ranker=[_rate(one) for one in found.by_ranker],
        by_week=[_rate(one) for one in found.by_week],
        reasons=[
            RejectCount(reason=reason, counts=list(counts))
            for reason, counts in found.reasons.rows
        ],
        told=[ToldBin.model_validate(one) for one in found.told.bins],
        error=found.told.error if found.compared else None,
        compared=found.compared,
        unsupplied=[side(need) for need in found.unsupplied],
        unsupplied_total=found.unsupplied_total,
    )


@operations.get("/quality", "rankers.show", "匹配质量")
def show() -> QualityOut:
    return _told(quality(db.session, live_index().catalogue, signed_in(), now=utcnow()))
