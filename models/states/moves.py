"""One state after another, if the table of its feature lets it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class IllegalMove(ValueError):
    """A state was asked to follow one it may not follow."""


State = TypeVar("State", bound=StrEnum)


def move(moves: Mapping[State, frozenset[State]], old: State, new: State) -> None:
    """Raise `IllegalMove` unless ``new`` may follow ``old``."""
    if new not in moves[old]:
        raise IllegalMove(f"{old} -> {new}")
