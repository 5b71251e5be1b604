"""A database that is away or busy: a page that says so, and nothing of it inside."""

import pytest
from sqlalchemy.exc import OperationalError


@pytest.fixture
def busy(app, monkeypatch):
    def fail(*_: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("database is locked"))

    monkeypatch.setattr(app.extensions["db_sessions"].class_, "scalars", fail)
    monkeypatch.setattr(app.extensions["db_sessions"].class_, "execute", fail)
    monkeypatch.setattr(app.extensions["db_sessions"].class_, "scalar", fail)


@pytest.mark.parametrize("path", ["/", "/needs", "/needs/1", "/search?q=电池"])
def test_a_busy_database_is_told_to_the_reader(busy, client, path):
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "系统正忙" in answer.text
    assert "secret" not in answer.text
