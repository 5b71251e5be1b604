"""A ledger is read in row by row, once, with what is wrong told by row and column."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from matchmaker.attachments.service import sweep
from matchmaker.errors import Conflict, Forbidden, Invalid
from matchmaker.imports import findings, judging, passing, retention, service
from matchmaker.imports.passing import Overtaken
from matchmaker.imports.verdicts import Outcome, Verdict
from matchmaker.imports.worker import Importer
from matchmaker.ledger import entries, kind
from models import Amendment, Contract, History, ImportRun, Notice, transaction
from models.states import (
    ContractSource,
    ContractState,
    ContractType,
    ImportState,
    PartyKind,
    Role,
)

from .sheets import HEAD, book, counts, errors, row, saved


def contracts(session):
    session.rollback()
    return session.scalars(select(Contract).order_by(Contract.id)).all()


# -- What a row becomes -----------------------------------------------------------


def test_a_row_is_checked_first_and_entered_when_somebody_says_so(imports, session):
    run = imports.upload(row())
    assert (run.state, counts(run)) == (ImportState.CHECKED, (1, 0, 0, 0))
    assert contracts(session) == []

    run = imports.start(run)
    assert (run.state, counts(run), run.done) == (ImportState.DONE, (1, 0, 0, 0), 1)
    [contract] = contracts(session)
    assert contract.registration_number == "2026430100000001"
    assert contract.source is ContractSource.IMPORTED
    assert contract.state is ContractState.RECOGNISED
    assert (contract.type, contract.subtype) == (
        ContractType.DEVELOPMENT,
        "development_commissioned",
    )
    assert (contract.total_fen, contract.technology_fen) == (120_500_000, 100_000_000)
    assert contract.signed_on == date(2026, 3, 1)
    assert contract.recognised_on == date(2026, 3, 20)
    assert (contract.seller_region, contract.buyer_region) == ("430104", "430121")
    assert contract.buyer_kind is PartyKind.ENTERPRISE
    assert contract.technology_field == "energy"
    assert contract.author_id == imports.actor.id


def test_what_was_entered_is_in_the_history_with_who_did_it(imports, session):
    run = imports.through(row())
    [contract] = contracts(session)
    notes = session.execute(
        select(History.action, History.actor_id, History.record_id).order_by(History.id)
    ).all()
    assert ("contract.imported", imports.actor.id, contract.id) in notes
    assert {action for action, _, id_ in notes if id_ == run.id} >= {
        "import.uploaded",
        "import.started",
    }


def test_the_same_file_again_changes_nothing(imports, session):
    rows = [row(number) for number in range(1, 6)]
    imports.through(*rows)
    before = [(c.id, c.version, c.updated_at) for c in contracts(session)]
    run = imports.through(*rows)
    assert counts(run) == (0, 0, 5, 0)
    assert [(c.id, c.version, c.updated_at) for c in contracts(session)] == before
    assert session.scalar(select(func.count()).select_from(Amendment)) == 0


def test_what_a_recognised_contract_says_otherwise_is_an_amendment(imports, session):
    imports.through(row())
    changed = row(**{"合同成交总额(万元)": 150, "买方名称": "湘江新能源有限公司"})
    run = imports.upload(changed)
    assert counts(run) == (0, 1, 0, 0)
    [example] = run.report["examples"]["changed"]
    assert example["differences"] == [
        ["合同成交额", "1,205,000 元", "1,500,000 元"],
        ["买方名称", "湘江电池有限公司", "湘江新能源有限公司"],
    ]
    imports.start(run)
    [contract] = contracts(session)
    assert contract.state is ContractState.AMENDED
    assert contract.total_fen == 150_000_000
    [amendment] = contract.amendments
    assert (amendment.number, amendment.amended_on) == (1, date(2026, 11, 23))
    assert amendment.changes == {
        "total_fen": [120_500_000, 150_000_000],
        "buyer_name": ["湘江电池有限公司", "湘江新能源有限公司"],
    }
    noted = session.scalars(select(History).where(History.action == "contract.amended"))
    state = {"state": ["recognised", "amended"]}
    assert noted.one().changes == amendment.changes | state

    run = imports.through(row(**{"合同成交总额(万元)": 160}))
    assert counts(run) == (0, 1, 0, 0)
    assert [each.number for each in contracts(session)[0].amendments] == [1, 2]


def test_what_a_row_leaves_empty_stays_as_it_is(imports, session):
    imports.through(row())
    run = imports.through(row(**{"买方所在地": None, "技术领域": ""}))
    assert counts(run) == (0, 0, 1, 0)
    assert contracts(session)[0].buyer_region == "430121"


def test_a_cancelled_contract_is_cancelled_once_and_stays_so(imports, session):
    head = [*HEAD, "登记状态", "注销日期"]
    imports.through(row())
    gone = [*row(), "已注销", "2026-06-01"]
    run = imports.start(imports.upload(gone, head=head))
    assert counts(run) == (0, 1, 0, 0)
    [contract] = contracts(session)
    assert contract.state is ContractState.CANCELLED
    assert contract.cancelled_on == date(2026, 6, 1)
    assert counts(imports.upload(gone, head=head)) == (0, 0, 1, 0)
    run = imports.upload(row(**{"合同成交总额(万元)": 1, "其中：技术交易额(万元)": 1}))
    assert errors(run) == [(2, "登记状态", "该合同在台账里已注销，不能再改")]


# -- Parties ------------------------------------------------------------


def test_parties_are_known_by_credit_code_or_by_name(imports, session, make):
    college = make.organisation(name="岳麓理工大学", credit_code="91110000600037341L")
    firm = make.organisation(name="长沙湘江电池有限公司")
    imports.through(
        row(1),
        row(2, 卖方名称="理工大学（岳麓校区）", 卖方信用代码="91110000600037341L"),
    )
    for contract in contracts(session):
        assert (contract.seller_id, contract.buyer_id) == (college.id, firm.id)


def test_demonstration_organisations_stand_for_nobody_real(imports, session, make):
    make.organisation(name="湘江电池有限公司(示例)", is_demo=True)
    imports.through(row())
    assert contracts(session)[0].buyer_id is None


def test_a_party_that_registers_later_is_linked_without_an_amendment(
    imports, session, make
):
    imports.through(row())
    firm = make.organisation(name="湘江电池有限公司")
    run = imports.through(row())
    assert counts(run) == (0, 1, 0, 0)
    [contract] = contracts(session)
    assert (contract.buyer_id, contract.state) == (firm.id, ContractState.RECOGNISED)
    assert contract.amendments == []
    assert counts(imports.upload(row())) == (0, 0, 1, 0)


# -- Contracts of the platform ------------------------------------------------------


def recognised(make, **given):
    values = {
        "state": ContractState.RECOGNISED,
        "registration_number": "2026430100000001",
        "recognised_on": date(2026, 3, 20),
        "signed_on": date(2026, 3, 1),
        "name": "平台上的名称",
        "total_fen": 120_500_000,
        "technology_fen": 90_000_000,
    }
    return make.contract(**values | given)


def test_of_a_platform_contract_only_the_recognition_is_taken_over(
    imports, session, make
):
    firm = make.user()
    contract_id = recognised(make, buyer_id=firm.organisation_id).id
    run = imports.upload(row())
    assert counts(run) == (0, 1, 0, 0)
    [example] = run.report["examples"]["changed"]
    assert example["differences"] == [["技术交易额", "900,000 元", "1,000,000 元"]]
    assert "只更新认定信息" in example["notes"][0]
    assert "合同名称" in example["notes"][1]
    imports.start(run)
    session.rollback()
    contract = session.get_one(Contract, contract_id)
    assert contract.technology_fen == 100_000_000
    assert contract.name == "平台上的名称"
    assert [each.changes for each in contract.amendments] == [
        {"technology_fen": [90_000_000, 100_000_000]}
    ]
    told = session.scalars(select(Notice).where(Notice.kind == "contract_amended"))
    assert [each.user_id for each in told] == [firm.id]


def test_a_row_that_looks_like_a_contract_in_talks_says_so(imports, make):
    contract = make.contract(
        name="储能电站热失控预警系统开发",
        buyer_name="湘江电池有限公司",
        seller_name="岳麓理工大学",
        state=ContractState.SUBMITTED,
    )
    [example] = imports.upload(row()).report["examples"]["new"]
    assert contract.code in example["notes"][0]


# -- What is wrong ------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "label", "words"),
    [
        ({"合同成交总额(万元)": "-5"}, "合同成交额", "金额不能是负数"),
        ({"合同成交总额(万元)": -5}, "合同成交额", "金额不能是负数"),
        ({"合同成交总额(万元)": "1e9"}, "合同成交额", "不要用科学计数法"),
        ({"合同成交总额(万元)": "约100"}, "合同成交额", "确定的金额"),
        ({"合同成交总额(万元)": "#REF!"}, "合同成交额", "Excel 错误值"),
        ({"合同成交总额(万元)": "=A1"}, "合同成交额", "公式没有计算结果"),
        ({"合同成交总额(万元)": None}, "合同成交额", "没有填写"),
        ({"其中：技术交易额(万元)": 121}, "技术交易额", "大于合同成交额"),
        ({"签订日期": "2026-03-21"}, "签订日期", "晚于认定日期"),
        ({"签订日期": "去年三月"}, "签订日期", "看不懂这个日期"),
        ({"签订日期": "2026-02-30"}, "签订日期", "没有这一天"),
        ({"签订日期": "1926-03-01"}, "签订日期", "核对年份"),
        ({"认定日期": "2027-03-01"}, "认定日期", "晚于今天"),
        ({"合同登记编号": None}, "认定登记编号", "没有填写"),
        ({"合同登记编号": 2026430100000001}, "认定登记编号", "文本格式"),
        ({"合同登记编号": "2.02643E+15"}, "认定登记编号", "科学计数法"),
        ({"合同登记编号": "无"}, "认定登记编号", "4 至 40 个"),
        ({"合同名称": "名" * 201}, "合同名称", "最多 200 个字"),
        ({"合同类别": "买卖合同"}, "合同类型", "不在可选范围"),
        ({"卖方信用代码": "91110000600037341X"}, "卖方统一社会信用代码", "信用代码"),
        ({"卖方所在地": "火星"}, "卖方地区", "看不懂地区"),
        ({"卖方所在地": "990000"}, "卖方地区", "没有行政区划代码"),
        ({"买方性质": "神仙"}, "买方类别", "不在可选范围"),
        ({"技术领域": "炼金术"}, "技术领域", "不在可选范围"),
        ({"买方名称": "岳麓 理工大学"}, "买方名称", "同一家"),
    ],
)
def test_an_error_names_the_row_the_column_and_what_to_do(
    imports, session, given, label, words
):
    run = imports.upload(row(1), row(2, **given))
    assert counts(run) == (1, 0, 0, 1)
    [(number, column, said)] = errors(run)
    assert (number, column) == (3, label)
    assert words in said


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("1,200万元", 1_200_000_000),
        ("壹佰贰拾万", 120_000_000),
        ("1.2亿", 12_000_000_000),
        ("1205000元", 120_500_000),
        (200, 200_000_000),
    ],
)
def test_amounts_as_people_write_them(imports, session, cell, fen):
    imports.through(row(**{"合同成交总额(万元)": cell}))
    assert contracts(session)[0].total_fen == fen


@pytest.mark.parametrize(
    "cell", ["2026-03-01", "2026/3/1", "2026.3.1", "20260301", 46082, "46082"]
)
def test_a_day_may_be_text_or_a_serial_number(imports, session, cell):
    imports.through(row(签订日期=cell))
    assert contracts(session)[0].signed_on == date(2026, 3, 1)


def test_several_errors_of_a_row_are_all_told(imports):
    run = imports.upload(row(**{"合同成交总额(万元)": "x", "签订日期": "y"}))
    assert [column for _, column, _ in errors(run)] == ["合同成交额", "签订日期"]


def test_a_number_that_comes_twice_is_told_of_the_second(imports, session):
    run = imports.through(row(1), row(2), row(1, 合同名称="又一次"), skip_errors=True)
    assert counts(run) == (2, 0, 0, 1)
    [(number, column, words)] = errors(run)
    assert (number, column) == (4, "重复")
    assert "第 2 行" in words
    assert len(contracts(session)) == 2


def test_blanks_and_widths_make_no_other_number(imports, session):
    run = imports.upload(row(1), row(2, 合同登记编号=" ２０２６43 0100000001 "))
    assert errors(run)[0][:2] == (3, "重复")


def test_a_formula_in_a_text_is_text_and_goes_out_as_text(imports, session):
    name = "=cmd|' /C calc'!A0"
    run = imports.upload(row(合同名称=f"'{name}", 签订日期="什么时候"))
    assert run.report["examples"]["error"][0]["title"] == name
    page = saved(imports.store.path(run.errors_sha256)).active
    kinds = {cell.data_type for line in page for cell in line}
    assert "f" not in kinds
    imports.through(row(合同名称=f"'{name}"))
    assert contracts(session)[0].name == name


# -- All or nothing, or without the wrong ones -----------------------------------------


def test_with_errors_nothing_is_entered_unless_they_are_skipped(imports, session):
    run = imports.upload(row(1), row(2, 签订日期="x"), row(3))
    with pytest.raises(Conflict, match=r"import\.has_errors"):
        imports.start(run)
    assert contracts(session) == []
    run = imports.start(run, skip_errors=True)
    assert (run.state, counts(run)) == (ImportState.DONE, (2, 0, 0, 1))
    assert len(contracts(session)) == 2


def test_the_errors_come_back_as_the_same_workbook_and_mended_go_in(imports, session):
    run = imports.upload(row(1), row(2, 签订日期="x"))
    workbook = saved(imports.store.path(run.errors_sha256))
    lines = [[cell.value for cell in line] for line in workbook.active.iter_rows()]
    assert lines[0][:2] == ["错误", "原行号"]
    assert lines[0][2:] == list(HEAD)
    assert lines[1][0] is None
    assert lines[2][:2] == ["签订日期：看不懂这个日期，请写成例如 2026-03-01", 3]
    place = lines[0].index("签订日期") + 1
    workbook.active.cell(3, place, "2026-03-02")
    mended = imports.staging.folder / "mended.xlsx"
    workbook.save(mended)
    with mended.open("rb") as file:
        run = imports.start(imports.send(file))
    assert counts(run) == (2, 0, 0, 0)
    assert len(contracts(session)) == 2


def test_a_row_that_goes_wrong_meanwhile_is_told_and_the_workbook_made_anew(
    imports, session, make
):
    run = imports.upload(row(1), row(2))
    assert run.errors_sha256 is None
    recognised(
        make,
        state=ContractState.CANCELLED,
        cancelled_on=date(2026, 6, 1),
        source=ContractSource.IMPORTED,
    )
    run = imports.start(run)
    assert counts(run) == (1, 0, 0, 1)
    assert run.errors_sha256 is not None


# -- Headings ----------------------------------------------------------------


def test_headings_nobody_knows_are_told_and_money_without_a_unit_is_asked(
    imports, session
):
    head = [name.replace("(万元)", "") for name in HEAD]
    run = imports.upload(row(), head=head)
    assert run.state is ImportState.CHECKED
    assert run.report["missing"] == ["合同成交额"]
    with pytest.raises(Conflict, match=r"import\.not_checked"):
        imports.start(run)

    chosen = dict(run.mapping) | {
        "合同成交总额": "total:wan",
        "其中：技术交易额": "technology:wan",
    }
    service.set_mapping(
        session, imports.actor, "contracts", run.id, chosen, now=imports.make.now
    )
    run = imports.start(imports.work(run.id))
    assert counts(run) == (1, 0, 0, 0)
    assert contracts(session)[0].total_fen == 120_500_000


def test_a_mapping_that_cannot_be_is_refused(imports, session):
    run = imports.upload(row())

    def refused(**changes):
        chosen = dict(run.mapping) | changes
        with pytest.raises(Invalid) as error:
            service.set_mapping(
                session,
                imports.actor,
                "contracts",
                run.id,
                chosen,
                now=imports.make.now,
            )
        return error.value.fields["mapping"]

    assert "还没有指定：合同名称" in refused(合同名称="")
    assert "只留一个" in refused(备注="name")
    assert "没有这一列" in refused(备注="password")


def test_a_file_that_is_no_ledger_fails_in_words(imports):
    run = imports.send(book(["甲", "乙"], head=["丙", "丁"]))
    assert run.state is ImportState.FAILED
    assert "没有找到表头" in run.error


def test_an_upload_that_is_gone_says_so(imports, session, make):
    run = make.import_run(state=ImportState.CHECKING)
    assert "重新上传" in imports.work(run.id).error


# -- Who may ------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER])
def test_only_staff_import(imports, session, make, role):
    user = make.user(role)
    with pytest.raises(Forbidden):
        service.upload(
            session,
            imports.store,
            user,
            "contracts",
            "x.xlsx",
            book(row()),
            now=make.now,
        )
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


# -- Stopped and gone on with ------------------------------------------------


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("matchmaker.imports.judging.CHUNK", 2)


class Killed(BaseException):
    """What no handler of ours catches: the process is gone."""


def kill_at(monkeypatch, owner, name, call):
    """The worker dies right after this call of the function; gives what undoes it."""
    function, calls = getattr(owner, name), iter(range(10**6))

    def dying(*args, **kwargs):
        done = function(*args, **kwargs)
        if next(calls) == call:
            raise Killed
        return done

    monkeypatch.setattr(owner, name, dying)
    return lambda: monkeypatch.setattr(owner, name, function)


@pytest.mark.parametrize(
    ("owner", "name", "done"),
    [
        (judging.Judge, "__call__", 2),
        (kind.Contracts, "prepare", 7),
        (passing.Passing, "_copy", 7),
        (kind.Contracts, "finish", 7),
    ],
)
def test_a_killed_import_leaves_nothing_and_goes_on_at_the_row_it_reached(
    imports, session, monkeypatch, small_chunks, owner, name, done
):
    run = imports.upload(*(row(number) for number in range(1, 8)))
    revive = kill_at(monkeypatch, owner, name, 0 if name == "finish" else 1)
    with pytest.raises(Killed):
        imports.start(run)
    assert contracts(session) == []
    session.expire_all()
    half = session.get_one(ImportRun, run.id)
    assert (half.state, half.done, half.added) == (ImportState.RUNNING, done, done)

    revive()
    run = imports.work(run.id)
    assert (run.state, run.done, counts(run)) == (ImportState.DONE, 7, (7, 0, 0, 0))
    numbers = [each.registration_number for each in contracts(session)]
    assert len(numbers) == len(set(numbers)) == 7


def test_a_killed_check_goes_on_at_the_row_it_reached(
    imports, session, monkeypatch, small_chunks
):
    kill_at(monkeypatch, findings, "added", 2)
    with pytest.raises(Killed):
        imports.upload(*(row(number) for number in range(1, 6)), row(1))
    session.rollback()
    [run_id] = session.scalars(select(ImportRun.id))
    assert session.get_one(ImportRun, run_id).done == 4

    run = imports.work(run_id)
    assert (run.state, run.done, counts(run)) == (ImportState.CHECKED, 6, (5, 0, 0, 1))
    assert errors(run)[0][:2] == (7, "重复")
    assert len(list(imports.staging.rows(run_id))) == 6


def test_what_is_staged_and_lost_is_read_and_judged_again(
    imports, session, monkeypatch, small_chunks
):
    run = imports.upload(row(1), row(2), row(3))
    imports.staging.forget(run.id)
    revive = kill_at(monkeypatch, judging.Judge, "__call__", 1)
    with pytest.raises(Killed):
        imports.start(run)
    revive()
    session.rollback()
    imports.staging.forget(run.id)
    assert counts(imports.work(run.id)) == (3, 0, 0, 0)
    assert len(contracts(session)) == 3


def test_whoever_stops_an_import_has_nothing_in_and_may_begin_again(
    imports, session, monkeypatch, small_chunks
):
    run = imports.upload(*(row(number) for number in range(1, 6)))
    run_id, judge = run.id, judging.Judge.__call__

    def stopping(self, *args):
        monkeypatch.setattr(judging.Judge, "__call__", judge)
        verdicts = judge(self, *args)
        session.rollback()
        service.cancel(
            session, imports.actor, "contracts", run_id, now=imports.make.now
        )
        return verdicts

    monkeypatch.setattr(judging.Judge, "__call__", stopping)
    run = imports.start(run)
    assert (run.state, run.done) == (ImportState.CANCELLED, 0)
    assert contracts(session) == []
    with pytest.raises(Conflict):
        service.cancel(
            session, imports.actor, "contracts", run_id, now=imports.make.now
        )

    run = imports.start(run)
    assert (run.state, counts(run)) == (ImportState.DONE, (5, 0, 0, 0))
    assert len(contracts(session)) == 5


# -- All or nothing, when it counts --------------------------------------------------


@pytest.fixture
def spoilt(imports, session):
    """An import of a change and three new rows, and what makes the change wrong."""
    imports.through(row(1))
    contract_id = contracts(session)[0].id
    run = imports.upload(row(1, 合同名称="新的名称"), row(2), row(3), row(4))
    assert counts(run) == (3, 1, 0, 0)

    def spoil():
        with transaction(session):
            contract = session.get_one(Contract, contract_id)
            contract.move_to(ContractState.CANCELLED, now=imports.make.now)
            contract.cancelled_on = date(2026, 11, 1)

    return run, spoil


def spoil_before_entering(monkeypatch, spoil):
    """Somebody is quicker between the last judgement and the first write."""
    may_enter = Importer._may_enter

    def asked(self, run):
        monkeypatch.setattr(Importer, "_may_enter", may_enter)
        answer = may_enter(self, run)
        spoil()
        return answer

    monkeypatch.setattr(Importer, "_may_enter", asked)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("skip", [False, True])
def test_a_row_that_went_wrong_since_the_check_stops_all_or_itself(
    imports, session, monkeypatch, small_chunks, spoilt, late, skip
):
    run, spoil = spoilt
    if late:
        spoil_before_entering(monkeypatch, spoil)
    else:
        spoil()
    run = imports.start(run, skip_errors=skip)
    assert counts(run) == (3, 0, 0, 1)
    assert run.report["found"]["error"] == 1
    assert errors(run) == [(2, "登记状态", "该合同在台账里已注销，不能再改")]
    assert saved(imports.store.path(run.errors_sha256)).active["A2"].value
    assert (run.state, len(contracts(session))) == (
        (ImportState.DONE, 4) if skip else (ImportState.CHECKED, 1)
    )
    if not skip:
        with pytest.raises(Conflict, match=r"import\.has_errors"):
            imports.start(run)
        assert counts(imports.start(run, skip_errors=True)) == (3, 0, 0, 1)
        assert len(contracts(session)) == 4


def test_who_is_always_quicker_leaves_the_ledger_whole(imports, session, monkeypatch):
    run = imports.upload(row(1), row(2))

    def overtaken(*args, **kwargs):
        raise Overtaken

    monkeypatch.setattr(passing.Passing, "refuse_overtaken", overtaken)
    run = imports.start(run)
    assert run.state is ImportState.FAILED
    assert "没有导入任何一行" in run.error
    assert contracts(session) == []


def test_a_check_that_was_cancelled_enters_everything_when_it_is_started(
    imports, session
):
    run = imports.upload(row(1), row(2))
    service.cancel(session, imports.actor, "contracts", run.id, now=imports.make.now)
    run = imports.start(imports.work(run.id))
    assert counts(run) == (2, 0, 0, 0)
    assert len(contracts(session)) == 2


def test_a_number_entered_by_another_meanwhile_is_met_again_as_known(
    imports, session, make, monkeypatch
):
    """Between the judgement and the insert somebody else was first."""
    run = imports.upload(row(1), row(2))
    known = entries._known

    def blind(*args):
        monkeypatch.setattr(entries, "_known", known)
        return {}

    with transaction(session):
        session.add(
            Contract(
                code="X-1",
                source=ContractSource.IMPORTED,
                state=ContractState.RECOGNISED,
                state_since=make.now,
                registration_number="2026430100000001",
                recognised_on=date(2026, 3, 20),
                signed_on=date(2026, 3, 1),
                type=ContractType.DEVELOPMENT,
                total_fen=120_500_000,
                name="储能电站热失控预警系统开发",
                buyer_name="湘江电池有限公司",
                seller_name="岳麓理工大学",
                created_at=make.now,
                updated_at=make.now,
            )
        )
    monkeypatch.setattr(entries, "_known", blind)
    run = imports.start(run)
    assert (run.state, counts(run)) == (ImportState.DONE, (1, 1, 0, 0))


def test_two_workers_never_take_one_run(imports, session):
    run = imports.upload(row())
    with imports.staging.held(run.id) as first, imports.staging.held(run.id) as second:
        assert (first, second) == (True, False)


def test_staged_rows_of_runs_left_alone_are_cleared(imports, session, make):
    def tidied(days):
        later = make.now + timedelta(days=days)
        return retention.tidy(session, imports.staging, days=180, now=later)

    imports.upload(row())
    assert (tidied(0), len(imports.staging.held_runs())) == (0, 1)
    assert (tidied(8), imports.staging.held_runs()) == (1, [])


def test_an_uploaded_ledger_goes_after_its_period_and_its_numbers_stay(
    imports, session, make
):
    def kept(days):
        later = make.now + timedelta(days=days)
        retention.tidy(session, imports.staging, days=180, now=later)
        sweep(session, imports.store)
        session.expire_all()
        return upload.exists(), errors_sheet.exists()

    file = book(row(1), row(2, 签订日期="x"))
    run = imports.send(file)
    upload, errors_sheet = map(imports.store.path, (run.sha256, run.errors_sha256))
    assert kept(180) == (True, True)
    # Somebody sent the same file later: its bytes stay for as long as that one's.
    file.seek(0)
    later = imports.send(file)
    with transaction(session):
        later.touched_at += timedelta(days=30)
        later.errors_sha256 = None
    assert kept(200) == (True, False)
    assert (run.sha256, run.errors_sha256, "examples" in run.report) == (
        "",
        None,
        False,
    )
    assert (counts(run), run.report["found"]["error"]) == ((1, 0, 0, 1), 1)
    assert later.sha256
    assert kept(220) == (False, False)
    imports.work(run.id)
    with pytest.raises(Conflict, match=r"import\.expired"):
        imports.start(run, skip_errors=True)


def test_files_of_imports_outlive_the_sweep(imports, session):
    run = imports.upload(row(签订日期="x"))
    sweep(session, imports.store)
    assert imports.store.path(run.sha256).exists()
    assert imports.store.path(run.errors_sha256).exists()


# -- What a yearly file meets again --------------------------------------------------


def test_a_party_of_a_cancelled_contract_is_linked_and_nothing_refused(
    imports, session, make
):
    head = [*HEAD, "登记状态", "注销日期"]
    gone = [*row(), "已注销", "2026-06-01"]
    imports.start(imports.upload(gone, head=head))
    firm = make.organisation(name="湘江电池有限公司")
    run = imports.start(imports.upload(gone, head=head))
    assert counts(run) == (0, 1, 0, 0), errors(run)
    [contract] = contracts(session)
    assert (contract.buyer_id, contract.state) == (firm.id, ContractState.CANCELLED)
    assert contract.amendments == []


@pytest.mark.parametrize(
    "words", ["待认定", "认定未通过", "认定中", "提交登记", "未登记"]
)
def test_what_is_not_recognised_yet_is_not_counted_as_recognised(imports, words):
    run = imports.upload([*row(), words], head=[*HEAD, "登记状态"])
    assert counts(run) == (0, 0, 0, 1)
    assert "还不是认定" in errors(run)[0][2]


def test_a_row_judged_the_same_is_judged_anew_if_somebody_changed_it(
    imports, session, monkeypatch
):
    imports.through(row(1))
    contract_id = contracts(session)[0].id
    run = imports.upload(row(1), row(2))
    assert counts(run) == (1, 0, 1, 0)

    def spoil():
        with transaction(session):
            session.get_one(Contract, contract_id).office = "另一个登记处"
            session.get_one(Contract, contract_id).name = "后来改过的名称"

    spoil_before_entering(monkeypatch, spoil)
    assert counts(imports.start(run)) == (1, 1, 0, 0)


# -- What stands ready and is lost ---------------------------------------------------


def test_rows_that_were_judged_and_are_gone_are_judged_again(
    imports, session, monkeypatch
):
    run = imports.upload(row(1), row(2), row(3))

    def lose():
        imports.staging.verdicts(run.id).cut(1)

    spoil_before_entering(monkeypatch, lose)
    assert counts(imports.start(run)) == (3, 0, 0, 0)
    assert len(contracts(session)) == 3


def test_what_a_worker_holds_is_not_cleared_away(imports, make):
    run = imports.upload(row())
    later = make.now + timedelta(days=8)
    with imports.staging.held(run.id):
        retention.tidy(imports.session, imports.staging, days=180, now=later)
    assert imports.staging.held_runs() == [run.id]


def test_others_may_write_while_an_import_is_made_ready(imports, session, monkeypatch):
    """Nothing is locked before the rows are copied over."""
    run = imports.upload(*(row(number) for number in range(1, 4)))
    prepare, asked = kind.Contracts.prepare, []

    def watched(self, at, ready, *args, **kwargs):
        prepare(self, at, ready, *args, **kwargs)
        asked.append(at.info.get("in_block", False))

    monkeypatch.setattr(kind.Contracts, "prepare", watched)
    assert imports.start(run).state is ImportState.DONE
    assert asked == [False]


# -- The workbook that comes back ------------------------------------------------------


def test_the_workbook_of_errors_keeps_the_unit_a_line_above_said(imports, session):
    head = [name.replace("(万元)", "") for name in HEAD]
    workbook = Workbook()
    for line in (["单位：万元"], head, row(1), row(2, 签订日期="x")):
        workbook.active.append(line)
    file = io.BytesIO()
    workbook.save(file)
    file.seek(0)
    run = imports.send(file)
    assert counts(run) == (1, 0, 0, 1), run.report
    back = saved(imports.store.path(run.errors_sha256))
    assert back.active["A1"].value == "单位：万元"
    place = [cell.value for cell in back.active[2]].index("签订日期") + 1
    back.active.cell(4, place, "2026-03-02")
    mended = io.BytesIO()
    back.save(mended)
    mended.seek(0)
    assert counts(imports.start(imports.send(mended))) == (2, 0, 0, 0)
    assert {each.total_fen for each in contracts(session)} == {120_500_000}


@pytest.mark.parametrize(
    "words",
    [
        "与台账里的合同成交额 {0},000 元矛盾，请核对",
        "与台账里的合同开始日期 2026-03-{0}矛盾，请核对",
        "编号 XQ-{0} 已是另一家单位的记录，请核对",
        "平台上已有编号 XQ-{0} 的需求（已发布），内容与这一行不同",
        "平台上这家单位的信用代码是 91430100MA4L16J{0}9，与这一行不同，请核对",
        "与第 {0} 行的编号 A-{0} 相同，请只留一行",
        "与第 {0} 行的 B-{0} 相同，请核对",
        "签订日期 2026-03-{0} 晚于认定日期 2026-02-{0}，请核对",
    ],
)
def test_errors_of_one_kind_are_counted_together(words):
    verdicts = [
        Verdict(number, Outcome.ERROR, errors=[("列", words.format(number))])
        for number in range(10, 99)
    ]
    assert list(findings.added({}, verdicts)["errors"].values()) == [89]
