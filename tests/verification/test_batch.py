"""Several submissions decided together: each by itself, and told one by one."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from matchmaker.errors import Forbidden, Invalid
from matchmaker.schema import parse
from matchmaker.verification import batch
from matchmaker.verification.schema import Batch, BatchReturn, Chosen
from models import History, Notice, transaction
from models.states import AchievementStatus, NeedStatus, Role

from ..conftest import NOW
from ..walk import forms

PENDING = NeedStatus.PENDING


def name(item) -> str:
    kind = "need" if hasattr(item, "problem") else "achievement"
    return f"{kind}:{item.id}:{item.version}"


def chosen(*items, **given):
    model = BatchReturn if given else Batch
    return parse(model, {"items": [name(item) for item in items], **given})


def test_what_can_be_published_is_and_the_rest_stays_and_says_why(session, make):
    good, edited = make.need(status=PENDING), make.need(status=PENDING)
    taken = make.need(status=NeedStatus.RETURNED)
    item = make.achievement(status=AchievementStatus.PENDING)
    data = chosen(good, edited, taken, item)
    with transaction(session):
        edited.problem = "读过以后又改写的另一段文字。"

    found = batch.publish(session, make.staff(), data, now=NOW)

    assert [one.refusal and one.refusal.code for one in found] == [
        None,
        "changed_since_read",
        "already_handled",
        None,
    ]
    assert found[0].title == good.title
    for record in (good, edited, taken, item):
        session.refresh(record)
    assert (good.status, edited.status, taken.status) == (
        NeedStatus.PUBLISHED,
        PENDING,
        NeedStatus.RETURNED,
    )
    assert item.status is AchievementStatus.PUBLISHED
    # Nothing of the two that were refused was written.
    assert session.scalar(select(func.count(History.id))) == 2


def test_reasons_that_do_not_fit_a_record_leave_it_alone(session, make):
    firm = make.user()
    need = make.need(status=PENDING, organisation_id=firm.organisation_id)
    item = make.achievement(status=AchievementStatus.PENDING)
    data = chosen(need, item, codes=["budget"], reason="")
    found = batch.give_back(session, make.staff(), data, now=NOW)
    assert found[0].refusal is None
    assert isinstance(found[1].refusal, Invalid)
    session.refresh(item)
    assert item.status is AchievementStatus.PENDING
    assert need.return_codes == ["budget"]
    assert session.scalar(select(func.count(Notice.id))) == 1


def test_a_record_nobody_may_know_of_is_not_named(session, make):
    draft = make.need(status=NeedStatus.DRAFT, title="还没有写完的草稿")
    (one,) = batch.publish(session, make.staff(), chosen(draft), now=NOW)
    assert one.refusal.code == "need"
    assert one.title == ""


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_a_batch_is_for_staff(session, make, role):
    need = make.need(status=PENDING)
    with pytest.raises(Forbidden):
        batch.publish(session, make.user(role), chosen(need), now=NOW)
    session.refresh(need)
    assert need.status is PENDING


@pytest.mark.parametrize(
    "items",
    [
        [],
        ["need"],
        ["need:1"],
        ["need:1:1:1"],
        ["call:1:1"],
        ["need:-1:1"],
        ["need:1:99999999999"],
        ["need:１:1"],
        ["need:4000000000:1"],
        [f"need:{n}:1" for n in range(101)],
    ],
)
def test_a_choice_that_is_none_is_refused(items):
    with pytest.raises(Invalid) as refusal:
        parse(Batch, {"items": items})
    assert list(refusal.value.fields) == ["items"]


def test_a_choice_made_twice_counts_once():
    data = parse(Batch, {"items": ["need:1:2", "need:1:2", "achievement:1:2"]})
    assert data.items == [Chosen("need", 1, 2), Chosen("achievement", 1, 2)]


def test_the_page_tells_what_became_of_each(make, login, session):
    good = make.need(status=PENDING, title="泵车臂架抖动")
    late = make.need(status=PENDING, title="换电站绝缘异常")
    client = login(make.staff())
    page = client.get("/verification?field=ES").text
    (form,) = (f for f in forms(page) if "/batch" in f.action)
    assert name(good) in page
    with transaction(session):
        late.move_to(NeedStatus.PUBLISHED)
    sent = [
        ("action", "publish"),
        ("items", name(good)),
        ("items", f"need:{late.id}:1"),
    ]
    answer = client.post(form.action, data=urlencode(sent), content_type=FORM)
    assert answer.status_code == 200
    assert "已发布 1 条，1 条没有处理" in answer.text
    assert "该信息已被处理" in answer.text


def test_nothing_done_is_told_as_a_conflict(make, login, session):
    need = make.need(status=PENDING)
    item = name(need)
    with transaction(session):
        need.move_to(NeedStatus.PUBLISHED)
    answer = login(make.staff()).post(
        "/verification/batch", data={"action": "publish", "items": item}
    )
    assert answer.status_code == 409
    assert "已发布 0 条，1 条没有处理" in answer.text


def test_a_batch_without_reasons_keeps_what_was_ticked(make, login, session):
    need = make.need(status=PENDING)
    data = {"action": "return", "items": name(need), "reason": "短"}
    answer = login(make.staff()).post("/verification/batch", data=data)
    assert answer.status_code == 422
    assert (
        f'value="{name(need)}" aria-label="选择：{need.title}" checked' in answer.text
    )
    session.refresh(need)
    assert need.status is PENDING


FORM = "application/x-www-form-urlencoded"
