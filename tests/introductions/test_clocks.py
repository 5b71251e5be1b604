"""Waits: whose turn it is, reminders after five working days, a task after ten."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from matchmaker.calendar.days import Calendar
from matchmaker.introductions.clock import clock
from matchmaker.notices import service as notices
from matchmaker.work import reminders
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models import Notice, transaction
from models.states import IntroductionStatus, Role, Secrecy, Side, TalkRoute

from ..conftest import NOW
from ..factories import PERIODS

WHEN = work.moment(NOW, PERIODS)
TALKING = IntroductionStatus.TALKING


def ago(days: float) -> dict:
    moment = NOW - timedelta(days=days)
    return {"status_since": moment, "updated_at": moment}


def waiting(session, user, when=WHEN) -> list[tuple[str, int]]:
    rows = work.work_list(session, user, WorkQuery(), when).items
    return [(row.source.name, row.id) for row in rows]


def told(session, user) -> list[str]:
    rows = session.scalars(select(Notice).where(Notice.user_id == user.id))
    return [notices.words(row) for row in rows]


def test_the_clock_counts_working_days_and_says_whose_turn_it_is(make):
    talks = make.introduction(**ago(7))
    days = Calendar([(date(2026, 11, 18), False)])
    found = clock(talks, Calendar(), NOW)
    assert (found.days, found.turn) == (5, (Side.SEEKER, Side.PROVIDER))
    assert clock(talks, days, NOW).days == 4
    make.answer(talks, Side.SEEKER)
    make.session.refresh(talks)
    assert clock(talks, days, NOW).turn == (Side.PROVIDER,)
    hidden = make.introduction(
        make.need(secrecy=Secrecy.RESTRICTED), provider_knows=False
    )
    assert clock(hidden, days, NOW).turn == (Side.SEEKER,)
    over = make.introduction(status=IntroductionStatus.FAILED, failed_code="other")
    assert clock(over, days, NOW) is None


def test_a_side_has_what_waits_for_its_answer(session, make):
    talks = make.introduction(**ago(2))
    firm = make.user(organisation_id=talks.seeker_id)
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    for user in (firm, college):
        assert waiting(session, user) == [("asked_talks", talks.id)]
    make.answer(talks, Side.PROVIDER, user_id=college.id)
    assert waiting(session, college) == []
    assert waiting(session, make.user()) == []


def test_quiet_talks_are_the_managers_or_both_sides(session, make):
    talks = make.introduction(status=TALKING, **ago(7))
    make.introduction(talks.need, status=TALKING, **ago(6))
    firm = make.user(organisation_id=talks.seeker_id)
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    manager = make.user(Role.MANAGER)
    for user in (firm, college):
        assert waiting(session, user) == [("quiet_talks", talks.id)]
    with transaction(session):
        talks.manager_id = manager.id
    assert waiting(session, firm) == waiting(session, college) == []
    assert waiting(session, manager) == [("managed_talks", talks.id)]
    colleague = make.user(Role.MANAGER, organisation_id=manager.organisation_id)
    assert waiting(session, colleague) == []
    assert work.count(session, manager, WHEN) == 1


def test_after_ten_working_days_it_is_a_task_of_the_staff(session, make):
    staff = make.staff()
    late = make.introduction(**ago(14))
    make.introduction(**ago(13))
    assert waiting(session, staff) == [("slow_talks", late.id)]
    assert (
        waiting(session, staff, work.moment(NOW, replace(PERIODS, overdue_days=20)))
        == []
    )


def test_talks_that_want_a_manager_are_to_be_assigned(session, make):
    staff = make.staff()
    talks = make.introduction(status=TALKING, route=TalkRoute.MANAGER)
    make.introduction(status=TALKING, route=TalkRoute.DIRECT)
    assert waiting(session, staff) == [("unassigned_talks", talks.id)]


def send(session, now=NOW) -> int:
    return reminders.send(session, PERIODS, now=now)


def test_who_must_act_is_reminded_after_five_working_days_once(session, make):
    talks = make.introduction(**ago(7))
    firm = make.user(organisation_id=talks.seeker_id)
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    make.answer(talks, Side.SEEKER, user_id=firm.id)
    assert send(session, NOW - timedelta(days=3)) == 0
    assert send(session) == 1
    assert told(session, college) == [
        f"有 1 条等您答复的对接已等待 5 个工作日以上，最久的是「{talks.title}」"
    ]
    assert told(session, firm) == []
    assert send(session) == 0


def test_the_manager_alone_is_reminded_of_its_talks(session, make):
    manager = make.user(Role.MANAGER)
    make.user(Role.MANAGER, organisation_id=manager.organisation_id)
    talks = make.introduction(status=TALKING, manager_id=manager.id, **ago(8))
    make.user(organisation_id=talks.seeker_id)
    assert send(session) == 1
    assert len(told(session, manager)) == 1
    # Another step, another silence.
    with transaction(session):
        talks.updated_at = NOW
    assert send(session, NOW + timedelta(days=7)) == 1


def test_a_provider_waits_since_the_owner_of_a_restricted_need_agreed(session, make):
    talks = make.introduction(
        make.need(secrecy=Secrecy.RESTRICTED), provider_knows=False, **ago(30)
    )
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    assert waiting(session, college) == []
    make.answer(talks, Side.SEEKER, at=NOW - timedelta(days=1))
    with transaction(session):
        talks.provider_knows = True
    (row,) = work.work_list(session, college, WorkQuery(), WHEN).items
    assert row.since == NOW - timedelta(days=1)
