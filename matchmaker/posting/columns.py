"""Rows of several parts, as a form posts them: each part a list of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any


@dataclass(frozen=True)
class Columns:
    """Rows whose parts a form posts as ``<prefix>_<part>``."""

    prefix: str
    parts: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The fields of the form that hold the parts."""
        return [f"{self.prefix}_{part}" for part in self.parts]

    def read(self, form: Any) -> list[dict[str, str]]:
        """The rows of a posted form (werkzeug's MultiDict), blank ones too."""
        columns = map(form.getlist, self.names)
        return [
            dict(zip(self.parts, row, strict=True))
            for row in zip_longest(*columns, fillvalue="")
        ]

    def posted(self, rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
        """The rows as the fields of a form, in the order `read` needs."""
        return [
            (f"{self.prefix}_{part}", str(row.get(part, "")))
            for row in rows
            for part in self.parts
        ]
