"""A row of a file on its way to its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .shapes import Home
from .verdicts import Verdict


@dataclass
class Line:
    """A row on its way to its verdict.

    values  what it says, by the code of the column
    number  by which its owner or the platform calls it; «» for none
    stored  the record it is of, as a plain mapping
    hidden  whether that is a draft of the organisation's own, which staff do not read
    alike   a record with its title and another text
    """

    verdict: Verdict
    values: dict[str, Any] = field(default_factory=dict)
    home: Home | None = None
    number: str = ""
    stored: Mapping[str, Any] | None = None
    alike: Mapping[str, Any] | None = None
    hidden: bool = False
    title_key: str = ""
    text_key: str = ""
    number_is_taken: bool = False
