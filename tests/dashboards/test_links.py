"""Every figure a board links opens contracts that add up to it, to the 分."""

import re
from datetime import date
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from werkzeug.datastructures import MultiDict

from matchmaker.contracts import listing
from matchmaker.contracts.groupings import Grouping
from matchmaker.contracts.listing import ContractQuery
from matchmaker.schema import parse
from models import Receipt, transaction
from models.states import ContractState, PartyKind

from ..conftest import NOW
from .ledger import LEDGERS, enter

LINK = re.compile(r'<a[^>]* href="(/contracts\?[^"]+)"[^>]*>', re.DOTALL)
SAID = re.compile(
    r'title="(?:[^"]*：)?(?:([\d,]+) 份)?(?:，?(成交额|到账) ([\d,.]+) 元)?"'
)


def figures(page):
    """(address, number of contracts, what is summed, fen) of each link; None where
    the board does not say it."""
    for link in LINK.finditer(page):
        said = SAID.search(link[0])
        assert said, link[0]
        number = int(said[1].replace(",", "")) if said[1] else None
        whole, _, part = (said[3] or "").replace(",", "").partition(".")
        fen = int(whole + f"{part:0<2}") if said[3] else None
        assert (number, fen) != (None, None), link[0]
        yield unescape(link[1]), number, said[2], fen


def add_receipts(session, rows, author_id):
    """A payment this year for each other contract that has a sum, and one of before."""
    paid = [
        {
            "contract_id": row["id"],
            "amount_fen": row["total_fen"] // 3 + 1,
            "received_on": day,
            "author_id": author_id,
            "created_at": NOW,
        }
        for row in rows[::2]
        for day in (date(2026, 3, 1), date(2025, 3, 1))
    ]
    if paid:
        with transaction(session):
            session.execute(insert(Receipt), paid)


def test_every_linked_figure_is_the_sum_of_the_list_it_opens(session, make, login):
    user = make.staff()
    client = login(user)
    boards = ["/boards", "/boards?year=2025", "/boards?cut=flow:local,out"]
    boards += [f"/boards/leagues?kind={kind}" for kind in ("university", "enterprise")]

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(LEDGERS, st.sampled_from(boards))
    def check(drawn, board):
        add_receipts(session, enter(session, drawn), user.id)
        for address, number, called, fen in set(figures(client.get(board).text)):
            query = parse(ContractQuery, MultiDict(parse_qsl(urlsplit(address).query)))
            found = listing.browse(session, user, query)
            summed = found.received_fen if called == "到账" else found.total_fen
            assert number in (None, found.total), address
            assert fen in (None, summed), address
        session.rollback()

    check()


@pytest.fixture
def ledger(make):
    """One of each that a board tells apart."""
    recognised = {"state": ContractState.RECOGNISED}
    manager = make.user(role="manager")
    kinds = {"buyer_kind": PartyKind.HOSPITAL, "seller_kind": PartyKind.UNIVERSITY}
    make.contract(**recognised, **kinds, manager_id=manager.id, total_fen=223_456_789)
    make.contract(**recognised, seller_region=None, is_demo=True)
    day = date(2025, 3, 1)
    make.contract(**recognised, signed_on=day, recognised_on=day)
    make.contract(state=ContractState.SIGNED)
    make.contract(state=ContractState.REFUSED, refused_code="other")
    gone = {"recognised_on": NOW.date(), "cancelled_on": NOW.date()}
    make.contract(state=ContractState.CANCELLED, registration_number="R-1", **gone)


@pytest.mark.one_database
@pytest.mark.parametrize("board", ["/boards", "/boards/leagues"])
def test_the_list_says_above_its_rows_what_the_figure_was(make, login, ledger, board):
    staff = login(make.staff())
    found = set(figures(staff.get(board).text))
    assert len(found) >= (25 if board == "/boards" else 5)
    for address, number, called, fen in found:
        page = staff.get(address)
        assert page.status_code == 200
        assert "没有符合条件的合同" not in page.text
        if number:
            assert f'合计 <span class="number">{number:,}</span> 份' in page.text
        if fen:
            exact = f"{fen / 100:,.2f}".removesuffix(".00")
            assert f'{called} <span class="number">{exact} 元</span>' in page.text


@pytest.mark.one_database
def test_every_kind_of_figure_of_the_board_has_its_list(make, login, ledger):
    page = login(make.staff()).get("/boards").text
    asked = (parse_qsl(urlsplit(address).query) for address, *_ in figures(page))
    names = {cut.partition(":")[0] for cuts in asked for _, cut in cuts}
    ways = {each.value for each in Grouping}
    assert names >= ways | {"counted", "pending", "refused", "cancelled", "demo"}
