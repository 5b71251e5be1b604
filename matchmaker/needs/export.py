"""A need as a row of a file: what its page tells this reader, contacts left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models import Need, User
from models.fields import district_name, field_name
from models.needs import NeedText

from .. import labels
from ..sheets.tables import Told, day_of, demo_mark, in_wan
from ..sheets.writer import Column
from .budgets import Budget, seen
from .service import text_for


@dataclass(frozen=True)
class Line:
    """A need as this reader gets it."""

    need: Need
    text: NeedText
    budget: Budget


def line(user: User | None, need: Need, _now: datetime) -> Line:
    return Line(need, text_for(user, need), seen(user, need))


def _exact(budget: Budget) -> int | None:
    """The amount where the reader knows it; a band is told in words alone."""
    return budget.low if budget.low == budget.high else None


COLUMNS: tuple[Told[Line], ...] = (
    (Column("编号", 16), lambda one: one.need.code or ""),
    (Column("名称", 40), lambda one: one.text.title),
    (Column("单位", 28), lambda one: one.text.organisation),
    (Column("技术领域", 18), lambda one: field_name(one.need.field)),
    (Column("区县", 12), lambda one: district_name(one.need.district)),
    (Column("要解决的问题", 60), lambda one: one.text.problem),
    (Column("希望达到的指标", 40), lambda one: "\n".join(one.text.targets)),
    (Column("使用场景", 30), lambda one: one.text.scene),
    (Column("期望成熟度（级）", 12, "number"), lambda one: one.need.trl_expected),
    (Column("预算（万元）", 14, "money"), lambda one: in_wan(_exact(one.budget))),
    (Column("预算说明", 14), lambda one: one.budget.words),
    (
        Column("合作方式", 20),
        lambda one: "、".join(map(labels.mode_label, one.need.cooperation)),
    ),
    (Column("截止日期", 12, "date"), lambda one: one.need.deadline),
    (Column("发布日期", 12, "date"), lambda one: day_of(one.need.published_at)),
    (Column("状态", 10), lambda one: labels.label(one.need.status)),
    (Column("示例", 8), lambda one: demo_mark(one.need)),
)
