"""A program of the tests: it sends a token and JSON."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from matchmaker.accounts.secret import new_secret, secret_hash
from matchmaker.api.registry import scopes
from models import ApiToken, User, transaction

from ..conftest import NOW

PREFIX = "/api/v1"


class Program:
    """Sends requests as a person, or as nobody."""

    def __init__(self, client: FlaskClient, secret: str = "") -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def send(self, method: str, path: str, **given: Any) -> Any:
        headers = self.headers | given.pop("headers", {})
        return self.client.open(PREFIX + path, method=method, headers=headers, **given)

    def get(self, path: str, **given: Any) -> Any:
        return self.send("GET", path, **given)

    def post(self, path: str, **given: Any) -> Any:
        return self.send("POST", path, **given)

    def put(self, path: str, **given: Any) -> Any:
        return self.send("PUT", path, **given)


Programs = Callable[..., Program]


def token_of(
    session: Session, user: User, chosen: Sequence[str] | None = None, **given: Any
) -> str:
    """The secret of a new token of the user; with all scopes, if none are chosen."""
    secret = new_secret()
    values = {
        "name": "测试",
        "hint": secret[:10],
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=36500),
        "used_at": NOW + timedelta(days=36500),
    }
    with transaction(session):
        session.add(
            ApiToken(
                user_id=user.id,
                organisation_id=user.organisation_id,
                token_hash=secret_hash(secret),
                scopes=list(scopes() if chosen is None else chosen),
                **(values | given),
            )
        )
    return secret


@pytest.fixture
def program(app: Flask, session: Session) -> Programs:
    """A program that acts for the user, or for nobody."""

    def made(user: User | None = None, chosen: Sequence[str] | None = None) -> Program:
        secret = token_of(session, user, chosen) if user else ""
        return Program(app.test_client(), secret)

    return made
