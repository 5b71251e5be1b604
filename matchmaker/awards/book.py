"""The task book (任务书): written by the staff, confirmed by issuer and winner."""

from __future__ import annotations

import json
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from models import Award, AwardAmendment, Milestone, User, transaction
from models.states import UNBEGUN_AWARDS, AwardState

from ..errors import Conflict, Invalid
from ..history import service as history
from ..labels import day, today
from ..money import in_yuan
from . import ending, tell
from .finding import all_of, held, is_here
from .schema import BookInput, Confirmation, ConfirmationFor, Side

OTHER = {Side.ISSUER: Side.BIDDER, Side.BIDDER: Side.ISSUER}
SIDE_NAMES = {Side.ISSUER: "发榜单位", Side.BIDDER: "承担单位"}


def text(award: Award) -> dict[str, Any]:
    """The task book as the history and its mark have it."""
    return {
        "amount_fen": award.amount_fen,
        "signed_on": award.signed_on.isoformat() if award.signed_on else None,
        "pledge": award.pledge,
        "values": [goal.value for goal in award.goals],
        "milestones": [
            in_line(one.title, one.deliverable, one.planned_on, one.payment_fen)
            for one in award.milestones
        ],
    }


def _typed(data: BookInput) -> dict[str, Any]:
    """The same of a form."""
    return {
        "amount_fen": data.amount,
        "signed_on": data.signed_on.isoformat() if data.signed_on else None,
        "pledge": data.pledge,
        "values": data.values,
        "milestones": [
            in_line(one.title, one.deliverable, one.due_on, one.payment or 0)
            for one in data.milestones
        ],
    }


def in_line(title: str, deliverable: str, due_on: date | str, fen: int) -> str:
    """A milestone in one line, as it was planned."""
    paid = in_yuan(fen) if fen else "不付款"
    return f"{title}：{deliverable}；{due_on} 前；{paid}"


def mark(award: Award) -> str:
    """Tells one text of the task book from another."""
    whole = json.dumps(text(award), ensure_ascii=False, sort_keys=True)
    return sha256(whole.encode()).hexdigest()[:32]


def is_open(award: Award) -> bool:
    """Whether the task book may still be changed."""
    return award.state in UNBEGUN_AWARDS


def confirmed(award: Award | AwardAmendment, side: Side) -> bool:
    """Whether the side agreed to the task book as it stands, or to its change."""
    return getattr(award, f"{side}_confirmed_at") is not None


def side_of(user: User, award: Award) -> Side | None:
    """For which side the person speaks."""
    home = user.organisation_id
    if home is None:
        return None
    sides = {award.issuer_id: Side.ISSUER, award.bidder_id: Side.BIDDER}
    return sides.get(home)


def write(
    session: Session, actor: User, award_id: int, data: BookInput, *, now: datetime
) -> Award:
    """Write the task book and hand it out; confirmations of another text are void.

    Raises `Conflict` «stale» where it was changed since ``data.seen``, `Invalid` where
    the payments do not add up or the awards exceed the money of the call.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        if not is_open(award):
            raise Conflict("award.book_closed")
        if mark(award) != data.seen:
            raise Conflict("stale")
        _check(session, award, data)
        before, after = text(award), _typed(data)
        changes = {
            name: [before[name], value]
            for name, value in after.items()
            if before[name] != value
        }
        first = award.drafted_at is None
        if not changes and not first:
            return award
        was_confirmed = _forget(award, now)
        _fill(session, award, data, now)
        award.drafted_at = award.drafted_at or now
        award.updated_at = now
        session.flush()
        # What the platform had proposed nobody else has seen.
        action = "award.drafted" if first else "award.edited"
        noted = {} if first else changes
        history.record(session, actor, action, award, now=now, changes=noted)
        kind = "award_reopened" if was_confirmed else "award_to_confirm"
        tell.sides(session, award, kind, now=now, actor=actor)
    return award


def _check(session: Session, award: Award, data: BookInput) -> None:
    errors = {}
    assert data.amount is not None
    paid = sum(one.payment or 0 for one in data.milestones)
    if paid != data.amount:
        errors["milestones"] = (
            f"各里程碑付款合计 {in_yuan(paid)}，"
            f"与立项金额 {in_yuan(data.amount)} 不相等"
        )
    first = data.milestones[0].due_on
    if data.signed_on is not None and first < data.signed_on:
        errors["milestones"] = "第 1 行：期限不能早于签订日期"
    if words := over_funding(session, award, data.amount):
        errors["amount"] = words
    if len(data.values) != len(award.goals):
        errors["values"] = "每个目标都要有验收值，请刷新后重填"
    if errors:
        raise Invalid(errors)


def over_funding(session: Session, award: Award, fen: int) -> str:
    """Why the award cannot have so much, beside the others of its call; or nothing."""
    funding = award.call.funding_fen
    others = sum(
        one.claimed_fen for one in all_of(session, award.call_id) if one.id != award.id
    )
    if funding is None or others + fen <= funding:
        return ""
    return (
        f"各家立项金额合计 {in_yuan(others + fen)}，"
        f"超过榜单金额 {in_yuan(funding)}；最多 {in_yuan(max(0, funding - others))}"
    )


def _fill(session: Session, award: Award, data: BookInput, now: datetime) -> None:
    assert data.amount is not None
    award.amount_fen = data.amount
    award.signed_on, award.pledge = data.signed_on, data.pledge
    for goal, value in zip(award.goals, data.values, strict=True):
        goal.value = value
    award.milestones.clear()
    session.flush()
    award.milestones.extend(
        Milestone(
            position=place,
            title=one.title,
            deliverable=one.deliverable,
            planned_on=one.due_on,
            due_on=one.due_on,
            payment_fen=one.payment or 0,
            state_since=now,
        )
        for place, one in enumerate(data.milestones, 1)
    )


def _forget(award: Award, now: datetime) -> bool:
    """Empty both confirmations; says whether there was one."""
    was = any(confirmed(award, side) for side in Side)
    if award.state is AwardState.CONFIRMED:
        award.move_to(AwardState.DRAFT, now=now)
    for side in Side:
        setattr(award, f"{side}_confirmed_by_id", None)
        setattr(award, f"{side}_confirmed_at", None)
        setattr(award, f"{side}_confirmed_words", "")
    return was


def confirm(
    session: Session, actor: User, award_id: int, data: Confirmation, *, now: datetime
) -> Award:
    """The actor's side agrees to the task book that was read.

    With the second word it is settled, and with the last of the call all begin.
    Raises `Conflict` «changed_since_read» for another text.
    """
    with transaction(session):
        award = held(session, actor, award_id, "award.confirm")
        side = side_of(actor, award)
        assert side is not None
        _confirm(session, actor, award, side, data.seen, "", now)
    return award


def confirm_for(
    session: Session,
    actor: User,
    award_id: int,
    data: ConfirmationFor,
    *,
    now: datetime,
) -> Award:
    """The staff confirm for a side that has no account, and say on what word."""
    with transaction(session):
        award = held(session, actor, award_id, "award.govern")
        if is_here(session, getattr(award, f"{data.side}_id")):
            raise Conflict("award.party_is_here")
        _confirm(session, actor, award, data.side, data.seen, data.words, now)
    return award


def _confirm(
    session: Session,
    actor: User,
    award: Award,
    side: Side,
    seen: str,
    words: str,
    now: datetime,
) -> None:
    if not is_open(award):
        raise Conflict("award.book_closed")
    if award.drafted_at is None:
        raise Conflict("award.not_handed_out")
    if mark(award) != seen:
        raise Conflict("changed_since_read")
    if confirmed(award, side):
        return
    setattr(award, f"{side}_confirmed_by_id", actor.id)
    setattr(award, f"{side}_confirmed_at", now)
    setattr(award, f"{side}_confirmed_words", words)
    award.updated_at = now
    told = f"{SIDE_NAMES[side]}确认" + (f"（平台代为确认）：{words}" if words else "")
    changes: dict[str, Any] = {"words": [None, told]}
    if confirmed(award, OTHER[side]):
        # Without a day of its own it is signed as the second side agrees.
        if award.signed_on is None:
            award.signed_on = today(now)
            changes["signed_on"] = [None, day(award.signed_on)]
        award.move_to(AwardState.CONFIRMED, now=now)
    session.flush()
    history.record(session, actor, "award.confirmed", award, now=now, changes=changes)
    if award.state is AwardState.CONFIRMED:
        ending.settle(session, actor, award.call, now=now)
    if award.is_runner:
        return
    tell.confirmed(session, award, SIDE_NAMES[side], now=now, actor=actor)
