"""Fill a database of its own with as many records as the city may come to hold.

    python -m benchmarks.seed [--needs 64000] [--achievements 154000]
                              [--folder build/lists] [--url URL]

Needs, achievements and calls in every state, masked and restricted needs, the firms
and people they are of, suggestions and decisions, notices, subscriptions,
registrations, the history of it all, and stored vectors. Texts are the sample's
sentences put together anew, vectors are mixtures near real ones (`synthetic`).

Writes into SQLite in ``--folder``, or into the empty database ``--url`` names, which
may be PostgreSQL. A database that holds any table is left alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, insert

from index.text import sources
from matchmaker.accounts.passwords import hashed
from matchmaker.config import Settings
from matchmaker.search.live import make_encoder
from models import (
    Achievement,
    Call,
    Embedding,
    Finding,
    History,
    IndexChange,
    Need,
    Notice,
    Organisation,
    Registration,
    Review,
    Subscription,
    Suggestion,
    User,
    create_db_engine,
    migrate,
)
from models.accounts import name_key
from models.fields import DISTRICTS, field_name
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    CallStatus,
    Decision,
    Frequency,
    Mode,
    NeedStatus,
    OrganisationKind,
    OrganisationRole,
    Ownership,
    RegistrationState,
    RejectReason,
    Role,
    Secrecy,
    Stage,
    SuggestionKind,
    SuggestionStatus,
)

from .processes import ROOT
from .synthetic import Entry, Texts, Vectors, embedding_rows

Row = dict[str, Any]
T = TypeVar("T")

FOLDER = ROOT / "build" / "lists"
PASSWORD = "changsha-lists-2026"
ENTERPRISE, UNIVERSITY = "qiye@lists.example", "gaoxiao@lists.example"
STAFF, ADMIN = "shenhe@lists.example", "guanli@lists.example"
AT_ONCE = 2_000
YEARS = 6
# A firm, and a university, with very many records: theirs are the longest own lists.
LARGEST_SHARE = 0.03

NEED_STATES = {
    NeedStatus.PUBLISHED: 68,
    NeedStatus.EXPIRED: 12,
    NeedStatus.SOLVED: 8,
    NeedStatus.DRAFT: 5,
    NeedStatus.RETURNED: 3,
    NeedStatus.WITHDRAWN: 2,
    NeedStatus.PENDING: 2,
}
SECRECIES = {Secrecy.PUBLIC: 70, Secrecy.MASKED: 20, Secrecy.RESTRICTED: 10}
ACHIEVEMENT_STATES = {
    AchievementStatus.PUBLISHED: 84,
    AchievementStatus.TRANSFERRED: 6,
    AchievementStatus.DRAFT: 4,
    AchievementStatus.EXPIRED: 2,
    AchievementStatus.WITHDRAWN: 1,
    AchievementStatus.RETURNED: 2,
    AchievementStatus.PENDING: 1,
}
PAIR_STATES = {
    SuggestionStatus.PENDING: 40,
    SuggestionStatus.APPROVED: 30,
    SuggestionStatus.REJECTED: 25,
    SuggestionStatus.SNOOZED: 5,
}
DECISIONS = {
    SuggestionStatus.APPROVED: Decision.APPROVE,
    SuggestionStatus.REJECTED: Decision.REJECT,
    SuggestionStatus.SNOOZED: Decision.SNOOZE,
}
NEVER_SUBMITTED = frozenset({NeedStatus.DRAFT, AchievementStatus.DRAFT})
NEVER_PUBLISHED = NEVER_SUBMITTED | {
    NeedStatus.PENDING,
    NeedStatus.RETURNED,
    AchievementStatus.PENDING,
    AchievementStatus.RETURNED,
}


def main() -> None:
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    own = Settings(instance_dir=options.folder, database_url=options.url)
    if own.url == Settings().url:
        raise SystemExit("that is the database in use; name another one")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    started = time.perf_counter()
    engine = create_db_engine(own.url)
    seed(engine, options, started)
    engine.dispose()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--needs", type=int, default=64_000)
    add("--achievements", type=int, default=154_000)
    add("--calls", type=int, default=800)
    add("--organisations", type=int, default=4_000)
    add("--pairs", type=int, default=120_000, help="match suggestions")
    add("--folder", type=Path, default=FOLDER, help="for SQLite and what goes with it")
    add("--url", default="", help="an empty database instead, as SQLAlchemy names it")
    add("--sentences", type=int, default=3, help="in the body of each record")
    add("--points", type=int, default=2, help="targets or indicators of each record")
    add("--real", type=int, default=12, help="texts of a field and side to encode")
    add("--seed", type=int, default=7)
    return parser.parse_args()


def seed(engine: Engine, options: argparse.Namespace, started: float) -> None:
    """Fill the empty database; raises `SystemExit` for one that is not empty."""
    if sa.inspect(engine).get_table_names():
        raise SystemExit(f"{engine.url!r} is not empty; name another or delete it")
    migrate.upgrade(engine)
    encoder = make_encoder(Settings())
    texts = Texts(Random(options.seed))
    vectors = Vectors(encoder, texts, options.real, options.seed)
    _say(started, "encoded the real texts")
    city = City(options, texts, datetime.now(UTC))
    with engine.connect() as connection:
        for name, table, rows in city.tables():
            number = _fill(connection, table, rows)
            _say(started, f"{number:,} {name}")
        rows = _embeddings(city, texts, vectors, encoder.name)
        _say(started, f"{_fill(connection, Embedding, rows):,} passages")
        _set_numbers(connection)
        _analyse(connection)
    _say(started, f"done; everybody's password is {PASSWORD}")


def _say(started: float, words: str) -> None:
    print(f"{time.perf_counter() - started:6.0f} s  {words}", flush=True)


def _fill(connection: Connection, table: Any, rows: Iterable[Row]) -> int:
    total = 0
    for some in _batches(rows):
        connection.execute(insert(table), some)
        connection.commit()
        total += len(some)
    return total


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _set_numbers(connection: Connection) -> None:
    """PostgreSQL does not see that the numbers of its counters are taken."""
    if connection.dialect.name != "postgresql":
        return
    for table in TABLES:
        name = table.__tablename__
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'),"
            f" (SELECT max(id) FROM {name}))"
        )
    connection.commit()


def _analyse(connection: Connection) -> None:
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


TABLES = (
    Organisation,
    User,
    Need,
    Achievement,
    Call,
    Suggestion,
    Review,
    Registration,
    Subscription,
    Finding,
    Notice,
    History,
)


class City:
    """All rows but the vectors, each table after those it refers to."""

    def __init__(
        self, options: argparse.Namespace, texts: Texts, now: datetime
    ) -> None:
        self.options, self.texts, self.now = options, texts, now
        self.random = texts.random
        firms = options.organisations
        # The first of each kind is the one with very many records.
        self.universities = range(1, firms // 10 + 1)
        self.parks = range(firms // 10 + 1, firms // 10 + firms // 50 + 1)
        self.enterprises = range(firms // 10 + firms // 50 + 1, firms + 1)
        self.password = hashed(PASSWORD)
        self.entries: list[tuple[RecordType, Row]] = []
        self.public_achievements: list[int] = []
        self.public_needs: list[int] = []
        self.decided: list[Row] = []
        self.past: list[Row] = []
        self.subscriptions: list[Row] = []

    def tables(self) -> Iterator[tuple[str, Any, Iterable[Row]]]:
        yield "organisations", Organisation, self._organisations()
        yield "accounts", User, self._users()
        yield "needs", Need, self._needs()
        yield "achievements", Achievement, self._achievements()
        yield "calls", Call, self._calls()
        yield "suggestions", Suggestion, self._pairs()
        yield "decisions", Review, self._reviews()
        yield "registrations", Registration, self._registrations()
        yield "subscriptions", Subscription, self._subscribed()
        yield "findings", Finding, self._findings()
        yield "notices", Notice, self._notices()
        self.past.sort(key=lambda row: row["at"])
        yield "lines of history", History, iter(self.past)
        changes = [self._change(kind, row) for kind, row in self.entries[-1000:]]
        yield "index changes", IndexChange, changes

    def _moment(self) -> datetime:
        """Some moment of the last years, the later the likelier."""
        days = YEARS * 365 * (1 - self.random.random() ** 0.5)
        return self.now - timedelta(days=days)

    def _one_of(self, weights: dict[Any, int]) -> Any:
        [found] = self.random.choices(list(weights), list(weights.values()))
        return found

    def _holder(self, ids: range) -> int:
        if self.random.random() < LARGEST_SHARE:
            return ids[0]
        return self.random.choice(ids)

    def _note(self, action: str, kind: str, row: Row, at: datetime, who: int) -> None:
        self.past.append(
            {
                "at": at,
                "actor_id": who,
                "action": action,
                "record_type": kind,
                "record_id": row["id"],
                "changes": {},
            }
        )

    def _organisations(self) -> Iterator[Row]:
        for kinds, kind, word in (
            (self.universities, OrganisationKind.UNIVERSITY, "大学"),
            (self.parks, OrganisationKind.PARK, "产业园区"),
            (self.enterprises, OrganisationKind.ENTERPRISE, "科技有限公司"),
        ):
            for id_ in kinds:
                code = self.random.choice(self.texts.fields)
                name = f"{field_name(code)}第{id_}{word}(示例)"
                yield {
                    "id": id_,
                    "name": name,
                    "name_key": name_key(name),
                    "kind": kind,
                    "district": self.random.choice(list(DISTRICTS)),
                    "credit_code": None,
                    "is_demo": True,
                    "created_at": self._moment(),
                }

    def _users(self) -> Iterator[Row]:
        number = count(1)
        fixed = (
            (STAFF, Role.STAFF, None),
            (ADMIN, Role.ADMIN, None),
            (ENTERPRISE, Role.ENTERPRISE, self.enterprises[0]),
            (UNIVERSITY, Role.UNIVERSITY, self.universities[0]),
        )
        for email, role, organisation in fixed:
            yield self._user(next(number), email, role, organisation)
        for ids, role in (
            (self.universities, Role.UNIVERSITY),
            (self.enterprises, Role.ENTERPRISE),
        ):
            for organisation in ids:
                id_ = next(number)
                yield self._user(id_, f"user{id_}@lists.example", role, organisation)
        self.people = next(number) - 1

    def _user(self, id_: int, email: str, role: Role, organisation: int | None) -> Row:
        return {
            "id": id_,
            "email": email,
            "name": f"用户{id_}",
            "password_hash": self.password,
            "role": role,
            "organisation_id": organisation,
            "org_role": OrganisationRole.MANAGER,
            "active": self.random.random() < 0.97 or id_ < 5,
            "is_demo": True,
            "totp_last": 0,
            "created_at": self._moment(),
        }

    def _common(self, kind: RecordType, id_: int, status: Any) -> Row:
        """What the three kinds of record have alike, and their history."""
        code = self.random.choice(self.texts.fields)
        made = self._moment()
        submitted = made + timedelta(hours=self.random.randrange(1, 90))
        published = submitted + timedelta(hours=self.random.randrange(1, 200))
        row = {
            "id": id_,
            "code": f"{kind[0].upper()}-L{id_:06d}",
            "field": code,
            "status": status,
            "is_demo": True,
            "version": 1,
            "created_at": made,
            "updated_at": max(made, submitted),
            "published_at": None if status in NEVER_PUBLISHED else published,
        }
        name = f"{kind.value}s"
        self._note(f"{kind.value}.created", name, row, made, 3)
        if status not in NEVER_SUBMITTED:
            self._note(f"{kind.value}.submitted", name, row, submitted, 3)
        if row["published_at"] is not None:
            self._note(f"{kind.value}.published", name, row, published, 1)
        elif status == "returned":
            self._note(f"{kind.value}.returned", name, row, published, 1)
        return row

    def _needs(self) -> Iterator[Row]:
        draw = self.random
        for id_ in range(1, self.options.needs + 1):
            status, secrecy = self._one_of(NEED_STATES), self._one_of(SECRECIES)
            row = self._common(RecordType.NEED, id_, status)
            text = self._text(RecordType.NEED, row)
            masked = secrecy is Secrecy.MASKED
            row |= {
                "organisation_id": self._holder(self.enterprises),
                "author_id": 3,
                "secrecy": secrecy,
                "title": text.title,
                "problem": text.body,
                "targets": list(text.points),
                "public_title": text.title.partition("(")[0] if masked else None,
                "public_problem": text.body.partition("。")[0] if masked else None,
                "public_targets": list(text.points[:1]) if masked else None,
                "district": draw.choice(list(DISTRICTS)),
                "trl_expected": draw.choice((None, *range(3, 10))),
                "budget_fen": draw.choice((None, draw.randrange(1, 900) * 1_000_000)),
                "cooperation": self._modes(),
                "deadline": self._deadline(status),
            }
            self.entries.append((RecordType.NEED, row))
            if status is NeedStatus.PUBLISHED and secrecy is not Secrecy.RESTRICTED:
                self.public_needs.append(id_)
            yield row

    def _text(self, kind: RecordType, row: Row) -> Any:
        options = self.options
        return self.texts.draw(
            kind, row["field"], row["id"], options.sentences, options.points
        )

    def _modes(self) -> list[str]:
        return [
            m.value
            for m in self.random.sample(list(Mode), self.random.choice((1, 2, 3)))
        ]

    def _deadline(self, status: NeedStatus) -> date | None:
        days = self.random.randrange(1, 500)
        if status is NeedStatus.EXPIRED:
            days = -days
        return (
            (self.now + timedelta(days=days)).date()
            if self.random.random() < 0.8
            else None
        )

    def _achievements(self) -> Iterator[Row]:
        draw = self.random
        for id_ in range(1, self.options.achievements + 1):
            status = self._one_of(ACHIEVEMENT_STATES)
            row = self._common(RecordType.ACHIEVEMENT, id_, status)
            text, trl = self._text(RecordType.ACHIEVEMENT, row), draw.randrange(1, 10)
            row |= {
                "organisation_id": self._holder(self.universities),
                "author_id": 4,
                "title": text.title,
                "inventors": f"发明人{id_ % 5000}(示例)",
                "abstract": text.body,
                "indicators": list(text.points),
                "trl": trl,
                "trl_stated": trl,
                "stage": list(Stage)[min(3, trl // 3)],
                "ip": [{"type": "发明专利", "status": "授权", "count": 1 + id_ % 4}],
                "ownership": draw.choice(list(Ownership)),
                "modes": self._modes(),
                "price_fen": draw.choice((None, draw.randrange(1, 900) * 1_000_000)),
            }
            self.entries.append((RecordType.ACHIEVEMENT, row))
            if status is AchievementStatus.PUBLISHED:
                self.public_achievements.append(id_)
            yield row

    def _calls(self) -> Iterator[Row]:
        for id_ in range(1, self.options.calls + 1):
            row = self._common(
                RecordType.CALL, id_, self.random.choice(list(CallStatus))
            )
            text = self._text(RecordType.CALL, row)
            row |= {
                "issuer_id": self.random.choice(self.parks),
                "title": text.title,
                "background": text.body,
                "goals": list(text.points),
                "funding_fen": self.random.randrange(1, 900) * 10_000_000,
                "deadline": (self.now + timedelta(days=id_ % 400 - 100)).date(),
            }
            self.entries.append((RecordType.CALL, row))
            yield row

    def _pairs(self) -> Iterator[Row]:
        draw, seen = self.random, set()
        for id_ in range(1, self.options.pairs + 1):
            need = draw.choice(self.public_needs)
            pair = need, draw.choice(self.public_achievements)
            if pair in seen:
                continue
            seen.add(pair)
            status, made = self._one_of(PAIR_STATES), self._moment()
            likely = round(draw.random(), 6)
            done = status in DECISIONS
            row = {
                "id": id_,
                "kind": SuggestionKind.NEED_ACHIEVEMENT,
                "need_id": pair[0],
                "achievement_id": pair[1],
                "score": 10 * likely,
                "probability": likely,
                "features": {},
                "ranker": "synthetic",
                "evidence": {},
                "left_hash": "",
                "right_hash": "",
                "status": status,
                "snoozed_until": (
                    self.now + timedelta(days=draw.randrange(-9, 30))
                ).date()
                if status is SuggestionStatus.SNOOZED
                else None,
                "version": 1,
                "created_at": made,
                "updated_at": made,
                "decided_at": made + timedelta(days=2) if done else None,
                "seen_at": self._seen(made),
                "holder_seen_at": self._seen(made),
            }
            if done:
                self.decided.append(row)
            yield row

    def _seen(self, made: datetime) -> datetime | None:
        """Most of what was approved has been looked at."""
        return made + timedelta(days=4) if self.random.random() < 0.95 else None

    def _reviews(self) -> Iterator[Row]:
        for row in self.decided:
            decision = DECISIONS[row["status"]]
            refused = decision is Decision.REJECT
            yield {
                "suggestion_id": row["id"],
                "reviewer_id": 1,
                "decision": decision,
                "reason": self.random.choice(list(RejectReason)) if refused else None,
                "from_status": SuggestionStatus.PENDING,
                "to_status": row["status"],
                "snoozed_until": row["snoozed_until"],
                "score": row["score"],
                "probability": row["probability"],
                "features": {},
                "ranker": "synthetic",
                "at": row["decided_at"],
            }
            action = f"suggestion.{row['status'].value}"
            self._note(action, "suggestions", row, row["decided_at"], 1)

    def _registrations(self) -> Iterator[Row]:
        for number in range(1, self.options.organisations // 4 + 1):
            state = self.random.choice(list(RegistrationState))
            at = self._moment()
            waiting = state is RegistrationState.UNCONFIRMED
            yield {
                "form_key": f"seed-{number}",
                "email": f"new{number}@lists.example",
                "name": f"申请人{number}",
                "password_hash": self.password,
                "organisation_name": f"新登记第{number}科技有限公司(示例)",
                "credit_code": f"{number:018d}",
                "kind": OrganisationKind.ENTERPRISE,
                "district": self.random.choice(list(DISTRICTS)),
                "state": state,
                "version": 1,
                "created_at": at,
                "submitted_at": None if waiting else at,
            }

    def _subscribed(self) -> Iterator[Row]:
        for number in range(1, self.people // 2 + 1):
            user = 4 if number <= 30 else number
            kind = self.random.choice((RecordType.NEED, RecordType.ACHIEVEMENT))
            row = {
                "id": number,
                "user_id": user,
                "record_type": kind,
                "query": {"field": [self.random.choice(self.texts.fields)]},
                "fingerprint": f"{number:064d}",
                "frequency": self.random.choice(list(Frequency)),
                "by_mail": False,
                "created_at": self._moment(),
                "since": self.now,
            }
            self.subscriptions.append(row)
            yield row

    def _findings(self) -> Iterator[Row]:
        for row in self.subscriptions:
            ids = (
                self.public_needs
                if row["record_type"] is RecordType.NEED
                else self.public_achievements
            )
            for record in self.random.sample(ids, min(20, len(ids))):
                yield {
                    "subscription_id": row["id"],
                    "user_id": row["user_id"],
                    "record_type": row["record_type"],
                    "record_id": record,
                    "found_at": self.now,
                    "told_at": self.now,
                }

    def _notices(self) -> Iterator[Row]:
        for user in range(1, self.people + 1):
            for _ in range(3_000 if user <= 4 else 5):
                need, at = self.random.choice(self.public_needs), self._moment()
                yield {
                    "user_id": user,
                    "kind": "need_published",
                    "facts": {"need_id": need, "title": f"需求 {need}"},
                    "created_at": at,
                    "read_at": at if self.random.random() < 0.9 else None,
                }

    def _change(self, kind: RecordType, row: Row) -> Row:
        return {"record_type": kind, "record_id": row["id"], "at": self.now}


RECORDS: dict[RecordType, Callable[..., Any]] = {
    RecordType.NEED: Need,
    RecordType.ACHIEVEMENT: Achievement,
    RecordType.CALL: Call,
}


def _embeddings(
    city: City, texts: Texts, vectors: Vectors, encoder: str
) -> Iterator[Row]:
    """The texts of every record for each audience, by the rule of the index itself."""
    nobody = Organisation(name="")
    for some in _batches(city.entries):
        entries = []
        for kind, row in some:
            record = RECORDS[kind](**row)
            if kind is RecordType.NEED:
                record.organisation = nobody
            entries += [
                Entry(kind, row["id"], audience, row["field"], source)
                for audience, source in sources(record).items()
            ]
        yield from embedding_rows(entries, texts, vectors, encoder)


if __name__ == "__main__":
    main()
