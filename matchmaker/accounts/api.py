"""Whom a token acts for."""

from __future__ import annotations

from datetime import datetime

from flask import g

from models import ApiToken, utcnow
from models.states import OrganisationKind, OrganisationRole, Role

from ..api.answers import Output
from ..api.operations import Operations
from ..db import db
from . import service
from .current import signed_in
from .schema import Details

operations = Operations("me", "本人账号")


class HomeLine(Output):
    """The organisation somebody belongs to."""

    id: int
    name: str
    kind: OrganisationKind


class Me(Output):
    """The person a token acts for, and what the token may.

    ``org_role`` is null of those who belong to no organisation.
    """

    id: int
    name: str
    email: str
    role: Role
    organisation: HomeLine | None
    org_role: OrganisationRole | None
    scopes: list[str]
    token_expires_at: datetime


def shown() -> Me:
    """The caller."""
    user, token = signed_in(), _token()
    home = user.organisation
    return Me(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        organisation=HomeLine.model_validate(home) if home else None,
        org_role=user.org_role if home else None,
        scopes=list(token.scopes),
        token_expires_at=token.expires_at,
    )


def _token() -> ApiToken:
    token: ApiToken = g.api_token
    return token


@operations.get("/me", "accounts.details", "令牌代表谁、能做什么")
def me() -> Me:
    return shown()


@operations.put("/me", "accounts.details", "修改本人姓名")
def edit(body: Details) -> Me:
    service.rename(db.session, signed_in(), body, now=utcnow())
    return shown()
