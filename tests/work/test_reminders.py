"""Reminders: after working days, once a wait, to those whose work it is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from matchmaker.notices import service as notices
from matchmaker.work import reminders
from models import Holiday, Notice, Reminder, transaction
from models.states import NeedStatus, Role, SuggestionStatus

from ..factories import PERIODS

# Monday noon in the city; five working days before lies Monday the 16th.
MONDAY = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def send(session, now=MONDAY, working_days=5):
    periods = replace(PERIODS, reminder_days=working_days)
    return reminders.send(session, periods, now=now)


def told(session) -> list[tuple[int, str]]:
    rows = session.scalars(select(Notice).order_by(Notice.id))
    return [(row.user_id, notices.words(row)) for row in rows]


def returned(make, days, **given):
    return make.need(
        status=NeedStatus.RETURNED, updated_at=MONDAY - timedelta(days=days), **given
    )


def test_the_members_are_reminded_once_of_all_that_waits_too_long(session, make):
    one, two = make.user(), make.user(active=False)
    own = {"organisation_id": one.organisation_id}
    colleague = make.user(**own)
    returned(make, 7, title="等了五个工作日", **own)
    returned(make, 20, title="等得最久", **own)
    returned(make, 6, title="只等了四个工作日", **own)
    returned(make, 20, organisation_id=two.organisation_id)

    assert send(session) == 2

    words = "有 2 条被退回的需求已等待 5 个工作日以上，最久的是「等得最久」"
    assert told(session) == [(one.id, words), (colleague.id, words)]
    assert send(session) == 0
    # The next day the third has waited long enough, and only of it is anybody told.
    assert send(session, MONDAY + timedelta(days=1)) == 2
    assert "有 1 条被退回的需求" in told(session)[-1][1]
    assert "只等了四个工作日" in told(session)[-1][1]


def test_a_holiday_between_makes_the_wait_shorter(session, make):
    person = make.user()
    returned(make, 7, organisation_id=person.organisation_id)
    with transaction(session):
        session.add(Holiday(day=date(2026, 11, 18), name="停工", is_working=False))
    assert send(session) == 0
    assert send(session, MONDAY + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    "now",
    [
        MONDAY - timedelta(days=1),  # a Sunday
        datetime(2026, 11, 23, 14, 0, tzinfo=UTC),  # ten in the evening
        datetime(2026, 11, 22, 20, 0, tzinfo=UTC),  # four on Monday morning
    ],
)
def test_nobody_is_reminded_at_night_or_on_a_day_off(session, make, now):
    person = make.user()
    returned(make, 60, organisation_id=person.organisation_id)
    assert send(session, now) == 0
    assert send(session) == 1


def test_reminders_can_be_switched_off(session, make):
    person = make.user()
    returned(make, 60, organisation_id=person.organisation_id)
    assert send(session, working_days=0) == 0


def test_a_record_that_comes_back_again_is_another_wait(session, make):
    person = make.user()
    need = returned(make, 30, organisation_id=person.organisation_id)
    assert send(session) == 1
    with transaction(session):
        need.updated_at = MONDAY - timedelta(days=15)
    assert send(session) == 1
    assert len(session.scalars(select(Reminder)).all()) == 2


def test_staff_are_reminded_of_submissions_and_pairs_and_not_of_drafts(session, make):
    staff, admin = make.staff(), make.user(Role.ADMIN)
    make.user()
    long_ago = MONDAY - timedelta(days=30)
    make.need(status=NeedStatus.PENDING, updated_at=long_ago)
    make.need(status=NeedStatus.DRAFT, updated_at=long_ago)
    make.suggestion(created_at=long_ago)
    assert send(session) == 4
    assert {user for user, _ in told(session)} == {staff.id, admin.id}
    assert [words for user, words in told(session) if user == staff.id] == [
        "有 1 条待审的技术需求已等待 5 个工作日以上，"
        "最久的是「储能电站电池热失控提前预警」",
        "有 1 条待审核的匹配建议已等待 5 个工作日以上，"
        "最久的是「储能电站电池热失控提前预警」",
    ]


def test_what_has_a_day_is_told_as_soon_as_the_day_is_near(session, make):
    person = make.user()
    make.need(
        organisation_id=person.organisation_id,
        title="快到期的",
        deadline=date(2026, 12, 1),
    )
    make.need(organisation_id=person.organisation_id, deadline=date(2027, 12, 1))
    assert send(session) == 1
    assert told(session) == [(person.id, "有 1 条即将到期的需求，最早的是「快到期的」")]
    assert send(session) == 0


def test_a_notice_leads_to_the_list_of_its_kind(session, make, login):
    person = make.user()
    returned(make, 30, title="抖动的臂架", organisation_id=person.organisation_id)
    send(session)
    notice = session.scalars(select(Notice)).one()
    answer = login(person).get(f"/notices/{notice.id}")
    assert answer.location == "/work?source=returned_needs"
    assert "抖动的臂架" in login(person).get(answer.location).text


def test_where_nobody_is_left_to_tell_the_wait_is_still_done_with(session, make):
    returned(make, 30)
    make.suggestion(
        status=SuggestionStatus.SNOOZED,
        snoozed_until=date(2026, 11, 1),
        updated_at=MONDAY,
    )
    assert send(session) == 0
    assert told(session) == []
