"""The clocks of introductions, by the calendar and the settings of the installation."""

from datetime import datetime

from flask import current_app

from models import Introduction, utcnow

from ..calendar import service as calendar
from ..calendar.current import city_days
from ..config import Settings
from .clock import Clock, clock


def overdue() -> datetime:
    """The moment before which a wait began that is too long."""
    settings: Settings = current_app.config["SETTINGS"]
    return calendar.waits_since(city_days(), utcnow(), settings.introduction_task_days)


def clock_of(introduction: Introduction) -> Clock | None:
    """How long it has waited until now."""
    return clock(introduction, city_days(), utcnow())
