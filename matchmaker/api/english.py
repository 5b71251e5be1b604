"""The refusals in English, for programs whose authors read no Chinese.

The Chinese words are the original; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping

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
DETAILS: Mapping[str, str] = {}


def title(status: int) -> str:
    """What kind of refusal it is."""
    return TITLES.get(status, TITLES[400 if status < 500 else 500])


def detail(code: str, facts: Mapping[str, object]) -> str:
    """What happened, by the stable code."""
    return DETAILS.get(code, code).format_map(facts)


def field(words: str) -> str:
    """A message about one field."""
    return words
