"""Decide on pairs: claim, approve, reject, put off, take back, note that one looked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models import Achievement, Introduction, Review, Suggestion, User, transaction
from models.states import (
    Decision,
    IntroductionStatus,
    RejectReason,
    SuggestionStatus,
)

from .. import policies
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..labels import today
from ..notices import service as notices
from ..proposals import service as proposals
from .queue import UNDO_HOURS, open_sides
from .schema import LARGEST_ID
from .tally import DECIDED

LONGEST_SNOOZE = timedelta(days=366)

ACTIONS: dict[Decision, str] = {
    Decision.APPROVE: "suggestion.approved",
    Decision.REJECT: "suggestion.rejected",
    Decision.SNOOZE: "suggestion.snoozed",
    Decision.UNDO: "suggestion.undone",
}


def claim(
    session: Session,
    user: User,
    suggestion_id: int,
    *,
    minutes: int,
    now: datetime,
    leaving: int | None = None,
) -> bool:
    """Hold a waiting pair for ``minutes``; false when it does not wait.

    ``leaving`` is the pair the person turned away from without deciding: it is
    free again at once. Raises `Conflict` while somebody else holds the pair.
    """
    with transaction(session):
        if leaving is not None and leaving != suggestion_id:
            _let_go(session, user, leaving)
        pair = _locked(session, user, suggestion_id)
        if pair.status in DECIDED:
            return False
        _require_unclaimed(pair, user, now)
        pair.claimed_by_id = user.id
        pair.claimed_until = now + timedelta(minutes=minutes)
    return True


def release(session: Session, user: User, suggestion_id: int) -> None:
    """Free a pair the person holds; a pair held by nobody or another stays."""
    with transaction(session):
        _locked(session, user, suggestion_id)
        _let_go(session, user, suggestion_id)


def _let_go(session: Session, user: User, suggestion_id: int) -> None:
    query = select(Suggestion).where(
        Suggestion.id == suggestion_id, Suggestion.claimed_by_id == user.id
    )
    pair = session.scalar(query.with_for_update(of=Suggestion, key_share=True))
    if pair is not None:
        pair.claimed_by_id = pair.claimed_until = None


def approve(
    session: Session, user: User, suggestion_id: int, *, now: datetime
) -> Suggestion:
    """Stand behind the pair: the need's organisation sees it and is told."""
    with transaction(session):
        pair = _undecided(session, user, suggestion_id, now)
        is_open = session.scalar(
            select(Suggestion.id).where(Suggestion.id == pair.id, open_sides(now))
        )
        if is_open is None:
            raise Conflict("suggestion.side_closed")
        _decide(session, user, pair, Decision.APPROVE, now=now)
        _tell_enterprise(session, pair, now)
        proposals.tell_decided(session, pair, now)
    return pair


def _tell_enterprise(session: Session, pair: Suggestion, now: datetime) -> None:
    if pair.need is None or pair.right is None:
        return
    notices.queue(
        session,
        notices.members_of(session, pair.need.organisation_id),
        "match_approved",
        now=now,
        title=pair.need.title,
        other=pair.right.title,
        suggestion_id=pair.id,
    )


def reject(
    session: Session,
    user: User,
    suggestion_id: int,
    reason: RejectReason,
    words: str = "",
    *,
    now: datetime,
) -> Suggestion:
    """Refuse the pair with a reason."""
    with transaction(session):
        pair = _undecided(session, user, suggestion_id, now)
        _decide(
            session, user, pair, Decision.REJECT, now=now, reason=reason, words=words
        )
        proposals.tell_decided(session, pair, now)
    return pair


def snooze(
    session: Session, user: User, suggestion_id: int, until: date, *, now: datetime
) -> Suggestion:
    """Put the pair off to a day, tomorrow at the earliest, within a year."""
    day = today(now)
    if until <= day:
        raise Invalid({"until": "请选择今天以后的日期"})
    if until > day + LONGEST_SNOOZE:
        raise Invalid({"until": "最多暂缓一年，请选择更早的日期"})
    with transaction(session):
        pair = _undecided(session, user, suggestion_id, now)
        _decide(session, user, pair, Decision.SNOOZE, now=now, until=until)
    return pair


def undo(
    session: Session, user: User, suggestion_id: int, *, now: datetime
) -> Suggestion:
    """Take back the last decision on the pair, within a day.

    Only whoever decided may, or an admin. The pair is again as it was before;
    an enterprise no longer sees it, nor the notice of it.
    """
    with transaction(session):
        pair = _locked(session, user, suggestion_id)
        standing = standing_decisions(pair.reviews)
        # The platform itself reopens a pair when a text changes; then the
        # decision no longer holds and there is nothing to take back.
        if not standing or standing[-1].to_status is not pair.status:
            raise Conflict("suggestion.nothing_to_undo")
        last = standing[-1]
        policies.require(user, "suggestion.undo", last)
        if now - last.at > timedelta(hours=UNDO_HOURS):
            raise Conflict("suggestion.undo_too_late")
        if _is_talked_about(session, pair):
            raise Conflict("suggestion.in_talks")
        _require_unclaimed(pair, user, now)
        until = None
        if last.from_status is SuggestionStatus.SNOOZED:
            until = standing[-2].snoozed_until if len(standing) > 1 else today(now)
        _decide(
            session,
            user,
            pair,
            Decision.UNDO,
            to=last.from_status,
            until=until,
            now=now,
        )
        for kind in ("match_approved", *proposals.DECIDED_NOTICES):
            notices.withdraw(session, kind, "suggestion_id", pair.id)
    return pair


def _is_talked_about(session: Session, pair: Suggestion) -> bool:
    """Whether the two sides were brought together for this pair and have not parted."""
    return (
        session.scalar(
            select(Introduction.id).where(
                Introduction.suggestion_id == pair.id,
                Introduction.status != IntroductionStatus.FAILED,
            )
        )
        is not None
    )


class Decided(Protocol):
    """A review, or the columns of one."""

    @property
    def decision(self) -> Decision: ...


AnyDecided = TypeVar("AnyDecided", bound=Decided)


def standing_decisions(reviews: Iterable[AnyDecided]) -> list[AnyDecided]:
    """The decisions that still hold, oldest first: each undo takes one away."""
    standing: list[AnyDecided] = []
    for review in reviews:
        if review.decision is not Decision.UNDO:
            standing.append(review)
        elif standing:
            standing.pop()
    return standing


def bulk_reject(
    session: Session,
    user: User,
    ids: Iterable[int],
    reason: RejectReason,
    words: str = "",
    *,
    now: datetime,
) -> int:
    """Refuse many pairs with one reason, or none of them; says how many."""
    wanted = sorted(set(ids))
    with transaction(session):
        policies.require(user, "suggestion.review")
        query = (
            select(Suggestion)
            .where(Suggestion.id.in_(wanted), policies.visible_suggestions(user))
            .order_by(Suggestion.id)  # one order of locking for everybody
            .with_for_update(of=Suggestion, key_share=True)
        )
        pairs = session.scalars(query).all()
        if len(pairs) < len(wanted):
            raise NotFound("suggestion")
        _require_all_free(pairs, user, now)
        for pair in pairs:
            _decide(
                session,
                user,
                pair,
                Decision.REJECT,
                now=now,
                reason=reason,
                words=words,
            )
            proposals.tell_decided(session, pair, now)
    return len(pairs)


def _require_all_free(pairs: Sequence[Suggestion], user: User, now: datetime) -> None:
    decided = sum(pair.status in DECIDED for pair in pairs)
    claimed = sum(pair.claimed_by_other(user.id, now) for pair in pairs)
    if decided or claimed:
        raise Conflict(
            "suggestion.bulk_blocked",
            total=len(pairs),
            claimed=claimed,
            decided=decided,
        )


def _locked(session: Session, user: User, suggestion_id: int) -> Suggestion:
    policies.require(user, "suggestion.review")
    if suggestion_id > LARGEST_ID:
        raise NotFound("suggestion")
    query = (
        select(Suggestion)
        .where(Suggestion.id == suggestion_id, policies.visible_suggestions(user))
        .with_for_update(of=Suggestion, key_share=True)
    )
    pair = session.scalar(query)
    if pair is None:
        raise NotFound("suggestion")
    return pair


def _undecided(
    session: Session, user: User, suggestion_id: int, now: datetime
) -> Suggestion:
    pair = _locked(session, user, suggestion_id)
    if pair.status in DECIDED:
        raise Conflict("suggestion.decided")
    _require_unclaimed(pair, user, now)
    return pair


def _require_unclaimed(pair: Suggestion, user: User, now: datetime) -> None:
    if pair.claimed_by_other(user.id, now):
        holder = pair.claimed_by.name if pair.claimed_by else ""
        raise Conflict("suggestion.claimed", holder=holder)


OUTCOMES: dict[Decision, SuggestionStatus] = {
    Decision.APPROVE: SuggestionStatus.APPROVED,
    Decision.REJECT: SuggestionStatus.REJECTED,
    Decision.SNOOZE: SuggestionStatus.SNOOZED,
}


def _decide(
    session: Session,
    user: User,
    pair: Suggestion,
    decision: Decision,
    *,
    now: datetime,
    to: SuggestionStatus | None = None,
    reason: RejectReason | None = None,
    words: str = "",
    until: date | None = None,
) -> None:
    """Move the pair and write down who did it, why and from which state."""
    before, after = pair.status, to or OUTCOMES[decision]
    pair.move_to(after, snoozed_until=until)
    pair.decided_at = now if after in DECIDED else None
    pair.claimed_by_id = pair.claimed_until = None
    pair.updated_at = now
    review = Review(
        reviewer_id=user.id,
        decision=decision,
        reason=reason,
        words=words or None,
        from_status=before,
        to_status=after,
        snoozed_until=until,
        score=pair.score,
        probability=pair.probability,
        features=pair.features,
        ranker=pair.ranker,
        at=now,
    )
    pair.reviews.append(review)
    changes = {"status": [before.value, after.value]}
    if reason is not None:
        changes["reason"] = ["", reason.value]
    history.record(session, user, ACTIONS[decision], pair, now=now, changes=changes)


def note_seen(
    session: Session, user: User, suggestion_id: int, *, now: datetime
) -> None:
    """Note that the enterprise has opened an approved pair: it waits no more.

    Nothing is written for a pair it may not see, nor for the second look.
    """
    policies.require(user, "suggestion.read_own")
    _note(
        session,
        Suggestion.seen_at,
        now,
        Suggestion.id == min(suggestion_id, LARGEST_ID),
        policies.visible_suggestions(user),
    )


def note_buyers_seen(
    session: Session, user: User, achievement: Achievement, *, now: datetime
) -> None:
    """Note that the holder of the achievement has looked at who needs it."""
    if not policies.may(user, "achievement.edit", achievement):
        return
    _note(
        session,
        Suggestion.holder_seen_at,
        now,
        Suggestion.achievement_id == achievement.id,
        Suggestion.status == SuggestionStatus.APPROVED,
    )


def _note(
    session: Session, column: Any, now: datetime, *which: ColumnElement[bool]
) -> None:
    """Write the moment where there is none yet; it is no new version of the pair."""
    unseen = list(
        session.scalars(select(Suggestion.id).where(column.is_(None), *which))
    )
    if unseen:
        with transaction(session):
            session.execute(
                update(Suggestion)
                .where(Suggestion.id.in_(unseen), column.is_(None))
                .values({column: now})
                .execution_options(synchronize_session=False)
            )
