"""Many bidders submit in the last seconds of a call, and on beyond its end.

    python -m benchmarks.bids [--clients 20] [--submissions 200] [--seconds 5]
                              [--database-url URL] [--folder DIR]

In an instance folder of its own, a real gunicorn on the loopback. Each client is
another organisation that sends its bid and then replaces it again and again, spread
over the last seconds and a tenth of that beyond the end. Then every answer is held
against the tables: who was told «received» has a receipt from before the end, whoever
was refused has none, and the last text taken is what two people release. Exit status 1
if anything is lost, late or different.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from matchmaker.accounts import passwords
from matchmaker.bids import check
from matchmaker.bids import content as texts
from matchmaker.bids.safe import Safe
from matchmaker.bids.schema import BidInput
from matchmaker.bids.vault import make_key_file
from matchmaker.config import Settings
from matchmaker.schema import parse
from models import (
    Bid,
    BidSubmission,
    Call,
    Organisation,
    User,
    create_db_engine,
    migrate,
    transaction,
)
from models.states import (
    BidState,
    CallStatus,
    OrganisationKind,
    OrganisationRole,
    Role,
)

from . import processes
from .visitor import Visitor

PASSWORD = "bench-bids-2026-11"
GOALS = ["提前预警时间≥10 min", "误报率≤1%"]
# Signing in takes its time; the end is set once everybody has the form open.
BEYOND = 0.1
# So many sign in side by side.
AT_A_TIME = 4
STAFF = ("staff-a@example.com", "staff-b@example.com")


@dataclass(frozen=True)
class Sent:
    """One submission as its sender saw it; ``seconds`` until the answer."""

    organisation: str
    number: int
    status: int
    seconds: float


@dataclass
class Outcome:
    """What was sent, what is there, and what is wrong: the lists should be empty."""

    sent: list[Sent] = field(default_factory=list)
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    last_before_end: float = math.nan
    released: int = 0
    amiss: list[str] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return sum(one.status == 303 for one in self.sent)

    @property
    def refused(self) -> int:
        return sum(one.status == 409 for one in self.sent)

    @property
    def sound(self) -> bool:
        wrong = self.lost or self.late or self.different or self.unanswered
        return not (wrong or self.amiss) and self.taken == self.stored

    def percentile(self, share: float) -> float:
        """So many of the answers came within so many seconds (nearest rank)."""
        ordered = sorted(one.seconds for one in self.sent)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Bidder(threading.Thread):
    """One organisation: sends at its moments, each text after the one before."""

    def __init__(self, port: int, number: int, call_id: int) -> None:
        super().__init__(daemon=True)
        self.name_of, self.address = home(number), f"/calls/{call_id}/bid"
        self.visitor, self.number = Visitor(port), number
        self.sent: list[Sent] = []
        self.failures: list[str] = []
        self.last = 0
        self._moments: Sequence[float] = ()
        self._token, self._seen = "", ""

    def open(self) -> None:
        self.visitor.sign_in(email(self.number), PASSWORD)
        page = self.visitor.get(self.address)
        self._token, self._seen = page.hidden("csrf_token"), page.hidden("seen")

    def at(self, moments: Sequence[float]) -> None:
        self._moments = moments

    def run(self) -> None:
        for number, moment in enumerate(self._moments, 1):
            time.sleep(max(0.0, moment - time.time()))
            self._send(number)

    def _send(self, number: int) -> None:
        form = text_of(self.name_of, number)
        posted = flat(form) | {"action": "submit", "promise": "1", "seen": self._seen}
        started = time.perf_counter()
        try:
            page = self.visitor.post(self.address, posted, self._token)
        except OSError as error:
            self.failures.append(f"{self.name_of} {number}: {error!r}")
            return
        seconds = time.perf_counter() - started
        self.sent.append(Sent(self.name_of, number, page.status, seconds))
        if page.status == 303:
            self.last, self._seen = number, texts.mark(content_of(form))
        elif page.status != 409:
            self.failures.append(f"{self.name_of} {number}: status {page.status}")


def home(number: int) -> str:
    return f"揭榜单位{number:02d}有限公司"


def email(number: int) -> str:
    return f"bidder{number:02d}@example.com"


def text_of(name: str, number: int) -> dict[str, Any]:
    """The form of one submission, unlike every other."""
    return {
        "leader": f"{name}负责人第{number}稿",
        "contact": "0731-88880000",
        "team": f"{name}的团队，共十二人，分三组" * 8,
        "approach": f"第{number}稿：融合氢气浓度与电压微分特征，分级报警。" * 30,
        "goals": [
            {"goal": goal, "value": f"第{number}稿 12 min", "evidence": "第三方检测"}
            for goal in GOALS
        ],
        "budget": "420",
        "budget_words": "设备 200 万元，人员 220 万元",
        "schedule": ["第 1 至 6 个月完成样机", "第 7 至 18 个月运行"],
        "months": "18",
        "readiness": "6",
        "readiness_words": "中试报告",
    }


def flat(form: Mapping[str, Any]) -> dict[str, Any]:
    """As a browser posts it."""
    parts = ("goal", "value", "evidence")
    rows = {f"goal_{part}": [one[part] for one in form["goals"]] for part in parts}
    return {name: value for name, value in form.items() if name != "goals"} | rows


def content_of(form: Mapping[str, Any]) -> texts.Content:
    """What the server is to have stored."""
    return texts.of_form(parse(BidInput, form), GOALS)


def run(
    folder: Path,
    *,
    clients: int = 20,
    submissions: int = 200,
    seconds: float = 5,
    database_url: str = "",
) -> Outcome:
    """Let the clients send so many submissions around the end of a call."""
    url = database_url or f"sqlite:///{folder}/matchmaker.db"
    port = processes.free_port()
    settings = {
        "MATCHMAKER_INSTANCE_DIR": str(folder),
        "MATCHMAKER_DATABASE_URL": url,
        "MATCHMAKER_REDIS_URL": "",
        "MATCHMAKER_EMBEDDING_MODEL": "hashing",
        "MATCHMAKER_PORT": str(port),
        "MATCHMAKER_SIGN_IN_RATE": "1000 per minute",
    }
    engine = create_db_engine(url)
    migrate.upgrade(engine)
    make_key_file(folder / "bids.key")
    server = processes.gunicorn(port, settings, folder)
    with processes.ended(server):
        call_id = _people_and_call(engine, clients)
        processes.wait_for_page(port, server)
        bidders = [Bidder(port, number, call_id) for number in range(clients)]
        staff = _signed_in(port, bidders)
        ends = _set_end(engine, call_id, seconds)
        _spread(bidders, submissions, ends.timestamp(), seconds)
        for one in bidders:
            one.start()
        for one in bidders:
            one.join()
        outcome = _compare(engine, bidders, ends)
        _release(staff, call_id, ends)
    outcome.released = _released(engine, bidders, outcome)
    outcome.amiss = _amiss(engine, folder)
    engine.dispose()
    return outcome


def _people_and_call(engine: Engine, clients: int) -> int:
    now, hashed = datetime.now(UTC), passwords.hashed(PASSWORD)
    with Session(engine) as session:
        with transaction(session):
            for number in range(clients):
                kind = OrganisationKind.ENTERPRISE
                firm = Organisation(name=home(number), kind=kind, created_at=now)
                session.add(_user(email(number), Role.ENTERPRISE, hashed, now, firm))
            session.add_all(_user(each, Role.STAFF, hashed, now) for each in STAFF)
            issuer = Organisation(
                name="发榜园区", kind=OrganisationKind.PARK, created_at=now
            )
            session.add(issuer)
            session.flush()
            call = Call(
                issuer_id=issuer.id,
                status=CallStatus.OPEN,
                title="最后几秒的揭榜",
                field="ES",
                background="二十家单位在最后五秒提交。",
                goals=GOALS,
                funding_fen=500_000_000,
                opens_at=now - timedelta(days=30),
                questions_until=now - timedelta(days=7),
                closes_at=now + timedelta(days=1),
                created_at=now,
                updated_at=now,
                published_at=now,
            )
            session.add(call)
        return call.id


def _user(
    address: str,
    role: Role,
    hashed: str,
    now: datetime,
    organisation: Organisation | None = None,
) -> User:
    """An account; all have one password, so that it is hashed once."""
    return User(
        email=address,
        name="测试员",
        password_hash=hashed,
        role=role,
        organisation=organisation,
        org_role=OrganisationRole.MANAGER,
        created_at=now,
    )


def _signed_in(port: int, bidders: Sequence[Bidder]) -> list[Visitor]:
    """Everybody signs in at a time, and each bidder opens the form.

    Passwords are slow to check on purpose. Returns the two of the staff.
    """
    staff = [Visitor(port) for _ in STAFF]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        opened = [pool.submit(one.open) for one in bidders]
        for visitor, address in zip(staff, STAFF, strict=True):
            opened.append(pool.submit(visitor.sign_in, address, PASSWORD))
    for one in opened:
        one.result()
    return staff


def _set_end(engine: Engine, call_id: int, seconds: float) -> datetime:
    """The end, so far away that everybody can begin in time."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds + 1)
    with Session(engine) as session, transaction(session):
        session.get_one(Call, call_id).closes_at = ends
    return ends


def _spread(
    bidders: Sequence[Bidder], submissions: int, ends: float, seconds: float
) -> None:
    """Each its moments, evenly over the last seconds and a little beyond."""
    step = seconds * (1 + BEYOND) / submissions
    for place, one in enumerate(bidders):
        own = range(place, submissions, len(bidders))
        one.at([ends - seconds + number * step for number in own])


def _compare(engine: Engine, bidders: Sequence[Bidder], ends: datetime) -> Outcome:
    """Hold every answer against the receipts there are."""
    outcome = Outcome(sent=[sent for one in bidders for sent in one.sent])
    outcome.unanswered = [words for one in bidders for words in one.failures]
    with Session(engine) as session:
        rows = session.execute(
            select(Organisation.name, BidSubmission.number, BidSubmission.at)
            .join(Bid, BidSubmission.bid_id == Bid.id)
            .join(Organisation, Bid.organisation_id == Organisation.id)
        ).all()
    outcome.stored = len(rows)
    outcome.late = [f"{name} {number}: {at}" for name, number, at in rows if at >= ends]
    if rows:
        last = max(at for _, _, at in rows)
        outcome.last_before_end = (ends - last).total_seconds()
    told = Counter(one.organisation for one in outcome.sent if one.status == 303)
    there = Counter(name for name, _, _ in rows)
    for name in told.keys() | there.keys():
        if told[name] > there[name]:
            outcome.lost.append(f"{name}: {told[name]} told, {there[name]} stored")
        elif told[name] < there[name]:
            outcome.different.append(f"{name}: stored and refused")
    return outcome


def _release(staff: Sequence[Visitor], call_id: int, ends: datetime) -> None:
    """Two of the staff press, each in a browser of its own."""
    time.sleep(max(0.0, ends.timestamp() - time.time()))
    for visitor in staff:
        path = f"/calls/{call_id}/release"
        token = visitor.get(path).hidden("csrf_token")
        page = visitor.post(path, {}, token)
        if page.status != 303:
            raise RuntimeError(f"the release was refused: {page.status}")


def _released(engine: Engine, bidders: Sequence[Bidder], outcome: Outcome) -> int:
    """How many were released; each holds the last text that was taken."""
    with Session(engine) as session:
        query = select(Organisation.name, Bid.content).join(
            Organisation, Bid.organisation_id == Organisation.id
        )
        rows = session.execute(query.where(Bid.state == BidState.RELEASED)).all()
    found = {row.name: row.content for row in rows}
    for one in bidders:
        if one.last and found.get(one.name_of) != content_of(
            text_of(one.name_of, one.last)
        ):
            outcome.different.append(f"{one.name_of}: not its last text")
    return len(found)


def _amiss(engine: Engine, folder: Path) -> list[str]:
    """What `flask bids check` would say is wrong."""
    safe = Safe.of(Settings(instance_dir=folder, bids_key_file=folder / "bids.key"))
    with Session(engine) as session:
        found = check.check_all(session, safe).found
    return [f"bid {one.bid_id}: {one.words}" for one in found]


def report(outcome: Outcome) -> str:
    """The figures, a line each."""
    wrong = (*outcome.lost, *outcome.late, *outcome.different)
    wrong += (*outcome.unanswered, *outcome.amiss)
    return "\n".join(
        (
            f"sent {len(outcome.sent)}, received {outcome.taken}, "
            f"refused {outcome.refused}, stored {outcome.stored}",
            f"lost {len(outcome.lost)}, late {len(outcome.late)}, "
            f"different {len(outcome.different)}, "
            f"unanswered {len(outcome.unanswered)}",
            f"last receipt {outcome.last_before_end * 1000:.1f} ms before the end",
            f"answer: median {outcome.percentile(0.5) * 1000:.0f} ms, "
            f"p95 {outcome.percentile(0.95) * 1000:.0f} ms, "
            f"longest {outcome.percentile(1) * 1000:.0f} ms",
            f"released {outcome.released}, amiss {len(outcome.amiss)}",
            *wrong,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        outcome = run(
            given.folder or Path(fresh),
            clients=given.clients,
            submissions=given.submissions,
            seconds=given.seconds,
            database_url=given.database_url,
        )
    print(report(outcome))
    if not outcome.sound:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
