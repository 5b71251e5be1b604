"""The sources of work: everything that may wait for somebody, in one list.

A new part of the platform writes its own `waiting.py` and is named here; it has with
it a place in the work list, the number in the navigation, and reminders.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..achievements import waiting as achievements
from ..awards import waiting as awards
from ..bids import waiting as bids
from ..calls import waiting as calls
from ..contracts import waiting as contracts
from ..introductions import waiting as introductions
from ..matches import waiting as matches
from ..needs import waiting as needs
from ..panels import waiting as panels
from ..registrations import waiting as registrations
from ..system import waiting as system
from ..verification import waiting as verification
from .source import Source

SOURCES: tuple[Source, ...] = (
    *needs.SOURCES,
    *achievements.SOURCES,
    *verification.SOURCES,
    *registrations.SOURCES,
    *matches.SOURCES,
    *calls.SOURCES,
    *introductions.SOURCES,
    *contracts.SOURCES,
    *panels.SOURCES,
    *bids.SOURCES,
    *awards.SOURCES,
    *system.SOURCES,
)
BY_NAME: Mapping[str, Source] = {source.name: source for source in SOURCES}
