"""What the list pages cost in a city full of records: queries and milliseconds.

    python -m benchmarks.seed
    python -m benchmarks.lists [--folder build/lists] [--url URL] [--repeat 9]
                               [--only needs.browse] [--plans] [--index]

Starts the product over the database `benchmarks.seed` filled and asks for the lists
as a visitor, an enterprise, a university, a member of the staff and an admin: the
first page, a deep one, narrowed, in another order. Each page is asked for once
without counting, then ``--repeat`` times. Times are of the whole answer, page
included, in this process: the way through HTTP and waiting for others come on top.
``--plans`` prints the statements of the pages that miss the aim, each with its time
and plan; ``--index`` also reads the search index, says what the process weighs before
and after, and times the pages that need it. Nothing fails: it prints what it found.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from flask_login import FlaskLoginClient
from sqlalchemy import Engine, event, select

from index.memory import give_back_memory
from matchmaker import create_app, limiter
from matchmaker.accounts import sessions
from matchmaker.accounts.current import KEY
from matchmaker.config import Settings
from matchmaker.search.live import live_index
from models import User, utcnow

from . import processes
from .city import ADMIN, ENTERPRISE, STAFF, UNIVERSITY
from .seed import FOLDER

MOST_QUERIES = 15
MOST_MS = 150.0
WHO = {
    "visitor": "",
    "enterprise": ENTERPRISE,
    "university": UNIVERSITY,
    "staff": STAFF,
    "admin": ADMIN,
}
PUBLIC = ("visitor", "enterprise", "staff")
ALL = ("visitor", "enterprise", "university", "staff", "admin")
INSIDE = ("staff",)
MEMBERS = ("enterprise", "university", "staff")
NEEDS = (
    "",
    "page=1000",
    "field=EM&field=AI",
    "mode=joint&district=岳麓区",
    "trl=6&field=NM&page=5",
    "sort=deadline",
    "sort=amount&page=300",
)
ACHIEVEMENTS = (
    "",
    "page=3000",
    "field=EM&field=AI",
    "mode=joint&stage=pilot",
    "trl=6&field=NM&page=5",
    "sort=trl",
    "sort=amount&page=900",
)
# address: who asks for it, and with what
PAGES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "home.index": ("/", ALL, ("",)),
    "needs.browse": ("/needs", PUBLIC, NEEDS),
    "needs.browse by state": ("/needs", INSIDE, ("status=pending", "status=expired")),
    "achievements.browse": ("/achievements", PUBLIC, ACHIEVEMENTS),
    "calls.browse": ("/calls", PUBLIC, ("", "page=3", "field=EM", "sort=amount")),
    "needs.mine": (
        "/needs/mine",
        ("enterprise",),
        ("", "page=90", "status=draft", "q=电池", "sort=deadline"),
    ),
    "achievements.mine": (
        "/achievements/mine",
        ("university",),
        ("", "page=200", "status=draft", "q=电池", "sort=trl"),
    ),
    "matches.mine": ("/matches", ("enterprise",), ("", "page=9")),
    "work.index": ("/work", (*MEMBERS, "admin"), ("", "page=20")),
    "work.index, one kind": ("/work", INSIDE, ("source=pairs&page=900",)),
    "registrations.queue": ("/registrations", INSIDE, ("", "state=approved", "page=4")),
    "matches.desk": (
        "/desk",
        INSIDE,
        ("view=list", "view=list&page=900", "view=list&field=EM&score=0.7", ""),
    ),
    "matches.desk, decided": (
        "/desk",
        INSIDE,
        ("view=list&status=approved", "view=list&status=rejected&page=500"),
    ),
    "rankers.show": ("/desk/quality", INSIDE, ("",)),
    "notices.inbox": ("/notices", MEMBERS, ("", "page=100")),
    "subscriptions.index": ("/subscriptions", MEMBERS, ("",)),
    "mail.outbox": ("/mail", INSIDE, ("",)),
    "nodes.index": ("/nodes", INSIDE, ("",)),
    "nodes.mandates": ("/mandates", INSIDE, ("",)),
    "users.index": (
        "/admin/users",
        ("admin",),
        ("", "page=120", "role=university", "q=大学"),
    ),
    "audit.log": (
        "/admin/audit",
        ("admin",),
        (
            "",
            "page=9000",
            "action=need.published",
            "record=needs&number=7",
            "who=用户1",
            "from_on=2024-01-01&until_on=2024-03-01",
        ),
    ),
    "system.show": ("/admin/system", ("admin",), ("",)),
}
# They ask the search index, which is read only when it is wanted.
SEARCHES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "search.results": ("/search", PUBLIC, ("q=电池过充后怎么提前报警",)),
    "needs.browse, words": ("/needs", PUBLIC, ("q=电池过充&field=ES",)),
    "achievements.browse, words": ("/achievements", PUBLIC, ("q=轴承润滑",)),
    "verification.queue": (
        "/verification",
        INSIDE,
        ("", "page=99", "kind=need", "field=EM", "district=岳麓区"),
    ),
    "groups.proposals": ("/desk/groups", INSIDE, ("",)),
}


@dataclass
class Statement:
    text: str
    parameters: Any
    ms: float = 0.0


@dataclass
class Measured:
    """One address as one person: its statements and the milliseconds of each ask."""

    address: str
    who: str
    asked: str
    status: int = 0
    statements: list[Statement] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.took, share))

    @property
    def within(self) -> bool:
        few = len(self.statements) <= MOST_QUERIES
        return few and self.percentile(50) <= MOST_MS

    def row(self) -> str:
        cells = (
            self.address,
            self.who,
            self.asked or "first page",
            self.status,
            len(self.statements),
            f"{self.percentile(50):.0f}",
            f"{self.percentile(95):.0f}",
            f"{np.median(self.worked):.0f}",
            "" if self.within else "over",
        )
        return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    options = _options()
    app = _app(options)
    clients = _clients(app)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    _read_catalogue(app)
    found = _measure_all(app, clients, options, PAGES)
    if options.index:
        _read_index(app)
        found += _measure_all(app, clients, options, SEARCHES)
    over = [one for one in found if not one.within]
    print(f"\n{len(found)} pages, {len(over)} over the aim; ", end="")
    print(f"load {os.getloadavg()[0]:.1f} at the end")
    if options.plans:
        for one in over:
            _print_plans(app.extensions["db_engine"], one)
    app.extensions["db_engine"].dispose()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--url", default="", help="the database, if not in the folder")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--only", default="", help="addresses that begin with this")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--index", action="store_true")
    return parser.parse_args()


def _app(options: argparse.Namespace) -> Flask:
    user = Settings()
    app = create_app(
        Settings(
            instance_dir=options.folder,
            database_url=options.url,
            embedding_model=user.model,
        )
    )
    limiter.enabled = False
    app.test_client_class = FlaskLoginClient
    return app


def _clients(app: Flask) -> dict[str, FlaskClient]:
    """A browser for each person, signed in."""
    clients = {}
    for who, email in WHO.items():
        if not email:
            clients[who] = app.test_client()
            continue
        with app.extensions["db_sessions"]() as session:
            user = session.scalar(select(User).where(User.email == email))
            if user is None:
                raise SystemExit("no such people; first run `benchmarks.seed`")
            session.expunge(user)
            key = sessions.start(session, user, agent="", address="", now=utcnow())
        clients[who] = app.test_client(user=user)
        with clients[who].session_transaction() as browser:
            browser[KEY] = key
    return clients


def _measure_all(
    app: Flask,
    clients: dict[str, FlaskClient],
    options: argparse.Namespace,
    pages: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]],
) -> list[Measured]:
    print("| list | who | asked | status | queries | p50 ms | p95 ms | cpu ms | aim |")
    print("|---|---|---|---|---|---|---|---|---|")
    found = []
    for address, (path, people, asked) in pages.items():
        if not address.startswith(options.only):
            continue
        for who in people:
            for query in asked:
                one = Measured(address, who, query)
                url = f"{path}?{query}" if query else path
                _measure(app, clients[who], url, one, options.repeat)
                print(one.row(), flush=True)
                found.append(one)
    return found


def _measure(
    app: Flask, client: FlaskClient, url: str, one: Measured, repeat: int
) -> None:
    one.status = client.get(url).status_code
    for _ in range(repeat):
        with counted(app.extensions["db_engine"]) as sent:
            started, worked = time.perf_counter(), time.process_time()
            client.get(url)
            one.worked.append((time.process_time() - worked) * 1000)
            one.took.append((time.perf_counter() - started) * 1000)
        one.statements = sent


@contextmanager
def counted(engine: Engine) -> Iterator[list[Statement]]:
    """The statements sent meanwhile, each with the time to its first row."""
    sent: list[Statement] = []
    started = [0.0]

    def before(_c: Any, _cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        sent.append(Statement(text, parameters))
        started[0] = time.perf_counter()

    def after(*_: Any) -> None:
        sent[-1].ms = (time.perf_counter() - started[0]) * 1000

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)
        sent[:] = [s for s in sent if not s.text.startswith(("BEGIN", "PRAGMA"))]


def _read_catalogue(app: Flask) -> None:
    """Read the columns of the lists, and say what they weigh."""
    with app.app_context(), app.extensions["db_sessions"]() as session:
        before, started = _own_mib(), time.process_time()
        with live_index().catalogue.reading(session):
            seconds = time.process_time() - started
        give_back_memory()
        after = _own_mib()
    print(
        f"columns of the lists: read in {seconds:.1f} s of processor time; "
        f"{before:,.0f} MiB of its own before, {after:,.0f} MiB with them\n"
    )


def _own_mib() -> float:
    """Memory that is no copy of a file; SQLite's file is mapped, but shared."""
    status = Path("/proc/self/status").read_text()
    [line] = [one for one in status.splitlines() if one.startswith("RssAnon:")]
    return int(line.split()[1]) / 1024


def _read_index(app: Flask) -> None:
    """Read the search index as a web process does, and say what it weighs."""
    with app.app_context():
        index = live_index()
        index.question("电池")
        before = processes.memory(os.getpid())
        started = time.perf_counter()
        with app.extensions["db_sessions"]() as session:
            held = index.caught_up(session)
        seconds = time.perf_counter() - started
        after = processes.memory(os.getpid())
    number = sum(len(shelf) for shelf in held.shelves.values())
    print(
        f"\nindex: {number:,} texts on the shelves in {seconds:.0f} s; "
        f"with the encoder {before.uss:,.0f} MiB of its own, "
        f"with the index {after.uss:,.0f} MiB ({after.rss:,.0f} MiB resident)\n"
    )


def _print_plans(engine: Engine, one: Measured) -> None:
    print(f"\n## {one.address}, {one.who}, {one.asked or 'first page'}\n")
    word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    for statement in one.statements:
        if statement.ms < MOST_MS / 15:
            continue
        print(f"{statement.ms:.0f} ms: {statement.text}")
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(
                f"{word} {statement.text}", statement.parameters
            )
            for line in plan:
                print("    ", line[-1])


if __name__ == "__main__":
    main()
