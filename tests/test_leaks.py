"""What a reader may not see shows nowhere: not in a list, a count, a score, an error.

The check is by comparison. Every address is asked twice, before and after the
hidden thing is there, and each reader must get the same answer, byte for byte.
So no counter, facet, order of results or «not found» can give it away, whatever
page is added later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from matchmaker import matrix
from matchmaker.jobs import outbox
from models import Achievement, Base, Need, Organisation, User, transaction
from models.states import (
    AchievementStatus,
    CallStatus,
    IpWish,
    NeedStatus,
    Secrecy,
    SuggestionStatus,
)

from .factories import Factory
from .walk import (
    ID,
    NOBODYS,
    address,
    index_everything,
    may_ever,
    notify,
    plain,
    populate,
    rules,
)

pytestmark = pytest.mark.one_database

# Words that no other record of the test holds, so that finding one is a leak.
FIRM = "昆仑玄铁秘密重工"
TITLE = "玄铁重剑淬火开裂"
PROBLEM = "玄铁坯料入水后沿剑脊开裂,疑与陨硫含量有关。"
TARGET = "剑脊裂纹≤0.07 mm"
MARKERS = (FIRM, TITLE, PROBLEM, TARGET, "玄铁", "陨硫", "剑脊")
SECRET = {"title": TITLE, "problem": PROBLEM, "targets": [TARGET]}
# Facts by which facets could betray it: nothing else has them.
RARE = {
    "field": "AV",
    "district": "浏阳市",
    "trl_expected": 2,
    "cooperation": ["equity"],
}

PUBLIC_TITLE = "一种金属件的热处理"

# Both are 数百万元; the price of an achievement of the university, and the budget of a
# public need, lie between.
BUDGET, BETWEEN, OTHER_BUDGET = 234_567_800, 500_000_000, 987_654_300
MARKERS = (*MARKERS, "234.57", "234.5678", "987.65", "987.6543")

HIDDEN = 9001  # the numbers of the hidden records start here
# How many there are of each kind of record (`test_every_hidden_record_is_asked_for`).
HIDDEN_OF = {"need": 8, "attachment": 9}
HIDDEN_OF_OTHERS = 3
MASKED = 8001
KNOWN = 8002  # a public need of yet another firm
CHANGING = {"Date", "Set-Cookie", "Content-Length"}  # the token is in the last two
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"q": "玄铁"},
    {"q": PROBLEM},
    {"q": "电池热失控预警"},
    {"q": "电池", "sort": "amount", "field": "ES"},
    {"q": FIRM, "status": "draft"},
    {"field": "AV", "district": "浏阳市"},
    {"mode": "equity", "trl": "2"},
    {"sort": "deadline"},
    {"sort": "amount"},
    {"sort": "newest", "page": "2"},
    {"status": "published"},
)

Answer = tuple[int, str, str]  # status, headers, body
Pages = dict[tuple[str, str, str], Answer]
Reader = tuple[str, User | None]


@pytest.fixture
def read(app: Flask, login) -> Callable[..., Pages]:
    """Ask every address of the site as each reader; ``lists`` those alone.

    ``most`` is how many records of one kind are hidden.
    """

    def ask(readers: Iterable[Reader], *, lists: bool = False, most: int = 9) -> Pages:
        pages: Pages = {}
        for name, user in readers:
            client = login(user) if user else app.test_client()
            for method, path in addresses(app, user, lists, most):
                if method == "POST":  # it may sign out, or leave a message
                    client = login(user) if user else app.test_client()
                pages[name, method, path] = open_page(client, method, path)
        return pages

    return ask


def open_page(client: FlaskClient, method: str, path: str) -> Answer:
    answer = client.open(path, method=method)
    heads = {name: value for name, value in answer.headers if name not in CHANGING}
    return answer.status_code, repr(sorted(heads.items())), plain(answer.text)


def addresses(
    app: Flask, user: User | None, lists: bool, most: int
) -> Iterator[tuple[str, str]]:
    """Every page with every query, every number that hides something, every POST.

    What the role may never open is asked once: it answers before it looks.
    """
    for rule in rules(app, "GET"):
        ever = may_ever(user, rule.endpoint, "GET")
        if rule.arguments and not lists:
            numbers = hidden_numbers(rule, "GET", most)
            for number in (ID, MASKED, KNOWN, *numbers) if ever else numbers[:1]:
                yield "GET", address(app, rule, number)
        elif not rule.arguments:
            for query in QUERIES if ever else QUERIES[:2]:
                yield "GET", f"{address(app, rule, 0)}?{urlencode(query)}".rstrip("?")
    for rule in rules(app, "POST"):
        if rule.arguments and not lists:
            ever = may_ever(user, rule.endpoint, "POST")
            numbers = hidden_numbers(rule, "POST", most)
            for number in numbers if ever else numbers[:1]:
                yield "POST", address(app, rule, number)


def hidden_numbers(rule: Rule, method: str, most: int) -> range:
    """The numbers of the hidden records that the address may be of."""
    record = matrix.route(rule.endpoint, method).record
    return range(HIDDEN, HIDDEN + min(most, HIDDEN_OF.get(record, HIDDEN_OF_OTHERS)))


def outsiders(make: Factory) -> list[Reader]:
    """The readers for whom the secrets of another firm do not exist."""
    users = populate(make)
    return [
        (role, users[role])
        for role in ("visitor", "enterprise", "university", "manager")
    ]


def hide(make: Factory, firm: Organisation, own: Need) -> None:
    """Records in every state that outsiders may not learn of, tied to public ones."""
    facts = SECRET | RARE | {"organisation_id": firm.id, "deadline": date(2026, 12, 1)}
    published = make.need(id=HIDDEN, secrecy=Secrecy.RESTRICTED, **facts)
    states = (
        NeedStatus.DRAFT,
        NeedStatus.PENDING,
        NeedStatus.RETURNED,
        NeedStatus.WITHDRAWN,
        NeedStatus.EXPIRED,
    )
    for number, status in enumerate(states, HIDDEN + 1):
        make.need(id=number, status=status, **facts)
    make.need(
        id=HIDDEN + 6,
        status=NeedStatus.SOLVED,
        secrecy=Secrecy.RESTRICTED,
        **facts,
    )
    for number in range(7):
        hidden = make.session.get_one(Need, HIDDEN + number)
        make.attachment(hidden, id=hidden.id, name=f"{FIRM}.txt", is_public=True)
    achievement = make.achievement(
        id=HIDDEN,
        status=AchievementStatus.DRAFT,
        title=TITLE,
        abstract=PROBLEM,
        organisation_id=firm.id,
        field="AV",
    )
    make.call(
        id=HIDDEN,
        status=CallStatus.DRAFT,
        title=TITLE,
        background=PROBLEM,
        issuer_id=firm.id,
        field="AV",
    )
    hide_people(make, firm)
    public = make.session.get_one(type(achievement), ID)
    approved = SuggestionStatus.APPROVED
    make.suggestion(published, public, id=HIDDEN, status=approved, score=0.99)
    # Talks whose provider is told nothing yet, and talks between others.
    make.introduction(published, public, id=HIDDEN, provider_knows=False)
    unknown = make.need(id=HIDDEN + 7, secrecy=Secrecy.RESTRICTED, **facts)
    elsewhere = make.achievement(status=AchievementStatus.WITHDRAWN)
    others = make.introduction(unknown, elsewhere, id=HIDDEN + 1)
    make.talk_event(others, words=TITLE)
    make.contact(others, make.user(organisation_id=firm.id, name=TITLE))
    make.suggestion(own, achievement, id=HIDDEN + 1, score=0.98)


def hide_people(make: Factory, firm: Organisation) -> None:
    """Who belongs, asks or is invited to the firm; their letters, files, searches."""
    member = make.user(id=HIDDEN, organisation_id=firm.id, name=TITLE)
    make.registration(
        id=HIDDEN, organisation_id=firm.id, organisation_name=FIRM, name=TITLE
    )
    make.registration(id=HIDDEN + 1, organisation_name=FIRM, name=TITLE)
    make.invitation(firm.id, member.id, id=HIDDEN, email="xuantie@example.com")
    make.mail(id=HIDDEN, kind="notice", facts=dict.fromkeys(("title", "words"), TITLE))
    make.subscription(member, id=HIDDEN, query={"q": PROBLEM})
    make.user_session(member, id=HIDDEN)
    notify(make, member.id, HIDDEN, TITLE)


def hide_files(make: Factory, masked: Need) -> None:
    """Files of records that everybody knows, not open to everybody themselves."""
    known = make.session.get_one(Need, KNOWN)
    make.attachment(known, id=HIDDEN + 7, name=f"{FIRM}.txt", data=PROBLEM.encode())
    make.attachment(masked, id=HIDDEN + 8, name=f"{FIRM}.txt", is_public=True)


def differences(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    """Where another answer was given."""
    return [place for place in after if before[place] != after[place]]


def masked_need(make: Factory) -> Need:
    """A need of which outsiders may read this public text and no other word."""
    return make.need(
        id=MASKED,
        secrecy=Secrecy.MASKED,
        organisation_id=make.organisation(name="某甲公司").id,
        public_title=PUBLIC_TITLE,
        public_problem="金属坯料冷却后有裂纹，希望找到原因。",
        public_targets=["裂纹明显减少"],
        budget_fen=BUDGET,
        **RARE,
    )


def offered(make: Factory, user: User | None) -> Achievement:
    """What fits the public text, at a price between the two budgets."""
    assert user is not None
    return make.achievement(
        id=MASKED,
        organisation_id=user.organisation_id,
        title="金属坯料冷却裂纹的成因与热处理",
        abstract="金属坯料冷却后有裂纹，找到原因，热处理后裂纹明显减少。",
        indicators=["裂纹明显减少"],
        field=RARE["field"],
        trl=9,
        modes=["equity"],
        price_fen=BETWEEN,
    )


def change_full_text(make: Factory, need: Need) -> None:
    """Another secret under the same public text, and of the money the same band."""
    with transaction(make.session):
        need.title, need.problem, need.targets = TITLE, PROBLEM, [TARGET]
        need.scene, need.tried, need.solver_conditions = PROBLEM, PROBLEM, TARGET
        need.contact = need.park = FIRM
        need.ip_wish = IpWish.SHARED
        need.measures = [{"name": "剑脊裂纹", "comparator": "le", "value": "0.07"}]
        need.budget_fen = OTHER_BUDGET
        need.organisation.name = f"{FIRM}（二）"
        make.session.flush()
        outbox.touch(make.session, need, now=make.now)


def test_what_is_hidden_changes_nothing_that_an_outsider_gets(make, read, settings):
    """Neither whole records nor the full text under a public one.

    The lists, counts and facets are SQL: they are asked of every database. What
    one address does with one record is asked of the quickest.
    """
    lists = settings.url.startswith("postgresql")
    readers = outsiders(make)
    firm = make.organisation(name=FIRM)
    owner = make.user(organisation_id=firm.id)
    masked = masked_need(make)
    item = make.session.get_one(Achievement, ID)
    manager = dict(readers)["manager"]
    make.introduction(masked, item, id=MASKED, manager_id=manager.id)
    make.need(
        id=KNOWN,
        title="输送带跑偏纠正",
        problem="输送带跑偏。",
        targets=[],
        budget_fen=BETWEEN,
    )
    offer = offered(make, dict(readers)["university"])
    index_everything(make)
    before = read(readers, lists=lists)
    seen = [body for _, _, body in before.values() if PUBLIC_TITLE in body]
    assert len(seen) > 10, "the public text is found where it should be"
    if not lists:
        buyers = before["university", "GET", f"/achievements/{offer.id}/buyers"][2]
        assert PUBLIC_TITLE in buyers
        assert "数百万元" in buyers

    hide(make, firm, make.session.get_one(Need, ID))
    notify(make, owner.id, HIDDEN, TITLE)
    change_full_text(make, masked)
    hide_files(make, masked)
    index_everything(make)
    after = read(readers, lists=lists)

    assert differences(before, after) == []
    for (role, _, path), (status, heads, body) in after.items():
        found = [marker for marker in MARKERS if marker in heads + body]
        assert not found or "q=" in path, (role, path, found)
        assert f"/{HIDDEN}" not in path or status in (302, 403, 404), (role, path)


@pytest.mark.parametrize("kind", ["needs", "achievements", "calls"])
def test_a_hidden_record_answers_like_one_that_is_not_there(app, make, login, kind):
    readers = outsiders(make)
    hide(make, make.organisation(name=FIRM), make.session.get_one(Need, ID))
    for _, user in readers:
        client = login(user) if user else app.test_client()
        hidden = open_page(client, "GET", f"/{kind}/{HIDDEN}")
        assert hidden[0] == 404
        assert hidden == open_page(client, "GET", f"/{kind}/{NOBODYS}")


def test_every_hidden_record_is_asked_for(make):
    populate(make)
    masked = masked_need(make)
    make.need(id=KNOWN)
    hide(make, make.organisation(name=FIRM), make.session.get_one(Need, ID))
    hide_files(make, masked)
    most = {Need.__tablename__: "need", "attachments": "attachment"}
    for table in Base.metadata.sorted_tables:
        if "id" not in table.c:
            continue
        numbered = table.c.id.between(HIDDEN, HIDDEN + 99)
        count = make.session.scalar(select(func.count()).where(numbered))
        known = HIDDEN_OF.get(most.get(table.name, ""), HIDDEN_OF_OTHERS)
        assert count <= known, table.name


def test_its_owner_and_staff_do_see_it(make, login):
    """So that the tests above are known to look in the right places."""
    staff = populate(make)["staff"]
    firm = make.organisation(name=FIRM)
    owner = make.user(organisation_id=firm.id)
    hide(make, firm, make.session.get_one(Need, ID))
    index_everything(make)
    for user in (owner, staff):
        page = login(user).get(f"/needs/{HIDDEN}").text
        assert TITLE in page
        assert PROBLEM in page
    found = login(staff).get(f"/needs?q={PROBLEM}").text
    assert TITLE in found
    assert TITLE in login(owner).get("/needs/mine").text


def test_staff_do_not_see_the_draft_of_another(make, read):
    staff = populate(make)["staff"]
    facts = SECRET | RARE | {"organisation_id": make.organisation(name=FIRM).id}
    before = read([("staff", staff)], most=1)
    make.need(id=HIDDEN, status=NeedStatus.DRAFT, **facts)
    index_everything(make)
    assert differences(before, read([("staff", staff)], most=1)) == []
