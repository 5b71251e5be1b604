"""From the download over the upload to a draft; who may, and what is kept."""

import html
import io
import re
import shutil

import pytest
from docx import Document
from sqlalchemy import func, select

from models import Attachment, Need
from models.states import NeedStatus, Role

from .files import filled, own, table


def send(client, data: bytes, name="需求表.docx"):
    form = {"file": (io.BytesIO(data), name)}
    return client.post(
        "/needs/from-word", data=form, content_type="multipart/form-data"
    )


def count(session, model) -> int:
    session.rollback()
    return session.scalar(select(func.count(model.id))) or 0


def kept(app) -> list[str]:
    folder = app.config["SETTINGS"].attachment_dir
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _no_files(app):
    """The folder is one for all tests of a process, and others leave files."""
    shutil.rmtree(app.config["SETTINGS"].attachment_dir, ignore_errors=True)


def fields(page: str) -> dict[str, list[str]]:
    """What the browser would send of the form of the need."""
    form = page[page.index('action="/needs/new"') :]
    form = form[: form.index("</form>")]
    found: dict[str, list[str]] = {}

    def add(name: str, value: str) -> None:
        found.setdefault(name, []).append(html.unescape(value))

    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        boxed = attributes.get("type") in ("checkbox", "radio")
        if "name" in attributes and (not boxed or " checked" in tag):
            add(attributes["name"], attributes.get("value", ""))
    for name, text in re.findall(
        r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL
    ):
        add(name, text)
    for name, options in re.findall(
        r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        add(name, chosen[1] if chosen else "")
    return found


@pytest.fixture
def client(login, make):
    return login(make.user())


def test_the_form_is_offered_where_a_need_is_written(client):
    assert "/needs/from-word" in client.get("/needs/new").text
    assert "/needs/word-form" in client.get("/needs/from-word").text
    answer = client.get("/needs/word-form")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    asked = Document(io.BytesIO(answer.data)).tables[0]
    assert asked.rows[0].cells[0].text.startswith("需求名称")


def test_an_upload_fills_the_form_and_saving_it_makes_a_draft(app, client, session):
    data = filled(
        {
            "title": "泵车臂架末端软管晃得厉害",
            "field": "☑ 工程机械与智能制造装备",
            "problem": "泵送时软管摆幅超过一米。\n工人扶不住。",
            "targets": ["摆幅 ≤350 mm", "效率下降 ≤3%"],
            "budget": "贰佰陆拾万元",
            "cooperation": "☑ 合作开发",
            "deadline": "2027年6月30日",
            "secrecy": "☑ 定向",
        }
    )
    answer = send(client, data)
    assert answer.status_code == 200
    assert "读入 8 项，还没有保存" in answer.text
    assert '识别为 <span class="measure-words">摆幅 ≤ 350 mm' in answer.text
    assert count(session, Need) == count(session, Attachment) == 0
    assert kept(app) == []
    form = fields(answer.text)
    saved = client.post("/needs/new", data=form | {"action": "draft"})
    assert saved.status_code == 303, saved.text
    assert count(session, Need) == 1
    need = session.scalars(select(Need)).one()
    assert need.status is NeedStatus.DRAFT
    assert (need.title, need.field) == ("泵车臂架末端软管晃得厉害", "EM")
    assert need.problem == "泵送时软管摆幅超过一米。\n工人扶不住。"
    assert need.targets == ["摆幅 ≤350 mm", "效率下降 ≤3%"]
    assert need.measures[0]["value"] == "350"
    assert need.budget_fen == 260_000_000
    assert need.cooperation == ["joint"]
    assert str(need.deadline) == "2027-06-30"
    assert need.secrecy == "restricted"


def test_what_was_not_read_is_said(client):
    data = table(["需求名称", "减振<b>"], ["企业规模", "大型<i>"], ["截止日期", "尽快"])
    page = send(client, data).text
    assert "没有读入：企业规模：大型&lt;i&gt;" in page
    assert "看不懂这个日期" in page
    assert "表里没有填写" in page
    assert 'value="减振&lt;b&gt;"' in page


def test_a_secrecy_that_was_not_read_is_chosen_by_the_person(client):
    page = send(client, own("需求名称：减振", "公开范围：不对外")).text
    assert "secrecy" not in fields(page)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.docx", "文件是空的"),
        (b"%PDF-1.7", "a.docx", "内容却不是"),
        (own("需求名称：减振"), "a.doc", "只能读入 .docx"),
        (own("你好"), "a.docx", "没有在文件里找到"),
    ],
)
def test_a_wrong_file_is_refused_and_not_kept(app, client, session, data, name, said):
    answer = send(client, data, name)
    assert answer.status_code == 422
    assert said in answer.text
    assert count(session, Need) == 0
    assert kept(app) == []


def test_no_file_is_told(client):
    answer = client.post("/needs/from-word", data={})
    assert answer.status_code == 422
    assert "请先选择一个文件" in answer.text


def test_a_file_over_the_limit_is_refused(app, client):
    limit = app.config["SETTINGS"].attachment_bytes
    assert send(client, bytes(limit + 200_000)).status_code == 413
    assert kept(app) == []


def test_visitors_sign_in_and_universities_are_refused(app, login, make):
    visitor = app.test_client()
    for answer in (visitor.get("/needs/word-form"), send(visitor, own("预算：1万"))):
        assert answer.status_code == 302
        assert "/sign-in" in answer.location
    university = login(make.user(Role.UNIVERSITY))
    assert university.get("/needs/word-form").status_code == 403
    assert university.get("/needs/from-word").status_code == 403
    assert send(university, own("需求名称：减振")).status_code == 403
    assert kept(app) == []
