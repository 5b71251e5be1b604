"""The pages over HTTP: statuses, words and what a refusal keeps."""

import pytest

from matchmaker import labels
from models import Introduction
from models.states import (
    IntroductionStatus,
    Role,
    Secrecy,
    Side,
    SuggestionStatus,
)


@pytest.fixture
def world(make):
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    talks = make.introduction(
        make.need(organisation_id=firm.organisation_id),
        make.achievement(organisation_id=college.organisation_id),
    )
    return talks, firm, college


def test_an_answer_without_a_reason_is_shown_beside_its_fields(make, login, world):
    talks, _, college = world
    data = {"version": talks.version, "interest": "declined", "words": "太贵"}
    answer = login(college).post(f"/introductions/{talks.id}/answer", data=data)
    assert answer.status_code == 422
    assert "请选择无意向的原因" in answer.text
    assert "太贵" in answer.text


def test_a_page_that_is_old_is_told_so_on_the_page(make, login, world):
    talks, firm, _ = world
    make.agreed(talks)
    data = {"version": talks.version - 1, "to": "drafting"}
    client = login(firm)
    answer = client.post(f"/introductions/{talks.id}/move", data=data)
    assert answer.status_code == 409
    assert "其他人刚刚修改了" in answer.text
    # From the board one is led back to the board, with its filters.
    address = f"/introductions/{talks.id}/move?view=board&field=ES"
    back = client.post(address, data=data)
    assert (back.status_code, back.location) == (
        303,
        "/introductions?field=ES&view=board",
    )
    assert "其他人刚刚修改了" in client.get(back.location).text


def test_a_move_on_the_board_leads_back_to_it(make, login, world, session):
    talks, firm, _ = world
    make.agreed(talks)
    answer = login(firm).post(
        f"/introductions/{talks.id}/move?view=board",
        data={"version": talks.version, "to": "drafting"},
    )
    assert answer.location == "/introductions?view=board"
    session.rollback()
    assert talks.status is IntroductionStatus.DRAFTING


def test_a_stage_that_may_not_follow_is_refused_in_words(make, login, world):
    talks, firm, _ = world
    make.agreed(talks)
    data = {"version": talks.version, "to": "talking"}
    answer = login(firm).post(f"/introductions/{talks.id}/move", data=data)
    assert answer.status_code == 409
    assert "状态已经变化" in answer.text


def test_the_page_of_an_approved_pair_begins_talks_and_then_shows_them(
    make, login, world, session
):
    _, firm, college = world
    pair = make.suggestion(
        make.need(organisation_id=firm.organisation_id),
        make.achievement(organisation_id=college.organisation_id),
        status=SuggestionStatus.APPROVED,
    )
    client = login(firm)
    assert "申请对接" in client.get(f"/matches/{pair.id}").text
    answer = client.post(f"/matches/{pair.id}/introduction", data={"form_key": "a"})
    assert answer.status_code == 303
    again = client.post(f"/matches/{pair.id}/introduction", data={"form_key": "b"})
    assert again.location == answer.location
    page = client.get(f"/matches/{pair.id}").text
    assert f'href="{answer.location}"' in page
    staff = login(make.staff())
    assert f'href="{answer.location}"' in staff.get(f"/desk/{pair.id}").text
    # What two sides talk about is not undone any more.
    undo = login(make.user(Role.ADMIN)).post(f"/desk/{pair.id}/undo")
    assert undo.status_code == 409


def test_an_achievement_and_a_need_offer_talks_to_the_other_side(make, login, world):
    talks, firm, college = world
    item, need = talks.achievement_id, talks.need_id
    offer = f"/achievements/{item}/introduction"
    assert offer in login(firm).get(f"/achievements/{item}").text
    assert offer not in login(college).get(f"/achievements/{item}").text
    ask = f"/needs/{need}/introduction"
    assert ask in login(make.user(Role.UNIVERSITY)).get(f"/needs/{need}").text
    assert ask not in login(firm).get(f"/needs/{need}").text
    # The own talks stand on the page of either record.
    for client in (login(firm), login(college)):
        assert f"/introductions/{talks.id}" in client.get(f"/needs/{need}").text
    other = login(make.user(Role.UNIVERSITY)).get(f"/needs/{need}").text
    assert f"/introductions/{talks.id}" not in other


def test_the_form_of_a_request_keeps_what_was_typed(make, login, world):
    talks, firm, _ = world
    client = login(firm)
    path = f"/achievements/{talks.achievement_id}/introduction"
    assert talks.need.title in client.get(path).text
    short = client.post(path, data={"message": "好", "own": str(talks.need_id)})
    assert short.status_code == 422
    assert "请至少写 5 个字" in short.text
    assert f'value="{talks.need_id}" selected' in short.text
    wrong = login(make.user(Role.UNIVERSITY)).get(path)
    assert wrong.location == f"/achievements/{talks.achievement_id}"


def test_staff_begin_by_numbers_and_are_told_of_a_wrong_one(make, login, session):
    need, item = make.need(), make.achievement()
    client = login(make.staff())
    alone = client.post("/introductions/new", data={"need": str(need.id)})
    assert alone.status_code == 422
    assert "请填写双方的编号" in alone.text
    wrong = {"need": "999999", "achievement": str(item.id)}
    answer = client.post("/introductions/new", data=wrong)
    assert answer.status_code == 422
    assert "没有这个编号" in answer.text
    right = {"need": str(need.id), "achievement": str(item.id)}
    answer = client.post("/introductions/new", data=right)
    assert answer.status_code == 303
    session.rollback()
    assert session.query(Introduction).count() == 1


def test_a_provider_reads_the_full_text_on_a_page_of_its_own(make, login, world):
    _, firm, college = world
    need = make.need(
        organisation_id=firm.organisation_id,
        secrecy=Secrecy.MASKED,
        problem="全文里的玄铁。",
        public_title="某产品",
        public_problem="某问题",
        public_targets=[],
    )
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item)
    client = login(college)
    path = f"/introductions/{talks.id}"
    assert client.get(f"{path}/need").status_code == 403
    assert "玄铁" not in client.get(path).text
    make.agreed(talks)
    page = client.get(path).text
    assert "玄铁" not in page
    assert f"{path}/need" in page
    assert "玄铁" in client.get(f"{path}/need").text
    assert "谁看过（1 次）" in login(firm).get(path).text


def test_a_contact_is_nowhere_but_on_its_page(make, login, world):
    talks, firm, college = world
    make.agreed(talks)
    make.contact(talks, firm, phone="0731-88001234")
    client = login(college)
    for path in (
        "/introductions",
        "/introductions?view=board",
        f"/introductions/{talks.id}",
        "/notices",
        "/work",
    ):
        assert "88001234" not in client.get(path).text, path
    read = client.get(f"/introductions/{talks.id}/contacts")
    assert "0731-88001234" in read.text


@pytest.mark.parametrize("side", list(Side))
def test_each_side_sees_what_is_its_next_step(make, login, world, side):
    talks, firm, college = world
    client = login(firm if side is Side.SEEKER else college)
    assert "有意向" in client.get(f"/introductions/{talks.id}").text
    make.agreed(talks)
    page = client.get(f"/introductions/{talks.id}").text
    assert "公开我的联系方式" in page
    assert "起草合同" in page
    assert "指派" not in page.replace("还没有指派", "")


def test_talks_about_a_call_say_when_it_closes(make, login, world, session):
    _, firm, college = world
    call = make.call()
    staff = login(make.staff())
    need = make.need(organisation_id=firm.organisation_id)
    item = make.achievement(organisation_id=college.organisation_id)
    for sides in ({"need": need.id}, {"achievement": item.id}):
        begun = staff.post("/introductions/new", data={"call": call.id, **sides})
        assert begun.status_code == 303, begun.text
        page = staff.get(begun.location)
        assert page.status_code == 200
        assert labels.until(call.closes_at) in page.text
