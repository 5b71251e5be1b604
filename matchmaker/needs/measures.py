"""A measure in words: what is asked of one indicator."""

from collections.abc import Mapping
from typing import Any

from index.requirements import NO_FIGURE, SIGNS

# As they are written between name and value; «none» for what has no figure.
COMPARATORS: dict[str, str] = {**SIGNS, "range": "介于", NO_FIGURE: "无数字"}


def words(measure: Mapping[str, Any] | None) -> str:
    """A measure in one line: 末端竖向摆幅 ≤ 350 mm."""
    if not measure or not measure.get("comparator"):
        return ""
    if measure["comparator"] == "none":
        return "没有数字，凭描述验收"
    sign = COMPARATORS.get(measure["comparator"], "")
    value = f"{measure['value']} {measure['unit']}".strip()
    if measure["comparator"] == "range":
        value = f"{measure['value']}~{measure['upper']} {measure['unit']}".strip()
    return f"{measure['name']} {sign} {value}".strip()
