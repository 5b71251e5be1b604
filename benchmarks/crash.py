"""Kill the web server and the worker again and again while records come in.

    python -m benchmarks.crash [--kills 20] [--seed 7] [--latest 4] [--folder DIR]

In an instance folder of its own, with the encoder the settings name. Each round
starts the web server, the worker and the loading of the folder; meanwhile an
enterprise posts needs through the form, again and again until it is told that one
was taken. At a random moment everything is killed. After the last round the work
is let finish, and what the tables and the index hold is compared with what was
sent. Exit status 1 if anything is lost, doubled or different.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from matchmaker.accounts import service as accounts
from matchmaker.accounts.schema import NewUser
from matchmaker.config import Settings
from matchmaker.schema import parse
from models import (
    TABLES,
    Embedding,
    Need,
    OutboxTask,
    Suggestion,
    create_db_engine,
    migrate,
)
from models.outbox import RecordType

from . import processes
from .processes import ROOT, Running
from .visitor import Page, Visitor

# Seconds after the worker says it is ready; in every fourth round, after the start.
SOONEST, LATEST = 0.2, 4.0
READY_SECONDS = 120
FINISH_SECONDS = 1800
EMAIL, PASSWORD = "crash@example.com", "lushan-crash-2026"
KINDS = {
    "needs": RecordType.NEED,
    "achievements": RecordType.ACHIEVEMENT,
    "calls": RecordType.CALL,
}


# Each time another record is found alike the advice is another.
MOST_ADVICE = 5


@dataclass(frozen=True)
class Place:
    """Where a run takes place: its folder, its settings, its database."""

    folder: Path
    settings: Mapping[str, str]
    engine: Engine
    port: int


@dataclass
class Outcome:
    """What was found at the end; each of the lists should be empty."""

    rounds: list[str] = field(default_factory=list)
    posted: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    twice_suggested: int = 0
    waiting: int = 0
    index: str = ""

    @property
    def sound(self) -> bool:
        wrong = self.lost or self.doubled or self.twice_suggested or self.waiting
        return not wrong and "no difference" in self.index


class Poster(threading.Thread):
    """An enterprise that posts needs, each until the server has taken it."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.visitor = Visitor(port)
        self.taken: list[str] = []
        self.failures: list[str] = []
        self._enough = threading.Event()
        self._signed_in = False

    def run(self) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            title = f"第 {number} 号产线的轴承温度漂移"
            page = self._until_answered(title)
            if page is not None and page.status in (303, 409):
                self.taken.append(title)
            elif page is not None:
                self.failures.append(f"{title}: status {page.status}")
            self._enough.wait(0.5)

    def finish(self) -> None:
        """Post nothing new; returns when the last one is settled."""
        self._enough.set()
        self.join()

    def _until_answered(self, title: str) -> Page | None:
        """Post the same form until there is an answer: 409 says «taken already»."""
        form: dict[str, Any] | None = None
        token, advised = "", 0
        while True:
            try:
                if form is None:
                    self._sign_in()
                    blank = self.visitor.get("/needs/new")
                    token = blank.hidden("csrf_token")
                    form = _need(title, blank.hidden("form_key"))
                page = self.visitor.post("/needs/new", form, token)
                if page.status != 200 or advised == MOST_ADVICE:
                    return page
                # Advice, such as that a need is alike, comes before it is taken.
                advised += 1
                form["hints_seen"] = page.hidden("hints_seen")
            except (OSError, HTTPException):
                # Nothing sent yet: it need not be sent. Sent: it may be there.
                if form is None and self._enough.is_set():
                    return None
                time.sleep(0.1)

    def _sign_in(self) -> None:
        if not self._signed_in:
            self.visitor.sign_in(EMAIL, PASSWORD)
            self._signed_in = True


def run(
    folder: Path,
    data: Path,
    *,
    kills: int,
    seed: int,
    model: str,
    database_url: str = "",
    latest: float = LATEST,
) -> Outcome:
    """Load ``data`` into a new instance in ``folder``, with so many kills."""
    place = _prepare(folder, model, database_url)
    outcome, random = Outcome(), Random(seed)
    poster = Poster(place.port)
    poster.start()
    try:
        for number in range(1, kills + 1):
            outcome.rounds.append(_round(place, data, number, random, latest))
        _finish(place, data, poster)
        outcome.index = _check(place)
        _compare(place, data, poster, outcome)
    finally:
        place.engine.dispose()
    return outcome


def _prepare(folder: Path, model: str, database_url: str) -> Place:
    url = database_url or f"sqlite:///{folder}/matchmaker.db"
    port = processes.free_port()
    settings = {
        "MATCHMAKER_INSTANCE_DIR": str(folder),
        "MATCHMAKER_DATABASE_URL": url,
        "MATCHMAKER_REDIS_URL": "",
        "MATCHMAKER_EMBEDDING_MODEL": model,
        "MATCHMAKER_PORT": str(port),
    }
    engine = create_db_engine(url)
    migrate.upgrade(engine)
    person = {
        "email": EMAIL,
        "name": "测试员",
        "role": "enterprise",
        "organisation": "湘岳轴承有限公司",
        "kind": "enterprise",
        "password": PASSWORD,
    }
    with Session(engine) as session:
        accounts.add_user(session, parse(NewUser, person), now=datetime.now(UTC))
    return Place(folder, settings, engine, port)


def _start(place: Place, data: Path) -> tuple[Running, Running, Running]:
    """The web server, the worker, and a loading that leaves encoding to it."""
    load = ("demo", "load", "--queue-only", "--folder", str(data))
    return (
        processes.gunicorn(place.port, place.settings, place.folder),
        processes.worker(place.settings, place.folder),
        Running((*processes.FLASK, *load), place.settings, place.folder / "load.log"),
    )


def _round(place: Place, data: Path, number: int, random: Random, latest: float) -> str:
    """Start everything, kill it at a random moment; a line on what was there."""
    ready = _ready_lines(place)
    running = _start(place, data)
    started = time.monotonic()
    try:
        if number % 4:
            _wait_until_ready(place, running[1], ready)
        moment = random.uniform(SOONEST, latest)
        time.sleep(moment)
        alive = [process.status is None for process in running]
    finally:
        for process in running:
            process.kill()
    after = "ready" if number % 4 else "start"
    seconds = time.monotonic() - started
    names = ("web", "worker", "loading")
    killed = ", ".join(n for n, one in zip(names, alive, strict=True) if one)
    counts = " | ".join(map(str, _progress(place)))
    when = f"{moment:.2f} s after {after}"
    return f"| {number} | {when} | {seconds:.1f} | {killed} | {counts} |"


def _ready_lines(place: Place) -> int:
    log = place.folder / "worker.log"
    return log.read_text("utf-8").count("encoder ") if log.exists() else 0


def _wait_until_ready(place: Place, worker: Running, before: int) -> None:
    """Until the worker has its encoder, or is found to have ended."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and worker.status is None:
        if _ready_lines(place) > before:
            return
        time.sleep(0.05)
    raise RuntimeError(f"the worker did not start: {worker.log.read_text()[-2000:]}")


def _progress(place: Place) -> tuple[int, int, int, int]:
    """How many records, records with vectors, tasks and suggestions there are."""
    with Session(place.engine) as session:
        counts = [select(func.count()).select_from(t) for t in TABLES.values()]
        records = sum(session.scalar(count) or 0 for count in counts)
        pairs = select(Embedding.record_type, Embedding.record_id).distinct()
        encoded = session.scalar(select(func.count()).select_from(pairs.subquery()))
        tasks = session.scalar(select(func.count()).select_from(OutboxTask))
        suggested = session.scalar(select(func.count()).select_from(Suggestion))
        return records, encoded or 0, tasks or 0, suggested or 0


def _finish(place: Place, data: Path, poster: Poster) -> None:
    """Let everything run on until nothing waits, then stop it in good order."""
    web, worker, loading = _start(place, data)
    with processes.ended(web, worker, loading):
        processes.wait_for_page(place.port, web)
        if loading.wait(FINISH_SECONDS):
            raise RuntimeError(f"loading failed: {loading.log.read_text()[-2000:]}")
        poster.finish()
        deadline = time.monotonic() + FINISH_SECONDS
        while _progress(place)[2] and time.monotonic() < deadline:
            if worker.status is not None:
                raise RuntimeError(f"worker ended: {worker.log.read_text()[-2000:]}")
            time.sleep(0.2)


def _check(place: Place) -> str:
    try:
        return processes.flask(place.settings, "index", "check").strip()
    except RuntimeError as error:
        return str(error)


def _compare(place: Place, data: Path, poster: Poster, outcome: Outcome) -> None:
    """Fill in what of the sent records is missing, and what is there twice."""
    outcome.posted = len(poster.taken)
    outcome.waiting = _progress(place)[2]
    outcome.lost += poster.failures
    with Session(place.engine) as session:
        for name, kind in KINDS.items():
            found = Counter(session.scalars(select(TABLES[kind].code)))
            found.pop(None, None)
            tally(_codes(data, name), found, outcome)
        titles = select(Need.title).where(Need.code.is_(None))
        tally(set(poster.taken), Counter(session.scalars(titles)), outcome)
        columns = (
            Suggestion.kind,
            Suggestion.need_id,
            Suggestion.achievement_id,
            Suggestion.call_id,
        )
        pairs = Counter(tuple(row) for row in session.execute(select(*columns)))
        outcome.twice_suggested = sum(count > 1 for count in pairs.values())


def _codes(data: Path, name: str) -> set[str]:
    lines = (
        line
        for path in data.glob(f"*/{name}.jsonl")
        for line in path.read_text("utf-8").splitlines()
    )
    return {json.loads(line)["id"] for line in lines if line.strip()}


def tally(sent: set[str], found: Counter[Any], outcome: Outcome) -> None:
    outcome.lost += sorted(sent - found.keys())
    outcome.doubled += sorted(key for key, count in found.items() if count > 1)


def _need(title: str, form_key: str) -> dict[str, Any]:
    return {
        "title": title,
        "field": "EM",
        "district": "长沙县",
        "problem": "夏天午后主轴轴承座比早上高出二十多度,加工尺寸跟着漂,"
        "换过润滑脂和风冷都压不住,只好停机等它凉。",
        "targets": ["温升 ≤8 ℃", "尺寸漂移 ≤5 μm"],
        "trl_expected": "7",
        "budget": "80",
        "cooperation": ["joint"],
        "deadline": "2099-06-30",
        "secrecy": "public",
        "promise": "1",
        "form_key": form_key,
        "action": "submit",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latest", type=float, default=LATEST, help="seconds")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "sample")
    options = parser.parse_args()
    model = Settings().model
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before the start\n")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(
            Path(folder),
            options.folder.resolve(),
            kills=options.kills,
            seed=options.seed,
            model=model,
            latest=options.latest,
        )
    _report(outcome, time.monotonic() - started)
    raise SystemExit(0 if outcome.sound else 1)


def _report(outcome: Outcome, seconds: float) -> None:
    print("| kill | when | up s | killed | records | encoded | tasks | suggestions |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(outcome.rounds))
    print(f"\n{len(outcome.rounds)} kills in {seconds:.0f} s, work finished after them")
    print(f"posted through the form and taken: {outcome.posted}")
    print(f"lost: {outcome.lost or 'none'}; doubled: {outcome.doubled or 'none'}")
    print(f"suggestions written twice: {outcome.twice_suggested}")
    print(f"tasks still waiting: {outcome.waiting}")
    print(f"flask index check: {outcome.index}")


if __name__ == "__main__":
    main()
