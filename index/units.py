"""Units of measure as Chinese technical text spells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from index.unit_table import ATOMS, GOES_ON, LONGEST


@dataclass(frozen=True)
class Unit:
    """What a spelling stands for: a value in it times ``factor`` is in the base unit.

    ``dimension`` is a word for the common ones (length, pressure, ratio …) and a
    formula of base dimensions for the others; a unit not known is its own.
    """

    spelling: str
    dimension: str
    factor: float


_NAMES = {
    "": "ratio",
    "length": "length",
    "length^2": "area",
    "length^3": "volume",
    "length/time": "speed",
    "length/time^2": "acceleration",
    "length^3/time": "flow",
    "time": "time",
    "1/time": "frequency",
    "mass": "mass",
    "mass/length^3": "density",
    "length·mass/time^2": "force",
    "mass/length·time^2": "pressure",
    "length^2·mass/time^2": "energy",
    "length^2·mass/time^3": "power",
    "length^2·mass/current·time^3": "voltage",
    "length^2·mass/current^2·time^3": "resistance",
    "current": "current",
    "current·time": "charge",
    "money/mass": "money_per_mass",
    "length^2/time^2": "energy_per_mass",
    "rotation/time": "rotation_speed",
}


_SEPARATOR = re.compile(r"\s?([/·•⋅・*])\s?")
_POWER_MARK = re.compile(r"\^?(?:(-?\d)|\{(-?\d)\})(?:/(\d))?(?![\d.])")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPER_MARK = re.compile(r"[⁻]?[¹²³⁴⁵⁶]")
_COUNT = re.compile(
    r"(?:10\^?(\d)|10([²³⁴⁵⁶])|(\d{1,4}(?:\.\d+)?))?\s?([百千万亿]*)\s?"
)
_OF_WHAT = re.compile(r"(?:-|\s)?(?:I-)?(?:VS|TS|TEQ|COD|BOD)(?=/)")
# 活虾 in 1.5 t活虾/h says of what, and changes nothing else.
_GOODS = re.compile(r"[\u4e00-\u9fff]{1,3}(?=/)")
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]{1,4}(?![\u4e00-\u9fff\d≥≤><=])")
SCALES = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}


def scale(marks: str) -> float:
    """The number that 万, 亿, 百万 … multiply by."""
    product = 1.0
    for mark in marks:
        product *= SCALES[mark]
    return product


def read(text: str, at: int) -> Unit | None:
    """The longest unit spelled from ``at`` on, or nothing.

    After a slash everything divides, as in 次/台·月 and g/(m²·24 h). The text is
    taken as `quantities` normalises it: half-width, with μ written one way.
    """
    first = _factor(text, at)
    if first is None:
        return None
    end, powers, factor = first
    divides = False
    if "ratio" not in powers and (goods := _GOODS.match(text, end)):
        end = goods.end()
    while mark := _SEPARATOR.match(text, end):
        divides = divides or mark[1] == "/"
        bracket = text[mark.end() : mark.end() + 1] == "("
        if not bracket and _another(text, mark.end(), powers):
            break
        nxt = _group(text, mark.end() + 1) if bracket else _counted(text, mark.end())
        if nxt is None:
            if divides and "ratio" not in powers:
                # A share of something we cannot read is not the thing itself.
                powers = {**powers, "?": Fraction(-1)}
            break
        end = nxt[0]
        powers = _times(powers, nxt[1], -1 if divides else 1)
        factor = factor / nxt[2] if divides else factor * nxt[2]
    if factor <= 0:
        return None
    return Unit(text[at:end], _name(powers), factor)


_NEXT_AMOUNT = re.compile(r"[-+−]?\d+(?:\.\d+)?\s?")


def _another(text: str, at: int, powers: Mapping[str, Fraction]) -> bool:
    """Whether what follows the slash is a second amount, as in 84%/86%."""
    number = _NEXT_AMOUNT.match(text, at)
    if number is None or number[0].strip() in ("10", "100", "1000"):
        return False
    unit = _factor(text, number.end())
    return unit is not None and (unit[1] == powers or "ratio" in unit[1])


_Read = tuple[int, dict[str, Fraction], float]


def _factor(text: str, at: int) -> _Read | None:
    """One unit with its power: mm², s⁻¹, m^1/2."""
    for length in range(min(LONGEST, len(text) - at), 0, -1):
        word = text[at : at + length]
        atom = ATOMS.get(word)
        if atom is not None and not _cut_short(text, at + length, word):
            break
    else:
        return None
    end = at + len(word)
    if qualifier := _OF_WHAT.match(text, end):
        end = qualifier.end()
        atom = ({**atom[0], "of " + qualifier[0].strip(" -"): Fraction(1)}, atom[1])
    end, power = _power(text, end, word)
    powers = {name: exponent * power for name, exponent in atom[0].items()}
    return end, powers, atom[1] ** float(power)


def _cut_short(text: str, end: int, word: str) -> bool:
    """Whether a word goes on here, so that it is not this unit."""
    after, before = text[end : end + 1], text[end - 1]
    if after and after in GOES_ON.get(word, ""):
        return True
    if not (before.isascii() and before.isalpha()):
        return False
    if _OF_WHAT.match(text, end):
        return False
    return after.isalpha() and after.isascii()


def _power(text: str, end: int, word: str) -> tuple[int, Fraction]:
    if mark := _SUPER_MARK.match(text, end):
        return mark.end(), Fraction(int(mark[0].translate(_SUPERSCRIPTS)))
    plain = word.isascii() and word[-1] == "m" and text[end : end + 1] in ("2", "3")
    caret = text[end : end + 1] == "^"
    if (plain or caret) and (mark := _POWER_MARK.match(text, end)):
        # 10 cm3 is a volume; 5 m10 is a slip we do not read.
        return mark.end(), Fraction(int(mark[1] or mark[2]), int(mark[3] or 1) or 1)
    return end, Fraction(1)


def _counted(text: str, at: int) -> _Read | None:
    """A unit that may carry a number of its own: 万公里, 200 h, 50 g."""
    count = _COUNT.match(text, at)
    if count is None:
        return None
    power, raised, number, marks = count.groups()
    if power or raised:
        amount = 10.0 ** int((power or raised).translate(_SUPERSCRIPTS))
    else:
        amount = float(number or 1)
    read_on = _factor(text, count.end())
    if read_on is None and not number and (word := _HAN_RUN.match(text, count.end())):
        read_on = word.end(), {word[0]: Fraction(1)}, 1.0
    if read_on is None or amount == 0:
        return None
    return read_on[0], read_on[1], read_on[2] * amount * scale(marks)


def _group(text: str, at: int) -> _Read | None:
    """What stands in brackets after a slash: (m²·24 h)."""
    found = _counted(text, at)
    if found is None:
        return None
    end, powers, factor = found
    while (mark := _SEPARATOR.match(text, end)) and (nxt := _counted(text, mark.end())):
        sign = -1 if mark[1] == "/" else 1
        end, powers = nxt[0], _times(powers, nxt[1], sign)
        factor *= nxt[2] ** sign
    return (end + 1, powers, factor) if text[end : end + 1] == ")" else None


def _times(
    left: dict[str, Fraction], right: dict[str, Fraction], sign: int
) -> dict[str, Fraction]:
    product = dict(left)
    for name, power in right.items():
        product[name] = product.get(name, Fraction(0)) + sign * power
    return {name: power for name, power in product.items() if power}


def _name(powers: Mapping[str, Fraction]) -> str:
    """A dimension as text: its common name, or its formula."""
    over = "·".join(
        _term(name, powers[name]) for name in sorted(powers) if powers[name] > 0
    )
    under = "·".join(
        _term(name, -powers[name]) for name in sorted(powers) if powers[name] < 0
    )
    formula = over if not under else f"{over or '1'}/{under}"
    return _NAMES.get(formula, formula)


def _term(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}"
