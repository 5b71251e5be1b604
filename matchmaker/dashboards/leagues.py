"""Who sells most, which technology managers bring deals about, who is suggested.

For staff only: institutions and people stand here by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Contract,
    Introduction,
    Organisation,
    Suggestion,
    User,
)
from models.states import AchievementStatus, Flow, IntroductionStatus, SuggestionStatus

from .. import policies
from ..contracts import cuts
from ..contracts.groupings import Sum
from . import methods
from .schema import SellerKind
from .year import bounds

MOST_SELLERS = 50


@dataclass(frozen=True)
class Seller:
    """What a seller's contracts of the year come to; 三技 and local are parts."""

    name: str
    sum: Sum
    three_kinds: Sum
    local: Sum


@dataclass(frozen=True)
class SellerLeague:
    """The largest sellers of a kind; ``number`` is how many there are in all."""

    sellers: Sequence[Seller]
    number: int
    whole: Sum


@dataclass(frozen=True)
class Manager:
    """What a technology manager did in the year.

    ``assigned`` talks that began in the year, ``signed`` and ``failed`` of them;
    ``sum`` is of contracts recognised in the year that it brought about.
    """

    user: User
    assigned: int
    signed: int
    failed: int
    sum: Sum


def sellers(session: Session, actor: User, year: int, kind: SellerKind) -> SellerLeague:
    """The sellers of a kind by 成交额; ties by name."""
    policies.require(actor, "board.read")
    of_kind = [
        policies.visible_contracts(actor),
        cuts.counted(*cuts.of_year(year)),
        Contract.seller_kind == kind.value,
    ]
    (three,) = cuts.conditions([methods.OF_THREE_KINDS])
    # Both regions stand in the covering index.
    local = cuts.flows(Flow.LOCAL)
    query = (
        select(Contract.seller_name, *_sums(), *_sums(three), *_sums(local))
        .where(*of_kind)
        .group_by(Contract.seller_name)
    )
    found = [
        Seller(name, _sum(numbers[:3]), _sum(numbers[3:6]), _sum(numbers[6:]))
        for name, *numbers in session.execute(query)
    ]
    found.sort(key=lambda seller: (-seller.sum.total_fen, seller.name))
    whole = sum((seller.sum for seller in found), Sum())
    return SellerLeague(found[:MOST_SELLERS], len(found), whole)


def _sums(part: Any = None) -> tuple[Any, Any, Any]:
    """Number, 成交额 and 技术交易额; of a part of the rows if one is named."""

    def of(value: Any) -> Any:
        return func.sum(value if part is None else case((part, value), else_=0))

    return of(1), of(Contract.total_fen), of(func.coalesce(Contract.technology_fen, 0))


def _sum(numbers: Sequence[Any]) -> Sum:
    count, total, technology = (int(number or 0) for number in numbers)
    return Sum(count, total, technology)


def managers(session: Session, actor: User, year: int) -> list[Manager]:
    """Every technology manager who did anything in the year, the largest sum first."""
    policies.require(actor, "board.read")
    begin, end = bounds(year)
    status = Introduction.status
    talks = {
        manager: (int(assigned), int(signed), int(failed))
        for manager, assigned, signed, failed in session.execute(
            select(
                Introduction.manager_id,
                func.count(),
                func.sum(case((status == IntroductionStatus.SIGNED, 1), else_=0)),
                func.sum(case((status == IntroductionStatus.FAILED, 1), else_=0)),
            )
            .where(
                Introduction.manager_id.is_not(None),
                Introduction.created_at >= begin,
                Introduction.created_at < end,
            )
            .group_by(Introduction.manager_id)
        )
    }
    deals = {
        manager: _sum(numbers)
        for manager, *numbers in session.execute(
            select(Contract.manager_id, *_sums())
            .where(
                Contract.manager_id.is_not(None),
                cuts.counted(*cuts.of_year(year)),
                policies.visible_contracts(actor),
            )
            .group_by(Contract.manager_id)
        )
    }
    people = session.scalars(select(User).where(User.id.in_(talks.keys() | deals)))
    found = [
        Manager(one, assigned, signed, failed, deals.get(one.id, Sum()))
        for one in people
        for assigned, signed, failed in [talks.get(one.id, (0, 0, 0))]
    ]
    return sorted(
        found, key=lambda one: (-one.sum.total_fen, -one.assigned, one.user.id)
    )


# -- Exposure --------------------------------------------------------------------

LISTED = (AchievementStatus.PUBLISHED, AchievementStatus.TRANSFERRED)


@dataclass(frozen=True)
class Exposure:
    """How often an institution's achievements were put forward in the year.

    ``records`` are public today, ``shown`` of them suggested at least once;
    ``per_record`` is suggestions a record, ``beside`` that against the mean of all
    (1.0: as often as the others).
    """

    organisation: Organisation
    records: int
    shown: int
    suggested: int
    approved: int
    introduced: int
    per_record: float
    beside: float | None

    @property
    def approval(self) -> float | None:
        return self.approved / self.suggested if self.suggested else None


@dataclass(frozen=True)
class ExposureBoard:
    """All institutions that have public achievements; the sums of the columns."""

    rows: Sequence[Exposure]
    records: int
    shown: int
    suggested: int
    approved: int
    introduced: int

    @property
    def per_record(self) -> float:
        return self.suggested / self.records if self.records else 0.0


def exposure(session: Session, actor: User, year: int) -> ExposureBoard:
    """Whether the platform puts some institutions forward more than others."""
    policies.require(actor, "board.read")
    records = _counted(
        session,
        select(Achievement.organisation_id, func.count())
        .where(Achievement.status.in_(LISTED))
        .group_by(Achievement.organisation_id),
    )
    suggested = _suggestions(session, year)
    introduced = _counted(session, _introductions(year))
    all_shown, all_pairs, all_approved = (
        sum(row[place] for row in suggested.values()) for place in range(3)
    )
    number = sum(records.values())
    mean = all_pairs / number if number else 0.0
    names = {
        one.id: one
        for one in session.scalars(
            select(Organisation).where(Organisation.id.in_(records.keys() | suggested))
        )
    }
    rows = []
    for id_, organisation in names.items():
        shown, pairs, approved = suggested.get(id_, (0, 0, 0))
        count = records.get(id_, 0)
        rate = pairs / count if count else 0.0
        rows.append(
            Exposure(
                organisation,
                count,
                shown,
                pairs,
                approved,
                introduced.get(id_, 0),
                rate,
                rate / mean if mean and count else None,
            )
        )
    rows.sort(key=lambda row: (-row.records, row.organisation.id))
    all_introduced = sum(introduced.get(id_, 0) for id_ in names)
    return ExposureBoard(
        rows, number, all_shown, all_pairs, all_approved, all_introduced
    )


def _suggestions(session: Session, year: int) -> dict[int, tuple[int, int, int]]:
    """By holder: achievements suggested, suggestions, approved ones of the year."""
    begin, end = bounds(year)
    approved = Suggestion.status == SuggestionStatus.APPROVED
    pairs = (
        select(
            Suggestion.achievement_id,
            func.count().label("pairs"),
            func.sum(case((approved, 1), else_=0)).label("approved"),
        )
        .where(
            Suggestion.achievement_id.is_not(None),
            Suggestion.created_at >= begin,
            Suggestion.created_at < end,
        )
        .group_by(Suggestion.achievement_id)
        .subquery()
    )
    query = (
        select(
            Achievement.organisation_id,
            func.sum(case((Achievement.status.in_(LISTED), 1), else_=0)),
            func.sum(pairs.c.pairs),
            func.sum(pairs.c.approved),
        )
        .join(pairs, pairs.c.achievement_id == Achievement.id)
        .group_by(Achievement.organisation_id)
    )
    return {
        holder: (int(shown), int(number), int(yes))
        for holder, shown, number, yes in session.execute(query)
    }


def _introductions(year: int) -> Any:
    begin, end = bounds(year)
    return (
        select(Introduction.provider_id, func.count())
        .where(Introduction.created_at >= begin, Introduction.created_at < end)
        .group_by(Introduction.provider_id)
    )


def _counted(session: Session, query: Any) -> Mapping[int, int]:
    return {id_: int(number) for id_, number in session.execute(query)}
