"""Who finds which secret: everybody looks everywhere, and the table below says where.

Each secret holds a word that stands nowhere else. Every page, search, facet, export,
notice and letter of every reader is searched for all of them, and each must be found
by exactly those who may know it: by the others nowhere, and by these somewhere, so
that the walk is known to look in the right places.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from matchmaker.history import service as history
from matchmaker.introductions import service as talks
from matchmaker.introductions.schema import LogInput
from matchmaker.mail import letters
from matchmaker.notices import service as notices
from matchmaker.subscriptions import tell
from models import Achievement, Mail, Need, Notice, User, transaction
from models.states import (
    AchievementStatus,
    BidState,
    CallMode,
    CallStatus,
    Frequency,
    MilestoneState,
    NeedStatus,
    OrganisationRole,
    Secrecy,
    SuggestionStatus,
)

from .factories import Factory
from .test_leaks import RARE
from .walk import ID, address, index_everything, may_ever, populate, rules

HIDDEN = 9001
ASKED = "玄铁剑脊"  # every secret is found by it, so that a search may betray it
STAFF = {"staff", "admin"}
# `lead` manages the firm whose secrets these are; `colleague` works there.
FIRM = {"lead", "colleague"}
WHO_KNOWS: dict[str, set[str]] = {
    "firm": FIRM | STAFF,  # its name: all it shows is masked
    "draft-need": FIRM,
    "draft-achievement": FIRM,
    "draft-call": FIRM,
    "question": FIRM | STAFF,  # about a public call, not answered yet
    "opinion": STAFF,  # of an expert on a call of the firm
    "restricted": FIRM | STAFF,
    "masked": FIRM | STAFF,
    "file-name": STAFF,  # of another firm's public need
    "file-text": STAFF,
    "token": {"admin"},
    "applicant": {"lead"} | STAFF,
    "member": FIRM | {"admin"},
    "invited": {"lead"},
    "search": {"lead"},
    "notice": {"lead"},
    "contract": FIRM | STAFF,  # its name, its parties, what was changed in it
    "contract-file": FIRM | STAFF,
    # Of talks to which both sides agreed, their provider being the university.
    "talks-need": {"university", "manager"} | STAFF,
    "talks-firm": {"university", "manager"} | STAFF,
    "talks-contact": {"university", "manager"} | STAFF,
    "talks-note": {"manager"} | STAFF,
    # Of a race: its issuer is the enterprise, the other runner the university.
    "award": {"enterprise"} | STAFF,
    "award-file": {"enterprise"} | STAFF,
}
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"q": ASKED},
    {"q": ASKED, "sort": "newest", "status": "draft"},
    {"field": "AV", "district": "浏阳市", "mode": "equity", "trl": "2"},
)


def word(name: str) -> str:
    return f"kz{name.replace('-', '')}zk"


def secret(name: str) -> str:
    return f"{ASKED}{word(name)}"


def facts(name: str) -> dict[str, Any]:
    text = secret(name)
    return {"title": text, "problem": f"{text}开裂。", "targets": [f"{text}≤0.07 mm"]}


@pytest.fixture
def readers(make: Factory) -> dict[str, User | None]:
    users = populate(make)
    firm = make.organisation(name=secret("firm"))
    lead = make.user(
        id=HIDDEN,
        organisation_id=firm.id,
        org_role=OrganisationRole.MANAGER,
        name=secret("member"),
        email=f"{word('member')}@example.com",
    )
    colleague = make.user(organisation_id=firm.id)
    found = {**users, "lead": lead, "colleague": colleague}
    for user in found.values():
        if user is not None:
            make.subscription(user, record_type=None, query={"q": ASKED}, by_mail=True)
            make.subscription(
                user,
                record_type=None,
                query={"field": ["AV"]},
                frequency=Frequency.DAILY,
                by_mail=True,
            )
    hide_records(make, lead, firm.id)
    hide_people(make, lead, firm.id)
    hide_deals(make, lead)
    hide_talks(make, users)
    hide_awards(make, users)
    index_everything(make)
    with transaction(make.session):
        history.record(
            make.session,
            lead,
            "need.edited",
            make.session.get_one(Need, HIDDEN),
            now=make.now,
            changes={"title": ["旧", secret("draft-need")]},
        )
    return found


def hide_records(make: Factory, lead: User, firm_id: int) -> None:
    home = {"organisation_id": firm_id}
    draft = make.need(
        id=HIDDEN, status=NeedStatus.DRAFT, **home, **RARE, **facts("draft-need")
    )
    restricted = make.need(
        id=HIDDEN + 1,
        secrecy=Secrecy.RESTRICTED,
        **home,
        **RARE,
        **facts("restricted"),
    )
    make.need(
        id=HIDDEN + 2,
        secrecy=Secrecy.MASKED,
        public_title="一种金属件的热处理",
        public_problem="金属坯料冷却后有裂纹。",
        public_targets=["裂纹明显减少"],
        **home,
        **RARE,
        **facts("masked"),
    )
    known = make.need(id=HIDDEN + 3, title="输送带跑偏", problem="跑偏。", targets=[])
    for id_, item in ((HIDDEN, known), (HIDDEN + 1, draft), (HIDDEN + 2, restricted)):
        name, text = (
            (f"{secret('file-name')}.txt", secret("file-text"))
            if item is known
            else (f"{secret('draft-need')}.txt", secret("draft-need"))
            if item is draft
            else (f"{secret('restricted')}.txt", secret("restricted"))
        )
        make.attachment(item, id=id_, name=name, data=text.encode())
    achievement = make.achievement(
        id=HIDDEN,
        status=AchievementStatus.DRAFT,
        title=secret("draft-achievement"),
        abstract=secret("draft-achievement"),
        field="AV",
        **home,
    )
    make.call(
        id=HIDDEN,
        status=CallStatus.DRAFT,
        title=secret("draft-call"),
        background=secret("draft-call"),
        issuer_id=firm_id,
        field="AV",
    )
    public_call = make.call(id=HIDDEN + 1)
    make.question(
        public_call,
        id=HIDDEN,
        organisation_id=firm_id,
        user_id=lead.id,
        text=secret("question"),
    )
    make.linked(public_call, restricted)
    argued = make.call(id=HIDDEN + 2, status=CallStatus.ARGUED, issuer_id=firm_id)
    make.opinion(argued, words=secret("opinion"))
    approved = {"status": SuggestionStatus.APPROVED, "score": 0.99}
    public = make.session.get_one(type(achievement), ID)
    make.suggestion(restricted, public, id=HIDDEN, **approved)
    own = make.session.get_one(Need, ID)
    make.suggestion(own, achievement, id=HIDDEN + 1, **approved)


def hide_deals(make: Factory, lead: User) -> None:
    """A contract of the firm with somebody who is not on the platform."""
    contract = make.contract(
        id=HIDDEN,
        name=secret("contract"),
        content=secret("contract"),
        seller_name=secret("contract"),
        buyer_id=lead.organisation_id,
    )
    make.payment(contract, id=HIDDEN, words=secret("contract"))
    make.attachment(
        contract,
        id=HIDDEN + 3,
        name=f"{secret('contract-file')}.txt",
        data=secret("contract-file").encode(),
    )
    with transaction(make.session):
        history.record(
            make.session,
            None,
            "contract.edited",
            contract,
            now=make.now,
            changes={"content": ["旧", secret("contract")]},
        )
        notices.queue(
            make.session,
            [lead.id],
            "contract_signed",
            now=make.now,
            title=secret("contract"),
            contract_id=contract.id,
        )


def hide_talks(make: Factory, users: Mapping[str, User | None]) -> None:
    """Talks that are opened, talks that wait, and talks nobody else may know of."""
    session, manager = make.session, users["manager"]
    assert manager is not None
    item = session.get_one(Achievement, ID)
    partner = make.user(
        organisation_id=make.organisation(name=secret("talks-firm")).id,
        email=f"{word('talks-contact')}@example.com",
    )
    need = make.need(
        id=HIDDEN + 4,
        secrecy=Secrecy.MASKED,
        organisation_id=partner.organisation_id,
        public_title="另一种金属件的热处理",
        public_problem="金属坯料冷却后变形。",
        public_targets=["变形明显减小"],
        **RARE,
        **facts("talks-need"),
    )
    opened = make.agreed(
        make.introduction(need, item, id=HIDDEN, manager_id=manager.id)
    )
    make.contact(opened, partner, phone="")
    make.talk_event(opened, is_internal=True, words=secret("talks-note"))
    line = LogInput(kind="note", happened_on="2026-11-20", log_words="约了下次。")
    talks.log(session, partner, opened.id, line, now=make.now)
    # Both wait: neither the masked text nor the restricted need is opened by them.
    masked = session.get_one(Need, HIDDEN + 2)
    make.introduction(masked, item, id=HIDDEN + 1, manager_id=manager.id)
    restricted = session.get_one(Need, HIDDEN + 1)
    make.introduction(restricted, item, id=HIDDEN + 2, provider_knows=False)


def hide_awards(make: Factory, users: Mapping[str, User | None]) -> None:
    """A race of two: what one of them promised, delivered and was told."""
    issuer, rival = users["enterprise"], users["university"]
    assert issuer is not None
    assert rival is not None
    call = make.call(
        id=HIDDEN + 3,
        issuer_id=issuer.organisation_id,
        status=CallStatus.AWARDED,
        mode=CallMode.RACE,
        max_awards=2,
    )
    homes = (make.organisation().id, rival.organisation_id)
    mine, _ = (
        make.award(
            make.bid(call, organisation_id=home, state=BidState.RELEASED), id=id_
        )
        for home, id_ in zip(homes, (HIDDEN, None), strict=True)
    )
    with transaction(make.session):
        milestone = mine.milestones[0]
        mine.pledge = secret("award")
        milestone.state, milestone.number = MilestoneState.DELIVERED, 1
        milestone.delivered_at, milestone.delivered_words = make.now, secret("award")
        history.record(
            make.session,
            None,
            "milestone.delivered",
            mine,
            now=make.now,
            changes={"words": [None, secret("award")]},
        )
    make.attachment(milestone, name=f"{secret('award-file')}.txt")


def hide_people(make: Factory, lead: User, firm_id: int) -> None:
    make.mail(
        id=HIDDEN,
        kind="password_reset",
        recipient="somebody@example.com",
        facts={
            "name": "某人",
            "path": "/password/reset",
            "token": word("token"),
            "hours": 1,
        },
    )
    make.registration(
        id=HIDDEN,
        organisation_id=firm_id,
        name=secret("applicant"),
        email=f"{word('applicant')}@example.com",
        organisation_name=secret("firm"),
    )
    email = f"{word('invited')}@example.com"
    make.invitation(firm_id, lead.id, id=HIDDEN, email=email)
    make.subscription(lead, id=HIDDEN, query={"q": secret("search")})
    with transaction(make.session):
        notices.queue(
            make.session,
            [lead.id],
            "need_published",
            now=make.now,
            title=secret("notice"),
            need_id=HIDDEN + 2,
        )


def pages(app: Flask, user: User | None) -> Iterator[tuple[str, str]]:
    """Every page, file and export; what the role may never open is asked once."""
    for rule in rules(app, "GET"):
        ever = may_ever(user, rule.endpoint, "GET")
        if rule.arguments:
            for number in range(HIDDEN, HIDDEN + (4 if ever else 1)):
                yield "GET", address(app, rule, number)
        else:
            for query in QUERIES if ever else QUERIES[1:2]:
                yield "GET", f"{address(app, rule, 0)}?{urlencode(query)}"
    for rule in rules(app, "POST"):
        if ".export" in rule.endpoint:
            yield "POST", address(app, rule, 0)


def found_in(text: str) -> set[str]:
    """The secrets the text tells, however it is marked up."""
    bare = re.sub(r"<[^>]+>", "", text)
    return {name for name in WHO_KNOWS if word(name) in bare or word(name) in text}


@pytest.mark.one_database
def test_each_secret_is_found_by_who_may_know_it_and_nobody_else(
    app, readers, login, capfd
):
    seen: dict[str, dict[str, str]] = {name: {} for name in WHO_KNOWS}
    for role, user in readers.items():
        client = login(user) if user else app.test_client()
        for method, path in pages(app, user):
            # What a workbook holds is packed; as CSV the same can be read.
            sent = {"format": "csv"} if method == "POST" else None
            answer = client.open(path, method=method, data=sent)
            assert answer.status_code < 500, (role, path)
            for name in found_in(answer.text + str(answer.headers)):
                seen[name].setdefault(role, path)
    for name, who in WHO_KNOWS.items():
        assert set(seen[name]) == who, (name, seen[name])
    # What a log keeps is read by who may read none of it.
    assert found_in("".join(capfd.readouterr())) == set()


@pytest.mark.one_database
def test_no_notice_and_no_letter_tells_a_secret(readers, session, make, settings):
    """Subscribed to by the secret's own words and by facets that only it has."""
    tell.send_digests(session, hour=8, now=make.now + timedelta(days=2))
    session.rollback()
    told = 0
    for role, user in readers.items():
        if user is None:
            continue
        own = select(Notice).where(Notice.user_id == user.id)
        for notice in session.scalars(own):
            told += notice.kind.startswith("subscri")
            for name in found_in(str(notice.facts)):
                assert role in WHO_KNOWS[name], (role, notice.kind, notice.facts)
        for mail in session.scalars(select(Mail).where(Mail.recipient == user.email)):
            told += 1
            letter = letters.letter(mail, settings)
            text = f"{letter.subject}\n{letter.text}\n{letter.html}"
            # A letter lies on servers of others: not even its reader's own secrets.
            assert found_in(text) == set(), (role, mail.kind, text)
    assert told > 4
