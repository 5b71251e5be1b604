"""The board of a year: progress towards the targets, pace, and every way to cut it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Contract, Definition, History, Need, Receipt, User, YearTarget
from models.outbox import RecordType
from models.states import TargetIndicator, Unit
from models.targets import UNITS

from .. import policies
from ..awards import accepted
from ..contracts import cuts
from ..contracts.cuts import Standing
from ..contracts.groupings import TITLES, Cell, Grouping, Sum
from ..labels import CITY, today
from ..targets import service as targets
from . import methods, projection, queries
from .methods import Figures, Reached
from .projection import Projection
from .schema import Narrowing

# So many past years tell how a year usually goes.
PAST_YEARS = 4
# Above the others: what a reader looks for first.
TILES = (
    Grouping.TYPE,
    Grouping.MONTH,
    Grouping.DISTRICT,
    Grouping.BUYER_DISTRICT,
    Grouping.FIELD,
    Grouping.TECHNOLOGY_FIELD,
    Grouping.FLOW,
    Grouping.SIZE,
    Grouping.BUYER_KIND,
    Grouping.SELLER_KIND,
    Grouping.SOURCE,
)


@dataclass(frozen=True)
class Period:
    """A year as far as it has come: ``as_of`` is its last day that counts.

    None if it has not begun.
    """

    year: int
    as_of: date | None

    @property
    def elapsed(self) -> Fraction:
        if self.as_of is None:
            return Fraction(0)
        length = date(self.year, 12, 31).timetuple().tm_yday
        return Fraction(self.as_of.timetuple().tm_yday, length)


@dataclass(frozen=True)
class Progress:
    """One indicator: what was to be reached, what was, by which formula."""

    indicator: TargetIndicator
    target: YearTarget | None
    definition: Definition
    reached: Reached

    @property
    def unit(self) -> Unit:
        return UNITS[self.indicator]

    @property
    def share(self) -> float | None:
        """The share of the target; None where one of the two is wanting."""
        if self.target is None or not self.target.value or self.reached.value is None:
            return None
        return self.reached.value / self.target.value

    @property
    def is_met(self) -> bool:
        return self.share is not None and self.share >= 1


@dataclass(frozen=True)
class Tile:
    """The year cut one way; the parts add up to the whole."""

    grouping: Grouping
    title: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Apart:
    """What does not count: signed, refused, cancelled; and money received."""

    pending: Sum
    refused: Sum
    cancelled: Sum
    received: Sum


@dataclass(frozen=True)
class Pace:
    """How the year goes beside its target and the years before.

    ``days`` are the sums of the days of this year, ``past`` of the years before.
    """

    days: projection.Days
    past: Mapping[int, projection.Days]
    projection: Projection | None


@dataclass(frozen=True)
class YearBoard:
    """All of it; ``pace`` and ``progress`` are of the whole city, so None when cut."""

    period: Period
    years: Sequence[int]
    targets_of: int | None
    counted: Sum
    demo: int
    apart: Apart
    tiles: Sequence[Tile]
    terms: Mapping[str, str]
    progress: Sequence[Progress]
    pace: Pace | None
    by_year: Sequence[tuple[int, int]]

    @property
    def turnover(self) -> Progress | None:
        found = (p for p in self.progress if p.indicator is TargetIndicator.TURNOVER)
        return next(found, None)

    @property
    def target_fen(self) -> int | None:
        """The turnover to be reached, of the year or the one it is held against."""
        target = self.turnover.target if self.turnover else None
        return target.value if target else None


def period(year: int | None, now: datetime) -> Period:
    """The year asked for, this one if none is, as far as it has come."""
    day = today(now)
    if year is None or year == day.year:
        return Period(day.year, day)
    return Period(year, date(year, 12, 31) if year < day.year else None)


def offered(session: Session, now: datetime) -> list[int]:
    """The years a board can be opened for, the newest first."""
    this = today(now).year
    years = set(targets.years(session)) | {this}
    first = queries.first_year(session)
    if first is not None:
        years |= set(range(first, this + 1))
    return sorted(years, reverse=True)


def year_board(
    session: Session, actor: User, query: Narrowing, *, now: datetime
) -> YearBoard:
    """The board for this reader, cut by the filters of the address."""
    policies.require(actor, "board.read")
    when = period(query.year, now)
    cut = cuts.conditions(query.cut)
    seen = [policies.visible_contracts(actor), *cut]
    whole = cuts.counted(*cuts.of_year(when.year))
    columns = queries.read(session, [whole, *seen])
    terms = cuts.terms(session)
    tiles = [Tile(each, TITLES[each], columns.cut(each, terms)) for each in TILES]
    days = columns.days()
    past = past_days(session, when.year, seen)
    pace, progress, targets_of = None, [], None
    if not cut:
        plan = targets.plan(session, when.year, last_day(when, now))
        figures = figures_of(session, actor, when, columns, plan)
        progress, targets_of = progress_of(plan, figures), plan.targets_of
        pace = pace_of(when, days, past)
    return YearBoard(
        when,
        offered(session, now),
        targets_of,
        columns.sum,
        columns.demo,
        _apart(session, when.year, seen),
        tiles,
        terms,
        progress,
        pace,
        _by_year(when.year, columns.sum, past),
    )


def last_day(when: Period, now: datetime) -> date:
    """The day whose definitions hold: the last of the year that counts."""
    return when.as_of or today(now)


def past_days(
    session: Session, year: int, cut: Sequence[cuts.Condition] = ()
) -> dict[int, dict[date, int]]:
    """成交额 by day of the years before this one."""
    first, last = date(year - PAST_YEARS, 1, 1), date(year - 1, 12, 31)
    return queries.days(session, first, last, cut)


def pace_of(
    when: Period, days: projection.Days, past: Mapping[int, projection.Days]
) -> Pace:
    """The pace of the year; without a projection where there is nothing to project."""
    found = None
    if when.as_of is not None:
        found = projection.project(when.as_of, days, past)
    return Pace(days, past, found)


def _by_year(
    year: int, counted: Sum, past: Mapping[int, projection.Days]
) -> list[tuple[int, int]]:
    """(year, 成交额), the oldest first."""
    sums = {each: sum(days.values()) for each, days in past.items()}
    return sorted((sums | {year: counted.total_fen}).items())


def _apart(session: Session, year: int, conditions: Sequence[cuts.Condition]) -> Apart:
    def of(which: Standing) -> Sum:
        stands = cuts.conditions([cuts.standing(which, year)])
        return queries.total(session, [*stands, *conditions])

    # The receipts first: they are few beside the contracts.
    days = Receipt.received_on.between(*cuts.of_year(year))
    received = (
        select(Receipt.contract_id, func.sum(Receipt.amount_fen).label("fen"))
        .where(days)
        .group_by(Receipt.contract_id)
        .subquery()
    )
    query = (
        select(func.count(), func.sum(received.c.fen))
        .join(Contract, Contract.id == received.c.contract_id)
        .where(*conditions)
    )
    count, fen = session.execute(query).one()
    return Apart(
        of(Standing.PENDING),
        of(Standing.REFUSED),
        of(Standing.CANCELLED),
        Sum(count, int(fen or 0)),
    )


# -- Indicators ------------------------------------------------------------------


def figures_of(
    session: Session,
    reader: User | None,
    when: Period,
    columns: queries.Columns,
    plan: targets.Plan,
) -> Figures:
    """What the computations of the indicators need, as far as the reader may know."""
    day = _same_day_before(when)
    before, has_before = _before(session, reader, day)
    return Figures(
        year=when.year,
        elapsed=when.elapsed,
        counted=columns.sum,
        by_type=columns.sums(Grouping.TYPE),
        by_flow=columns.sums(Grouping.FLOW),
        three_kinds_before=before,
        before=day,
        has_ledger_before=has_before,
        facts=plan.facts,
        facts_before=plan.facts_before,
        needs=_needs_published(session, reader, when.year),
        calls=accepted.count(session, when.year),
    )


def _same_day_before(when: Period) -> date:
    """The day a year before the last one that counts: the first where none does."""
    last = date(when.year - 1, 12, 31)
    if when.as_of is None:
        return last.replace(month=1, day=1)
    # On 29 February the year before stands at the 28th.
    day = min(when.as_of.day, 28) if when.as_of.month == 2 else when.as_of.day
    return last.replace(month=when.as_of.month, day=day)


def _before(session: Session, reader: User | None, day: date) -> tuple[Sum, bool]:
    """三技 of the day's year up to it; whether that year has a ledger."""
    first, last = cuts.of_year(day.year)
    told = policies.summed_contracts(reader)
    kinds = cuts.conditions([methods.OF_THREE_KINDS])
    found = queries.total(session, [cuts.counted(first, day), *kinds, told])
    if found.count:
        return found, True
    any_before = select(Contract.id).where(cuts.counted(first, last), told).limit(1)
    return found, session.scalar(any_before) is not None


def bounds(year: int) -> tuple[datetime, datetime]:
    """The moments at which the year begins and ends in the city."""
    return (
        datetime(year, 1, 1, tzinfo=CITY),
        datetime(year + 1, 1, 1, tzinfo=CITY),
    )


def _needs_published(session: Session, reader: User | None, year: int) -> int:
    """Needs whose first publication was in the year, among those one may know of."""
    begin, end = bounds(year)
    first = (
        select(func.min(History.at))
        .where(
            History.record_type == Need.__tablename__,
            History.record_id == Need.id,
            History.action == "need.published",
        )
        .correlate(Need)
        .scalar_subquery()
    )
    # Published again after a change, a need keeps its first day in the history only.
    since = func.coalesce(first, Need.published_at)
    query = select(func.count(Need.id)).where(
        Need.published_at >= begin,
        since >= begin,
        since < end,
        policies.where(policies.visible(reader, RecordType.NEED), RecordType.NEED),
    )
    return session.scalar(query) or 0


def progress_of(plan: targets.Plan, figures: Figures) -> list[Progress]:
    """Every indicator by its definition, against the targets there are."""
    return [
        Progress(
            indicator,
            plan.targets.get(indicator),
            plan.definitions[indicator],
            methods.reached(indicator, plan.definitions[indicator].method, figures),
        )
        for indicator in TargetIndicator
        if indicator in plan.definitions
    ]
