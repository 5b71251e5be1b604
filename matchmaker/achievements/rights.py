"""Numbers of intellectual property: how each kind is written, and its check digit.

A Chinese application number (ZL/CN, since October 2003) is the year, a digit for
the kind, seven serial digits, a point and a check digit: the first twelve digits
times 2 to 9 and 2 to 5, added up, modulo 11 (10 is X). Before, it was two digits
of the year, the kind, five serial digits, a point and the check digit.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
INVENTION, MODEL, DESIGN = "发明专利", "实用新型", "外观设计"
SOFTWARE, SECRET = "软件著作权", "技术秘密"
VARIETY, LAYOUT = "植物新品种", "集成电路布图设计"
IP_TYPES = (INVENTION, MODEL, DESIGN, SOFTWARE, SECRET, VARIETY, LAYOUT)
PATENTS = frozenset({INVENTION, MODEL, DESIGN})
# Which kinds the digit after the year stands for; 8 and 9 came in under the PCT.
DIGITS = {INVENTION: "18", MODEL: "29", DESIGN: "3"}
LETTERS = {INVENTION: "ABC", MODEL: "UY", DESIGN: "SD"}
FOREIGN = re.compile(
    r"PCT/[A-Z]{2}[0-9]{4}/[0-9]{5,6}|(?!CN|ZL)[A-Z]{2}[0-9]{5,13}[A-Z]?[0-9]?"
)
PUBLISHED = re.compile(r"CN[0-9]{7,9}[A-Z][0-9]?")
APPLIED = re.compile(r"(ZL|CN)?([0-9]{12}|[0-9]{8})\.?([0-9X])")
OTHERS = {
    SOFTWARE: re.compile(r"[0-9]{4}SR[0-9]{6,7}"),
    LAYOUT: re.compile(r"BS\.?[0-9]{8,9}(?:\.[0-9X])?"),
    VARIETY: re.compile(r"(?:CNA)?[0-9]{8,11}(?:\.[0-9])?"),
}
EXAMPLES = {
    INVENTION: "ZL200310102344.5 或 CN101234567B",
    MODEL: "ZL201020123456.4 或 CN201234567U",
    DESIGN: "ZL201030123456.X 或 CN301234567S",
    SOFTWARE: "2024SR0123456",
    LAYOUT: "BS.245001234",
    VARIETY: "CNA20191000123",
}


class WrongNumber(ValueError):
    """The number is not written as its kind is; the message says what to do."""


def in_words(right: Mapping[str, Any]) -> str:
    """A right as it is told in one line: 发明专利（授权）2 件."""
    return f"{right['type']}（{right['status']}）{right['count']} 件"


def read(kind: str, text: str) -> str:
    """The number as it is kept; raises `WrongNumber`."""
    number = unicodedata.normalize("NFKC", text).upper()
    number = re.sub(r"[\s:]", "", number.removeprefix("专利号").removeprefix("登记号"))
    if kind == SECRET:
        raise WrongNumber("技术秘密没有号码，请留空")
    if kind in PATENTS:
        return _patent(kind, number)
    if not OTHERS[kind].fullmatch(number):
        raise _unreadable(kind)
    return number


def _unreadable(kind: str) -> WrongNumber:
    return WrongNumber(f"看不出是{kind}的号码，应形如 {EXAMPLES[kind]}")


def _patent(kind: str, number: str) -> str:
    if PUBLISHED.fullmatch(number):
        if number.rstrip("0123456789")[-1] not in LETTERS[kind]:
            raise WrongNumber(f"公告号的字母不是{kind}的，请核对类型和号码")
        return number
    if kind != DESIGN and FOREIGN.fullmatch(number):
        return number
    parts = APPLIED.fullmatch(number)
    if parts is None:
        raise _unreadable(kind)
    prefix, digits, check = parts.groups()
    if check_digit(digits) != check:
        raise WrongNumber("校验位不对，请对照证书核对号码")
    if digits[4 if len(digits) == 12 else 2] not in DIGITS[kind]:
        raise WrongNumber(f"号码不是{kind}的，请核对类型和号码")
    return f"{prefix or 'CN'}{digits}.{check}"


def check_digit(digits: str) -> str:
    """What stands after the point of an application number."""
    value = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=False)) % 11
    return "X" if value == 10 else str(value)
