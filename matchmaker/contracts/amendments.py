"""Change a recognised contract: by a dated amendment, and in no other way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Amendment, Contract, User, transaction
from models.states import COUNTED_CONTRACTS, ContractState

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from . import service, text
from .complete import plan_problem
from .finding import locked
from .schema import ContractDraft
from .steps.schema import AmendmentInput
from .tell import tell


def may_amend(user: User, contract: Contract) -> bool:
    """Whether the person may enter a change of the recognised contract."""
    return contract.state in COUNTED_CONTRACTS and policies.may(
        user, "contract.register", contract
    )


def amend(
    session: Session,
    actor: User,
    contract_id: int,
    data: ContractDraft,
    why: AmendmentInput,
    *,
    seen: str,
    now: datetime,
) -> Amendment:
    """Enter a dated change with every field before and after, and its reason.

    Raises `Conflict` «stale» for a text somebody changed meanwhile, `Invalid` where
    nothing changed, or the day is before the amendment before.
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.register")
        if contract.state not in COUNTED_CONTRACTS:
            raise Conflict("contract.not_recognised")
        if text.mark(contract) != seen:
            raise Conflict("stale")
        _require_order(contract, why.amended_on)
        _require_sums(data)
        changes = service.write_text(session, contract, data)
        if not changes:
            raise Invalid({"form": "没有任何内容变化，不需要登记变更"})
        amendment = Amendment(
            contract_id=contract.id,
            number=len(contract.amendments) + 1,
            amended_on=why.amended_on,
            reason=why.reason,
            changes=changes,
            author_id=actor.id,
            created_at=now,
        )
        session.add(amendment)
        before = contract.state
        contract.move_to(ContractState.AMENDED, now=now)
        noted: dict[str, Any] = {
            **changes,
            "state": [before.value, contract.state.value],
            "amended_on": [None, why.amended_on.isoformat()],
            "reason": [None, why.reason],
        }
        history.record(
            session, actor, "contract.amended", contract, now=now, changes=noted
        )
        tell(session, contract, "contract_amended", now=now, actor=actor)
    return amendment


def _require_order(contract: Contract, day: date) -> None:
    last = contract.amendments[-1].amended_on if contract.amendments else None
    if last is not None and day < last:
        raise Invalid({"amended_on": f"不能早于上一次变更的日期 {last.isoformat()}"})


def _require_sums(data: ContractDraft) -> None:
    """A recognised contract has both sums, and a plan that agrees with them."""
    wrong = {
        name: "认定的合同不能没有这一项"
        for name in ("total", "technology")
        if getattr(data, name) is None
    }
    if not wrong and data.plan and (problem := plan_problem(data)):
        wrong["plan"] = problem
    if wrong:
        raise Invalid(wrong)
