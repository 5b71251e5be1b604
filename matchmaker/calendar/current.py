"""The city's calendar, read once a request: several parts of a page count by it."""

from flask import g

from ..db import db
from . import service
from .days import Calendar


def city_days() -> Calendar:
    """The working days and holidays as they are at this request."""
    if "calendar" not in g:
        g.calendar = service.load(db.session)
    known: Calendar = g.calendar
    return known
