"""Boards as a program reads them; sums in 分."""

from __future__ import annotations

from datetime import date

from models.states import TargetIndicator, Unit

from ..api.answers import Output
from ..contracts.groupings import Cell, Grouping, Sum
from . import charts
from .projection import Basis, Projection
from .year import Progress, YearBoard


class BoardSum(Output):
    """So many contracts, their 成交额 and 技术交易额."""

    count: int
    total_fen: int
    technology_fen: int


class BoardCell(BoardSum):
    """A part; ``cut`` narrows the board to it.

    Its contracts are those of /contracts under the board's own cuts, ``cut`` and
    «counted:» with the year.
    """

    key: str
    label: str
    cut: str


class BoardTile(Output):
    """The year cut one way; the parts add up to the whole."""

    grouping: Grouping
    title: str
    cells: list[BoardCell]


class BoardPart(Output):
    """A sum that went into a figure, with the cuts that list its contracts."""

    label: str
    count: int
    total_fen: int
    cuts: list[str]


class TargetProgress(Output):
    """A target and what was reached, in 分, hundredths of a per cent, or pieces.

    ``missing`` says what is wanting for it, ``note`` what must be known to read it
    right; ``definition`` is the formula in words, in force since ``defined_on``.
    """

    indicator: TargetIndicator
    unit: Unit
    target: int | None
    target_source: str | None
    reached: int | None
    share: float | None
    is_met: bool
    missing: str
    note: str
    definition_name: str
    definition: str
    defined_on: date


class BoardIndicator(TargetProgress):
    parts: list[BoardPart]


class ProjectionOut(Output):
    """Where the year will end; ``low`` to ``high`` is 80 per cent."""

    point_fen: int
    low_fen: int | None
    high_fen: int | None
    basis: Basis
    years: list[int]


class BoardMonth(Output):
    """A month: its sum, the year so far, as usual towards the target, and expected."""

    month: int
    until: date
    sum_fen: int | None
    so_far_fen: int | None
    usual_fen: int | None
    low_fen: int | None
    point_fen: int | None
    high_fen: int | None


class YearSum(Output):
    year: int
    total_fen: int


class YearBoardOut(Output):
    """A year of the ledger; what is of the whole city is empty when it is cut.

    ``as_of`` is the last day that counts, null before the year begins; ``targets_of``
    the year whose targets it is held against.
    """

    year: int
    as_of: date | None
    years: list[int]
    targets_of: int | None
    counted: BoardSum
    demo: int
    pending: BoardSum
    refused: BoardSum
    cancelled: BoardSum
    received: BoardSum
    indicators: list[BoardIndicator]
    projection: ProjectionOut | None
    months: list[BoardMonth]
    tiles: list[BoardTile]
    by_year: list[YearSum]


def sum_of(total: Sum) -> BoardSum:
    return BoardSum.model_validate(total)


def _cell(grouping: Grouping, cell: Cell) -> BoardCell:
    return BoardCell(
        key=cell.key,
        label=cell.label,
        cut=f"{grouping}:{cell.key}",
        count=cell.sum.count,
        total_fen=cell.sum.total_fen,
        technology_fen=cell.sum.technology_fen,
    )


def progress(one: Progress) -> dict[str, object]:
    """The fields of `TargetProgress`."""
    return {
        "indicator": one.indicator,
        "unit": one.unit,
        "target": one.target.value if one.target else None,
        "target_source": one.target.source if one.target else None,
        "reached": one.reached.value,
        "share": one.share,
        "is_met": one.is_met,
        "missing": one.reached.missing,
        "note": one.reached.note,
        "definition_name": one.definition.name,
        "definition": one.definition.words,
        "defined_on": one.definition.from_on,
    }


def _indicator(one: Progress) -> BoardIndicator:
    parts = [
        BoardPart(
            label=part.label,
            count=part.sum.count,
            total_fen=part.sum.total_fen,
            cuts=[str(cut) for cut in part.cuts],
        )
        for part in one.reached.parts
    ]
    return BoardIndicator.model_validate(progress(one) | {"parts": parts})


def projection(found: Projection | None) -> ProjectionOut | None:
    if found is None:
        return None
    return ProjectionOut(
        point_fen=found.point,
        low_fen=found.low,
        high_fen=found.high,
        basis=found.basis,
        years=list(found.years),
    )


def year_board(found: YearBoard) -> YearBoardOut:
    chart = charts.of_board(found)
    months = [
        BoardMonth(
            month=row.month,
            until=row.until,
            sum_fen=row.sum,
            so_far_fen=row.so_far,
            usual_fen=row.usual,
            low_fen=row.low,
            point_fen=row.point,
            high_fen=row.high,
        )
        for row in (chart.rows if chart else ())
    ]
    return YearBoardOut(
        year=found.period.year,
        as_of=found.period.as_of,
        years=list(found.years),
        targets_of=found.targets_of,
        counted=sum_of(found.counted),
        demo=found.demo,
        pending=sum_of(found.apart.pending),
        refused=sum_of(found.apart.refused),
        cancelled=sum_of(found.apart.cancelled),
        received=sum_of(found.apart.received),
        indicators=[_indicator(one) for one in found.progress],
        projection=projection(found.pace.projection if found.pace else None),
        months=months,
        tiles=[
            BoardTile(
                grouping=tile.grouping,
                title=tile.title,
                cells=[_cell(tile.grouping, cell) for cell in tile.cells],
            )
            for tile in found.tiles
        ],
        by_year=[YearSum(year=year, total_fen=fen) for year, fen in found.by_year],
    )
