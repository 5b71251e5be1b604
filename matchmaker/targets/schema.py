"""What the administrator enters about a year: targets, facts, definitions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from models.states import TargetIndicator, Unit
from models.targets import UNITS

from ..contracts.cuts import FIRST_YEAR, LAST_YEAR
from ..dashboards.facts import FACTS
from ..dashboards.methods import METHODS
from ..labels import FEN_PER_YI, label
from ..schema import Day, Input, Text

# In the unit a person types: 亿元, per cent, pieces.
SCALES = {Unit.FEN: FEN_PER_YI, Unit.BASIS_POINTS: 100, Unit.COUNT: 1}
UNIT_WORDS = {Unit.FEN: "亿元", Unit.BASIS_POINTS: "%", Unit.COUNT: ""}
MOST = {Unit.FEN: 1_000_000, Unit.BASIS_POINTS: 10_000, Unit.COUNT: 1_000_000}
PLACES = {Unit.FEN: 10, Unit.BASIS_POINTS: 2, Unit.COUNT: 0}
LONGEST_SOURCE = 200


def scaled(value: int | None, unit: Unit) -> Decimal | None:
    """A stored figure in the unit that people write it in."""
    return None if value is None else Decimal(value) / SCALES[unit]


def typed(value: int | None, unit: Unit) -> str:
    """A stored figure as a person types it: 1400, 8.6, 300."""
    figure = scaled(value, unit)
    if figure is None:
        return ""
    text = f"{figure:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(text: str, unit: Unit) -> int | None:
    """What a person typed, as it is stored; None for nothing.

    Raises `PydanticCustomError` for what is no such figure.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    plain = plain.removesuffix(UNIT_WORDS[unit]).replace(",", "")
    if not plain:
        return None
    if not re.fullmatch(r"\d{1,12}(\.\d{1,12})?", plain):
        words = {
            Unit.FEN: "请填写数字，单位亿元，例如 1400",
            Unit.BASIS_POINTS: "请填写百分数，例如 8.6",
            Unit.COUNT: "请填写整数，例如 300",
        }[unit]
        raise PydanticCustomError("figure", "{words}", {"words": words})
    number = Decimal(plain)
    if number > MOST[unit]:
        raise PydanticCustomError("figure_size", "数字过大，请核对单位")
    scaled = number * SCALES[unit]
    if scaled != scaled.to_integral_value():
        words = f"最多 {PLACES[unit]} 位小数" if PLACES[unit] else "请填写整数"
        raise PydanticCustomError("figure_places", "{words}", {"words": words})
    return int(scaled)


class YearChoice(Input):
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class YearForm(YearChoice):
    """All figures of a year as one form sends them; `YearInput` has their fields."""

    seen: Annotated[Text, Field(max_length=64)] = ""

    def targets(self) -> dict[TargetIndicator, Entered]:
        return {each: self._entered(f"target_{each}") for each in UNITS}

    def facts(self) -> dict[str, Entered]:
        return {name: self._entered(f"fact_{name}") for name in FACTS}

    def _entered(self, name: str) -> Entered:
        return Entered(getattr(self, name), getattr(self, f"{name}_source"))


@dataclass(frozen=True)
class Entered:
    """A figure in its stored unit, None where nothing was typed; where it is from."""

    value: int | None
    source: str


def figures() -> dict[str, tuple[str, Unit]]:
    """The figures of the form: its field -> (words, unit)."""
    found = {f"target_{each}": (label(each), unit) for each, unit in UNITS.items()}
    found |= {f"fact_{kind.name}": (kind.label, kind.unit) for kind in FACTS.values()}
    return found


def _figure(unit: Unit) -> Any:
    def as_stored(value: Any) -> Any:
        return read(value, unit) if isinstance(value, str) else value

    most = MOST[unit] * SCALES[unit]
    stored = Annotated[int, Field(ge=0, le=most)]
    return Annotated[stored | None, BeforeValidator(as_stored)]


_SOURCE = Annotated[Text, Field(max_length=LONGEST_SOURCE)]
_FIELDS: dict[str, Any] = {}
for _name, (_, _unit) in figures().items():
    _FIELDS[_name] = (_figure(_unit), None)
    _FIELDS[f"{_name}_source"] = (_SOURCE, "")
YearInput: type[YearForm] = create_model("YearInput", __base__=YearForm, **_FIELDS)


LABELS: dict[str, str] = {
    "year": "年度",
    **{name: words for name, (words, _) in figures().items()},
    **{f"{name}_source": f"{words}的来源" for name, (words, _) in figures().items()},
    "indicator": "指标",
    "name": "口径名称",
    "method": "计算方法",
    "words": "文字说明",
    "from_on": "自何日起",
}


def _known_method(name: str) -> str:
    if name not in METHODS:
        raise PydanticCustomError("method", "请从所列计算方法中选择")
    return name


class DefinitionInput(Input):
    """A formula of an indicator, from a day on."""

    indicator: TargetIndicator
    name: Annotated[Text, Field(min_length=2, max_length=120)]
    method: Annotated[Text, AfterValidator(_known_method)]
    words: Annotated[Text, Field(min_length=5, max_length=500)]
    from_on: Day

    @field_validator("method")
    @classmethod
    def _of_the_unit(cls, name: str, info: ValidationInfo) -> str:
        indicator = info.data.get("indicator")
        if indicator is not None and METHODS[name].unit is not UNITS[indicator]:
            raise PydanticCustomError(
                "method_unit", "这个方法算出来的不是该指标的单位，请另选一个"
            )
        return name

    @field_validator("from_on")
    @classmethod
    def _in_reach(cls, day: date) -> date:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise PydanticCustomError("year", "请核对年份")
        return day
