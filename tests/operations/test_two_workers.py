"""What one process of the web server takes in, the other one finds."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from benchmarks import processes
from benchmarks.visitor import Page, Visitor
from matchmaker.accounts import service as accounts
from matchmaker.accounts.schema import NewUser
from matchmaker.schema import parse
from models import create_db_engine, migrate

from ..needs.forms import TYPED

PASSWORD = "lushan-2026-demo"
# Two seconds on a calm machine; what is tested is that it comes without being asked,
# long before the sweep of once a minute, and not how fast this machine is.
FOUND_WITHIN = 30.0
SEARCH = f"/search?q={quote(TYPED['title'])}"
STAFF_SEARCH = f"/needs?status=pending&q={quote(TYPED['title'])}"
PEOPLE = (
    {
        "email": "firm@example.com",
        "name": "周企业",
        "role": "enterprise",
        "organisation": "湘江泵车有限公司",
        "kind": "enterprise",
        "password": PASSWORD,
    },
    {
        "email": "staff@example.com",
        "name": "周岚",
        "role": "staff",
        "password": PASSWORD,
    },
)


@dataclass
class Site:
    """The running platform; its access log names the process of each answer."""

    port: int
    server: processes.Running
    access_log: Path

    def __post_init__(self) -> None:
        self._numbers = count()

    def ask(self, visitor: Visitor, address: str) -> tuple[Page, int]:
        """The page, and the number of the process that made it."""
        mark = f"request={next(self._numbers)}"
        page = visitor.get(f"{address}&{mark}")
        return page, self.process_of(f"{mark} ")

    def process_of(self, mark: str) -> int:
        """Which process answered the request with the mark, or the last one to it."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            lines = self.access_log.read_text("utf-8").splitlines()
            found = [line for line in lines if mark in line]
            if found:
                return int(found[-1].partition(" ")[0].strip("<>"))
            time.sleep(0.01)
        raise LookupError(f"no request with {mark} in the access log")


@pytest.fixture
def site(tmp_path: Path, empty_database: str) -> Iterator[Site]:
    """gunicorn with two processes and the worker, over empty tables and two people."""
    engine = create_db_engine(empty_database)
    migrate.upgrade(engine)
    with Session(engine) as session:
        for person in PEOPLE:
            accounts.add_user(session, parse(NewUser, person), now=datetime.now(UTC))
    engine.dispose()
    settings = {
        "MATCHMAKER_INSTANCE_DIR": str(tmp_path),
        "MATCHMAKER_DATABASE_URL": empty_database,
        "MATCHMAKER_REDIS_URL": "",
        "MATCHMAKER_EMBEDDING_MODEL": "hashing",
        "MATCHMAKER_SEARCH_RATE": "100000 per minute",
        "MATCHMAKER_WEB_WORKERS": "2",
    }
    port, access_log = processes.free_port(), tmp_path / "access.log"
    logged = ("--access-logfile", str(access_log), "--access-logformat", "%(p)s %(r)s")
    server = processes.gunicorn(port, settings, tmp_path, *logged)
    worker = processes.worker(settings, tmp_path)
    with processes.ended(server, worker):
        processes.wait_for_page(port, server)
        _wait_for(worker, "encoder ")
        yield Site(port, server, access_log)


def _wait_for(process: processes.Running, words: str) -> None:
    deadline = time.monotonic() + 60
    while words not in process.log.read_text("utf-8"):
        assert process.status is None, process.log.read_text("utf-8")
        assert time.monotonic() < deadline, process.log.read_text("utf-8")
        time.sleep(0.05)


def signed_in(site: Site, email: str) -> Visitor:
    visitor = Visitor(site.port)
    visitor.sign_in(email, PASSWORD)
    return visitor


def post_need(site: Site) -> int:
    """Post a need through the form; returns its number."""
    firm = signed_in(site, "firm@example.com")
    blank = firm.get("/needs/new")
    form = TYPED | {"form_key": blank.hidden("form_key"), "action": "submit"}
    answer = firm.post("/needs/new", form, blank.hidden("csrf_token"))
    assert answer.status == 303, answer.text
    return int(answer.location.partition("?")[0].rpartition("/")[2])


def publish(site: Site, staff: Visitor, need_id: int) -> None:
    queue = staff.get("/verification")
    assert TYPED["title"] in queue.text
    form = {"version": queue.hidden("version")}
    token = queue.hidden("csrf_token")
    address = f"/verification/needs/{need_id}/publish"
    answer = staff.post(address, form, token)
    assert answer.status == 303, answer.text


def seconds_until_found(
    site: Site, visitor: Visitor, address: str, need_id: int, *, by_other_than: int
) -> float:
    """Search until the other process answers with the need; the time of that answer."""
    started = time.monotonic()
    while (passed := time.monotonic() - started) < 5 * FOUND_WITHIN:
        page, process = site.ask(visitor, address)
        if process != by_other_than and found(page, need_id):
            return time.monotonic() - started
    raise AssertionError(f"not found by another process in {passed:.0f} s")


def found(page: Page, need_id: int) -> bool:
    assert page.status == 200
    return f'href="/needs/{need_id}"' in page.text


def test_what_one_process_takes_in_the_other_finds_soon(site):
    visitor, staff = Visitor(site.port), signed_in(site, "staff@example.com")
    need_id = post_need(site)
    took_it = site.process_of("POST /needs/new")
    seconds = seconds_until_found(
        site, staff, STAFF_SEARCH, need_id, by_other_than=took_it
    )
    assert seconds < FOUND_WITHIN
    assert not found(site.ask(visitor, SEARCH)[0], need_id), "not published yet"

    publish(site, staff, need_id)
    published_it = site.process_of("/publish")
    seconds = seconds_until_found(
        site, visitor, SEARCH, need_id, by_other_than=published_it
    )
    assert seconds < FOUND_WITHIN


def test_both_processes_answer(site):
    seen = {site.ask(Visitor(site.port), SEARCH)[1] for _ in range(40)}
    assert seen <= set(site.server.workers())
    assert len(seen) == 2


def test_a_whole_page_of_text_is_refused_in_words_not_by_the_server(site):
    visitor = Visitor(site.port)
    page = visitor.get(f"/search?q={quote('电' * 5000)}")
    assert page.status == 422
    assert "最多 2000 个字" in page.text
    assert visitor.get(f"/search?q={quote('电池过充' * 480)}").status == 200
