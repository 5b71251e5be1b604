"""Registrations, for the programs of those who decide them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import Registration, utcnow
from models.states import OrganisationKind, RegistrationState, Role

from ..accounts.current import signed_in
from ..accounts.service import role_of
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..db import db
from . import deciding
from . import queue as desk
from .schema import Approval, QueueQuery, RegistrationReturn

operations = Operations("registrations", "登记审核")


class RegistrationLine(Output):
    """Who registered; ``organisation_id`` is the known organisation it is to join."""

    id: int
    version: int
    state: RegistrationState
    name: str
    email: str
    organisation_id: int | None
    organisation: str
    kind: OrganisationKind
    submitted_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None


class LikeLine(Output):
    """A known organisation that may be the one registered."""

    id: int
    name: str
    credit_code: str | None


class RegistrationOut(RegistrationLine):
    """A registration in full.

    ``organisation_name`` is what the person wrote, ``role`` what the account gets.
    ``resembling`` and ``also_waiting`` (ids of registrations of the same code) are
    what to look at before deciding.
    """

    organisation_name: str
    credit_code: str
    district: str
    role: Role
    reason: str | None
    resembling: list[LikeLine]
    also_waiting: list[int]


class Opened(Output):
    """The account that was opened."""

    user_id: int
    name: str
    email: str
    role: Role
    organisation_id: int | None


def _fields(made: Registration) -> dict[str, Any]:
    its = made.organisation
    return {
        "id": made.id,
        "version": made.version,
        "state": made.state,
        "name": made.name,
        "email": made.email,
        "organisation_id": made.organisation_id,
        "organisation": its.name if its else made.organisation_name,
        "kind": made.kind,
        "submitted_at": made.submitted_at,
        "decided_at": made.decided_at,
        "decided_by": made.decided_by.name if made.decided_by else None,
    }


def shown(made: Registration) -> RegistrationOut:
    """The registration as those see it who decide."""
    also = desk.also_waiting(db.session, made) if signed_in().is_staff else []
    return RegistrationOut.model_validate(
        _fields(made)
        | {
            "organisation_name": made.organisation_name,
            "credit_code": made.credit_code,
            "district": made.district,
            "role": role_of((made.organisation or made).kind),
            "reason": made.reason,
            "resembling": [
                LikeLine.model_validate(each)
                for each in desk.resembling(db.session, made)
            ],
            "also_waiting": [each.id for each in also],
        }
    )


@operations.get(
    "/registrations", ("registrations.queue", "registrations.export"), "待审机构与成员"
)
def queue(query: QueueQuery, place: Place) -> Slice[RegistrationLine]:
    """state 不填是待审的，approved 是已通过的，returned 是已退回的。"""

    def read(part: Any) -> Any:
        found = desk.queue(db.session, signed_in(), query, part)
        return found.rows, found.total

    return numbered(
        place, read, lambda made: RegistrationLine.model_validate(_fields(made))
    )


@operations.get(
    "/registrations/<int:registration_id>", "registrations.show", "一份登记"
)
def show(registration_id: int) -> RegistrationOut:
    return shown(desk.find(db.session, signed_in(), registration_id))


@operations.post(
    "/registrations/<int:registration_id>/approve",
    "registrations.approve",
    "通过并开通账号",
)
def approve(registration_id: int, body: Approval) -> Opened:
    user = deciding.approve(
        db.session, signed_in(), registration_id, body, now=utcnow()
    )
    return Opened(
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        organisation_id=user.organisation_id,
    )


@operations.post(
    "/registrations/<int:registration_id>/return", "registrations.give_back", "退回登记"
)
def give_back(registration_id: int, body: RegistrationReturn) -> RegistrationOut:
    made = deciding.give_back(
        db.session, signed_in(), registration_id, body, now=utcnow()
    )
    return shown(made)
