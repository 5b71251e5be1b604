"""From signature to recognition: every step between the states of a contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Contract, Introduction, User, transaction
from models.fields import CONTRACT_WORDS
from models.states import CONTRACT_MOVES, ContractState, IntroductionStatus

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from ..introductions import moves
from . import text
from .confirming import require_complete
from .finding import find_contract, locked
from .parties import both_confirmed
from .steps.schema import (
    Cancellation,
    Correction,
    Recognition,
    Refusal,
    Signing,
    Submission,
    Voiding,
)
from .tell import tell, tell_staff

ACTIONS: Mapping[ContractState, str] = {
    ContractState.SIGNED: "contract.signed",
    ContractState.SUBMITTED: "contract.submitted",
    ContractState.CORRECTING: "contract.correcting",
    ContractState.RECOGNISED: "contract.recognised",
    ContractState.REFUSED: "contract.refused",
    ContractState.CANCELLED: "contract.cancelled",
    ContractState.VOID: "contract.voided",
}
STAFF_VOID = frozenset(
    {ContractState.SIGNED, ContractState.CORRECTING, ContractState.REFUSED}
)


def may_move(contract: Contract, state: ContractState) -> bool:
    """Whether the table of states lets it follow."""
    return state in CONTRACT_MOVES[contract.state]


def _require(contract: Contract, state: ContractState) -> None:
    if not may_move(contract, state):
        raise Conflict("contract.moved_on")


def _moved(
    session: Session,
    actor: User,
    contract: Contract,
    state: ContractState,
    *,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
) -> None:
    before = contract.state
    contract.move_to(state, now=now)
    told = {"state": [before.value, state.value], **(changes or {})}
    history.record(session, actor, ACTIONS[state], contract, now=now, changes=told)


def sign(
    session: Session, actor: User, contract_id: int, data: Signing, *, now: datetime
) -> Contract:
    """Both sides signed the confirmed text on that day; its talks end with it.

    Raises `Conflict` «contract.unconfirmed» until both sides confirmed.
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.sign")
        _require(contract, ContractState.SIGNED)
        if text.mark(contract) != data.seen:
            raise Conflict("changed_since_read")
        if not both_confirmed(contract):
            raise Conflict("contract.unconfirmed")
        require_complete(contract)
        contract.signed_on = data.signed_on
        _moved(
            session,
            actor,
            contract,
            ContractState.SIGNED,
            now=now,
            changes={"signed_on": [None, data.signed_on.isoformat()]},
        )
        if contract.introduction_id is not None:
            talks = session.get_one(Introduction, contract.introduction_id)
            moves.note_signed(session, talks, actor, now=now)
        tell(session, contract, "contract_signed", now=now, actor=actor)
        if contract.seller_id is None:
            tell_staff(session, contract, "contract_to_submit", now=now, actor=actor)
    return contract


def may_submit(user: User, contract: Contract) -> bool:
    """The seller registers, or staff for it (DOMAIN §2)."""
    if not policies.may(user, "contract.submit", contract):
        return False
    return user.is_staff or contract.seller_id == user.organisation_id


def submit(
    session: Session, actor: User, contract_id: int, data: Submission, *, now: datetime
) -> Contract:
    """The papers went to the office; again after a correction or a refusal."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.submit")
        if not may_submit(actor, contract):
            raise Conflict("contract.seller_submits")
        _require(contract, ContractState.SUBMITTED)
        if not both_confirmed(contract):
            raise Conflict("contract.unconfirmed")
        require_complete(contract)
        values = {"office": data.office, "submitted_on": data.submitted_on}
        changes = history.difference(contract, values)
        contract.office, contract.submitted_on = data.office, data.submitted_on
        contract.correction_words = ""
        _moved(
            session,
            actor,
            contract,
            ContractState.SUBMITTED,
            now=now,
            changes=changes,
        )
        tell(session, contract, "contract_submitted", now=now, actor=actor)
        tell_staff(session, contract, "contract_submitted", now=now, actor=actor)
    return contract


def correct(
    session: Session, actor: User, contract_id: int, data: Correction, *, now: datetime
) -> Contract:
    """The office wants something mended; the seller is told what."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.register")
        _require(contract, ContractState.CORRECTING)
        contract.correction_words = data.words
        _moved(
            session,
            actor,
            contract,
            ContractState.CORRECTING,
            now=now,
            changes={"reason": [None, data.words]},
        )
        tell(session, contract, "contract_correcting", now=now, actor=actor)
    return contract


def recognise(
    session: Session,
    actor: User,
    contract_id: int,
    data: Recognition,
    *,
    now: datetime,
) -> Contract:
    """The office recognised it: its number, its day, the technical part of the sum.

    Raises `Invalid` for a number another contract bears.
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.register")
        _require(contract, ContractState.RECOGNISED)
        values = {
            "registration_number": data.registration_number,
            "recognised_on": data.recognised_on,
            "technology_fen": data.technology,
        }
        changes = history.difference(contract, values)
        _refuse_number(session, contract, data.registration_number)
        for name, value in values.items():
            setattr(contract, name, value)
        _moved(
            session,
            actor,
            contract,
            ContractState.RECOGNISED,
            now=now,
            changes=changes,
        )
        try:
            session.flush()
        except IntegrityError as error:  # entered elsewhere at this very moment
            raise Invalid(
                {"registration_number": "这个登记编号已登记在另一份合同上"}
            ) from error
        tell(session, contract, "contract_recognised", now=now, actor=actor)
    return contract


def _refuse_number(session: Session, contract: Contract, number: str) -> None:
    query = select(Contract.code).where(
        Contract.registration_number == number, Contract.id != contract.id
    )
    if other := session.scalar(query):
        raise Invalid(
            {"registration_number": f"这个登记编号已登记在合同 {other} 上，请核对"}
        )


def refuse(
    session: Session, actor: User, contract_id: int, data: Refusal, *, now: datetime
) -> Contract:
    """The office does not register it, and why."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.register")
        _require(contract, ContractState.REFUSED)
        _moved(
            session,
            actor,
            contract,
            ContractState.REFUSED,
            now=now,
            changes={"reason": [None, refused_words(data.code, data.words)]},
        )
        contract.refused_code, contract.refused_words = data.code, data.words
        tell(session, contract, "contract_refused", now=now, actor=actor)
    return contract


def refused_words(code: str | None, words: str) -> str:
    """Why it was refused, as one sentence."""
    label = CONTRACT_WORDS["contract_refused"].get(code or "", code or "")
    if code == "other" and words:
        return words
    return f"{label}。{words}" if words else label


def cancel(
    session: Session,
    actor: User,
    contract_id: int,
    data: Cancellation,
    *,
    now: datetime,
) -> Contract:
    """The registration was cancelled: it counts no more."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.register")
        _require(contract, ContractState.CANCELLED)
        contract.cancelled_on = data.cancelled_on
        contract.cancelled_words = data.words
        _moved(
            session,
            actor,
            contract,
            ContractState.CANCELLED,
            now=now,
            changes={
                "cancelled_on": [None, data.cancelled_on.isoformat()],
                "reason": [None, data.words],
            },
        )
        tell(session, contract, "contract_cancelled", now=now, actor=actor)
    return contract


def may_void(user: User, contract: Contract) -> bool:
    """A draft is given up by whoever writes it; what is signed by staff alone."""
    if not policies.may(user, "contract.edit", contract):
        return False
    if contract.state is ContractState.DRAFT:
        return True
    return user.is_staff and contract.state in STAFF_VOID


def void(
    session: Session, actor: User, contract_id: int, data: Voiding, *, now: datetime
) -> Contract:
    """Give it up; the talks it was drafted from go on."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.edit")
        _require(contract, ContractState.VOID)
        if not may_void(actor, contract):
            raise Conflict("contract.staff_voids")
        _moved(
            session,
            actor,
            contract,
            ContractState.VOID,
            now=now,
            changes={"reason": [None, data.words]},
        )
        session.flush()
        _back_to_talks(session, actor, contract, now=now)
        tell(session, contract, "contract_void", now=now, actor=actor)
    return contract


def _back_to_talks(
    session: Session, actor: User, contract: Contract, *, now: datetime
) -> None:
    if contract.introduction_id is None:
        return
    talks = session.get_one(Introduction, contract.introduction_id)
    others = select(Contract.id).where(
        Contract.introduction_id == talks.id, Contract.state != ContractState.VOID
    )
    drafting = talks.status is IntroductionStatus.DRAFTING
    if drafting and session.scalar(others.limit(1)) is None:
        moves.move(session, talks, actor, IntroductionStatus.TALKING, now=now)


def context(
    session: Session, user: User, contract_id: int, today: Any
) -> dict[str, Any]:
    """What the forms of the steps must know to check their days and sums."""
    contract = find_contract(session, user, contract_id)
    return {
        "today": today,
        "signed_on": contract.signed_on,
        "recognised_on": contract.recognised_on,
        "total": contract.total_fen or 0,
    }
