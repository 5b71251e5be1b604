"""The boards as workbooks: what the page shows, one table a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..contracts.groupings import Cell, Sum
from ..labels import label
from ..sheets.tables import in_wan
from ..sheets.writer import Column, Sheet
from ..targets.schema import UNIT_WORDS, scaled
from .charts import PaceChart
from .funnel import Funnel, StepCount
from .leagues import ExposureBoard, Manager, SellerLeague
from .year import Progress, YearBoard

AMOUNT = "万元"
_SUMS = (
    Column("合同份数", 12, "number"),
    Column(f"成交额（{AMOUNT}）", 18, "money"),
    Column(f"技术交易额（{AMOUNT}）", 20, "money"),
)


def _sums(total: Sum) -> list[object]:
    return [total.count, in_wan(total.total_fen), in_wan(total.technology_fen)]


def percent(share: float | None) -> str:
    """A share as people read it; nothing for none."""
    return "" if share is None else f"{share * 100:.1f}%"


def _with_total(cells: Iterable[Cell], whole: Sum) -> Iterable[list[object]]:
    for cell in cells:
        yield [cell.label, *_sums(cell.sum)]
    yield ["合计", *_sums(whole)]


def year_sheets(
    board: YearBoard, chart: PaceChart | None, notes: Sequence[str]
) -> list[Sheet]:
    """The targets, what stands apart, the line of the year, and every way to cut."""
    sheets = [
        Sheet("年度目标", _PROGRESS, _progress(board.progress), notes),
        Sheet("未计入", (Column("类别", 24), *_SUMS), _apart(board), notes),
    ]
    if chart is not None:
        sheets.append(Sheet("进度", _PACE, _pace(chart), notes))
    sheets += [
        Sheet(
            tile.title,
            (Column(tile.title, 28), *_SUMS),
            _with_total(tile.cells, board.counted),
            notes,
        )
        for tile in board.tiles
    ]
    return sheets if board.progress else sheets[1:]


_PROGRESS = (
    Column("指标", 24),
    Column("目标", 14, "number"),
    Column("实际", 14, "number"),
    Column("单位", 8),
    Column("完成比例（%）", 14, "number"),
    Column("口径", 60),
    Column("说明", 40),
)
_PACE = (
    Column("月份", 8, "number"),
    Column(f"当月（{AMOUNT}）", 18, "money"),
    Column(f"累计（{AMOUNT}）", 18, "money"),
    Column(f"目标进度（{AMOUNT}）", 18, "money"),
    Column(f"预计下限（{AMOUNT}）", 18, "money"),
    Column(f"预计（{AMOUNT}）", 18, "money"),
    Column(f"预计上限（{AMOUNT}）", 18, "money"),
)


def _progress(rows: Sequence[Progress]) -> Iterable[list[object]]:
    for row in rows:
        target = row.target.value if row.target else None
        yield [
            label(row.indicator),
            scaled(target, row.unit),
            scaled(row.reached.value, row.unit),
            UNIT_WORDS[row.unit] or "个",
            None if row.share is None else round(row.share * 100, 1),
            row.definition.words,
            row.reached.missing or row.reached.note,
        ]


def _apart(board: YearBoard) -> Iterable[list[object]]:
    apart = board.apart
    yield ["签订未登记", *_sums(apart.pending)]
    yield ["不予登记", *_sums(apart.refused)]
    yield ["认定后注销", *_sums(apart.cancelled)]
    yield ["实际到账", apart.received.count, in_wan(apart.received.total_fen), None]


def _pace(chart: PaceChart) -> Iterable[list[object]]:
    for row in chart.rows:
        sums = (row.sum, row.so_far, row.usual, row.low, row.point, row.high)
        yield [row.month, *map(in_wan, sums)]


_STEPS = (
    Column("步骤", 24),
    Column("数量", 10, "number"),
    Column("占上一步", 12),
    Column("占第一步", 12),
    Column("中位天数", 12, "number"),
    Column("有日期的对数", 14, "number"),
)


def funnel_sheets(found: Funnel, notes: Sequence[str]) -> list[Sheet]:
    def rows(steps: Sequence[StepCount]) -> Iterable[list[object]]:
        for step in steps:
            shares = (percent(step.of_before), percent(step.of_first))
            yield [step.label, step.count, *shares, step.days, step.timed]

    return [
        Sheet("匹配建议", _STEPS, rows(found.suggested), notes),
        Sheet("其他来源的对接", _STEPS, rows(found.direct), notes),
    ]


def league_sheets(
    league: SellerLeague, managers: Sequence[Manager], notes: Sequence[str]
) -> list[Sheet]:
    sellers: Iterable[list[object]] = (
        [
            one.name,
            *_sums(one.sum),
            in_wan(one.three_kinds.total_fen),
            in_wan(one.local.total_fen),
        ]
        for one in league.sellers
    )
    deals: Iterable[list[object]] = (
        [one.user.name, one.assigned, one.signed, one.failed, *_sums(one.sum)]
        for one in managers
    )
    counts = [Column(words, 12, "number") for words in ("负责对接", "已签约", "未成")]
    money = [
        Column(f"{words}（{AMOUNT}）", 18, "money") for words in ("三技", "本地转化")
    ]
    return [
        Sheet("卖方", (Column("卖方", 32), *_SUMS, *money), sellers, notes),
        Sheet("技术经理人", (Column("技术经理人", 16), *counts, *_SUMS), deals, notes),
    ]


def exposure_sheets(board: ExposureBoard, notes: Sequence[str]) -> list[Sheet]:
    names = ("公开成果", "被推荐过的成果", "匹配建议", "审核通过", "发起对接")
    columns = [Column("机构", 32), *(Column(name, 14, "number") for name in names)]
    columns += [Column("每项成果的建议", 16, "number"), Column("与平均相比", 14)]
    rows: Iterable[list[object]] = (
        [
            row.organisation.name,
            row.records,
            row.shown,
            row.suggested,
            row.approved,
            row.introduced,
            round(row.per_record, 3),
            "" if row.beside is None else f"{row.beside:.2f} 倍",
        ]
        for row in board.rows
    )
    return [Sheet("推荐分布", columns, rows, notes)]
