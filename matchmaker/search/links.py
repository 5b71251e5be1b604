"""The addresses of a list with one thing changed, and what is chosen in it.

Relative (`?…`), so one list looks like another. They are built from the checked
query, never from the raw address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .listing import Facet
from .schema import ListQuery
from .service import FACET_LABELS

Pairs = list[tuple[str, str]]
GROUPS = ("field", "district", "mode", "trl", "stage", "status")


@dataclass(frozen=True)
class Kept:
    """Hidden fields of a form; unlike a dict it may repeat a name."""

    pairs: Pairs

    def items(self) -> Pairs:
        return self.pairs


class Links:
    """`links.toggle("field", "ES")`: this list with that filter switched."""

    def __init__(self, query: ListQuery, more: Mapping[str, str] | None = None) -> None:
        self.query = query
        self.filters: Pairs = [
            (name, str(value)) for name in GROUPS for value in getattr(query, name)
        ]
        self.more: Pairs = list((more or {}).items())

    def toggle(self, name: str, value: str) -> str:
        """With the filter if it was off, without it if it was on; first page."""
        pair = (name, value)
        if pair in self.filters:
            return self._url([kept for kept in self.filters if kept != pair])
        return self._url([*self.filters, pair])

    def page(self, number: int) -> str:
        return self._url(self.filters, page=number)

    def sort(self, value: str) -> str:
        return self._url(self.filters, sort=value)

    @property
    def clear(self) -> str:
        """Without any filter; the words stay."""
        return self._url([])

    @property
    def hidden(self) -> Kept:
        """What the search box sends along so that new words keep the filters."""
        return Kept(self.more + self.filters)

    def groups(self, facets: list[Facet]) -> list[dict[str, Any]]:
        """The facets for the macro, each option with its address."""
        return [
            {
                "name": facet.name,
                "label": facet.label,
                "options": [
                    {
                        "value": option.value,
                        "label": option.label,
                        "count": option.count,
                        "selected": option.selected,
                        "url": self.toggle(facet.name, option.value),
                    }
                    for option in facet.options
                ],
            }
            for facet in facets
        ]

    def chips(self, facets: list[Facet]) -> list[tuple[str, str]]:
        """The filters in force, each with the address that takes it away."""
        return [
            (f"{FACET_LABELS[facet.name]}：{option.label}", url)
            for facet in facets
            for option in facet.options
            if option.selected
            for url in [self.toggle(facet.name, option.value)]
        ]

    def _url(self, filters: Pairs, sort: str = "", page: int = 1) -> str:
        pairs = list(self.more)
        if self.query.q:
            pairs.append(("q", self.query.q))
        pairs += filters
        chosen = sort or (str(self.query.sort) if self.query.sort else "")
        if chosen:
            pairs.append(("sort", chosen))
        if page > 1:
            pairs.append(("page", str(page)))
        return "?" + urlencode(pairs)
