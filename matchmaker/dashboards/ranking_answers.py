"""The funnel, the leagues and the lists behind a figure, as a program reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from models import Record, kind_of
from models.outbox import RecordType

from ..api.answers import Output
from ..awards.accepted import Accepted
from .answers import BoardSum, sum_of
from .funnel import StepCount, StepRow
from .leagues import ExposureBoard, Manager, SellerLeague
from .schema import Step
from .year import Period


class FunnelStep(Output):
    """How many came this far; ``days`` is the median from the step before.

    ``of_before`` and ``of_first`` are shares, null of nothing.
    """

    step: Step
    label: str
    count: int
    of_before: float | None
    of_first: float | None
    days: float | None
    timed: int


class FunnelOut(Output):
    """The suggestions of a year, and the talks that came about otherwise."""

    year: int
    suggested: list[FunnelStep]
    direct: list[FunnelStep]


class StepSide(Output):
    id: int
    kind: RecordType
    title: str
    demo: bool


class StepPair(Output):
    """A pair of a step, with the days on which it came to each as far as known."""

    suggestion_id: int | None
    introduction_id: int | None
    left: StepSide | None
    right: StepSide | None
    days: dict[Step, date]


class SellerRow(BoardSum):
    """A seller; 三技 and local conversion are parts of its sum."""

    name: str
    three_kinds_fen: int
    local_fen: int


class ManagerRow(BoardSum):
    """A technology manager: talks assigned in the year, and contracts recognised."""

    id: int
    name: str
    organisation: str | None
    assigned: int
    signed: int
    failed: int
    demo: bool


class LeaguesOut(Output):
    """The largest sellers of a kind, of ``number``, and the technology managers."""

    year: int
    sellers: list[SellerRow]
    number: int
    whole: BoardSum
    managers: list[ManagerRow]


class ExposureRow(Output):
    """How often an institution's achievements were put forward in the year.

    ``beside`` is suggestions a record against the mean of all: 1.0 is as often.
    """

    organisation_id: int
    organisation: str
    records: int
    shown: int
    suggested: int
    approved: int
    introduced: int
    per_record: float
    beside: float | None


class ExposureOut(Output):
    year: int
    rows: list[ExposureRow]
    records: int
    shown: int
    suggested: int
    approved: int
    introduced: int
    per_record: float


class AcceptedAward(Output):
    id: int
    bidder: str


class AcceptedCall(Output):
    """An accepted call that a year counts, and the awards that were accepted."""

    id: int
    title: str
    field: str
    issuer: str
    accepted_on: date
    amount_fen: int
    awards: list[AcceptedAward]
    demo: bool


def steps(found: Iterable[StepCount]) -> list[FunnelStep]:
    return [FunnelStep.model_validate(one) for one in found]


def step_pair(row: StepRow) -> StepPair:
    one = row.introduction or row.suggestion
    left: Record | None = (one.need or one.call) if one else None
    right: Record | None = (one.achievement or one.call) if one else None
    return StepPair(
        suggestion_id=row.suggestion.id if row.suggestion else None,
        introduction_id=row.introduction.id if row.introduction else None,
        left=_side(left),
        right=_side(right) if right is not left else None,
        days=dict(row.pair.days),
    )


def _side(item: Record | None) -> StepSide | None:
    if item is None:
        return None
    return StepSide(id=item.id, kind=kind_of(item), title=item.title, demo=item.is_demo)


def leagues_of(
    when: Period, league: SellerLeague, managers: Iterable[Manager]
) -> LeaguesOut:
    return LeaguesOut(
        year=when.year,
        sellers=[
            SellerRow(
                **sum_of(one.sum).model_dump(),
                name=one.name,
                three_kinds_fen=one.three_kinds.total_fen,
                local_fen=one.local.total_fen,
            )
            for one in league.sellers
        ],
        number=league.number,
        whole=sum_of(league.whole),
        managers=[_manager(one) for one in managers],
    )


def _manager(one: Manager) -> ManagerRow:
    home = one.user.organisation
    return ManagerRow(
        **sum_of(one.sum).model_dump(),
        id=one.user.id,
        name=one.user.name,
        organisation=home.name if home else None,
        assigned=one.assigned,
        signed=one.signed,
        failed=one.failed,
        demo=one.user.is_demo,
    )


def exposure_of(when: Period, found: ExposureBoard) -> ExposureOut:
    return ExposureOut(
        year=when.year,
        rows=[
            ExposureRow(
                organisation_id=one.organisation.id,
                organisation=one.organisation.name,
                records=one.records,
                shown=one.shown,
                suggested=one.suggested,
                approved=one.approved,
                introduced=one.introduced,
                per_record=one.per_record,
                beside=one.beside,
            )
            for one in found.rows
        ],
        records=found.records,
        shown=found.shown,
        suggested=found.suggested,
        approved=found.approved,
        introduced=found.introduced,
        per_record=found.per_record,
    )


def accepted_call(one: Accepted) -> AcceptedCall:
    return AcceptedCall(
        id=one.call.id,
        title=one.call.title,
        field=one.call.field,
        issuer=one.call.issuer.name,
        accepted_on=one.day,
        amount_fen=one.amount_fen,
        awards=[
            AcceptedAward(id=award.id, bidder=award.bidder.name) for award in one.awards
        ],
        demo=one.call.is_demo,
    )
