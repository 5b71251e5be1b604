"""All operations there are, gathered from the `api` module of each feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from ..features import INTERFACES
from .operations import Operation, Operations

WAYS = {"read": "查看", "write": "办理"}


@cache
def interfaces() -> Sequence[Operations]:
    """The operations of each kind, in the order in which they are described."""
    root = __name__.partition(".")[0]
    return [import_module(f"{root}.{name}.api").operations for name in INTERFACES]


@cache
def operations() -> Sequence[Operation]:
    """Every operation; two of one name or address are a fault of ours."""
    found = [one for each in interfaces() for one in each.found]
    for unique in ({one.name for one in found}, {(o.method, o.rule) for o in found}):
        if len(unique) != len(found):
            raise ValueError("two operations have one name or one address")
    return found


@cache
def kinds() -> Mapping[str, str]:
    """The tag of each kind and its title; several features may share one."""
    titles: dict[str, str] = {}
    for each in interfaces():
        titles.setdefault(each.tag, each.title)
    return titles


@cache
def scopes() -> Mapping[str, str]:
    """What a token may be allowed, each in words."""
    asked = {one.scope for one in operations()}
    return {
        f"{tag}:{kind}": f"{word}{title}"
        for tag, title in kinds().items()
        for kind, word in WAYS.items()
        if f"{tag}:{kind}" in asked
    }
