"""What the targets of a need ask, as one cell: a line for each target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...sheets import cells
from ...sheets.cells import CellError
from ...sheets.reader import Cell

PARTS = ("name", "comparator", "value", "upper", "unit")
MUST, WISH = "必须", "期望"
READ, CHECKED = "识别", "核对"
SEPARATOR = "｜"


def write_measures(measures: Sequence[Mapping[str, Any]] | None) -> str:
    """«末端摆幅｜le｜350｜｜mm｜必须｜核对» for each target."""
    return "\n".join(
        SEPARATOR.join(
            (
                *(str(one.get(part, "")).replace(SEPARATOR, "|") for part in PARTS),
                MUST if one.get("must", True) else WISH,
                READ if one.get("proposed") else CHECKED,
            )
        )
        for one in measures or []
    )


def read_measures(cell: Cell) -> list[dict[str, Any]]:
    """The measures of the targets, in their order; raises `CellError`."""
    found = []
    for number, line in enumerate(cells.prose(cell).split("\n"), 1):
        pieces = line.split(SEPARATOR)
        if len(pieces) != len(PARTS) + 2:
            raise CellError(
                f"第 {number} 行不是平台写出的样子，请清空这一格，由平台从指标中识别"
            )
        *values, need, origin = pieces
        found.append(
            dict(zip(PARTS, values, strict=True))
            | {"must": need != WISH, "proposed": origin == READ}
        )
    return found
