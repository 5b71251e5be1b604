"""The day by which sheets are due: set, shown, moved, and what comes late."""

from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from docx import Document
from sqlalchemy import select

from matchmaker.calendar import service as calendar
from matchmaker.calendar.days import Calendar
from matchmaker.errors import Conflict, Forbidden, Invalid
from matchmaker.labels import today
from matchmaker.panels import assigning, due, minutes, writing
from matchmaker.panels.schema import AssignInput, DueInput, PanelInput, ReasonInput
from matchmaker.schema import parse
from matchmaker.work import reminders
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models import History, Holiday, Mail, Notice, transaction
from models.states import CallStatus

from ..conftest import NOW
from ..factories import PERIODS
from .conftest import DUE, NEEDED

TODAY = today(NOW)
# A working day, so that its first working day late is the next.
AFTER = NOW + timedelta(days=15)
MOVED = DueInput(due_on=DUE + timedelta(days=7), words="两位专家外出调研")


def listed(world, user, now=NOW):
    """What waits for the person: the day it is due by, under its source."""
    found = work.work_list(
        world.session, user, WorkQuery(), work.moment(now, PERIODS, Calendar())
    )
    return {item.source.name: item.due for item in found.items}


def notices(session, user, kind):
    query = select(Notice).where(Notice.user_id == user.id, Notice.kind == kind)
    return session.scalars(query).all()


def test_who_forms_the_panel_says_by_when_and_the_experts_are_told(world, session):
    world.form()
    expert = world.experts[0].user
    assert world.call.sheets_due_on == DUE
    row = session.scalars(select(History).where(History.action == "panel.formed")).one()
    assert row.changes["sheets_due_on"] == [None, DUE.isoformat()]
    [told] = notices(session, expert, "review_assigned")
    assert str(DUE) in told.facts["until"]
    letter = session.scalars(select(Mail).where(Mail.recipient == expert.email)).one()
    assert str(DUE) in letter.facts["words"]
    assert listed(world, expert)["sheets_to_write"] == DUE


def test_the_day_is_proposed_in_working_days_of_the_city(session):
    session.add(Holiday(day=TODAY + timedelta(days=1), name="春节", is_working=False))
    session.flush()
    plain = due.proposed(Calendar(), NOW, 5)
    assert due.proposed(calendar.load(session), NOW, 5) > plain


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (None, "请填写评审截止"),
        (TODAY - timedelta(days=1), "不能早于今天"),
        (TODAY + timedelta(days=367), "太远"),
    ],
)
def test_a_panel_without_a_sensible_day_is_not_formed(world, session, day, words):
    data = PanelInput(experts=[world.experts[0].id], due_on=day)
    with pytest.raises(Invalid) as refused:
        assigning.add(session, world.staff, world.call.id, data, now=NOW)
    assert words in refused.value.fields["due_on"]
    assert assigning.members_of(session, world.call) == []
    assert world.call.sheets_due_on is None


def test_a_moved_day_is_recorded_and_told_to_who_still_writes(world, session):
    world.form()
    done = world.experts[0].user
    for bid in range(NEEDED):
        world.submit(world.review(bid, 0), (80, 80))
    due.move(session, world.staff, world.call.id, MOVED, now=NOW)

    assert world.call.sheets_due_on == MOVED.due_on
    query = select(History).where(History.action == "panel.due_moved")
    row = session.scalars(query).one()
    assert row.changes["sheets_due_on"] == [str(DUE), str(MOVED.due_on)]
    assert row.changes["reason"] == [None, MOVED.words]
    [told] = notices(session, world.experts[1].user, "review_due_moved")
    assert told.facts["day"] == str(MOVED.due_on)
    assert told.facts["reason"] == MOVED.words
    assert notices(session, done, "review_due_moved") == []
    assert listed(world, world.experts[1].user)["sheets_to_write"] == MOVED.due_on


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (DUE, "相同"),
        (TODAY - timedelta(days=1), "早于今天"),
        (date(2999, 1, 1), "太远"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(world, session, day, words):
    world.form()
    data = DueInput(due_on=day, words="改一下日期")
    with pytest.raises(Invalid) as refused:
        due.move(session, world.staff, world.call.id, data, now=NOW)
    assert words in refused.value.fields["due_on"]
    assert world.call.sheets_due_on == DUE


def test_only_staff_move_it_and_only_during_the_review(world, session):
    world.form()
    for user in (world.issuer, world.experts[0].user):
        with pytest.raises(Forbidden):
            due.move(session, user, world.call.id, MOVED, now=NOW)
    with transaction(session):
        world.call.status = CallStatus.ANNOUNCED
    with pytest.raises(Conflict, match="not_in_review"):
        due.move(session, world.staff, world.call.id, MOVED, now=NOW)


def test_a_late_sheet_is_taken_and_said_to_be_late(world):
    world.form()
    days = Calendar()
    sheet = world.review(0, 0)
    assert due.late_words(days, sheet, NOW) == ""
    end_of_day = datetime.combine(DUE, NOW.timetz())
    assert due.late_words(days, sheet, end_of_day) == ""
    number = days.between(DUE, today(AFTER))
    assert number > 0
    assert due.late_words(days, sheet, AFTER) == f"逾期 {number} 个工作日"

    world.submit(sheet, (80, 70), now=AFTER)
    later = AFTER + timedelta(days=30)
    said = due.late_words(days, world.review(0, 0), later)
    assert said == f"逾期 {number} 个工作日提交"
    assert world.review(0, 0).scores[0]["score"] == 80


def test_a_day_off_after_the_day_is_late_by_no_working_day(world):
    world.form()
    days = Calendar([(DUE + timedelta(days=1), False)])
    said = due.late_words(days, world.review(0, 0), AFTER)
    assert said == "已过评审截止"


def test_who_would_get_something_that_is_late_already_gets_time_first(world, session):
    world.form()
    world.submit(world.review(0, 0), (80, 80))
    more = AssignInput(bid=world.bids[0].id, expert=world.experts[3].id)
    back = ReasonInput(words="第二项的理由不清楚")
    for refused in (
        lambda: assigning.assign(session, world.staff, world.call.id, more, now=AFTER),
        lambda: assigning.add(
            session,
            world.staff,
            world.call.id,
            PanelInput(experts=[world.experts[3].id]),
            now=AFTER,
        ),
        lambda: writing.hand_back(
            session, world.staff, world.review(0, 0).id, back, now=AFTER
        ),
    ):
        with pytest.raises(Invalid) as error:
            refused()
        assert "请先顺延" in next(iter(error.value.fields.values()))
    moved = DueInput(due_on=today(AFTER) + timedelta(days=5), words="补派一位专家")
    due.move(session, world.staff, world.call.id, moved, now=AFTER)
    assigning.assign(session, world.staff, world.call.id, more, now=AFTER)
    writing.hand_back(session, world.staff, world.review(0, 0).id, back, now=AFTER)


def test_an_expert_is_reminded_at_once_before_the_day_and_anew_when_it_moves(
    world, session
):
    world.form()
    expert = world.experts[0].user
    eve = datetime.combine(due.proposed(Calendar(), NOW, 8), NOW.timetz())
    assert reminders.send(session, PERIODS, now=NOW + timedelta(hours=1)) == 0
    assert listed(world, expert, eve) == {"sheets_due": DUE}

    def reminded(now):
        reminders.send(session, PERIODS, now=now)
        found = notices(session, expert, "work_due")
        return [one for one in found if one.facts["source"] == "sheets_due"]

    assert len(reminded(eve)) == 1
    assert len(reminded(eve + timedelta(hours=1))) == 1
    due.move(session, world.staff, world.call.id, MOVED, now=eve)
    assert len(reminded(eve + timedelta(hours=2))) == 1
    next_eve = datetime.combine(MOVED.due_on, NOW.timetz())
    assert len(reminded(next_eve)) == 2


def test_staff_are_told_of_a_panel_that_is_late(world):
    world.form()
    assert "late_sheets" not in listed(world, world.staff)
    assert listed(world, world.staff, AFTER)["late_sheets"] == DUE
    world.judge(80, 70, 60)
    assert "late_sheets" not in listed(world, world.staff, AFTER)


def test_a_panel_of_before_has_no_day_and_can_be_given_one(world, session):
    world.form()
    with transaction(session):
        world.call.sheets_due_on = None
    assert listed(world, world.experts[0].user)["sheets_to_write"] is None
    assert due.late_words(Calendar(), world.review(0, 0), AFTER) == ""
    due.move(session, world.staff, world.call.id, MOVED, now=AFTER)
    assert world.call.sheets_due_on == MOVED.due_on


def test_the_minutes_say_the_day_and_who_was_late(world, session):
    world.form()
    world.submit(world.review(0, 0), (80, 80), now=AFTER)
    data, _ = minutes.export(
        session, world.staff, world.call.id, needed=NEEDED, now=AFTER
    )
    cells = [
        cell.text
        for table in Document(BytesIO(data.read())).tables
        for row in table.rows
        for cell in row.cells
    ]
    assert DUE.isoformat() in cells
    assert any("逾期 1 个工作日提交" in text for text in cells)


@pytest.mark.one_database
def test_it_stands_on_every_page_of_the_review(world, login, monkeypatch):
    world.form()
    clock = {"now": NOW}
    for module in ("web", "reviews.web"):
        monkeypatch.setattr(f"matchmaker.panels.{module}.utcnow", lambda: clock["now"])
    staff, url = login(world.staff), f"/calls/{world.call.id}/panel"
    sheet = world.review(0, 0)
    expert = login(sheet.user)
    for page in (url, "/panels"):
        assert str(DUE) in staff.get(page).text
    for page in ("/reviews", f"/reviews/{sheet.id}"):
        text = expert.get(page).text
        assert str(DUE) in text
        assert "逾期" not in text
    clock["now"] = AFTER
    assert "还有 9 份评分表没有交" in staff.get(url).text
    assert "逾期 1 个工作日" in staff.get(url).text
    assert "逾期 1 个工作日" in expert.get("/reviews").text
    assert "仍可以提交" in expert.get(f"/reviews/{sheet.id}").text

    wrong = staff.post(
        f"{url}/due", data={"due_on": str(TODAY), "words": "两位专家外出"}
    )
    assert wrong.status_code == 422
    assert "不能早于今天" in wrong.text
    typed = {"due_on": str(MOVED.due_on), "words": MOVED.words}
    page = staff.post(f"{url}/due", data=typed, follow_redirects=True).text
    assert f"评审截止改为 {MOVED.due_on}" in page
    assert "没有交" not in page
    assert expert.post(f"{url}/due", data=typed).status_code == 403


def test_the_form_takes_a_day_and_a_reason():
    with pytest.raises(Invalid) as refused:
        parse(DueInput, {"due_on": "2026-02-30", "words": ""})
    assert set(refused.value.fields) == {"due_on", "words"}
