"""What «全部字段» wrote is read back as it was, to the last byte."""

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, func, select

from index.sync import LiveIndex
from matchmaker.cli.demo import SAMPLE
from matchmaker.demo import service as demo
from matchmaker.errors import Invalid
from matchmaker.imports import export
from matchmaker.imports.kinds import KINDS
from matchmaker.search import export as lists
from matchmaker.search.schema import ListQuery
from matchmaker.sheets.tables import Form
from models import TABLES, Embedding, IndexChange, Need, OutboxTask, transaction
from models.outbox import RecordType, TaskKind
from models.states import (
    AchievementStatus,
    ImportManner,
    ImportState,
    NeedStatus,
    Ownership,
    ProofKind,
    Role,
    Secrecy,
    ValuationMethod,
)

from .files import counts

KINDS_OF = {"needs": RecordType.NEED, "achievements": RecordType.ACHIEVEMENT}


def all_of(session, actor, kind, form=Form.CSV):
    """The file of all columns, as its bytes."""
    file = export.write(
        session, actor, KINDS[kind].shape, form, now=datetime(2026, 11, 23, tzinfo=UTC)
    )
    with file:
        return file.read()


def wipe(session, kind):
    """As after a loss: the records are gone, the organisations are there."""
    with transaction(session):
        for table in (OutboxTask, IndexChange, Embedding):
            session.execute(delete(table))
        session.execute(delete(TABLES[KINDS_OF[kind]]))


def put_back(files, session, actor, kind, data):
    """Read the file in as a copy that is put back."""
    run = files.through(actor, kind, io.BytesIO(data), ImportManner.RESTORE)
    assert run.state is ImportState.DONE, (run.report.get("errors"), run.error)
    assert (run.suspected, run.refused) == (0, 0)
    session.rollback()
    return run


def cells(data):
    """The values of a workbook; its own time of writing is no part of them."""
    page = load_workbook(io.BytesIO(data)).active
    return [[cell.value for cell in row] for row in page.iter_rows()]


@pytest.mark.parametrize("kind", ["needs", "achievements"])
def test_the_sample_goes_out_and_comes_back_as_the_same_file(
    files, session, make, kind
):
    staff = make.staff()
    demo.load(session, SAMPLE, now=make.now)
    records = TABLES[KINDS_OF[kind]]
    number = session.scalar(select(func.count()).select_from(records))
    assert number >= 300
    as_csv = all_of(session, staff, kind)
    as_book = cells(all_of(session, staff, kind, Form.XLSX))
    assert len(as_book) == number + 1

    wipe(session, kind)
    run = put_back(files, session, staff, kind, as_csv)
    assert counts(run) == (number, 0, 0, 0, 0)
    assert all_of(session, staff, kind) == as_csv
    assert cells(all_of(session, staff, kind, Form.XLSX)) == as_book

    again = files.send(staff, kind, io.BytesIO(as_csv), ImportManner.RESTORE)
    assert counts(again) == (0, 0, number, 0, 0)
    waiting = session.scalar(
        select(func.count()).where(OutboxTask.kind == TaskKind.ENCODE)
    )
    assert waiting == number


@pytest.mark.parametrize("kind", ["needs", "achievements"])
def test_the_list_of_everybody_comes_back_as_the_same_list(files, session, make, kind):
    staff = make.staff()
    demo.load(session, SAMPLE, now=make.now)

    def listed():
        file = lists.write(
            session,
            LiveIndex(lambda: None),
            staff,
            KINDS_OF[kind],
            ListQuery(),
            Form.CSV,
            states=True,
            now=make.now,
        )
        with file:
            return file.read()

    before = listed()
    wipe(session, kind)
    put_back(files, session, staff, kind, before)
    assert sorted(listed().splitlines()) == sorted(before.splitlines())


def test_a_need_with_all_it_may_have_comes_back_whole(files, session, make):
    firm, staff = make.organisation(), make.staff()
    everything = {
        "organisation_id": firm.id,
        "title": "=SUM 开头的名称也照样回来",
        "problem": "第一行\n\n第三行：含「引号」、逗号, 和\t制表符" * 3,
        "targets": ["1. 像编号的一条；还带分号", "第二条"],
        "measures": [
            {
                "name": "误报率",
                "comparator": "le",
                "value": "1",
                "upper": "",
                "unit": "%",
                "must": must,
                "proposed": not must,
            }
            for must in (True, False)
        ],
        "tried": "试过烟感",
        "scene": "户外，-20 ℃",
        "solver_conditions": "有同类业绩",
        "ip_wish": "shared",
        "contact": "张工，0731-88880000",
        "park": "麓谷",
        "budget_fen": 123_456_789,
        "trl_expected": 6,
        "external_number": "X-007",
        "published_at": datetime(2026, 3, 1, 1, 2, 3, 456_789, tzinfo=UTC),
    }
    make.need(**everything)
    masked = {
        "public_title": "某储能产品验收",
        "public_problem": "需要在验收时判断电池状态，现在只能靠人工逐个测。",
        "public_targets": ["判断时间 ≤ 1 h；准确", "覆盖全部批次"],
    }
    make.need(organisation_id=firm.id, secrecy=Secrecy.MASKED, **masked)
    make.need(
        organisation_id=firm.id,
        secrecy=Secrecy.MASKED,
        public_approved=None,
        **masked | {"public_targets": ["• 带点的一条"]},
    )
    make.need(organisation_id=firm.id, secrecy=Secrecy.RESTRICTED, budget_fen=None)
    make.need(
        organisation_id=firm.id,
        status=NeedStatus.RETURNED,
        return_reason="补数值",
        return_codes=["vague", "other"],
        deadline=date(2020, 1, 1),
    )
    before = all_of(session, staff, "needs")
    wipe(session, "needs")
    put_back(files, session, staff, "needs", before)
    assert all_of(session, staff, "needs") == before


def test_an_achievement_with_all_it_may_have_comes_back_whole(files, session, make):
    college, staff = make.user(Role.UNIVERSITY).organisation_id, make.staff()
    make.achievement(
        organisation_id=college,
        trl=9,
        trl_scale=13,
        trl_stated=11,
        trl_proof=ProofKind.TEST,
        trl_proof_on=date(2026, 2, 3),
        trl_proof_by="湖南省计量检测研究院",
        ownership=Ownership.SHARED,
        owners=[{"name": "岳麓大学", "share": 70.5}, {"name": "张三", "share": 29.5}],
        ip=[
            {
                "type": "发明专利",
                "status": "授权",
                "count": 1,
                "number": "ZL200310102344.5",
                "family": "US、EP 同族三件，发明人相同",
            },
            {"type": "软件著作权", "status": "登记", "count": 3},
            {"type": "技术秘密", "status": "未申请", "count": 1},
        ],
        terms="入门费 20 万元，提成 3%",
        valuation_low_fen=70_000_000,
        valuation_high_fen=90_000_001,
        valuation_method=ValuationMethod.INCOME,
        valuation_on=date(2026, 3, 1),
        pilot_wanted=True,
        pilot_needs="百公斤级中试线",
        applications="储能\n电动车",
    )
    make.achievement(
        organisation_id=college,
        ownership=Ownership.LONG_TERM_USE,
        use_until=date(2030, 12, 31),
        status=AchievementStatus.TRANSFERRED,
        price_fen=None,
    )
    before = all_of(session, staff, "achievements")
    wipe(session, "achievements")
    put_back(files, session, staff, "achievements", before)
    assert all_of(session, staff, "achievements") == before


def test_a_copy_put_back_changes_nothing_that_is_there(files, session, make):
    firm, staff = make.organisation(), make.staff()
    need_id = make.need(organisation_id=firm.id).id
    before = all_of(session, staff, "needs")
    with transaction(session):
        session.get_one(Need, need_id).title = "后来改过的名称，比备份里的新"
    run = files.send(staff, "needs", io.BytesIO(before), ImportManner.RESTORE)
    assert counts(run) == (0, 0, 0, 0, 1)
    [[_, words]] = run.report["examples"]["error"][0]["errors"]
    assert "恢复只补回平台上没有的" in words


def test_who_is_no_staff_puts_nothing_back(files, make):
    with pytest.raises(Invalid):
        files.send(make.user(), "needs", io.BytesIO(b"x"), ImportManner.RESTORE)
