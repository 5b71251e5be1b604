"""Organisations from files, entered by staff: one a credit code."""

import pytest
from sqlalchemy import select

from matchmaker.imports.worker import Importer
from models import History, Organisation, transaction
from models.states import OrganisationKind

from .files import book, counts, errors, told

HEAD = ("企业名称", "信用代码", "单位性质", "注册地址")
CODE = "91110000600037341L"


@pytest.fixture
def staff(make):
    return make.staff()


def row(name="湘江电池有限公司", code=CODE, kind="企业法人", place="长沙市岳麓区 1 号"):
    return [name, code, kind, place]


def stored(session):
    session.rollback()
    return session.scalars(select(Organisation).order_by(Organisation.id)).all()


def test_an_organisation_is_entered_once(files, session, staff):
    run = files.through(staff, "organisations", book(row(), head=HEAD))
    assert counts(run) == (1, 0, 0, 0, 0), errors(run)
    [firm] = stored(session)
    assert (firm.name, firm.credit_code) == ("湘江电池有限公司", CODE)
    assert (firm.kind, firm.district) == (OrganisationKind.ENTERPRISE, "岳麓区")
    assert firm.name_key == "湘江电池"
    again = files.through(staff, "organisations", book(row(), head=HEAD))
    assert counts(again) == (0, 0, 1, 0, 0)
    noted = session.scalars(
        select(History.action).where(History.record_type == "organisations")
    )
    assert noted.all() == ["organisation.imported"]


def test_a_new_name_under_the_same_code_is_a_change(files, session, staff, make):
    make.organisation(name="老名称有限公司", credit_code=CODE)
    run = files.through(staff, "organisations", book(row(), head=HEAD))
    assert counts(run) == (0, 1, 0, 0, 0)
    assert ["单位名称", "老名称有限公司", "湘江电池有限公司"] in told(run, "changed")[
        0
    ]["differences"]
    [firm] = stored(session)
    assert (firm.name, firm.name_key) == ("湘江电池有限公司", "湘江电池")


def test_a_known_name_gets_its_code_and_no_other(files, session, staff, make):
    make.organisation(name="湘江电池有限公司")
    run = files.through(staff, "organisations", book(row(), head=HEAD))
    assert counts(run)[1] == 1
    assert stored(session)[0].credit_code == CODE
    other = row(code="91430100MA4L16JQ9D")
    run = files.send(staff, "organisations", book(other, head=HEAD))
    [(_, _, words)] = errors(run)
    assert f"信用代码是 {CODE}，与这一行不同" in words


def test_a_name_that_is_nearly_one_there_is_waits_for_a_decision(files, staff, make):
    make.organisation(name="长沙湘江电池股份有限公司", district="岳麓区")
    run = files.send(staff, "organisations", book(row(code=None), head=HEAD))
    assert counts(run) == (0, 0, 0, 1, 0)
    assert "长沙湘江电池股份有限公司" in told(run, "suspect")[0]["notes"][0]


def test_what_is_wrong_is_told_by_row(files, staff):
    rows = [
        row("甲有限公司", "91110000600037341X"),
        row("乙有限公司", None, "神仙"),
        row("丙有限公司", None, None),
        row("丁有限公司", None, "企业", "火星"),
        row(None, None),
        row("戊有限公司"),
        row("己有限公司"),
    ]
    run = files.send(staff, "organisations", book(*rows, head=HEAD))
    assert [(number, label) for number, label, _ in errors(run)] == [
        (2, "统一社会信用代码"),
        (3, "单位类别"),
        (4, "单位类别"),
        (5, "所在区县"),
        (6, "单位名称"),
        (8, "重复"),
    ]


def test_a_name_or_code_that_two_rows_give_is_told_by_row(files, session, staff, make):
    make.organisation(name="老名称有限公司")
    other = "91430100MA4L16JQ9D"
    rows = [
        row("甲有限公司", CODE),
        row("甲有限公司", None),
        row("老名称有限公司", other),
        row("乙有限公司", other),
    ]
    run = files.through(
        staff, "organisations", book(*rows, head=HEAD), skip_errors=True
    )
    assert [(number, label) for number, label, _ in errors(run)] == [
        (3, "单位名称"),
        (5, "统一社会信用代码"),
    ]
    assert (run.state, counts(run)) == (run.state.DONE, (1, 1, 0, 0, 2))
    assert {each.name for each in stored(session)} == {"甲有限公司", "老名称有限公司"}


def test_an_organisation_somebody_changed_meanwhile_is_judged_anew(
    files, session, staff, make, monkeypatch
):
    firm_id = make.organisation(name="湘江电池有限公司").id
    run = files.send(staff, "organisations", book(row(), head=HEAD))
    assert counts(run) == (0, 1, 0, 0, 0)
    may_enter = Importer._may_enter

    def asked(self, run):
        monkeypatch.setattr(Importer, "_may_enter", may_enter)
        answer = may_enter(self, run)
        with transaction(session):
            firm = session.get_one(Organisation, firm_id)
            firm.credit_code, firm.district = "91430100MA4L16JQ9D", "岳麓区"
        return answer

    monkeypatch.setattr(Importer, "_may_enter", asked)
    run = files.start(staff, run)
    assert (run.state, counts(run)) == (run.state.CHECKED, (0, 0, 0, 0, 1))
    assert stored(session)[0].credit_code == "91430100MA4L16JQ9D"
