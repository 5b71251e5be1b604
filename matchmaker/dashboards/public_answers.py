"""The public board as a program reads it: what the page tells, and no digit more."""

from __future__ import annotations

from datetime import date

from models.states import Unit

from ..api.answers import Output
from ..contracts.groupings import Grouping, Sum
from . import public
from .answers import ProjectionOut, TargetProgress, progress
from .projection import Basis
from .public import PublicBoard
from .year import Progress


class PublicIndicator(TargetProgress):
    """``withheld``: it would tell of too few contracts, so nothing is said of it."""

    withheld: bool


class PublicSum(Output):
    """So many contracts and their 成交额, as exact as it is published."""

    count: int
    total_fen: int


class PublicPart(Output):
    """``count`` and ``total_fen`` are null where they are not published."""

    key: str
    label: str
    count: int | None
    total_fen: int | None


class PublicTileOut(Output):
    grouping: Grouping
    title: str
    cells: list[PublicPart]


class PublicBoardOut(Output):
    """What everybody may know of a year.

    ``counted`` is null where it is of too few contracts to be told.
    """

    year: int
    as_of: date | None
    years: list[int]
    targets_of: int | None
    counted: PublicSum | None
    demo: int | None
    indicators: list[PublicIndicator]
    projection: ProjectionOut | None
    tiles: list[PublicTileOut]


def public_board(found: PublicBoard) -> PublicBoardOut:
    """The sums no more exact than the page has them; nothing of what it withholds."""
    counted = found.counted
    return PublicBoardOut(
        year=found.period.year,
        as_of=found.period.as_of,
        years=list(found.years),
        targets_of=found.targets_of,
        counted=None if counted is None else _published(counted),
        demo=None if counted is None else found.demo,
        indicators=[]
        if counted is None
        else [_published_indicator(found, one) for one in found.progress],
        projection=_published_projection(found),
        tiles=[
            PublicTileOut(
                grouping=tile.grouping,
                title=tile.title,
                cells=[
                    PublicPart(
                        key=cell.key,
                        label=cell.label,
                        count=cell.sum.count if cell.sum else None,
                        total_fen=public.told(cell.sum.total_fen) if cell.sum else None,
                    )
                    for cell in tile.cells
                ],
            )
            for tile in found.tiles
        ],
    )


def _published(total: Sum) -> PublicSum:
    return PublicSum(count=total.count, total_fen=public.told(total.total_fen))


def _published_indicator(found: PublicBoard, one: Progress) -> PublicIndicator:
    facts = progress(one)
    withheld = one.indicator in found.withheld
    if withheld:
        facts |= {"reached": None, "share": None, "is_met": False}
        facts |= {"missing": "", "note": ""}
    else:
        reached, share = one.reached.value, one.share
        if one.unit is Unit.FEN and reached is not None:
            facts["reached"] = public.told(reached)
        facts["share"] = None if share is None else round(share, 3)
    return PublicIndicator.model_validate(facts | {"withheld": withheld})


def _published_projection(found: PublicBoard) -> ProjectionOut | None:
    """In three digits; once the year is over its sum says it all."""
    whole = found.projection
    if found.counted is None or whole is None or whole.basis is Basis.OVER:
        return None
    low, high = whole.low, whole.high
    return ProjectionOut(
        point_fen=public.rounded(whole.point),
        low_fen=None if low is None else public.rounded(low),
        high_fen=None if high is None else public.rounded(high),
        basis=whole.basis,
        years=list(whole.years),
    )
