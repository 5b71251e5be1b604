"""The exact budget of a masked need is for those who read its full text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bands import amounts, band
from index.columns import Columns, Order
from matchmaker.jobs import outbox
from matchmaker.matches.nearby import candidates, fits
from matchmaker.needs import budgets
from models import Need, transaction
from models.conditions import EVERYTHING
from models.outbox import RecordType
from models.states import Role, Secrecy

from ..conftest import NOW

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
WAN = 1_000_000  # fen
MASKED = {
    "secrecy": Secrecy.MASKED,
    "public_title": "某储能设备安全预警",
    "public_problem": "储能电站的电池在热失控前需要提前给出预警,现有报警太晚。",
    "public_targets": ["预警提前时间≥10 min"],
}


# -- Bands ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wan", "words"),
    [
        (0.5, "数千元"),
        (6, "几万元"),
        (10, "十几万元"),
        (86, "数十万元"),
        (150, "一百多万元"),
        (200, "数百万元"),
        (999.9999, "数百万元"),
        (1_500, "一千多万元"),
        (6_000, "数千万元"),
        (12_000, "几亿元"),
    ],
)
def test_an_amount_as_outsiders_get_it(wan, words):
    assert budgets.banded(round(wan * WAN)).words == words


@given(st.integers(1, 10**13))
def test_an_amount_lies_in_its_band_and_so_do_its_ends(fen):
    low, high = amounts(fen)
    assert low <= fen <= high
    assert amounts(low) == amounts(high) == (low, high)
    assert band(low / 100).words == band(high / 100).words


@given(st.integers(1, 10**13), st.integers(1, 10**13))
def test_two_amounts_of_one_band_are_one_to_an_outsider(one, other):
    same = band(one / 100).words == band(other / 100).words
    assert (budgets.banded(one) == budgets.banded(other)) == same


# -- Who gets which ------------------------------------------------------------------


def test_owner_and_staff_get_the_amount_and_everybody_else_its_band(make):
    need = make.need(budget_fen=234 * WAN, **MASKED)
    owner = make.user(organisation_id=need.organisation_id)
    for reader in (owner, make.staff()):
        assert budgets.seen(reader, need) == budgets.Budget(
            234 * WAN, 234 * WAN, "234 万元"
        )
    for reader in (None, make.user(), make.user(Role.UNIVERSITY)):
        assert budgets.seen(reader, need) == budgets.banded(234 * WAN)


def test_a_public_budget_and_an_open_one_are_told_to_everybody(make):
    assert budgets.seen(None, make.need(budget_fen=234 * WAN)).words == "234 万元"
    assert budgets.seen(None, make.need(budget_fen=None, **MASKED)).words == "面议"
    assert budgets.seen(None, make.call(funding_fen=234 * WAN)).words == "234 万元"


def test_pages_tell_each_reader_what_is_theirs(make, login, client, indexed):
    need = make.need(budget_fen=234 * WAN, **MASKED)
    owner = make.user(organisation_id=need.organisation_id)
    indexed()
    for path in (f"/needs/{need.id}", "/needs", "/search?q=电池预警", "/"):
        assert "234" not in client.get(path).text, path
        for user in (owner, make.staff()):
            page = login(user).get(path).text
            assert "234" in page or path == "/", path
    for path in (f"/needs/{need.id}", "/needs", "/search?q=电池预警"):
        assert "数百万元" in client.get(path).text
    # Its owner is shown what the others get.
    assert "数百万元" in login(owner).get(f"/needs/{need.id}").text


# -- What is computed for them ---------------------------------------------------------


@pytest.fixture
def buyers(app, session, make, indexed):
    """How likely a masked need is for the holder of an achievement, by its budget."""
    need = make.need(**MASKED)
    holder = make.user(Role.UNIVERSITY)
    offer = make.achievement(
        organisation_id=holder.organisation_id, price_fen=500 * WAN
    )
    indexed()
    index = app.extensions["live_index"]

    def look(budget, user=holder):
        with transaction(session):
            session.get_one(Need, need.id).budget_fen = budget
        [one] = candidates(session, index, user, offer, NEED, now=NOW).found
        held = index.caught_up(session)
        inside = user is not holder
        sides = held.get(NEED, need.id, inside=inside), one.right[1]
        fit = fits(session, held, user, one.item, offer, *sides, inside=inside)
        return one.rating.probability, one.likely, fit

    return look


def test_a_price_cannot_be_used_to_find_the_budget(buyers, make):
    outside = {buyers(budget * WAN) for budget in (200, 234, 499, 500, 999)}
    assert len(outside) == 1
    staff = make.staff()
    assert buyers(234 * WAN, staff)[0] < buyers(999 * WAN, staff)[0]
    assert buyers(150 * WAN)[0] < buyers(234 * WAN)[0]


def test_nor_can_the_order_of_a_list(make, login, client, session):
    hidden = make.need(title="甲的需求", **MASKED)
    make.need(title="一百五十万的需求", budget_fen=150 * WAN)
    make.need(title="五百万的需求", budget_fen=500 * WAN)

    def order(reader, title):
        page = reader.get("/needs?sort=amount").text
        return sorted(("一百五十万", "五百万", title), key=page.index)

    staff = login(make.staff())
    for budget in (200, 499, 501, 999):
        with transaction(session):
            row = session.get_one(Need, hidden.id)
            row.budget_fen = budget * WAN
            session.flush()
            outbox.touch(session, row, now=make.now)
        public = hidden.public_title
        assert order(client, public) == ["五百万", public, "一百五十万"]
        exact = ["甲的", "五百万"] if budget > 500 else ["五百万", "甲的"]
        assert order(staff, "甲的") == [*exact, "一百五十万"]


def test_what_stands_first_by_the_exact_amount(session, make):
    first = make.need(budget_fen=300 * WAN, **MASKED)
    second = make.need(budget_fen=250 * WAN)
    third = make.need(budget_fen=210 * WAN, **MASKED)
    columns = Columns(NEED).read(session, Need.id > 0)
    mask = columns.mask(EVERYTHING)
    assert columns.page(mask, Order.AMOUNT, 0, 9) == [first.id, second.id, third.id]
    # Both masked ones count as two million, the newest first.
    shown = columns.page(mask, Order.SHOWN, 0, 9)
    assert shown == [second.id, third.id, first.id]
