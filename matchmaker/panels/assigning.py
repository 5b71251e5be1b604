"""Form a panel: which expert judges which bid, and who must not.

An expert bound to the issuer or to any bidder judges no bid of the call, also none of
the others: who marks down a competitor helps its own as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Bid,
    BidReview,
    Call,
    Expert,
    Organisation,
    PanelMember,
    User,
    transaction,
)
from models.states import HELD_REVIEWS, ReviewState

from ..errors import Conflict, Invalid
from ..experts.conflicts import conflicts
from ..experts.service import available
from ..history import service as history
from . import due, tell
from .finding import held_call, held_review, in_hand, require_review
from .overview import released
from .schema import AssignInput, DismissInput, PanelInput, ReasonInput


@dataclass(frozen=True)
class Candidate:
    """An expert, seen from a call.

    conflicts   why it must not judge these bids, in words; none if it may
    open        how many sheets it has in hand, of any call
    """

    expert: Expert
    member: PanelMember | None
    conflicts: Sequence[str]
    open: int

    @property
    def is_member(self) -> bool:
        return self.member is not None and self.member.left_at is None

    @property
    def may_judge(self) -> bool:
        return not self.conflicts


def candidates(session: Session, call: Call) -> list[Candidate]:
    """Every expert: members first, then those of the call's field, then the others."""
    parties = _parties(call, released(session, call))
    members = {one.user_id: one for one in members_of(session, call)}
    busy = _open_sheets(session)
    found = [
        Candidate(
            expert,
            members.get(expert.user_id),
            [one.words for one in conflicts(expert.ties, parties)],
            busy.get(expert.user_id, 0),
        )
        for expert in available(session)
    ]
    found.sort(
        key=lambda one: (
            not one.is_member,
            bool(one.conflicts),
            call.field not in one.expert.fields,
            one.open,
        )
    )
    return found


def _parties(call: Call, bids: Sequence[Bid]) -> list[Organisation]:
    return [call.issuer, *(bid.organisation for bid in bids)]


def members_of(session: Session, call: Call) -> Sequence[PanelMember]:
    """Who is or was on the panel of the call."""
    query = (
        select(PanelMember)
        .where(PanelMember.call_id == call.id)
        .order_by(PanelMember.id)
    )
    return session.scalars(query).all()


def _open_sheets(session: Session) -> dict[int, int]:
    query = (
        select(BidReview.user_id, func.count(BidReview.id))
        .where(BidReview.state.in_(HELD_REVIEWS))
        .group_by(BidReview.user_id)
    )
    return {row.user_id: row[1] for row in session.execute(query)}


def add(
    session: Session, actor: User, call_id: int, data: PanelInput, *, now: datetime
) -> list[Expert]:
    """Put experts on the panel and give each all bids of the call.

    The first to come make the day by which sheets are due. All or none: raises
    `Invalid` that names who has an interest, and which.
    """
    with transaction(session):
        _hold(session, data.experts)
        call = held_call(session, actor, call_id, "panel.form")
        require_review(call)
        bids = released(session, call)
        known = {one.id: one for one in available(session)}
        chosen = [known[id_] for id_ in dict.fromkeys(data.experts) if id_ in known]
        if len(chosen) < len(set(data.experts)):
            raise Invalid({"experts": "所选专家中有人已停用，请刷新后重选"})
        _require_no_interest(call, bids, chosen, "experts")
        changes = _set_day(call, data, now)
        for expert in chosen:
            _join(session, actor, call, expert, now)
        given = {
            expert.user_id: sum(_give(session, bid, expert, now) for bid in bids)
            for expert in chosen
        }
        changes["panel"] = [None, "、".join(one.user.name for one in chosen)]
        history.record(session, actor, "panel.formed", call, now=now, changes=changes)
        tell.assigned(session, call, {k: n for k, n in given.items() if n}, now=now)
        if call.issuer_weight:
            tell.view_wanted(session, call, now=now)
    return chosen


def _set_day(call: Call, data: PanelInput, now: datetime) -> dict[str, Any]:
    """Give the call its day, if it has none; what changed of it."""
    if call.sheets_due_on is not None:
        due.require_time(call, now, "experts")
        return {}
    if data.due_on is None:
        raise Invalid({"due_on": "请填写评审截止"})
    due.require_day(data.due_on, now)
    call.sheets_due_on = data.due_on
    return {"sheets_due_on": [None, data.due_on.isoformat()]}


def _hold(session: Session, expert_ids: Sequence[int]) -> None:
    """Whoever declares a tie waits, or is waited for: no bid slips in between."""
    query = select(Expert.id).where(Expert.id.in_(expert_ids)).order_by(Expert.id)
    session.execute(query.with_for_update(key_share=True)).all()


def _require_no_interest(
    call: Call, bids: Sequence[Bid], experts: Sequence[Expert], field: str
) -> None:
    parties = _parties(call, bids)
    refused = [
        f"{expert.user.name}与{one.words}"
        for expert in experts
        for one in conflicts(expert.ties, parties)
    ]
    if refused:
        words = "；".join(refused)
        raise Invalid({field: f"有利害关系，不能评审本榜：{words}。没有加入任何人"})


def _join(
    session: Session, actor: User, call: Call, expert: Expert, now: datetime
) -> None:
    found = session.scalar(
        select(PanelMember).where(
            PanelMember.call_id == call.id, PanelMember.user_id == expert.user_id
        )
    )
    if found is None:
        found = PanelMember(call_id=call.id, user_id=expert.user_id)
        session.add(found)
    elif found.left_at is None:
        return
    found.added_by_id, found.added_at = actor.id, now
    found.left_at, found.left_words = None, ""
    session.flush()


def _give(session: Session, bid: Bid, expert: Expert, now: datetime) -> bool:
    """Whether the bid is new in the expert's hands; a recusal stands."""
    review = session.scalar(
        select(BidReview).where(
            BidReview.bid_id == bid.id, BidReview.user_id == expert.user_id
        )
    )
    if review is None:
        session.add(
            BidReview(
                bid_id=bid.id,
                user_id=expert.user_id,
                assigned_at=now,
                state_since=now,
            )
        )
    elif review.state is ReviewState.REMOVED:
        review.move_to(ReviewState.ASSIGNED, now=now)
        review.assigned_at = now
    else:
        return False
    session.flush()
    return True


def assign(
    session: Session, actor: User, call_id: int, data: AssignInput, *, now: datetime
) -> Expert:
    """Give one bid to one more expert, as a replacement or besides the others."""
    with transaction(session):
        _hold(session, [data.expert])
        call = held_call(session, actor, call_id, "panel.form")
        require_review(call)
        bids = released(session, call)
        bid = next((one for one in bids if one.id == data.bid), None)
        if bid is None:
            raise Invalid({"bid": "这份揭榜书不在本榜之内，请刷新后重选"})
        due.require_time(call, now, "expert")
        expert = next(
            (one for one in available(session) if one.id == data.expert), None
        )
        if expert is None:
            raise Invalid({"expert": "没有这位专家，或其账号已停用，请从列表中选择"})
        _require_no_interest(call, bids, [expert], "expert")
        _join(session, actor, call, expert, now)
        if not _give(session, bid, expert, now):
            raise Conflict("panel.assigned")
        changes = {"panel": [None, expert.user.name], "bid": [None, bid.id]}
        history.record(session, actor, "panel.assigned", call, now=now, changes=changes)
        tell.assigned(session, call, {expert.user_id: 1}, now=now)
    return expert


def take_away(
    session: Session, actor: User, review_id: int, data: ReasonInput, *, now: datetime
) -> BidReview:
    """Take a bid from an expert who has not judged it, and say why."""
    with transaction(session):
        review = held_review(session, actor, review_id, "review.govern")
        if review.state not in HELD_REVIEWS:
            raise Conflict("review.not_held")
        remove(session, actor, review, data.words, now=now)
    return review


def remove(
    session: Session, actor: User, review: BidReview, words: str, *, now: datetime
) -> None:
    """The same inside a running transaction."""
    review.move_to(ReviewState.REMOVED, now=now)
    changes = {"reason": [None, words]}
    history.record(session, actor, "review.removed", review, now=now, changes=changes)
    tell.taken_away(session, review, now=now)


def dismiss(
    session: Session, actor: User, call_id: int, data: DismissInput, *, now: datetime
) -> PanelMember:
    """Take an expert off the panel: what it has in hand goes, what it sent stays."""
    with transaction(session):
        call = held_call(session, actor, call_id, "panel.form")
        require_review(call)
        members = members_of(session, call)
        member = next((one for one in members if one.user_id == data.member), None)
        if member is None or member.left_at is not None:
            raise Conflict("panel.no_member")
        member.left_at, member.left_words = now, data.words
        for review in in_hand(session, call, data.member, HELD_REVIEWS):
            remove(session, actor, review, data.words, now=now)
        changes = {
            "panel": [member.user.name, None],
            "reason": [None, data.words],
        }
        history.record(
            session, actor, "panel.dismissed", call, now=now, changes=changes
        )
    return member
