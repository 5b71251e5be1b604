"""An achievement as a row of a file: what its page tells everybody."""

from __future__ import annotations

from datetime import datetime

from models import Achievement, User
from models.fields import field_name

from .. import labels
from ..sheets.tables import Told, day_of, demo_mark, in_wan
from ..sheets.writer import Column
from . import rights


def line(_user: User | None, item: Achievement, _now: datetime) -> Achievement:
    return item


COLUMNS: tuple[Told[Achievement], ...] = (
    (Column("编号", 16), lambda one: one.code or ""),
    (Column("名称", 40), lambda one: one.title),
    (Column("单位", 28), lambda one: one.organisation.name),
    (Column("完成人", 20), lambda one: one.inventors),
    (Column("技术领域", 18), lambda one: field_name(one.field)),
    (Column("成果简介", 60), lambda one: one.abstract),
    (Column("已达到的指标", 40), lambda one: "\n".join(one.indicators)),
    (Column("应用领域和产品", 30), lambda one: one.applications),
    (Column("成熟度（级）", 10, "number"), lambda one: one.level),
    (Column("成熟度共几级", 12, "number"), lambda one: one.trl_scale),
    (Column("所处阶段", 12), lambda one: labels.label(one.stage)),
    (Column("知识产权", 28), lambda one: "\n".join(map(rights.in_words, one.ip))),
    (Column("权属", 16), lambda one: labels.label(one.ownership)),
    (
        Column("转化方式", 24),
        lambda one: "、".join(map(labels.mode_label, one.modes)),
    ),
    (Column("意向价格（万元）", 16, "money"), lambda one: in_wan(one.price_fen)),
    (
        Column("意向价格说明", 14),
        lambda one: " ".join(labels.money(one.price_fen)).strip(),
    ),
    (Column("发布日期", 12, "date"), lambda one: day_of(one.published_at)),
    (Column("状态", 10), lambda one: labels.label(one.status)),
    (Column("示例", 8), demo_mark),
)
