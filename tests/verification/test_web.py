"""Verification through HTTP: what staff click, and what others get."""

from sqlalchemy import select

from models import Achievement, Need
from models.states import AchievementStatus, NeedStatus, Role

from ..conftest import NOW
from ..walk import forms


def pending(make, **given):
    return make.need(status=NeedStatus.PENDING, published_at=None, **given)


def test_staff_publish_from_the_queue(make, login, session):
    need = pending(make, title="泵车臂架末端抖动")
    client = login(make.staff())
    page = client.get("/verification")
    assert "泵车臂架末端抖动" in page.text
    assert "公开" in page.text
    publish = next(f for f in forms(page.text) if f.action.endswith("/publish"))

    answer = client.post(publish.action, data=dict(publish.values))

    assert (answer.status_code, answer.location) == (303, "/verification")
    after = client.get("/verification").text
    assert "已发布：泵车臂架末端抖动" in after
    assert "没有待审的信息" in after
    session.rollback()
    session.refresh(need)
    assert need.status is NeedStatus.PUBLISHED


def test_staff_return_an_achievement_from_the_queue(make, login, session):
    item = make.achievement(status=AchievementStatus.PENDING, published_at=None)
    client = login(make.staff())
    page = client.get("/verification")
    form = next(f for f in forms(page.text) if f.action.endswith("/return"))
    sent = dict(form.values) | {"reason": "请写明试验的规模"}
    assert client.post(form.action, data=sent).status_code == 303
    session.rollback()
    session.refresh(item)
    assert item.status is AchievementStatus.RETURNED


def test_a_return_without_reason_keeps_what_was_typed(make, login, session):
    need = pending(make)
    client = login(make.staff())
    data = {"version": str(need.version), "reason": "<b>短"}
    answer = client.post(f"/verification/needs/{need.id}/return", data=data)
    assert answer.status_code == 422
    assert "至少 5 个字" in answer.text
    assert "&lt;b&gt;短" in answer.text
    again = next(f for f in forms(answer.text) if f.action.endswith("/return"))
    sent = dict(again.values) | {"reason": "请补充试验条件"}
    assert client.post(again.action, data=sent).status_code == 303
    session.rollback()
    assert session.scalar(select(Need.return_reason)) == "请补充试验条件"


def test_a_decision_that_came_too_late_is_told(make, login):
    need = pending(make)
    client = login(make.staff())
    url = f"/verification/needs/{need.id}/publish"
    data = {"version": str(need.version)}
    assert client.post(url, data=data).status_code == 303
    answer = client.post(url, data=data)
    assert answer.status_code == 409
    assert "该信息已被处理" in answer.text


def test_a_decision_without_the_version_read_is_refused(make, login, session):
    need = pending(make)
    url = f"/verification/needs/{need.id}/publish"
    assert login(make.staff()).post(url, data={}).status_code == 422
    session.rollback()
    session.refresh(need)
    assert need.status is NeedStatus.PENDING


def test_the_queue_and_its_decisions_are_closed_to_others(make, login):
    firm = make.user()
    need = pending(make, organisation_id=firm.organisation_id)
    data = {"version": str(need.version), "reason": "请补充试验条件"}
    for user, status in (
        (firm, 403),
        (make.user(), 404),
        (make.user(Role.UNIVERSITY), 404),
    ):
        client = login(user)
        assert client.get("/verification").status_code == 403
        for verb in ("publish", "return"):
            url = f"/verification/needs/{need.id}/{verb}"
            assert client.post(url, data=data).status_code == status


def test_demonstration_data_is_marked(make, login):
    pending(make, is_demo=True)
    assert 'class="demo"' in login(make.staff()).get("/verification").text


def test_nothing_is_decided_by_a_link(make, login, session):
    item = make.achievement(status=AchievementStatus.PENDING, published_at=None)
    client = login(make.staff())
    for verb in ("publish", "return"):
        url = f"/verification/achievements/{item.id}/{verb}"
        assert client.get(url).status_code == 405
    session.rollback()
    assert session.scalar(select(Achievement.status)) is AchievementStatus.PENDING
    assert item.created_at == NOW
