"""The permission matrix holds: in the conditions, and at every address.

The tables of `matchmaker.matrix` say what to expect; whose a record is, this file
says itself. An address that is in no line of the table fails here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from matchmaker import handlers, matrix, policies
from models import (
    TABLES,
    Award,
    Bid,
    Contract,
    Expert,
    Introduction,
    Mandate,
    Milestone,
    Need,
    Notice,
    Organisation,
    Suggestion,
    User,
)
from models.outbox import RecordType
from models.states import (
    LIVE_REVIEWS,
    AchievementStatus,
    AwardState,
    BidState,
    CallStatus,
    ContractState,
    NeedStatus,
    OrganisationKind,
    OrganisationRole,
    PublicationState,
    ResultState,
    ReviewState,
    Role,
    Secrecy,
    SuggestionStatus,
)

from .factories import Factory
from .walk import NOBODYS, address, notify, rules

DONE = {200, 204, 302, 303, 409, 422}
METHODS = ("GET", "POST")
PUBLIC = {
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间≤1 h"],
}
DAY = date(2026, 12, 31)
# What a contract in that state must have besides.
_REGISTERED = {"registration_number": "2026430100999999", "recognised_on": DAY}
_CONTRACT: dict[ContractState, dict[str, Any]] = {
    state: {} for state in ContractState
} | {
    ContractState.REFUSED: {"refused_code": "other"},
    ContractState.CANCELLED: _REGISTERED | {"cancelled_on": DAY},
}
FEWEST = 400  # combinations of a role; far fewer would mean that the world is empty


def make_need(
    make: Factory,
    organisation_id: int,
    secrecy: str,
    status: NeedStatus = NeedStatus.PUBLISHED,
) -> Need:
    masked = PUBLIC if secrecy == Secrecy.MASKED else {}
    return make.need(
        organisation_id=organisation_id, secrecy=secrecy, status=status, **masked
    )


@dataclass
class Thing:
    """A record of the walk: what it is, in which state, and which roles it is of."""

    record: str
    item: Any
    state: str = "*"
    secrecy: str = "*"
    owners: frozenset[str] = frozenset()
    # What an owner may not do: it acts for the other side (`policies.RULES`).
    barred: frozenset[tuple[str, str]] = frozenset()
    # A pair one of whose sides the others may not know of.
    dark_to: frozenset[str] = frozenset()
    row: dict[str, Any] = field(default_factory=dict)

    def keep(self, session: Session) -> None:
        """Remember the row, so that each request finds it as it was."""
        table = self.item.__table__
        query = select(table).where(table.c.id == self.item.id)
        self.row = dict(session.execute(query).mappings().one())

    def put_back(self, session: Session) -> None:
        table, id_ = self.item.__table__, self.row["id"]
        changed = session.execute(
            update(table).where(table.c.id == id_).values(**self.row)
        )
        if changed.rowcount == 0:
            session.execute(insert(table).values(**self.row))
        session.commit()

    def is_seen_by(self, role: str) -> bool:
        if role in self.dark_to:
            return False
        if all(line.record != self.record for line in matrix.sights):
            return True  # whoever may do something with it sees it
        scope = matrix.sight(self.record, self.state, self.secrecy)[role]
        return scope == "any" or (scope == "own" and role in self.owners)


@dataclass
class World:
    users: dict[str, User | None]
    things: list[Thing]

    def of(self, record: str) -> list[Thing]:
        return [thing for thing in self.things if thing.record == record]


@pytest.fixture
def world(make: Factory, session: Session) -> World:
    """Own, another's and hidden records, in every state there is."""
    firm, other = make.organisation(), make.organisation()
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    other_college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    leads = OrganisationRole.MANAGER
    users = {
        "visitor": None,
        "enterprise": make.user(organisation_id=firm.id, org_role=leads),
        "university": make.user(
            Role.UNIVERSITY, organisation_id=college.id, org_role=leads
        ),
        "manager": make.user(Role.MANAGER, org_role=leads),
        "staff": make.staff(),
        "admin": make.user(Role.ADMIN),
        "expert": make.user(Role.EXPERT),
    }
    ours, theirs = frozenset({"enterprise"}), frozenset[str]()
    things = [
        Thing(
            "need",
            make_need(make, home.id, secrecy, status),
            status,
            secrecy,
            owners,
        )
        for home, owners in ((firm, ours), (other, theirs))
        for status in NeedStatus
        for secrecy in Secrecy
    ]
    things += [
        Thing(
            "achievement",
            make.achievement(organisation_id=home.id, status=status),
            status,
            owners=owners,
        )
        for home, owners in (
            (college, frozenset({"university"})),
            (other_college, theirs),
        )
        for status in AchievementStatus
    ]
    things += [
        Thing(
            "call", make.call(issuer_id=home.id, status=status), status, owners=owners
        )
        for home, owners in ((firm, ours), (other, theirs))
        for status in CallStatus
    ]
    things += [
        Thing(
            "call",
            make.call(issuer_id=home.id, status=CallStatus.DRAFT, by_staff=True),
            "draft",
            "platform",
            owners,
        )
        for home, owners in ((firm, ours), (other, theirs))
    ]
    things += [
        Thing("question", make.question(make.call()), "asked"),
        Thing(
            "question",
            make.question(
                make.call(),
                organisation_id=college.id,
                user_id=_id(users["university"]),
            ),
            "asked",
            owners=frozenset({"university"}),
        ),
        Thing(
            "question",
            make.question(make.call(), answer="是。", answered_at=make.now),
            "answered",
        ),
    ]
    things += list(_pairs(make, things))
    for role, user in users.items():
        if user is not None:
            notify(make, user.id, things[0].item.id)
            notice = session.scalars(
                select(Notice).where(Notice.user_id == user.id)
            ).one()
            things.append(Thing("notice", notice, owners=frozenset({role})))
    things += [
        Thing("mandate", make.mandate(users["manager"]), owners=frozenset({"manager"})),
        Thing("mandate", make.mandate()),
        Thing(
            "proposal",
            make.proposal(proposer_id=_id(users["manager"])),
            owners=frozenset({"manager"}),
        ),
        Thing("proposal", make.proposal()),
        Thing("node", make.node()),
        Thing("entry", make.entry()),
        Thing("holiday", make.holiday()),
        Thing("task", make.failed_task(things[0].item)),
        Thing("user", make.user()),
        *(Thing("publication", make.publication(state=s), s) for s in PublicationState),
        Thing("import", make.import_run(errors_sha256="0" * 64, refused=1)),
    ]
    things += list(_imports(make, firm.id, other.id, college.id))
    things += list(_of_organisations(make, firm.id, other.id))
    things += list(_hooks(make, users, other.id))
    things += list(_of_people(make, users))
    things += list(_talks(make, firm.id, other.id, college.id, users["manager"]))
    things += list(_of_reviews(make, firm, college, users))
    things += list(_awards(make, firm.id, other.id, college.id))
    things += list(_files(make, things))
    things += list(_bids(make, firm.id, college.id))
    for thing in things:
        thing.keep(session)
    session.commit()
    return World(users, things)


def _id(user: User | None) -> int:
    assert user is not None
    return user.id


def _imports(
    make: Factory, firm_id: int, other_id: int, college_id: int
) -> Iterator[Thing]:
    """Files of the platform, of the own organisation and of another: no kind's file
    is anybody's but theirs who uploaded it."""
    given = {"errors_sha256": "0" * 64, "refused": 1}
    everybody = frozenset(matrix.ROLES)
    staff = frozenset({"staff", "admin"})
    for kind, record, home, role in (
        ("needs", "need_import", firm_id, "enterprise"),
        ("achievements", "achievement_import", college_id, "university"),
        ("calls", "call_import", firm_id, "enterprise"),
        ("organisations", "organisation_import", None, ""),
    ):
        run = make.import_run(kind=kind, **given)
        yield Thing(record, run, dark_to=everybody - staff)
        if home is not None:
            owners = frozenset({role})
            own = make.import_run(kind=kind, organisation_id=home, **given)
            yield Thing(record, own, owners=owners, dark_to=everybody - owners)
            others = make.import_run(kind=kind, organisation_id=other_id, **given)
            yield Thing(record, others, dark_to=everybody)


def _of_organisations(make: Factory, firm_id: int, other_id: int) -> Iterator[Thing]:
    """Who asks to join, is invited to and is a member of the own firm and another."""
    for home, owners in ((firm_id, {"enterprise"}), (other_id, set[str]())):
        whose = frozenset(owners)
        leader = make.user(organisation_id=home, org_role=OrganisationRole.MANAGER)
        invited = make.invitation(home, leader.id)
        yield Thing(
            "registration", make.registration(organisation_id=home), owners=whose
        )
        yield Thing("invitation", invited, owners=whose)
        yield Thing("member", make.user(organisation_id=home), owners=whose)


def _hooks(
    make: Factory, users: dict[str, User | None], other_id: int
) -> Iterator[Thing]:
    """Hooks of each organisation and of the platform, and messages; a host.

    A message has a hook of its own: where one is deleted its log goes with it.
    """
    homes = [
        (user.organisation_id, role)
        for role, user in users.items()
        if user is not None and user.organisation_id is not None
    ]
    for home, role in [*homes, (other_id, "")]:
        owners = frozenset({role} - {""})
        yield Thing("webhook", make.webhook(home), owners=owners)
        yield Thing("message", make.message(make.webhook(home)), owners=owners)
        yield Thing("any_webhook", make.webhook(home))
    yield Thing("webhook", make.webhook(), "platform")
    yield Thing("message", make.message(make.webhook()), "platform")
    yield Thing("any_webhook", make.webhook(), "platform")
    yield Thing("webhook_host", make.webhook_host())


def _of_people(make: Factory, users: dict[str, User | None]) -> Iterator[Thing]:
    """A subscription and a browser that is signed in of everybody; a letter."""
    yield Thing("mail", make.mail())
    for person, owners in ((users["expert"], {"expert"}), (None, set[str]())):
        expert = make.expert(person)
        tie = make.tie(expert.user)
        yield Thing("expert", expert, owners=frozenset(owners))
        yield Thing("tie", tie, owners=frozenset(owners))
    for role, user in users.items():
        if user is not None:
            whose = frozenset({role})
            yield Thing("subscription", make.subscription(user), owners=whose)
            yield Thing("session", make.user_session(user), owners=whose)
            yield Thing("token", make.token(user), owners=whose)
    yield Thing("token", make.token(make.user(Role.ADMIN)))


def _of_reviews(
    make: Factory,
    firm: Organisation,
    college: Organisation,
    users: dict[str, User | None],
) -> Iterator[Thing]:
    """Reviews in every state, of the own expert and another; outcomes; objections."""
    me = make.session.scalars(
        select(Expert).where(Expert.user_id == _id(users["expert"]))
    ).one()
    judged = make.call(issuer_id=firm.id, status=CallStatus.IN_REVIEW)
    for state in ReviewState:
        bid = make.released_bid(judged, make.organisation())
        sent = {"points": 80} if state is ReviewState.SUBMITTED else {}
        owners = frozenset({"expert"})
        yield Thing(
            "review", make.review(bid, me, state=state, **sent), state, owners=owners
        )
        yield Thing("review", make.review(bid, state=state, **sent), state)
        # The bid itself: for its issuer, and for the expert while it judges.
        judges = owners if state in LIVE_REVIEWS else frozenset[str]()
        whose = judges | {"enterprise"}
        yield Thing("opened_bid", bid, "released", owners=whose)
    for state in ResultState:
        noticed = make.call(status=CallStatus.ANNOUNCED)
        own = make.released_bid(noticed, college)
        other = make.released_bid(noticed, make.organisation())
        result = make.result(noticed, [own, other], state=state)
        mine, theirs = result.outcomes
        yield Thing("outcome", mine, state, owners=frozenset({"university"}))
        yield Thing("outcome", theirs, state)
        yield Thing("objection", make.objection(result))
    for role, user in users.items():
        if user is not None and not user.is_staff:
            whose = frozenset({role})
            made = make.objection(result, user_id=user.id)
            yield Thing("objection", made, owners=whose)


def _talks(
    make: Factory, firm_id: int, other_id: int, college_id: int, manager: User | None
) -> Iterator[Thing]:
    """Talks and contracts of the own sides, of a managed pair, and of others."""
    need = make.need(organisation_id=firm_id)
    foreign = make.need(organisation_id=other_id)
    offer = make.achievement(organisation_id=college_id)
    ours, sides = frozenset({"enterprise"}), frozenset({"enterprise", "university"})
    led = manager.id if manager else None
    yield Thing("introduction", make.introduction(need, offer), owners=sides)
    yield Thing(
        "introduction",
        make.introduction(
            make_need(make, firm_id, Secrecy.RESTRICTED), offer, provider_knows=False
        ),
        owners=ours,
    )
    yield Thing(
        "introduction",
        make.introduction(foreign, manager_id=led),
        owners=frozenset({"manager"}),
    )
    yield Thing("introduction", make.introduction(foreign))
    for state in ContractState:
        yield Thing(
            "contract",
            make.contract(buyer_id=firm_id, state=state, **_CONTRACT[state]),
            state,
            owners=ours,
        )
    yield Thing(
        "contract",
        make.contract(seller_id=college_id),
        owners=frozenset({"university"}),
    )
    yield Thing(
        "contract", make.contract(manager_id=led), owners=frozenset({"manager"})
    )
    yield Thing("contract", make.contract(buyer_id=other_id))
    for own, owners in (
        (make.contract(buyer_id=firm_id), ours),
        (make.contract(seller_id=college_id), frozenset({"university"})),
        (make.contract(manager_id=led), frozenset({"manager"})),
        (make.contract(buyer_id=other_id), frozenset[str]()),
    ):
        yield Thing("payment", make.payment(own), owners=owners)
        yield Thing("deal_file", make.attachment(own), owners=owners)
    managed = make.introduction(foreign, offer, manager_id=led)
    yield Thing(
        "deal_file",
        make.attachment(managed),
        owners=frozenset({"university", "manager"}),
    )


def _awards(
    make: Factory, firm_id: int, other_id: int, college_id: int
) -> Iterator[Thing]:
    """Awards one issued, won, and those of others, each with milestone and file."""
    issuing, winning = ("award.view", "award.pay"), ("award.deliver",)
    for issuer, bidder, role, closed in (
        (firm_id, other_id, "enterprise", winning),
        (other_id, firm_id, "enterprise", issuing),
        (other_id, college_id, "university", issuing),
        (other_id, make.organisation().id, "", ()),
    ):
        owners = frozenset({role} - {""})
        barred = frozenset((role, action) for action in closed)
        for state in (AwardState.DRAFT, AwardState.RUNNING):
            call = make.call(issuer_id=issuer, status=CallStatus.AWARDED)
            bid = make.bid(call, organisation_id=bidder, state=BidState.RELEASED)
            award = make.award(bid, state=state)
            yield Thing("award", award, state, owners=owners, barred=barred)
        milestone = award.milestones[0]
        yield Thing("milestone", milestone, owners=owners, barred=barred)
        file = make.attachment(milestone)
        yield Thing("award_file", file, owners=owners, barred=barred)


def _bids(make: Factory, firm_id: int, college_id: int) -> Iterator[Thing]:
    """Sealed and released bids, of the university and of others.

    Each kind of record has bids of its own: taking one back destroys its files.
    """
    bidder, both = frozenset({"university"}), frozenset({"university", "enterprise"})
    nobody = frozenset[str]()
    other = make.organisation(kind=OrganisationKind.UNIVERSITY).id

    def sealed(home: int) -> Bid:
        return make.bid(organisation_id=home)

    def released(home: int, issuer: int | None = None) -> Bid:
        given = {} if issuer is None else {"issuer_id": issuer}
        call = make.call(status=CallStatus.IN_REVIEW, **given)
        return make.bid(call, organisation_id=home, state=BidState.RELEASED)

    yield Thing("bid", sealed(college_id), owners=bidder)
    yield Thing("bid", sealed(other))
    yield Thing("own_bid_file", sealed(college_id).files[0], owners=bidder)
    yield Thing("own_bid_file", sealed(other).files[0])
    for record in ("opened_bid", "bid_file"):
        for bid, state, owners in (
            (sealed(college_id), "sealed", bidder),
            (sealed(other), "sealed", nobody),
            (released(college_id, firm_id), "released", both),
            (released(other), "released", nobody),
        ):
            item = bid if record == "opened_bid" else bid.files[0]
            yield Thing(record, item, state, owners=owners)


def _files(make: Factory, things: list[Thing]) -> Iterator[Thing]:
    """Of each record a public file and one that is not, as far as one may see them."""
    for thing in things:
        if thing.record in ("need", "achievement") and thing.secrecy in ("public", "*"):
            dark = frozenset(r for r in matrix.ROLES if not thing.is_seen_by(r))
            for is_public in (True, False):
                yield Thing(
                    "attachment",
                    make.attachment(thing.item, is_public=is_public),
                    "public" if is_public else "private",
                    owners=thing.owners,
                    dark_to=dark,
                )


def _pairs(make: Factory, things: list[Thing]) -> Iterator[Thing]:
    """Pairs of the needs with a public achievement, and one with a draft of it."""
    achievements = [thing for thing in things if thing.record == "achievement"]
    public = next(t for t in achievements if t.state == "published" and not t.owners)
    draft = next(t for t in achievements if t.state == "draft" and not t.owners)
    for need in things:
        if need.record != "need" or need.state != "published":
            continue
        outsiders = {role for role in matrix.ROLES if not need.is_seen_by(role)}
        for status in SuggestionStatus:
            pair = make.suggestion(
                make_need(make, need.item.organisation_id, need.secrecy),
                public.item,
                status=status,
                snoozed_until=make.now.date() if status == "snoozed" else None,
            )
            yield Thing(
                "suggestion",
                pair,
                status,
                owners=need.owners,
                dark_to=frozenset(outsiders),
            )
        pair = make.suggestion(need.item, draft.item, status=SuggestionStatus.APPROVED)
        yield Thing(
            "suggestion",
            pair,
            "approved",
            owners=need.owners,
            dark_to=frozenset(matrix.ROLES),
        )


def _is_seen(session: Session, user: User | None, thing: Thing) -> bool:
    """Whether the conditions of `policies` let the person know of the record."""
    table: Any = type(thing.item)
    if thing.record == "suggestion":
        where = policies.visible_suggestions(user)
    elif thing.record == "mandate":
        where = policies.visible_mandates(user)
    elif thing.record == "proposal":
        where = policies.visible_proposals(user)
    elif thing.record == "introduction":
        where = policies.visible_introductions(user)
    elif thing.record == "contract":
        where = policies.visible_contracts(user)
    elif thing.record == "expert":
        where = policies.visible_experts(user)
    elif thing.record == "tie":
        where = policies.visible_ties(user)
    elif thing.record == "review":
        where = policies.visible_reviews(user)
    elif thing.record == "outcome":
        where = policies.visible_outcomes(user)
    elif thing.record == "objection":
        where = policies.visible_objections(user)
    elif thing.record == "award":
        where = policies.visible_awards(user)
    elif thing.record == "milestone":
        where = policies.visible_milestones(user)
    elif thing.record == "publication":
        where = policies.visible_publications(user)
    elif thing.record == "opened_bid":
        where = policies.visible_bids(user)
    else:
        kind = RecordType(thing.record)
        where = policies.where(policies.visible(user, kind), kind)
    found = session.scalar(select(table.id).where(table.id == thing.item.id, where))
    return found is not None


def test_the_conditions_carry_out_the_table_of_sight(world, session):
    """For each record of the world and each role: the query and the table agree."""
    kinds = {
        "suggestion",
        "mandate",
        "proposal",
        "introduction",
        "contract",
        "expert",
        "tie",
        "review",
        "outcome",
        "objection",
        "award",
        "milestone",
        "opened_bid",
        "publication",
        *(kind.value for kind in RecordType),
    }
    assert {TABLES[kind].__tablename__ for kind in RecordType} | {
        Suggestion.__tablename__,
        Mandate.__tablename__,
    } <= {thing.item.__tablename__ for thing in world.things}
    for role, user in world.users.items():
        for thing in world.things:
            if thing.record in kinds:
                place = (role, thing.record, thing.state, thing.secrecy, thing.owners)
                assert _is_seen(session, user, thing) == thing.is_seen_by(role), place


def test_the_table_of_actions_is_what_policies_decide(world):
    kinds: dict[type, str] = {TABLES[kind]: kind.value for kind in RecordType}
    kinds |= {Introduction: "introduction", Contract: "contract"}
    kinds |= {Award: "award", Milestone: "award"}
    for action, scopes in matrix.actions.items():
        for role, user in world.users.items():
            for thing in world.things:
                if action.partition(".")[0] != kinds.get(type(thing.item)):
                    continue
                own = role in thing.owners and (role, action) not in thing.barred
                scope = scopes[role]
                expected = scope == "any" or (scope == "own" and own)
                assert policies.may(user, action, thing.item) == expected, (
                    action,
                    role,
                    own,
                )


def test_a_closed_account_may_nothing(make):
    admin = make.user(Role.ADMIN, active=False)
    assert not any(policies.may(admin, action) for action in matrix.actions)


def test_nobody_governs_their_own_account(make):
    admin = make.user(Role.ADMIN)
    assert not policies.may(admin, "user.govern", admin)
    assert policies.may(admin, "user.govern", make.user(Role.ADMIN))


def test_every_rule_and_every_route_speaks_of_an_action_in_the_table():
    assert set(policies.RULES) <= set(matrix.actions)
    named = {route.action for route in matrix.routes.values()}
    assert named <= {
        matrix.OPEN,
        matrix.BY_SECRET,
        matrix.SIGNED_IN,
        *matrix.actions,
    }


def test_every_address_has_its_line_and_every_line_its_address(app: Flask):
    found = {
        (rule.endpoint, method) for method in METHODS for rule in rules(app, method)
    }
    missing = []
    for endpoint, method in found:
        try:
            line = matrix.route(endpoint, method)
        except KeyError:
            missing.append(f"{endpoint}/{method}")
            continue
        rule = next(r for r in rules(app, method) if r.endpoint == endpoint)
        assert bool(line.record) == bool(rule.arguments), endpoint
    assert not missing, "enter these in matchmaker/matrix/addresses.py"
    endpoints = {endpoint for endpoint, _ in found}
    assert {name.partition("/")[0] for name in matrix.routes} <= endpoints


@pytest.mark.one_database
@pytest.mark.parametrize("role", matrix.ROLES)
def test_every_address_answers_everybody_as_the_matrix_says(
    app, world, session, login, role, capsys, monkeypatch
):
    number = world.users[role] and world.users[role].id
    # Every commit would mark some three hundred records to be read anew.
    session.expunge_all()
    user = session.get_one(User, number) if number else None
    # More than half are refused, and only the status of the answer is looked at.
    monkeypatch.setattr(handlers, "_page", lambda status, *_: ("", status))
    combinations = 0
    for method in METHODS:
        for rule in rules(app, method):
            line = matrix.route(rule.endpoint, method)
            targets = world.of(line.record) if line.record else [None]
            assert targets, f"the walk has no «{line.record}»"
            client = login(user) if user else app.test_client()
            missing = None
            if line.record:
                missing = client.open(address(app, rule, NOBODYS), method=method)
            for thing in targets:
                _check(app, client, session, role, rule, method, line, thing, missing)
                combinations += 1
    assert combinations > FEWEST
    with capsys.disabled():
        print(f" {role}: {combinations} combinations ", end="")


def _check(
    app: Flask,
    client: Any,
    session: Session,
    role: str,
    rule: Rule,
    method: str,
    line: matrix.Route,
    thing: Thing | None,
    missing: Any,
) -> None:
    """``missing`` is what the address answers of a record that is not there."""
    place = (role, method, rule.rule, thing and (thing.state, thing.secrecy))
    number = thing.row["id"] if thing else 0
    answer = client.open(address(app, rule, number), method=method)
    if thing is not None and method == "POST" and answer.status_code < 400:
        session.rollback()
        thing.put_back(session)
    to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in")
    if role == matrix.VISITOR and line.action not in (matrix.OPEN, matrix.BY_SECRET):
        assert to_sign_in, (place, answer.status_code)
        return
    if line.action == matrix.BY_SECRET:
        # As if it were not there, or back to the first step.
        assert to_sign_in or answer.status_code in {404, 409, 422}, place
        return
    assert not to_sign_in, place
    scope = matrix.actions.get(line.action, {}).get(role, "any")
    own = thing is not None and role in thing.owners
    own = own and (role, line.action) not in thing.barred
    if thing is not None and not thing.is_seen_by(role):
        # Like a record that is not there; «forbidden» only to who may never do it.
        assert answer.status_code == missing.status_code, place
        assert answer.status_code in ({404} if scope == "any" else {403, 404}), place
    elif scope == "any" or (scope == "own" and (own or thing is None)):
        assert answer.status_code in DONE, (place, answer.status_code)
    else:
        assert answer.status_code == 403, (place, answer.status_code)
