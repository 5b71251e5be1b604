"""The demonstration's two awarded calls: played by the services, taken out whole."""

from __future__ import annotations

from sqlalchemy import func, select

from matchmaker.awards import accepted
from matchmaker.demo import executing, removal
from matchmaker.labels import today
from models import (
    Attachment,
    Award,
    AwardGoal,
    AwardPayment,
    Bid,
    Call,
    CallResult,
    History,
    Milestone,
    Notice,
    Organisation,
    User,
)
from models.states import AwardState, CallStatus, OrganisationKind, Role

TABLES = (
    Award,
    AwardGoal,
    Milestone,
    AwardPayment,
    Bid,
    Call,
    CallResult,
    Attachment,
    Notice,
    History,
    Organisation,
)


def counts(session) -> dict[str, int]:
    session.rollback()
    return {
        table.__tablename__: session.scalar(select(func.count()).select_from(table))
        for table in TABLES
    }


def accounts(make) -> None:
    for email, role, kind in (
        ("qiye", Role.ENTERPRISE, OrganisationKind.ENTERPRISE),
        ("gaoxiao", Role.UNIVERSITY, OrganisationKind.UNIVERSITY),
        ("shenhe", Role.STAFF, None),
        ("fuhe", Role.STAFF, None),
    ):
        home = make.organisation(kind=kind, is_demo=True) if kind else None
        make.user(
            role,
            email=f"{email}@demo.example",
            is_demo=True,
            organisation_id=home.id if home else None,
        )


def test_a_race_and_an_accepted_call_are_shown_and_taken_out_again(session, make):
    assert executing.load(session, now=make.now) == 0  # nobody to play it
    real = make.award()
    make.award_payment(real.milestones[0])
    make.attachment(real.milestones[0])
    before = counts(session)
    accounts(make)

    assert executing.load(session, now=make.now) == 2
    assert executing.load(session, now=make.now) == 0
    calls = session.scalars(select(Call).where(Call.is_demo).order_by(Call.id)).all()
    assert [one.status for one in calls] == [CallStatus.RUNNING, CallStatus.ACCEPTED]
    assert all("示例" in one.title for one in calls)
    states = session.scalars(
        select(Award.state).where(Award.is_demo).order_by(Award.id)
    ).all()
    assert states == [AwardState.RUNNING, AwardState.RUNNING, AwardState.ACCEPTED]
    late = [
        one.late_days(today(make.now))
        for one in session.scalars(select(Milestone)).all()
        if one.award.is_demo and one.award.is_runner
    ]
    assert max(late) == 8
    assert accepted.count(session, 2026) == 1
    award = session.scalars(select(Award).where(Award.is_demo)).first()
    make.attachment(award)
    make.attachment(award.milestones[0])

    removal.remove(session, now=make.now)
    assert counts(session) == before
    # Who acted stays by name, and can no longer sign in.
    people = session.scalars(select(User).where(User.is_demo)).all()
    assert not any(one.active for one in people)
