"""Who calls: the person whose token the request brings; nobody without one."""

from __future__ import annotations

from flask import current_app, g, request
from werkzeug.exceptions import Unauthorized

from models import User, utcnow

from .. import matrix, policies
from ..accounts.current import act_as
from ..db import db
from ..errors import Forbidden
from ..tokens import service as tokens
from .operations import Operation

SCHEME = "bearer"


class NoToken(Unauthorized):
    """A token is needed, or the one that came is not in force."""


def admit(operation: Operation) -> User | None:
    """The person the request acts for.

    Raises `NoToken`; `Forbidden` where the token's scopes or the matrix say no.
    """
    token = _token()
    user = token.user if token else None
    act_as(user)
    g.api_token = token
    line = operation.line
    if token is not None and operation.scope not in token.scopes:
        raise Forbidden("api.scope")
    if user is None and line.action != matrix.OPEN:
        raise NoToken()
    if line.action in matrix.actions and not line.record:
        policies.require(user, line.action)
    return user


def _token() -> tokens.ApiToken | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != SCHEME:
        raise NoToken()
    now = utcnow()
    token = tokens.find(db.session, secret.strip(), now=now)
    if token is None:
        raise NoToken()
    if tokens.is_stale(token, now=now):
        with current_app.extensions["db_sessions"]() as own:
            tokens.note_use(own, token.id, now=now)
    return token


def rate_key() -> str:
    """Whose allowance a request uses: the token's, or the address's."""
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == SCHEME and secret:
        return "token " + tokens.secret_hash(secret.strip())[:24]
    return request.remote_addr or ""


def forget() -> None:
    """A refusal before anybody was admitted is told to nobody in particular."""
    if "acting" not in g:
        act_as(None)
