"""After how long something waits too long, and before which end it is told."""

from __future__ import annotations

from dataclasses import dataclass

from ..posting.terms import Terms


@dataclass(frozen=True)
class Periods:
    """The days by which work is called late, as the settings have them.

    terms          for how long what was published stays open
    notice_days    so many days before its end something is about to end
    reminder_days  working days until people are reminded of what waits; 0: never
    overdue_days   working days without a step until talks are a task of the staff
    panel_size     how many experts judge a bid: with fewer it waits for the staff
    """

    terms: Terms
    notice_days: int
    reminder_days: int
    overdue_days: int
    panel_size: int = 3

    @property
    def quiet_days(self) -> int:
        """Working days without a step until talks count as quiet."""
        return self.reminder_days or self.overdue_days
