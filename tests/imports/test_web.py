"""The pages of the imports: upload, what will happen, headings, errors, all columns."""

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from models import History, ImportRun, Need
from models.states import ImportManner, NeedStatus, OrganisationRole, Role

from .files import NEED_HEAD, book, counts, need_row

LIST = "/needs/import"
KINDS = {
    "/needs/import": Role.ENTERPRISE,
    "/achievements/import": Role.UNIVERSITY,
    "/calls/import": Role.ENTERPRISE,
    "/organisations/import": Role.STAFF,
}


@pytest.fixture
def firm(make):
    return make.user()


@pytest.fixture
def client(login, firm):
    return login(firm)


@pytest.fixture(autouse=True)
def _folder(files, settings):
    """The pages look for staged rows where the worker of the test puts them."""
    files.staging = type(files.staging)(settings.import_dir)


def upload(client, *rows, head=NEED_HEAD, path=LIST, **form):
    data = {"file": (book(*rows, head=head), "表.xlsx")} | form
    return client.post(path, data=data, content_type="multipart/form-data")


def last(session):
    session.rollback()
    return session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()


def test_needs_go_in_through_the_pages(files, session, client):
    sent = upload(client, need_row(1), need_row(2, 需求截止日期="x"))
    run = last(session)
    assert (sent.status_code, sent.location) == (303, f"{LIST}/{run.id}")
    assert "正在检查文件，不会改动平台" in client.get(sent.location).text
    files.work(run.id)
    page = client.get(sent.location).text
    assert "看不懂这个日期" in page
    assert "没有导入的列：我们自己的一列" in page
    assert client.get(f"{sent.location}/errors").status_code == 200
    assert client.post(f"{sent.location}/start").status_code == 409
    client.post(f"{sent.location}/start", data={"errors": "skip"})
    files.work(run.id)
    assert "导入完成：新增 1 条" in client.get(sent.location).text
    assert "第 1 号储能电站的提前预警" in client.get("/needs/mine").text
    assert "表.xlsx" in client.get(LIST).text


def test_submitting_needs_the_promise_and_a_known_choice(files, session, client):
    refused = upload(client, need_row(), manner="submit")
    assert refused.status_code == 422
    assert "请确认内容不含国家秘密" in refused.text
    for manner in ("restore", "nonsense"):
        assert upload(client, need_row(), manner=manner).status_code == 422
    assert last(session) is None
    upload(client, need_row(), manner="submit", promise="1")
    run = files.work(last(session).id)
    assert run.manner is ImportManner.SUBMIT
    client.post(f"{LIST}/{run.id}/start")
    files.work(run.id)
    session.rollback()
    assert session.scalars(select(Need)).one().status is NeedStatus.PENDING


def test_suspects_are_left_out_unless_somebody_takes_them(files, session, client):
    upload(client, need_row(1), need_row(1, 需求编号="A-9"))
    run = files.work(last(session).id)
    path = f"{LIST}/{run.id}"
    page = client.get(path).text
    assert "疑似重复的 1 行也作为新的导入" in page
    assert "与第 2 行的名称和正文相同" in client.get(f"{path}?show=suspect").text
    client.post(f"{path}/start", data={"suspects": "take"})
    run = files.work(run.id)
    assert "导入完成：新增 2 条" in client.get(path).text


def test_rows_are_shown_page_by_page(files, session, client):
    upload(client, *[need_row(number) for number in range(1, 251)])
    run = files.work(last(session).id)
    path = f"{LIST}/{run.id}"
    first = client.get(path).text
    assert "第 100 号储能电站" in first
    assert "第 101 号储能电站" not in first
    third = client.get(f"{path}?show=new&page=3").text
    assert "第 250 号储能电站" in third
    assert "第 200 号储能电站" not in third
    for page in ("99", "0", "-1", "x", "9" * 40):
        assert client.get(f"{path}?show=new&page={page}").status_code == 200


def test_headings_and_manner_are_chosen_anew(files, session, client):
    head = ["课题", "所属领域", "编号"]
    upload(client, ["第一个课题的名称", "新材料", "B-1"], head=head)
    run = files.work(last(session).id)
    path = f"{LIST}/{run.id}"
    assert "没有找到与「需求名称」对应的列" in client.get(path).text
    chosen = {"heading.0": "title", "heading.1": "field", "heading.2": "number"}
    refused = client.post(f"{path}/headings", data=chosen | {"manner": "submit"})
    assert refused.status_code == 422
    assert client.post(f"{path}/headings", data=chosen).status_code == 303
    assert counts(files.work(run.id)) == (1, 0, 0, 0, 0)
    upload(client, ["第一个课题的名称", "新材料", "B-1"], head=head)
    run = files.work(last(session).id)
    assert "按上次确认过的对应读取" in client.get(f"{LIST}/{run.id}").text


@pytest.mark.parametrize(("path", "role"), KINDS.items())
def test_the_template_is_a_table_itself(files, session, make, login, path, role):
    actor = make.user(role)
    file = login(actor).get(f"{path}/template")
    assert file.status_code == 200
    workbook = load_workbook(io.BytesIO(file.data))
    assert workbook.sheetnames[1] == "填写说明"
    assert workbook.active.data_validations.dataValidation
    kind = path.split("/")[1]
    run = files.send(actor, kind, io.BytesIO(file.data))
    assert counts(run) == (1, 0, 0, 0, 0), run.report
    if kind in ("needs", "achievements"):
        run = files.send(actor, kind, io.BytesIO(file.data), ImportManner.SUBMIT)
        assert counts(run) == (1, 0, 0, 0, 0), run.report


def test_all_columns_of_the_own_records_leave_and_come_back_the_same(
    files, session, make, client, firm
):
    make.need(organisation_id=firm.organisation_id, status=NeedStatus.DRAFT)
    make.need(title="别家的需求不在里面")
    answer = client.post(f"{LIST}/export", data={"format": "xlsx"})
    assert answer.status_code == 200
    assert "别家的需求" not in answer.text
    run = files.send(firm, "needs", io.BytesIO(answer.data))
    assert counts(run) == (0, 0, 1, 0, 0), run.report
    noted = session.scalars(
        select(History).where(History.action == "need.list_exported")
    ).one()
    assert noted.actor_id == firm.id
    assert client.post(f"{LIST}/export", data={"format": "pdf"}).status_code == 422


def test_staff_get_no_drafts_among_all_columns(make, login, firm):
    make.need(
        organisation_id=firm.organisation_id,
        status=NeedStatus.DRAFT,
        title="草稿的名称",
    )
    make.need(organisation_id=firm.organisation_id, title="已发布的名称")
    answer = login(make.staff()).post(f"{LIST}/export", data={"format": "csv"})
    words = answer.data.decode("utf-8-sig")
    assert "已发布的名称" in words
    assert "草稿的名称" not in words


@pytest.mark.parametrize(("path", "role"), KINDS.items())
def test_lists_lead_to_the_import_of_those_who_may(make, login, path, role):
    at = {
        "/needs/import": "/needs/mine",
        "/achievements/import": "/achievements/mine",
        "/calls/import": "/calls/mine",
        "/organisations/import": "/registrations",
    }[path]
    assert f'href="{path}"' in login(make.user(role)).get(at).text
    if role is not Role.STAFF:
        reader = make.user(role, org_role=OrganisationRole.READER)
        assert f'href="{path}"' not in login(reader).get(at).text
        assert login(reader).get(path).status_code == 403


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (b"", "文件是空的"),
        (None, "请先选择一个文件"),
    ],
)
def test_what_is_no_upload_is_told_on_the_page(client, what, words):
    data = {} if what is None else {"file": (io.BytesIO(what), "空.xlsx")}
    page = client.post(LIST, data=data, content_type="multipart/form-data")
    assert page.status_code == 422
    assert words in page.text


def test_of_a_run_that_is_over_the_page_tells_how_many_rows_it_kept(
    files, session, client
):
    wrong = [need_row(number, 需求截止日期="x") for number in range(2, 253)]
    upload(client, need_row(1), *wrong)
    run = files.work(last(session).id)
    path = f"{LIST}/{run.id}"
    assert "共 251 行，只留下" not in client.get(path).text.replace(",", "")
    client.post(f"{path}/start", data={"errors": "skip"})
    run = files.work(run.id)
    page = client.get(path).text
    assert "只留下前 200 行的说明；每一行的错误见错误表" in page
    assert client.get(f"{path}?show=error&page=2").status_code == 200
