"""The list, the board and the export: filters, order, pages, clocks, cost."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from matchmaker.calendar.days import Calendar
from matchmaker.introductions import export, lists
from matchmaker.introductions.schema import IntroductionQuery
from matchmaker.sheets.tables import Form
from matchmaker.work import service as work
from models import History
from models.states import IntroductionStatus, Role

from ..conftest import NOW, cells
from ..factories import PERIODS

OVERDUE = work.moment(NOW, PERIODS).overdue
WAITING, TALKING = IntroductionStatus.WAITING, IntroductionStatus.TALKING


def ago(days: float) -> dict:
    moment = NOW - timedelta(days=days)
    return {"status_since": moment, "created_at": moment, "updated_at": moment}


def ids(session, user, **asked):
    found = lists.page(session, user, IntroductionQuery(**asked), OVERDUE)
    return [one.id for one in found.rows]


def test_the_longest_wait_stands_first_and_what_is_over_last(session, make):
    staff = make.staff()
    over = make.introduction(
        status=IntroductionStatus.FAILED, failed_code="other", **ago(90)
    )
    young = make.introduction(**ago(1))
    # In talks the clock counts from the last step, not from their beginning.
    talking = make.introduction(
        status=TALKING, **(ago(60) | {"updated_at": NOW - timedelta(days=2)})
    )
    old = make.introduction(**ago(30))
    order = [old.id, talking.id, young.id, over.id]
    assert ids(session, staff) == order
    assert ids(session, staff, sort="newest") == [
        young.id,
        old.id,
        talking.id,
        over.id,
    ]
    assert ids(session, staff, overdue="1") == [old.id]


def test_ten_working_days_without_a_step_are_too_long(session, make):
    """Monday noon: what began on the Monday two weeks before has waited ten."""
    staff = make.staff()
    late = make.introduction(**ago(14))
    make.introduction(**ago(13))
    assert ids(session, staff, overdue="1") == [late.id]


def test_filters_narrow_and_counts_say_what_each_stage_would_show(session, make):
    staff, manager = make.staff(), make.user(Role.MANAGER)
    one = make.introduction(
        make.need(field="NM", title="石墨烯"), manager_id=manager.id
    )
    two = make.introduction(make.need(field="ES"), status=TALKING)
    assert ids(session, staff, field="NM") == [one.id]
    assert ids(session, staff, manager=str(manager.id)) == [one.id]
    assert ids(session, staff, manager="none") == [two.id]
    assert ids(session, staff, q="石墨") == [one.id]
    assert ids(session, staff, organisation=two.provider.name) == [two.id]
    found = lists.page(session, staff, IntroductionQuery(status="talking"), OVERDUE)
    assert (found.total, dict(found.counts)) == (1, {WAITING: 1, TALKING: 1})


def test_a_list_has_pages(session, make):
    staff, need = make.staff(), make.need()
    for _ in range(lists.PER_PAGE + 1):
        make.introduction(need)
    found = lists.page(session, staff, IntroductionQuery(page=9), OVERDUE)
    assert (found.page, found.pages, found.total, len(found.rows)) == (2, 2, 21, 1)


def test_the_board_shows_the_first_of_each_stage(session, make, monkeypatch):
    monkeypatch.setattr(lists, "PER_COLUMN", 2)
    staff, need = make.staff(), make.need()
    made = [make.introduction(need, **ago(days)).id for days in range(4)]
    make.introduction(need, status=TALKING)
    columns = lists.board(session, staff, IntroductionQuery(), OVERDUE)
    assert [column.status for column in columns] == list(IntroductionStatus)
    assert [one.id for one in columns[0].rows] == [made[3], made[2]]
    assert [column.total for column in columns] == [4, 1, 0, 0, 0]


def test_everybody_has_their_own(session, make):
    talks = make.introduction()
    make.introduction()
    firm = make.user(organisation_id=talks.seeker_id)
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    for user in (firm, college):
        assert ids(session, user) == [talks.id]
    assert ids(session, make.user(Role.MANAGER)) == []


@pytest.mark.parametrize("view", ["list", "board"])
def test_a_page_asks_few_queries_however_much_there_is(app, make, login, view):
    """With one row and with many: the same number."""
    client, need = login(make.staff()), make.need()
    asked: list[str] = []
    event.listen(
        app.extensions["db_engine"],
        "before_cursor_execute",
        lambda *args: asked.append(args[2]),
    )

    def queries() -> int:
        asked.clear()
        assert client.get(f"/introductions?view={view}").status_code == 200
        return len(asked)

    make.introduction(need, status=TALKING)
    queries()
    few = queries()
    for _ in range(9):
        make.introduction(need, status=TALKING)
        make.introduction(need)
    assert queries() == few
    assert few < 20


def test_an_export_is_what_the_list_shows_and_no_formula(make, login):
    staff = make.staff()
    talks = make.introduction(make.need(title="=cmd|'/c calc'!A0"))
    make.introduction(make.need(field="NM", title="别的领域"))
    make.contact(talks, make.user(organisation_id=talks.seeker_id), phone="88001234")
    make.talk_event(talks, is_internal=True, words="内部的话")
    answer = login(staff).post("/introductions/export", data={"field": "ES"})
    assert answer.status_code == 200
    text = cells(answer.data)
    assert "'=cmd" in text
    for hidden in ("别的领域", "88001234", "内部的话"):
        assert hidden not in text
    college = make.user(Role.UNIVERSITY, organisation_id=talks.provider_id)
    # In the part of the page that other filters replace.
    page = login(staff).get("/introductions?field=ES").text
    found = page[page.index('id="talks-found"') :]
    form = found[found.index('action="/introductions/export"') :]
    assert 'name="field" value="ES"' in form[: form.index("</form>")]
    line = login(staff).post("/introductions/export", data={"format": "csv"}).data
    assert line.startswith(b"\xef\xbb\xbf")
    assert "'=cmd" in line.decode()
    own = cells(login(college).post("/introductions/export").data)
    assert len(own.splitlines()) == 2


def test_a_long_export_says_what_it_leaves_out(session, make, monkeypatch):
    staff = make.staff()
    for title in ("甲", "乙", "丙"):
        make.introduction(make.need(title=title))
    monkeypatch.setattr(lists, "MOST_EXPORTED", 2)
    asked = {"overdue": OVERDUE, "days": Calendar([]), "now": NOW}
    query = IntroductionQuery()
    file = export.write(session, staff, query, Form.CSV, **asked)
    note, *lines = file.read().decode().splitlines()
    assert "只列出前 2 条" in note
    assert len(lines) == 3
    monkeypatch.setattr(lists, "MOST_EXPORTED", 3)
    file = export.write(session, staff, query, Form.CSV, **asked)
    assert len(file.read().decode().splitlines()) == 4
    [note, _] = session.scalars(
        select(History).where(History.action == "introduction.list_exported")
    )
    assert note.changes == {"format": [None, "csv"]}
