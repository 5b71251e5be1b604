"""Needs end by the clock."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from matchmaker.errors import Conflict, Forbidden
from matchmaker.needs import service
from matchmaker.posting import expiry
from matchmaker.posting.terms import Terms
from models import History, IndexChange, Notice
from models.states import NeedStatus

from ..conftest import NOW

TODAY = date(2026, 11, 23)


def expire(session, days=365, now=NOW) -> int:
    return expiry.expire(session, terms=Terms(days, 730), now=now)


def test_a_need_ends_the_day_after_its_deadline(session, make):
    actor = make.user()
    need = make.need(
        organisation_id=actor.organisation_id, deadline=TODAY - timedelta(days=1)
    )
    lasting = make.need(deadline=TODAY)
    assert expire(session) == 1
    assert need.status is NeedStatus.EXPIRED
    assert lasting.status is NeedStatus.PUBLISHED
    [entry] = session.scalars(select(History)).all()
    assert (entry.action, entry.actor_id) == ("need.expired", None)
    [notice] = session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.kind) == (actor.id, "need_expired")
    changes = session.scalars(select(IndexChange.record_id)).all()
    assert changes.count(need.id) == 2
    assert expire(session) == 0


def test_one_without_a_deadline_ends_when_nobody_asked_for_long(session, make):
    old = make.need(deadline=None, published_at=NOW - timedelta(days=40))
    renewed = make.need(
        deadline=None,
        published_at=NOW - timedelta(days=40),
        renewed_at=NOW - timedelta(days=2),
    )
    assert expire(session, days=30) == 1
    assert old.status is NeedStatus.EXPIRED
    assert renewed.status is NeedStatus.PUBLISHED


@pytest.mark.parametrize(
    "status", [s for s in NeedStatus if s is not NeedStatus.PUBLISHED]
)
def test_only_what_is_published_ends(session, make, status):
    need = make.need(status=status, deadline=date(2020, 1, 1))
    assert expire(session) == 0
    assert need.status is status


def test_many_end_at_once(session, make):
    firm = make.organisation()
    for _ in range(expiry.AT_ONCE + 3):
        make.need(organisation_id=firm.id, deadline=date(2020, 1, 1))
    assert expire(session) == expiry.AT_ONCE + 3


def renew(session, actor, need):
    terms = Terms(365, 730)
    return service.renew_need(session, actor, need.id, terms=terms, now=NOW)


def test_a_renewed_need_is_asked_for_again_as_it_was(session, make):
    actor = make.user()
    need = make.need(
        organisation_id=actor.organisation_id,
        status=NeedStatus.EXPIRED,
        deadline=date(2026, 11, 1),
    )
    renew(session, actor, need)
    assert need.status is NeedStatus.PUBLISHED
    assert need.deadline == TODAY + expiry.RENEWED_FOR
    assert need.renewed_at == NOW
    entry = session.scalars(select(History)).one()
    assert entry.changes["deadline"] == ["2026-11-01", "2027-05-22"]
    assert expire(session) == 0


def test_a_need_whose_deadline_is_near_may_be_renewed(session, make):
    actor = make.user()
    near = make.need(
        organisation_id=actor.organisation_id, deadline=TODAY + timedelta(days=30)
    )
    far = make.need(
        organisation_id=actor.organisation_id, deadline=TODAY + timedelta(days=31)
    )
    renew(session, actor, near)
    with pytest.raises(Conflict, match="not_renewable"):
        renew(session, actor, far)


def test_only_its_owner_renews_a_need(session, make):
    need = make.need(status=NeedStatus.EXPIRED)
    with pytest.raises(Forbidden):
        renew(session, make.staff(), need)


def test_a_masked_need_is_renewed_only_with_an_approved_public_text(session, make):
    owner = make.user()
    need = make.need(
        organisation_id=owner.organisation_id,
        status=NeedStatus.EXPIRED,
        secrecy="masked",
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=["判断时间尽量短"],
        public_approved=None,
    )
    with pytest.raises(Conflict, match="not_approved"):
        renew(session, owner, need)
    assert need.status is NeedStatus.EXPIRED
