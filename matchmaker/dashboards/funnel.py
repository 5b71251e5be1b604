"""From a match suggestion to a recognised contract: how many, and how long it took.

A funnel is of the pairs that came in during a year, wherever they stand today: each
step holds a part of the one before it, so a share can never exceed the whole. Talks
that did not come from a suggestion (asked for, met at an event, brought about by
staff) enter at the introduction and are counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models import Contract, Introduction, IntroductionAnswer, Suggestion, User
from models.states import (
    COUNTED_CONTRACTS,
    ContractState,
    Interest,
    IntroductionOrigin,
    SuggestionStatus,
)

from .. import policies
from ..paging import Page, turn
from .schema import Step
from .year import bounds

# Steps in their order; what is no suggestion's enters at the third.
STEPS = tuple(Step)
DIRECT_STEPS = STEPS[2:]
PLACE: Mapping[Step, int] = {step: place for place, step in enumerate(STEPS)}
# The city's clock all year round; `labels.today` asks the table of time zones, which
# takes thirty times as long, and here it would be asked thousands of times.
CITY_OFFSET = timedelta(hours=8)
WORDS: Mapping[Step, str] = {
    Step.SUGGESTED: "提出匹配建议",
    Step.APPROVED: "审核通过",
    Step.INTRODUCED: "发起对接",
    Step.TALKS: "双方有意，进入洽谈",
    Step.SIGNED: "签订合同",
    Step.RECOGNISED: "认定登记",
}
UNSIGNED = frozenset({ContractState.DRAFT, ContractState.VOID})
PER_PAGE = 50


@dataclass(frozen=True)
class StepCount:
    """How many came this far, and how long it took them from the step before.

    ``of_before`` and ``of_first`` are shares (None of nothing), ``days`` the median,
    over the ``timed`` pairs whose both days are known.
    """

    step: Step
    label: str
    count: int
    of_before: float | None
    of_first: float | None
    days: float | None
    timed: int


@dataclass(frozen=True)
class Funnel:
    """The suggestions of a year, and the talks that came about otherwise."""

    suggested: Sequence[StepCount]
    direct: Sequence[StepCount]


@dataclass
class Pair:
    """One pair on its way: how far it came, and on which days, as far as known."""

    suggestion_id: int | None
    introduction_id: int | None
    contract_id: int | None
    reached: Step
    days: dict[Step, date]


def funnel(session: Session, actor: User, year: int) -> Funnel:
    """Both ways of the pairs of the year, to where they stand today."""
    policies.require(actor, "board.read")
    pairs = _suggested(session, actor, year)
    made = session.scalar(
        select(func.count(Suggestion.id)).where(*_made_in(actor, year))
    )
    return Funnel(
        _counts(STEPS, pairs, made or 0), _counts(DIRECT_STEPS, _direct(session, year))
    )


def _counts(
    steps: Sequence[Step], pairs: Sequence[Pair], first: int | None = None
) -> list[StepCount]:
    """The steps; ``first`` is the number at the first, where pairs begin later."""
    found: list[StepCount] = []
    for place, step in enumerate(steps):
        here = [pair for pair in pairs if PLACE[pair.reached] >= PLACE[step]]
        count = len(here) if place or first is None else first
        waits = _waits(here, steps[place - 1], step) if place else []
        found.append(
            StepCount(
                step,
                WORDS[step],
                count,
                _share(count, found[-1].count) if place else None,
                _share(count, found[0].count) if place else None,
                median(waits) if waits else None,
                len(waits),
            )
        )
    return found


def city_day(moment: datetime) -> date:
    """The calendar day in the city of a moment read from the tables, which is UTC."""
    return (moment + CITY_OFFSET).date()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _waits(pairs: Sequence[Pair], before: Step, step: Step) -> list[int]:
    """Days between the steps; what was entered out of order took none."""
    return [
        max(0, (pair.days[step] - pair.days[before]).days)
        for pair in pairs
        if step in pair.days and before in pair.days
    ]


# -- Reading the pairs -----------------------------------------------------------


def _made_in(actor: User, year: int) -> tuple[ColumnElement[bool], ...]:
    """The pairs written in the year whose both sides the reader may know of."""
    begin, end = bounds(year)
    return (
        Suggestion.created_at >= begin,
        Suggestion.created_at < end,
        policies.visible_suggestions(actor),
    )


def _talks() -> Subquery:
    """When the second side said yes, of the introductions where both did."""
    answer = IntroductionAnswer
    return (
        select(answer.introduction_id, func.max(answer.at).label("at"))
        .where(answer.interest == Interest.INTERESTED)
        .group_by(answer.introduction_id)
        .having(func.count() == 2)
        .subquery()
    )


def _from_introduction(talks: Subquery) -> tuple[Any, ...]:
    return (
        Introduction.id,
        Introduction.created_at,
        talks.c.at,
        Contract.id,
        Contract.state,
        Contract.signed_on,
        Contract.recognised_on,
    )


def _suggested(session: Session, actor: User, year: int) -> list[Pair]:
    """The pairs of the year that were approved, or introduced at any rate."""
    talks = _talks()
    approved = Suggestion.status == SuggestionStatus.APPROVED
    query = (
        select(
            Suggestion.id,
            Suggestion.created_at,
            Suggestion.decided_at,
            Suggestion.status,
            *_from_introduction(talks),
        )
        .outerjoin(Introduction, Introduction.suggestion_id == Suggestion.id)
        .where(*_made_in(actor, year), or_(approved, Introduction.id.is_not(None)))
        .order_by(Suggestion.id)
    )
    pairs: dict[int, Pair] = {}
    for id_, made, decided, status, *rest in session.execute(_with_deal(query, talks)):
        pair = pairs.get(id_)
        if pair is None:
            days = {Step.SUGGESTED: city_day(made)}
            if status is SuggestionStatus.APPROVED and decided is not None:
                days[Step.APPROVED] = city_day(decided)
            pair = pairs[id_] = Pair(id_, None, None, Step.APPROVED, days)
        _follow(pair, *rest)
    return list(pairs.values())


def _direct(session: Session, year: int) -> list[Pair]:
    """The introductions of the year that no suggestion led to."""
    talks = _talks()
    begin, end = bounds(year)
    query = (
        select(*_from_introduction(talks))
        .where(
            Introduction.origin != IntroductionOrigin.SUGGESTION,
            Introduction.created_at >= begin,
            Introduction.created_at < end,
        )
        .order_by(Introduction.id)
    )
    pairs: dict[int, Pair] = {}
    for row in session.execute(_with_deal(query, talks)):
        empty = Pair(None, None, None, Step.INTRODUCED, {})
        _follow(pairs.setdefault(row[0], empty), *row)
    return list(pairs.values())


def _with_deal(query: Select[Any], talks: Subquery) -> Select[Any]:
    return query.outerjoin(talks, talks.c.introduction_id == Introduction.id).outerjoin(
        Contract, Contract.introduction_id == Introduction.id
    )


def _follow(
    pair: Pair,
    introduction_id: int | None,
    introduced: datetime | None,
    talks: datetime | None,
    contract_id: int | None,
    state: ContractState | None,
    signed: date | None,
    recognised: date | None,
) -> None:
    """Take the pair on by one introduction and one of its contracts.

    Where there are several, the pair came as far as the furthest, on the first day.
    """
    if introduction_id is None or introduced is None:
        return
    pair.introduction_id = pair.introduction_id or introduction_id
    _reach(pair, Step.INTRODUCED, city_day(introduced))
    if talks is not None:
        _reach(pair, Step.TALKS, city_day(talks))
    if contract_id is not None and state not in UNSIGNED:
        pair.contract_id = pair.contract_id or contract_id
        _reach(pair, Step.SIGNED, signed)
        if state in COUNTED_CONTRACTS:
            pair.contract_id = contract_id
            _reach(pair, Step.RECOGNISED, recognised)


def _reach(pair: Pair, step: Step, day: date | None) -> None:
    if PLACE[step] > PLACE[pair.reached]:
        pair.reached = step
    if day is not None:
        pair.days[step] = min(day, pair.days.get(step, day))


# -- The pairs behind a figure ---------------------------------------------------


@dataclass(frozen=True)
class StepRow:
    """One pair of a step with its records, for a list."""

    pair: Pair
    suggestion: Suggestion | None
    introduction: Introduction | None


def pairs_of(
    session: Session, actor: User, year: int, step: Step, *, direct: bool, page: int
) -> Page[StepRow]:
    """One page of the pairs that came as far as the step, the newest first."""
    policies.require(actor, "board.read")
    if step is Step.SUGGESTED and not direct:
        # The first step holds every pair written, so the database turns its pages.
        made = _made_in(actor, year)
        total = session.scalar(select(func.count(Suggestion.id)).where(*made)) or 0
        here = turn(page, total, PER_PAGE)
        ids = session.scalars(
            here.rows(select(Suggestion.id).where(*made).order_by(Suggestion.id.desc()))
        )
        some = [Pair(id_, None, None, step, {}) for id_ in ids]
    else:
        pairs = all_of(session, actor, year, step, direct=direct)
        total = len(pairs)
        here = turn(page, total, PER_PAGE)
        some = pairs[here.start : here.start + PER_PAGE]
    return Page(loaded(session, some), total, here.page, here.pages)


def all_of(
    session: Session, actor: User, year: int, step: Step, *, direct: bool
) -> list[Pair]:
    """The pairs that came as far as the step, the newest first."""
    policies.require(actor, "board.read")
    if step is Step.SUGGESTED and not direct:
        made = select(Suggestion.id).where(*_made_in(actor, year))
        ids = session.scalars(made.order_by(Suggestion.id.desc()))
        return [Pair(id_, None, None, step, {}) for id_ in ids]
    every = _direct(session, year) if direct else _suggested(session, actor, year)
    return [one for one in every if PLACE[one.reached] >= PLACE[step]][::-1]


def loaded(session: Session, pairs: Sequence[Pair]) -> list[StepRow]:
    """The pairs with their records."""
    suggestions = _by_id(session, Suggestion, [p.suggestion_id for p in pairs])
    introductions = _by_id(session, Introduction, [p.introduction_id for p in pairs])
    return [
        StepRow(
            pair,
            suggestions.get(pair.suggestion_id),
            introductions.get(pair.introduction_id),
        )
        for pair in pairs
    ]


def _by_id(
    session: Session, model: Any, ids: Sequence[int | None]
) -> Mapping[int | None, Any]:
    sides = (joinedload(model.need), joinedload(model.achievement))
    query = select(model).where(model.id.in_([i for i in ids if i is not None]))
    found = session.scalars(query.options(*sides, joinedload(model.call)))
    return {each.id: each for each in found}
