"""Awards (立项), their milestones and acceptance."""

from collections.abc import Mapping
from enum import StrEnum


class AwardState(StrEnum):
    """States of an award (立项): one winner's task book and its execution.

    CONFIRMED: both sides agreed to the task book, and the call's other winners are
    awaited. ACCEPTING: the winner asked for its acceptance.
    """

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    RUNNING = "running"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    ELIMINATED = "eliminated"
    STOPPED = "stopped"


class AmendmentState(StrEnum):
    """States of a change of a task book that is carried out (任务书变更).

    LAPSED: what it would have changed was delivered meanwhile, or the award went on
    to its acceptance or ended.
    """

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class MilestoneState(StrEnum):
    """States of a milestone; whether it is late the clock tells.

    DROPPED: the award ended before it was judged, or both sides agreed to drop it.
    """

    OPEN = "open"
    DELIVERED = "delivered"
    REWORK = "rework"
    PASSED = "passed"
    FAILED = "failed"
    DROPPED = "dropped"


class Judgement(StrEnum):
    """What is said of what was delivered."""

    PASS = "pass"
    REWORK = "rework"
    FAIL = "fail"


class GoalVerdict(StrEnum):
    """How much of a promised value was reached at the acceptance."""

    REACHED = "reached"
    PARTLY = "partly"
    MISSED = "missed"


class Liability(StrEnum):
    """Whether the winner answers for an award that was stopped."""

    EXCUSED = "excused"
    LIABLE = "liable"
    NOT_CONCERNED = "not_concerned"


# An edited task book is confirmed anew; nothing of it changes once it is carried out.
AWARD_MOVES: Mapping[AwardState, frozenset[AwardState]] = {
    AwardState.DRAFT: frozenset({AwardState.CONFIRMED, AwardState.STOPPED}),
    AwardState.CONFIRMED: frozenset(
        {AwardState.DRAFT, AwardState.RUNNING, AwardState.STOPPED}
    ),
    AwardState.RUNNING: frozenset(
        {AwardState.ACCEPTING, AwardState.ELIMINATED, AwardState.STOPPED}
    ),
    # Sent back, it is worked on again.
    AwardState.ACCEPTING: frozenset(
        {AwardState.RUNNING, AwardState.ACCEPTED, AwardState.STOPPED}
    ),
    AwardState.ACCEPTED: frozenset(),
    AwardState.ELIMINATED: frozenset(),
    AwardState.STOPPED: frozenset(),
}

AMENDMENT_MOVES: Mapping[AmendmentState, frozenset[AmendmentState]] = {
    AmendmentState.PROPOSED: frozenset(AmendmentState) - {AmendmentState.PROPOSED},
    AmendmentState.IN_FORCE: frozenset(),
    AmendmentState.DECLINED: frozenset(),
    AmendmentState.WITHDRAWN: frozenset(),
    AmendmentState.LAPSED: frozenset(),
}
MILESTONE_MOVES: Mapping[MilestoneState, frozenset[MilestoneState]] = {
    MilestoneState.OPEN: frozenset({MilestoneState.DELIVERED, MilestoneState.DROPPED}),
    MilestoneState.DELIVERED: frozenset(
        {
            MilestoneState.PASSED,
            MilestoneState.REWORK,
            MilestoneState.FAILED,
            MilestoneState.DROPPED,
        }
    ),
    MilestoneState.REWORK: frozenset(
        {MilestoneState.DELIVERED, MilestoneState.DROPPED}
    ),
    MilestoneState.PASSED: frozenset(),
    MilestoneState.FAILED: frozenset(),
    MilestoneState.DROPPED: frozenset(),
}

# Awards that are not carried out yet, that are, and that may still become something.
UNBEGUN_AWARDS = frozenset({AwardState.DRAFT, AwardState.CONFIRMED})
RUNNERS = frozenset({AwardState.RUNNING, AwardState.ACCEPTING})
LIVE_AWARDS = UNBEGUN_AWARDS | RUNNERS
# Milestones the winner still has to deliver, and those that nobody judged yet.
UNDELIVERED = frozenset({MilestoneState.OPEN, MilestoneState.REWORK})
UNJUDGED = UNDELIVERED | {MilestoneState.DELIVERED}
