"""Who is told what of a review; everything is written inside the transaction.

Letters lie on servers of others: they say that there is something, and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import BidOutcome, BidReview, Call, CallResult, Objection, User

from ..mail import service as mail
from ..notices import service as notices


def assigned(
    session: Session, call: Call, numbers: dict[int, int], *, now: datetime
) -> None:
    """Tell each expert (by number) how many bids wait for it."""
    for user_id, number in numbers.items():
        until = _until(call)
        facts: dict[str, Any] = {"number": number, "call": call.id, "until": until}
        _notice(session, [user_id], "review_assigned", call, now=now, **facts)
        words = f"有 {number} 份揭榜书请您评审{until}"
        _letters(session, [user_id], words, call, "/reviews", now)


def _until(call: Call) -> str:
    return f"，{call.sheets_due_on} 截止" if call.sheets_due_on else ""


def due_moved(
    session: Session, call: Call, people: list[int], reason: str, *, now: datetime
) -> None:
    """Tell the experts by which day their sheets are due from now on."""
    day = str(call.sheets_due_on)
    facts = {"day": day, "reason": reason, "call": call.id}
    _notice(session, people, "review_due_moved", call, now=now, **facts)
    words = f"评审截止改为 {day}"
    _letters(session, people, words, call, "/reviews", now)


def returned(session: Session, review: BidReview, *, now: datetime) -> None:
    """Tell the expert that its sheet is to be changed, and why."""
    call = review.bid.call
    facts = {"reason": review.returned_words, "review_id": review.id}
    _notice(session, [review.user_id], "review_returned", call, now=now, **facts)
    words = "您提交的一份评分表被退回修改"
    _letters(session, [review.user_id], words, call, f"/reviews/{review.id}", now)


def taken_away(session: Session, review: BidReview, *, now: datetime) -> None:
    """Tell the expert that a bid is no longer its to judge."""
    facts = {"call": review.bid.call_id}
    people = [review.user_id]
    _notice(session, people, "review_removed", review.bid.call, now=now, **facts)


def replacement_wanted(session: Session, call: Call, *, now: datetime) -> None:
    """Ask the staff for another expert: one has an interest in a bid."""
    people = notices.staff(session)
    _notice(session, people, "review_conflict", call, now=now, call_id=call.id)


def complete(session: Session, call: Call, *, now: datetime) -> None:
    """Tell the staff that the last sheet is in."""
    people = notices.staff(session)
    _notice(session, people, "reviews_complete", call, now=now, call_id=call.id)


def view_wanted(session: Session, call: Call, *, now: datetime) -> None:
    """Ask the issuer what it thinks of the bids."""
    people = notices.members_of(session, call.issuer_id)
    _notice(session, people, "view_wanted", call, now=now, call_id=call.id)


def announced(session: Session, result: CallResult, *, now: datetime) -> None:
    """Tell every bidder its outcome, the issuer that there is one."""
    call = result.call
    for outcome in result.outcomes:
        _to_bidder(session, outcome, "outcome_announced", now)
        people = notices.members_of(session, outcome.bid.organisation_id)
        words = "评审结果已公示，请登录查看理由"
        _letters(session, people, words, call, f"/outcomes/{outcome.id}", now)
    _to_issuer(session, call, "result_announced", now)


def closed(session: Session, result: CallResult, *, now: datetime) -> None:
    """Tell bidders and issuer that the result is in force."""
    for outcome in result.outcomes:
        _to_bidder(session, outcome, "outcome_final", now)
    _to_issuer(session, result.call, "result_final", now)


def withdrawn(session: Session, result: CallResult, *, now: datetime) -> None:
    """Tell bidders and issuer that an objection was upheld."""
    for outcome in result.outcomes:
        for kind in ("outcome_announced", "outcome_final"):
            notices.withdraw(session, kind, "outcome_id", outcome.id)
        people = notices.members_of(session, outcome.bid.organisation_id)
        facts = {"call_id": result.call_id}
        _notice(session, people, "result_withdrawn", result.call, now=now, **facts)
    _to_issuer(session, result.call, "result_withdrawn", now)


def _to_bidder(session: Session, outcome: BidOutcome, kind: str, now: datetime) -> None:
    people = notices.members_of(session, outcome.bid.organisation_id)
    call = outcome.result.call
    _notice(session, people, kind, call, now=now, outcome_id=outcome.id)


def _to_issuer(session: Session, call: Call, kind: str, now: datetime) -> None:
    people = notices.members_of(session, call.issuer_id)
    _notice(session, people, kind, call, now=now, call_id=call.id)


def objected(session: Session, objection: Objection, *, now: datetime) -> None:
    """Tell the staff that somebody objects."""
    people, call = notices.staff(session), objection.result.call
    facts = {"objection_id": objection.id}
    _notice(session, people, "objection_made", call, now=now, **facts)


def answered(session: Session, objection: Objection, *, now: datetime) -> None:
    """Answer who objected: in the app, and a visitor by mail with the whole answer."""
    call = objection.result.call
    notices.withdraw(session, "objection_made", "objection_id", objection.id)
    if objection.user_id is not None:
        facts = {"objection_id": objection.id}
        people = [objection.user_id]
        _notice(session, people, "objection_answered", call, now=now, **facts)
    mail.queue(
        session,
        objection.email,
        "objection_answered",
        now=now,
        name=objection.name,
        title=call.title,
        outcome="成立" if objection.state == "upheld" else "不成立",
        answer=objection.answer,
        path=f"/calls/{call.id}/result",
    )


def _notice(
    session: Session,
    people: Iterable[int],
    kind: str,
    about: Call,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    notices.queue(session, people, kind, now=now, title=about.title, **facts)


def _letters(
    session: Session,
    people: Iterable[int],
    words: str,
    call: Call,
    path: str,
    now: datetime,
) -> None:
    readers = select(User.email).where(User.id.in_(list(people)), User.active)
    for email in session.scalars(readers):
        facts = {"words": words, "title": call.title, "path": path}
        mail.queue(session, email, "review", now=now, **facts)
