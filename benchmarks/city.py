"""The city of the benchmarks: organisations, people, needs, achievements and calls.

Rows as dictionaries, for any number of records in every state. Texts are the sample's
sentences put together anew (`synthetic.Texts`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from matchmaker.accounts.passwords import hashed
from models import Achievement, Call, Need, Organisation, User
from models.accounts import name_key
from models.fields import DISTRICTS, field_name
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    CallStatus,
    Mode,
    NeedStatus,
    OrganisationKind,
    OrganisationRole,
    Ownership,
    Role,
    Secrecy,
    Stage,
)

from .synthetic import Texts

Row = dict[str, Any]
Tables = Iterator[tuple[str, Any, Iterable[Row]]]

PASSWORD = "changsha-lists-2026"
ENTERPRISE, UNIVERSITY = "qiye@lists.example", "gaoxiao@lists.example"
STAFF, ADMIN = "shenhe@lists.example", "guanli@lists.example"
STAFF_ID, ADMIN_ID, ENTERPRISE_ID, UNIVERSITY_ID = 1, 2, 3, 4
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
NEVER_SUBMITTED = frozenset({NeedStatus.DRAFT, AchievementStatus.DRAFT})
NEVER_PUBLISHED = NEVER_SUBMITTED | {
    NeedStatus.PENDING,
    NeedStatus.RETURNED,
    AchievementStatus.PENDING,
    AchievementStatus.RETURNED,
}


class City:
    """All rows but the vectors and the dealings, each table after those it needs."""

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
        self.past: list[Row] = []
        self.people = 0

    def tables(self) -> Tables:
        yield "organisations", Organisation, self._organisations()
        yield "accounts", User, self._users()
        yield "needs", Need, self._needs()
        yield "achievements", Achievement, self._achievements()
        yield "calls", Call, self._calls()

    def moment(self) -> datetime:
        """Some moment of the last years, the later the likelier."""
        days = YEARS * 365 * (1 - self.random.random() ** 0.5)
        return self.now - timedelta(days=days)

    def one_of(self, weights: dict[Any, int]) -> Any:
        [found] = self.random.choices(list(weights), list(weights.values()))
        return found

    def holder(self, ids: range) -> int:
        if self.random.random() < LARGEST_SHARE:
            return ids[0]
        return self.random.choice(ids)

    def note(self, action: str, kind: str, row: Row, at: datetime, who: int) -> None:
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
                    "created_at": self.moment(),
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
            yield self.user(next(number), email, role, organisation)
        for ids, role in (
            (self.universities, Role.UNIVERSITY),
            (self.enterprises, Role.ENTERPRISE),
        ):
            for organisation in ids:
                id_ = next(number)
                yield self.user(id_, f"user{id_}@lists.example", role, organisation)
        self.people = next(number) - 1

    def user(self, id_: int, email: str, role: Role, organisation: int | None) -> Row:
        return {
            "id": id_,
            "email": email,
            "name": f"用户{id_}",
            "password_hash": self.password,
            "role": role,
            "organisation_id": organisation,
            "org_role": OrganisationRole.MANAGER,
            "active": self.random.random() < 0.97 or id_ <= UNIVERSITY_ID,
            "is_demo": True,
            "totp_last": 0,
            "created_at": self.moment(),
        }

    def _common(self, kind: RecordType, id_: int, status: Any) -> Row:
        """What the three kinds of record have alike, and their history."""
        code = self.random.choice(self.texts.fields)
        made = self.moment()
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
        self.note(f"{kind.value}.created", name, row, made, ENTERPRISE_ID)
        if status not in NEVER_SUBMITTED:
            self.note(f"{kind.value}.submitted", name, row, submitted, ENTERPRISE_ID)
        if row["published_at"] is not None:
            self.note(f"{kind.value}.published", name, row, published, STAFF_ID)
        elif status == "returned":
            self.note(f"{kind.value}.returned", name, row, published, STAFF_ID)
        return row

    def _needs(self) -> Iterator[Row]:
        draw = self.random
        for id_ in range(1, self.options.needs + 1):
            status, secrecy = self.one_of(NEED_STATES), self.one_of(SECRECIES)
            row = self._common(RecordType.NEED, id_, status)
            text = self._text(RecordType.NEED, row)
            masked = secrecy is Secrecy.MASKED
            row |= {
                "organisation_id": self.holder(self.enterprises),
                "author_id": ENTERPRISE_ID,
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
            status = self.one_of(ACHIEVEMENT_STATES)
            row = self._common(RecordType.ACHIEVEMENT, id_, status)
            text, trl = self._text(RecordType.ACHIEVEMENT, row), draw.randrange(1, 10)
            row |= {
                "organisation_id": self.holder(self.universities),
                "author_id": UNIVERSITY_ID,
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
            closes = self.now + timedelta(days=id_ % 400 - 100)
            row |= {
                "issuer_id": self.random.choice(self.parks),
                "title": text.title,
                "background": text.body,
                "goals": list(text.points),
                "funding_fen": self.random.randrange(1, 900) * 10_000_000,
                "opens_at": closes - timedelta(days=60),
                "closes_at": closes,
                "questions_until": closes - timedelta(days=7),
            }
            self.entries.append((RecordType.CALL, row))
            yield row
