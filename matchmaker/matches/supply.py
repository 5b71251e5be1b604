"""What is missing when no achievement is likely enough for a need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from index.approval import judgements, modes_fit, side
from index.quantities import quantities
from index.sync import LiveIndex
from models import Achievement, Need, User
from models.outbox import RecordType

from ..labels import mode_label
from .nearby import Candidate, candidates

LOOKED_AT = 5


@dataclass(frozen=True)
class Shortfall:
    """Why even the nearest achievements do not do, as far as the user may know them.

    looked_at  how many were compared; 0: there are none at all
    unclaimed  the need's targets of which none of them says anything comparable
    missed     the targets that some claim and none reaches
    readiness  (asked, best of them) where none is ready enough
    modes      those sought, where none offers one of them
    figures    whether the need itself names any figure to compare with
    """

    looked_at: int
    unclaimed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    readiness: tuple[int, int] | None = None
    modes: list[str] = field(default_factory=list)
    figures: bool = True


def shortfall(
    session: Session, index: LiveIndex, user: User, need: Need, *, now: datetime
) -> Shortfall | None:
    """What the achievements nearest to the need lack; None where one is likely.

    Of achievements the user may see, by the words the user may read.
    """
    kind = RecordType.ACHIEVEMENT
    found = candidates(session, index, user, need, kind, now=now).found
    if any(one.likely for one in found):
        return None
    nearest = found[:LOOKED_AT]
    figures = any(quantities(target) for target in need.targets)
    if not nearest:
        return Shortfall(0, figures=figures)
    unclaimed, missed = _targets(nearest)
    return Shortfall(
        len(nearest),
        unclaimed,
        missed,
        _readiness(need, nearest),
        _modes(need, nearest),
        figures,
    )


def _targets(nearest: Sequence[Candidate]) -> tuple[list[str], list[str]]:
    """(of which nobody says anything, which nobody reaches), wishes after the rest."""
    verdicts: dict[tuple[bool, int, str], set[str]] = defaultdict(set)
    for one in nearest:
        for judged in judgements(*one.left, one.right[1]):
            wish = judged.requirement.must is False
            verdicts[wish, judged.asked_index, judged.asked].add(judged.verdict)
    ordered = sorted(verdicts)
    return (
        [key[2] for key in ordered if verdicts[key] == {"unknown"}],
        [
            key[2]
            for key in ordered
            if "unmet" in verdicts[key] and not verdicts[key] & {"met", "partial"}
        ],
    )


def _achievements(nearest: Sequence[Candidate]) -> list[Achievement]:
    return [one.item for one in nearest if isinstance(one.item, Achievement)]


def _readiness(need: Need, nearest: Sequence[Candidate]) -> tuple[int, int] | None:
    best = max(item.trl for item in _achievements(nearest))
    if need.trl_expected is None or best >= need.trl_expected:
        return None
    return need.trl_expected, best


def _modes(need: Need, nearest: Sequence[Candidate]) -> list[str]:
    sought = side(need).modes
    fits = [modes_fit(sought, side(item).modes) for item in _achievements(nearest)]
    return (
        []
        if any(fit is not False for fit in fits)
        else [mode_label(code) for code in need.cooperation]
    )
