"""Targets, facts and definitions: read by the boards, changed by the administrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models import Definition, User, YearFact, YearTarget, transaction
from models.states import TargetIndicator

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from .schema import DefinitionInput, Entered, YearForm


@dataclass(frozen=True)
class Plan:
    """What is known of a year beside the ledger.

    ``targets`` are those of ``targets_of``: of the year itself, or of the newest year
    that has any; None while no year has.
    """

    year: int
    targets: Mapping[TargetIndicator, YearTarget]
    targets_of: int | None
    facts: Mapping[str, int]
    facts_before: Mapping[str, int]
    definitions: Mapping[TargetIndicator, Definition]


def plan(session: Session, year: int, on: date) -> Plan:
    """The targets, facts and definitions by which a year is read on a day."""
    rows = session.scalars(select(YearTarget).order_by(YearTarget.id)).all()
    years = {row.year for row in rows}
    targets_of = year if year in years else max(years, default=None)
    facts = _facts(session, (year - 1, year))
    return Plan(
        year,
        {row.indicator: row for row in rows if row.year == targets_of},
        targets_of,
        {name: row.value for (of, name), row in facts.items() if of == year},
        {name: row.value for (of, name), row in facts.items() if of == year - 1},
        in_force(session, on),
    )


def in_force(session: Session, on: date) -> dict[TargetIndicator, Definition]:
    """The definition of each indicator on a day.

    Before the first one had been set, the first.
    """
    found: dict[TargetIndicator, Definition] = {}
    query = select(Definition).order_by(Definition.from_on, Definition.id)
    for row in session.scalars(query):
        if row.from_on <= on:
            found[row.indicator] = row
        else:
            found.setdefault(row.indicator, row)
    return found


def of_indicator(
    session: Session, indicator: TargetIndicator, year: int
) -> YearTarget | None:
    """The target of the year, or of the newest year that has one."""
    query = (
        select(YearTarget)
        .where(YearTarget.indicator == indicator)
        .order_by((YearTarget.year == year).desc(), YearTarget.year.desc())
        .limit(1)
    )
    return session.scalar(query)


def years(session: Session) -> list[int]:
    """The years that have targets, the newest first."""
    query = select(YearTarget.year).distinct().order_by(YearTarget.year.desc())
    return list(session.scalars(query))


@dataclass(frozen=True)
class YearSheet:
    """What the administrator edits: the rows of a year, and a mark of their state."""

    year: int
    targets: Mapping[TargetIndicator, YearTarget]
    facts: Mapping[str, YearFact]
    copy_from: int | None
    seen: str


def sheet(session: Session, actor: User, year: int) -> YearSheet:
    """The figures of a year; ``copy_from`` is the last year before it with targets."""
    policies.require(actor, "target.govern")
    targets, facts = _targets(session, year), _facts(session, (year,))
    before = [each for each in years(session) if each < year]
    return YearSheet(
        year,
        targets,
        {name: row for (_, name), row in facts.items()},
        before[0] if before and not targets else None,
        _mark(targets, facts),
    )


def definitions(session: Session, actor: User) -> Sequence[Definition]:
    """Every definition there was, by indicator, the newest first."""
    policies.require(actor, "target.govern")
    query = (
        select(Definition)
        .options(joinedload(Definition.author))
        .order_by(Definition.from_on.desc(), Definition.id.desc())
    )
    order = list(TargetIndicator)
    rows = list(session.scalars(query))
    return sorted(rows, key=lambda row: order.index(row.indicator))


def save(session: Session, actor: User, data: YearForm, *, now: datetime) -> int:
    """Enter the figures of a year; how many changed.

    An empty one is taken away. Raises `Conflict` if somebody changed the year since
    the form was opened.
    """
    policies.require(actor, "target.govern")
    with transaction(session):
        _lock(session, actor)
        targets, facts = _targets(session, data.year), _facts(session, (data.year,))
        if data.seen != _mark(targets, facts):
            raise Conflict("target.changed")
        changed = 0
        for indicator, entered in data.targets().items():
            fresh = YearTarget(year=data.year, indicator=indicator)
            old = targets.get(indicator)
            changed += _enter(session, actor, old, fresh, entered, now)
        for name, entered in data.facts().items():
            new = YearFact(year=data.year, name=name)
            changed += _enter(
                session, actor, facts.get((data.year, name)), new, entered, now
            )
    return changed


def copy(session: Session, actor: User, year: int, *, now: datetime) -> int:
    """Take over the targets of the last year before this one; which year that was.

    Raises `Conflict` if the year has targets already, or no year before it has.
    """
    policies.require(actor, "target.govern")
    with transaction(session):
        _lock(session, actor)
        before = [each for each in years(session) if each < year]
        if _targets(session, year) or not before:
            raise Conflict("target.nothing_to_copy")
        for indicator, old in _targets(session, before[0]).items():
            entered = Entered(old.value, f"沿用 {before[0]} 年目标，待核定")
            fresh = YearTarget(year=year, indicator=indicator)
            _enter(session, actor, None, fresh, entered, now)
    return before[0]


def define(
    session: Session, actor: User, data: DefinitionInput, *, now: datetime
) -> Definition:
    """Add a definition; from its day on it takes the place of the one before.

    Raises `Invalid` if the indicator has one from that day already.
    """
    policies.require(actor, "target.govern")
    with transaction(session):
        row = Definition(author_id=actor.id, created_at=now, **data.model_dump())
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            words = "该指标自这一天起已有一个口径，请改用别的日期"
            raise Invalid({"from_on": words}) from error
        changes = {name: [None, str(each)] for name, each in data.model_dump().items()}
        history.record(
            session, actor, "definition.added", row, now=now, changes=changes
        )
    return row


def _targets(session: Session, year: int) -> dict[TargetIndicator, YearTarget]:
    query = select(YearTarget).where(YearTarget.year == year)
    return {row.indicator: row for row in session.scalars(query)}


def _facts(session: Session, years: Sequence[int]) -> dict[tuple[int, str], YearFact]:
    query = select(YearFact).where(YearFact.year.in_(years))
    return {(row.year, row.name): row for row in session.scalars(query)}


def _mark(targets: Mapping[Any, YearTarget], facts: Mapping[Any, YearFact]) -> str:
    """Of the state of a year: any change of any figure changes it."""
    state = [(str(row.indicator), row.id, row.version) for row in targets.values()]
    state += [(row.name, row.id, row.version) for row in facts.values()]
    return sha256(repr(sorted(state)).encode()).hexdigest()[:16]


def _lock(session: Session, actor: User) -> None:
    """One administrator at a time: rows that are not there yet cannot be locked."""
    query = select(User.id).where(User.role == actor.role).order_by(User.id)
    session.execute(query.with_for_update(key_share=True)).all()


def _enter(
    session: Session,
    actor: User,
    old: YearTarget | YearFact | None,
    fresh: YearTarget | YearFact,
    entered: Entered,
    now: datetime,
) -> bool:
    """Put one figure in its row; whether that changed anything."""
    if entered.value is None:
        if old is None:
            return False
        changes: dict[str, Any] = {"value": [old.value, None]}
        history.record(
            session, actor, _action(old, "removed"), old, now=now, changes=changes
        )
        session.delete(old)
        return True
    values = {"value": entered.value, "source": entered.source}
    row = old or fresh
    changes = history.difference(row, values)
    if not changes:
        return False
    row.value, row.source, row.updated_at = entered.value, entered.source, now
    session.add(row)
    session.flush()
    year_and_name = {"year": [None, row.year], "name": [None, _name(row)]}
    history.record(
        session,
        actor,
        _action(row, "set"),
        row,
        now=now,
        changes=changes | ({} if old else year_and_name),
    )
    return True


def _action(row: YearTarget | YearFact, what: str) -> str:
    return f"{'target' if isinstance(row, YearTarget) else 'fact'}.{what}"


def _name(row: YearTarget | YearFact) -> str:
    return str(row.indicator) if isinstance(row, YearTarget) else row.name
