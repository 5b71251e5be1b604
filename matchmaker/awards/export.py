"""«在研榜单» as a file: the awards under the filter, and their milestones."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Milestone, User, snapshot, transaction

from .. import labels, policies
from ..history import service as history
from ..sheets.tables import Form, Told, demo_mark, in_wan, table, write_table
from ..sheets.writer import Column, write_sheets
from . import listing
from .listing import Line
from .schema import AwardQuery


def _next(line: Line) -> Milestone | None:
    """What is worked on; nothing once the award has ended."""
    return line.next if line.award.is_live else None


AWARD_COLUMNS: tuple[Told[Line], ...] = (
    (Column("榜单编号", 16), lambda one: one.award.call.code or ""),
    (Column("榜单", 40), lambda one: one.award.call.title),
    (Column("发榜单位", 28), lambda one: one.award.call.issuer.name),
    (Column("揭榜方式", 12), lambda one: labels.label(one.award.call.mode)),
    (Column("承担单位", 28), lambda one: one.award.bidder.name),
    (Column("状态", 14), lambda one: labels.label(one.award.state)),
    (Column("签订日期", 12, "date"), lambda one: one.award.signed_on),
    (Column("完成期限", 12, "date"), lambda one: one.award.ends_on),
    (Column("立项金额（万元）", 16, "money"), lambda one: in_wan(one.award.amount_fen)),
    (Column("已拨付（万元）", 16, "money"), lambda one: in_wan(one.award.paid_fen)),
    (Column("里程碑数", 10, "number"), lambda one: one.award.asked),
    (Column("已通过", 10, "number"), lambda one: one.passed),
    (
        Column("下一个里程碑", 28),
        lambda one: found.title if (found := _next(one)) else "",
    ),
    (
        Column("下一个期限", 12, "date"),
        lambda one: found.due_on if (found := _next(one)) else None,
    ),
    (Column("逾期天数", 10, "number"), lambda one: one.late_days or None),
    (Column("验收日期", 12, "date"), lambda one: one.award.accepted_on),
    (Column("示例", 8), lambda one: demo_mark(one.award)),
)
MILESTONE_COLUMNS: tuple[Told[Milestone], ...] = (
    (Column("榜单", 40), lambda one: one.award.call.title),
    (Column("承担单位", 28), lambda one: one.award.bidder.name),
    (Column("序号", 8, "number"), lambda one: one.position),
    (Column("里程碑", 28), lambda one: one.title),
    (Column("交付物", 40), lambda one: one.deliverable),
    (Column("状态", 14), lambda one: labels.label(one.state)),
    (Column("原定期限", 12, "date"), lambda one: one.planned_on),
    (Column("期限", 12, "date"), lambda one: one.due_on),
    (Column("付款（万元）", 14, "money"), lambda one: in_wan(one.payment_fen)),
    (Column("已拨付（万元）", 14, "money"), lambda one: in_wan(one.paid_fen)),
)


def write(
    session: Session, actor: User, query: AwardQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The awards this person may know of, under the filter; the copy is noted.

    A workbook has their milestones on a second sheet; CSV knows of one table only.
    """
    with transaction(session):
        policies.require(actor, "award.list")
        told = [("shown", query.shown), ("q", query.q), ("format", form)]
        history.record_export(session, actor, "award", told, now=now)
    with snapshot(session):
        lines = listing.every(session, actor, query, now)
        if form is Form.CSV:
            return write_table(form, "项目", AWARD_COLUMNS, lines)
        milestones = [one for line in lines for one in line.award.milestones]
        return write_sheets(
            [
                table("项目", AWARD_COLUMNS, lines),
                table("里程碑", MILESTONE_COLUMNS, milestones),
            ]
        )
