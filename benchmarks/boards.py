"""What each board costs over a ledger of five years: queries and milliseconds.

    python -m benchmarks.ledger_seed
    python -m benchmarks.boards [--folder build/boards] [--url URL] [--repeat 20]
                                [--only boards.index] [--year 2025] [--plans]

Starts the product over the database `benchmarks.ledger_seed` filled and asks for every
board as a member of the staff, the public one as a visitor, and the page of targets as
an admin. Each page is asked for once without counting, then ``--repeat`` times. Times
are of the whole answer, page included, in this process; processor time stands beside
them, for a machine that does other things too. ``--plans`` prints the statements that
took longest. Nothing fails: it prints what it found.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from flask_login import FlaskLoginClient
from sqlalchemy import select

from matchmaker import create_app, labels, limiter
from matchmaker.accounts import sessions
from matchmaker.accounts.current import KEY
from matchmaker.config import Settings
from models import User, utcnow

from .ledger_seed import ADMIN, FOLDER, STAFF
from .lists import Statement, counted

MOST_MS = 300.0
SLOW_MS = 15.0
PEOPLE = {"visitor": "", "staff": STAFF, "admin": ADMIN}
# name: path, who asks
PAGES: dict[str, tuple[str, str]] = {
    "home.index": ("/", "visitor"),
    "boards.overview": ("/board", "visitor"),
    "boards.index": ("/boards", "staff"),
    "boards.index, cut": ("/boards?cut=district:430104&cut=type:service", "staff"),
    "boards.steps": ("/boards/funnel", "staff"),
    "boards.step_rows": ("/boards/funnel/rows?step=introduced", "staff"),
    "boards.step_rows, all": ("/boards/funnel/rows?step=suggested&page=9", "staff"),
    "boards.league": ("/boards/leagues", "staff"),
    "boards.league, firms": ("/boards/leagues?kind=enterprise", "staff"),
    "boards.exposure": ("/boards/exposure", "staff"),
    "contracts.browse": ("/contracts?cut=counted:{year}", "staff"),
    "contracts.browse, cut": (
        "/contracts?cut=counted:{year}&cut=flow:local&sort=amount&page=40",
        "staff",
    ),
    "contracts.browse, apart": ("/contracts?cut=pending:{year}", "staff"),
    "targets.index": ("/admin/targets", "admin"),
}


@dataclass
class Measured:
    """One page: its statements, milliseconds by the clock and of the processor."""

    name: str
    status: int = 0
    size: int = 0
    statements: list[Statement] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def row(self) -> str:
        p50, p95 = np.percentile(self.took, [50, 95])
        cpu50, cpu95 = np.percentile(self.worked, [50, 95])
        cells = (
            self.name,
            self.status,
            f"{self.size / 1024:.0f}",
            len(self.statements),
            f"{p50:.0f}",
            f"{p95:.0f}",
            f"{cpu50:.0f}",
            f"{cpu95:.0f}",
            "" if p95 <= MOST_MS else "over",
        )
        return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    options = _options()
    app = _app(options)
    clients = {who: _client(app, email) for who, email in PEOPLE.items()}
    gc.freeze()  # as the server does once it has started
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start\n")
    print(
        "| page | status | KiB | queries | p50 ms | p95 ms | cpu p50 | cpu p95 | aim |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    found = []
    for name, (path, who) in PAGES.items():
        if name.startswith(options.only):
            url = _of_year(path, options.year)
            found.append(_measure(app, clients[who], name, url, options.repeat))
            print(found[-1].row(), flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    if options.plans:
        for one in found:
            _print_slow(one)
    app.extensions["db_engine"].dispose()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--url", default="")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--year", type=int, default=0)
    parser.add_argument("--plans", action="store_true")
    return parser.parse_args()


def _of_year(path: str, year: int) -> str:
    if "{year}" in path:
        return path.format(year=year or labels.today(utcnow()).year)
    if not year or path == "/":
        return path
    return f"{path}{'&' if '?' in path else '?'}year={year}"


def _app(options: argparse.Namespace) -> Flask:
    app = create_app(
        Settings(
            instance_dir=options.folder,
            database_url=options.url,
            embedding_model="hashing",
        )
    )
    limiter.enabled = False
    app.test_client_class = FlaskLoginClient
    return app


def _client(app: Flask, email: str) -> FlaskClient:
    """A browser, signed in where an address is given."""
    if not email:
        return app.test_client()
    with app.extensions["db_sessions"]() as session:
        user = session.scalar(select(User).where(User.email == email))
        if user is None:
            raise SystemExit("no such people; first run `benchmarks.ledger_seed`")
        session.expunge(user)
        key = sessions.start(session, user, agent="", address="", now=utcnow())
    client = app.test_client(user=user)
    with client.session_transaction() as browser:
        browser[KEY] = key
    return client


def _measure(
    app: Flask, client: FlaskClient, name: str, url: str, repeat: int
) -> Measured:
    one = Measured(name, client.get(url).status_code)
    for _ in range(repeat):
        with counted(app.extensions["db_engine"]) as sent:
            started, worked = time.perf_counter(), time.process_time()
            answer = client.get(url)
            one.worked.append((time.process_time() - worked) * 1000)
            one.took.append((time.perf_counter() - started) * 1000)
        one.statements, one.size = sent, len(answer.data)
    return one


def _print_slow(one: Measured) -> None:
    print(f"\n## {one.name}\n")
    for statement in one.statements:
        if statement.ms >= SLOW_MS:
            print(f"{statement.ms:.0f} ms: {statement.text}\n")


if __name__ == "__main__":
    main()
