"""Amounts of money as people write them: read exactly, or refused in clear words.

One reader for forms, the API and sheets: «1,200万元», «壹佰贰拾万», «1.2亿»,
«1200000元». Nothing is rounded and nothing guessed: what names no unit takes that of
its field, and `Reading.assumed` says so, for the page to show how it was read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import IntEnum

import cn2an

from .labels import FEN_PER_WAN, FEN_PER_YI

FEN_PER_YUAN = 100
MOST_FEN = 1000 * FEN_PER_YI  # 1,000 亿元: more is a slip of the unit
# So many 万元 (10 亿元) without a unit were hardly meant: they look like 元.
DOUBTFUL_WAN = 100_000
LONGEST = 60


class Unit(IntEnum):
    """The unit a field or column asks for, in fen."""

    YUAN = FEN_PER_YUAN
    WAN = FEN_PER_WAN

    @property
    def words(self) -> str:
        return "元" if self is Unit.YUAN else "万元"


class MoneyError(ValueError):
    """A text that is no amount; ``code`` is stable, the message is for people."""

    def __init__(self, code: str) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


MESSAGES: dict[str, str] = {
    "blank": "请填写金额",
    "negative": "金额不能是负数，请核对",
    "exponent": "请写成普通数字，不要用科学计数法，例如 1000000000元 或 10亿",
    "currency": "只登记人民币金额，请折算成人民币后填写",
    "vague": "请填写一个确定的金额，不要写范围或大概数",
    "grouping": "逗号的位置不对，请核对，例如 1,200万元",
    "unit": "请在金额后写明单位，例如 1亿2000万元",
    "precision": "金额最小到分，请核对小数位",
    "size": "金额过大（超过 1000 亿元），请核对单位",
    "unreadable": "看不懂这个金额，请写成例如 120万元、1.2亿 或 1200000元",
}


@dataclass(frozen=True)
class Reading:
    """An amount in fen; ``assumed`` is the unit it was read in for want of one."""

    fen: int
    assumed: Unit | None = None

    @property
    def words(self) -> str:
        """How it was read, in full: «1,200,000 元»."""
        return in_yuan(self.fen)

    @property
    def doubt(self) -> str:
        """Both ways to read an amount whose unit was hardly the field's; or nothing."""
        if self.assumed is not Unit.WAN or self.fen < DOUBTFUL_WAN * FEN_PER_WAN:
            return ""
        number = f"{Decimal(self.fen) / FEN_PER_WAN:f}"
        as_yuan = self.fen // (FEN_PER_WAN // FEN_PER_YUAN)
        return (
            f"没有写单位：按万元是 {self.words}，按元是 {in_yuan(as_yuan)}。"
            f"请写明单位，例如 {number}元 或 {number}万元"
        )


def in_yuan(fen: int) -> str:
    """Every digit of the amount, in 元: what a reader checks against its paper."""
    text = f"{Decimal(fen) / FEN_PER_YUAN:,.2f}"
    return f"{text.removesuffix('.00')} 元"


def capital(fen: int) -> str:
    """The amount as contracts write it out: 人民币壹佰贰拾万元整."""
    return "人民币" + str(cn2an.an2cn(f"{Decimal(fen) / FEN_PER_YUAN:.2f}", "rmb"))


def parse(text: str, default_unit: Unit) -> Reading:
    """The amount a person wrote; raises `MoneyError` for what is none.

    Never below nothing, never above `MOST_FEN`, never a part of a 分.
    """
    plain = _bare(text)
    if not plain:
        raise MoneyError("blank")
    _refuse_at_sight(plain)
    if plain.startswith("¥"):
        plain = plain[1:]
        default_unit, marked = Unit.YUAN, True
    else:
        marked = False
    read = _arabic if re.search(r"\d", plain) else _chinese
    value, assumed = read(plain, default_unit)
    return Reading(_whole_fen(value), None if marked else assumed)


def from_number(number: int | float | Decimal, unit: Unit) -> int:
    """A number of a sheet's cell in ``unit`` as fen.

    A cell holds a binary fraction, so it is rounded to the nearest 分. Raises
    `MoneyError` for what is negative, endless or too large.
    """
    try:
        value = Decimal(str(number)) * int(unit)
        fen = value.quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise MoneyError("size") from error
    if not fen.is_finite() or fen > MOST_FEN:
        raise MoneyError("size")
    if fen < 0:
        raise MoneyError("negative")
    return int(fen)


_BEFORE = re.compile(r"^(?:人民币|RMB|CNY)(?=.)", re.IGNORECASE)
_AFTER = re.compile(r"(?:[(]?(?:人民币|RMB|CNY)[)]?)$|[整正]$", re.IGNORECASE)
_FOREIGN = re.compile(
    r"美元|美金|欧元|日元|英镑|港币|港元|卢布|韩元|[$€£]|USD|EUR|JPY|GBP|HKD", re.I
)
_VAGUE = re.compile(
    r"约|近|左右|上下|以上|以下|以内|余|多|几|数[十百千万]|不超过|不低于|[~～±]"
    r"|[\d万亿元][-–—至到]+\d"
)
_EXPONENT = re.compile(r"\d\s*[eE]\s*[-+]?\d|\d\s*[×x*]\s*10\s*\^?")


def _bare(text: str) -> str:
    """Half-width, without spaces, without the marks of our own currency."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"[^\d]*\d{1,3}(?: \d{3})+(?:\.\d+)?[^\d]*", plain):
        plain = re.sub(r"(?<=\d) (?=\d)", ",", plain)  # 1 200 000
    if re.search(r"\d\s+\d", plain):
        raise MoneyError("grouping")
    plain = _BEFORE.sub("", re.sub(r"\s+", "", plain))
    for _ in range(2):
        plain = _AFTER.sub("", plain)
    return plain


def _refuse_at_sight(plain: str) -> None:
    if any(char.isdigit() and not char.isascii() for char in plain):
        raise MoneyError("unreadable")
    if len(plain) > LONGEST:
        raise MoneyError("size" if plain.isdigit() else "unreadable")
    if re.match(r"¥?[-−负]", plain) or re.fullmatch(r"\([\d.,]+\)", plain):
        raise MoneyError("negative")
    for code, pattern in (
        ("exponent", _EXPONENT),
        ("currency", _FOREIGN),
        ("vague", _VAGUE),
    ):
        if pattern.search(plain):
            raise MoneyError(code)


# The larger unit first: a part of an amount has a smaller one than that before it.
_UNITS: dict[str, int] = {
    "亿": FEN_PER_YI,
    "千万": 1000 * FEN_PER_WAN,
    "百万": 100 * FEN_PER_WAN,
    "十万": 10 * FEN_PER_WAN,
    "万": FEN_PER_WAN,
    "千": 1000 * FEN_PER_YUAN,
    "百": 100 * FEN_PER_YUAN,
    "元": FEN_PER_YUAN,
    "圆": FEN_PER_YUAN,
    "块": FEN_PER_YUAN,
    "角": FEN_PER_YUAN // 10,
    "分": 1,
}
_PART = re.compile(
    r"(?P<digits>[\d,]*\d(?:\.\d+)?|\.\d+)(?P<unit>千万|百万|十万|[亿万千百元圆块角分])?元?"
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*(?:\.\d+)?")


def _arabic(plain: str, default: Unit) -> tuple[Decimal, Unit | None]:
    parts, end = [], 0
    for match in _PART.finditer(plain):
        if match.start() != end:
            break
        parts.append(match)
        end = match.end()
    if not parts or end != len(plain):
        raise MoneyError("grouping" if "," in plain else "unreadable")
    if len(parts) == 1 and parts[0]["unit"] is None:
        bare = not plain.endswith("元")
        unit = default if bare else Unit.YUAN
        return _number(parts[0]["digits"]) * int(unit), default if bare else None
    total, above = Decimal(0), None
    for match in parts:
        if match["unit"] is None:
            raise MoneyError("unit")
        size = _UNITS[match["unit"]]
        if above is not None and size >= above:
            raise MoneyError("unreadable")
        total, above = total + _number(match["digits"]) * size, size
    return total, None


def _number(digits: str) -> Decimal:
    if not _GROUPED.fullmatch(digits):
        raise MoneyError("grouping")
    return Decimal(digits.replace(",", ""))


_ALIKE = str.maketrans("两貳參陸〇圆块點", "二贰叁陆零元元点")
_FINANCIAL = str.maketrans(
    "壹贰叁肆伍陆柒捌玖拾佰仟萬億", "一二三四五六七八九十百千万亿"
)
_HAN_NUMERAL = "[零一二三四五六七八九十百千万亿]"
_WRITTEN = re.compile(
    rf"(?:(?P<whole>{_HAN_NUMERAL}+?)(?:点(?P<decimals>[零一二三四五六七八九]+)"
    r"(?P<scale>千万|百万|十万|[亿万])?)?"
    r"(?P<yuan>元)?)?零?(?:(?P<jiao>[零一二三四五六七八九])角)?"
    r"零?(?:(?P<fen>[零一二三四五六七八九])分)?"
)
_VALUES = {char: value for value, char in enumerate("零一二三四五六七八九")}


def _chinese(plain: str, default: Unit) -> tuple[Decimal, Unit | None]:
    """«壹佰贰拾万元», «一点二亿», «十万零五十元伍角»."""
    match = _WRITTEN.fullmatch(plain.translate(_ALIKE).translate(_FINANCIAL))
    change = match is not None and bool(match["jiao"] or match["fen"])
    # Between whole 元 and the change stands the 元.
    if match is None or (bool(match["whole"]) and change and not match["yuan"]):
        raise MoneyError("unreadable")
    number = Decimal(_han_whole(match["whole"]) if match["whole"] else 0)
    if match["decimals"]:
        digits = "".join(str(_VALUES[char]) for char in match["decimals"])
        number += Decimal(f"0.{digits}")
        number *= _UNITS[match["scale"] or "元"] // FEN_PER_YUAN
    # A numeral that counts in 万 or 亿 counts 元; a plain one counts what is asked.
    scaled = match["scale"] or re.search("[万亿]", match["whole"] or "")
    assumed = None if match["yuan"] or scaled or change else default
    value = number * int(assumed or Unit.YUAN)
    value += _VALUES[match["jiao"] or "零"] * _UNITS["角"]
    return value + _VALUES[match["fen"] or "零"], assumed


def _han_whole(numeral: str) -> int:
    try:
        return int(cn2an.cn2an(numeral, "strict"))
    except ValueError as error:
        raise MoneyError("unreadable") from error


def _whole_fen(value: Decimal) -> int:
    if value > MOST_FEN:
        raise MoneyError("size")
    if value != value.to_integral_value():
        raise MoneyError("precision")
    return int(value)
