"""Two people at the desk: whatever they do, the record stays one story."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matchmaker.errors import Conflict, Forbidden
from matchmaker.matches import service
from models import History, Review, Suggestion, User
from models.states import Decision, RejectReason, SuggestionStatus

from ..conftest import NOW
from ..factories import Factory

MINUTES = 15
WHO = st.sampled_from([0, 1])
WHICH = st.sampled_from([0, 1])


def desk_of(session: Session, make: Factory) -> type[RuleBasedStateMachine]:
    """A machine whose every run has two fresh pairs and two fresh people."""

    class Desk(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            need = make.need()
            self.people = [make.staff(), make.staff()]
            self.pairs = [make.suggestion(need).id for _ in range(2)]
            self.now = NOW
            self.rows = 0
            self.holder: dict[int, tuple[int, object]] = {}

        def try_to(self, act) -> bool:
            try:
                act()
            except (Conflict, Forbidden):
                return False
            return True

        def free_for(self, who: int, which: int) -> bool:
            held = self.holder.get(which)
            return held is None or held[0] == who or held[1] <= self.now

        def decide(self, who: int, which: int, act) -> None:
            free = self.free_for(who, which)
            if self.try_to(act):
                assert free, "decided over a colleague's claim"
                self.holder.pop(which, None)

        @rule(who=WHO, which=WHICH)
        def claim(self, who: int, which: int) -> None:
            user, pair_id = self.people[who], self.pairs[which]
            free = self.free_for(who, which)
            try:
                held = service.claim(
                    session, user, pair_id, minutes=MINUTES, now=self.now
                )
            except Conflict:
                assert not free
                return
            assert free or not held
            if held:
                self.holder[which] = (who, self.now + timedelta(minutes=MINUTES))

        @rule(who=WHO, which=WHICH)
        def release(self, who: int, which: int) -> None:
            service.release(session, self.people[who], self.pairs[which])
            if self.holder.get(which, (None,))[0] == who:
                del self.holder[which]

        @rule(who=WHO, which=WHICH)
        def approve(self, who: int, which: int) -> None:
            user, pair_id = self.people[who], self.pairs[which]
            self.decide(
                who,
                which,
                lambda: service.approve(session, user, pair_id, now=self.now),
            )

        @rule(who=WHO, which=WHICH, reason=st.sampled_from(RejectReason))
        def reject(self, who: int, which: int, reason: RejectReason) -> None:
            user, pair_id = self.people[who], self.pairs[which]
            self.decide(
                who,
                which,
                lambda: service.reject(session, user, pair_id, reason, now=self.now),
            )

        @rule(who=WHO, which=WHICH, days=st.integers(1, 300))
        def snooze(self, who: int, which: int, days: int) -> None:
            user, pair_id = self.people[who], self.pairs[which]
            until = self.now.date() + timedelta(days=days + 1)
            self.decide(
                who,
                which,
                lambda: service.snooze(session, user, pair_id, until, now=self.now),
            )

        @rule(who=WHO, which=WHICH)
        def undo(self, who: int, which: int) -> None:
            user, pair_id = self.people[who], self.pairs[which]
            before = service.standing_decisions(self.reviews(pair_id))
            free = self.free_for(who, which)
            if self.try_to(lambda: service.undo(session, user, pair_id, now=self.now)):
                assert free
                assert before[-1].reviewer_id == user.id
                self.holder.pop(which, None)

        @rule(minutes=st.sampled_from([1, 14, 15, 60, 1441]))
        def wait(self, minutes: int) -> None:
            self.now += timedelta(minutes=minutes)

        def reviews(self, pair_id: int) -> list[Review]:
            query = select(Review).where(Review.suggestion_id == pair_id)
            return list(session.scalars(query.order_by(Review.id)))

        @invariant()
        def status_agrees_with_the_reviews(self) -> None:
            session.expire_all()
            for pair_id in self.pairs:
                pair = session.get_one(Suggestion, pair_id)
                reviews = self.reviews(pair_id)
                last = reviews[-1].to_status if reviews else SuggestionStatus.PENDING
                assert pair.status is last
                standing = service.standing_decisions(reviews)
                assert pair.status is (
                    standing[-1].to_status if standing else SuggestionStatus.PENDING
                )
                decided = pair.status in ("approved", "rejected")
                assert (pair.decided_at is not None) == decided
                if pair.status is SuggestionStatus.SNOOZED:
                    assert pair.snoozed_until == standing[-1].snoozed_until

        @invariant()
        def the_claim_is_the_one_we_know_of(self) -> None:
            for which, pair_id in enumerate(self.pairs):
                pair = session.get_one(Suggestion, pair_id)
                held = self.holder.get(which)
                known = self.people[held[0]].id if held else None
                assert pair.claimed_by_id == known

        @invariant()
        def history_only_grows_by_one_row_a_review(self) -> None:
            query = select(func.count(History.id)).where(
                History.record_type == "suggestions", History.record_id.in_(self.pairs)
            )
            rows = session.scalar(query) or 0
            assert rows >= self.rows
            self.rows = rows
            assert rows == sum(len(self.reviews(pair_id)) for pair_id in self.pairs)

    return Desk


def test_any_order_of_actions_leaves_one_story(session, make):
    run_state_machine_as_test(
        desk_of(session, make),
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("round_", range(5))
def test_of_two_decisions_at_the_same_moment_one_counts(
    app: Flask, session, make, round_
):
    pair, people = make.suggestion(), [make.staff(), make.staff()]
    ids = [user.id for user in people]
    start = Barrier(2, timeout=30)

    def decide(user_id: int, decision: Decision) -> bool:
        with app.extensions["db_sessions"]() as own:
            user = own.get_one(User, user_id)
            start.wait()
            try:
                if decision is Decision.APPROVE:
                    service.approve(own, user, pair_id, now=NOW)
                else:
                    service.reject(own, user, pair_id, RejectReason.PRICE, now=NOW)
            except Conflict:
                return False
            return True

    pair_id = pair.id
    session.rollback()
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(decide, ids, [Decision.APPROVE, Decision.REJECT]))

    assert sorted(done) == [False, True]
    assert len(session.scalars(select(Review)).all()) == 1


def test_of_two_claims_at_the_same_moment_one_holds(app: Flask, session, make):
    pair_id = make.suggestion().id
    ids = [make.staff().id, make.staff().id]
    session.rollback()
    start = Barrier(2, timeout=30)

    def claim(user_id: int) -> bool:
        with app.extensions["db_sessions"]() as own:
            user = own.get_one(User, user_id)
            start.wait()
            try:
                return service.claim(own, user, pair_id, minutes=MINUTES, now=NOW)
            except Conflict:
                return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(claim, ids)) == [False, True]
