"""Whom technology managers represent, and until when."""

from datetime import date, timedelta
from itertools import chain

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from matchmaker.errors import Forbidden, Invalid, NotFound
from matchmaker.nodes import mandates
from matchmaker.nodes.schema import MandateEnd, MandateInput, MandateQuery
from matchmaker.schema import parse
from models import History, Mandate
from models.states import Role

from ..conftest import NOW

TODAY = date(2026, 11, 23)


def typed(who, whom, **given) -> MandateInput:
    values = {
        "manager": str(who.id),
        "organisation": whom.name,
        "from_on": "2026-11-01",
        "until_on": "",
    }
    return parse(MandateInput, values | given)


def test_a_mandate_is_noted_with_its_days(session, make):
    staff, manager, firm = make.staff(), make.user(Role.MANAGER), make.organisation()
    made = mandates.create(session, staff, typed(manager, firm), now=NOW)
    assert (made.manager, made.organisation) == (manager, firm)
    assert made.holds_on(TODAY)
    row = session.scalars(select(History)).one()
    assert row.action == "mandate.created"
    assert row.changes["organisation"] == [None, firm.name]


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        (("2026-01-01", ""), ("2026-06-01", ""), True),
        (("2026-01-01", "2026-05-31"), ("2026-06-01", ""), False),
        (("2026-01-01", "2026-06-01"), ("2026-06-01", ""), True),
        (("2026-06-01", ""), ("2026-01-01", "2026-05-31"), False),
        (("2026-06-01", ""), ("2026-01-01", "2026-06-01"), True),
    ],
)
def test_two_periods_of_one_pair_do_not_overlap(session, make, first, second, clash):
    staff, manager, firm = make.staff(), make.user(Role.MANAGER), make.organisation()
    names = ("from_on", "until_on")
    days = [dict(zip(names, pair, strict=True)) for pair in (first, second)]
    mandates.create(session, staff, typed(manager, firm, **days[0]), now=NOW)
    again = typed(manager, firm, **days[1])
    if clash:
        with pytest.raises(Invalid) as refusal:
            mandates.create(session, staff, again, now=NOW)
        assert "重叠" in refusal.value.fields["from_on"]
    else:
        mandates.create(session, staff, again, now=NOW)


def test_two_managers_may_represent_one_organisation(session, make):
    staff, firm = make.staff(), make.organisation()
    for _ in range(2):
        manager = make.user(Role.MANAGER)
        mandates.create(session, staff, typed(manager, firm), now=NOW)
    assert len(session.scalars(select(Mandate)).all()) == 2


def test_what_does_not_fit_is_refused_by_its_field(session, make):
    staff, manager, firm = make.staff(), make.user(Role.MANAGER), make.organisation()
    closed = make.user(Role.MANAGER, active=False)
    for data, field in (
        (typed(make.user(), firm), "manager"),
        (typed(closed, firm), "manager"),
        (typed(manager, firm, manager="999999"), "manager"),
        (typed(manager, firm, organisation="没有这一家"), "organisation"),
        (typed(manager, manager.organisation), "organisation"),
    ):
        with pytest.raises(Invalid) as refusal:
            mandates.create(session, staff, data, now=NOW)
        assert list(refusal.value.fields) == [field]
    with pytest.raises(Invalid) as refusal:
        typed(manager, firm, until_on="2026-10-31")
    assert refusal.value.fields == {"until_on": "结束日期不能早于开始日期"}


def test_the_table_refuses_days_out_of_order(make):
    manager, firm = make.user(Role.MANAGER), make.organisation()
    with pytest.raises(IntegrityError):
        make.mandate(manager, firm, from_on=TODAY, until_on=date(2026, 1, 1))


def listed(session, user, **asked):
    found = mandates.listed(session, user, MandateQuery(**asked), TODAY)
    return [mandate.id for mandate in found.items]


def test_mandates_are_found_by_name_and_by_whether_they_hold(session, make):
    manager, staff = make.user(Role.MANAGER, name="高远"), make.staff()
    firm = make.organisation(name="湘江阀门厂")
    now = make.mandate(manager, firm)
    past = make.mandate(
        manager, from_on=date(2025, 1, 1), until_on=TODAY - timedelta(days=1)
    )
    future = make.mandate(organisation=firm, from_on=TODAY + timedelta(days=1))
    assert set(listed(session, staff, q="阀门")) == {now.id, future.id}
    assert listed(session, staff, q="高远 阀门") == [now.id]
    assert listed(session, staff, q="100%") == []
    assert listed(session, staff, state="over") == [past.id]
    assert listed(session, staff, state="held") == [now.id]
    assert set(listed(session, manager)) == {now.id, past.id}


def test_many_mandates_stand_on_several_pages(session, make, monkeypatch):
    monkeypatch.setattr(mandates, "PER_PAGE", 2)
    staff, ids = make.staff(), [make.mandate().id for _ in range(5)]
    pages = [listed(session, staff, page=number) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(chain(*pages)) == sorted(ids)
    assert listed(session, staff, page=99) == pages[-1]


def test_a_manager_sees_ones_own_only(session, make):
    manager = make.user(Role.MANAGER)
    own, others = make.mandate(manager), make.mandate()
    assert listed(session, manager) == [own.id]
    assert set(listed(session, make.staff())) == {own.id, others.id}
    assert mandates.find(session, manager, own.id) == own
    for number in (others.id, 0, 999_999, 10**12):
        with pytest.raises(NotFound):
            mandates.find(session, manager, number)
    for role in (Role.ENTERPRISE, Role.UNIVERSITY):
        with pytest.raises(Forbidden):
            listed(session, make.user(role))


def test_represented_are_those_of_the_day(session, make):
    manager = make.user(Role.MANAGER)
    now, past, later = (make.organisation() for _ in range(3))
    make.mandate(manager, now, until_on=TODAY)
    make.mandate(manager, past, until_on=date(2026, 11, 22))
    make.mandate(manager, later, from_on=date(2026, 11, 24))
    make.mandate(organisation=past)
    assert mandates.represented(session, manager, TODAY) == [now]


def test_a_mandate_ends_on_its_last_day(session, make):
    staff, mandate = make.staff(), make.mandate()
    end = parse(MandateEnd, {"until_on": "2026-11-30"})
    ended = mandates.end(session, staff, mandate.id, end, now=NOW)
    assert ended.holds_on(date(2026, 11, 30))
    assert not ended.holds_on(date(2026, 12, 1))
    for day in ("2025-12-31", "2026-12-31"):
        wrong = parse(MandateEnd, {"until_on": day})
        with pytest.raises(Invalid):
            mandates.end(session, staff, mandate.id, wrong, now=NOW)


def test_only_staff_enter_or_end_mandates(session, make):
    manager = make.user(Role.MANAGER)
    mandate = make.mandate(manager)
    with pytest.raises(Forbidden):
        mandates.create(session, manager, typed(manager, make.organisation()), now=NOW)
    end = parse(MandateEnd, {"until_on": "2026-11-30"})
    with pytest.raises(Forbidden):
        mandates.end(session, manager, mandate.id, end, now=NOW)
