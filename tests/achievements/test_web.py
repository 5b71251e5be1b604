"""The pages of achievements, as each reader gets them."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from models import Achievement, History
from models.states import AchievementStatus, Role, Secrecy

from ..walk import forms
from .forms import typed


def stored(session) -> Achievement:
    session.rollback()
    return session.scalars(select(Achievement)).one()


def test_registering_leads_to_its_page_with_matches(login, make, session):
    client = login(make.user(Role.UNIVERSITY))
    form = client.get("/achievements/new")
    key = re.search(r'name="form_key" value="([^"]+)"', form.text)[1]
    assert "国家秘密不得进入本平台" in form.text
    data = typed(form_key=key, action="submit")
    first = client.post("/achievements/new", data=data)
    second = client.post("/achievements/new", data=data)
    item = stored(session)
    assert first.status_code == 303
    assert first.location == second.location == f"/achievements/{item.id}?submitted=1"
    page = client.get(first.location).text
    assert "谁需要它" in page
    assert "可以去揭的榜单" in page


def test_a_wrong_form_keeps_what_was_typed(login, make, session):
    client = login(make.user(Role.UNIVERSITY))
    data = typed(
        title='"><script>',
        ip_type=["发明专利", "实用新型"],
        ip_status=["授权", "申请中"],
        ip_count=["2", "很多"],
        trl="",
    )
    answer = client.post("/achievements/new", data=data)
    assert answer.status_code == 422
    assert '"><script>' not in answer.text
    text = unescape(answer.text)
    assert "知识产权：第 2 行" in text
    assert 'href="#ip"' in text
    assert 'value="很多"' in text
    assert '<option value="实用新型" selected>' in text
    assert '<option value="申请中" selected>' in text
    assert session.scalar(select(func.count(Achievement.id))) == 0


def test_a_draft_takes_a_title_only_and_opens_again(login, make, session):
    client = login(make.user(Role.UNIVERSITY))
    data = {"form_key": "k", "action": "draft", "title": "先记下来"}
    answer = client.post("/achievements/new", data=data)
    item = stored(session)
    assert answer.location == f"/achievements/{item.id}"
    assert item.status is AchievementStatus.DRAFT
    for path in ("", "/edit", "/buyers"):
        assert client.get(f"/achievements/{item.id}{path}").status_code == 200
    assert "先记下来" in client.get("/achievements/mine").text
    other = login(make.user(Role.UNIVERSITY))
    assert other.get(f"/achievements/{item.id}").status_code == 404
    assert login(make.staff()).get(f"/achievements/{item.id}").status_code == 404


def test_a_stale_form_shows_both_versions(login, make, session):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    client, url = login(actor), f"/achievements/{item.id}/edit"
    client.post(url, data=typed(version=item.version, title="先保存的成果名称"))
    answer = client.post(url, data=typed(version=item.version, title="后来的成果名称"))
    assert answer.status_code == 409
    assert "先保存的成果名称" in answer.text
    assert "后来的成果名称" in answer.text
    assert stored(session).title == "先保存的成果名称"


@pytest.mark.parametrize(
    ("role", "status"), [(None, 302), (Role.ENTERPRISE, 403), (Role.STAFF, 403)]
)
def test_who_may_not_register(app, login, make, role, status):
    client = login(make.user(role)) if role else app.test_client()
    assert client.get("/achievements/new").status_code == status
    assert client.post("/achievements/new", data=typed()).status_code == status


def test_who_needs_it_is_for_the_holder_and_staff(app, login, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    url = f"/achievements/{item.id}/buyers"
    assert login(actor).get(url).status_code == 200
    assert login(make.staff()).get(url).status_code == 200
    assert login(make.user(Role.UNIVERSITY)).get(url).status_code == 403
    assert login(make.user()).get(url).status_code == 403
    assert app.test_client().get(url).status_code == 302
    page = app.test_client().get(f"/achievements/{item.id}").text
    assert "谁需要它" not in page
    assert "经过" not in page


def test_buyers_keep_a_masked_firm_masked(login, make, indexed):
    """And a restricted one out of sight, however near its need is."""
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    for title in ("水稻抗病育种", "无人机航测", "药物缓释微球", "语音识别"):
        make.need(title=title, problem=f"想要{title}的办法。", targets=[])
    words = {"title": item.title, "problem": item.abstract, "targets": item.indicators}
    firm = make.organisation(name="湘江锂电有限公司")
    make.need(organisation_id=firm.id, secrecy=Secrecy.RESTRICTED, **words)
    public = {"public_" + name: value for name, value in words.items()}
    shown = make.need(
        organisation_id=firm.id,
        secrecy=Secrecy.MASKED,
        title="湘江锂电内部代号的需求",
        **public,
    )
    indexed()
    page = login(actor).get(f"/achievements/{item.id}/buyers").text
    assert f'href="/needs/{shown.id}"' in page
    assert "岳麓区某先进储能与新能源企业" in page
    assert "1 条需求" in page
    assert "湘江锂电" not in page


def test_withdrawing(login, make, session):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    client, url = login(actor), f"/achievements/{item.id}/withdraw"
    assert login(make.user(Role.UNIVERSITY)).post(url).status_code == 403
    assert client.post(url).status_code == 303
    assert stored(session).status is AchievementStatus.WITHDRAWN
    assert client.post(url).status_code == 409


def test_staff_decide_on_the_page_of_what_waits(login, make):
    item = make.achievement(status=AchievementStatus.PENDING, published_at=None)
    page = login(make.staff()).get(f"/achievements/{item.id}").text
    assert f"/verification/achievements/{item.id}/publish" in page


def test_everything_that_was_registered_is_shown_and_comes_back(login, make, session):
    actor = make.user(Role.UNIVERSITY)
    client = login(actor)
    data = typed(
        action="submit",
        form_key="k",
        applications="船用轴承",
        trl="11",
        trl_scale="13",
        stage="industrial",
        trl_proof="test",
        trl_proof_on="2026-10-01",
        trl_proof_by="某检测院",
        ip_number=["ZL200310102344.5", "", ""],
        ip_count=["1", "", ""],
        ip_family=["US11234567B2", "", ""],
        ownership="shared",
        owner_name=["某大学", "葛示例"],
        owner_share=["70", "30"],
        terms="先用后付：验收后三个月起付。",
        modes=["open_licence", "pay_after_use"],
        valuation_low="80",
        valuation_high="120",
        valuation_method="income",
        valuation_on="2026-09-01",
        pilot_wanted="1",
        pilot_needs="500 升反应釜",
    )
    assert client.post("/achievements/new", data=data).status_code == 303
    item = stored(session)
    page = unescape(client.get(f"/achievements/{item.id}").text)
    for words in (
        '11</span> <span class="unit">/ 13 级',
        "检测（试验）报告，某检测院，2026-10-01",
        "ZL200310102344.5",
        "US11234567B2",
        "某大学 70%，葛示例 30%",
        "80 万元 至 120 万元（收益法，2026-09-01）",
        "500 升反应釜",
        "船用轴承",
        "验收后三个月起付",
        "开放许可、先用后付",
    ):
        assert words in page, words
    form = client.get(f"/achievements/{item.id}/edit").text
    sent = {name: value for name, value in forms(form)[-1].values if value}
    for name in ("owner_name", "ip_number", "valuation_low", "pilot_needs", "terms"):
        assert sent[name], name
    # Sent back as it came, nothing has changed.
    values = [*forms(form)[-1].values, ("promise", "1"), ("action", "submit")]
    body = urlencode(values)
    answer = client.post(
        f"/achievements/{item.id}/edit",
        data=body,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 303
    session.rollback()
    edits = select(func.count(History.id)).where(History.action == "achievement.edited")
    assert session.scalar(edits) == 0


def test_a_folded_part_with_an_error_stands_open(login, make):
    client = login(make.user(Role.UNIVERSITY))
    answer = client.post("/achievements/new", data=typed(valuation_low="80"))
    assert answer.status_code == 422
    assert re.search(
        r'<details class="form-more" open>\s*<summary>评估过的价值', answer.text
    )
    assert 'href="#valuation_on"' in answer.text


def test_a_stale_form_names_only_what_differs(login, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(
        organisation_id=actor.organisation_id, title="先保存的成果名称"
    )
    url = f"/achievements/{item.id}/edit"
    client = login(actor)
    typed_now = {"version": "0", "title": "后来的成果名称"}

    def send(page: str):
        values = [
            (name, typed_now.get(name, value)) for name, value in forms(page)[-1].values
        ]
        return client.post(
            url,
            data=urlencode([*values, ("promise", "1")]),
            content_type="application/x-www-form-urlencoded",
        )

    advised = send(client.get(url).text)
    assert "可以写得更好" in advised.text
    answer = send(advised.text)
    assert answer.status_code == 409
    table = answer.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', table) == ["成果名称"]


def test_marking_as_transferred(login, make, session):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    client, url = login(actor), f"/achievements/{item.id}"
    assert f'action="{url}/transferred"' in client.get(url).text
    assert login(make.user()).post(f"{url}/transferred").status_code == 403
    assert client.post(f"{url}/transferred").status_code == 303
    assert stored(session).status is AchievementStatus.TRANSFERRED
    page = client.get(url).text
    assert "已转化" in page
    assert "/transferred" not in page
    assert client.post(f"{url}/transferred").status_code == 409
    assert client.get("/achievements/mine").status_code == 200
