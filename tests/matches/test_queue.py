"""The columns of the desk tell what the database would, whatever happens to the pairs.

Random pairs of random records, under random filters, against queries that are slow and
plain (`plain_queue`); then the same columns after changes they have to follow.
"""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from index.catalogue import Catalogue
from index.pairs import Pairs
from matchmaker.jobs import outbox
from matchmaker.labels import today
from matchmaker.matches import queue, service
from matchmaker.matches.schema import QueueFilters
from models import Suggestion, SuggestionChange, transaction
from models.matches import note_changes
from models.states import (
    AchievementStatus,
    CallStatus,
    NeedStatus,
    RejectReason,
    Secrecy,
    SuggestionKind,
    SuggestionStatus,
)

from ..conftest import NOW
from .plain_queue import PlainQueue

FIELDS, DISTRICTS = ("ES", "EM", "AI"), ("岳麓区", "长沙县")
PAIRS = 70
WAITING = QueueFilters()


def some_pairs(make, people, seed: int) -> list[int]:
    """Pairs in every state, of records in every state; some claimed, some put off."""
    draw, ids = Random(seed), []
    needs = [
        make.need(
            status=draw.choice([NeedStatus.PUBLISHED] * 4 + list(NeedStatus)),
            secrecy=draw.choice([Secrecy.PUBLIC, Secrecy.RESTRICTED]),
            field=draw.choice(FIELDS),
            district=draw.choice(DISTRICTS),
        )
        for _ in range(9)
    ]
    states = [AchievementStatus.PUBLISHED] * 4 + list(AchievementStatus)
    offers = [make.achievement(status=draw.choice(states)) for _ in range(9)]
    states = [CallStatus.OPEN] * 4 + list(CallStatus)
    calls = [
        make.call(status=draw.choice(states), field=draw.choice(FIELDS))
        for _ in range(5)
    ]
    seen = set()
    while len(ids) < PAIRS:
        kind = draw.choice([SuggestionKind.NEED_ACHIEVEMENT, *SuggestionKind])
        need, offer, call = map(draw.choice, (needs, offers, calls))
        sides = {
            "need_id": None if kind is SuggestionKind.CALL_ACHIEVEMENT else need.id,
            "achievement_id": None if kind is SuggestionKind.NEED_CALL else offer.id,
            "call_id": None if kind is SuggestionKind.NEED_ACHIEVEMENT else call.id,
        }
        if tuple(sides.values()) in seen:
            continue
        seen.add(tuple(sides.values()))
        ids.append(make.suggestion(kind=kind, **sides, **_state(draw, people)).id)
    return ids


def _state(draw: Random, people) -> dict:
    status = draw.choice(list(SuggestionStatus))
    decided = status in (SuggestionStatus.APPROVED, SuggestionStatus.REJECTED)
    claimed = draw.random() < 0.3
    put_off = today(NOW) + timedelta(days=draw.randrange(-2, 3))
    return {
        "status": status,
        "snoozed_until": put_off if status is SuggestionStatus.SNOOZED else None,
        # Few values, so that many pairs tie.
        "probability": draw.choice((0.1, 0.4, 0.55, 0.7, 0.9)),
        "created_at": NOW - timedelta(days=draw.choice((0, 3, 5, 7, 20))),
        "decided_at": NOW - timedelta(hours=draw.randrange(5)) if decided else None,
        "claimed_by_id": draw.choice(people).id if claimed else None,
        "claimed_until": NOW + timedelta(minutes=draw.choice((-5, 0, 5)))
        if claimed
        else None,
    }


def some_of(values) -> st.SearchStrategy:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


FILTERS = st.builds(
    QueueFilters,
    status=st.sampled_from(list(SuggestionStatus)),
    kind=some_of(list(SuggestionKind)),
    field=some_of(FIELDS),
    district=some_of(DISTRICTS),
    score=st.sampled_from([None, 0.4, 0.7, 0.55]),
    age=st.sampled_from([None, 0, 3, 14]),
    mine=st.booleans(),
)


def look(session, catalogue, user, filters=WAITING) -> queue.Queue:
    return queue.look(session, catalogue, user, filters, NOW, counted=True)


def assert_alike(found: queue.Queue, plain: PlainQueue, ids: list[int]) -> None:
    """Order, places, neighbours and counts are those of the plain queries."""
    ordered, free = plain.ids(), plain.free()
    assert found.page(0, PAIRS) == ordered
    assert found.page(3, 4) == ordered[3:7]
    assert found.page(PAIRS, 5) == []
    assert found.next_pair() == (free[0] if free else None)
    for pair_id in ids:
        position = ordered.index(pair_id) + 1 if pair_id in ordered else None
        assert found.place(pair_id) == queue.Place(position, len(ordered))
    for place, pair_id in enumerate(free):
        before = free[place - 1] if place else None
        after = free[place + 1] if place + 1 < len(free) else None
        assert found.neighbours(pair_id) == (before, after)
        others = free[place + 1 :] + free[:place]
        assert found.next_pair(pair_id) == (others[0] if others else None)
    for name, numbers in plain.counts(FIELDS, DISTRICTS).items():
        told = {value: found.counts[name].get(value, 0) for value in numbers}
        assert told == numbers, name
        assert sum(found.counts[name].values()) == sum(numbers.values())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_columns_tell_what_the_database_would(session, make, seed):
    people = [make.staff(), make.staff()]
    ids = some_pairs(make, people, seed)
    catalogue = Catalogue()

    @settings(
        max_examples=12,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        database=None,
    )
    @given(FILTERS, st.sampled_from(people))
    def holds(filters, user):
        plain = PlainQueue(session, user, filters, NOW)
        assert_alike(look(session, catalogue, user, filters), plain, ids)

    holds()


def test_whatever_happens_to_pairs_and_records_is_followed(session, make):
    user, other = make.staff(), make.staff()
    catalogue = Catalogue()
    ids = some_pairs(make, [other], 4)
    plain = PlainQueue(session, user, WAITING, NOW)
    assert_alike(look(session, catalogue, user), plain, ids)

    first, second, third, fourth = plain.free()[:4]
    service.approve(session, user, first, now=NOW)
    later = today(NOW) + timedelta(days=1)
    service.snooze(session, user, second, later, now=NOW)
    service.reject(session, user, third, RejectReason.OTHER_PROBLEM, now=NOW)
    service.undo(session, user, third, now=NOW)
    with transaction(session):
        pair = session.get_one(Suggestion, fourth)
        pair.probability = 0.05
        need = session.get_one(Suggestion, third).need
        if need is not None:
            need.status = NeedStatus.WITHDRAWN
            outbox.touch(session, need, now=NOW)
    new = make.suggestion(probability=0.99).id

    found = look(session, catalogue, user)
    assert_alike(found, plain, [*ids, new])
    assert found.next_pair() == new
    decided = QueueFilters(status=SuggestionStatus.APPROVED)
    assert_alike(
        look(session, catalogue, user, decided),
        PlainQueue(session, user, decided, NOW),
        [*ids, new],
    )


def test_a_pair_that_is_gone_is_in_no_number(session, make):
    user, catalogue = make.staff(), Catalogue()
    need = make.need()
    gone, stays = (make.suggestion(need) for _ in range(2))
    also = make.suggestion(need).id
    assert look(session, catalogue, user).total == 3

    with transaction(session):
        session.delete(session.get_one(Suggestion, gone.id))
    with transaction(session):
        session.execute(Suggestion.__table__.delete().where(Suggestion.id == also))
        note_changes(session, [also])
    found = look(session, catalogue, user)
    assert (found.total, found.page(0, 9)) == (1, [stays.id])


def changes(session) -> int:
    session.rollback()
    return session.scalar(select(func.count(SuggestionChange.id)))


def test_only_what_the_desk_counts_by_leaves_a_line(session, make):
    pair, user = make.suggestion(), make.staff()
    before = changes(session)
    assert before == 1
    service.claim(session, user, pair.id, minutes=15, now=NOW)
    service.release(session, user, pair.id)
    assert changes(session) == before

    service.approve(session, user, pair.id, now=NOW)
    # The pair is another, and there is one decision more.
    assert changes(session) == before + 2


def test_a_line_that_was_rolled_back_is_no_change(session, make):
    pair, catalogue, user = make.suggestion(), Catalogue(), make.staff()
    assert look(session, catalogue, user).total == 1
    session.get_one(Suggestion, pair.id).move_to(SuggestionStatus.REJECTED)
    session.flush()
    session.rollback()
    assert look(session, catalogue, user).total == 1


def test_a_failure_while_rereading_loses_no_change(session, make, monkeypatch):
    user, catalogue = make.staff(), Catalogue()
    pair = make.suggestion()
    assert look(session, catalogue, user).total == 1
    service.reject(session, user, pair.id, RejectReason.OTHER_PROBLEM, now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(Pairs, "reread", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(session, catalogue, user)

    assert look(session, catalogue, user).total == 0


def test_the_desk_of_another_process_shows_a_decision_at_once(app, session, make):
    user, mine, theirs = make.staff(), Catalogue(), Catalogue()
    pair = make.suggestion()
    with app.extensions["db_sessions"]() as other:
        assert look(session, mine, user).total == 1
        assert look(other, theirs, user).total == 1
        other.rollback()
        service.reject(session, user, pair.id, RejectReason.OTHER_PROBLEM, now=NOW)
        assert look(other, theirs, user).total == 0
