"""The changes of a task book as its page shows them, and what its reader may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from models import Award, AwardAmendment, User

from ... import labels, policies
from .. import book
from ..finding import is_here
from ..schema import Side
from . import plan, service


@dataclass(frozen=True)
class Shown:
    """One amendment: what it changes, and the mark its forms send back."""

    amendment: AwardAmendment
    changes: Sequence[plan.Change]
    mark: str

    def confirmed(self, side: Side) -> bool:
        return book.confirmed(self.amendment, side)


@dataclass(frozen=True)
class Amendments:
    """All of an award, the newest first; ``may`` are the steps open to the reader."""

    items: Sequence[Shown]
    may: frozenset[str]

    @property
    def open(self) -> Shown | None:
        return next((one for one in self.items if one.amendment.is_open), None)


def view(session: Session, user: User, award: Award) -> Amendments:
    """The amendments for this person."""
    items = [
        Shown(one, plan.differences(one.before, one.after), plan.mark_of(one))
        for one in reversed(award.amendments)
    ]
    governs = policies.may(user, "award.govern", award)
    side = book.side_of(user, award)
    open_ = award.open_amendment
    speaks = side is not None and policies.may(user, "award.confirm", award)
    steps: dict[str, Any] = {
        "amend": governs and service.is_amendable(award),
        "withdraw": governs and open_,
        "decline": speaks and open_,
        "confirm": speaks and open_ and not book.confirmed(open_, side or Side.ISSUER),
    }
    for one in Side:
        steps[f"confirm_{one}"] = (
            governs
            and open_
            and not book.confirmed(open_, one)
            and not is_here(session, getattr(award, f"{one}_id"))
        )
    taken = frozenset(step for step, allowed in steps.items() if allowed)
    return Amendments(items, taken)


def stored(award: Award) -> dict[str, Any]:
    """The plan as the form of a change would post it."""
    return {
        "amount": f"{labels.wan(award.amount_fen)}万元",
        "amended_on": "",
        "reason": "",
        "milestones": [
            {
                "id": str(one.id),
                "title": one.title,
                "deliverable": one.deliverable,
                "due_on": str(one.due_on),
                "payment": f"{labels.wan(one.payment_fen)}万元",
            }
            for one in award.milestones
            if one.is_undelivered
        ],
    }
