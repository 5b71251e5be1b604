"""The choice of a node as the lists of work show it: a facet and a chip."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import g

from .duties import MINE, Choices

# The address of the list with this node chosen, or with none.
Address = Callable[[str | None], str]


def facet(
    nodes: Choices, address: Address, counts: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """A group of options for the facet list; none where there is nothing to choose.

    ``counts`` by key leaves out the nodes where nothing waits.
    """
    note_own(nodes)
    chosen = nodes.chosen.key if nodes.chosen else None
    options = [
        {
            "value": one.key,
            "label": one.name,
            "count": None if counts is None else counts.get(one.key, 0),
            "selected": one.key == chosen,
            "url": address(None if one.key == chosen else one.key),
        }
        for one in nodes.offered
        if counts is None or counts.get(one.key) or one.key == chosen
    ]
    return [{"name": "node", "label": "节点", "options": options}] if options else []


def note_own(nodes: Choices) -> None:
    """Spare the navigation the question whether the reader works at a node."""
    if nodes.offered:
        g.at_own_node = {"node": MINE} if nodes.works_at_one else {}


def chip(nodes: Choices, address: Address) -> list[tuple[str, str]]:
    """The node in force with the address that gives it up."""
    return [(nodes.chosen.name, address(None))] if nodes.chosen else []
