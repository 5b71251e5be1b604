"""Both sides confirm the text of a contract, each for itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Contract, User, transaction
from models.states import ContractState

from ..errors import Conflict
from ..history import service as history
from . import text
from .finding import locked
from .parties import OTHER, both_confirmed, confirmed, side_of
from .service import require_editable, todo
from .steps.schema import Confirmation, ConfirmationFor
from .tell import tell, tell_staff


def require_complete(contract: Contract) -> None:
    """Raise `Conflict` while anything is still to be filled in."""
    if missing := todo(contract):
        raise Conflict("contract.incomplete", number=len(missing))


def confirm(
    session: Session,
    actor: User,
    contract_id: int,
    data: Confirmation,
    *,
    now: datetime,
) -> Contract:
    """The actor's side agrees to the text that was read.

    Raises `Conflict` «changed_since_read» for another text, «contract.incomplete».
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.confirm")
        _confirm(session, actor, contract, side_of(contract, actor), data.seen, "", now)
    return contract


def confirm_for(
    session: Session,
    actor: User,
    contract_id: int,
    data: ConfirmationFor,
    *,
    now: datetime,
) -> Contract:
    """Staff confirm for a party that is not on the platform, and say on what word."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.confirm_for")
        if getattr(contract, f"{data.side}_id") is not None:
            raise Conflict("contract.party_is_here")
        _confirm(session, actor, contract, data.side, data.seen, data.words, now)
    return contract


def _confirm(
    session: Session,
    actor: User,
    contract: Contract,
    side: str,
    seen: str,
    words: str,
    now: datetime,
) -> None:
    require_editable(contract)
    if text.mark(contract) != seen:
        raise Conflict("changed_since_read")
    require_complete(contract)
    if confirmed(contract, side):
        return
    setattr(contract, f"{side}_confirmed_by_id", actor.id)
    setattr(contract, f"{side}_confirmed_at", now)
    setattr(contract, f"{side}_confirmed_words", words)
    contract.updated_at = now
    changes = {"side": [None, side], "words": [None, words]} if words else {}
    history.record(
        session, actor, "contract.confirmed", contract, now=now, changes=changes
    )
    if not both_confirmed(contract):
        tell(session, contract, "contract_confirmed", now=now, actor=actor)
    elif contract.state is ContractState.DRAFT:
        tell(session, contract, "contract_to_sign", now=now, actor=actor)
    else:
        tell(session, contract, "contract_to_submit", now=now, actor=actor)
    if getattr(contract, f"{OTHER[side]}_id") is None and not both_confirmed(contract):
        tell_staff(session, contract, "contract_confirm_for", now=now, actor=actor)
