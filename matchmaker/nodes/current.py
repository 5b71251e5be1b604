"""Whether the reader works at a node, asked once a request."""

from flask import g

from ..accounts.current import current
from ..db import db
from ..policies import may
from .duties import Choices, duties_of
from .schema import MINE


def own_node() -> dict[str, str]:
    """What an address needs to show the reader's own nodes; nothing for most."""
    user = current()
    if user is None or not may(user, "node.read"):
        return {}
    if "own_node" not in g:
        g.own_node = _address(bool(duties_of(db.session, user)))
    found: dict[str, str] = g.own_node
    return found


def note_own(nodes: Choices) -> None:
    """A page that offers nodes knows whether one is the reader's own."""
    if nodes.offered:
        g.own_node = _address(nodes.works_at_one)


def _address(works_at_one: bool) -> dict[str, str]:
    return {"node": MINE} if works_at_one else {}
