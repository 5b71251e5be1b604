"""A ledger as large as the city's may become, for the boards: five years of contracts.

    python -m benchmarks.ledger_seed [--contracts 130000] [--years 5]
                                     [--pairs 100000]
                                     [--folder build/boards] [--url URL]

Recognised contracts with a season as real years have one (little in February, very
much in December), sums from a few thousand yuan to a few hundred million, every type,
field, kind of party and direction; of each year some that wait, are refused or were
cancelled. Beside them match suggestions, introductions with their answers, and the
contracts these led to, so that the funnel, the league and the exposure have something
to count.

Writes into SQLite in ``--folder``, or into the empty database ``--url`` names, which
may be PostgreSQL. A database that holds any table is left alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from matchmaker.accounts.passwords import hashed
from matchmaker.config import Settings
from models import (
    Achievement,
    Contract,
    Introduction,
    IntroductionAnswer,
    Need,
    Organisation,
    Suggestion,
    User,
    YearFact,
    create_db_engine,
    migrate,
)
from models.accounts import name_key
from models.introductions import subject_of
from models.regions import DISTRICT_CODES, PROVINCES
from models.session import keep_statistics
from models.states import (
    AchievementStatus,
    ContractSource,
    ContractState,
    ContractType,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    NeedStatus,
    OrganisationKind,
    Ownership,
    PartyKind,
    Role,
    Side,
    Stage,
    SuggestionKind,
    SuggestionStatus,
)

from .processes import ROOT

Row = dict[str, Any]

FOLDER = ROOT / "build" / "boards"
STAFF, ADMIN = "kanban@boards.example", "guanli@boards.example"
PASSWORD = "changsha-boards-2026"
AT_ONCE = 2_000
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FIELDS = ("EM", "AT", "ES", "NM", "IC", "AI", "BD", "AS", "BM", "MD", "AG", "EP", "RB")
TECHNOLOGY_FIELDS = ("electronic", "software", "material", "biology", "energy", None)
# Relative weights of the months of a year.
SEASON = (5, 2, 7, 7, 8, 11, 7, 7, 10, 7, 10, 19)
TYPES = {
    ContractType.DEVELOPMENT: 38,
    ContractType.TRANSFER: 4,
    ContractType.LICENCE: 3,
    ContractType.CONSULTING: 9,
    ContractType.SERVICE: 46,
}
KINDS = {
    PartyKind.ENTERPRISE: 70,
    PartyKind.UNIVERSITY: 12,
    PartyKind.INSTITUTE: 7,
    PartyKind.GOVERNMENT: 6,
    PartyKind.HOSPITAL: 2,
    PartyKind.OTHER: 2,
    None: 1,
}
STATES = {
    ContractState.RECOGNISED: 92,
    ContractState.AMENDED: 3,
    ContractState.CANCELLED: 1,
    ContractState.REFUSED: 1,
    ContractState.SUBMITTED: 1,
    ContractState.SIGNED: 2,
}
REGISTERED = (
    ContractState.RECOGNISED,
    ContractState.AMENDED,
    ContractState.CANCELLED,
)
ORGANISATIONS = 3_000
UNIVERSITIES = 40
MANAGERS = 25


def main() -> None:
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    own = Settings(instance_dir=options.folder, database_url=options.url)
    if own.url == Settings().url:
        raise SystemExit("that is the database in use; name another one")
    engine = create_db_engine(own.url)
    if sa.inspect(engine).get_table_names():
        raise SystemExit("the database holds tables; name an empty one")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    started = time.perf_counter()
    migrate.upgrade(engine)
    with engine.begin() as connection:
        Seeder(connection, options).run()
    keep_statistics(engine)
    engine.dispose()
    print(f"filled in {time.perf_counter() - started:.0f} s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=130_000)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--url", default="")
    return parser.parse_args()


class Seeder:
    """Fills one database; the same numbers give the same rows."""

    def __init__(self, connection: Connection, options: argparse.Namespace) -> None:
        self.connection, self.options = connection, options
        self.random = Random(2026)

    def run(self) -> None:
        self._organisations()
        self._people()
        self._records()
        self._pairs()
        self._introductions()
        self._contracts()
        self._facts()

    def _insert(self, model: Any, rows: Iterable[Row]) -> None:
        rows, number = iter(rows), 0
        while some := list(islice(rows, AT_ONCE)):
            self.connection.execute(insert(model), some)
            number += len(some)
        print(f"{model.__tablename__}: {number:,}", flush=True)

    def _pick(self, weights: dict[Any, int]) -> Any:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _organisations(self) -> None:
        def row(number: int) -> Row:
            is_university = number <= UNIVERSITIES
            name = f"第{number}{'大学' if is_university else '科技有限公司'}"
            kind = OrganisationKind
            return {
                "id": number,
                "name": name,
                "name_key": name_key(name),
                "kind": kind.UNIVERSITY if is_university else kind.ENTERPRISE,
                "district": self.random.choice(list(DISTRICT_CODES.values())),
                "is_demo": False,
                "created_at": NOW,
            }

        self._insert(Organisation, map(row, range(1, ORGANISATIONS + 1)))

    def _people(self) -> None:
        password = hashed(PASSWORD)
        people = [(STAFF, Role.STAFF), (ADMIN, Role.ADMIN)]
        people += [(f"m{n}@boards.example", Role.MANAGER) for n in range(MANAGERS)]
        self._insert(
            User,
            (
                {
                    "id": number,
                    "email": email,
                    "name": email.partition("@")[0],
                    "password_hash": password,
                    "role": role,
                    "organisation_id": 1 if role is Role.MANAGER else None,
                    "created_at": NOW,
                }
                for number, (email, role) in enumerate(people, 1)
            ),
        )

    def _records(self) -> None:
        """A fifth as many needs as pairs, as many achievements."""
        self.records = max(1, self.options.pairs // 5)
        common = {"created_at": NOW, "updated_at": NOW, "version": 1, "field": "ES"}
        self._insert(
            Need,
            (
                common
                | {
                    "id": number,
                    "organisation_id": self.random.randint(
                        UNIVERSITIES + 1, ORGANISATIONS
                    ),
                    "status": NeedStatus.PUBLISHED,
                    "title": f"需求 {number}",
                    "problem": "温度过高时报警太晚。",
                    "district": "岳麓区",
                    "targets": [],
                    "cooperation": [],
                    "published_at": self._moment(self._day()),
                }
                for number in range(1, self.records + 1)
            ),
        )
        self._insert(
            Achievement,
            (
                common
                | {
                    "id": number,
                    "organisation_id": self.random.randint(1, UNIVERSITIES),
                    "status": AchievementStatus.PUBLISHED,
                    "title": f"成果 {number}",
                    "inventors": "某人",
                    "abstract": "提前识别异常。",
                    "indicators": [],
                    "trl": 7,
                    "stage": Stage.PILOT,
                    "ip": [],
                    "ownership": Ownership.UNIT,
                    "modes": [],
                    "published_at": self._moment(self._day()),
                }
                for number in range(1, self.records + 1)
            ),
        )

    def _pairs(self) -> None:
        statuses = {
            SuggestionStatus.PENDING: 60,
            SuggestionStatus.APPROVED: 20,
            SuggestionStatus.REJECTED: 20,
        }

        def row(number: int) -> Row:
            status = self._pick(statuses)
            made = self._moment(self._day())
            decided = made + timedelta(days=self.random.expovariate(1 / 4))
            return {
                "id": number,
                "kind": SuggestionKind.NEED_ACHIEVEMENT,
                # Five a need, each of another achievement.
                "need_id": (number - 1) // 5 % self.records + 1,
                "achievement_id": (number * 7919 + number % 5) % self.records + 1,
                "score": 0.8,
                "probability": 0.8,
                "features": {},
                "ranker": "default",
                "evidence": {"pairs": ["温度"] * 40},
                "left_hash": "l",
                "right_hash": "r",
                "status": status,
                "decided_at": None if status is SuggestionStatus.PENDING else decided,
                "created_at": made,
                "updated_at": made,
                "version": 1,
            }

        seen: set[tuple[int, int]] = set()
        rows = []
        for number in range(1, self.options.pairs + 1):
            one = row(number)
            if (pair := (one["need_id"], one["achievement_id"])) not in seen:
                seen.add(pair)
                rows.append(one)
        self.approved = [r for r in rows if r["status"] is SuggestionStatus.APPROVED]
        self._insert(Suggestion, rows)

    def _introductions(self) -> None:
        """One for every third approved pair; two in three come to talks."""
        rows, answers, self.signed = [], [], []
        owners = dict(
            self.connection.execute(sa.select(Need.id, Need.organisation_id)).all()
        )
        holders = dict(
            self.connection.execute(
                sa.select(Achievement.id, Achievement.organisation_id)
            ).all()
        )
        for number, pair in enumerate(self.approved[::3], 1):
            need, achievement = pair["need_id"], pair["achievement_id"]
            made = pair["decided_at"] + timedelta(days=2)
            talks = self.random.random() < 0.66
            signed = talks and self.random.random() < 0.3
            status = (
                IntroductionStatus.SIGNED
                if signed
                else IntroductionStatus.TALKING
                if talks
                else IntroductionStatus.WAITING
            )
            rows.append(
                {
                    "id": number,
                    "origin": IntroductionOrigin.SUGGESTION,
                    "suggestion_id": pair["id"],
                    "need_id": need,
                    "achievement_id": achievement,
                    "subject": subject_of(need, achievement, None),
                    "seeker_id": owners[need],
                    "provider_id": holders[achievement],
                    "status": status,
                    "status_since": made,
                    "manager_id": self.random.choice([None, *range(3, 3 + MANAGERS)]),
                    "created_at": made,
                    "updated_at": made,
                    "version": 1,
                }
            )
            if signed:
                self.signed.append((number, rows[-1]))
            if talks:
                answers += [
                    {
                        "introduction_id": number,
                        "side": side,
                        "interest": Interest.INTERESTED,
                        "words": "",
                        "user_id": 1,
                        "at": made + timedelta(days=self.random.expovariate(1 / 3)),
                    }
                    for side in Side
                ]
        self._insert(Introduction, rows)
        self._insert(IntroductionAnswer, answers)

    def _contracts(self) -> None:
        self._insert(
            Contract, map(self._contract, range(1, self.options.contracts + 1))
        )

    def _contract(self, number: int) -> Row:
        state = self._pick(STATES)
        recognised = self._day()
        signed = recognised - timedelta(days=self.random.randint(3, 90))
        total = int(self.random.lognormvariate(12.9, 1.7)) * 100 + 100
        introduction = self.signed[number - 1] if number <= len(self.signed) else None
        if introduction is not None:
            made = introduction[1]["created_at"].date()
            signed = min(made + timedelta(days=self.random.randint(10, 60)), TODAY)
            recognised = min(signed + timedelta(days=self.random.randint(5, 40)), TODAY)
        seller = self.random.randint(1, ORGANISATIONS // 4)
        buyer = self.random.randint(ORGANISATIONS // 4 + 1, ORGANISATIONS)
        known = introduction is not None or self.random.random() < 0.3
        has_number = state in REGISTERED
        return {
            "id": number,
            "code": f"HT-{number:07d}",
            "registration_number": f"4301{number:08d}" if has_number else None,
            "source": ContractSource.PLATFORM
            if introduction
            else ContractSource.IMPORTED,
            "state": state,
            "state_since": NOW,
            "introduction_id": introduction[0] if introduction else None,
            "manager_id": introduction[1]["manager_id"] if introduction else None,
            "name": f"某系统研制与应用技术合同之{number}",
            "type": self._pick(TYPES),
            "total_fen": total,
            "technology_fen": int(total * self.random.uniform(0.5, 1)),
            "signed_on": signed,
            "field": self.random.choice(FIELDS),
            "technology_field": self.random.choice(TECHNOLOGY_FIELDS),
            "content": "按约定完成系统的设计、试制、现场测试与验收。" * 12,
            "buyer_id": buyer if known else None,
            "buyer_name": f"第{buyer}科技有限公司",
            "buyer_kind": self._pick(KINDS),
            "buyer_region": self._region(),
            "buyer_form": {},
            "seller_id": seller if known else None,
            "seller_name": f"第{seller}{'大学' if seller <= UNIVERSITIES else '公司'}",
            "seller_kind": PartyKind.UNIVERSITY
            if seller <= UNIVERSITIES
            else self._pick(KINDS),
            "seller_region": self._region(),
            "seller_form": {},
            "recognised_on": recognised if has_number else None,
            "cancelled_on": recognised if state is ContractState.CANCELLED else None,
            "refused_code": "other" if state is ContractState.REFUSED else None,
            "is_demo": False,
            "created_at": NOW,
            "updated_at": NOW,
            "version": 1,
        }

    def _region(self) -> str | None:
        share = self.random.random()
        if share < 0.68:
            return self.random.choice(list(DISTRICT_CODES))
        if share < 0.7:
            return None
        return f"{self.random.choice(list(PROVINCES))}0100"

    def _day(self) -> date:
        """A day of the years with the season's weight, not after today."""
        while True:
            year = TODAY.year - self.random.randrange(self.options.years)
            month = self.random.choices(range(1, 13), SEASON)[0]
            day = date(year, month, self.random.randint(1, 28))
            if day <= TODAY:
                return day

    def _moment(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)

    def _facts(self) -> None:
        gdp = {"year": TODAY.year, "name": "gdp", "value": 1_550_000_000_000 * 100}
        rest = {"source": "", "version": 1, "updated_at": NOW}
        self._insert(YearFact, [gdp | rest])


if __name__ == "__main__":
    main()
