"""Fixtures: every database there is, an app over it, and records on demand.

A test that asks for `session`, `app` or `client` runs once on SQLite and once on
PostgreSQL; those of pages (modules `test_web` and what is marked «one_database») on
SQLite alone. What a machine lacks is skipped, unless MATCHMAKER_REQUIRE names it (a
comma-separated list of: postgres, encoder, browser): then it fails.
"""

# ruff: noqa: E402 - numpy reads the limit of threads when it is imported
from index.threads import limit_threads

limit_threads(1)  # as `wsgi.py` does: FAISS's threads cost 20 times what they compute

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from docx import Document
from docx.oxml.ns import qn
from flask import Flask
from flask.testing import FlaskClient
from flask_login import FlaskLoginClient
from hypothesis import settings as hypothesis_settings
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from matchmaker import create_app, documents, limiter
from matchmaker.accounts import passwords
from matchmaker.accounts.current import KEY
from matchmaker.accounts.secret import secret_hash
from matchmaker.bids.vault import make_key_file
from matchmaker.config import Settings
from matchmaker.jobs.worker import Worker
from matchmaker.rankers import active
from matchmaker.search import live
from matchmaker.sheets.writer import MEDIA_TYPE
from models import (
    User,
    UserSession,
    create_db_engine,
    migrate,
    transaction,
)

from . import seeds
from .factories import Factory

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noon in the city
POSTGRES = os.environ.get(
    "MATCHMAKER_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test"
)
REQUIRED = set(os.environ.get("MATCHMAKER_REQUIRE", "").split(","))
DATABASES = ("sqlite", "postgresql")
# Modules whose tests ask for pages.
PAGE_TESTS = {"test_web"}
# Walks over every address, real processes, whole lives: the longest first.
LONG = (
    "test_matrix",
    "test_bad_input",
    "test_routes",
    "test_headers",
    "test_leaks",
    "test_secrets",
    "test_two_workers",
    "test_crash",
)
# What the migrations entered, by database: every test begins with it.
SEEDS: dict[str, seeds.Seeds] = {}

# A machine that is busy is no fault of the code.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

# A hash that is as slow as it should be takes most of the time of a walk over forms.
passwords.hasher = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)


def skip_or_fail(thing: str, why: str) -> None:
    """Skip for want of ``thing``, or fail where it is required."""
    if thing in REQUIRED:
        pytest.fail(f"{thing} is required here: {why}", pytrace=False)
    pytest.skip(f"{thing}: {why}")


def _on_server(*statements: str) -> None:
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    except sa.exc.OperationalError as error:
        skip_or_fail("postgres", str(error.orig).splitlines()[0])
    finally:
        server.dispose()


@contextmanager
def _postgres() -> Iterator[str]:
    """A database of this process's own: several runs may go on at once."""
    name = f"matchmaker_test_{os.getpid()}"
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    _on_server(drop, f'CREATE DATABASE "{name}"')
    # The tests' rows need not outlive a power cut: no commit waits for the disk.
    url = sa.engine.make_url(POSTGRES).set(
        database=name, query={"options": "-c synchronous_commit=off"}
    )
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        _on_server(drop)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The modules that take minutes come first, or a worker would end with one alone.

    Needs `--no-loadscope-reorder`: xdist would begin with those of most tests.
    """
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Rules are tried on every database; pages, which only call them, on one."""
    marks = metafunc.definition.iter_markers("parametrize")
    said = any("database" in mark.args[0] for mark in marks)
    if "database" in metafunc.fixturenames and not said:
        name = metafunc.module.__name__.rpartition(".")[2]
        marked = metafunc.definition.get_closest_marker("one_database")
        kinds = DATABASES[:1] if marked or name in PAGE_TESTS else DATABASES
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Flask]]:
    """The app over a database of the kind, made once in this process.

    No fixture of the session depends on the kind: pytest would build the app anew
    each time a test on one database follows a test on the other.
    """
    made: dict[str, Flask] = {}
    with ExitStack() as open_ones:

        def app_over(kind: str) -> Flask:
            if kind not in made:
                if kind == "postgresql":
                    url = open_ones.enter_context(_postgres())
                else:
                    url = f"sqlite:///{tmp_path_factory.mktemp('db')}/test.db"
                made[kind] = _built(url, Path(tmp_path_factory.mktemp("instance")))
                engine = made[kind].extensions["db_engine"]
                open_ones.callback(engine.dispose)
            return made[kind]

        yield app_over


def _built(url: str, instance: Path) -> Flask:
    make_key_file(instance / "bids.key")
    settings = Settings(
        instance_dir=instance,
        database_url=url,
        redis_url="",
        secret_key="test",
        embedding_model="hashing",
    )
    engine = create_db_engine(settings.url)
    migrate.upgrade(engine)
    SEEDS[settings.url] = seeds.read(engine)
    engine.dispose()
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    limiter.enabled = False  # the extension reads its setting once, in `init_app`
    app.test_client_class = Client
    return app


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database of this test; `pytest_generate_tests` says which."""
    return str(request.param)


@pytest.fixture
def built_app(database: str, apps: Callable[[str], Flask]) -> Flask:
    return apps(database)


@pytest.fixture
def settings(built_app: Flask) -> Settings:
    found: Settings = built_app.config["SETTINGS"]
    return found


@pytest.fixture
def database_url(settings: Settings) -> str:
    return settings.url


class Client(FlaskLoginClient):
    """A browser whose every request has a context of its own, as in a server.

    Inside the test's context two requests would share `g`: the user who was
    signed in for one would still be there in the next.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        user = kwargs.get("user")
        super().__init__(*args, **kwargs)
        if user is not None:
            with self.session_transaction() as browser:
                browser[KEY] = open_session(self.application, user)

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
            if answer.mimetype in WORDS_OF:
                # What a person finds in the file, so that a walk reads it too.
                answer.__dict__["text"] = WORDS_OF[answer.mimetype](answer.data)
            return answer


def cells(workbook: bytes) -> str:
    """The words of all cells of a workbook, a row a line."""
    book = load_workbook(BytesIO(workbook), read_only=True)
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    return "\n".join(
        " ".join(str(cell) for cell in row if cell is not None) for row in rows
    )


def paragraphs(document: bytes) -> str:
    """The words of a Word document, those of its tables too, a paragraph a line."""
    body = Document(BytesIO(document)).element.body
    return "\n".join("".join(p.itertext()) for p in body.iter(qn("w:p")))


WORDS_OF = {MEDIA_TYPE: cells, documents.MEDIA_TYPE: paragraphs}


def open_session(app: Flask, user: User) -> str:
    """The secret of the user's one session; the same for every client of the user.

    Last used in times to come, so that no request notes its use: pages that are
    read twice can be compared.
    """
    key = f"session-of-{user.id}"
    with app.extensions["db_sessions"]() as own, transaction(own):
        query = select(UserSession).where(UserSession.key_hash == secret_hash(key))
        known = own.scalar(query)
        if known is not None:
            known.ended_at = None  # signing in again after signing out
        else:
            own.add(
                UserSession(
                    user_id=user.id,
                    key_hash=secret_hash(key),
                    browser="Chrome · Linux",
                    address="127.0.0.1",
                    created_at=NOW,
                    seen_at=datetime(2100, 1, 1, tzinfo=UTC),
                )
            )
    return key


@pytest.fixture
def app(built_app: Flask, settings: Settings) -> Iterator[Flask]:
    """The app over empty tables, inside an application context."""
    with built_app.extensions["db_engine"].begin() as connection:
        seeds.restore(connection, SEEDS[built_app.config["SETTINGS"].url])
    # The numbers of the changes start anew, and the clock of the tests stands
    # still: the snapshot of an earlier test would pass for one of these tables, and
    # the rows of an earlier import for those of one with its number.
    for folder in (settings.snapshot_dir, settings.import_dir):
        shutil.rmtree(folder, ignore_errors=True)
    live.init_app(built_app)
    active.forget()
    with built_app.app_context():
        yield built_app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own, beside those of the requests."""
    with app.extensions["db_sessions"]() as session:
        yield session


@pytest.fixture
def make(session: Session, settings: Settings) -> Factory:
    return Factory(session, NOW, settings.attachment_dir)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def login(app: Flask) -> Callable[[User], FlaskClient]:
    """A client signed in as the user."""
    return lambda user: app.test_client(user=user)


@pytest.fixture
def indexed(app: Flask, session: Session) -> Callable[[], None]:
    """Do the worker's work, so that searches find what was made."""

    def work() -> None:
        session.rollback()
        index = app.extensions["live_index"]
        Worker(session, index, suggestions=0, clock=lambda: NOW).drain()

    return work
