"""Moments as people type them: the clock of the city, never that of their machine.

The city keeps one offset all the year, but a typed time has no zone, and a browser may
be anywhere; so nothing is ever taken from the machine that typed it. A program names
the offset with each moment (RFC 3339).
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from .labels import CITY

EXAMPLE = "2027-06-30 17:00"
_TYPED = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[T ](\d\d?):(\d\d)(?::(\d\d))?")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)
YEARS = range(2000, 2100)


def read(text: str) -> datetime:
    """A typed local time as UTC; «24:00» is the end of its day.

    Raises `ValueError` for what is no date and time, names another zone, or lies
    outside `YEARS`.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    found = _TYPED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    ends_the_day = (hour, minute, second) == (24, 0, 0)
    local = datetime(
        year, month, day, 0 if ends_the_day else hour, minute, second, tzinfo=CITY
    )
    if year not in YEARS:
        raise ValueError(text)
    return (local + timedelta(days=ends_the_day)).astimezone(UTC)


def instant(text: str) -> datetime:
    """A moment of RFC 3339 as UTC; raises `ValueError` without an offset of its own."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    if found.year not in YEARS:
        raise ValueError(text)
    return found.astimezone(UTC)


def typed(moment: datetime | None) -> str:
    """A stored moment as a form of the browser holds it."""
    if moment is None:
        return ""
    local = moment.astimezone(CITY)
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return instant(value) if _INSTANT.fullmatch(value) else read(value)
    except ValueError as error:
        raise PydanticCustomError(
            "moment",
            "请填写北京时间的日期和时间，例如 {example}",
            {"example": EXAMPLE},
        ) from error


# Nothing typed is None.
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
