"""Accounts and their roles, for the programs of administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import User, utcnow
from models.states import OrganisationKind, Role

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..db import db
from . import service
from .schema import Closing, RoleChange, UserQuery

operations = Operations("users", "用户与角色")


class UserLine(Output):
    """An account as a line of the list."""

    id: int
    name: str
    email: str
    role: Role
    organisation_id: int | None
    organisation: str | None
    active: bool
    created_at: datetime
    demo: bool


class UserOut(UserLine):
    """An account: the nodes its person works at, and the roles it may have.

    ``may_change`` is false of one's own.
    """

    organisation_kind: OrganisationKind | None
    nodes: list[str]
    roles: list[Role]
    may_change: bool


def _fields(user: User) -> dict[str, Any]:
    home = user.organisation
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "organisation_id": user.organisation_id,
        "organisation": home.name if home else None,
        "active": user.active,
        "created_at": user.created_at,
        "demo": user.is_demo,
    }


def shown(user: User) -> UserOut:
    """The account as its page shows it."""
    home = user.organisation
    return UserOut.model_validate(
        _fields(user)
        | {
            "organisation_kind": home.kind if home else None,
            "nodes": [node.name for node in service.nodes_of(db.session, user)],
            "roles": service.roles_for(user),
            "may_change": policies.may(signed_in(), "user.govern", user),
        }
    )


@operations.get("/users", ("users.index", "users.export"), "全部账号")
def index(query: UserQuery, place: Place) -> Slice[UserLine]:
    def read(part: Any) -> Any:
        found = service.search(db.session, signed_in(), query, part)
        return found.items, found.total

    return numbered(place, read, lambda user: UserLine.model_validate(_fields(user)))


@operations.get("/users/<int:user_id>", "users.show", "一个账号")
def show(user_id: int) -> UserOut:
    return shown(service.find(db.session, signed_in(), user_id))


@operations.post("/users/<int:user_id>/role", "users.change_role", "更改角色")
def change_role(user_id: int, body: RoleChange) -> UserOut:
    return shown(
        service.change_role(db.session, signed_in(), user_id, body, now=utcnow())
    )


@operations.post("/users/<int:user_id>/close", "users.close", "停用账号")
def close(user_id: int, body: Closing) -> UserOut:
    return shown(service.close(db.session, signed_in(), user_id, body, now=utcnow()))


@operations.post("/users/<int:user_id>/reopen", "users.reopen", "启用账号")
def reopen(user_id: int) -> UserOut:
    return shown(service.reopen(db.session, signed_in(), user_id, now=utcnow()))
