"""Who calls: the person whose token the request brings; nobody without one."""

from __future__ import annotations

from flask import current_app, g, request
from werkzeug.exceptions import Unauthorized

from models import ApiToken, User, utcnow

from .. import matrix, policies
from ..accounts.current import act_as, lacks_second_step
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
    if token is None and "Authorization" in request.headers:
        raise NoToken()
    user = token.user if token else None
    act_as(user)
    if token is not None:
        _note_use(token)
    line = operation.line
    if token is not None and operation.scope not in token.scopes:
        raise Forbidden("api.scope")
    if lacks_second_step(user):
        raise Forbidden("api.second_step")
    if user is None and line.action != matrix.OPEN:
        raise NoToken()
    if line.action in matrix.actions and not line.record:
        policies.require(user, line.action)
    return user


def _token() -> ApiToken | None:
    """The token of the request, if it brings one that is in force."""
    if "api_token" not in g:
        header = request.headers.get("Authorization", "")
        scheme, _, secret = header.partition(" ")
        named = scheme.lower() == SCHEME
        g.api_token = (
            tokens.find(db.session, secret.strip(), now=utcnow()) if named else None
        )
    token: ApiToken | None = g.api_token
    return token


def _note_use(token: ApiToken) -> None:
    now = utcnow()
    if tokens.is_stale(token, now=now):
        with current_app.extensions["db_sessions"]() as own:
            tokens.note_use(own, token.id, now=now)


def rate_key() -> str:
    """Whose allowance a request uses: that of its token, else of its address.

    A secret that opens nothing has no allowance: else each guess would bring its own.
    """
    token = _token()
    return f"token {token.id}" if token else request.remote_addr or ""
