"""The columns of a table of open calls: their heads, how they are read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from models.fields import FIELDS
from models.outbox import RecordType
from models.states import CallMode, CallStatus

from ...imports import parts
from ...imports.shapes import Home, Part, Shape
from ...schema import parse
from ...sheets import cells
from ...sheets.cells import CellError
from ...sheets.layout import Field, Layout
from ...sheets.reader import Cell
from ..drafts.schema import (
    COLUMN_LABELS,
    LABELS,
    MOST_AWARDS,
    MOST_ISSUER_WEIGHT,
    CallDraft,
)
from ..drafts.service import columns as columns_of

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "title": ("名称", "榜单标题", "榜单题目", "项目名称", "课题名称", "攻关任务"),
    "field": ("所属领域", "领域", "所属技术领域", "产业领域"),
    "background": ("项目背景", "需求背景", "研究内容", "榜单内容", "问题描述", "简介"),
    "goals": ("目标", "考核指标", "攻关目标", "技术指标", "预期目标", "揭榜任务目标"),
    "conditions": ("揭榜条件", "揭榜要求", "申报条件", "对揭榜方的要求"),
    "funding": ("金额", "榜单经费", "项目经费", "悬赏金额", "榜额", "资金", "投入资金"),
    "mode": ("方式", "组织方式", "榜单类型"),
    "max_awards": ("最多立项", "立项数", "拟立项数"),
    "criteria": ("评审指标", "评分标准"),
    "issuer_weight": ("发榜单位权重",),
    "contact": ("联系方式", "联系人", "咨询电话"),
    "opens_at": ("开始时间", "揭榜开始时间", "发榜时间"),
    "closes_at": ("截止时间", "揭榜截止时间", "截止日期", "揭榜截止日期"),
    "questions_until": ("提问截止时间",),
}
COMPARED = (
    "title",
    "field",
    "background",
    "goals",
    "conditions",
    "contact",
    "funding_fen",
    "mode",
    "max_awards",
    "criteria",
    "issuer_weight",
    "opens_at",
    "closes_at",
    "questions_until",
)
_CRITERION = re.compile(
    r"(.+?)[\s:：(（]*(\d{1,3})\s*[%％分][)）]?[\s:：，,]*(.*)", re.DOTALL
)


def build() -> tuple[Part, ...]:
    """The columns with the words of the dictionaries as they are now."""
    fields = {words: code for code, words in FIELDS.offered()}
    modes = parts.words_of(CallMode)
    others = {"单一": CallMode.SINGLE, "赛马": CallMode.RACE}
    return (
        *parts.numbering("BD", "榜单编号"),
        _prose("title", required=True, note="6 到 60 个字", width=40),
        Part(
            Field(
                "issuer",
                LABELS["issuer"],
                ("单位", "单位名称", "发榜方", "需求单位"),
                width=28,
                note="平台工作人员导入时必填：已登记单位的全称",
            ),
            lambda item: item.issuer.name,
        ),
        parts.choice(
            *_named("field"), fields, cells.named(fields), note="选一项", width=20
        ),
        _prose("background", note="30 到 5000 个字", width=60),
        parts.lines(*_named("goals"), note="一行一条，尽量带数字和单位", width=40),
        _prose("conditions", width=30),
        _prose("contact"),
        parts.money(*_named("funding"), note="单位写在列名里：元 或 万元"),
        parts.choice(*_named("mode"), modes, cells.named(modes, others)),
        Part(
            Field(*_named("max_awards"), note="赛马制填 2 到 20"),
            lambda item: item.max_awards,
            cells.whole(1, MOST_AWARDS),
            "number",
        ),
        Part(
            Field(
                *_named("criteria"),
                note="一行一条，例如 技术方案 40% 路线可行；不填按常用的四条",
                width=40,
            ),
            lambda item: _write_criteria(item.criteria),
            _criteria,
        ),
        Part(
            Field(*_named("issuer_weight"), note="百分数，0 到 50"),
            lambda item: item.issuer_weight,
            lambda cell: cells.whole(0, MOST_ISSUER_WEIGHT)(_bare_share(cell)),
            "number",
        ),
        _moment("opens_at", at_end=False),
        _moment("closes_at", at_end=True),
        _moment("questions_until", at_end=True),
        *parts.standing(CallStatus)[:1],
    )


def _named(code: str) -> tuple[str, str, tuple[str, ...]]:
    return code, LABELS[code], SYNONYMS.get(code, ())


def _prose(code: str, **more: Any) -> Part:
    return parts.prose(*_named(code), **more)


def _moment(code: str, *, at_end: bool) -> Part:
    note = "例如 2027-06-30 17:00；只写日期的" + (
        "到当天结束" if at_end else "从零点起"
    )
    return Part(
        Field(*_named(code), note=note, width=20),
        lambda item: parts.when(getattr(item, code)),
        parts.optional(lambda cell: cells.moment(cell, at_end=at_end)),
    )


def _bare_share(cell: Cell) -> Cell:
    """«20%» is a number of the format where the cell is one, a text where not."""
    if isinstance(cell, float) and 0 < cell < 1:
        return round(cell * 100, 6)
    return cells.text(cell).rstrip("%％ ")


def _write_criteria(rows: Sequence[Mapping[str, Any]]) -> str:
    return cells.written(
        [
            f"{row['name']} {row['weight']}% {row.get('words', '')}".strip()
            for row in rows
        ]
    )


def _criteria(cell: Cell) -> list[dict[str, Any]]:
    found = []
    for line in cells.lines(cell):
        match = _CRITERION.fullmatch(line)
        if match is None:
            raise CellError(
                f"看不懂「{line[:30]}」，请一行写一条，例如 技术方案 40% 路线可行"
            )
        name, weight, words = (each.strip() for each in match.groups())
        found.append({"name": name, "weight": int(weight), "words": words})
    return found


LAYOUT = Layout("揭榜榜单", [part.field for part in build()], ignored=parts.IGNORED)


def as_input(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row as the form would have it."""
    values = {name: stored[name] for name in COMPARED if stored[name] is not None}
    return values | {"funding": values.pop("funding_fen", None)}


def check(
    values: Mapping[str, Any], *, complete: bool, home: Home, today: date
) -> dict[str, Any]:
    """The values as columns of a draft; raises `Invalid` by the field.

    Calls come in as drafts alone: what was argued is changed on its page.
    """
    return columns_of(parse(CallDraft, values))


SHAPE = Shape(
    record=RecordType.CALL,
    create=None,
    prefix="BD",
    owner="issuer_id",
    home="issuer",
    text="background",
    layout=LAYOUT,
    labels=COLUMN_LABELS,
    compared=COMPARED,
    editable=frozenset({"draft"}),
    parts=build,
    check=check,
    as_input=as_input,
)
