"""The computations a definition of an indicator may name; pure, over `Figures`.

A definition (`models.targets.Definition`) names one of these and says in words what
it does; the words of the one in force are printed on the board. Results are whole
numbers in the unit of the indicator: 分, hundredths of a per cent, pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from models.states import Flow, TargetIndicator, Unit

from ..contracts.cuts import Cut, Standing, by, counted_until, standing
from ..contracts.groupings import Grouping, Sum
from . import facts

NOTHING = Sum()


@dataclass(frozen=True)
class Part:
    """A sum that went into a figure, and the cuts that show its contracts.

    ``of_year``: they are contracts of the year itself.
    """

    label: str
    sum: Sum
    cuts: tuple[Cut, ...]
    of_year: bool = True


@dataclass(frozen=True)
class Reached:
    """What an indicator came to; None with ``missing`` saying what is wanting.

    ``note`` says what a reader must know to read it right; ``parts`` are the sums it
    was made of.
    """

    value: int | None
    missing: str = ""
    note: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Figures:
    """What the year came to by a day, cut as the computations need it.

    counted     what counts of the year, ``by_type`` and ``by_flow`` cut
    three_kinds_before  三技 of the year before, up to the day ``before``
    facts       what was entered of the year, ``facts_before`` of the year before
    elapsed     the share of the year that has passed
    needs, calls  published for the first time, accepted in the year
    """

    year: int
    elapsed: Fraction
    counted: Sum
    by_type: Mapping[str, Sum]
    by_flow: Mapping[str, Sum]
    three_kinds_before: Sum
    before: date
    has_ledger_before: bool
    facts: Mapping[str, int]
    facts_before: Mapping[str, int]
    needs: int
    calls: int

    def of_flows(self, *flows: Flow) -> Sum:
        return sum((self.by_flow.get(each, NOTHING) for each in flows), NOTHING)

    def part(self, label: str, total: Sum, *cuts: Cut) -> Part:
        """A part of what counts of the year."""
        return Part(label, total, (standing(Standing.COUNTED, self.year), *cuts))

    def part_of(self, label: str, *flows: Flow) -> Part:
        """What counts of the year and went these ways."""
        return self.part(label, self.of_flows(*flows), by(Grouping.FLOW, *flows))

    @property
    def three_kinds(self) -> Sum:
        return sum((self.by_type.get(kind, NOTHING) for kind in KINDS), NOTHING)


# The order of the enum, not of the set, so that parts are listed the same everywhere.
KINDS = ("development", "transfer", "licence")
OF_THREE_KINDS = by(Grouping.TYPE, *KINDS)


def _turnover(figures: Figures) -> tuple[int, str]:
    """成交额 in fen, and a note where it is the entered figure."""
    entered = figures.facts.get(facts.TURNOVER)
    if figures.counted.count or entered is None:
        return figures.counted.total_fen, ""
    return entered, "台账里没有这一年的认定合同，用的是录入的成交额。"


def _whole(figures: Figures) -> Part:
    return figures.part("当年认定", figures.counted)


def recognised_total(figures: Figures) -> Reached:
    value, note = _turnover(figures)
    return Reached(value, note=note, parts=(_whole(figures),))


def recognised_technology(figures: Figures) -> Reached:
    return Reached(figures.counted.technology_fen, parts=(_whole(figures),))


def recognised_total_by_gdp(figures: Figures) -> Reached:
    gdp = figures.facts.get(facts.GDP)
    if not gdp:
        return Reached(None, f"还没有录入 {figures.year} 年地区生产总值")
    value, note = _turnover(figures)
    return Reached(_points(value, gdp), note=note, parts=(_whole(figures),))


def three_kinds_growth(figures: Figures) -> Reached:
    now = figures.three_kinds
    parts: tuple[Part, ...] = (
        figures.part("当年三技", now, OF_THREE_KINDS),
        Part(
            "上年同期三技",
            figures.three_kinds_before,
            (counted_until(figures.before), OF_THREE_KINDS),
            of_year=False,
        ),
    )
    if figures.has_ledger_before:
        before, note = Fraction(figures.three_kinds_before.total_fen), ""
    else:
        entered = figures.facts_before.get(facts.THREE_KINDS)
        parts = parts[:1]
        if entered is None:
            why = f"没有 {figures.year - 1} 年三技合同成交额：台账里没有，也没有录入"
            return Reached(None, why, parts=parts)
        before = entered * figures.elapsed
        note = f"{figures.year - 1} 年用的是录入的全年数" + (
            "。" if figures.elapsed == 1 else "，按已过天数折算到同期。"
        )
    if before <= 0:
        return Reached(None, "上年同期没有三技合同，算不出增长率", parts=parts)
    return Reached(_points(now.total_fen - before, before), note=note, parts=parts)


def _share(part: Part, whole: Part, nothing: str) -> Reached:
    if not whole.sum.total_fen:
        return Reached(None, nothing, parts=(part, whole))
    value = _points(part.sum.total_fen, whole.sum.total_fen)
    return Reached(value, parts=(part, whole))


def _local(figures: Figures) -> Part:
    return figures.part_of("卖方买方都在长沙", Flow.LOCAL)


def local_share_of_sales(figures: Figures) -> Reached:
    sales = figures.part_of("卖方在长沙", Flow.LOCAL, Flow.OUT)
    return _share(_local(figures), sales, "还没有卖方在长沙的认定合同")


def local_share_of_purchases(figures: Figures) -> Reached:
    bought = figures.part_of("买方在长沙", Flow.LOCAL, Flow.IN)
    return _share(_local(figures), bought, "还没有买方在长沙的认定合同")


def local_share_of_contracts(figures: Figures) -> Reached:
    sales = figures.part_of("卖方在长沙", Flow.LOCAL, Flow.OUT)
    local = _local(figures)
    if not sales.sum.count:
        return Reached(None, "还没有卖方在长沙的认定合同", parts=(local, sales))
    value = _points(local.sum.count, sales.sum.count)
    return Reached(value, parts=(local, sales))


def needs_published(figures: Figures) -> Reached:
    return Reached(figures.needs)


def calls_accepted(figures: Figures) -> Reached:
    return Reached(figures.calls)


def _points(part: Fraction | int, whole: Fraction | int) -> int:
    """A share in hundredths of a per cent, half up."""
    return int((Fraction(part) * 10_000 / whole + Fraction(1, 2)).__floor__())


@dataclass(frozen=True)
class Method:
    """A computation as the administrator chooses it; of which unit its result is.

    ``compute`` is None for a figure that is entered: that of the indicator's name.
    """

    name: str
    label: str
    unit: Unit
    compute: Callable[[Figures], Reached] | None


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("recognised_total", "当年认定的成交额合计", Unit.FEN, recognised_total),
        Method(
            "recognised_technology",
            "当年认定的技术交易额合计",
            Unit.FEN,
            recognised_technology,
        ),
        Method(
            "recognised_total_by_gdp",
            "当年认定的成交额 ÷ 地区生产总值",
            Unit.BASIS_POINTS,
            recognised_total_by_gdp,
        ),
        Method(
            "three_kinds_growth",
            "三技合同成交额比上年同期增长",
            Unit.BASIS_POINTS,
            three_kinds_growth,
        ),
        Method(
            "local_share_of_sales",
            "本地转化成交额 ÷ 卖方在长沙的成交额",
            Unit.BASIS_POINTS,
            local_share_of_sales,
        ),
        Method(
            "local_share_of_purchases",
            "本地转化成交额 ÷ 买方在长沙的成交额",
            Unit.BASIS_POINTS,
            local_share_of_purchases,
        ),
        Method(
            "local_share_of_contracts",
            "本地转化合同份数 ÷ 卖方在长沙的合同份数",
            Unit.BASIS_POINTS,
            local_share_of_contracts,
        ),
        Method(
            "needs_published", "当年首次发布的需求条数", Unit.COUNT, needs_published
        ),
        Method("calls_accepted", "当年验收合格的榜单数", Unit.COUNT, calls_accepted),
        Method("entered", "人工录入", Unit.COUNT, None),
    )
}


def reached(indicator: TargetIndicator, method: str, figures: Figures) -> Reached:
    """What the indicator came to by this method."""
    chosen = METHODS[method]
    if chosen.compute is not None:
        return chosen.compute(figures)
    entered = figures.facts.get(indicator)
    if entered is None:
        return Reached(None, f"{figures.year} 年的数还没有录入")
    return Reached(entered)
