"""Which needs, achievements and calls one may know of, as conditions."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from index.facts import Facts
from index.text import facts
from models import TABLES, Record, User, kind_of
from models.conditions import (
    NOTHING,
    After,
    AtLeastOne,
    Between,
    Condition,
    Every,
    OneOf,
)
from models.outbox import RecordType
from models.states import (
    PUBLIC_ACHIEVEMENT_STATES,
    PUBLIC_CALL_STATES,
    PUBLIC_NEED_STATES,
    AchievementStatus,
    CallStatus,
    NeedStatus,
    Secrecy,
)


def visible(user: User | None, kind: RecordType) -> Condition:
    """The records of ``kind`` this person (None: a visitor) may know of."""
    return {
        RecordType.NEED: _visible_needs,
        RecordType.ACHIEVEMENT: _visible_achievements,
        RecordType.CALL: _visible_calls,
    }[kind](user)


def _visible_needs(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        # A draft is its author's alone until it is submitted.
        return OneOf("status", values(set(NeedStatus) - {NeedStatus.DRAFT}))
    public = Every(
        (
            OneOf("status", values(PUBLIC_NEED_STATES)),
            OneOf("secrecy", values({Secrecy.PUBLIC, Secrecy.MASKED})),
        )
    )
    return _or_own(user, public, "organisation_id")


def _visible_achievements(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        states = set(AchievementStatus) - {AchievementStatus.DRAFT}
        return OneOf("status", values(states))
    public = OneOf("status", values(PUBLIC_ACHIEVEMENT_STATES))
    return _or_own(user, public, "organisation_id")


def _visible_calls(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        submitted = OneOf("status", values(set(CallStatus) - {CallStatus.DRAFT}))
        # A firm's draft is its own until it is submitted.
        return AtLeastOne((submitted, OneOf("by_staff", (True,))))
    return _or_own(user, OneOf("status", values(PUBLIC_CALL_STATES)), "issuer_id")


def _or_own(user: User | None, public: Condition, owner: str) -> Condition:
    if user is None or user.organisation_id is None:
        return public
    return AtLeastOne((public, OneOf(owner, (user.organisation_id,))))


def values(states: Any) -> tuple[str, ...]:
    """The states as the columns hold them, in a fixed order."""
    return tuple(sorted(state.value for state in states))


def owned(user: User, kind: RecordType) -> Condition:
    """The records of the person's own organisation, in any state."""
    if user.organisation_id is None:
        return NOTHING
    owner = "issuer_id" if kind is RecordType.CALL else "organisation_id"
    return OneOf(owner, (user.organisation_id,))


def listed(kind: RecordType, now: Any = None) -> Condition:
    """What a public list shows and a match may propose: open for business now.

    A call is so inside its window, whatever anybody has done or not done by then.
    ``now`` may be a parameter of a query, and be left out for needs and achievements,
    which are open by their state alone.
    """
    status: dict[RecordType, str] = {
        RecordType.NEED: NeedStatus.PUBLISHED,
        RecordType.ACHIEVEMENT: AchievementStatus.PUBLISHED,
        RecordType.CALL: CallStatus.OPEN,
    }
    state = OneOf("status", (str(status[kind]),))
    if kind is not RecordType.CALL:
        return state
    if now is None:
        raise ValueError("whether a call is open depends on the moment")
    return Every((state, Between("opens_at", high=now), After("closes_at", now)))


def holds(condition: Condition, item: Record) -> bool:
    """Whether the condition holds for this one record, as it is now."""
    table = Facts()
    table.put(0, facts(item, kind_of(item)))
    return bool(condition.mask(table)[0])


def is_known_to_all(item: Record) -> bool:
    """Whether anybody may know of the record, as it is now."""
    return holds(visible(None, kind_of(item)), item)


def is_listed(item: Record, now: datetime) -> bool:
    """Whether the record is open for business at this moment."""
    return holds(listed(kind_of(item), now), item)


def where(condition: Condition, kind: RecordType) -> ColumnElement[bool]:
    """The condition as a WHERE clause on the table of ``kind``."""
    model = TABLES[kind]
    return condition.sql(lambda fact: getattr(model, fact))


def known_to_all(kind: RecordType) -> ColumnElement[bool]:
    """What anybody may know of: so no list can tell of anything hidden."""
    return where(visible(None, kind), kind)
