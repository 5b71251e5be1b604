"""Train a ranker on what staff decided, compare it, put it in force, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index.approval import ApprovalModel, fit, shipped
from models import Activation, Ranker, Suggestion, transaction
from models.states import RankerState, SuggestionStatus

from ..errors import Conflict, NotFound
from ..history import service as history
from .active import active
from .comparison import FEWEST_DECISIONS, FEWEST_NEEDS, Comparison, compare
from .judged import Judged
from .lessons import lessons, split

LEARNED = "learned-"
UNDECIDED = (SuggestionStatus.PENDING, SuggestionStatus.SNOOZED)
BATCH = 200


def train(session: Session, *, now: datetime) -> Ranker:
    """Fit a candidate on all decisions that stand, pulled towards the shipped model.

    What is held out for comparing is not learnt from. Raises `Conflict`
    «ranker.nothing_to_learn» without a single lesson.
    """
    with transaction(session):
        known, _ = split(lessons(session))
        if not known:
            raise Conflict("ranker.nothing_to_learn")
        model = fit(
            [lesson.features for lesson in known],
            [lesson.approved for lesson in known],
            [lesson.weight for lesson in known],
            prior=shipped(),
        )
        _hold(session)
        before = session.scalar(select(func.count(Ranker.id))) or 0
        model = replace(model, name=f"{LEARNED}{before + 1}")
        ranker = Ranker(
            name=model.name,
            weights=model.as_json(),
            report={},
            decisions=len(known),
            created_at=now,
        )
        session.add(ranker)
        session.flush()
        history.record(session, None, "ranker.trained", ranker, now=now)
    return ranker


@dataclass(frozen=True)
class HeldOut:
    """What a ranker can be compared on at present."""

    decisions: int
    needs: int

    @property
    def too_few(self) -> bool:
        """Whether no ranker could be put in force on them."""
        return self.decisions < FEWEST_DECISIONS or self.needs < FEWEST_NEEDS


def held_out(session: Session) -> HeldOut:
    """How many decisions are kept for comparing, and on how many needs or calls."""
    _, kept = split(lessons(session))
    return HeldOut(len(kept), len({lesson.asks for lesson in kept}))


def compared(session: Session, name: str, judged: Judged) -> Comparison:
    """The named ranker beside the one in force; writes nothing."""
    candidate = ApprovalModel.from_json(find(session, name).weights)
    _, kept = split(lessons(session))
    return compare(active(session), candidate, kept, judged)


def activate(
    session: Session, name: str, judged: Judged, *, now: datetime
) -> tuple[Activation, Comparison]:
    """Put the named ranker in force, if it is better, and rescore what waits.

    Raises `Conflict` «ranker.in_force» for the one that is, «ranker.not_better» with
    the comparison unless it wins on held-out decisions and does not lose on the
    judged sample.
    """
    with transaction(session):
        _hold(session)
        ranker = find(session, name)
        if ranker.state is RankerState.ACTIVE:
            raise Conflict("ranker.in_force")
        found = compared(session, name, judged)
        if found.objections:
            raise Conflict("ranker.not_better", comparison=found)
        ranker.report = found.as_json()
        entry = _put_in_force(session, ranker, now=now, is_rollback=False)
    return entry, found


def rollback(session: Session, *, now: datetime) -> Activation:
    """Put the ranker back that was in force before the one that is.

    Rolling back twice goes two back. Raises `Conflict` «ranker.nothing_before» when
    the shipped model is in force and there was no other.
    """
    with transaction(session):
        _hold(session)
        before = _before(session)
        if before is None:
            raise Conflict("ranker.nothing_before")
        entry = _put_in_force(session, before[0], now=now, is_rollback=True)
    return entry


def _hold(session: Session) -> None:
    """Lock every ranker: of two that change what is in force, the second waits."""
    query = select(Ranker).order_by(Ranker.id).with_for_update(key_share=True)
    session.scalars(query.execution_options(populate_existing=True)).all()


def _before(session: Session) -> tuple[Ranker | None] | None:
    """(the ranker to go back to), where None means the shipped one; or nothing."""
    # A rollback takes one activation away, as «undo» does with decisions.
    stack: list[Ranker | None] = [None]
    for entry in session.scalars(select(Activation).order_by(Activation.id)):
        if entry.is_rollback:
            stack.pop()
        else:
            stack.append(entry.ranker)
    return (stack[-2],) if len(stack) > 1 else None


def _put_in_force(
    session: Session, ranker: Ranker | None, *, now: datetime, is_rollback: bool
) -> Activation:
    in_force = select(Ranker).where(Ranker.state == RankerState.ACTIVE)
    for other in session.scalars(in_force).all():
        other.move_to(RankerState.RETIRED)
    session.flush()
    model = shipped()
    if ranker is not None:
        ranker.move_to(RankerState.ACTIVE)
        model = ApprovalModel.from_json(ranker.weights)
    before = active(session).name
    entry = Activation(
        ranker_id=ranker.id if ranker else None,
        name=model.name,
        is_rollback=is_rollback,
        rescored=_rescore(session, model, now=now),
        at=now,
    )
    session.add(entry)
    session.flush()
    action = "ranker.rolled_back" if is_rollback else "ranker.activated"
    changes = {"ranker": [before, model.name]}
    history.record(session, None, action, entry, now=now, changes=changes)
    return entry


def _rescore(session: Session, model: ApprovalModel, *, now: datetime) -> int:
    """Tell the undecided pairs' probabilities anew from their stored features."""
    number = last = 0
    while True:
        query = (
            select(Suggestion)
            .where(Suggestion.id > last, Suggestion.status.in_(UNDECIDED))
            .order_by(Suggestion.id)
            .limit(BATCH)
            .with_for_update(of=Suggestion, key_share=True)
            .execution_options(populate_existing=True)
        )
        pairs: Sequence[Suggestion] = session.scalars(query).all()
        if not pairs:
            return number
        last = pairs[-1].id
        # A pair from before there were features keeps what it was given.
        for pair in (pair for pair in pairs if pair.features):
            pair.probability = model.probability(pair.features)
            pair.ranker = model.name
            pair.updated_at = now
            number += 1
        session.flush()


def rankers(session: Session) -> Sequence[Ranker]:
    """Every trained one, the newest first."""
    return session.scalars(select(Ranker).order_by(Ranker.id.desc())).all()


def find(session: Session, name: str) -> Ranker:
    """The ranker of this name; raises `NotFound`."""
    ranker = session.scalar(select(Ranker).where(Ranker.name == name))
    if ranker is None:
        raise NotFound("ranker")
    return ranker
