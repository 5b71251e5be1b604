"""The result of a review: proposed, announced for a notice period, in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Bid, BidOutcome, Call, CallResult, Objection, User, transaction
from models.states import CallStatus, ObjectionState, ResultState

from .. import policies
from ..awards import drafting
from ..calendar.days import Calendar
from ..calendar.service import load as load_calendar
from ..errors import Conflict, Invalid
from ..history import service as history
from ..jobs import outbox
from ..labels import CITY, today, until
from . import overview, tell
from .assigning import members_of
from .finding import held_call, require_review
from .overview import Line, Overview
from .schema import AnnounceInput, ResultInput
from .scoring import shown

Clock = Callable[[], datetime]
NO_WINNER = "no_winner"
CURRENT = (ResultState.DRAFT, ResultState.ANNOUNCED, ResultState.FINAL)


def current(session: Session, call: Call) -> CallResult | None:
    """The newest result of the call that was not withdrawn."""
    query = (
        select(CallResult)
        .where(CallResult.call_id == call.id, CallResult.state.in_(CURRENT))
        .order_by(CallResult.number.desc())
        .limit(1)
    )
    return session.scalar(query)


def public(session: Session, call: Call) -> CallResult | None:
    """The result anybody may read: announced or in force."""
    found = current(session, call)
    return None if found is None or found.state is ResultState.DRAFT else found


def outcome_of(
    session: Session, user: User | None, result: CallResult | None
) -> BidOutcome | None:
    """What became of the bid of the reader's own organisation, if it made one."""
    if user is None or result is None or user.organisation_id is None:
        return None
    query = select(BidOutcome).where(
        BidOutcome.result_id == result.id,
        policies.visible_outcomes(user),
        BidOutcome.bid.has(Bid.organisation_id == user.organisation_id),
    )
    return session.scalar(query)


def propose(
    session: Session,
    actor: User,
    call_id: int,
    data: ResultInput,
    *,
    needed: int,
    now: datetime,
) -> CallResult:
    """Draft the result with the reason for each bid; nobody is told yet.

    Raises `Conflict` while sheets are missing, `Invalid` for winners out of the order
    of the ranking and for a reason that names an expert.
    """
    with transaction(session):
        call = held_call(session, actor, call_id, "result.write")
        require_review(call)
        found = overview.load(session, call, needed=needed)
        _require_complete(found)
        _check(session, found, data)
        result = current(session, call)
        if (result.version if result else 0) != data.version:
            raise Conflict("stale")
        if result is None:
            result = CallResult(call_id=call.id, number=_next(session, call))
            session.add(result)
        result.basis, result.failed_words = found.mark, data.failed_words
        result.without_issuer = bool(found.views_missing)
        result.drafted_at, result.drafted_by_id = now, actor.id
        _write_outcomes(result, found, data)
        session.flush()
        history.record(session, actor, "result.drafted", call, now=now)
    return result


def _require_complete(found: Overview) -> None:
    if not found.lines:
        raise Conflict("panel.no_bids")
    if not found.is_complete:
        raise Conflict(
            "result.sheets_missing", lacking=found.lacking, awaited=found.awaited
        )


def _next(session: Session, call: Call) -> int:
    query = select(func.max(CallResult.number)).where(CallResult.call_id == call.id)
    return (session.scalar(query) or 0) + 1


def _check(session: Session, found: Overview, data: ResultInput) -> None:
    errors = {}
    if found.views_missing and not data.without_issuer:
        errors["without_issuer"] = (
            f"发榜单位还有 {found.views_missing} 份意见没有给出；"
            "请等意见到齐，或者勾选只按专家评分排名"
        )
    if words := _out_of_order(found, data.winners):
        errors["winners"] = words
    names = {one.user.name for one in members_of(session, found.call)}
    names |= {one.user.name for line in found.lines for one in line.reviews}
    for bid_id, reason in data.reasons.items():
        named = sorted(name for name in names if name in reason)
        if named:
            errors[f"reason_{bid_id}"] = (
                f"理由会发给揭榜单位，不能写出专家姓名：{'、'.join(named)}"
            )
    if any(line.bid.id not in data.reasons for line in found.lines):
        raise Conflict("stale")
    if errors:
        raise Invalid(errors)


def _out_of_order(found: Overview, winners: list[int]) -> str:
    """What is wrong with the choice; the ranking is what decides who wins."""
    most = found.call.max_awards
    chosen = set(winners)
    if len(chosen) > most:
        return f"本榜最多立项 {most} 家"
    ranks = {line.bid.id: line.standing.rank for line in found.lines if line.standing}
    if not chosen <= set(ranks):
        return "所选揭榜书不在本榜之内，请刷新后重选"
    if not chosen:
        return ""
    last = max(ranks[bid_id] for bid_id in chosen)
    passed = [id_ for id_, rank in ranks.items() if rank < last and id_ not in chosen]
    if passed:
        skipped = min(ranks[bid_id] for bid_id in passed)
        return f"须按名次从前往后选：没有选第 {skipped} 名，不能选第 {last} 名"
    return ""


def _write_outcomes(result: CallResult, found: Overview, data: ResultInput) -> None:
    known = {one.bid_id: one for one in result.outcomes}
    for line in found.lines:
        assert line.standing is not None
        outcome = known.get(line.bid.id)
        if outcome is None:
            outcome = BidOutcome(bid_id=line.bid.id)
            result.outcomes.append(outcome)
        outcome.won = line.bid.id in data.winners
        outcome.rank, outcome.points = line.standing.rank, line.standing.total
        outcome.reason = data.reasons[line.bid.id]


def announce(
    session: Session,
    actor: User,
    call_id: int,
    data: AnnounceInput,
    *,
    needed: int,
    notice_days: int,
    clock: Clock,
) -> CallResult:
    """Make the draft public for so many working days; every bidder gets its reason.

    Raises `Conflict` «result.outdated» where the scores changed since it was drafted.
    """
    with transaction(session):
        call = held_call(session, actor, call_id, "result.write")
        now = clock()
        require_review(call)
        result = current(session, call)
        if result is None:
            raise Conflict("result.none")
        if result.version != data.version:
            raise Conflict("stale")
        found = overview.load(session, call, needed=needed)
        _require_complete(found)
        if found.mark != result.basis:
            raise Conflict("result.outdated")
        end = notice_end(load_calendar(session), now, notice_days)
        result.move_to(ResultState.ANNOUNCED)
        result.notice_from, result.notice_until = now, end
        _move(session, actor, call, CallStatus.ANNOUNCED, "result.announced", now)
        tell.announced(session, result, now=now)
    return result


def notice_end(calendar: Calendar, now: datetime, days: int) -> datetime:
    """The end of the last of so many working days after today, in the city."""
    last = calendar.after(today(now), days)
    return datetime.combine(last + timedelta(days=1), time(), CITY)


def close(session: Session, actor: User, call_id: int, *, clock: Clock) -> CallResult:
    """Put the announced result in force: the call is awarded, or has failed.

    The clock is read once the call is held. Raises `Conflict` before the notice period
    is over and while an objection waits for its answer.
    """
    with transaction(session):
        call = held_call(session, actor, call_id, "result.write")
        now = clock()
        result = current(session, call)
        if call.status is not CallStatus.ANNOUNCED or result is None:
            raise Conflict("result.not_announced")
        assert result.notice_until is not None
        if now < result.notice_until:
            raise Conflict("result.notice_running", until=until(result.notice_until))
        if waiting := open_objections(session, result):
            raise Conflict("result.objections_open", number=waiting)
        result.move_to(ResultState.FINAL)
        result.closed_at = now
        if result.is_failure:
            fail(session, actor, call, result.failed_words, now=now)
        else:
            _move(session, actor, call, CallStatus.AWARDED, "result.closed", now)
            winners = [one.bid for one in result.winners]
            drafting.begin(session, actor, call, winners, now=now)
        tell.closed(session, result, now=now)
    return result


def open_objections(session: Session, result: CallResult) -> int:
    """How many objections to the result wait for an answer."""
    query = select(func.count(Objection.id)).where(
        Objection.result_id == result.id, Objection.state == ObjectionState.OPEN
    )
    return session.scalar(query) or 0


def withdraw(
    session: Session, actor: User, result: CallResult, *, fail_words: str, now: datetime
) -> None:
    """An objection was upheld: back to the panel, or (with a cause) the call fails.

    Works inside the running transaction, the call being held.
    """
    call = result.call
    result.move_to(ResultState.WITHDRAWN)
    result.closed_at = now
    if fail_words:
        fail(session, actor, call, fail_words, now=now)
    else:
        _move(session, actor, call, CallStatus.IN_REVIEW, "result.withdrawn", now)
    tell.withdrawn(session, result, now=now)


def fail(
    session: Session, actor: User, call: Call, words: str, *, now: datetime
) -> None:
    """The call ends without a winner (流榜), and says why."""
    call.end_code, call.end_reason = NO_WINNER, words
    changes = {"reason": [None, words]}
    _move(session, actor, call, CallStatus.FAILED, "result.failed", now, changes)


def _move(
    session: Session,
    actor: User,
    call: Call,
    status: CallStatus,
    action: str,
    now: datetime,
    changes: Mapping[str, list[str | None]] | None = None,
) -> None:
    before = call.status
    call.move_to(status)
    call.updated_at = now
    session.flush()
    outbox.note(session, call, now=now)
    noted = {"status": [before.value, status.value], **(changes or {})}
    history.record(session, actor, action, call, now=now, changes=noted)


def proposal(found: Overview) -> dict[int, str]:
    """The reason for each bid, drafted from what the experts wrote; by its number.

    For the staff to edit: no expert is named, and each is only a number.
    """
    return {line.bid.id: _reason(found, line) for line in found.lines if line.standing}


@dataclass(frozen=True)
class Drafted:
    """The result as its form begins: the draft there is, or one to begin with.

    version   of the draft, 0 where there is none
    outdated  whether the scores changed since; then the reasons are drafted anew
    """

    version: int
    winners: Sequence[int]
    reasons: Mapping[int, str]
    failed_words: str
    without_issuer: bool
    outdated: bool


def drafted(found: Overview, result: CallResult | None) -> Drafted:
    """The draft, or a proposal made of the ranking and of the experts' words."""
    reasons = proposal(found) if found.is_complete else {}
    if result is None:
        ranked = [line.bid.id for line in found.lines if line.standing]
        return Drafted(0, ranked[: found.call.max_awards], reasons, "", False, False)
    outdated = result.basis != found.mark
    if not outdated:
        reasons |= {one.bid_id: one.reason for one in result.outcomes}
    winners = [one.bid_id for one in result.winners]
    return Drafted(
        result.version,
        winners,
        reasons,
        result.failed_words,
        result.without_issuer,
        outdated,
    )


def _reason(found: Overview, line: Line) -> str:
    standing = line.standing
    assert standing is not None
    means = "，".join(
        f"{one.name} {shown(points)} 分"
        for one, points in zip(found.criteria, standing.means, strict=True)
    )
    lines = [
        f"综合得分 {shown(standing.total)} 分，"
        f"在 {len(found.lines)} 份揭榜书中列第 {standing.rank} 名。",
        f"各项平均分：{means}。",
    ]
    for place, one in enumerate(found.criteria):
        said = [review.scores[place]["words"] for review in line.submitted]
        lines.append(f"{one.name}：{_together(said)}")
    lines.append(f"总体意见：{_together([one.overall for one in line.submitted])}")
    return "\n".join(lines)


def _together(said: list[str]) -> str:
    """Several experts' words as one paragraph; the same words once."""
    words = [" ".join(text.split()).rstrip("。；;.") for text in said]
    return "；".join(dict.fromkeys(text for text in words if text)) + "。"
