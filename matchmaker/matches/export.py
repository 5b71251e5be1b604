"""Pairs as a file: the desk's list for its staff, the approved ones for their firm."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from index.catalogue import Catalogue
from models import Suggestion, User, snapshot, transaction
from models.fields import field_name

from .. import labels, policies
from ..history import service as history
from ..rankers.active import active
from ..sheets.tables import Form, Told, day_of, write_table
from ..sheets.writer import Column
from . import own, queue
from .odds import Odds, explained
from .schema import OwnQuery, QueueFilters

# Pairs that are read at once, both sides with their texts.
AT_ONCE = 500


@dataclass(frozen=True)
class Line:
    """A pair on the desk, with what is told of how likely it is to be approved."""

    pair: Suggestion
    odds: Odds


def _firm(pair: Suggestion, *, left: bool) -> str:
    """Whose the asking (left) or the answering side is."""
    if left and pair.need:
        return pair.need.organisation.name
    if not left and pair.achievement:
        return pair.achievement.organisation.name
    return pair.call.issuer.name if pair.call else ""


def _title(pair: Suggestion, *, left: bool) -> str:
    side = pair.left if left else pair.right
    return side.title if side else ""


def _field(pair: Suggestion, *, left: bool) -> str:
    side = pair.left if left else pair.right
    return field_name(side.field) if side else ""


def _demo(pair: Suggestion) -> str:
    shown = any(side and side.is_demo for side in (pair.left, pair.right))
    return "示例" if shown else ""


def verdicts(pair: Suggestion) -> Counter[str]:
    """How many indicators came to which verdict."""
    return Counter(row["verdict"] for row in pair.evidence.get("indicators") or [])


VERDICTS: tuple[Told[Suggestion], ...] = (
    (Column("指标（项）", 10, "number"), lambda one: verdicts(one).total()),
    (Column("满足", 8, "number"), lambda one: verdicts(one)["met"]),
    (Column("部分", 8, "number"), lambda one: verdicts(one)["partial"]),
    (Column("不满足", 8, "number"), lambda one: verdicts(one)["unmet"]),
    (Column("未说明", 8, "number"), lambda one: verdicts(one)["unknown"]),
)


def _of_pair(told: Told[Suggestion]) -> Told[Line]:
    column, value = told
    return column, lambda one: value(one.pair)


COLUMNS: tuple[Told[Line], ...] = (
    (Column("编号", 10, "number"), lambda one: one.pair.id),
    (Column("类别", 14), lambda one: labels.label(one.pair.kind)),
    (Column("需求或榜单", 40), lambda one: _title(one.pair, left=True)),
    (Column("提出单位", 28), lambda one: _firm(one.pair, left=True)),
    (Column("技术领域", 18), lambda one: _field(one.pair, left=True)),
    (Column("成果或榜单", 40), lambda one: _title(one.pair, left=False)),
    (Column("供给单位", 28), lambda one: _firm(one.pair, left=False)),
    (Column("预计通过率", 14), lambda one: one.odds.words),
    (Column("有利", 24), lambda one: "、".join(one.odds.pros)),
    (Column("不利", 24), lambda one: "、".join(one.odds.cons)),
    *map(_of_pair, VERDICTS),
    (Column("提出日期", 12, "date"), lambda one: day_of(one.pair.created_at)),
    (Column("状态", 12), lambda one: labels.label(one.pair.status)),
    (Column("暂缓到", 12, "date"), lambda one: one.pair.snoozed_until),
    (Column("决定时间", 18, "moment"), lambda one: one.pair.decided_at),
    (Column("人工提出", 10), lambda one: "是" if one.pair.by_hand else ""),
    (Column("示例", 8), lambda one: _demo(one.pair)),
)
OWN_COLUMNS: tuple[Told[Suggestion], ...] = (
    (Column("需求", 40), lambda one: _title(one, left=True)),
    (Column("类别", 14), lambda one: labels.label(one.kind)),
    (Column("成果或榜单", 40), lambda one: _title(one, left=False)),
    (Column("单位", 28), lambda one: _firm(one, left=False)),
    (Column("技术领域", 18), lambda one: _field(one, left=False)),
    (
        Column("成熟度（级）", 10, "number"),
        lambda one: one.achievement.level if one.achievement else None,
    ),
    (
        Column("成熟度共几级", 12, "number"),
        lambda one: one.achievement.trl_scale if one.achievement else None,
    ),
    *VERDICTS,
    (Column("通过日期", 12, "date"), lambda one: day_of(one.decided_at)),
    (Column("示例", 8), _demo),
)


def of_desk(
    session: Session,
    catalogue: Catalogue,
    user: User,
    filters: QueueFilters,
    form: Form,
    *,
    now: datetime,
) -> IO[bytes]:
    """All pages of the desk's list under the filters; that a copy left is noted."""
    found = queue.look(session, catalogue, user, filters, now)
    ids = found.page(0, found.total)
    told = [*filters.pairs(), ("format", form)]
    with transaction(session):
        history.record_export(session, user, "suggestion", told, now=now)
    with snapshot(session):
        model = active(session)
        lines = (
            Line(pair, explained(model, pair))
            for start in range(0, len(ids), AT_ONCE)
            for pair in queue.load_some(
                session, user, found, ids[start : start + AT_ONCE]
            )
        )
        return write_table(form, "审核清单", COLUMNS, lines)


def of_firm(
    session: Session, user: User, query: OwnQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """All approved pairs of the firm's needs, or of one; that a copy left is noted."""
    told: list[tuple[str, object]] = [("own", "是"), ("format", form)]
    told += [("need_id", query.need)] if query.need else []
    with transaction(session):
        policies.require(user, "suggestion.read_own")
        history.record_export(session, user, "suggestion", told, now=now)
    with snapshot(session):
        pairs = own.every(session, user, query)
        return write_table(form, "匹配结果", OWN_COLUMNS, pairs)
