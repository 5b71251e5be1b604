"""A step that the page of a record offers as a form."""

from collections.abc import Callable
from dataclasses import dataclass

from .schema import Input


@dataclass(frozen=True)
class Step:
    """Who may take it, what its form asks, what takes it, and what is said then."""

    action: str
    asks: type[Input]
    take: Callable[..., object]
    done: str
