"""The demonstration's talks and ledger: alive, marked, sound, gone with the rest."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from matchmaker.accounts import service as accounts
from matchmaker.cli.demo import ENTERPRISE_OF, SAMPLE, UNIVERSITY_OF
from matchmaker.demo import dealings, ledger, removal
from matchmaker.demo import service as demo
from matchmaker.labels import today
from matchmaker.ledger.check import prove
from models import (
    Achievement,
    Amendment,
    Contract,
    Introduction,
    Need,
    Notice,
    Payment,
    Receipt,
    TalkEvent,
    User,
)
from models.states import (
    ContractSource,
    ContractState,
    ContractType,
    IntroductionStatus,
)

from .test_service import count, everything


@pytest.fixture
def sample(tmp_path):
    """The part of the sample that has the accounts' own records."""
    (tmp_path / "part2").symlink_to(SAMPLE / "part2")
    return tmp_path


def load(session, sample, now):
    """What `flask demo load` does before anything is encoded."""
    demo.load(session, sample, now=now)
    homes = [
        session.scalar(select(table.organisation_id).where(table.code == code))
        for table, code in ((Need, ENTERPRISE_OF), (Achievement, UNIVERSITY_OF))
    ]
    accounts.create_demo_accounts(session, *homes, now=now)
    return dealings.load(session, now=now), ledger.load(session, now=now)


@pytest.fixture
def loaded(session, make, sample):
    return load(session, sample, make.now)


def test_a_year_and_more_of_marked_contracts_in_every_state(session, make, loaded):
    talks, contracts = loaded
    assert talks == 16
    assert 1000 <= contracts <= 1400
    rows = session.scalars(select(Contract)).all()
    assert all(row.is_demo for row in rows)
    for row in rows:
        for words in (row.name, row.buyer_name, row.seller_name):
            assert "示例" in words
    assert {row.state for row in rows} == set(ContractState)
    assert {row.type for row in rows} == set(ContractType)
    assert {row.source for row in rows} == set(ContractSource)
    days = [row.recognised_on for row in rows if row.recognised_on]
    assert min(days).year == make.now.year - 1
    assert max(days) <= today(make.now)
    months = Counter((day.year, day.month) for day in days)
    assert len(months) == 12 + make.now.month
    assert months[make.now.year - 1, 12] > months[make.now.year - 1, 2]
    for table in (Payment, Receipt, Amendment):
        assert count(session, table) > 10


def test_the_ledger_it_makes_is_sound(session, make, loaded):
    proof = prove(session, today=today(make.now))
    assert {each.rule: each.named for each in proof.findings if each.number} == {}


@pytest.mark.parametrize(
    "now", [datetime(2027, 1, 1, 1, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)]
)
def test_on_any_day_of_the_year_it_is_sound(session, sample, now):
    assert load(session, sample, now)[1] > 500
    proof = prove(session, today=today(now))
    assert {each.rule: each.named for each in proof.findings if each.number} == {}


def test_talks_are_in_every_stage_with_what_was_said(session, loaded):
    rows = session.scalars(select(Introduction)).all()
    assert {row.status for row in rows} == set(IntroductionStatus)
    assert all(row.is_demo for row in rows)
    assert sum(row.manager_id is not None for row in rows) >= 3
    assert count(session, TalkEvent) >= 8
    people = session.scalars(select(User).where(User.email.like("duijie%"))).all()
    assert people
    assert all("示例" in person.name and person.is_demo for person in people)


def test_old_news_is_read_and_fresh_news_waits(session, make, loaded):
    unread = session.scalars(select(Notice).where(Notice.read_at.is_(None))).all()
    assert 0 < len(unread) < 20
    assert all((make.now - each.created_at).days <= 3 for each in unread)


def test_a_second_time_does_nothing(session, make, loaded):
    before = everything(session)
    assert dealings.load(session, now=make.now) == 0
    assert ledger.load(session, now=make.now) == 0
    assert everything(session) == before


def test_it_goes_whole_and_the_same_day_gives_the_same_again(
    session, make, sample, loaded
):
    columns = Contract.code, Contract.name, Contract.total_fen, Contract.recognised_on
    query = select(*columns).order_by(Contract.code)
    first = session.execute(query).all()
    removal.remove(session, now=make.now)
    left = set(everything(session))
    assert left <= {"index_changes", "alembic_version", *SEEDED}
    load(session, sample, make.now)
    assert session.execute(query).all() == first


SEEDED = {"indicator_definitions", "year_targets"}


def test_real_contracts_stay(session, make, loaded):
    contract = make.contract(code="HT2026-000001")
    removal.remove(session, now=make.now)
    assert session.scalars(select(Contract.id)).all() == [contract.id]


def test_without_accounts_or_organisations_there_is_no_ledger(session, make):
    assert ledger.load(session, now=make.now) == 0
    assert dealings.load(session, now=make.now) == 0
    make.staff(is_demo=True)
    assert ledger.load(session, now=make.now) == 0
    assert session.scalar(select(func.count()).select_from(Contract)) == 0
