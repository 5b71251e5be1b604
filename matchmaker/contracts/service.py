"""The text of a contract: what its form takes, what is missing, and its changes.

How it begins is in `begin`, what both sides say to it in `confirming`, what happens
after the signing in `registering`, payments in `payments`, changes of a recognised one
in `amendments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Achievement, Contract, User, transaction
from models.states import ContractState

from ..errors import Conflict, Invalid
from ..history import service as history
from ..schema import parse
from . import parties, text
from .complete import lacking
from .finding import locked
from .plan import replace_plan
from .schema import ContractDraft, from_form
from .tell import tell

UNNAMED = "（未命名）"
# While its text may be changed by its form; later only by an amendment.
EDITABLE = frozenset(
    {ContractState.DRAFT, ContractState.CORRECTING, ContractState.REFUSED}
)


def is_editable(contract: Contract) -> bool:
    """Whether its text may still be changed by its form."""
    return contract.state in EDITABLE


def require_editable(contract: Contract) -> None:
    """Raise `Conflict` if the text is not changed by its form any more."""
    if not is_editable(contract):
        raise Conflict("contract.not_editable")


def read_form(form: Any, contract: Contract | None = None) -> ContractDraft:
    """The posted form; raises `Invalid` with a message a field.

    What the stored ``contract`` says already is taken again, in use or not.
    """
    kept = text.codes(contract) if contract is not None else frozenset()
    return parse(ContractDraft, from_form(form), {"kept": kept})


def todo(contract: Contract) -> dict[str, str]:
    """What is still to be filled in before the text can be confirmed, by field."""
    values, kept = text.form_values(contract), text.codes(contract)
    return todo_of(values, contract.achievement, kept)


def todo_of(
    values: Mapping[str, Any],
    achievement: Achievement | None,
    kept: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """The same for what stands in a form; an entry that is wrong counts as missing."""
    draft, wrong = readable(values, kept)
    return wrong | lacking(draft, achievement)


def readable(
    values: Mapping[str, Any], kept: frozenset[str] = frozenset()
) -> tuple[ContractDraft, dict[str, str]]:
    """As much of a form as can be read, and what was wrong with the rest, by field."""
    context = {"kept": kept}
    try:
        return parse(ContractDraft, values, context), {}
    except Invalid as invalid:
        rest = {name: one for name, one in values.items() if name not in invalid.fields}
        rest.setdefault("name", UNNAMED)
        return parse(ContractDraft, rest, context), dict(invalid.fields)


def edit_contract(
    session: Session,
    actor: User,
    contract_id: int,
    data: ContractDraft,
    *,
    seen: str | None = None,
    version: int | None = None,
    now: datetime,
) -> Contract:
    """Replace the text; what either side confirmed is to be confirmed again.

    Raises `Conflict` «stale» when somebody saved since ``seen`` was the text's mark, or
    ``version`` that of the contract, «contract.not_editable» when only an amendment may
    change it.
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.edit")
        require_editable(contract)
        if seen is None and version is None:
            raise ValueError("an edit says what it was made from")
        if seen is not None and text.mark(contract) != seen:
            raise Conflict("stale")
        if version is not None and contract.version != version:
            raise Conflict("stale")
        changes = write_text(session, contract, data)
        if changes:
            if contract.state is ContractState.DRAFT:
                author = session.get(User, contract.author_id or 0)
                fixed = parties.fixed_sides(contract, actor, author)
                free = tuple(side for side in parties.OTHER if side not in fixed)
                parties.link(session, contract, free)
            contract.updated_at = now
            was_confirmed = parties.forget_confirmations(contract)
            history.record(
                session, actor, "contract.edited", contract, now=now, changes=changes
            )
            kind = "contract_reopened" if was_confirmed else "contract_edited"
            tell(session, contract, kind, now=now, actor=actor)
    return contract


def write_text(
    session: Session, contract: Contract, data: ContractDraft
) -> dict[str, list[Any]]:
    """Put the words of a form into the contract; says what changed, [before, after]."""
    values = data.columns()
    if contract.state is not ContractState.DRAFT:
        _require_terms(data)
    changes = history.difference(contract, values)
    for side in parties.OTHER:
        if form := changes.pop(f"{side}_form", None):
            changes |= _form_changes(side, *form)
    for name, value in values.items():
        setattr(contract, name, value)
    if plan := replace_plan(session, contract, data):
        changes["plan"] = plan
    return changes


def _require_terms(data: ContractDraft) -> None:
    """What was signed keeps its sum and type; the table demands them too."""
    missing = {
        name: "已签订的合同不能没有这一项"
        for name, value in (("total", data.total), ("type", data.columns()["type"]))
        if value is None
    }
    if missing:
        raise Invalid(missing)


def _form_changes(
    side: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, list[Any]]:
    return {
        f"{side}_{name}": [before.get(name), after.get(name)]
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
