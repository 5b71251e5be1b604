"""The sheet: draft, submission, twice, out of range, handed back; and its states."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from matchmaker.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from matchmaker.panels import assigning, overview, recusing, writing
from matchmaker.panels.schema import (
    AssignInput,
    ReasonInput,
    SheetDraft,
    read_sheet,
)
from models import History, Notice, transaction
from models.states import REVIEW_MOVES, CallStatus, ReviewState

from ..conftest import NOW
from .conftest import NEEDED

NAMES = ["技术路线", "团队基础"]
WHOLE = {
    "version": "1",
    "score_0": "85",
    "words_0": "路线清楚可行",
    "score_1": "70",
    "words_1": "团队完整可靠",
    "overall": "总体可行，指标有依据，建议支持。",
    "independent": "1",
}


def refused(**changes):
    with pytest.raises(Invalid) as refusal:
        read_sheet(WHOLE | changes, NAMES, whole=True)
    return refusal.value.fields


def test_a_whole_sheet_is_read():
    data, lines = read_sheet(WHOLE, NAMES, whole=True)
    assert [one["score"] for one in lines] == [85, 70]
    assert data.overall.startswith("总体可行")
    _, lines = read_sheet(WHOLE | {"score_0": " ８５ "}, NAMES, whole=True)
    assert lines[0]["score"] == 85


@pytest.mark.parametrize("score", ["101", "-1", "1000", "8.5", "1e2", "八十", "³"])
def test_a_score_outside_the_range_is_refused_by_its_name(score):
    for whole in (True, False):
        with pytest.raises(Invalid) as refusal:
            read_sheet(WHOLE | {"score_1": score}, NAMES, whole=whole)
        assert refusal.value.fields == {
            "score_1": "「团队基础」的评分：请填写 0 到 100 的整数"
        }


def test_a_submission_lacks_nothing_and_a_draft_may_lack_anything():
    assert list(refused(score_0="")) == ["score_0"]
    assert list(refused(words_1="……")) == ["words_1"]
    assert list(refused(overall="可")) == ["overall"]
    assert list(refused(independent="")) == ["independent"]
    _, lines = read_sheet({"version": "1"}, NAMES, whole=False)
    assert lines == writing.blank(2)


def test_a_draft_is_kept_for_the_expert_alone(world, session):
    world.form()
    review = world.review(0, 0)
    data = SheetDraft(version=review.version, overall="写了一半")
    lines = [{"score": 60, "words": "待补"}, {"score": None, "words": ""}]
    saved = writing.save(session, review.user, review.id, data, lines, now=NOW)
    assert saved.overall == "写了一半"
    with pytest.raises(Conflict, match="stale"):
        writing.save(session, review.user, review.id, data, lines, now=NOW)
    for person in (world.staff, world.issuer):
        with pytest.raises((Forbidden, NotFound)):
            writing.save(session, person, review.id, data, lines, now=NOW)
    found = overview.load(session, world.call, needed=NEEDED)
    assert all(line.standing is None for line in found.lines)


def test_a_sheet_is_submitted_once(world, session):
    world.form()
    review = world.submit(world.review(0, 0), (85, 70))
    with pytest.raises(Conflict, match=r"review\.submitted"):
        world.submit(world.review(0, 0), (90, 90))
    data = SheetDraft(version=review.version)
    with pytest.raises(Conflict, match=r"review\.submitted"):
        writing.save(session, review.user, review.id, data, [], now=NOW)
    assert overview.scores_of(world.review(0, 0)) == [85, 70]


def test_a_sheet_handed_back_may_be_changed_and_both_are_kept(world, session):
    world.form()
    review = world.submit(world.review(0, 0), (85, 20))
    reason = ReasonInput(words="团队一项与理由不符，请核对")
    writing.hand_back(session, world.staff, review.id, reason, now=NOW)
    told = select(Notice).where(Notice.kind == "review_returned")
    assert session.scalars(told).one().facts["reason"] == reason.words
    world.submit(world.review(0, 0), (85, 80))
    rows = session.scalars(
        select(History)
        .where(History.record_type == "bid_reviews", History.record_id == review.id)
        .order_by(History.id)
    ).all()
    assert [row.action for row in rows] == [
        "review.submitted",
        "review.returned",
        "review.submitted",
    ]
    assert rows[1].changes == {
        "reason": [None, reason.words],
        "scores": [[85, 20], None],
    }
    assert rows[2].changes == {"scores": [None, [85, 80]]}
    with pytest.raises(Forbidden):
        writing.hand_back(session, review.user, review.id, reason, now=NOW)


def test_the_staff_learn_when_the_last_sheet_is_in(world, session):
    world.form()
    told = select(Notice).where(Notice.kind == "reviews_complete")
    world.judge(80, 70)
    assert session.scalars(told).first() is None
    for expert in range(NEEDED):
        world.submit(world.review(2, expert), (60, 60))
    assert session.scalars(told).first() is not None


def test_nothing_is_written_once_the_review_is_over(world, session):
    world.form()
    review = world.review(0, 0)
    with transaction(session):
        world.call.status = CallStatus.ANNOUNCED
    with pytest.raises(Conflict, match=r"panel\.not_in_review"):
        world.submit(review, (80, 80))


ACTIONS = ("save", "submit", "hand_back", "recuse", "take_away", "assign", "dismiss")
PEOPLE = ("expert", "other", "staff", "issuer")


@pytest.mark.one_database
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(PEOPLE))))
def test_no_sequence_of_actions_leaves_the_table_of_states(world, session, steps):
    """Whoever does what in which order: each move is one of `REVIEW_MOVES`."""
    session.rollback()
    bid = world.make.released_bid(world.call, world.make.organisation())
    expert, other = world.make.expert(), world.make.expert()
    review = world.make.review(bid, expert)
    people = {
        "expert": expert.user,
        "other": other.user,
        "staff": world.staff,
        "issuer": world.issuer,
    }
    words = ReasonInput(words="按程序处理的原因")
    whole, lines = read_sheet(WHOLE, NAMES, whole=True)
    before = review.state
    for action, who in steps:
        actor, version = people[who], review.version
        try:
            if action == "save":
                data = SheetDraft(version=version)
                writing.save(session, actor, review.id, data, lines, now=NOW)
            elif action == "submit":
                data = whole.model_copy(update={"version": version})
                writing.submit(
                    session, actor, review.id, data, lines, needed=1, now=NOW
                )
            elif action == "hand_back":
                writing.hand_back(session, actor, review.id, words, now=NOW)
            elif action == "recuse":
                recusing.declare(session, actor, review.id, words, now=NOW)
            elif action == "take_away":
                assigning.take_away(session, actor, review.id, words, now=NOW)
            elif action == "assign":
                one = AssignInput(bid=bid.id, expert=expert.id)
                assigning.assign(session, actor, world.call.id, one, now=NOW)
        except (NotFound, Forbidden):
            pass
        except DomainError:
            # An outsider never gets so far as to learn the state.
            if who in ("other", "issuer"):
                raise
        session.refresh(review)
        after = review.state
        assert after is before or after in REVIEW_MOVES[before], (action, who)
        if who in ("other", "issuer"):
            assert after is before
        if after is ReviewState.SUBMITTED:
            assert overview.scores_of(review) == [85, 70]
        before = after
