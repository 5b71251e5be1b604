"""Whatever anybody does in whatever order, a sealed bid stays what it must be.

Random people take random steps while the clock goes on, or is set back. Each step is
taken or refused in words, and after each hold: states follow the tables, nothing of a
bid changes outside its window but by two people's release, every submission has its
receipt, and there is content only once it is released.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from matchmaker.bids import files, sealing, service
from matchmaker.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from models import Bid, BidFile, BidRelease, BidSubmission, History
from models.states import BID_MOVES, CALL_MOVES, BidState, CallStatus, IllegalMove

from .conftest import CLOSES, INSTANT, Desk

BIDDERS = ("firm", "college")
PEOPLE = (*BIDDERS, "colleague", "issuer", "outsider", "staff", "second", "inside")
WRITING = ("save", "submit", "submit", "attach", "remove", "drop", "withdraw")
STEPS = (*WRITING, "approve", "approve", "retry")
# Mostly before the end, also exactly at it, after it, and back again.
MOMENTS = (-3600, -1, 0, 0, 1, 86_400)
REFUSALS = (Conflict, Forbidden, Invalid, NotFound, IllegalMove)
steps = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(STEPS),
    st.sampled_from(MOMENTS),
    st.integers(0, 3),
)


@st.composite
def lives(draw: Any) -> list[tuple[str, str, int, int]]:
    """A usual life, cut short somewhere, with strange steps put in between."""
    usual = [
        ("firm", "attach", -60),
        ("firm", "save", -50),
        ("firm", "submit", -40),
        ("college", "submit", -30),
        ("firm", "submit", -1),
        ("staff", "approve", 1),
        ("second", "approve", 2),
        ("staff", "retry", 3),
    ]
    found: list[tuple[str, str, int, int]] = []
    for who, step, at in usual[: draw(st.integers(0, len(usual)))]:
        found += draw(st.lists(steps, max_size=2))
        found.append((who, step, at, draw(st.integers(0, 3))))
    return found + draw(st.lists(steps, max_size=5))


def take(desk: Desk, user: Any, step: str, number: int) -> None:
    """Take the step; raises the refusal."""
    session, call = desk.session, desk.call
    bid = service.own_bid(session, user, call)
    others = session.scalars(select(Bid).order_by(Bid.id)).all()
    target = bid or (others[0] if others else None)
    number_of = target.id if target else 1
    if step == "save":
        desk.save(user, str(number))
    elif step == "submit":
        desk.submit(user, str(number), **({"leader": ""} if number == 3 else {}))
    elif step == "attach":
        desk.attach(user, b"%d" % number)
    elif step == "remove":
        ids = session.scalars(select(BidFile.id)).all() or [1]
        files.remove(session, desk.safe, user, ids[0], clock=desk.clock)
    elif step == "drop":
        service.drop_changes(session, desk.safe, user, number_of, clock=desk.clock)
    elif step == "withdraw":
        service.withdraw(session, desk.safe, user, number_of, clock=desk.clock)
    elif step == "approve":
        desk.approve(user)
    else:
        desk.retry(user)


def facts(desk: Desk) -> dict[str, Any]:
    """Everything about the call and its bids, read afresh."""
    session = desk.session
    session.rollback()
    found: dict[str, Any] = {"status": desk.call.status}
    found["release"] = [
        (one.first_by_id, one.second_by_id, one.released_at)
        for one in session.scalars(select(BidRelease))
    ]
    found["bids"] = {
        bid.id: {
            name: getattr(bid, name)
            for name in (
                *("organisation_id", "state", "number", "digest", "draft", "sealed"),
                *("release_key", "content", "version"),
            )
        }
        | {"receipts": [(r.number, r.at, r.sha256) for r in bid.submissions]}
        for bid in session.scalars(select(Bid).order_by(Bid.id))
    }
    found["history"] = session.scalar(select(func.count(History.id)))
    return found


def check(desk: Desk, who: str, step: str, before: Any, *, took: bool) -> None:
    """What must hold after any step."""
    after, now = facts(desk), desk.clock.now
    place = (who, step, now - CLOSES, before["status"], after["status"])
    if not took:
        assert after == before, place
    in_time = before["status"] is CallStatus.OPEN and now < CLOSES
    if took and step in WRITING:
        assert in_time, place
        assert not before["release"], place
        assert who in (*BIDDERS, "colleague"), place
    if took and step in ("approve", "retry"):
        assert now >= CLOSES, place
        assert who in ("staff", "second"), place
    if after["status"] is not before["status"]:
        assert step == "approve", place
        assert after["status"] in CALL_MOVES[before["status"]], place
    for id_, bid in after["bids"].items():
        old = before["bids"].get(id_, {"state": BidState.DRAFT, "receipts": []})
        if bid["state"] is not old["state"]:
            # One that was taken back is begun anew and sent in one step.
            again = (step, old["state"]) == ("submit", BidState.WITHDRAWN)
            state = BidState.DRAFT if again else old["state"]
            assert bid["state"] in BID_MOVES[state], place
        # Receipts are added, one for each submission, and never change.
        assert bid["receipts"][: len(old["receipts"])] == old["receipts"], place
        numbers = [number for number, _, _ in bid["receipts"]]
        assert numbers == list(range(1, bid["number"] + 1)), place
        assert all(at < CLOSES for _, at, _ in bid["receipts"]), place
        if bid["digest"] is not None:
            assert bid["receipts"][-1][2] == bid["digest"], place
        released = bid["state"] is BidState.RELEASED
        assert (bid["content"] is not None) is released, place
        if released:
            [(first, second, at)] = after["release"]
            assert first != second is not None, place
            assert at >= CLOSES, place
        if after["status"] is not CallStatus.OPEN:
            assert bid["draft"] is None, place
        if bid["state"] is not old["state"] or id_ not in before["bids"]:
            assert after["history"] > before["history"], place
    assert len({bid["organisation_id"] for bid in after["bids"].values()}) == len(
        after["bids"]
    ), place


@pytest.mark.one_database
@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives())
def test_no_sequence_of_steps_breaks_a_seal(life, desk):
    forget(desk)
    people = {
        name: getattr(desk, name) for name in ("firm", "college", "staff", "second")
    } | desk.strangers
    for who, step, seconds, number in life:
        desk.clock.now = CLOSES + timedelta(seconds=seconds)
        if seconds == -1 and number % 2:
            desk.clock.now = CLOSES - INSTANT
        before, took = facts(desk), True
        try:
            take(desk, people[who], step, number)
        except REFUSALS:
            took = False
        except DomainError as error:
            raise AssertionError((who, step, error.code)) from error
        check(desk, who, step, before, took=took)
    open_ones = [
        bid
        for bid in desk.session.scalars(select(Bid))
        if bid.state in (BidState.SUBMITTED, BidState.RELEASED)
    ]
    for bid in open_ones:
        stated = sealing.statement_of(desk.safe.vault, bid)
        assert stated["number"] == bid.number


def forget(desk: Desk) -> None:
    """Begin anew: no bid, no release, the call open."""
    session = desk.session
    session.rollback()
    for table in (BidFile, BidSubmission, Bid, BidRelease):
        session.execute(table.__table__.delete())
    desk.call.status, desk.call.end_code = CallStatus.OPEN, None
    session.commit()
    session.expire_all()
