"""The permission matrix: who may see what, who may do what, by which address.

Three tables, and nothing else decides. `policies` reads the second for every
decision; its conditions carry out the first, which a test holds them to; another
test opens every address of the third as everybody. `flask policies` prints them.

The cells: ``any`` record the person may see, ``own`` records only (of one's own
organisation; a review, notice, mandate or account of one's own), ``-`` none.
"""

from .addresses import ROUTES
from .doing import ACTIONS
from .reading import (
    BY_SECRET,
    OPEN,
    ROLES,
    SCOPES,
    SIGNED_IN,
    VISITOR,
    Route,
    Scope,
    Sight,
    actions,
    route,
    routes,
    sight,
    sights,
)
from .seeing import SIGHT

__all__ = [
    "ACTIONS",
    "BY_SECRET",
    "OPEN",
    "ROLES",
    "ROUTES",
    "SCOPES",
    "SIGHT",
    "SIGNED_IN",
    "VISITOR",
    "Route",
    "Scope",
    "Sight",
    "actions",
    "route",
    "routes",
    "sight",
    "sights",
]
