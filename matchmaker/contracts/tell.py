"""Who is told what about a contract; written inside the running transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Contract, User

from ..notices import service as notices


def tell(
    session: Session,
    contract: Contract,
    kind: str,
    *,
    now: datetime,
    actor: User | None,
    sides: Iterable[str] = ("buyer", "seller"),
    **facts: Any,
) -> None:
    """Tell both parties, or one, and the manager; but nobody what they did."""
    homes = [getattr(contract, f"{side}_id") for side in sides]
    query = select(User.id).where(
        User.organisation_id.in_([home for home in homes if home is not None]),
        User.active,
    )
    people = set(session.scalars(query))
    if contract.manager_id is not None:
        people.add(contract.manager_id)
    _queue(session, contract, people, kind, now, actor, facts)


def tell_staff(
    session: Session,
    contract: Contract,
    kind: str,
    *,
    now: datetime,
    actor: User | None,
    **facts: Any,
) -> None:
    """Tell the platform's staff, who act next."""
    _queue(session, contract, set(notices.staff(session)), kind, now, actor, facts)


def _queue(
    session: Session,
    contract: Contract,
    people: set[int],
    kind: str,
    now: datetime,
    actor: User | None,
    facts: dict[str, Any],
) -> None:
    people.discard(actor.id if actor else 0)
    notices.queue(
        session,
        people,
        kind,
        now=now,
        title=contract.name,
        contract_id=contract.id,
        **facts,
    )
