"""An open call as a row of a file: what its page tells everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import Call, User
from models.fields import field_name
from models.states import CallPhase

from .. import labels
from ..sheets.tables import Told, day_of, demo_mark, in_wan
from ..sheets.writer import Column


@dataclass(frozen=True)
class Line:
    """A call, and what the clock makes of it."""

    call: Call
    phase: CallPhase


def line(_user: User | None, call: Call, now: datetime) -> Line:
    return Line(call, call.phase(now))


COLUMNS: tuple[Told[Line], ...] = (
    (Column("编号", 16), lambda one: one.call.code or ""),
    (Column("名称", 40), lambda one: one.call.title),
    (Column("发榜单位", 28), lambda one: one.call.issuer.name),
    (Column("技术领域", 18), lambda one: field_name(one.call.field)),
    (Column("背景", 60), lambda one: one.call.background),
    (Column("揭榜目标", 40), lambda one: "\n".join(one.call.goals)),
    (Column("对揭榜单位的要求", 30), lambda one: one.call.conditions),
    (Column("榜单金额（万元）", 16, "money"), lambda one: in_wan(one.call.funding_fen)),
    (Column("揭榜方式", 12), lambda one: labels.label(one.call.mode)),
    (Column("最多立项（家）", 12, "number"), lambda one: one.call.max_awards),
    (Column("揭榜开始", 18, "moment"), lambda one: one.call.opens_at),
    (Column("揭榜截止", 18, "moment"), lambda one: one.call.closes_at),
    (Column("提问截止", 18, "moment"), lambda one: one.call.questions_until),
    (Column("发布日期", 12, "date"), lambda one: day_of(one.call.published_at)),
    (Column("状态", 12), lambda one: labels.label(one.phase)),
    (Column("示例", 8), lambda one: demo_mark(one.call)),
)
