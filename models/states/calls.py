"""Open calls (揭榜挂帅)."""

from collections.abc import Mapping
from enum import StrEnum


class CallStatus(StrEnum):
    """States of an open call; «未开始» and «已截止» are told by the clock.

    See `Call.phase`. WITHDRAWN: given up before anybody else read it.
    """

    DRAFT = "draft"
    ARGUED = "argued"
    WITHDRAWN = "withdrawn"
    OPEN = "open"
    IN_REVIEW = "in_review"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    FAILED = "failed"
    RUNNING = "running"
    ACCEPTED = "accepted"
    STOPPED = "stopped"


class CallPhase(StrEnum):
    """Where a call stands for whoever looks at it at a moment: state and clock."""

    DRAFT = "draft"
    ARGUED = "argued"
    WITHDRAWN = "withdrawn"
    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    IN_REVIEW = "in_review"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    FAILED = "failed"
    RUNNING = "running"
    ACCEPTED = "accepted"
    STOPPED = "stopped"


class CallMode(StrEnum):
    """One solver, or several in parallel of whom the weaker are dropped."""

    SINGLE = "single"
    RACE = "race"


# The window closes by the clock alone; OPEN is left when its bids are released, or
# when there are none.
CALL_MOVES: Mapping[CallStatus, frozenset[CallStatus]] = {
    CallStatus.DRAFT: frozenset({CallStatus.ARGUED, CallStatus.WITHDRAWN}),
    # Returned with reasons, it is a draft again.
    CallStatus.ARGUED: frozenset(
        {CallStatus.DRAFT, CallStatus.OPEN, CallStatus.WITHDRAWN}
    ),
    CallStatus.OPEN: frozenset(
        {CallStatus.IN_REVIEW, CallStatus.FAILED, CallStatus.STOPPED}
    ),
    CallStatus.IN_REVIEW: frozenset(
        {CallStatus.ANNOUNCED, CallStatus.FAILED, CallStatus.STOPPED}
    ),
    # An objection that is upheld sends the bids back to the panel.
    CallStatus.ANNOUNCED: frozenset(
        {
            CallStatus.IN_REVIEW,
            CallStatus.AWARDED,
            CallStatus.FAILED,
            CallStatus.STOPPED,
        }
    ),
    CallStatus.AWARDED: frozenset({CallStatus.RUNNING, CallStatus.STOPPED}),
    CallStatus.RUNNING: frozenset({CallStatus.ACCEPTED, CallStatus.STOPPED}),
    CallStatus.ACCEPTED: frozenset(),
    CallStatus.FAILED: frozenset(),
    CallStatus.STOPPED: frozenset(),
    CallStatus.WITHDRAWN: frozenset(),
}

# Nobody but its issuer and the staff reads of a call before it is opened.
UNOPENED_CALL_STATES = frozenset(
    {CallStatus.DRAFT, CallStatus.ARGUED, CallStatus.WITHDRAWN}
)
PUBLIC_CALL_STATES = frozenset(CallStatus) - UNOPENED_CALL_STATES
