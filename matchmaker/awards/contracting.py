"""From an accepted award to a technology contract that fills itself in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Award, Contract, User
from models.states import (
    AwardState,
    ContractState,
    ContractType,
    PaymentManner,
    PaymentTrigger,
)

from .. import policies
from ..errors import Conflict
from ..history import service as history
from ..labels import wan
from .finding import find, held


def has_contract(award: Award) -> bool:
    """Whether a contract was begun from it and not given up."""
    found = award.contract
    return found is not None and found.state is not ContractState.VOID


def may_contract(user: User, award: Award) -> bool:
    """Whether the person may begin one now."""
    return (
        award.state is AwardState.ACCEPTED
        and not has_contract(award)
        and policies.may(user, "award.contract", award)
        and policies.may(user, "contract.create")
    )


def find_accepted(session: Session, user: User, award_id: int) -> Award:
    """The award a contract begins from; raises `NotFound` or `Conflict`."""
    award = find(session, user, award_id)
    policies.require(user, "award.contract", award)
    if award.state is not AwardState.ACCEPTED:
        raise Conflict("award.not_accepted")
    return award


def form_values(award: Award) -> Mapping[str, Any]:
    """What the award says of the contract, as its form would post it.

    The issuer has it developed and pays by milestones, the winner develops it.
    """
    goals = [f"{goal.position}. {goal.goal}（{goal.value}）" for goal in award.goals]
    paid = [one for one in award.milestones if one.payment_fen]
    manner = PaymentManner.INSTALMENTS if len(paid) > 1 else PaymentManner.LUMP_SUM
    return {
        "name": f"{award.call.title[:190]}技术开发合同",
        "type": str(ContractType.DEVELOPMENT),
        "subtype": "development_commissioned",
        "field": award.call.field,
        "content": "验收目标：\n" + "\n".join(goals),
        "total": _typed(award.amount_fen),
        "technology": _typed(award.amount_fen),
        "starts_on": str(award.signed_on or ""),
        "ends_on": str(award.accepted_on or ""),
        "payment_manner": str(manner),
        "plan": [
            {
                "trigger": str(PaymentTrigger.DATE),
                "amount": _typed(one.payment_fen),
                "due_on": str(one.due_on),
                "words": one.title,
            }
            for one in paid
        ],
    }


def _typed(fen: int) -> str:
    """A sum as one types it, to the fen."""
    return f"{wan(fen)}万元"


def of_contract(session: Session, user: User, contract: Contract) -> Award | None:
    """The award a contract was begun from, if the person may know of it."""
    query = select(Award).where(
        Award.contract_id == contract.id, policies.visible_awards(user)
    )
    return session.scalar(query)


def link(
    session: Session, actor: User, award_id: int, contract: Contract, *, now: datetime
) -> Award:
    """Note the contract at its award, inside the running transaction.

    Raises `Conflict` where another one is there already.
    """
    award = held(session, actor, award_id, "award.contract")
    if award.state is not AwardState.ACCEPTED:
        raise Conflict("award.not_accepted")
    if has_contract(award):
        raise Conflict("contract.draft_exists")
    award.contract = contract
    award.updated_at = now
    contract.buyer_id, contract.seller_id = award.issuer_id, award.bidder_id
    contract.is_demo = award.is_demo
    session.flush()
    changes = {"words": [None, f"合同「{contract.name}」"]}
    history.record(session, actor, "award.contracted", award, now=now, changes=changes)
    return award
