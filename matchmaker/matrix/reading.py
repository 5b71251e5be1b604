"""How the three tables are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.states import Role

from .addresses import ROUTES
from .doing import ACTIONS
from .seeing import SIGHT

Scope = Literal["-", "own", "any"]
SCOPES: Mapping[str, Scope] = {"-": "-", "own": "own", "any": "any"}
VISITOR = "visitor"
# The columns of the first two tables.
ROLES: tuple[str, ...] = (
    VISITOR,
    Role.ENTERPRISE,
    Role.UNIVERSITY,
    Role.MANAGER,
    Role.STAFF,
    Role.ADMIN,
    Role.EXPERT,
)

# «by-secret»: to whoever brings the secret of a letter's link, or the browser it was
# meant for; there is nothing at the address for anybody else.
OPEN, BY_SECRET, SIGNED_IN = "open", "by-secret", "signed-in"


@dataclass(frozen=True)
class Sight:
    """One line of the first table: the scope of each role."""

    record: str
    states: frozenset[str]
    secrecy: str
    scopes: Mapping[str, Scope]

    def is_of(self, record: str, state: str, secrecy: str) -> bool:
        return (
            self.record == record
            and ("*" in self.states or state in self.states)
            and self.secrecy in ("*", secrecy)
        )


@dataclass(frozen=True)
class Route:
    """One line of the third table; ``record`` is empty where no number is."""

    action: str
    record: str


def _lines(table: str) -> list[list[str]]:
    head, *lines = (line.split() for line in table.strip().splitlines())
    for line in lines:
        if len(line) != len(head):
            raise ValueError(f"not {len(head)} cells: {' '.join(line)}")
    return lines


def _scopes(cells: list[str]) -> dict[str, Scope]:
    return {role: SCOPES[cell] for role, cell in zip(ROLES, cells, strict=True)}


def _once(pairs: list[tuple[str, Route]]) -> dict[str, Route]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an address stands in the table twice")
    return found


sights: tuple[Sight, ...] = tuple(
    Sight(record, frozenset(states.split(",")), secrecy, _scopes(cells))
    for record, states, secrecy, *cells in _lines(SIGHT)
)
actions: dict[str, dict[str, Scope]] = {
    action: _scopes(cells) for action, *cells in _lines(ACTIONS)
}
routes: dict[str, Route] = _once(
    [
        (address, Route(action, "" if record == "-" else record))
        for address, action, record in _lines(ROUTES)
    ]
)


def sight(record: str, state: str, secrecy: str = "*") -> Mapping[str, Scope]:
    """Who may know of a record in this state: the first line that speaks of it."""
    return next(line.scopes for line in sights if line.is_of(record, state, secrecy))


def route(endpoint: str, method: str) -> Route:
    """What the address is for; raises `KeyError` if it is not in the table."""
    return routes.get(f"{endpoint}/{method}") or routes[endpoint]
