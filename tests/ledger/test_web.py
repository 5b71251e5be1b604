"""The pages of the import: upload, progress, what will happen, headings, errors."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from matchmaker.imports import retention
from models import Contract, ImportRun, transaction
from models.states import ContractState, ImportState, Role

from .sheets import HEAD, book, row

LIST = "/ledger/import"


@pytest.fixture
def staff(imports, login):
    return login(imports.actor)


def upload(client, *rows, head=HEAD, name="台账.xlsx"):
    return client.post(
        LIST,
        data={"file": (book(*rows, head=head), name)},
        content_type="multipart/form-data",
    )


def last(session) -> ImportRun:
    session.rollback()
    return session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()


def test_a_ledger_goes_in_through_the_pages(imports, session, staff):
    sent = upload(staff, row(1), row(2))
    run = last(session)
    assert (sent.status_code, sent.location) == (303, f"{LIST}/{run.id}")
    page = staff.get(sent.location).text
    assert "正在检查文件" in page
    assert 'http-equiv="refresh"' in page

    imports.work(run.id)
    page = staff.get(sent.location).text
    assert "开始导入 2 行" in page
    assert "2,410,000 元" in page
    assert "储能电站热失控预警系统开发" in page
    assert "refresh" not in page

    assert staff.post(f"{sent.location}/start").status_code == 303
    imports.work(run.id)
    assert "导入完成：新增 2 条" in staff.get(sent.location).text
    assert "台账.xlsx" in staff.get(LIST).text
    session.rollback()
    assert len(session.scalars(select(Contract)).all()) == 2


def test_errors_are_shown_by_row_counted_and_downloaded(imports, session, staff):
    upload(staff, row(1), row(2, 签订日期="x"))
    run = imports.work(last(session).id)
    path = f"{LIST}/{run.id}"
    page = staff.get(path).text
    assert "看不懂这个日期" in page
    assert "跳过错误行，导入其余" in page
    refused = staff.post(f"{path}/start", data={"errors": "stop"})
    assert refused.status_code == 409
    assert "有 1 行有错误" in refused.text

    file = staff.get(f"{path}/errors")
    assert (
        "台账-错误.xlsx" in file.headers["Content-Disposition"]
        or file.headers["Content-Disposition"]
    )
    page = load_workbook(io.BytesIO(file.data)).active
    assert page["A1"].value == "错误"

    staff.post(f"{path}/start", data={"errors": "skip"})
    imports.work(run.id)
    assert "错误 1 行（没有导入）" in staff.get(path).text


def test_rows_that_went_wrong_since_the_check_are_told_and_nothing_is_in(
    imports, session, staff
):
    imports.through(row(1))
    upload(staff, row(1, 合同名称="新的名称"), row(2))
    run = imports.work(last(session).id)
    path = f"{LIST}/{run.id}"
    assert "一旦有行变得有错误，就一行也不写入" in staff.get(path).text
    with transaction(session):
        contract = session.scalars(select(Contract)).one()
        contract.move_to(ContractState.CANCELLED, now=imports.make.now)
        contract.cancelled_on = date(2026, 11, 1)
    staff.post(f"{path}/start")
    assert "正在逐行核对，还没有写入台账" in staff.get(path).text
    imports.work(run.id)
    page = staff.get(path).text
    assert "现在有 1 行有错误，所以没有导入任何一行" in page
    assert "该合同在台账里已注销，不能再改" in page
    assert staff.get(f"{path}/errors").status_code == 200
    staff.post(f"{path}/start", data={"errors": "skip"})
    imports.work(run.id)
    assert "导入完成：新增 1 条" in staff.get(path).text


def test_an_import_whose_file_is_gone_keeps_its_numbers(imports, session, staff):
    run = imports.upload(row(1), row(2, 签订日期="x"))
    later = imports.make.now + timedelta(days=181)
    retention.tidy(session, imports.staging, days=180, now=later)
    page = staff.get(f"{LIST}/{run.id}").text
    assert "已过保存期限，已经删除" in page
    assert "看不懂这个日期" in page  # of the summary, not of a row
    assert "开始导入" not in page
    assert "下载错误表" not in page
    start = staff.post(f"{LIST}/{run.id}/start", data={"errors": "skip"})
    assert start.status_code == 409
    assert "已过保存期限" in start.text


def test_each_outcome_has_its_rows(imports, session, staff):
    imports.through(row(1), row(2))
    upload(staff, row(1), row(2, 合同名称="改了名称"), row(3))
    path = f"{LIST}/{imports.work(last(session).id).id}"
    assert "改了名称" in staff.get(f"{path}?show=changed").text
    assert "<del>储能电站热失控预警系统开发</del>" in staff.get(path).text
    assert "2026430100000003" in staff.get(f"{path}?show=new").text
    assert "2026430100000001" in staff.get(f"{path}?show=same").text
    assert staff.get(f"{path}?show=nonsense").status_code == 200


def test_headings_are_mapped_by_hand(imports, session, staff):
    head = [name.replace("(万元)", "") for name in HEAD]
    upload(staff, row(), head=head)
    run = imports.work(last(session).id)
    path = f"{LIST}/{run.id}"
    page = staff.get(path).text
    assert "没有找到与「合同成交额」对应的列" in page
    chosen = {
        f"heading.{place}": run.mapping.get(name, "") for place, name in enumerate(head)
    }
    wrong = staff.post(f"{path}/headings", data=chosen)
    assert wrong.status_code == 422
    assert "还没有指定：合同成交额" in wrong.text

    chosen[f"heading.{head.index('合同成交总额')}"] = "total:wan"
    assert staff.post(f"{path}/headings", data=chosen).status_code == 303
    assert imports.work(run.id).added == 1


def test_an_import_is_cancelled_and_taken_up_again(imports, session, staff):
    upload(staff, row())
    run = imports.work(last(session).id)
    path = f"{LIST}/{run.id}"
    assert staff.post(f"{path}/cancel").status_code == 303
    assert "没有导入任何一行" in staff.get(path).text
    assert staff.post(f"{path}/cancel").status_code == 409
    staff.post(f"{path}/start")
    assert imports.work(run.id).state is ImportState.DONE


def test_what_is_no_upload_is_told_on_the_page(session, staff):
    for data in ({}, {"file": (io.BytesIO(b""), "")}):
        page = staff.post(LIST, data=data, content_type="multipart/form-data")
        assert page.status_code == 422
        assert "请先选择一个文件" in page.text
    empty = staff.post(
        LIST,
        data={"file": (io.BytesIO(b""), "空.xlsx")},
        content_type="multipart/form-data",
    )
    assert empty.status_code == 422
    assert "文件是空的" in empty.text


def test_a_file_above_the_limit_is_refused_before_it_is_read(staff, settings):
    big = io.BytesIO(bytes(settings.import_bytes + 200_000))
    page = staff.post(
        LIST, data={"file": (big, "大.xlsx")}, content_type="multipart/form-data"
    )
    assert page.status_code == 413
    assert "50.1 MB" in page.text


def test_a_file_that_fails_says_why(imports, session, staff):
    staff.post(
        LIST,
        data={"file": (io.BytesIO(b"PK\x03\x04nothing"), "坏.xlsx")},
        content_type="multipart/form-data",
    )
    run = imports.work(last(session).id)
    assert "文件已损坏" in staff.get(f"{LIST}/{run.id}").text


def test_the_template_is_a_ledger_itself(imports, staff):
    file = staff.get(f"{LIST}/template")
    assert file.status_code == 200
    book_ = load_workbook(io.BytesIO(file.data))
    assert book_.sheetnames == ["技术合同台账", "填写说明"]
    assert len(book_.active.data_validations.dataValidation) >= 4
    run = imports.send(io.BytesIO(file.data), "模板.xlsx")
    assert (run.state, run.added, run.refused) == (ImportState.CHECKED, 1, 0)


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER])
def test_others_do_not_get_there(imports, make, login, role):
    client = login(make.user(role))
    run = make.import_run()
    assert client.get(LIST).status_code == 403
    assert upload(client, row()).status_code == 403
    assert client.get(f"{LIST}/{run.id}").status_code in (403, 404)
    assert client.get(f"{LIST}/template").status_code == 403


def test_an_import_that_is_not_there_is_not_found(staff):
    for number in (0, 999_999, 2**31, 10**30):
        assert staff.get(f"{LIST}/{number}").status_code == 404
