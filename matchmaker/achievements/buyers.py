"""Who may want an achievement: the needs near it, and the organisations behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import prod

from sqlalchemy.orm import Session

from index.sync import LiveIndex
from models import Achievement, Need, User
from models.outbox import RecordType
from models.states import AchievementStatus

from .. import policies
from ..matches import service as matches
from ..matches.nearby import Near, nearby
from ..needs.service import text_for
from .service import find_achievement

MOST_NEEDS = 20
UNMATCHED = frozenset(
    {
        AchievementStatus.DRAFT,
        AchievementStatus.TRANSFERRED,
        AchievementStatus.WITHDRAWN,
    }
)


@dataclass(frozen=True)
class Sought:
    """An achievement with the needs near it; none of them where it is not matched."""

    item: Achievement
    is_matched: bool
    needs: list[Near]


def seek(
    session: Session,
    index: LiveIndex,
    user: User,
    achievement_id: int,
    *,
    now: datetime,
) -> Sought:
    """Look for who needs the achievement, and note that its holder has looked."""
    item = find_achievement(session, user, achievement_id)
    policies.require(user, "achievement.find_buyers", item)
    matches.note_buyers_seen(session, user, item, now=now)
    if item.status in UNMATCHED:
        return Sought(item, False, [])
    near = nearby(
        session, index, user, item, RecordType.NEED, limit=MOST_NEEDS, now=now
    )
    return Sought(item, True, near)


@dataclass
class Buyer:
    """An organisation that may want an achievement, with the needs that say so."""

    label: str
    known: bool
    needs: list[Near]

    @property
    def chance(self) -> float:
        """How likely one of its needs or more would be approved, each on its own."""
        return 1 - prod(1 - near.probability for near in self.needs)


def by_organisation(user: User, near: Sequence[Near]) -> list[Buyer]:
    """Who may want an achievement, the most likely first, each with its needs.

    A firm this person may not name is never put together from its several
    needs: each of its masked needs stands alone.
    """
    found: dict[tuple[str, int], Buyer] = {}
    for one in near:
        need: Need = one.item
        known = policies.knows_firm(user, need)
        key = ("firm", need.organisation_id) if known else ("need", need.id)
        label = text_for(user, need).organisation
        found.setdefault(key, Buyer(label, known, [])).needs.append(one)
    return sorted(found.values(), key=lambda buyer: -buyer.chance)
