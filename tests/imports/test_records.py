"""Needs, achievements, calls from files: what a row becomes, and whose it is."""

from datetime import date

import pytest
from sqlalchemy import func, select

from matchmaker.errors import Forbidden, Invalid, NotFound
from matchmaker.imports import mappings, numbers, service
from matchmaker.imports.worker import Importer
from models import (
    Achievement,
    Call,
    History,
    ImportMapping,
    IndexChange,
    Need,
    Notice,
    OutboxTask,
    transaction,
)
from models.states import (
    AchievementStatus,
    CallMode,
    CallStatus,
    ImportManner,
    ImportState,
    Mode,
    NeedStatus,
    OrganisationRole,
    Role,
    Secrecy,
    Stage,
)

from .files import NEED_HEAD, book, counts, errors, need_row, told

SUBMIT, DRAFT = ImportManner.SUBMIT, ImportManner.DRAFT


@pytest.fixture
def firm(make):
    return make.user()


def needs(session):
    session.rollback()
    return session.scalars(select(Need).order_by(Need.id)).all()


# -- What a row becomes -----------------------------------------------------------


def test_a_row_becomes_a_draft_of_the_firm_in_its_own_words(files, session, firm):
    run = files.send(firm, "needs", book(need_row()))
    assert (run.state, counts(run)) == (ImportState.CHECKED, (1, 0, 0, 0, 0))
    assert needs(session) == []
    run = files.start(firm, run)
    assert run.state is ImportState.DONE
    [need] = needs(session)
    assert need.status is NeedStatus.DRAFT
    assert need.organisation_id == firm.organisation_id
    assert need.author_id == firm.id
    assert need.external_number == "A-1"
    assert (need.field, need.district) == ("ES", "岳麓区")
    assert need.targets == ["预警提前时间 ≥ 10 min", "误报率 ≤ 1%"]
    assert need.budget_fen == 120_000_000
    assert need.cooperation == [Mode.COMMISSIONED, Mode.JOINT]
    assert need.deadline == date(2027, 6, 30)
    assert need.contact == "张工，0731-88880000"
    assert need.secrecy is Secrecy.PUBLIC


def test_a_draft_is_told_to_nobody_and_encoded_by_nobody(files, session, firm, make):
    make.staff()
    files.through(firm, "needs", book(need_row()))
    for table in (OutboxTask, IndexChange, Notice):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    noted = session.scalars(
        select(History.action).where(History.record_type == "needs")
    )
    assert noted.all() == ["need.imported"]


def test_what_is_submitted_waits_for_the_staff_who_hear_of_it_once(
    files, session, firm, make
):
    staff = make.staff()
    files.through(firm, "needs", book(need_row(1), need_row(2)), SUBMIT)
    assert {need.status for need in needs(session)} == {NeedStatus.PENDING}
    [notice] = session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.facts["count"]) == (staff.id, 2)
    assert session.scalar(select(func.count()).select_from(OutboxTask)) == 2
    actions = session.scalars(
        select(History.action).where(History.record_type == "needs")
    )
    assert sorted(actions) == ["need.imported"] * 2 + ["need.submitted"] * 2


def test_the_same_file_again_changes_nothing(files, session, firm):
    rows = [need_row(number) for number in range(1, 6)]
    files.through(firm, "needs", book(*rows))
    before = [(need.id, need.version) for need in needs(session)]
    run = files.through(firm, "needs", book(*rows))
    assert counts(run) == (0, 0, 5, 0, 0)
    assert [(need.id, need.version) for need in needs(session)] == before


def test_a_file_without_numbers_is_known_again_by_its_words(files, session, firm):
    rows = [need_row(number, 需求编号=None) for number in (1, 2)]
    files.through(firm, "needs", book(*rows))
    spaced = need_row(1, 需求编号=None)
    place = NEED_HEAD.index("技术需求描述")
    spaced[place] = spaced[place].replace("，", " , ")
    run = files.send(firm, "needs", book(spaced, rows[1]))
    assert counts(run)[0] == 0
    assert counts(run)[3] == 0
    assert len(needs(session)) == 2


def test_what_differs_is_shown_and_changed_under_its_number(files, session, firm):
    files.through(firm, "needs", book(need_row()))
    changed = need_row(
        **{"拟投入经费（万元）": 150, "技术需求名称": "另一个更好的名称"}
    )
    run = files.send(firm, "needs", book(changed))
    assert counts(run) == (0, 1, 0, 0, 0)
    [row] = told(run, "changed")
    assert ["预算", "120 万元", "150 万元"] in row["differences"]
    files.start(firm, run)
    [need] = needs(session)
    assert (need.budget_fen, need.title) == (150_000_000, "另一个更好的名称")
    assert counts(files.send(firm, "needs", book(changed))) == (0, 0, 1, 0, 0)


def test_of_a_long_text_the_place_is_shown_where_it_differs(files, firm):
    long = "很长的一段描述" * 60
    files.through(firm, "needs", book(need_row(技术需求描述=long)))
    run = files.send(firm, "needs", book(need_row(技术需求描述=long + "结尾改了")))
    [[label, before, after]] = told(run, "changed")[0]["differences"]
    assert label == "要解决的问题"
    assert before != after
    assert "结尾改了" in after


def test_what_a_row_leaves_empty_stays_as_it_is(files, session, firm):
    files.through(firm, "needs", book(need_row()))
    run = files.send(
        firm, "needs", book(need_row(联系人=None, 联系电话="", 合作模式=""))
    )
    assert counts(run) == (0, 0, 1, 0, 0)


def test_a_published_need_is_changed_only_by_handing_it_in_again(
    files, session, firm, make
):
    make.need(
        organisation_id=firm.organisation_id,
        external_number="A-1",
        **{"title": "储能电站电池热失控提前预警"},
    )
    row = need_row(技术需求名称="储能电站电池热失控的提前预警")
    run = files.send(firm, "needs", book(row))
    assert errors(run) == [
        (
            2,
            "状态",
            "这项需求已发布，改动要重新审核。请选择「提交审核」再导入，或在平台上修改",
        )
    ]
    run = files.through(firm, "needs", book(row), SUBMIT)
    assert counts(run) == (0, 1, 0, 0, 0)
    [need] = needs(session)
    assert need.status is NeedStatus.PENDING
    noted = session.scalars(select(History).where(History.action == "need.reimported"))
    assert noted.one().changes["title"] == [
        "储能电站电池热失控提前预警",
        "储能电站电池热失控的提前预警",
    ]


@pytest.mark.parametrize("status", [NeedStatus.SOLVED, NeedStatus.WITHDRAWN])
def test_what_is_over_is_changed_by_no_file(files, firm, make, status):
    make.need(
        organisation_id=firm.organisation_id, external_number="A-1", status=status
    )
    run = files.send(firm, "needs", book(need_row()), SUBMIT)
    [(_, label, words)] = errors(run)
    assert label == "状态"
    assert "不能再用文件修改" in words


def test_a_draft_is_submitted_as_it_stands(files, session, firm):
    files.through(firm, "needs", book(need_row()))
    run = files.through(firm, "needs", book(need_row()), SUBMIT)
    assert counts(run) == (0, 1, 0, 0, 0)
    assert needs(session)[0].status is NeedStatus.PENDING


def test_submitting_asks_for_all_that_the_form_asks_for(files, firm):
    bare = need_row(主要技术指标="", 公开方式="", 所在地区="")
    run = files.send(firm, "needs", book(bare), SUBMIT)
    assert {label for _, label, _ in errors(run)} == {
        "希望达到的指标",
        "公开范围",
        "所在区县",
    }
    assert counts(files.send(firm, "needs", book(bare)))[0] == 1


def test_submitting_asks_for_the_promise(files, firm):
    with pytest.raises(Invalid) as refused:
        service.upload(
            files.session,
            files.store,
            firm,
            "needs",
            "表.xlsx",
            book(need_row()),
            wish=service.Wish(SUBMIT),
            now=files.make.now,
        )
    assert "promise" in refused.value.fields


def test_a_masked_need_is_not_submitted_by_a_file(files, firm):
    run = files.send(firm, "needs", book(need_row(公开方式="脱敏公开")), SUBMIT)
    assert any("核对公开文字后提交" in words for _, _, words in errors(run))
    assert (
        counts(files.send(firm, "needs", book(need_row(公开方式="脱敏公开"))))[0] == 1
    )


def test_only_the_very_words_open_a_need(files, firm):
    run = files.send(firm, "needs", book(need_row(公开方式="公开名称，不公开全文")))
    [(_, label, words)] = errors(run)
    assert label == "公开范围"
    assert "不在可选范围" in words


# -- 疑似重复 ----------------------------------------------------------------------


def test_a_row_like_a_need_there_is_waits_for_a_decision(files, session, firm, make):
    row = need_row()
    make.need(
        organisation_id=firm.organisation_id,
        title=row[NEED_HEAD.index("技术需求名称")],
        external_number="另一个编号",
    )
    run = files.send(firm, "needs", book(row, need_row(2)))
    assert counts(run) == (1, 0, 0, 1, 0)
    assert "已有同名的需求" in told(run, "suspect")[0]["notes"][0]
    assert "另一个编号" in told(run, "suspect")[0]["notes"][0]
    run = files.start(firm, run)
    assert len(needs(session)) == 2
    run = files.send(firm, "needs", book(row, need_row(2)))
    assert counts(run) == (0, 0, 1, 1, 0)
    files.start(firm, run, takes_suspects=True)
    assert len(needs(session)) == 3


def test_a_row_like_one_before_it_waits_for_a_decision(files, session, firm):
    second = need_row(1, 需求编号="A-9")
    run = files.through(firm, "needs", book(need_row(1), second))
    assert counts(run) == (1, 0, 0, 1, 0)
    assert told(run, "suspect")[0]["notes"] == ["与第 2 行的名称和正文相同"]
    assert len(needs(session)) == 1


def test_the_same_number_twice_is_an_error_of_the_second(files, firm):
    run = files.send(firm, "needs", book(need_row(1), need_row(2, 需求编号=" Ａ-1 ")))
    assert counts(run) == (1, 0, 0, 0, 1)
    [(number, label, words)] = errors(run)
    assert (number, label) == (3, "重复")
    assert "第 2 行" in words


# -- Whose it is ------------------------------------------------------------------

STAFF_HEAD = (*NEED_HEAD, "需求单位")


def staff_row(number, name, **given):
    return [*need_row(number, **given), name]


def test_staff_enter_for_the_organisations_a_column_names(files, session, make):
    staff, firm = make.staff(), make.organisation(name="湘江电池有限公司")
    rows = [staff_row(1, "湘江电池有限公司"), staff_row(2, "没有这家公司")]
    rows += [staff_row(3, None)]
    run = files.through(staff, "needs", book(*rows, head=STAFF_HEAD), skip_errors=True)
    assert counts(run) == (1, 0, 0, 0, 2)
    assert [words for _, _, words in errors(run)] == [
        "平台上没有「没有这家公司」，请先导入或登记该单位，再导入这一行",
        "没有填写，请写明是哪家单位的",
    ]
    [need] = needs(session)
    assert need.organisation_id == firm.id


def test_a_university_has_no_needs_and_a_firm_no_achievements(files, make):
    college = make.organisation(name="岳麓大学", kind="university")
    run = files.send(
        make.staff(), "needs", book(staff_row(1, college.name), head=STAFF_HEAD)
    )
    assert "这类单位不能有这种记录" in errors(run)[0][2]


def test_a_firm_imports_its_own_alone(files, session, make, firm):
    make.organisation(name="湘江电池有限公司")
    run = files.send(
        firm, "needs", book(staff_row(1, "湘江电池有限公司"), head=STAFF_HEAD)
    )
    assert "只能导入本单位的记录" in errors(run)[0][2]


def test_a_number_of_another_firm_is_just_a_number(files, session, make, firm):
    other = make.need(external_number="A-1", code="XQ-9")
    run = files.through(firm, "needs", book(need_row(1), need_row(2, 需求编号="XQ-9")))
    assert counts(run) == (2, 0, 0, 0, 0)
    session.rollback()
    assert session.get_one(Need, other.id).version == 1


def test_staff_learn_nothing_of_a_firms_drafts(files, session, make, firm):
    row = staff_row(1, firm.organisation.name)
    files.through(firm, "needs", book(need_row(1)))
    session.rollback()
    run = files.send(make.staff(), "needs", book(row, head=STAFF_HEAD))
    assert errors(run) == [
        (2, "编号", "这家单位有这个编号的草稿，由单位自己修改，请删去这一行")
    ]
    no_number = staff_row(1, firm.organisation.name, 需求编号=None)
    run = files.send(make.staff(), "needs", book(no_number, head=STAFF_HEAD))
    assert counts(run) == (1, 0, 0, 0, 0)
    assert told(run, "new")[0]["notes"] == []


def test_staff_know_again_the_drafts_they_entered(files, make, firm):
    staff = make.staff()
    table = [staff_row(1, firm.organisation.name)]
    files.through(staff, "needs", book(*table, head=STAFF_HEAD))
    run = files.send(staff, "needs", book(*table, head=STAFF_HEAD))
    assert counts(run) == (0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (Role.UNIVERSITY, "needs"),
        (Role.MANAGER, "needs"),
        (Role.ENTERPRISE, "achievements"),
        (Role.UNIVERSITY, "calls"),
        (Role.ENTERPRISE, "organisations"),
        (Role.EXPERT, "needs"),
    ],
)
def test_others_import_nothing(files, make, role, kind):
    with pytest.raises(Forbidden):
        files.send(make.user(role), kind, book(need_row()))


def test_a_member_that_only_reads_imports_nothing(files, make):
    with pytest.raises(Forbidden):
        files.send(make.user(org_role=OrganisationRole.READER), "needs", book())


def test_a_file_is_its_organisations_alone(files, session, make, firm):
    run = files.send(firm, "needs", book(need_row()))
    colleague = make.user(organisation_id=firm.organisation_id)
    assert service.find(session, colleague, "needs", run.id).id == run.id
    for other in (make.user(), make.staff(), make.user(Role.ADMIN)):
        with pytest.raises(NotFound):
            service.find(session, other, "needs", run.id)
        assert service.runs(session, other, "needs", 1).runs == []
    staffs = files.send(make.staff(), "needs", book(need_row()))
    with pytest.raises(NotFound):
        service.find(session, firm, "needs", staffs.id)


# -- Headings ------------------------------------------------------------------------


def test_a_column_nobody_knows_is_shown_and_its_mapping_remembered(
    files, session, make, firm
):
    head = ["课题", "内容说明", "所属领域", "编号"]
    row = ["第一个课题的名称", "这是内容" * 10, "新材料", "B-1"]
    run = files.send(firm, "needs", book(row, head=head))
    assert run.report["missing"] == ["需求名称"]
    chosen = {"课题": "title", "内容说明": "problem", "所属领域": "", "编号": "number"}
    service.set_mapping(session, firm, "needs", run.id, chosen, now=files.make.now)
    run = files.work(run.id)
    assert counts(run) == (1, 0, 0, 0, 0)
    again = files.send(firm, "needs", book(row, head=head))
    assert again.mapping == {"课题": "title", "内容说明": "problem", "编号": "number"}
    other = files.send(make.user(), "needs", book(row, head=head))
    assert "课题" not in other.mapping
    assert len(session.scalars(select(ImportMapping)).all()) == 1


def test_a_heading_with_another_unit_is_asked_anew(files, session, firm):
    head = ["名称", "编号", "预算"]
    row = ["第一个课题的名称", "B-1", 5]
    run = files.send(firm, "needs", book(row, head=head))
    chosen = {"名称": "title", "编号": "number", "预算": "budget:yuan"}
    service.set_mapping(session, firm, "needs", run.id, chosen, now=files.make.now)
    assert files.work(run.id).mapping["预算"] == "budget:yuan"
    run = files.send(firm, "needs", book(row, head=["名称", "编号", "预算（万元）"]))
    assert run.mapping["预算（万元）"] == "budget:wan"


# -- Achievements and calls ------------------------------------------------------------


def test_an_achievement_as_a_university_writes_it(files, session, make):
    actor = make.user(Role.UNIVERSITY)
    head = [
        "成果编号",
        "成果名称",
        "所属领域",
        "发明人",
        "成果简介",
        "技术指标",
        "成熟度",
        "研发阶段",
        "知识产权情况",
        "权属",
        "转化方式",
        "转让价格(元)",
    ]
    row = [
        "CG1",
        "储能电池簇热失控早期预警方法",
        "储能",
        "李某、王某",
        "融合氢气浓度与电压微分特征，在热失控前给出分级预警，已在兆瓦级储能舱验证。",
        "提前 12 min；误报率 0.8%",
        "TRL 7",
        "中试阶段",
        "发明专利2项（已授权）、软著 3 件",
        "单位",
        "许可、技术入股",
        "800,000",
    ]
    run = files.through(actor, "achievements", book(row, head=head), SUBMIT)
    assert counts(run) == (1, 0, 0, 0, 0), errors(run)
    session.rollback()
    item = session.scalars(select(Achievement)).one()
    assert item.status is AchievementStatus.PENDING
    assert item.indicators == ["提前 12 min", "误报率 0.8%"]
    assert (item.trl, item.stage, item.price_fen) == (7, Stage.PILOT, 80_000_000)
    assert item.ip == [
        {"type": "发明专利", "status": "授权", "count": 2},
        {"type": "软件著作权", "status": "登记", "count": 3},
    ]
    assert set(item.modes) == {Mode.LICENCE, Mode.EQUITY}


def test_a_call_comes_in_as_a_draft(files, session, make):
    actor = make.user()
    head = ["榜单编号", "榜单名称", "背景", "揭榜目标", "榜单金额（万元）", "揭榜方式"]
    head += ["最多立项", "评审标准", "截止日期"]
    row = ["B1", "储能预警系统", "背景" * 20, "提前 ≥ 10 min", 300, "赛马", 3]
    row += ["技术方案 60% 路线可行\n团队 40%", "2027-06-30"]
    run = files.through(actor, "calls", book(row, head=head))
    assert counts(run) == (1, 0, 0, 0, 0), errors(run)
    session.rollback()
    call = session.scalars(select(Call)).one()
    assert (call.status, call.by_staff) == (CallStatus.DRAFT, False)
    assert (call.mode, call.max_awards) == (CallMode.RACE, 3)
    assert [each["weight"] for each in call.criteria] == [60, 40]
    assert call.closes_at.isoformat() == "2027-06-30T16:00:00+00:00"
    assert counts(files.send(actor, "calls", book(row, head=head)))[2] == 1
    with transaction(session):
        session.get_one(Call, call.id).status = CallStatus.ARGUED
    row[1] = "另一个名称的榜单"
    assert (
        "不能再用文件修改"
        in errors(files.send(actor, "calls", book(row, head=head)))[0][2]
    )


def test_of_two_that_say_the_same_each_has_its_own_history(files, session, firm):
    twins = [need_row(1, 需求编号=None), need_row(1, 需求编号=None, 联系人="李工")]
    files.through(firm, "needs", book(*twins), takes_suspects=True)
    noted = session.scalars(
        select(History.record_id).where(History.action == "need.imported")
    ).all()
    assert sorted(noted) == [need.id for need in needs(session)]
    assert len(noted) == 2


def test_a_check_that_was_killed_goes_on_where_it_was(files, session, firm):
    run = files.send(firm, "needs", book(*[need_row(number) for number in range(1, 6)]))
    with transaction(session):
        run = session.get_one(type(run), run.id)
        run.state, run.done, run.added = ImportState.CHECKING, 3, 3
    for lines in (files.staging.rows(run.id), files.staging.told(run.id)):
        with lines.path.open("a", encoding="utf-8") as file:
            file.write('{"outcome":"new","half a li')
    run = files.work(run.id)
    assert (run.state, counts(run)) == (ImportState.CHECKED, (5, 0, 0, 0, 0))
    shown = [each["row"] for each in files.staging.told(run.id)]
    assert shown == [2, 3, 4, 5, 6]
    assert counts(files.start(firm, run)) == (5, 0, 0, 0, 0)


# -- Between the upload and the end ---------------------------------------------------


def test_who_moved_to_another_firm_brings_it_nothing(files, session, make, firm):
    """The rows are of the firm whose file it is; its sender is no longer of it."""
    other = make.organisation()
    run = files.send(firm, "needs", book(need_row()))
    with transaction(session):
        session.get_one(type(firm), firm.id).organisation_id = other.id
    colleague = make.user(organisation_id=run.organisation_id)
    run = files.start(colleague, run)
    assert run.state is ImportState.FAILED
    assert "重新上传" in run.error
    assert needs(session) == []


@pytest.mark.parametrize("lost", ["active", "role", "org_role"])
def test_who_may_import_no_more_enters_nothing(files, session, make, firm, lost):
    values = {
        "active": False,
        "role": Role.UNIVERSITY,
        "org_role": OrganisationRole.READER,
    }
    run = files.send(firm, "needs", book(need_row()))
    with transaction(session):
        setattr(session.get_one(type(firm), firm.id), lost, values[lost])
    run = files.start(make.user(organisation_id=run.organisation_id), run)
    assert (run.state, needs(session)) == (ImportState.FAILED, [])


def test_a_right_lost_while_the_rows_are_judged_counts_as_well(
    files, session, monkeypatch, firm
):
    run = files.send(firm, "needs", book(need_row()))
    may_enter = Importer._may_enter

    def asked(self, run):
        answer = may_enter(self, run)
        with transaction(session):
            session.get_one(type(firm), firm.id).active = False
        return answer

    monkeypatch.setattr(Importer, "_may_enter", asked)
    run = files.start(firm, run)
    assert (run.state, needs(session)) == (ImportState.FAILED, [])


def test_two_who_send_the_same_file_enter_it_once(files, session, make, firm):
    rows = [need_row(1, 需求编号=None), need_row(2)]
    first = files.send(firm, "needs", book(*rows))
    colleague = make.user(organisation_id=firm.organisation_id)
    second = files.send(colleague, "needs", book(*rows))
    assert counts(first) == counts(second) == (2, 0, 0, 0, 0)
    files.start(firm, first)
    second = files.start(colleague, second)
    assert (second.state, counts(second)) == (ImportState.DONE, (0, 0, 2, 0, 0))
    assert len(needs(session)) == 2


def test_who_enters_the_same_words_after_the_judging_is_met(
    files, session, make, monkeypatch, firm
):
    run = files.send(firm, "needs", book(need_row(1, 需求编号=None)))
    values = dict(zip(NEED_HEAD, need_row(1), strict=True))
    may_enter = Importer._may_enter

    def asked(self, run):
        monkeypatch.setattr(Importer, "_may_enter", may_enter)
        answer = may_enter(self, run)
        make.need(
            organisation_id=firm.organisation_id,
            status=NeedStatus.DRAFT,
            title=values["技术需求名称"],
            problem=values["技术需求描述"],
        )
        return answer

    monkeypatch.setattr(Importer, "_may_enter", asked)
    run = files.start(firm, run)
    assert run.state is ImportState.DONE
    assert counts(run)[0] == 0
    assert len(needs(session)) == 1


# -- Numbers and headings that two would have -----------------------------------------


def test_an_owners_number_of_another_record_is_told_by_row(files, session, make, firm):
    taken = make.need(organisation_id=firm.organisation_id, external_number="B-7")
    draft = make.need(
        organisation_id=firm.organisation_id, status=NeedStatus.DRAFT, code=None
    )
    number = numbers.number_of("XQ", draft)
    head = (*NEED_HEAD, "单位编号")
    run = files.send(
        firm, "needs", book([*need_row(1, 需求编号=number), "B-7"], head=head)
    )
    [(_, label, words)] = errors(run)
    assert (label, "B-7" in words) == ("单位编号", True)
    assert taken.id != draft.id


def test_an_owners_number_given_to_two_rows_is_told_by_row(files, session, make, firm):
    draft = make.need(
        organisation_id=firm.organisation_id, status=NeedStatus.DRAFT, code=None
    )
    number = numbers.number_of("XQ", draft)
    head = (*NEED_HEAD, "单位编号")
    rows = [[*need_row(1), "B-7"], [*need_row(2, 需求编号=number), "B-7"]]
    run = files.through(firm, "needs", book(*rows, head=head), skip_errors=True)
    assert errors(run) == [(3, "单位编号", "与第 2 行的 B-7 相同，请核对")]
    assert run.state is ImportState.DONE


def test_of_two_who_confirm_the_first_headings_at_once_both_are_remembered(
    files, session, firm, monkeypatch
):
    row = ["第一个课题的名称", "B-1", "新材料"]
    first, second = (
        files.send(firm, "needs", book(row, head=[name, "编号", "领域"]))
        for name in ("课题", "攻关题目")
    )
    chosen = {"课题": "title", "编号": "number", "领域": "field"}
    service.set_mapping(session, firm, "needs", first.id, chosen, now=files.make.now)
    # The second had looked before the first was there.
    looked, look = iter([None]), mappings._of
    monkeypatch.setattr(mappings, "_of", lambda *a: next(looked, None) or look(*a))
    chosen = {"攻关题目": "title", "编号": "number", "领域": "field"}
    service.set_mapping(session, firm, "needs", second.id, chosen, now=files.make.now)
    (known,) = session.scalars(select(ImportMapping)).all()
    assert known.choices == chosen | {"课题": "title"}


def test_of_two_remembered_headings_for_one_column_the_later_is_read(
    files, session, firm
):
    row = ["第一个课题的名称", "B-1", "新材料"]
    for heading in ("课题", "攻关题目"):
        run = files.send(firm, "needs", book(row, head=[heading, "编号", "领域"]))
        chosen = {heading: "title", "编号": "number", "领域": "field"}
        service.set_mapping(session, firm, "needs", run.id, chosen, now=files.make.now)
    both = ["旧的一列里的名称", *row]
    run = files.send(
        firm, "needs", book(both, head=["课题", "攻关题目", "编号", "领域"])
    )
    assert run.mapping == {"攻关题目": "title", "编号": "number", "领域": "field"}
    assert told(run, "new")[0]["title"] == "第一个课题的名称"
