"""Words without what may differ between two copies of them."""

from __future__ import annotations

import re
import unicodedata

from .text import simplify

_NO_LETTER = re.compile(r"[\W_]+")
_FIGURE = re.compile(r"\d+")


def written_alike(text: str) -> str:
    """The text without what may differ between two copies; figures become «0»."""
    plain = _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).lower())
    return _FIGURE.sub("0", simplify(plain))
