"""Figures of a year that the platform cannot count; the administrator enters them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.states import TargetIndicator, Unit


@dataclass(frozen=True)
class FactKind:
    """A figure to enter: what it is called, its unit, what it is used for."""

    name: str
    label: str
    unit: Unit
    use: str


GDP, TURNOVER, THREE_KINDS = "gdp", "turnover", "three_kinds"

FACTS: Mapping[str, FactKind] = {
    kind.name: kind
    for kind in (
        FactKind(
            GDP,
            "地区生产总值",
            Unit.FEN,
            "计算成交额占地区生产总值的比重；当年数未公布时可填预期数，并在来源中写明。",
        ),
        FactKind(
            TURNOVER,
            "台账启用前的技术合同成交额",
            Unit.FEN,
            "只在台账里没有这一年的认定合同时使用。",
        ),
        FactKind(
            THREE_KINDS,
            "台账启用前的三技合同成交额",
            Unit.FEN,
            "下一年计算三技合同增长率时作为基数，只在台账里没有这一年的认定合同时使用。",
        ),
        FactKind(
            TargetIndicator.NEEDS,
            "征集重点需求",
            Unit.COUNT,
            "该指标的口径为「人工录入」时使用。",
        ),
        FactKind(
            TargetIndicator.BREAKTHROUGHS,
            "突破关键核心技术",
            Unit.COUNT,
            "该指标的口径为「人工录入」时使用。",
        ),
        FactKind(
            TargetIndicator.PILOT_BASES,
            "新增中试基地",
            Unit.COUNT,
            "按认定文件录入。",
        ),
        FactKind(
            TargetIndicator.EVENTS,
            "举办对接会",
            Unit.COUNT,
            "按实际举办场次录入。",
        ),
    )
}
