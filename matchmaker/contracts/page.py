"""What the page of one contract shows, and what its reader may do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from models import Contract, User
from models.states import (
    COUNTED_CONTRACTS,
    AchievementStatus,
    ContractState,
    NeedStatus,
)

from .. import labels, policies
from ..achievements.service import may_be_transferred
from ..needs.service import may_be_solved
from . import amendments, parties, payments, registering, service, text
from .plan import LineState, line_states, received_fen
from .words import COLUMN_LABELS, LABELS, SIDES

STEPS = ["草拟", "已签订", "提交登记", "认定"]
# Where a contract stands on that path; those that left it stand nowhere.
PLACES: Mapping[ContractState, str] = {
    ContractState.DRAFT: "草拟",
    ContractState.SIGNED: "已签订",
    ContractState.SUBMITTED: "提交登记",
    ContractState.CORRECTING: "提交登记",
    ContractState.REFUSED: "提交登记",
    ContractState.RECOGNISED: "认定",
    ContractState.AMENDED: "认定",
}


@dataclass(frozen=True)
class View:
    """A contract for one reader.

    side     «buyer», «seller», or nothing for who is neither
    missing  what is still to be filled in, by field, while that may be done
    may      the steps this reader may take now
    """

    contract: Contract
    side: str
    missing: Mapping[str, str]
    mark: str
    lines: list[LineState]
    received_fen: int
    may: frozenset[str]

    @property
    def missing_words(self) -> list[tuple[str, str]]:
        """(field, what it is called) of everything that is missing."""
        return [(name, LABELS.get(name, name)) for name in self.missing]

    @property
    def waits_for(self) -> list[str]:
        """The sides whose word on the text is wanted; of a fixed one nobody's is."""
        if not service.is_editable(self.contract):
            return []
        return [side for side in SIDES if not parties.confirmed(self.contract, side)]


def view(user: User, contract: Contract, today: date) -> View:
    """The contract as this person sees it today."""
    editable = service.is_editable(contract)
    missing = service.todo(contract) if editable else {}
    return View(
        contract=contract,
        side=parties.side_of(contract, user),
        missing=missing,
        mark=text.mark(contract),
        lines=line_states(contract, today),
        received_fen=received_fen(contract),
        may=frozenset(
            step
            for step, allowed in _steps(user, contract, complete=not missing).items()
            if allowed
        ),
    )


def _steps(user: User, contract: Contract, *, complete: bool) -> dict[str, bool]:
    state, side = contract.state, parties.side_of(contract, user)
    editable = service.is_editable(contract)
    agreed = parties.both_confirmed(contract) and complete
    registers = policies.may(user, "contract.register", contract)
    staff_confirms = policies.may(user, "contract.confirm_for", contract)
    may: Any = registering.may_move
    return {
        "edit": editable and policies.may(user, "contract.edit", contract),
        "confirm": editable
        and complete
        and bool(side)
        and not parties.confirmed(contract, side)
        and policies.may(user, "contract.confirm", contract),
        "confirm_buyer": editable
        and complete
        and staff_confirms
        and contract.buyer_id is None
        and not parties.confirmed(contract, "buyer"),
        "confirm_seller": editable
        and complete
        and staff_confirms
        and contract.seller_id is None
        and not parties.confirmed(contract, "seller"),
        "sign": may(contract, ContractState.SIGNED)
        and agreed
        and policies.may(user, "contract.sign", contract),
        "submit": may(contract, ContractState.SUBMITTED)
        and parties.both_confirmed(contract)
        and (not editable or complete)
        and registering.may_submit(user, contract),
        "correct": registers and may(contract, ContractState.CORRECTING),
        "recognise": registers and may(contract, ContractState.RECOGNISED),
        "refuse": registers and may(contract, ContractState.REFUSED),
        "cancel": registers and may(contract, ContractState.CANCELLED),
        "amend": amendments.may_amend(user, contract),
        "void": may(contract, ContractState.VOID)
        and registering.may_void(user, contract),
        "report": payments.may_report(user, contract),
        "receive": payments.may_receive(user, contract),
        "files": state is not ContractState.VOID
        and policies.may(user, "contract.edit", contract),
        "need_solved": _need_is_open(user, contract),
        "achievement_transferred": _achievement_is_open(user, contract),
    }


def _is_deal(contract: Contract) -> bool:
    return contract.signed_on is not None and contract.state is not ContractState.VOID


def _need_is_open(user: User, contract: Contract) -> bool:
    need = contract.need
    return (
        need is not None
        and _is_deal(contract)
        and need.status is NeedStatus.PUBLISHED
        and may_be_solved(need)
        and policies.may(user, "need.solve", need)
    )


def _achievement_is_open(user: User, contract: Contract) -> bool:
    item = contract.achievement
    return (
        item is not None
        and _is_deal(contract)
        and item.status is AchievementStatus.PUBLISHED
        and may_be_transferred(item)
        and policies.may(user, "achievement.transfer", item)
    )


def members(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """What a list of the form offers."""
    return [(member.value, labels.label(member)) for member in enum]


def is_counted(contract: Contract) -> bool:
    """Whether it counts towards the city's target."""
    return contract.state in COUNTED_CONTRACTS


def change_rows(changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(field, before, after) in words of an amendment."""
    return [
        (
            COLUMN_LABELS.get(name, name),
            labels.in_words(name, before),
            labels.in_words(name, after),
        )
        for name, (before, after) in changes.items()
    ]
