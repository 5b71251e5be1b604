"""A real server and a real browser: Chromium over an app on a port of its own."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)
from sqlalchemy import delete
from werkzeug.serving import WSGIRequestHandler, make_server

from matchmaker import create_app, limiter
from matchmaker.accounts.passwords import hashed
from matchmaker.config import Settings
from matchmaker.search import live
from models import Suggestion, User, create_db_engine, migrate, transaction
from models.states import Role, Secrecy, SuggestionKind

from .. import seeds
from ..conftest import skip_or_fail
from ..factories import Factory
from ..walk import index_everything

PASSWORD = "lushan-2026-demo"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# How long anything may take on a busy machine; nothing waits longer than it must.
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)
SEEDS: seeds.Seeds = {}

EVIDENCE: dict[str, Any] = {
    "indicators": [
        {
            "asked": "预警提前时间≥10 min",
            "claimed": "预警提前时间12 min",
            "verdict": "met",
            "note": "12 ≥ 10",
        },
        {"asked": "误报率≤1%", "claimed": None, "verdict": "unknown", "note": ""},
    ],
    "pairs": [
        {
            "left": "希望在热失控前十分钟给出预警。",
            "right": "已在储能舱完成试验。",
            "score": 0.81,
        }
    ],
    "terms": [{"term": "热失控", "weight": 2.0}, {"term": "预警", "weight": 1.0}],
    "facts": [
        {"name": "领域", "left": "储能", "right": "储能", "verdict": "met"},
        {"name": "成熟度", "left": "7 级", "right": "5 级", "verdict": "partial"},
        {"name": "合作方式", "left": "合作开发", "right": "许可", "verdict": "unmet"},
    ],
    "parts": [{"name": "整体意思", "value": 0.8, "share": 1.0}],
}


@dataclass(frozen=True)
class World:
    """What the tables hold when a test begins."""

    staff: User
    colleague: User
    enterprise: User
    university: User
    pairs: list[Suggestion]
    make: Factory


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """A test that waited in vain says what the server was doing meanwhile."""
    report: Any = yield
    if report.failed and report.when == "call":
        report.sections.append(("the server's threads", _stacks()))
    return report


def _stacks() -> str:
    """Where every other thread of this process stands; the server has one a request."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    others = sys._current_frames()
    others.pop(threading.get_ident(), None)
    return "\n".join(
        f"{names.get(ident, ident)}\n{''.join(traceback.format_stack(frame)[-12:])}"
        for ident, frame in others.items()
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    binary = os.environ.get("MATCHMAKER_CHROMIUM", "/usr/bin/chromium")
    if not Path(binary).exists():
        skip_or_fail("browser", f"no Chromium at {binary}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


class QuietHandler(WSGIRequestHandler):
    """No line a request: a failing test would show hundreds."""

    def log_request(self, *_args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """The app behind a threaded server, and its address."""
    folder = Path(tmp_path_factory.mktemp("browser"))
    settings = Settings(
        instance_dir=folder,
        database_url=f"sqlite:///{folder}/browser.db",
        redis_url="",
        secret_key="test",
        embedding_model="hashing",
        open_outbox=True,
    )
    engine = create_db_engine(settings.url)
    migrate.upgrade(engine)
    SEEDS.update(seeds.read(engine))
    engine.dispose()
    app = create_app(settings)
    limiter.enabled = False
    server = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    app.extensions["db_engine"].dispose()


@pytest.fixture
def world(served: tuple[Flask, str]) -> Iterator[World]:
    """Three pairs that wait, best first, and people to look at them."""
    app, _ = served
    with app.extensions["db_engine"].begin() as connection:
        seeds.restore(connection, SEEDS)
    live.init_app(app)
    with app.extensions["db_sessions"]() as session:
        # The server's clock is the real one, so the records are of today.
        yield _populate(Factory(session, datetime.now(UTC)))


def _populate(make: Factory) -> World:
    password = hashed(PASSWORD)
    staff = make.staff(name="周岚", email="staff@example.com", password_hash=password)
    colleague = make.staff(name="陈卓", password_hash=password)
    firm = make.organisation(name="岑岳储能科技有限公司(示例)", is_demo=True)
    enterprise = make.user(organisation_id=firm.id, password_hash=password)
    university = make.user(Role.UNIVERSITY, password_hash=password)
    need = make.need(organisation_id=firm.id, is_demo=True)
    secret = make.need(
        organisation_id=firm.id,
        title="换电站电池包绝缘异常的在线定位",
        secrecy=Secrecy.RESTRICTED,
    )
    answer = make.achievement(organisation_id=university.organisation_id)
    call = make.call()
    # What the worker proposes of its own accord is none of these tests' matter.
    index_everything(make)
    with transaction(make.session):
        make.session.execute(delete(Suggestion))
    pairs = [
        make.suggestion(need, answer, probability=0.9, evidence=EVIDENCE),
        make.suggestion(secret, answer, probability=0.8, evidence=EVIDENCE),
        make.suggestion(
            need,
            kind=SuggestionKind.NEED_CALL,
            achievement_id=None,
            call_id=call.id,
            probability=0.7,
            evidence=EVIDENCE,
        ),
    ]
    return World(staff, colleague, enterprise, university, pairs, make)


@pytest.fixture
def open_page(
    chromium: Browser, served: tuple[Flask, str], world: World
) -> Iterator[Callable[..., Page]]:
    """`open_page(user, path)`: a page of a fresh browser, signed in by the form.

    A script error, or anything the content policy blocks, fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(
        user: User | None, path: str = "/", *, width: int = 1366, script: bool = True
    ) -> Page:
        context = chromium.new_context(
            base_url=served[1],
            viewport={"width": width, "height": 768 if width > 500 else 844},
            java_script_enabled=script,
            locale="zh-CN",
            # A page still gliding under the pointer takes a press for a miss.
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: _complain(complaints, line))
        if user is None:
            page.goto(path)
            return page
        page.goto(f"/sign-in?next={path}")
        page.fill("input[name=email]", user.email)
        page.fill("input[name=password]", PASSWORD)
        with page.expect_navigation(wait_until="load"):
            page.click("main button[type=submit]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def _complain(complaints: list[str], line: Any) -> None:
    # A refusal with its own page (409, 422) is logged by the browser as well.
    expected = "the server responded with a status of 4"
    if line.type == "error" and expected not in line.text:
        complaints.append(line.text)
