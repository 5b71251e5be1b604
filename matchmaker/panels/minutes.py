"""The minutes of a review (评审纪要) as a Word document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import CallResult, Expert, Objection, PanelMember, User, transaction
from models.states import ReviewState

from .. import labels, policies
from ..calendar import service as calendar
from ..calendar.days import Calendar
from ..documents import blank, plain, saved
from ..errors import Conflict
from ..history import service as history
from . import due, finding, objections, overview, results
from .assigning import members_of
from .overview import Line, Overview
from .scoring import OUTLIER_RULE, shown

WINNER = "拟立项"


def export(
    session: Session, actor: User, call_id: int, *, needed: int, now: datetime
) -> tuple[BytesIO, str]:
    """The minutes as they stand, and the name of the file; the copy is noted.

    Raises `Conflict` while no bid of the call was opened.
    """
    with transaction(session):
        call = finding.call(session, actor, call_id)
        policies.require(actor, "panel.read", call)
        found = overview.load(session, call, needed=needed)
        if not found.lines:
            raise Conflict("panel.no_bids")
        history.record(session, actor, "panel.minutes_exported", call, now=now)
        data = write(
            found,
            members_of(session, call),
            _experts(session, found),
            results.current(session, call),
            objections.of_call(session, call),
            days=calendar.load(session),
            now=now,
        )
    return data, f"评审纪要-{call.id}-{labels.day(now)}.docx"


def _experts(session: Session, found: Overview) -> dict[int, Expert]:
    ids = {one.user_id for line in found.lines for one in line.reviews}
    query = (
        select(Expert).where(Expert.user_id.in_(ids)).options(joinedload(Expert.user))
    )
    return {one.user_id: one for one in session.scalars(query)}


def write(
    found: Overview,
    members: Sequence[PanelMember],
    experts: dict[int, Expert],
    result: CallResult | None,
    objected: Sequence[Objection],
    *,
    days: Calendar,
    now: datetime,
) -> BytesIO:
    """The document, ready to be read from its beginning."""
    document = blank()
    title = document.add_heading("揭榜挂帅项目评审纪要", level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _call(document, found, now)
    _panel(document, members, experts)
    _conflicts(document, found)
    _criteria(document, found)
    for number, line in enumerate(found.lines, 1):
        _sheets(document, found, line, number, days, now)
    _ranking(document, found)
    if result is not None:
        _result(document, result)
    if objected:
        _answers(document, objected)
    document.add_paragraph()
    document.add_paragraph("评审组签字：____________________　　日期：____________")
    return saved(document)


def _table(document: Any, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = document.add_table(rows=1, cols=len(heads))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, heads, strict=True):
        cell.text = plain(text)
        for run in cell.paragraphs[0].runs:
            run.font.bold = True
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = plain(value)
    document.add_paragraph()


def _call(document: Any, found: Overview, now: datetime) -> None:
    call = found.call
    document.add_heading("一、榜单", level=1)
    facts = (
        ("榜单", call.title),
        ("编号", call.code or f"#{call.id}"),
        ("发榜单位", call.issuer.name),
        ("榜单金额", " ".join(labels.money(call.funding_fen))),
        ("组织方式", labels.label(call.mode)),
        ("最多立项", f"{call.max_awards} 家"),
        ("揭榜书", f"{len(found.lines)} 份"),
        ("评审截止", labels.day(call.sheets_due_on) or "没有设定"),
        ("发榜单位意见权重", f"{call.issuer_weight}%"),
        ("现在的状态", labels.label(call.status)),
        ("导出时间", labels.minute(now)),
    )
    _table(document, ("事项", "内容"), facts)


def _panel(
    document: Any, members: Sequence[PanelMember], experts: dict[int, Expert]
) -> None:
    document.add_heading("二、评审组", level=1)
    if not members:
        document.add_paragraph("还没有组建评审组。")
        return
    rows = []
    for member in members:
        expert = experts.get(member.user_id)
        left = f"{labels.day(member.left_at)} 退出：{member.left_words}"
        rows.append(
            (
                member.user.name,
                expert.employer if expert else "",
                expert.title if expert else "",
                labels.day(member.added_at),
                left if member.left_at else "在组",
            )
        )
    _table(document, ("专家", "工作单位", "职称或职务", "加入日期", "状态"), rows)


def _conflicts(document: Any, found: Overview) -> None:
    document.add_heading("三、利害关系与回避", level=1)
    document.add_paragraph(
        "组建评审组时，逐一核对专家与发榜单位、全部揭榜单位的任职和申报的利害关系。"
    )
    rows = [
        (
            line.bid.organisation.name,
            one.user.name,
            one.conflict_words,
            labels.day(one.state_since),
        )
        for line in found.lines
        for one in line.reviews
        if one.state is ReviewState.RECUSED
    ]
    if rows:
        _table(document, ("揭榜单位", "专家", "回避原因", "日期"), rows)
    else:
        document.add_paragraph("评审期间没有专家回避。")


def _criteria(document: Any, found: Overview) -> None:
    document.add_heading("四、评分", level=1)
    rows = [(one.name, f"{one.weight}%") for one in found.criteria]
    _table(document, ("评审指标", "权重"), rows)
    document.add_paragraph(
        "每项 0 到 100 分。一位专家的总分按权重加权；专家平均分是各位专家总分的平均。"
        f"偏离的标记：{OUTLIER_RULE}；只作提示，仍计入平均。"
    )


def _sheets(
    document: Any,
    found: Overview,
    line: Line,
    number: int,
    days: Calendar,
    now: datetime,
) -> None:
    document.add_heading(plain(f"{number}. {line.bid.organisation.name}"), level=2)
    if not line.submitted:
        document.add_paragraph("还没有提交的评分表。")
        return
    heads = ("专家", *(one.name for one in found.criteria), "总分", "偏离", "提交")
    rows = [
        (
            one.user.name,
            *overview.scores_of(one),
            shown(line.sheets[one.id]),
            "偏离" if one.id in line.outliers else "",
            "，".join(
                filter(
                    None,
                    (labels.day(one.submitted_at), due.late_words(days, one, now)),
                )
            ),
        )
        for one in line.submitted
    ]
    _table(document, heads, rows)
    for one in line.submitted:
        for criterion, said in zip(found.criteria, one.scores, strict=True):
            text = f"{one.user.name}，{criterion.name}：{said['words']}"
            document.add_paragraph(plain(text), style="List Bullet")
        text = f"{one.user.name}，总体意见：{one.overall}"
        document.add_paragraph(plain(text), style="List Bullet")
    if line.view is not None:
        text = f"发榜单位意见：{line.view.score} 分。{line.view.words}"
        document.add_paragraph(plain(text), style="List Bullet")
    document.add_paragraph(f"最高分与最低分相差 {shown(line.spread)} 分。")


def _ranking(document: Any, found: Overview) -> None:
    document.add_heading("五、排名", level=1)
    weight = found.call.issuer_weight
    if found.issuer_counts:
        rule = f"综合得分 = 专家平均分 × {100 - weight}% + 发榜单位评分 × {weight}%。"
    else:
        rule = "综合得分 = 专家平均分（发榜单位的意见不计入）。"
    document.add_paragraph(rule + "同分时依次比较专家平均分、权重最高一项的平均分。")
    rows = [
        (
            line.standing.rank,
            line.bid.organisation.name,
            shown(line.standing.experts),
            line.view.score if line.view and found.issuer_counts else "—",
            shown(line.standing.total),
            line.standing.tie,
        )
        for line in found.lines
        if line.standing is not None
    ]
    heads = ("名次", "揭榜单位", "专家平均分", "发榜单位", "综合得分", "同分说明")
    _table(document, heads, rows)


def _result(document: Any, result: CallResult) -> None:
    document.add_heading("六、评审结果", level=1)
    document.add_paragraph(f"状态：{labels.label(result.state)}")
    if result.notice_from and result.notice_until:
        document.add_paragraph(
            f"公示期：{labels.minute(result.notice_from)} 起，"
            f"{labels.until(result.notice_until)}"
        )
    if result.is_failure:
        document.add_paragraph(plain(f"流榜原因：{result.failed_words}"))
    rows = [
        (
            one.rank,
            one.bid.organisation.name,
            WINNER if one.won else "未立项",
            one.reason,
        )
        for one in result.outcomes
    ]
    _table(document, ("名次", "揭榜单位", "结果", "理由"), rows)


def _answers(document: Any, objected: Sequence[Objection]) -> None:
    document.add_heading("七、异议与答复", level=1)
    rows = [
        (
            labels.minute(one.at),
            one.words,
            labels.label(one.state),
            one.answer or "",
        )
        for one in objected
    ]
    _table(document, ("提出时间", "异议", "结论", "答复"), rows)
