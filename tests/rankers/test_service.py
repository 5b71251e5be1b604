"""Learning from decisions, putting a ranker in force, and taking it back."""

from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import func, select

from index.approval import ApprovalModel, shipped
from matchmaker.errors import Conflict, NotFound
from matchmaker.matches import service as matches
from matchmaker.rankers import service
from matchmaker.rankers.active import active
from matchmaker.rankers.lessons import TEACHES, lessons
from models import Activation, History, Ranker, Review, Suggestion, transaction
from models.states import RankerState, RejectReason, SuggestionStatus

from ..conftest import NOW
from .world import (
    BAD,
    FITS,
    GOOD,
    MISFITS,
    codes,
    contrary,
    decided,
    decided_on,
    judged,
)

LEARNABLE = judged(good=FITS, bad=MISFITS)
AGAINST = judged(good=MISFITS, bad=FITS)


@pytest.fixture
def user(make):
    return make.staff()


@pytest.fixture
def better(session, make, user):
    """A ranker learnt from staff who decide otherwise than the shipped model."""
    contrary(make, user, now=NOW)
    return service.train(session, now=NOW)


# -- What is learnt --------------------------------------------------------------


def test_every_reason_is_decided_on():
    assert set(TEACHES) == set(RejectReason)


@pytest.mark.parametrize("reason", list(RejectReason))
def test_only_a_refusal_about_the_technology_is_a_lesson(session, make, user, reason):
    decided(make, user, "N-1", False, BAD, now=NOW, reason=reason)
    expected = {"other_problem", "wrong_conditions", "target_missed", "not_ready"}
    assert len(lessons(session)) == (1 if reason.value in expected else 0)


def test_an_approval_is_a_lesson_with_the_features_it_was_decided_on(
    session, make, user
):
    pair = decided(make, user, "N-7", True, GOOD, now=NOW)
    with transaction(session):
        session.get_one(Suggestion, pair.id).features = BAD
    [lesson] = lessons(session)
    assert (lesson.asks, lesson.approved, lesson.weight) == ("N-7", True, 1.0)
    assert lesson.features == GOOD


def test_what_was_put_off_or_taken_back_teaches_nothing(session, make, user):
    put_off = make.suggestion(features=GOOD)
    tomorrow = NOW.date() + timedelta(days=2)
    matches.snooze(session, user, put_off.id, tomorrow, now=NOW)
    taken_back = decided(make, user, "N-2", True, GOOD, now=NOW)
    matches.undo(session, user, taken_back.id, now=NOW)
    assert lessons(session) == []
    with pytest.raises(Conflict, match=r"ranker\.nothing_to_learn"):
        service.train(session, now=NOW)


def test_a_decision_from_before_there_were_features_teaches_nothing(
    session, make, user
):
    pair = decided(make, user, "N-2", True, GOOD, now=NOW)
    with transaction(session):
        session.execute(
            Review.__table__.update()
            .where(Review.suggestion_id == pair.id)
            .values(features=None)
        )
    assert lessons(session) == []


def test_refusals_for_price_and_timing_leave_alike_pairs_as_likely(session, make, user):
    """Twenty of them beside one approval: the model is that of the approval alone."""
    first, *rest = zip(codes(held_out=False), range(21), strict=False)
    decided(make, user, first[0], True, GOOD, now=NOW)
    alone = service.train(session, now=NOW).weights
    for code, number in rest:
        reason = RejectReason.PRICE if number % 2 else RejectReason.TIMING
        decided(make, user, code, False, GOOD, now=NOW, reason=reason)
    together = service.train(session, now=NOW).weights
    assert together["weights"] == alone["weights"]


def test_held_out_needs_are_not_learnt_from(session, make, user):
    decided(make, user, next(codes(held_out=True)), True, GOOD, now=NOW)
    with pytest.raises(Conflict, match=r"ranker\.nothing_to_learn"):
        service.train(session, now=NOW)


def test_training_writes_a_candidate_and_changes_nothing_in_force(
    session, make, better
):
    assert (better.name, better.state) == ("learned-1", RankerState.CANDIDATE)
    assert better.decisions == 40
    assert active(session) == shipped()
    model = ApprovalModel.from_json(better.weights)
    assert model.probability(FITS) > shipped().probability(FITS)
    assert model.probability(MISFITS) < shipped().probability(MISFITS)
    assert model.least == shipped().least
    assert service.train(session, now=NOW).name == "learned-2"


# -- Putting in force ------------------------------------------------------------


def test_a_better_ranker_is_put_in_force_with_its_figures(session, make, better):
    entry, found = service.activate(session, better.name, LEARNABLE, now=NOW)
    assert found.objections == []
    assert (found.decisions, found.needs) == (24, 12)
    assert found.log_loss.high < 0 < found.auc.mean
    assert found.approval_at_5.candidate == 0.5
    assert found.judged.candidate == 1

    assert active(session).name == entry.name == "learned-1"
    ranker = session.get_one(Ranker, better.id)
    assert ranker.state is RankerState.ACTIVE
    assert ranker.report["decisions"] == 24
    noted = session.scalar(select(History).where(History.action == "ranker.activated"))
    assert noted.changes == {"ranker": ["judged-1", "learned-1"]}
    with pytest.raises(Conflict, match=r"ranker\.in_force"):
        service.activate(session, better.name, LEARNABLE, now=NOW)


def refused(session, name, data):
    with pytest.raises(Conflict, match=r"ranker\.not_better") as error:
        service.activate(session, name, data, now=NOW)
    assert active(session) == shipped()
    assert session.scalar(select(func.count(Activation.id))) == 0
    assert session.scalar(select(Ranker.state)) is RankerState.CANDIDATE
    return error.value.facts["comparison"].objections


def test_one_that_loses_on_the_judged_sample_is_refused(session, better):
    [objection] = refused(session, better.name, AGAINST)
    assert "judged sample" in objection


def test_one_without_judgements_to_compare_on_is_refused(session, better):
    nothing = judged(good=FITS, bad=MISFITS, needs=0)
    [objection] = refused(session, better.name, nothing)
    assert "no held-out judgements" in objection


def test_one_that_loses_on_held_out_decisions_is_refused(session, make, user):
    contrary(make, user, now=NOW, held_out=0)
    names = islice(codes(held_out=True), 12)
    decided_on(make, user, names, good=MISFITS, bad=FITS, now=NOW)
    name = service.train(session, now=NOW).name
    objections = refused(session, name, LEARNABLE)
    assert "log loss" in objections[0]


def test_one_compared_on_too_few_decisions_is_refused(session, make, user):
    contrary(make, user, now=NOW, held_out=4)
    name = service.train(session, now=NOW).name
    [objection] = refused(session, name, LEARNABLE)
    assert "too few" in objection


def test_a_ranker_nobody_trained_is_not_found(session):
    with pytest.raises(NotFound):
        service.activate(session, "learned-9", LEARNABLE, now=NOW)
    with pytest.raises(NotFound):
        service.compared(session, "judged-1", LEARNABLE)


def test_what_waits_is_rescored_and_what_was_decided_stays(
    session, make, user, better, monkeypatch
):
    monkeypatch.setattr(service, "BATCH", 3)
    waiting = [
        make.suggestion(features=FITS, probability=0.3, ranker="judged-1")
        for _ in range(7)
    ]
    put_off = make.suggestion(features=MISFITS, probability=0.3)
    matches.snooze(session, user, put_off.id, NOW.date() + timedelta(days=3), now=NOW)
    old = make.suggestion(features={}, probability=0.3, ranker="fixed-1")
    refused_pair = make.suggestion(features=FITS, probability=0.3)
    matches.reject(session, user, refused_pair.id, RejectReason.PRICE, now=NOW)

    entry, _ = service.activate(session, better.name, LEARNABLE, now=NOW)
    session.expire_all()
    model = active(session)
    assert entry.rescored == 8
    for pair in waiting:
        assert pair.probability == pytest.approx(model.probability(FITS))
        assert pair.ranker == "learned-1"
    assert put_off.probability == pytest.approx(model.probability(MISFITS))
    assert put_off.status is SuggestionStatus.SNOOZED
    assert (old.probability, old.ranker) == (0.3, "fixed-1")
    assert (refused_pair.probability, refused_pair.ranker) == (0.3, "test")


def test_another_process_notices_an_activation(app, session, make, better):
    with app.extensions["db_sessions"]() as other:
        assert active(other) == shipped()
        other.rollback()
        service.activate(session, better.name, LEARNABLE, now=NOW)
        assert active(other).name == "learned-1"


# -- Taking back -----------------------------------------------------------------


def test_a_rollback_goes_back_one_step_each_time(session, make, better):
    pair = make.suggestion(features=FITS, probability=0.3)
    service.activate(session, better.name, LEARNABLE, now=NOW)
    entry = service.rollback(session, now=NOW)

    assert (entry.name, entry.is_rollback, entry.ranker_id) == ("judged-1", True, None)
    assert entry.rescored == 1
    session.expire_all()
    assert active(session) == shipped()
    assert session.get_one(Ranker, better.id).state is RankerState.RETIRED
    assert pair.probability == pytest.approx(shipped().probability(FITS))
    with pytest.raises(Conflict, match=r"ranker\.nothing_before"):
        service.rollback(session, now=NOW)

    again, _ = service.activate(session, better.name, LEARNABLE, now=NOW)
    assert active(session).name == again.name == "learned-1"
    actions = session.scalars(
        select(History.action)
        .where(History.action.startswith("ranker."))
        .order_by(History.id)
    ).all()
    assert actions == [
        "ranker.trained",
        "ranker.activated",
        "ranker.rolled_back",
        "ranker.activated",
    ]


def test_of_two_learnt_rankers_the_earlier_comes_back(session, make, user, better):
    service.activate(session, better.name, LEARNABLE, now=NOW)
    names = (f"{code}-2" for code in islice(codes(held_out=False), 60))
    decided_on(make, user, names, good=FITS, bad=MISFITS, now=NOW)
    second = service.train(session, now=NOW)
    service.activate(session, second.name, LEARNABLE, now=NOW)
    assert service.rollback(session, now=NOW).name == "learned-1"
    assert service.rollback(session, now=NOW).name == "judged-1"


def test_an_activation_is_never_changed(session, better):
    service.activate(session, better.name, LEARNABLE, now=NOW)
    session.scalars(select(Activation)).one().name = "another"
    with pytest.raises(RuntimeError, match="cannot be changed"):
        session.flush()
    session.rollback()
