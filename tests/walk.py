"""A small world with something of every kind, and a walk over all its addresses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker import matrix
from matchmaker.api.registry import operations
from matchmaker.jobs.worker import Worker
from matchmaker.notices import service as notices
from models import Bid, Expert, User, transaction
from models.states import (
    AwardState,
    BidState,
    CallStatus,
    ContractState,
    DeliveryState,
    MilestoneState,
    NeedStatus,
    OrganisationKind,
    OrganisationRole,
    PaymentTrigger,
    PublicationState,
    Role,
    Secrecy,
    SuggestionStatus,
    WebhookFormat,
)

from .factories import Factory

# One number for one record of each kind, so that whatever a placeholder means
# there is something behind it. Far from what the tables number by themselves.
ID = 1007
NOBODYS = 999_999
FAR = datetime(2100, 1, 1, tzinfo=UTC)

Users = Mapping[str, User | None]


def populate(make: Factory) -> Users:
    """Records of every kind under the number `ID`; a user of every role."""
    firm = make.organisation(name="湘江电池有限公司")
    college = make.organisation(name="岳麓大学", kind=OrganisationKind.UNIVERSITY)
    users = {
        "visitor": None,
        "enterprise": make.user(
            organisation_id=firm.id, org_role=OrganisationRole.MANAGER
        ),
        "university": make.user(Role.UNIVERSITY, organisation_id=college.id),
        "manager": make.user(Role.MANAGER),
        "staff": make.staff(),
        "admin": make.user(Role.ADMIN),
        "expert": make.user(Role.EXPERT),
    }
    make.expert(users["expert"], id=ID)
    make.tie(users["expert"], id=ID)
    need = make.need(id=ID, organisation_id=firm.id)
    achievement = make.achievement(id=ID, organisation_id=college.id)
    call = make.call(id=ID)
    make.bid(call, id=ID, organisation_id=college.id, user_id=users["university"].id)
    reviewed = make.call(status=CallStatus.IN_REVIEW)
    make.bid(reviewed, state=BidState.RELEASED, organisation_id=firm.id)
    make.question(call, id=ID)
    make.question(call, answer="零下十度到四十度。", answered_at=make.now)
    make.invited(call, college.id)
    make.call(by_staff=True, status=CallStatus.DRAFT)
    make.call(issuer_id=firm.id, status=CallStatus.DRAFT, return_reason="补数值")
    make.call(issuer_id=firm.id, status=CallStatus.ARGUED)
    make.registration(id=ID, organisation_id=firm.id)
    make.user(id=ID, organisation_id=firm.id)
    make.invitation(firm.id, ID, id=ID, expires_at=FAR)
    # Looked at already: else the first page to show it would change the next.
    make.suggestion(
        need,
        achievement,
        id=ID,
        status=SuggestionStatus.APPROVED,
        seen_at=make.now,
        holder_seen_at=make.now,
    )
    talks = make.introduction(need, achievement, id=ID, manager_id=users["manager"].id)
    make.agreed(talks)
    make.talk_event(talks)
    contract = make.contract(
        id=ID,
        buyer_id=firm.id,
        seller_id=college.id,
        manager_id=users["manager"].id,
        need_id=need.id,
        achievement_id=achievement.id,
    )
    make.payment(contract, id=ID, due_on=FAR.date())
    make.payment(contract, id=ID + 1, position=2, trigger=PaymentTrigger.TEST_PASSED)
    make.receipt(contract, id=ID, payment_id=ID)
    draft = make.contract(
        buyer_id=firm.id,
        seller_id=college.id,
        state=ContractState.DRAFT,
        signed_on=None,
    )
    make.payment(draft)
    make.attachment(contract)
    # As many as the public board needs to tell anything of a year.
    for _ in range(3):
        make.contract(
            state=ContractState.RECOGNISED, buyer_id=firm.id, seller_id=college.id
        )
    make.attachment(need, id=ID)
    make.suggestion(need)
    make.need(organisation_id=firm.id, status=NeedStatus.PENDING)
    make.need(
        secrecy=Secrecy.MASKED,
        title="某储能产品客户验收方案",
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=["判断时间≤1 h"],
    )
    make.achievement(field="NM", trl=3, modes=["transfer"])
    make.node(id=ID)
    make.mandate(users["manager"], firm, id=ID)
    make.entry(id=ID)
    make.holiday(id=ID)
    make.token(users["enterprise"], id=ID)
    make.subscription(users["enterprise"], id=ID, record_type=None, query={"q": "电池"})
    make.subscription(users["enterprise"], query={"field": ["ES"]}, by_mail=True)
    make.subscription(users["university"], achievement_id=achievement.id)
    make.subscription(users["university"], stopped_at=make.now)
    for user in users.values():
        if user is not None:
            notify(make, user.id, need.id)
    judge_bids(make, users["expert"])
    carry_out(make, firm.id, college.id)
    hook_up(make, firm.id)
    index_everything(make)
    make.failed_task(need, id=ID)
    make.import_run(users["staff"], id=ID)
    make.publication(need, id=ID)
    make.publication(need, state=PublicationState.ISSUED)
    make.publication(achievement, state=PublicationState.WITHDRAWN)
    return users


def hook_up(make: Factory, firm_id: int) -> None:
    """A hook of the firm and one of the platform, each with a message; a host."""
    make.webhook_host("hooks.example.com", id=ID)
    hook = make.webhook(firm_id, id=ID)
    failed = {"state": DeliveryState.FAILED, "status_code": 500, "attempts": 10}
    make.message(hook, id=ID, record_id=ID, **failed)
    platforms = make.webhook(format=WebhookFormat.WECOM)
    make.message(platforms, event="need_submitted", record_id=ID)


def judge_bids(make: Factory, expert: User | None) -> None:
    """A call under review with a sheet in the expert's hands, and one announced."""
    judged = make.call(status=CallStatus.IN_REVIEW)
    bid = make.released_bid(judged, make.organisation())
    reviewer = make.session.scalars(
        select(Expert).where(Expert.user_id == (expert.id if expert else 0))
    ).one()
    make.review(bid, reviewer, id=ID)
    noticed = make.call(status=CallStatus.ANNOUNCED)
    winner = make.released_bid(noticed, make.organisation())
    result = make.result(noticed, [winner], outcome_ids=[ID], notice_until=FAR)
    make.objection(result, id=ID)


def carry_out(make: Factory, firm_id: int, college_id: int) -> None:
    """A milestone to judge, a task book to confirm, an acceptance to conclude."""
    award = make.award(_won(make, firm_id, college_id), id=ID)
    milestone = award.milestones[0]
    with transaction(make.session):
        milestone.state, milestone.number = MilestoneState.DELIVERED, 1
        milestone.delivered_at, milestone.delivered_words = make.now, "样机和测试记录"
    make.attachment(milestone)
    make.award(_won(make, firm_id, college_id), state=AwardState.DRAFT)
    make.award(
        _won(make, make.organisation().id, firm_id),
        state=AwardState.ACCEPTING,
        applied_number=1,
        applied_at=make.now,
    )


def _won(make: Factory, issuer_id: int, bidder_id: int) -> Bid:
    call = make.call(issuer_id=issuer_id, status=CallStatus.AWARDED)
    return make.bid(call, organisation_id=bidder_id, state=BidState.RELEASED)


def notify(make: Factory, user_id: int, need_id: int, title: str = "储能预警") -> None:
    """A notice about the need, in the user's inbox."""
    with transaction(make.session):
        notices.queue(
            make.session,
            [user_id],
            "need_published",
            now=make.now,
            title=title,
            need_id=need_id,
        )


def index_everything(make: Factory) -> None:
    """Let the worker do all that waits: encode, and write suggestions."""
    index = LiveIndex(HashingEncoder)
    Worker(make.session, index, suggestions=8, clock=lambda: make.now).drain()


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Every address of the product itself that answers ``method``.

    Those of programs stand for pages; `tests.api.test_matrix` walks them.
    """
    programs = {f"api.{one.name}" for one in operations()}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.endswith("static") or rule.endpoint in programs:
            continue
        if method in (rule.methods or ()):
            yield rule


def address(app: Flask, rule: Rule, number: int) -> str:
    """The rule with ``number`` in every placeholder."""
    strange = [
        each
        for each in rule._converters.values()
        if not isinstance(each, IntegerConverter)
    ]
    assert not strange, f"{rule} has a placeholder this walk cannot fill"
    values = dict.fromkeys(rule.arguments, number)
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def may_ever(user: User | None, endpoint: str, method: str) -> bool:
    """Whether the matrix opens the address to the role at all, for some record."""
    action = matrix.route(endpoint, method).action
    role = matrix.VISITOR if user is None else user.role
    if action in matrix.actions:
        return matrix.actions[action][role] != "-"
    return user is not None or action in (matrix.OPEN, matrix.BY_SECRET)


def plain(html: str) -> str:
    """The page without its tokens, which differ at every request."""
    return re.sub(r'(name="(?:csrf_token|form_key)" value=)"[^"]*"', r'\1""', html)


@dataclass
class Form:
    """A form of a page: where it goes and what it would send as it stands."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    free: set[str] = field(default_factory=set)  # what a person types


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.choice: str | None = None
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self.inside)
        if self.inside is None or tag not in ("input", "textarea", "select", "option"):
            return
        name = given.get("name", "")
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self.inside.values.append((name, given.get("value", "on")))
        elif tag == "input" and name:
            self.inside.values.append((name, given.get("value", "")))
            if given.get("type") != "hidden":
                self.inside.free.add(name)
        elif tag == "textarea":
            self.area = name
            self.inside.free.add(name)
            self.inside.values.append((name, ""))
        elif tag == "select":
            self.choice = name
        elif tag == "option" and self.choice and "selected" in given:
            self.inside.values.append((self.choice, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.area and self.inside and data.strip():
            self.inside.values[-1] = (self.area, data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.choice = None


def forms(html: str) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms
