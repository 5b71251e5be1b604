"""The form step by step: advice, copies, saving as one types, merging."""

import html
import re

import pytest
from sqlalchemy import func, select

from models import Achievement
from models.states import AchievementStatus, Role

from .forms import typed

pytestmark = pytest.mark.one_database
URL = "/achievements/new"
# As the form orders and names them.
AS_POSTED = {"modes": ["transfer", "joint"], "trl_scale": "9"}
VAGUE = {"indicators": ["手感好"], "price": ""}


def stored(session) -> Achievement:
    session.rollback()
    return session.scalars(select(Achievement)).one()


def count(session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Achievement.id))) or 0


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


@pytest.fixture
def holder(make):
    return make.user(Role.UNIVERSITY)


@pytest.fixture
def client(login, holder):
    return login(holder)


# -- Advice ------------------------------------------------------------------------


def test_hints_are_shown_once_and_passed_by_their_mark(client, session):
    data = typed(form_key="k", action="submit", **VAGUE)
    answer = client.post(URL, data=data)
    assert answer.status_code == 200
    assert "还没有提交" in answer.text
    assert "有 2 处可以写得更好" in answer.text
    assert '<a href="#indicators">没有一条带数字的指标' in answer.text
    assert 'value="手感好"' in answer.text, "what was typed is still there"
    assert count(session) == 0
    data["hints_seen"] = hidden(answer.text, "hints_seen")
    other = client.post(URL, data=data | {"applications": ""})
    assert other.status_code == 200, "another hint is shown again"
    assert "没有写应用领域" in other.text
    assert client.post(URL, data=data).status_code == 303
    assert stored(session).status is AchievementStatus.PENDING


def test_what_is_wrong_comes_before_what_could_be_better(client, session):
    answer = client.post(URL, data=typed(form_key="k", promise=None, **VAGUE))
    assert answer.status_code == 422
    assert "没有一条带数字的指标" not in answer.text
    assert count(session) == 0


def test_checking_a_draft_saves_nothing_and_asks_nothing_but_a_name(client, session):
    data = {"form_key": "k", "action": "check", "title": "薄壁零件的随形夹具"}
    answer = client.post(URL, data=data)
    assert answer.status_code == 200
    assert "简介太短" in answer.text
    assert hidden(answer.text, "form_key") == "k"
    whole = client.post(URL, data=typed(form_key="k", action="check"))
    assert "没有发现要补充的地方" in whole.text
    assert client.post(URL, data=data | {"title": ""}).status_code == 422
    assert count(session) == 0


def test_a_hint_about_a_folded_part_opens_it(client):
    blank = {"owner_name": ["", ""], "owner_share": ["", ""]}
    data = typed(form_key="k", pilot_wanted="1", **blank)
    page = client.post(URL, data=data).text
    assert re.search(r'<details class="form-more" open>\s*<summary>对中试的要求', page)
    assert re.search(r'<details class="form-more">\s*<summary>评估过的价值', page)
    assert re.search(r'<details class="form-more">\s*<summary>共有的份额', page)


def test_a_draft_is_kept_without_advice(client, session):
    answer = client.post(URL, data=typed(form_key="k", action="draft", **VAGUE))
    assert answer.status_code == 303
    assert stored(session).status is AchievementStatus.DRAFT


# -- Copies ------------------------------------------------------------------------


def copy_of_the_form(make, **owner):
    form = typed()
    same = {name: form[name] for name in ("title", "abstract", "applications")}
    lines = [line for line in form["indicators"] if line]
    return make.achievement(**same, indicators=lines, **owner)


def test_ones_own_copy_is_shown_before_submission(client, holder, make, session):
    mine = copy_of_the_form(make, organisation_id=holder.organisation_id)
    answer = client.post(URL, data=typed(form_key="k"))
    assert answer.status_code == 200
    assert "有疑似重复的成果" in answer.text
    assert "请不要再提交" in answer.text
    assert f"/achievements/{mine.id}" in answer.text
    seen = hidden(answer.text, "hints_seen")
    again = client.post(URL, data=typed(form_key="k", hints_seen=seen))
    assert again.status_code == 303


def test_another_ones_copy_is_shown_and_hinders_nobody(client, make, indexed):
    copy = copy_of_the_form(make)
    make.fillers(3)
    indexed()
    answer = client.post(URL, data=typed(form_key="k"))
    assert f"/achievements/{copy.id}" in answer.text
    assert "不影响您提交" in answer.text


def test_copies_are_not_looked_for_while_one_types(client, holder, make):
    mine = copy_of_the_form(make, organisation_id=holder.organisation_id)
    page = client.post(URL, data=typed(form_key="k", action="check", quick="1")).text
    assert f"/achievements/{mine.id}" not in page


def test_a_draft_is_no_copy_of_itself(client, session):
    client.post(URL, data=typed(form_key="k", action="draft"))
    item = stored(session)
    answer = client.post(
        f"/achievements/{item.id}/edit", data=typed(version=item.version)
    )
    assert answer.status_code == 303
    assert stored(session).status is AchievementStatus.PENDING


def test_a_form_sent_twice_is_no_copy_of_itself(client, session):
    data = typed(form_key="k", action="submit")
    first, second = (client.post(URL, data=data) for _ in range(2))
    assert first.location == second.location
    assert count(session) == 1


def test_a_form_sent_twice_with_other_words_is_merged(client, session):
    client.post(URL, data=typed(form_key="k"))
    answer = client.post(URL, data=typed(form_key="k", title="另一个随形支承夹具"))
    item = stored(session)
    assert answer.status_code == 409
    assert "已经提交过一次" in answer.text
    assert f'action="/achievements/{item.id}/edit"' in answer.text
    assert item.title == typed()["title"]


# -- Saved as one types ------------------------------------------------------------


def test_a_draft_is_saved_while_one_types(client, session):
    assert 'data-autosave="title"' in client.get(URL).text
    data = typed(form_key="k", action="autosave", abstract="写到一半", **VAGUE)
    first = client.post(URL, data=data).get_json()
    item = stored(session)
    assert item.status is AchievementStatus.DRAFT
    assert first["edit"] == f"/achievements/{item.id}/edit"
    assert first["version"] == item.version
    assert "已自动保存" in first["said"]
    data |= {"version": first["version"], "abstract": "写到一半又写了一句"}
    second = client.post(first["edit"], data=data).get_json()
    assert stored(session).abstract == "写到一半又写了一句"
    assert second["version"] > first["version"]
    assert count(session) == 1


def test_what_cannot_be_saved_is_said_and_a_strangers_text_is_not_overwritten(
    client, session
):
    wrong = {"action": "autosave", "title": "夹具", "price": "很多"}
    bad = client.post(URL, data=wrong)
    assert bad.status_code == 422
    assert "price" in bad.get_json()["errors"]
    assert count(session) == 0
    saved = client.post(URL, data=typed(form_key="k", action="autosave"))
    data = typed(action="autosave", version=0, title="另一个")
    stale = client.post(saved.get_json()["edit"], data=data)
    assert stale.status_code == 409
    assert "有人同时修改" in stale.get_json()["conflict"]
    assert stored(session).title == typed()["title"]


def test_what_was_submitted_is_not_saved_unasked(client, holder, make, session):
    item = make.achievement(organisation_id=holder.organisation_id)
    page = client.get(f"/achievements/{item.id}/edit").text
    assert "data-autosave=" not in page
    assert 'value="draft"' not in page
    data = {"action": "autosave", "title": "半句", "version": item.version}
    answer = client.post(f"/achievements/{item.id}/edit", data=data)
    assert answer.status_code == 422
    assert stored(session).title == item.title


# -- Two editors -------------------------------------------------------------------


def checked(page: str, name: str) -> str:
    found = re.search(rf'name="choose_{name}" id="[^"]*" value="(\w+)" checked', page)
    return found[1] if found else ""


def test_two_tabs_choose_field_by_field(client, session):
    """With the rows of rights and owners, as one form posts them again."""
    begun = typed(form_key="k", action="draft")
    client.post(URL, data=begun)
    item = stored(session)
    url = f"/achievements/{item.id}/edit"
    page = client.get(url).text
    opened = {name: hidden(page, name) for name in ("version", "base")}
    one = typed(
        **opened,
        **AS_POSTED,
        action="draft",
        title="先保存的成果名称",
        ip_number=["ZL200310102344.5", "", ""],
        ip_count=["1", "", ""],
        price="60",
    )
    assert client.post(url, data=one).status_code == 303
    other = typed(
        **opened,
        **AS_POSTED,
        action="draft",
        title="后保存的成果名称",
        ownership="shared",
        owner_name=["某大学", "葛示例"],
        owner_share=["70", "30"],
        applications="船用轴承",
    )
    answer = client.post(url, data=other)
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert "两边都改过" in page
    assert "发明专利 授权 ZL200310102344.5 1 件" in page
    assert "某大学 70%\n葛示例 30%" in page
    assert "60 万元" in page
    labels = re.findall(r'<th scope="row"[^>]*>([^<]+)', page)
    wanted = ["成果名称", "应用领域和产品", "知识产权", "权属", "共有各方", "意向价格"]
    assert labels == wanted
    assert [checked(page, name) for name in ("ip", "price")] == ["stored", "stored"]
    assert [checked(page, name) for name in ("owners", "applications")] == ["typed"] * 2

    sent = [pair for pair in _fields(page) if not pair[0].startswith("choose_")]
    chosen = [("choose_title", "typed"), ("choose_ip", "stored")]
    chosen += [("choose_price", "stored"), ("choose_owners", "typed")]
    data: dict[str, list[str]] = {}
    for name, value in [*sent, *chosen, ("action", "merge")]:
        data.setdefault(name, []).append(value)
    merged = client.post(url, data=data)
    form = html.unescape(merged.text)
    assert merged.status_code == 200
    assert 'value="后保存的成果名称"' in form
    assert 'value="ZL200310102344.5"' in form
    assert 'value="葛示例"' in form
    assert 'value="60"' in form
    assert 'value="1" checked' in form, "the promise is still ticked"
    assert stored(session).title == "先保存的成果名称", "nothing is saved yet"

    final = {name: hidden(form, name) for name in ("version", "base")}
    ready = typed(**final, action="draft", title="后保存的成果名称")
    assert client.post(url, data=ready).status_code == 303
    assert stored(session).title == "后保存的成果名称"


def _fields(page: str) -> list[tuple[str, str]]:
    form = page.partition("<table")[0].rpartition("<form")[2]
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)


def test_blank_rows_are_no_difference(client, session):
    client.post(URL, data=typed(form_key="k", action="draft"))
    item = stored(session)
    data = typed(version=0, action="draft", title="另一个随形支承夹具", **AS_POSTED)
    page = client.post(f"/achievements/{item.id}/edit", data=data).text
    assert re.findall(r'<th scope="row"[^>]*>([^<]+)', page) == ["成果名称"]
