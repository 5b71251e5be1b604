"""One answer of a form as the form on the page would have it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ... import labels, money
from ...schema import clean
from ...sheets.cells import NOTHING, CellError, district_in, last_day, level, lines
from ...sheets.cells import plain as bare
from ...sheets.layout import UNITS
from .layout import LONG, Choice, choices
from .paper import OPEN_BOX, TICKED

LONGEST_QUOTED = 30


def value_of(code: str, unit: str, text: str) -> Any:
    """What the field holds: text, a list, or «» for nothing.

    Raises `CellError` with what is wrong and what to do.
    """
    if code == "targets":
        return lines(text)
    if code in LONG:
        return clean(text)
    choice = choices().get(code)
    if choice is not None:
        found = [] if text.strip() in NOTHING else chosen(code, choice, text)
        return found if choice.several else "".join(found)
    words = " ".join(text.split())
    if code == "budget":
        return _budget(words, unit)
    if code == "deadline":
        return _deadline(words)
    return clean(words)


# -- Figures -----------------------------------------------------------------------


def _budget(words: str, unit: str) -> str:
    if words in NOTHING:
        return ""
    try:
        reading = money.parse(words, UNITS[unit or "wan"])
    except money.MoneyError as error:
        raise CellError(str(error)) from error
    if reading.doubt:
        raise CellError(reading.doubt)
    return labels.wan(reading.fen)


def _deadline(words: str) -> str:
    return "" if words in NOTHING else last_day(words).isoformat()


# -- Choices -----------------------------------------------------------------------

_TICKS = "☑☒√✓✔■●▣✅🗹"
_OPEN = "□☐○◯▢"
_FRAMED = re.compile(r"[\[(（【]\s*([√✓✔☑xXvV]?)\s*[\])）】]")
_MARKS = re.compile(f"[{TICKED}{OPEN_BOX}]+")
# «√ □ 公开», and «□ 公开√» where the box was left and the tick put behind the words.
_TICK_BOX = re.compile(rf"^(\s*){TICKED}[ \u3000]+{OPEN_BOX}", re.MULTILINE)
_TICK_BEHIND = re.compile(
    rf"{OPEN_BOX}([^{TICKED}{OPEN_BOX}\n]*[^\s：:{TICKED}{OPEN_BOX}])"
    rf"(?:{TICKED}(?=[\s{OPEN_BOX}]|$)|[ \u3000]+{TICKED}(?=[ \u3000]*(?:\n|$)))"
)
_SAME = str.maketrans(dict.fromkeys(_TICKS, TICKED) | dict.fromkeys(_OPEN, OPEN_BOX))


def chosen(code: str, choice: Choice, text: str) -> list[str]:
    """The codes of what was ticked, or of what was written where there are no boxes."""
    marked = _FRAMED.sub(lambda m: TICKED if m[1] else OPEN_BOX, text)
    marked = _TICK_BOX.sub(rf"\1{TICKED}", marked.translate(_SAME))
    if marked.lstrip()[:1] in (TICKED, OPEN_BOX):
        marked = _TICK_BEHIND.sub(rf"{TICKED}\1", marked)
    if TICKED in marked or OPEN_BOX in marked:
        said = list(_ticked(marked))
        if not said and any(
            line.strip() and OPEN_BOX not in line for line in marked.split("\n")
        ):
            raise CellError("方框都没有打勾，请在下面选择")
    else:
        return _written(code, choice, text)
    found: list[str] = []
    for words, at_end in said:
        one = _code(code, choice, words, at_end)
        if one not in found:
            found.append(one)
    if len(found) > 1 and not choice.several:
        raise CellError(f"勾了 {len(found)} 项，只能选一项，请在下面选择")
    return found


def _written(code: str, choice: Choice, text: str) -> list[str]:
    """The choices named in words, none where more is said than their names."""
    if code in _READERS:
        return [_code(code, choice, text, at_end=False)]
    rest, found = bare(text), []
    for name in sorted(choice.words, key=len, reverse=True):
        if bare(name) in rest:
            rest = rest.replace(bare(name), " ")
            found.append(choice.words[name])
    unclear = _MORE.search(rest) if choice.several else _NEGATED.search(rest)
    if unclear or (len(found) != 1 and not (choice.several and found)):
        raise _not_offered(text)
    return found


_MORE = re.compile(r"[^\s或者均都可以行皆]")
_NEGATED = re.compile("[不非除无未]")


def _ticked(marked: str) -> Iterator[tuple[str, bool]]:
    """The words of each ticked box, and whether it stands after them."""
    marks = list(_MARKS.finditer(marked))
    after = _stands_after(marked, marks[0])
    for place, mark in enumerate(marks):
        if TICKED not in mark[0]:
            continue
        if after:
            begin = marks[place - 1].end() if place else 0
            yield marked[begin : mark.start()], True
        else:
            last = place + 1 == len(marks)
            yield marked[mark.end() : None if last else marks[place + 1].start()], False


def _stands_after(marked: str, first: re.Match[str]) -> bool:
    text = marked.strip()
    if text[0] in TICKED + OPEN_BOX:
        return False
    if text[-1] in TICKED + OPEN_BOX:
        return True
    touches = (
        not marked[first.start() - 1].isspace()
        and marked[first.start() - 1] not in "：:"
    )
    return touches and marked[first.end() : first.end() + 1].isspace()


def _code(code: str, choice: Choice, words: str, at_end: bool) -> str:
    if not words.strip():
        raise CellError("看不出打勾的是哪一项，请在下面选择")
    reader = _READERS.get(code)
    found = reader(choice, words) if reader else _by_words(choice, words, at_end)
    if found is None:
        raise _not_offered(words)
    return found


def _not_offered(words: str) -> CellError:
    quoted = " ".join(words.split())[:LONGEST_QUOTED]
    return CellError(f"「{quoted}」不在可选范围内，请在下面选择")


def _by_words(choice: Choice, words: str, at_end: bool) -> str | None:
    """The whole words of a choice, or what follows them in the same place."""
    said = bare(words)
    for name in sorted(choice.words, key=len, reverse=True):
        if said.endswith(bare(name)) if at_end else said.startswith(bare(name)):
            return choice.words[name]
    return None


def _exactly(choice: Choice, words: str) -> str | None:
    """Only the very words: «公开名称，不公开全文» is not «公开»."""
    return {bare(name): each for name, each in choice.words.items()}.get(bare(words))


def _district(choice: Choice, words: str) -> str | None:
    return district_in(words, choice.words)


def _level(choice: Choice, words: str) -> str | None:
    try:
        return str(level(words))
    except CellError:
        return None


_READERS: dict[str, Callable[[Choice, str], str | None]] = {
    "secrecy": _exactly,
    "district": _district,
    "trl_expected": _level,
}
