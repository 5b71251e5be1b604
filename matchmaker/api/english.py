"""The refusals in English, for programs whose authors read no Chinese.

The Chinese words are the original. What happened is told by the code of the refusal;
a message about a field has none, so its words are recognised by their template. The
tables are `english_details.toml` and `english_fields.toml`; a test holds them to the
source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

TITLES: Mapping[int, str] = {
    400: "Request not understood",
    401: "Token needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict with the present state",
    412: "Changed since it was read",
    413: "Too large",
    415: "Unsupported media type",
    422: "Input not acceptable",
    428: "If-Match needed",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
BY_STATUS = "http."
# How several words stand in one place of a message.
JOINTS = ("、", "和")


def _table(name: str) -> Mapping[str, Any]:
    with (Path(__file__).parent / name).open("rb") as file:
        return tomllib.load(file)


DETAILS: Mapping[str, str] = _table("english_details.toml")
_FIELDS = _table("english_fields.toml")
MESSAGES: Mapping[str, str] = _FIELDS["messages"]
PARTS: Mapping[str, str] = _FIELDS["parts"]


def title(status: int) -> str:
    """What kind of refusal it is."""
    return TITLES.get(status, TITLES[400 if status < 500 else 500])


def detail(code: str, words: str, facts: Mapping[str, object]) -> str:
    """What happened, by the stable code; by the words where the code has many."""
    told = DETAILS.get(code)
    if told is None and code.startswith(BY_STATUS):
        told = DETAILS["http.400" if code < "http.5" else "http.500"]
    if told is None:
        return field(words)
    return told.format_map({name: field(str(fact)) for name, fact in facts.items()})


def field(words: str) -> str:
    """A message about one field; one that is not known stays as it is."""
    for table in (MESSAGES, PARTS):
        if words in table:
            return table[words]
    for pattern, told in _templates():
        found = pattern.fullmatch(words)
        if found is not None:
            return told.format(*map(_part, found.groups()))
    return words


def _part(words: str) -> str:
    """What was put into a message: a word, several of them, or another message."""
    for joint in JOINTS:
        told = [PARTS.get(word, word) for word in words.split(joint)]
        if len(told) > 1 and (joint == JOINTS[0] or told != words.split(joint)):
            return (", " if joint == JOINTS[0] else " and ").join(told)
    return field(words)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Those with something put into them, the most telling first."""
    return [
        (re.compile(re.escape(zh).replace(r"\{\}", "(.*?)"), re.DOTALL), en)
        for zh, en in sorted(MESSAGES.items(), key=lambda pair: -len(pair[0]))
        if "{}" in zh
    ]
