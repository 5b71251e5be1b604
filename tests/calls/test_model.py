"""The window of a call by the clock, and the states it may take."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from models import Call
from models.states import CALL_MOVES, CallPhase, CallStatus, IllegalMove

OPENS = datetime(2026, 12, 1, 1, tzinfo=UTC)
CLOSES = datetime(2026, 12, 31, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def call(status=CallStatus.OPEN, **given):
    window = {"opens_at": OPENS, "closes_at": CLOSES, "questions_until": CLOSES}
    return Call(status=status, **window | given)


@pytest.mark.parametrize(
    ("now", "phase", "takes"),
    [
        (OPENS - MOMENT, CallPhase.UPCOMING, False),
        (OPENS, CallPhase.OPEN, True),
        (CLOSES - MOMENT, CallPhase.OPEN, True),
        (CLOSES, CallPhase.CLOSED, False),
        (CLOSES + timedelta(days=400), CallPhase.CLOSED, False),
    ],
)
def test_the_window_is_half_open(now, phase, takes):
    assert call().phase(now) is phase
    assert call().takes_bids_at(now) is takes


@pytest.mark.parametrize("status", sorted(set(CallStatus) - {CallStatus.OPEN}))
def test_only_an_open_call_goes_by_the_clock(status):
    for now in (OPENS - MOMENT, OPENS, CLOSES):
        assert call(status).phase(now) == status.value
        assert not call(status).takes_bids_at(now)


def test_questions_end_before_the_window_and_may_begin_before_it():
    asked = call(questions_until=CLOSES - timedelta(days=7))
    assert asked.takes_questions_at(OPENS - MOMENT)
    assert asked.takes_questions_at(CLOSES - timedelta(days=7) - MOMENT)
    assert not asked.takes_questions_at(CLOSES - timedelta(days=7))


@pytest.mark.parametrize("old", CallStatus)
@pytest.mark.parametrize("new", CallStatus)
def test_a_state_follows_only_where_the_table_says_so(old, new):
    one = call(old)
    if new in CALL_MOVES[old]:
        one.move_to(new)
        assert one.status is new
    else:
        with pytest.raises(IllegalMove):
            one.move_to(new)
        assert one.status is old


@pytest.mark.parametrize(
    "wrong",
    [
        {"closes_at": OPENS},
        {"questions_until": CLOSES + MOMENT},
        {"opens_at": None},
        {"max_awards": 2},
        {"issuer_weight": 51},
    ],
)
def test_the_table_refuses_what_makes_no_window(session, make, wrong):
    given = {"opens_at": OPENS, "closes_at": CLOSES, "questions_until": CLOSES}
    with pytest.raises(IntegrityError):
        make.call(**given | wrong)
    session.rollback()
