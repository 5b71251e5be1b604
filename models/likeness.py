"""By what a record is known again: the number its owner gave it, and its words.

Two texts that differ in blanks, marks, width or case alone have one key. The keys are
columns, so that a file of 200,000 rows is held against the tables by an index.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import Any

from sqlalchemy import String, event
from sqlalchemy.orm import Mapped, mapped_column

LONGEST_NUMBER = 64
_NO_WORD = re.compile(r"[\W_]+")


def likeness(text: str | None) -> str:
    """The key of a text: the same for texts that read the same."""
    bare = _NO_WORD.sub("", unicodedata.normalize("NFKC", text or "")).casefold()
    return sha256(bare.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Known:
    """Columns of a record that a file may bring again.

    ``external_number`` is its owner's own number, one record each; ``title_key`` and
    ``text_key`` are of its full text and go out to nobody.
    """

    external_number: Mapped[str | None] = mapped_column(String(LONGEST_NUMBER))
    title_key: Mapped[str | None] = mapped_column(String(32))
    text_key: Mapped[str | None] = mapped_column(String(32))


def keep_keys(model: type[Any], text: str) -> None:
    """Have the keys follow whoever writes the title or the column ``text``."""

    def keep(_mapper: object, _connection: object, item: Any) -> None:
        item.title_key = likeness(item.title)
        item.text_key = likeness(getattr(item, text))

    event.listen(model, "before_insert", keep)
    event.listen(model, "before_update", keep)
