"""Which pairs meet the filters of the desk, and how many each choice would leave."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from index.facts import Ids
from index.pairs import Paired
from models import User
from models.conditions import AtLeastOne, Between, Condition, Every, Mask, OneOf
from models.outbox import RecordType
from models.states import SuggestionStatus

from .. import policies
from ..labels import today
from .schema import QueueFilters

DECIDED = frozenset({SuggestionStatus.APPROVED, SuggestionStatus.REJECTED})
# Of the probability of approval.
SCORE_STEPS = (0.7, 0.4)
AGE_STEPS = (3, 7, 14)
# A pair is filed under the field of the side that asks; only needs have a district.
FIELDED = (RecordType.NEED, RecordType.CALL)
PLACED = (RecordType.NEED,)

# Group of filters -> its choices, with how many pairs each would show.
Counts = dict[str, dict[Any, int]]


def in_status(status: SuggestionStatus, now: datetime) -> Condition:
    """Whether a pair counts as ``status``: one put off waits again from its day on."""
    put_off = OneOf("status", (SuggestionStatus.SNOOZED.value,))
    day = today(now)
    if status is SuggestionStatus.PENDING:
        due = Every((put_off, Between("snoozed_until", high=day)))
        return AtLeastOne((OneOf("status", (status.value,)), due))
    if status is SuggestionStatus.SNOOZED:
        later = Between("snoozed_until", low=day + timedelta(days=1))
        return Every((put_off, later))
    return OneOf("status", (status.value,))


def likely(score: float) -> Condition:
    return Between("probability", low=score)


def waiting_for(days: int, now: datetime) -> Condition:
    return Between("created_at", high=now - timedelta(days=days))


class Tally:
    """A mask over the pairs for each group of filters; read while they are held.

    ``named`` are the pairs of the filters that no column tells: those the person holds
    at the moment, those that people proposed.
    """

    def __init__(
        self,
        pairs: Paired,
        user: User,
        filters: QueueFilters,
        now: datetime,
        named: Mapping[str, Ids],
    ) -> None:
        self.pairs, self.filters, self.now = pairs, filters, now
        self._known = pairs.sides_meet(policies.side_rule(user))
        self._open = pairs.sides_meet(policies.side_rule(user, open_at=now))
        self._groups = self._masks(named)

    def shown(self, *without: str) -> Mask:
        """The pairs under the filters, some groups of them left out."""
        mask = self._sides(self.filters.status).copy()
        for name, group in self._groups.items():
            if name not in without:
                mask &= group
        return mask

    def counts(self) -> Counts:
        """How many pairs each choice of each filter would show, the others kept."""
        of_askers = self.pairs.askers_counts
        return {
            "kind": self.pairs.counts(self.shown("kind"), "kind"),
            "field": of_askers(self.shown("field"), "field", FIELDED),
            "district": of_askers(self.shown("district"), "district", PLACED),
            "score": self._steps("score", SCORE_STEPS, likely),
            "age": self._steps(
                "age", AGE_STEPS, lambda days: waiting_for(days, self.now)
            ),
            "status": self._statuses(),
        }

    def _sides(self, status: SuggestionStatus) -> Mask:
        """What is not decided yet is shown while both sides are open for business."""
        return self._known if status in DECIDED else self._open

    def _masks(self, named: Mapping[str, Ids]) -> dict[str, Mask]:
        filters, pairs = self.filters, self.pairs
        masks = {"status": pairs.mask(in_status(filters.status, self.now))}
        for name, ids in named.items():
            if getattr(filters, name):
                masks[name] = np.isin(pairs.ids, ids)
        if filters.kind:
            masks["kind"] = pairs.mask(OneOf("kind", tuple(filters.kind)))
        for name, kinds in (("field", FIELDED), ("district", PLACED)):
            if chosen := getattr(filters, name):
                wanted = OneOf(name, tuple(chosen))
                masks[name] = pairs.asker_meets(wanted, kinds)
        if filters.score is not None:
            masks["score"] = pairs.mask(likely(filters.score))
        if filters.age is not None:
            masks["age"] = pairs.mask(waiting_for(filters.age, self.now))
        return masks

    def _steps(
        self, name: str, steps: tuple[Any, ...], condition: Callable[[Any], Condition]
    ) -> dict[Any, int]:
        shown = self.shown(name)
        return {
            step: int(np.count_nonzero(shown & self.pairs.mask(condition(step))))
            for step in steps
        }

    def _statuses(self) -> dict[SuggestionStatus, int]:
        rest = np.ones(len(self.pairs.ids), np.bool_)
        for name, group in self._groups.items():
            if name != "status":
                rest &= group
        return {
            status: int(
                np.count_nonzero(
                    rest
                    & self._sides(status)
                    & self.pairs.mask(in_status(status, self.now))
                )
            )
            for status in SuggestionStatus
        }
