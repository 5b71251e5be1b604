"""Exact figures as bands in words (`index.bands`): no digit of the original is left."""

import re
from collections.abc import Iterator
from itertools import pairwise

from index.amounts import Amount, amounts
from index.bands import band
from index.numerals import Number, numbers

from .spans import FIGURE, PRODUCT, Span
from .words import TERMS

_TERM = re.compile(
    r"(?<![A-Za-z\d.])(?:"
    + "|".join(sorted(map(re.escape, TERMS), key=len, reverse=True))
    + r")(?![A-Za-z\d]|\.\d)"
)
_STANDARD = re.compile(
    r"(?<![A-Za-z])(?P<body>GB|GJB|ISO|IEC|ASTM|DIN|JIS|YY|HJ|JB|QC|SAE|CISPR|IEEE|UL|DL|NB|TB|EN|CJ|SH|"
    r"HG|YS|DB|JJF|JGJ)(?:/[A-Z]{1,2})?\s?\d[\d.]*(?:[-–—:]\d+)*"
)
_BODIES = {"ISO": "国际", "IEC": "国际", "GB": "国家", "GJB": "国家军用"}
# A name of letters and figures: a model, a type, a grade.
_MODEL = re.compile(
    r"(?<![A-Za-z\d.])(?=[A-Za-z\d.]*[-_/]?[A-Za-z\d]*\d)(?=[\d-]*[A-Za-z])"
    r"(?:\d+\.)?[A-Za-z\d]+(?:[-_/][A-Za-z\d]+)*(?:\.\d+)*(?:型|系列|款)?"
)
_YEAR = re.compile(
    r"(?<!\d)(?:19|20)\d\d\s?年(?:度)?(?:\s?\d{1,2}\s?月(?:份)?(?:\s?\d{1,2}\s?[日号])?)?"
    r"|(?<!\d)(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])(?:[-/.]\d{1,2})?(?!\d)"
    r"|(?<!\d)\d{1,2}\s?月(?:份)?(?:\s?\d{1,2}\s?[日号])|(?<!\d)(?:19|20)\d\d(?=以?[来后前])"
)
_LEFT = re.compile(r"\d[\d,.]*\d|\d")
# Shares the reader of quantities leaves alone because a word follows: 七成施工.
_TENTHS = re.compile(
    r"(?<![第一二三四五六七八九十])[一二两三四五六七八九]成[一二三四五六七八九半]?"
    r"(?![分本品型为功熟果立就员长形像份交色绩套膜核胶了不都])"
)
_PART = re.compile(
    r"[一二两三四五六七八九十百]{1,3}分之[一二两三四五六七八九十]{1,3}(?![几多])"
)
# Our own bands, and other words that are vague already.
_VAGUE = re.compile(
    r"数[十百千万亿]+|[几好上成][十百千万亿]+|十几|一[百千]多[万亿]?|[几数][万亿]|"
    r"五成到八成|两成到五成|八成以上|一两成|[百千万]分之几|不到千分之一|一倍以上|数倍"
)
_TEN = re.compile(r"[分足字全]")
_SHARES = (
    (80.0, "八成以上"),
    (50.0, "五成到八成"),
    (20.0, "两成到五成"),
    (10.0, "一两成"),
    (1.0, "百分之几"),
    (0.1, "千分之几"),
    (0.0, "不到千分之一"),
)
_LEAST, _MOST = ("ge", "gt"), ("le", "lt")


def figures(text: str) -> Iterator[Span]:
    """Every exact figure of a plain text with its band, and every model number."""
    kept = [mark.span() for mark in _TERM.finditer(text)]
    kept += [mark.span() for mark in _VAGUE.finditer(text)]
    taken = list(kept)
    for span in _in_order(text, kept):
        if all(span.end <= a or b <= span.start for a, b in taken):
            taken.append((span.start, span.end))
            yield span


def _in_order(text: str, kept: list[tuple[int, int]]) -> Iterator[Span]:
    for mark in _STANDARD.finditer(text):
        body = _BODIES.get(mark["body"], "行业")
        yield Span(mark.start(), mark.end(), FIGURE, f"有关{body}标准")
    for mark in _YEAR.finditer(text):
        yield Span(
            mark.start(), mark.end(), FIGURE, "某年" if "年" in mark[0] else "某时"
        )
    found = list(numbers(text))
    for amount in amounts(text):
        yield from _amount(text, amount, found)
    for mark in _MODEL.finditer(text):
        if mark.span() not in kept:
            named = "某规格" if mark[0][0].isdigit() else "某型号"
            yield Span(mark.start(), mark.end(), PRODUCT, named)
    for number in found:
        if not number.words or _tells(text, number):
            yield _banded(text, number)
    for mark in _TENTHS.finditer(text):
        tenths = "一二三四五六七八九".find(mark[0][0].replace("两", "二")) + 1
        yield Span(mark.start(), mark.end(), FIGURE, share(tenths * 10))
    for mark in _PART.finditer(text):
        yield Span(mark.start(), mark.end(), FIGURE, "一部分")
    for mark in _LEFT.finditer(text):
        yield Span(mark.start(), mark.end(), FIGURE, "若干")


def _tells(text: str, number: Number) -> bool:
    """Whether a number in characters is an amount worth hiding: 三百五, not 十分."""
    return number.value >= 10 and (
        text[number.start : number.end] != "十" or not _TEN.match(text, number.end)
    )


def _banded(text: str, number: Number) -> Span:
    end = number.end
    if number.words and text[end : end + 1] in ("多", "来", "余"):
        end += 1  # 三千多 has its own vagueness; 数千 has it too
    words = share(number.value * 100) if number.share else band(number.value).words
    return Span(number.start, end, FIGURE, words)


def _amount(text: str, amount: Amount, found: list[Number]) -> Iterator[Span]:
    inside = [one for one in found if amount.start <= one.start < amount.end]
    if not inside:
        return
    if amount.dimension == "ratio":
        yield Span(amount.start, amount.end, FIGURE, _share_of(text, amount, inside))
        return
    for one in inside:
        # 一年, 半天: everybody's figures, and half of them are idioms.
        if not one.words or one.value >= 2:
            yield _banded(text, one)


def _share_of(text: str, amount: Amount, inside: list[Number]) -> str:
    """A share with its comparator: 控制在百分之几, 达到八成以上."""
    percent = [
        abs(value) * 100 for value in (amount.low, amount.high) if value is not None
    ]
    if amount.comparator == "plus_minus":
        half = (percent[-1] - percent[0]) / 2 if percent[0] != percent[-1] else 0.0
        return "±" + share(half or percent[-1])
    words = list(dict.fromkeys(share(value) for value in percent))
    joined = "到".join(words) if len(words) < 3 else words[0]
    if amount.comparator in _LEAST:
        return f"达到{joined}"
    if amount.comparator in _MOST:
        return f"控制在{joined}"
    sign = "-" if (amount.high or 0) < 0 else ""
    return sign + joined


def share(percent: float) -> str:
    """A percentage as a band."""
    if percent >= 200:
        return "数倍"
    if percent > 100:
        return "一倍以上"
    return next(words for least, words in _SHARES if percent >= least)


def exact(text: str) -> list[str]:
    """The exact figures a text still gives, as written; for checking a public text."""
    spans = sorted(figures(text), key=lambda span: span.start)
    joined: list[list[int]] = []
    for span in spans:
        if span.kind == FIGURE:
            joined.append([span.start, span.end])
    for left, right in pairwise(list(joined)):
        if left[1] == right[0]:
            right[0] = left[0]
            joined.remove(left)
    return [text[a:b] for a, b in joined]
