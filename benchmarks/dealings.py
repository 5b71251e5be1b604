"""What goes on in the city of the benchmarks: pairs, decisions, notices and so on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from models import (
    Finding,
    History,
    IndexChange,
    Mail,
    Mandate,
    Node,
    Notice,
    Registration,
    Review,
    Subscription,
    Suggestion,
    User,
)
from models.fields import DISTRICTS
from models.outbox import RecordType
from models.states import (
    Decision,
    Frequency,
    MailState,
    NodeKind,
    OrganisationKind,
    RegistrationState,
    RejectReason,
    Role,
    SuggestionKind,
    SuggestionStatus,
)

from .city import ADMIN_ID, STAFF_ID, UNIVERSITY_ID, City, Row, Tables

MANAGERS = 120
MANDATES = 2_400
NODES = 60
MAILS = 60_000
FIRST_NODE = 1_000  # the migrations entered the first few
CLAIMED_EACH = 1_500

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
MAIL_STATES = {
    MailState.SENT: 90,
    MailState.FILED: 8,
    MailState.WAITING: 1,
    MailState.FAILED: 1,
}


class Dealings:
    """The rows of what goes on, each table after those it refers to.

    The city must be filled. ``root`` is the node of the whole platform.
    """

    def __init__(self, city: City, root: int) -> None:
        self.city, self.root = city, root
        self.options, self.now, self.random = city.options, city.now, city.random
        self.decided: list[Row] = []
        self.subscriptions: list[Row] = []
        self.managers = range(city.people + 1, city.people + MANAGERS + 1)

    def tables(self) -> Tables:
        yield "suggestions", Suggestion, self._pairs()
        yield "decisions", Review, self._reviews()
        yield "registrations", Registration, self._registrations()
        yield "subscriptions", Subscription, self._subscribed()
        yield "findings", Finding, self._findings()
        yield "notices", Notice, self._notices()
        yield "technology managers", User, self._managers()
        yield "mandates", Mandate, self._mandates()
        yield "nodes", Node, self._nodes()
        yield "mails", Mail, self._mails()
        past = sorted(self.city.past, key=lambda row: row["at"])
        yield "lines of history", History, iter(past)
        last = self.city.entries[-1000:]
        yield "index changes", IndexChange, [self._change(*one) for one in last]

    def _pairs(self) -> Iterator[Row]:
        draw, seen = self.random, set()
        for id_ in range(1, self.options.pairs + 1):
            need = draw.choice(self.city.public_needs)
            pair = need, draw.choice(self.city.public_achievements)
            if pair in seen:
                continue
            seen.add(pair)
            status, made = self.city.one_of(PAIR_STATES), self.city.moment()
            likely = round(draw.random(), 6)
            done = status in DECISIONS
            claimed = not done and id_ % CLAIMED_EACH == 0
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
                "claimed_by_id": ADMIN_ID if claimed else None,
                "claimed_until": self.now + timedelta(days=90) if claimed else None,
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
                "reviewer_id": STAFF_ID,
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
            self.city.note(action, "suggestions", row, row["decided_at"], STAFF_ID)

    def _registrations(self) -> Iterator[Row]:
        for number in range(1, self.options.organisations // 4 + 1):
            state = self.random.choice(list(RegistrationState))
            at = self.city.moment()
            waiting = state is RegistrationState.UNCONFIRMED
            yield {
                "form_key": f"seed-{number}",
                "email": f"new{number}@lists.example",
                "name": f"申请人{number}",
                "password_hash": self.city.password,
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
        for number in range(1, self.city.people // 2 + 1):
            user = UNIVERSITY_ID if number <= 30 else number
            kind = self.random.choice((RecordType.NEED, RecordType.ACHIEVEMENT))
            row = {
                "id": number,
                "user_id": user,
                "record_type": kind,
                "query": {"field": [self.random.choice(self.city.texts.fields)]},
                "fingerprint": f"{number:064d}",
                "frequency": self.random.choice(list(Frequency)),
                "by_mail": False,
                "created_at": self.city.moment(),
                "since": self.now,
            }
            self.subscriptions.append(row)
            yield row

    def _findings(self) -> Iterator[Row]:
        for row in self.subscriptions:
            ids = (
                self.city.public_needs
                if row["record_type"] is RecordType.NEED
                else self.city.public_achievements
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
        for user in range(1, self.city.people + 1):
            for _ in range(3_000 if user <= UNIVERSITY_ID else 5):
                need = self.random.choice(self.city.public_needs)
                at = self.city.moment()
                yield {
                    "user_id": user,
                    "kind": "need_published",
                    "facts": {"need_id": need, "title": f"需求 {need}"},
                    "created_at": at,
                    "read_at": at if self.random.random() < 0.9 else None,
                }

    def _managers(self) -> Iterator[Row]:
        for id_ in self.managers:
            email = f"user{id_}@lists.example"
            home = self.random.choice(self.city.parks)
            yield self.city.user(id_, email, Role.MANAGER, home)

    def _mandates(self) -> Iterator[Row]:
        """Each organisation at most once with the same manager."""
        draw, seen = self.random, set()
        firms = [*self.city.enterprises, *self.city.universities]
        for _ in range(min(MANDATES, len(firms))):
            pair = draw.choice(self.managers), draw.choice(firms)
            if pair in seen:
                continue
            seen.add(pair)
            since = self.city.moment().date()
            ended = draw.random() < 0.2
            yield {
                "manager_id": pair[0],
                "organisation_id": pair[1],
                "from_on": since,
                "until_on": since + timedelta(days=200) if ended else None,
                "created_at": self.now,
            }

    def _nodes(self) -> Iterator[Row]:
        for number in range(NODES):
            yield {
                "id": FIRST_NODE + number,
                "parent_id": self.root,
                "kind": NodeKind.BODY,
                "name": f"第{number + 1}技术转移服务机构(示例)",
                "position": FIRST_NODE + number,
                "districts": self.random.sample(list(DISTRICTS), 2),
                "fields": self.random.sample(self.city.texts.fields, 2),
                "active": True,
                "version": 1,
                "created_at": self.now,
            }

    def _mails(self) -> Iterator[Row]:
        for number in range(1, MAILS + 1):
            state, at = self.city.one_of(MAIL_STATES), self.city.moment()
            waits = state is MailState.WAITING
            yield {
                "recipient": f"user{1 + number % self.city.people}@lists.example",
                "kind": "notice",
                "facts": {
                    "title": f"新通知 {number}",
                    "words": "请登录查看。",
                    "path": "/notices",
                },
                "state": state,
                "attempts": 0 if waits else 1,
                "created_at": at,
                "retry_at": at,
                "done_at": None if waits else at,
            }

    def _change(self, kind: RecordType, row: Row) -> Row:
        return {"record_type": kind, "record_id": row["id"], "at": self.now}
