"""The pages of needs, as each reader gets them."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from models import Need
from models.states import NeedStatus, Role, Secrecy

from .forms import MASKED, typed


def key(page: str) -> str:
    """The key of the form on the page."""
    return re.search(r'name="form_key" value="([^"]+)"', page)[1]


def version(page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', page)[1]


def count(session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Need.id))) or 0


def stored(session) -> Need:
    session.rollback()
    return session.scalars(select(Need)).one()


def test_posting_a_need_leads_to_its_page_with_matches(login, make, session):
    client = login(make.user())
    form = client.get("/needs/new")
    assert form.status_code == 200
    assert "国家秘密不得进入本平台" in form.text
    data = typed(form_key=key(form.text), action="submit")
    answer = client.post("/needs/new", data=data)
    need = stored(session)
    assert answer.status_code == 303
    assert answer.location == f"/needs/{need.id}?submitted=1"
    page = client.get(answer.location).text
    assert "暂无合适成果" in page
    assert "平台上还没有可以比较的成果" in page
    assert "相关榜单" in page
    assert "待审" in page


def test_a_submitted_need_shows_the_nearest_achievement_at_once(
    login, make, session, indexed
):
    for title in ("水稻抗病育种", "无人机航测", "药物缓释微球", "语音识别"):
        make.achievement(title=title, abstract=f"{title}的方法。", indicators=[])
    near = make.achievement(
        title=typed()["title"], abstract=typed()["problem"], indicators=[]
    )
    indexed()
    client = login(make.user())
    answer = client.post("/needs/new", data=typed(form_key="k"))
    page = client.get(answer.location).text
    assert f'href="/achievements/{near.id}"' in page
    assert "互相呼应的句子" in page


def test_a_second_click_makes_no_second_need(login, make, session):
    client = login(make.user())
    data = typed(form_key="clicked-twice", action="submit")
    first = client.post("/needs/new", data=data)
    second = client.post("/needs/new", data=data)
    assert first.location == second.location
    assert count(session) == 1


def test_the_same_form_with_other_words_shows_both(login, make, session):
    client = login(make.user())
    client.post("/needs/new", data=typed(form_key="k"))
    answer = client.post("/needs/new", data=typed(form_key="k", title="改过的需求名称"))
    assert answer.status_code == 409
    assert "没有重复新建" in answer.text
    assert "改过的需求名称" in answer.text
    assert "泵车臂架末端软管晃得厉害" in answer.text
    assert count(session) == 1


def test_a_wrong_form_keeps_what_was_typed(login, make, session):
    client = login(make.user())
    script = "<script>alert(1)</script>"
    data = typed(
        form_key="k",
        title=script + "泵車😀",
        problem="太短",
        targets=["第一条指标", "x" * 201, "第三条"],
        cooperation=["equity"],
        deadline="2020-01-01",
        promise=None,
    )
    answer = client.post("/needs/new", data=data)
    assert answer.status_code == 422
    assert script not in answer.text
    text = unescape(answer.text)
    assert 'value="' + script + "泵車😀" in text
    assert "有 4 处需要修改" in text
    for name in ("problem", "targets", "deadline", "promise"):
        assert f'href="#{name}"' in text
        assert f'id="{name}"' in text
    assert 'value="第三条"' in text
    assert 'value="equity" checked' in re.sub(r"\s+", " ", text)
    assert key(answer.text) == "k"
    assert count(session) == 0


def test_a_draft_takes_a_title_only(login, make, session):
    client = login(make.user())
    data = {"form_key": "k", "action": "draft", "title": "先记下来"}
    answer = client.post("/needs/new", data=data)
    need = stored(session)
    assert answer.location == f"/needs/{need.id}"
    assert need.status is NeedStatus.DRAFT
    page = client.get(answer.location).text
    assert "继续填写" in page
    assert "可能合适的成果" not in page
    assert "先记下来" in client.get(f"/needs/{need.id}/edit").text


def test_a_huge_form_is_refused(login, make, session):
    client = login(make.user())
    data = typed(form_key="k", problem="电" * 400_000)
    assert client.post("/needs/new", data=data).status_code == 413
    answer = client.post("/needs/new", data=typed(form_key="k", problem="x" * 100_000))
    assert answer.status_code == 422
    assert "最多 5000 个字" in answer.text
    assert count(session) == 0


@pytest.mark.parametrize(
    ("role", "status"), [(None, 302), (Role.UNIVERSITY, 403), (Role.STAFF, 403)]
)
def test_who_may_not_post_needs(app, login, make, role, status):
    client = login(make.user(role)) if role else app.test_client()
    assert client.get("/needs/new").status_code == status
    assert client.post("/needs/new", data=typed()).status_code == status


def test_a_stale_form_shows_both_versions(login, make, session):
    firm = make.organisation()
    one, two = (make.user(organisation_id=firm.id) for _ in range(2))
    need = make.need(organisation_id=firm.id)
    url = f"/needs/{need.id}/edit"
    seen = version(login(two).get(url).text)
    first = login(one).post(url, data=typed(version=seen, title="先保存的需求名称"))
    assert first.status_code == 303
    answer = login(two).post(url, data=typed(version=seen, title="后保存的需求名称"))
    assert answer.status_code == 409
    assert "先保存的需求名称" in answer.text
    assert "后保存的需求名称" in answer.text
    assert stored(session).title == "先保存的需求名称"
    again = typed(version=version(answer.text), title="后保存的需求名称")
    assert login(two).post(url, data=again).status_code == 303
    assert stored(session).title == "后保存的需求名称"


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 400, "１"])
def test_a_strange_version_is_a_stale_one(login, make, text):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    data = typed(version=text)
    assert login(actor).post(f"/needs/{need.id}/edit", data=data).status_code == 409


def test_a_wrong_edit_keeps_the_version_it_began_with(login, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    data = typed(version="1", title="短")
    answer = login(actor).post(f"/needs/{need.id}/edit", data=data)
    assert answer.status_code == 422
    assert version(answer.text) == "1"


def test_what_is_over_has_no_form(login, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id, status=NeedStatus.WITHDRAWN)
    assert login(actor).get(f"/needs/{need.id}/edit").status_code == 409


def masked(make, firm):
    public = {name: MASKED[name] for name in MASKED if name != "secrecy"}
    return make.need(organisation_id=firm.id, secrecy=Secrecy.MASKED, **public)


def test_a_masked_need_has_two_texts(app, login, make):
    firm = make.organisation(name="岑岳混凝土机械有限公司(示例)")
    need = masked(make, firm)
    url = f"/needs/{need.id}"
    outside = [app.test_client(), login(make.user()), login(make.user(Role.UNIVERSITY))]
    for client in outside:
        for page in (client.get(url).text, client.get("/needs").text):
            assert MASKED["public_title"] in page
            assert need.title not in page
            assert "岑岳" not in page
            assert "岳麓区某先进储能与新能源企业" in page
    inside = [login(make.staff()), login(make.user(organisation_id=firm.id))]
    for client in inside:
        page = client.get(url).text
        assert need.title in page
        assert "看别人看到的文字" in page
        assert MASKED["public_title"] in page


def test_a_restricted_need_is_nowhere_for_others(app, login, make):
    need = make.need(secrecy=Secrecy.RESTRICTED)
    for client in (app.test_client(), login(make.user()), login(make.user())):
        for path in ("", "/edit"):
            assert client.get(f"/needs/{need.id}{path}").status_code in (302, 404)
        assert need.title not in client.get("/needs").text
    staff = login(make.staff())
    assert "没有人知道有这条需求" in staff.get(f"/needs/{need.id}").text


def test_history_is_for_the_owner_and_staff(app, login, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    login(actor).post(f"/needs/{need.id}/edit", data=typed(version=need.version))
    for client in (login(actor), login(make.staff())):
        page = client.get(f"/needs/{need.id}").text
        assert "修改需求" in page
        assert "200 万元 → 260 万元" in page
    need = make.need()
    assert "经过" not in app.test_client().get(f"/needs/{need.id}").text


def test_the_owner_reads_why_it_was_returned(login, make):
    actor = make.user()
    need = make.need(
        organisation_id=actor.organisation_id,
        status=NeedStatus.RETURNED,
        return_reason="请补充<指标>的单位",
    )
    page = login(actor).get(f"/needs/{need.id}").text
    assert "请补充&lt;指标&gt;的单位" in page
    assert "请补充&lt;指标&gt;的单位" in login(actor).get(f"/needs/{need.id}/edit").text


def test_staff_decide_on_the_page_of_what_waits(login, make):
    need = make.need(status=NeedStatus.PENDING, published_at=None)
    staff = login(make.staff())
    assert (
        f"/verification/needs/{need.id}/publish" in staff.get(f"/needs/{need.id}").text
    )
    published = make.need()
    assert "/verification/" not in staff.get(f"/needs/{published.id}").text


def test_withdrawing_asks_first_and_says_what_happens(login, make, session):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    client = login(actor)
    assert "不能恢复" in client.get(f"/needs/{need.id}").text
    answer = client.post(f"/needs/{need.id}/withdraw")
    assert (answer.status_code, answer.location) == (303, f"/needs/{need.id}")
    assert "需求已撤回" in client.get(answer.location).text
    assert stored(session).status is NeedStatus.WITHDRAWN
    assert client.post(f"/needs/{need.id}/withdraw").status_code == 409


def test_another_firm_may_not_withdraw(app, login, make):
    need = make.need()
    url = f"/needs/{need.id}/withdraw"
    assert login(make.user()).post(url).status_code == 403
    assert login(make.staff()).post(url).status_code == 403
    assert app.test_client().post(url).status_code == 302


def test_ones_own_list_has_every_state_and_finds_drafts(login, make):
    actor = make.user()
    for status in NeedStatus:
        make.need(
            organisation_id=actor.organisation_id, status=status, title=f"状态{status}"
        )
    make.need(title="别家的需求")
    client = login(actor)
    page = client.get("/needs/mine").text
    for status in NeedStatus:
        assert f"状态{status}" in page
    assert "别家的需求" not in page
    found = client.get("/needs/mine?q=状态draft").text
    assert "状态draft" in found
    assert "状态published" not in found
    returned = client.get("/needs/mine?status=returned").text
    assert "状态returned" in returned
    assert "状态draft" not in returned


def test_a_demonstration_need_is_marked(app, make):
    need = make.need(is_demo=True)
    for path in ("/needs", f"/needs/{need.id}"):
        assert 'class="demo"' in app.test_client().get(path).text
