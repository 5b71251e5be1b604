"""The form step by step: advice, the drafted text, saving as one types, merging."""

import html
import re

import pytest
from sqlalchemy import func, select

from models import Need
from models.needs import fingerprint
from models.states import NeedStatus, Secrecy

from .forms import MASKED, typed


def stored(session) -> Need:
    session.rollback()
    return session.scalars(select(Need)).one()


def count(session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Need.id))) or 0


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


@pytest.fixture
def client(login, make):
    return login(make.user())


# -- Advice ------------------------------------------------------------------------


def test_a_need_without_a_figure_is_shown_what_is_missing_once(client, session):
    data = typed(form_key="k", targets=["手感要好"], budget="", action="submit")
    answer = client.post("/needs/new", data=data)
    assert answer.status_code == 200
    assert "缺少可验收指标" in answer.text
    assert "预算未填" in answer.text
    assert count(session) == 0
    seen = hidden(answer.text, "hints_seen")
    answer = client.post("/needs/new", data=data | {"hints_seen": seen})
    assert answer.status_code == 303
    assert stored(session).status is NeedStatus.PENDING


def test_other_advice_is_shown_again(client, session):
    data = typed(form_key="k", budget="")
    seen = hidden(client.post("/needs/new", data=data).text, "hints_seen")
    data |= {"hints_seen": seen, "targets": ["手感要好"]}
    assert client.post("/needs/new", data=data).status_code == 200
    assert count(session) == 0


def test_what_is_wrong_comes_before_what_could_be_better(client, session):
    data = typed(form_key="k", budget="", promise=None)
    answer = client.post("/needs/new", data=data)
    assert answer.status_code == 422
    assert "预算未填" not in answer.text


def test_checking_saves_nothing_and_reads_the_targets(client, session):
    answer = client.post("/needs/new", data=typed(form_key="k", action="check"))
    assert answer.status_code == 200
    assert "没有发现要补充的地方" in answer.text
    assert "摆幅 ≤ 350 mm" in answer.text
    assert hidden(answer.text, "form_key") == "k"
    assert count(session) == 0


def test_a_need_like_ones_own_is_shown_before_submission(login, make, session):
    actor = make.user()
    mine = make.need(
        organisation_id=actor.organisation_id,
        **{name: typed()[name] for name in ("title", "problem")},
        targets=[line for line in typed()["targets"] if line],
    )
    client = login(actor)
    answer = client.post("/needs/new", data=typed(form_key="k"))
    assert answer.status_code == 200
    assert "疑似重复" in answer.text
    assert f"/needs/{mine.id}" in answer.text
    seen = hidden(answer.text, "hints_seen")
    again = client.post("/needs/new", data=typed(form_key="k", hints_seen=seen))
    assert again.status_code == 303


# -- Targets -----------------------------------------------------------------------


def test_what_the_sentence_says_is_kept_with_it(client, session):
    client.post("/needs/new", data=typed(form_key="k"))
    first = stored(session).measures[0]
    assert (first["name"], first["comparator"]) == ("摆幅", "le")
    assert (first["value"], first["unit"], first["must"]) == ("350", "mm", True)
    assert first["proposed"]


def test_a_correction_is_kept(client, session):
    data = typed(
        form_key="k",
        targets=["", "摆幅 ≤350 mm"],
        measure_need=["must", "wish"],
        measure_name=["", "末端摆幅"],
        measure_comparator=["", "le"],
        measure_value=["", "0.35"],
        measure_upper=["", ""],
        measure_unit=["", "m"],
        measure_proposed=["", "摆幅|le|350||mm"],
    )
    client.post("/needs/new", data=data)
    need = stored(session)
    assert need.targets == ["摆幅 ≤350 mm"]
    [one] = need.measures
    assert (one["name"], one["value"], one["unit"]) == ("末端摆幅", "0.35", "m")
    assert (one["must"], one["proposed"]) == (False, False)
    page = client.get(f"/needs/{need.id}").text
    assert "期望" in page
    assert "末端摆幅" in page


@pytest.mark.parametrize(
    ("comparator", "value", "upper", "words"),
    [
        ("le", "很小", "", "数值请填写数字"),
        ("le", "", "", "还要填写数值"),
        ("range", "5", "", "两个数值"),
        ("range", "5", "2", "须大于前一个"),
        ("like", "5", "", "请从列表中选择比较方式"),
        ("le", "9" * 400, "", "数值请填写数字"),
    ],
)
def test_half_a_measure_is_refused(client, session, comparator, value, upper, words):
    data = typed(
        form_key="k",
        targets=["摆幅小"],
        measure_comparator=[comparator],
        measure_value=[value],
        measure_upper=[upper],
    )
    answer = client.post("/needs/new", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert "第 1 行" in answer.text
    assert count(session) == 0


# -- The public text ---------------------------------------------------------------

SECRET = (
    "我们给湘衡重工股份有限公司配套，62 米泵车泵送时末端软管摆幅超过 1.3 米，"
    "联系人王晓明，电话13812345678。试过加蓄能器，换一种姿态就失效。"
)


def test_a_masked_need_without_public_text_gets_a_draft(client, session):
    data = typed(form_key="k", problem=SECRET, secrecy="masked", action="submit")
    answer = client.post("/needs/new", data=data | {"public_approved": ""})
    assert answer.status_code == 200
    assert count(session) == 0
    area = re.search(
        r'name="public_problem"[^>]*>\n(.*?)</textarea>', answer.text, re.S
    )
    draft = html.unescape(area[1])
    assert "末端软管摆幅超过" in draft
    for secret in ("湘衡", "王晓明", "13812345678", "62", "1.3"):
        assert secret not in draft
    assert "<del>" in answer.text
    assert 'name="public_approved"' in answer.text


def test_a_public_text_is_approved_for_one_full_text(client, session):
    data = typed(form_key="k", problem=SECRET, **MASKED)
    mark = data["public_approved"]
    changed = data | {"problem": SECRET + "又加了一句。"}
    answer = client.post("/needs/new", data=changed)
    assert answer.status_code == 422
    assert "全文每次改动后都要重新确认" in answer.text
    assert count(session) == 0
    fresh = re.search(
        r'name="public_approved" value="([0-9a-f]+)"([^>]*)>', answer.text
    )
    assert fresh[1] != mark
    assert "checked" not in fresh[2]
    again = client.post("/needs/new", data=changed | {"public_approved": fresh[1]})
    if again.status_code == 200:  # advice about the public text, once
        seen = hidden(again.text, "hints_seen")
        more = {"public_approved": fresh[1], "hints_seen": seen}
        again = client.post("/needs/new", data=changed | more)
    assert again.status_code == 303
    need = stored(session)
    assert need.public_approved == need.fingerprint
    assert need.secrecy is Secrecy.MASKED


def test_the_mark_on_the_page_is_that_of_the_text_as_it_is_read(client):
    data = typed(
        form_key="k",
        problem=SECRET.replace("。", "。\r\n") + "  ",
        targets=[" 摆幅 ≤350 mm ", "", "泵送效率下降 ≤3%"],
        action="check",
        **MASKED,
    )
    page = client.post("/needs/new", data=data).text
    lines = ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"]
    problem = SECRET.replace("。", "。\n").strip()
    assert fingerprint(data["title"], problem, lines) in page


@pytest.mark.parametrize("told", ["电话13812345678", "邮箱 a.b@example.com"])
def test_a_public_text_with_a_way_to_reach_the_firm_is_refused(client, session, told):
    data = typed(form_key="k", **MASKED)
    data["public_problem"] = data["public_problem"] + told
    answer = client.post("/needs/new", data=data)
    assert answer.status_code == 422
    assert "双方都有意向后平台才公开联系方式" in answer.text
    assert count(session) == 0


def test_what_is_not_public_is_shown_to_the_firm_and_staff_only(
    app, login, make, session
):
    actor = make.user()
    public = {k: v for k, v in MASKED.items() if k != "secrecy"}
    need = make.need(
        organisation_id=actor.organisation_id,
        secrecy=Secrecy.MASKED,
        tried="试过暗号办法",
        scene="暗号车间",
        solver_conditions="暗号条件",
        park="暗号园区",
        contact="暗号联系人",
        ip_wish="buyer",
        measures=[{"name": "暗号量", "comparator": "le", "value": "7", "upper": "",
                   "unit": "mm", "must": True, "proposed": False}] * 2,
        **public,
    )  # fmt: skip
    url = f"/needs/{need.id}"
    for inside in (login(actor), login(make.staff())):
        page = inside.get(url).text
        for part in ("办法", "车间", "条件", "园区", "联系人", "量"):
            assert f"暗号{part}" in page, part
    for outside in (app.test_client(), login(make.user())):
        page = outside.get(url).text
        assert "暗号" not in page
        assert "归本单位所有" not in page


def test_a_contact_is_not_public_either(app, make):
    need = make.need(contact="王晓明 13812345678", tried="试过加厚")
    page = app.test_client().get(f"/needs/{need.id}").text
    assert "王晓明" not in page
    assert "试过加厚" in page


# -- Saved as one types ------------------------------------------------------------


def test_a_draft_is_saved_while_one_types(client, session):
    data = typed(form_key="k", action="autosave", problem="写到一半")
    first = client.post("/needs/new", data=data).get_json()
    need = stored(session)
    assert need.status is NeedStatus.DRAFT
    assert first["edit"] == f"/needs/{need.id}/edit"
    data |= {"version": first["version"], "problem": "写到一半又写了一句"}
    second = client.post(first["edit"], data=data).get_json()
    assert stored(session).problem == "写到一半又写了一句"
    assert second["version"] > first["version"]
    assert count(session) == 1


def test_what_cannot_be_saved_is_said_and_a_stranger_text_is_not_overwritten(
    client, session
):
    bad = client.post("/needs/new", data={"action": "autosave", "title": ""})
    assert bad.status_code == 422
    assert "title" in bad.get_json()["errors"]
    saved = client.post("/needs/new", data=typed(form_key="k", action="autosave"))
    edit = saved.get_json()["edit"]
    stale = client.post(edit, data=typed(action="autosave", version=0, title="另一个"))
    assert stale.status_code == 409
    assert stored(session).title != "另一个"


def test_what_was_submitted_is_not_saved_unasked(login, make, session):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    page = login(actor).get(f"/needs/{need.id}/edit").text
    assert "data-autosave>" not in page
    data = {"action": "autosave", "title": "半句", "version": need.version}
    assert login(actor).post(f"/needs/{need.id}/edit", data=data).status_code == 422
    assert stored(session).title == need.title


# -- Two editors -------------------------------------------------------------------


def test_the_second_editor_chooses_field_by_field(login, make, session):
    firm = make.organisation()
    one, two = (make.user(organisation_id=firm.id) for _ in range(2))
    need = make.need(organisation_id=firm.id)
    url = f"/needs/{need.id}/edit"
    begun = login(two).get(url).text
    opened = {"version": hidden(begun, "version"), "base": hidden(begun, "base")}
    login(one).post(url, data=typed(version=need.version, title="先保存的需求名称"))
    longer = typed()["problem"] + "后来补充的话。"
    mine = typed(**opened, title="后保存的需求名称", problem=longer, budget="300")
    answer = login(two).post(url, data=mine)
    assert answer.status_code == 409
    page = answer.text
    assert "先保存的需求名称" in page
    assert one.name in page
    assert "两边都改过" in page
    choices = {
        "action": "merge",
        "version": hidden(page, "version"),
        "choose_title": "stored",
        "choose_problem": "typed",
        "choose_budget": "stored",
    }
    merged = login(two).post(url, data=mine | choices)
    assert merged.status_code == 200
    assert 'value="先保存的需求名称"' in merged.text
    assert "后来补充的话" in merged.text
    assert 'value="260"' in merged.text
    assert stored(session).title == "先保存的需求名称"


def test_a_field_only_one_of_them_changed_is_proposed_as_that_one(login, make):
    firm = make.organisation()
    one, two = (make.user(organisation_id=firm.id) for _ in range(2))
    need = make.need(organisation_id=firm.id)
    url = f"/needs/{need.id}/edit"
    page = login(two).get(url).text
    opened = {"version": hidden(page, "version"), "base": hidden(page, "base")}
    same = {
        "title": need.title,
        "problem": need.problem,
        "targets": need.targets,
        "field": "ES",
        "district": "岳麓区",
    }
    saved = typed(version=need.version, **same | {"title": "只有别人改了名称"})
    login(one).post(url, data=saved)
    answer = login(two).post(url, data=typed(**opened, **same, scene="只有我写的场景"))
    assert answer.status_code == 409

    def checked(name: str) -> str:
        found = re.search(
            rf'name="choose_{name}" id="[^"]*" value="(\w+)" checked', answer.text
        )
        return found[1] if found else ""

    assert checked("title") == "stored"
    assert checked("scene") == "typed"


def test_a_base_that_is_none_is_no_error(login, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    for base in ("[]", "{", "null", "x" * 20_000, '{"title": 7}'):
        data = typed(version=0, base=base, title="另一个需求名称")
        answer = login(actor).post(f"/needs/{need.id}/edit", data=data)
        assert answer.status_code == 409


# -- The end of a need -------------------------------------------------------------


def test_an_expired_need_is_renewed_with_one_click(login, make, session):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id, status=NeedStatus.EXPIRED)
    client = login(actor)
    assert f"/needs/{need.id}/renew" in client.get(f"/needs/{need.id}").text
    answer = client.post(f"/needs/{need.id}/renew")
    assert answer.status_code == 303
    assert stored(session).status is NeedStatus.PUBLISHED
    assert client.post(f"/needs/{need.id}/renew").status_code == 409


def test_another_firm_renews_nothing(login, make):
    need = make.need(status=NeedStatus.EXPIRED)
    assert login(make.user()).post(f"/needs/{need.id}/renew").status_code == 404


def test_history_shows_what_went_and_what_came(login, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    client = login(actor)
    problem = need.problem.replace("十分钟", "二十分钟")
    data = typed(version=need.version, title=need.title, problem=problem)
    client.post(f"/needs/{need.id}/edit", data=data | {"field": "ES"})
    page = client.get(f"/needs/{need.id}").text
    assert "<ins>二</ins>" in page
