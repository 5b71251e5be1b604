"""Which pairs are written, and what becomes of them when the texts change."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from index.approval import NAMES, shipped
from matchmaker.jobs import outbox
from matchmaker.jobs.worker import Worker
from matchmaker.matches import suggest
from models import (
    Achievement,
    Call,
    History,
    Need,
    Review,
    Suggestion,
    kind_of,
    transaction,
)
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    CallStatus,
    Decision,
    NeedStatus,
    RejectReason,
    Secrecy,
    SuggestionKind,
    SuggestionStatus,
)

from ..conftest import NOW

MOMENT = timedelta(microseconds=1)
PENDING, REJECTED = SuggestionStatus.PENDING, SuggestionStatus.REJECTED
NEED_ACHIEVEMENT = SuggestionKind.NEED_ACHIEVEMENT
LESS = {"name": "误报率", "comparator": "le", "value": "0.1", "upper": "", "unit": "%"}
LESS |= {"must": True, "proposed": False}


@pytest.fixture
def work(app, session, make):
    """Do all of the worker's work, suggestions included."""

    def drain(limit=8, now=None):
        session.rollback()
        index = app.extensions["live_index"]
        clock = lambda: now or make.now  # noqa: E731
        Worker(session, index, suggestions=limit, clock=clock).drain()
        session.rollback()

    return drain


def suggestions(session, kind=None):
    session.rollback()
    query = select(Suggestion).order_by(Suggestion.id)
    if kind is not None:
        query = query.where(Suggestion.kind == kind)
    return list(session.scalars(query))


def edit(session, make, item, **values):
    with transaction(session):
        row = session.get_one(type(item), item.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        outbox.touch(session, row, now=make.now)


def decide(session, make, pair, status):
    """What the review desk does, as far as it matters here."""
    reviewer_id = make.staff().id
    decision = Decision.REJECT if status is REJECTED else Decision.APPROVE
    with transaction(session):
        pair = session.get_one(Suggestion, pair.id)
        was = pair.status
        pair.move_to(status)
        pair.decided_at = make.now
        session.add(
            Review(
                suggestion_id=pair.id,
                reviewer_id=reviewer_id,
                decision=decision,
                reason=RejectReason.OTHER_PROBLEM if status is REJECTED else None,
                from_status=was,
                to_status=status,
                score=pair.score,
                ranker=pair.ranker,
                at=make.now,
            )
        )


def reopened(session):
    query = select(func.count()).where(History.action == "suggestion.reopened")
    return session.scalar(query)


@pytest.fixture
def pair(make, work, session):
    """One need, one achievement that answers it, and their suggestion."""
    make.need()
    make.achievement()
    work()
    [found] = suggestions(session)
    return found


# -- Writing ---------------------------------------------------------------------


def test_a_pair_is_written_with_its_score_and_its_evidence(pair, make, session):
    assert (pair.kind, pair.status) == (NEED_ACHIEVEMENT, PENDING)
    assert pair.ranker == shipped().name
    assert set(pair.features) == set(NAMES)
    assert pair.probability == pytest.approx(shipped().probability(pair.features))
    assert pair.probability >= shipped().least
    assert pair.created_at == pair.updated_at == make.now
    assert set(pair.evidence) == {"indicators", "pairs", "terms", "facts", "parts"}
    assert sum(part["value"] for part in pair.evidence["parts"]) == pytest.approx(
        pair.score, abs=0.02
    )
    need = session.get_one(Need, pair.need_id)
    asked = [row["asked"] for row in pair.evidence["indicators"]]
    assert asked == need.targets


def test_whichever_side_comes_last_the_pair_and_its_score_are_the_same(
    make, work, session
):
    make.fillers(12)
    need = make.need()
    work()
    assert suggestions(session) == []
    achievement = make.achievement()
    work()
    [forward] = suggestions(session)
    score, parts = forward.score, forward.evidence["parts"]
    with transaction(session):
        session.delete(session.get_one(Suggestion, forward.id))
    edit(session, make, need, district="雨花区")
    work()

    [backward] = suggestions(session)
    assert (backward.need_id, backward.achievement_id) == (need.id, achievement.id)
    assert backward.score == pytest.approx(score, abs=1e-4)
    assert backward.evidence["parts"] == parts


def test_matching_again_writes_nothing_twice(pair, make, work, session):
    for item in (pair.need, pair.achievement):
        edit(session, make, item)
        edit(session, make, item)
        work()
    assert [found.id for found in suggestions(session)] == [pair.id]


def test_what_has_little_in_common_is_not_suggested(make, work, session):
    make.need()
    make.fillers(20)
    work()
    assert suggestions(session) == []


def test_no_more_than_the_limit_is_written_and_the_best_of_all(
    app, make, work, session
):
    make.fillers(60)
    make.achievement()
    for number in range(6):
        make.achievement(title=f"锂电池热失控识别与消防联动第{number}型")
    work()
    need_id = make.need().id
    work(limit=3)
    first = {pair.id for pair in suggestions(session)}
    assert len(first) == 3

    index = app.extensions["live_index"]
    kind, now = RecordType.NEED, make.now
    assert suggest.refresh(session, index, kind, need_id, limit=7, now=now) == 4
    ranked = sorted(suggestions(session), key=lambda pair: -pair.probability)
    assert {pair.need_id for pair in ranked} == {need_id}
    assert {pair.id for pair in ranked[:3]} == first


def test_calls_are_paired_with_needs_and_with_achievements(make, work, session):
    make.fillers(12)
    need, achievement, call = make.need(), make.achievement(), make.call()
    work()

    found = {p.kind: p for p in suggestions(session)}
    assert set(found) == set(SuggestionKind)
    one = found[SuggestionKind.NEED_CALL]
    two = found[SuggestionKind.CALL_ACHIEVEMENT]
    assert (one.need_id, one.call_id, one.achievement_id) == (need.id, call.id, None)
    assert (two.call_id, two.achievement_id) == (call.id, achievement.id)


def test_staff_are_shown_restricted_needs_too(make, work, session):
    need = make.need(secrecy=Secrecy.RESTRICTED)
    make.achievement()
    work()
    [found] = suggestions(session)
    assert found.need_id == need.id


@pytest.mark.parametrize(
    ("needs", "achievements"),
    [
        (NeedStatus.PENDING, AchievementStatus.PUBLISHED),
        (NeedStatus.DRAFT, AchievementStatus.PUBLISHED),
        (NeedStatus.SOLVED, AchievementStatus.PUBLISHED),
        (NeedStatus.PUBLISHED, AchievementStatus.PENDING),
        (NeedStatus.PUBLISHED, AchievementStatus.TRANSFERRED),
    ],
)
def test_only_what_is_open_on_both_sides_is_paired(
    make, work, session, needs, achievements
):
    make.need(status=needs)
    make.achievement(status=achievements)
    work()
    assert suggestions(session) == []


# -- Calls and the clock ---------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"closes_at": NOW}, 0),
        ({"closes_at": NOW + MOMENT}, 1),
        ({"opens_at": NOW + MOMENT}, 0),
        ({"opens_at": NOW}, 1),
        ({"status": CallStatus.IN_REVIEW}, 0),
    ],
)
def test_a_call_is_suggested_inside_its_window(make, work, session, given, expected):
    make.need()
    make.call(**given)
    work()
    assert len(suggestions(session)) == expected


def test_a_pair_with_a_call_that_has_closed_since_goes(make, work, session):
    need = make.need()
    call = make.call()
    work()
    assert len(suggestions(session)) == 1
    edit(session, make, need, district="雨花区")
    after = call.closes_at
    work(now=after)
    assert suggestions(session) == []


# -- Rejected and approved -------------------------------------------------------


def test_a_rejected_pair_stays_away(pair, make, work, session):
    decide(session, make, pair, REJECTED)
    need, achievement = pair.need, pair.achievement
    for item in (need, achievement):
        edit(session, make, item, field="EM")
        work()

    [same] = suggestions(session)
    assert (same.id, same.status) == (pair.id, REJECTED)
    assert reopened(session) == 0


@pytest.mark.parametrize(
    "values",
    [
        {
            "problem": "磷酸铁锂电池簇过充后温度上升很快!现有烟感报警太晚;\n\n"
            "希望在热失控前十分钟给出预警"
        },
        {"title": "「储能电站」电池热失控 提前预警."},
        {"targets": ["预警提前时间≥10min。", "误报率≤１%"]},
    ],
)
def test_punctuation_and_spacing_do_not_bring_a_rejected_pair_back(
    pair, make, work, session, values
):
    decide(session, make, pair, REJECTED)
    edit(session, make, pair.need, **values)
    work()
    assert [found.status for found in suggestions(session)] == [REJECTED]
    assert reopened(session) == 0


@pytest.mark.parametrize(
    ("side", "values"),
    [
        ("need", {"targets": ["预警提前时间≥30 min", "误报率≤1%"]}),
        ("need", {"title": "储能电站电池热失控提前预警与消防"}),
        ("need", {"measures": [None, LESS]}),
        ("achievement", {"indicators": ["预警提前时间15 min", "误报率0.6%"]}),
    ],
)
def test_other_words_bring_a_rejected_pair_back(
    pair, make, work, session, side, values
):
    decide(session, make, pair, REJECTED)
    edit(session, make, getattr(pair, side), **values)
    work()

    [again] = suggestions(session)
    assert (again.id, again.status, again.decided_at) == (pair.id, PENDING, None)
    assert reopened(session) == 1
    noted = session.scalar(select(History).where(History.action.contains("reopened")))
    assert (noted.record_type, noted.record_id) == ("suggestions", pair.id)
    assert noted.actor_id is None
    assert len(again.reviews) == 1  # the refusal stays on record


def test_a_corrected_measure_is_judged_and_lowers_the_chance(pair, make, work, session):
    likely = pair.probability
    edit(session, make, pair.need, measures=[{"proposed": True, "must": True}, LESS])
    work()
    [same] = suggestions(session)
    first, second = same.evidence["indicators"]
    assert (first["asked"], first["verdict"]) == ("误报率 ≤ 0.1 %", "unmet")
    assert (second["must"], second["verdict"]) == (True, "met")
    assert same.features["met"] == 0
    assert same.probability < likely


def test_measures_nobody_corrected_change_nothing(pair, make, work, session):
    before = (pair.features, pair.probability, pair.left_hash)
    preselected = {"must": True, "proposed": True, "comparator": "le", "value": "9"}
    edit(session, make, pair.need, measures=[preselected, preselected])
    work()
    [same] = suggestions(session)
    assert (same.features, same.probability, same.left_hash) == before


def test_an_approved_pair_stays_as_it_was_approved(pair, make, work, session):
    decide(session, make, pair, SuggestionStatus.APPROVED)
    before = (pair.score, pair.left_hash)
    edit(session, make, pair.need, title="黄桃采后保鲜", problem="黄桃。", targets=[])
    work()

    [same] = suggestions(session)
    assert same.status is SuggestionStatus.APPROVED
    assert (same.score, same.left_hash) == before


def test_a_pair_put_off_follows_the_texts_and_stays_put_off(pair, make, work, session):
    with transaction(session):
        row = session.get_one(Suggestion, pair.id)
        row.move_to(SuggestionStatus.SNOOZED, snoozed_until=date(2026, 12, 1))
    score = pair.score
    edit(session, make, pair.need, title="储能电站锂电池热失控早期识别与提前预警")
    work()

    [same] = suggestions(session)
    assert same.status is SuggestionStatus.SNOOZED
    assert same.score != score


# -- Following the texts ---------------------------------------------------------


def test_an_undecided_pair_follows_the_texts(pair, make, work, session):
    edit(session, make, pair.need, targets=["预警提前时间≥15 min"])
    work()
    [same] = suggestions(session)

    assert same.id == pair.id
    asked = [row["asked"] for row in same.evidence["indicators"]]
    assert asked == ["预警提前时间≥15 min"]


def test_a_pair_beyond_the_limit_follows_the_texts_too(pair, make, work, session):
    """Words that were taken out of a need must not live on in evidence."""
    edit(session, make, pair.need, targets=["预警提前时间≥15 min"])
    work(limit=0)
    [same] = suggestions(session)
    assert [r["asked"] for r in same.evidence["indicators"]] == ["预警提前时间≥15 min"]


def test_a_pair_that_no_longer_fits_goes(pair, make, work, session):
    make.fillers(12)
    edit(
        session,
        make,
        pair.need,
        title="黄桃采后保鲜",
        problem="黄桃采后冷藏运输损耗大。",
        targets=["损耗≤5%"],
    )
    work()
    assert suggestions(session) == []


@pytest.mark.parametrize(
    ("side", "status"),
    [
        ("need", NeedStatus.WITHDRAWN),
        ("need", NeedStatus.SOLVED),
        ("need", NeedStatus.PENDING),
        ("achievement", AchievementStatus.WITHDRAWN),
        ("achievement", AchievementStatus.TRANSFERRED),
    ],
)
def test_an_undecided_pair_goes_with_a_side_that_is_no_longer_open(
    pair, make, work, session, side, status
):
    edit(session, make, getattr(pair, side), status=status)
    work()
    assert suggestions(session) == []


@pytest.mark.parametrize("status", [REJECTED, SuggestionStatus.APPROVED])
def test_a_decided_pair_outlives_its_sides(pair, make, work, session, status):
    decide(session, make, pair, status)
    edit(session, make, pair.need, status=NeedStatus.WITHDRAWN)
    work()
    assert [found.status for found in suggestions(session)] == [status]


def test_a_pair_somebody_reads_just_now_is_not_taken_away(pair, make, work, session):
    staff_id = make.staff().id
    with transaction(session):
        row = session.get_one(Suggestion, pair.id)
        row.claimed_by_id = staff_id
        row.claimed_until = make.now + timedelta(minutes=5)
    need = pair.need
    edit(session, make, need, status=NeedStatus.WITHDRAWN)
    work()
    assert len(suggestions(session)) == 1

    edit(session, make, need)
    work(now=make.now + timedelta(minutes=6))
    assert suggestions(session) == []


def test_a_record_that_is_gone_is_no_error(app, session, make):
    index = app.extensions["live_index"]
    for kind in RecordType:
        assert suggest.refresh(session, index, kind, 987, limit=8, now=make.now) == 0


def test_every_kind_of_pair_says_who_asks():
    assert {kind_of(table()) for table in (Need, Achievement, Call)} == set(RecordType)
    for asks, answers in suggest.PAIRS.values():
        assert asks is not answers
        assert asks is not RecordType.ACHIEVEMENT
