"""Every page that lists records lets its reader take the list along.

The two tables below are agreed: a page that shows a table or a list of records and
stands in neither of them fails here.
"""

import csv
import io
import re
from html import unescape

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from matchmaker import matrix
from matchmaker.history import service as history
from models import History, transaction
from models.states import NeedStatus, Role, Secrecy

from ..walk import may_ever, populate, rules

pytestmark = pytest.mark.one_database

# The page of a list, its export, and who takes it.
LISTS = {
    "needs.browse": ("needs.export", "enterprise"),
    "needs.mine": ("needs.export_mine", "enterprise"),
    "achievements.browse": ("achievements.export", "enterprise"),
    "achievements.mine": ("achievements.export_mine", "university"),
    "calls.browse": ("calls.export", "enterprise"),
    "calls.mine": ("calls.export_mine", "enterprise"),
    "matches.mine": ("matches.export_mine", "enterprise"),
    "introductions.index": ("introductions.export", "enterprise"),
    "contracts.mine": ("contracts.export_rows", "enterprise"),
    "contracts.browse": ("contracts.export_rows", "staff"),
    "awards.index": ("awards.export_rows", "enterprise"),
    "bids.mine": ("bids.export_mine", "university"),
    "subscriptions.index": ("subscriptions.export", "enterprise"),
    "proposals.mine": ("proposals.export_mine", "staff"),
    "nodes.mandates": ("nodes.export_mandates", "manager"),
    "nodes.index": ("nodes.export", "staff"),
    "experts.index": ("experts.export", "staff"),
    "panels.index": ("panels.export", "staff"),
    "registrations.queue": ("registrations.export", "staff"),
    "verification.queue": ("verification.export", "staff"),
    "publications.index": ("publications.export", "enterprise"),
    "users.index": ("users.export", "admin"),
    "audit.log": ("audit.export", "admin"),
    "dictionaries.index": ("dictionaries.export", "admin"),
    "boards.steps": ("boards.export", "staff"),
    "boards.league": ("boards.export", "staff"),
    "boards.exposure": ("boards.export", "staff"),
    "boards.index": ("boards.export", "staff"),
}
# One list of several behind one address.
ASKED = {"dictionaries.index": "name=need_return"}
# Pages with a table or rows that no file is made of, and why.
WITHOUT = {
    "home.index": "the heads of lists that have pages of their own",
    "work.index": "what waits for one person now, over all lists",
    "notices.inbox": "one person's mail box; «我的数据» has it whole",
    "accounts.sessions": "the browsers of one account; «我的数据» has them",
    "organisations.mine": "the members of one organisation, a page of settings",
    "mail.outbox": "letters to others, some with a secret in them",
    "groups.proposals": "proposals computed anew each time, no records",
    "tokens.index": "access tokens, which are ended and not kept",
    "webhooks.index": "the few hooks one keeps",
    "webhooks.everybodys": "hooks, whose addresses are secrets of their keepers",
    "api.docs": "a description, which leaves as OpenAPI",
    "ledger.imports": "runs, each with its own file of errors",
    "system.show": "the state of the machinery",
    "targets.index": "a form of figures; the board has their export",
    "boards.overview": "public sums; the data stand in the page itself",
    "boards.step_rows": "rows of a board's sheet",
    "dictionaries.holidays": "the calendar's own settings",
    "reviews.mine": "sealed until the result: an expert's sheets are not copied",
    "experts.mine": "one expert's own declaration",
}
TABLE = re.compile(r'<table class="table"|<article class="result"')


@pytest.fixture
def users(make, session):
    users = populate(make)
    make.proposal(proposer_id=users["staff"].id)
    with transaction(session):
        history.record(
            session, users["staff"], "user.created", users["admin"], now=make.now
        )
    return users


def rows_of(answer, form):
    assert answer.status_code == 200, answer.text
    assert f".{form}" in answer.headers["Content-Disposition"]
    body = answer.data
    if form == "csv":
        assert body.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    return [
        list(row)
        for row in load_workbook(io.BytesIO(body))
        .worksheets[0]
        .iter_rows(values_only=True)
    ]


def test_a_page_that_lists_records_is_in_one_of_the_two_tables(app, users, login):
    found = set()
    for user in users.values():
        client = login(user) if user else app.test_client()
        for rule in rules(app, "GET"):
            if rule.arguments or not may_ever(user, rule.endpoint, "GET"):
                continue
            answer = client.get(rule.rule)
            if answer.mimetype == "text/html" and TABLE.search(answer.text):
                found.add(rule.endpoint)
    assert not LISTS.keys() & WITHOUT.keys()
    assert found <= LISTS.keys() | WITHOUT.keys(), found - LISTS.keys() - WITHOUT.keys()
    assert not WITHOUT.keys() - found, "no page of these lists anything"


def test_a_list_page_offers_its_export_which_is_noted(app, users, login, session):
    for page, (export, role) in LISTS.items():
        client = login(users[role])
        address, target = (
            app.url_map.bind("localhost").build(one) for one in (page, export)
        )
        shown = client.get(address, query_string=ASKED.get(page, ""))
        assert shown.status_code == 200, page
        sent = _offered(shown.text, target)
        if page.startswith("boards."):
            continue  # workbooks of several sheets, with tests of their own
        before = _noted(session, users[role])
        excel, table = (
            rows_of(client.post(target, data=sent | {"format": form}), form)
            for form in ("xlsx", "csv")
        )
        assert len(excel) > 1, f"{page}: rows in the page, none in a file"
        # The log notes the first copy before the second is taken.
        assert len(table) == len(excel) + (page == "audit.log"), page
        assert _noted(session, users[role]) == before + 2, page


def _offered(page, target):
    """What the form that takes the list along sends besides the form of file."""
    forms = re.findall(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page, re.S)
    offered = [body for action, body in forms if unescape(action) == target]
    assert offered, f"there is no {target} on its page"
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', offered[0]))


def _noted(session, user):
    session.rollback()
    query = select(func.count(History.id)).where(
        History.action.like("%export%"), History.actor_id == user.id
    )
    return session.scalar(query)


def test_an_export_asks_for_what_its_page_asks_for(app):
    """Nobody takes along what they may not read; the public lists, whoever is known."""
    for page, (export, _) in LISTS.items():
        asked = matrix.route(page, "GET").action
        wanted = {matrix.SIGNED_IN} if asked == matrix.OPEN else {asked}
        if page == "contracts.browse":
            wanted = {"contract.read"}  # one export for both of its lists
        assert matrix.route(export, "POST").action in wanted, page


def test_a_wrong_form_of_file_is_named(users, login):
    client = login(users["staff"])
    answer = client.post("/experts/export", data={"format": "pdf"})
    assert answer.status_code == 422
    assert "请选择 Excel 或 CSV" in answer.text


def test_a_sealed_bid_is_in_its_bidders_file_alone(make, login):
    bidder = make.user()
    bid = make.bid(organisation_id=bidder.organisation_id)
    issuer = make.user(organisation_id=bid.call.issuer_id)
    others = (issuer, make.user(), make.staff(), make.user(Role.ADMIN))
    own = login(bidder).post("/bids/export", data={"format": "csv"})
    assert bid.organisation.name in own.text
    assert "已提交，密封中" in own.text
    for user in others:
        answer = login(user).post("/bids/export", data={"format": "csv"})
        assert len(rows_of(answer, "csv")) == 1, user.role


def test_a_draft_and_a_masked_firm_are_in_no_file_of_the_queue_or_of_a_manager(
    make, login
):
    manager = make.user(Role.MANAGER)
    need = make.need(
        secrecy=Secrecy.MASKED,
        title="湘江三号的验收",
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=[],
    )
    make.proposal(make.suggestion(need), proposer_id=manager.id)
    make.need(title="别人的草稿", status=NeedStatus.DRAFT)
    waiting = make.need(title="待审的需求", status=NeedStatus.PENDING)

    proposed = login(manager).post("/proposals/export", data={"format": "csv"}).text
    queue = login(make.staff()).post("/verification/export", data={"format": "csv"})

    assert "储能产品验收" in proposed
    assert "湘江三号" not in proposed
    assert need.organisation.name not in proposed
    assert waiting.title in queue.text
    assert "别人的草稿" not in queue.text


def test_no_text_of_anybody_becomes_a_formula_in_a_list(make, login):
    evil = '=HYPERLINK("//a","点")'
    expert = make.expert(make.user(role="expert", name=evil))
    make.node(name=evil)
    make.registration(name=evil)
    staff = login(make.staff())
    assert expert.user.name == evil
    for address in ("/experts", "/nodes", "/registrations"):
        answer = staff.post(f"{address}/export", data={"format": "csv"})
        cells = [cell for row in rows_of(answer, "csv") for cell in row]
        assert f"'{evil}" in cells, address
        assert not [cell for cell in cells if cell.startswith("=")]
        book = load_workbook(
            io.BytesIO(staff.post(f"{address}/export", data={}).data)
        ).active
        kinds = {cell.data_type for row in book.iter_rows() for cell in row}
        assert "f" not in kinds, address
