"""The contracts a person may know of, and the talks one begins from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Contract, Introduction, User
from models.session import lock
from models.states import ContractState, IntroductionStatus

from .. import policies
from ..errors import Conflict, NotFound

TALKED = frozenset({IntroductionStatus.TALKING, IntroductionStatus.DRAFTING})
LARGEST_ID = 2**31 - 1


def find_contract(session: Session, user: User | None, contract_id: int) -> Contract:
    """The contract, if this person may know of it; raises `NotFound` if not."""
    if not 0 < contract_id <= LARGEST_ID:
        raise NotFound("contract")
    query = select(Contract).where(
        Contract.id == contract_id, policies.visible_contracts(user)
    )
    contract = session.scalar(query)
    if contract is None:
        raise NotFound("contract")
    return contract


def locked(session: Session, actor: User, contract_id: int, action: str) -> Contract:
    """The contract with its row locked, so that two people move it in turn."""
    contract = find_contract(session, actor, contract_id)
    policies.require(actor, action, contract)
    lock(session, contract)
    return contract


def find_introduction(
    session: Session, user: User, introduction_id: int
) -> Introduction:
    """The talks a contract begins from; raises `NotFound` or `Conflict`."""
    if not 0 < introduction_id <= LARGEST_ID:
        raise NotFound("introduction")
    query = select(Introduction).where(
        Introduction.id == introduction_id, policies.visible_introductions(user)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("introduction")
    if found.status not in TALKED:
        raise Conflict("introduction.not_talking")
    return found


def draft_of(session: Session, introduction: Introduction) -> Contract | None:
    """The contract that is being drafted from the talks already, if there is one."""
    query = select(Contract).where(
        Contract.introduction_id == introduction.id,
        Contract.state == ContractState.DRAFT,
    )
    return session.scalars(query.order_by(Contract.id)).first()


def of_talks(
    session: Session, user: User, introduction: Introduction
) -> Sequence[Contract]:
    """The contracts of the talks this person may know of, those given up left out."""
    query = select(Contract).where(
        Contract.introduction_id == introduction.id,
        Contract.state != ContractState.VOID,
        policies.visible_contracts(user),
    )
    return session.scalars(query.order_by(Contract.id)).all()
