"""Numbers as Chinese technical text writes them: 1,000, 3×10⁻⁶, 1.2万, 九成五."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from index import units


@dataclass(frozen=True)
class Number:
    """A number and where it stands; ``unit_at`` is where a unit may begin.

    ``share`` is the unit of fractions that carry it in themselves (三成, 百分之五).
    ``words`` is set for a number in Chinese characters, which needs more care:
    一次 is «first-time» far more often than «once».
    """

    start: int
    end: int
    value: float
    unit_at: int
    share: str = ""
    words: bool = False


_LOOKALIKES = {
    "−": "-",
    "﹣": "-",
    "﹢": "+",
    "µ": "μ",
    "㎛": "μ",
    "～": "~",
    "〜": "~",
}
_LOOKALIKES |= {"≧": "≥", "≦": "≤", "⩾": "≥", "⩽": "≤", "⁓": "~", "∼": "~", "Ω": "Ω"}
_SCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉")


def plain(text: str) -> str:
    """The text half-width and with one form of each sign, of the same length."""
    return "".join(map(_plain, text))


def _plain(char: str) -> str:
    if char.isascii() or "\u4e00" <= char <= "\u9fff" or char in _SCRIPTS:
        return "\t" if char in "\r\v\f" else char
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    half = unicodedata.normalize("NFKC", char)
    # Signs that come out as two (℃, ㎡) have entries of their own in the units.
    return half if len(half) == 1 else char


_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?"
_EXPONENT = r"(?:\^\{?[-+]?\d{1,3}\}?|[-+]\d{1,2}(?![\d.%])|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
_ARABIC = re.compile(
    rf"(?P<power>10(?:\^\{{?[-+]?\d{{1,3}}\}}?|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
    rf"|(?P<digits>{_DIGITS})"
    rf"(?:\s?[×xX*·]\s?10(?P<times>{_EXPONENT})"
    rf"|[eE](?P<e>[-+]?\d{{1,3}})(?![A-Za-z\d]))?"
)
# A number glued to a Latin word is part of a name, unless the word is a measure.
_NAME_BEFORE = re.compile(
    r"(?:[A-Za-zα-εγ-λν-υχ-ωΑ-ΩΔ₀-₉_@#.\d]|[A-Za-z][-–_.][A-Za-z]?|第\s?|[\d.]/)$"
)
_MEASURE_BEFORE = re.compile(
    r"(?<![A-Za-z])(?:Ra|Rz|HRC|HRA|HRB|HV|HB|pH|PH|C[pP][kK]|COP|EER|AUC|PUE|CV|RSD|"
    r"TTV|COD|BOD|TOC|VOC|MOS|SNR|PSNR|SSIM|IoU|mAP|OEE|MTBF|MTTR|Span)$"
)
_SCALE = re.compile(r"\s?([百千万亿]{1,2})(?![分工能金家向一])")

_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_HAN_DIGITS |= {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN = "零〇一二两三四五六七八九十百千万亿"
_HAN_SHARE = re.compile(
    r"(?P<part>百|千|万)分之(?P<of>[" + _HAN + r"点]+|\d+(?:\.\d+)?)"
    r"|(?<![\d.第])(?P<tenths>[一二两三四五六七八九]|\d(?:\.\d)?)成"
    r"(?P<half>[一二三四五六七八九半])?(?![\u4e00-\u9fff]|[\dA-Za-z])"
    r"|(?<![\d.第])(?P<tenths2>[一二两三四五六七八九])成"
    r"(?P<half2>[一二三四五六七八九半])?(?=以上|以下|左右|以内|多|的|[提降升增减到至])"
)
_HAN_NUMBER = re.compile(
    r"(?<![第" + _HAN + r"\d.])"
    r"(?P<whole>[一二两三四五六七八九十][" + _HAN + r"]*(?:点[零一二三四五六七八九]+)?)"
    r"(?P<half>个半|年半)?|(?<![一多大各前后上下])(?P<only_half>半)(?=[个小年天月])"
)


def numbers(text: str) -> Iterator[Number]:
    """Every number of a plain text, from left to right, without overlap."""
    found = [*_shares(text), *_arabic(text), *_han(text)]
    found.sort(key=lambda number: (number.start, -number.end))
    last = 0
    for number in found:
        if number.start >= last and math.isfinite(number.value):
            yield number
            last = number.end


def _arabic(text: str) -> Iterator[Number]:
    for match in _ARABIC.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()]
        if _NAME_BEFORE.search(before) and not _MEASURE_BEFORE.search(before):
            continue
        value = _value(match)
        if value is None:
            continue
        end = match.end()
        if mark := _SCALE.match(text, end):
            value *= units.scale(mark[1])
            end = mark.end()
        yield Number(match.start(), end, value, end)


def _value(match: re.Match[str]) -> float | None:
    if match["power"]:
        return _power_of_ten(match["power"][2:])
    value = float(match["digits"].replace(",", ""))
    raised = match["times"] or match["e"]
    if raised is None:
        return value
    power = _power_of_ten(raised)
    return None if power is None else value * power


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def _power_of_ten(exponent: str) -> float | None:
    count = int(exponent.strip("^{}").translate(_SUPERSCRIPTS)[:6])
    return float(f"1e{count}") if abs(count) <= 300 else None


def _shares(text: str) -> Iterator[Number]:
    """三成, 九成五, 百分之五: fractions of one."""
    for match in _HAN_SHARE.finditer(text):
        if match["part"]:
            of = _mixed(match["of"])
            if of is None:
                continue
            value, unit = of / units.SCALES[match["part"]], match["part"] + "分之"
        else:
            tenths = _mixed(match["tenths"] or match["tenths2"])
            half = match["half"] or match["half2"]
            part = 5 if half == "半" else _HAN_DIGITS.get(half or "零", 0)
            value, unit = (tenths or 0) / 10 + part / 100, "成"
        yield Number(match.start(), match.end(), value, match.end(), share=unit)


def _han(text: str) -> Iterator[Number]:
    for match in _HAN_NUMBER.finditer(text):
        if match["only_half"]:
            value: float | None = 0.5
            unit_at = match.end()
        else:
            value = _mixed(match["whole"])
            unit_at = match.end("whole")
            if match["half"] and value is not None:
                value += 0.5
                unit_at = match.end() if match["half"] == "个半" else match.end() - 2
        if value is not None:
            yield Number(match.start(), match.end(), value, unit_at, words=True)


def _mixed(word: str) -> float | None:
    """A number in digits or in Chinese characters; nothing when it is neither."""
    if word.isascii():
        return float(word)
    whole, _, decimals = word.partition("点")
    value = _whole(whole)
    if value is None or not decimals:
        return value
    if any(char not in _HAN_DIGITS for char in decimals):
        return None
    return float(f"{value:.0f}." + "".join(str(_HAN_DIGITS[c]) for c in decimals))


def _whole(word: str) -> float | None:
    total, section, digit = 0.0, 0.0, None
    for char in word:
        if char in _HAN_DIGITS:
            if digit is not None and char not in "零〇":
                return None  # a year or a telephone number read out, not an amount
            digit = float(_HAN_DIGITS[char])
        elif char in _HAN_SCALES:
            section += (1.0 if digit is None else digit) * _HAN_SCALES[char]
            digit = None
        elif char in "万亿":
            amount = section + (digit or 0.0)
            total = (total + amount) * (1e4 if char == "万" else 1e8)
            section, digit = 0.0, None
    return total + section + (digit or 0.0)
