"""From the scores to the result in force: winners, notice, objections, failure."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from matchmaker import policies
from matchmaker.calendar.days import Calendar
from matchmaker.errors import Conflict, DomainError, Forbidden, Invalid
from matchmaker.panels import objections, overview, recusing, results, writing
from matchmaker.panels.schema import (
    AnnounceInput,
    AnswerInput,
    ObjectionDecision,
    ObjectionInput,
    ReasonInput,
    ResultInput,
    VisitorObjection,
)
from matchmaker.panels.scoring import shown
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models import BidOutcome, Mail, Notice, User, transaction
from models.states import (
    CALL_MOVES,
    OBJECTION_MOVES,
    RESULT_MOVES,
    CallMode,
    CallStatus,
    ResultState,
    ReviewState,
)

from ..conftest import NOW
from ..factories import PERIODS
from .conftest import NEEDED

DAYS = 5
REASON = "技术路线清楚，指标有试验依据，得分符合排名。"
OBJECTION = "获选单位的检测报告已经过期，请予核实。"
# NOW is a Monday; five working days end with the Monday after.
END = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def propose(world, *winners, actor=None, **given_):
    call = world.call
    result = results.current(world.session, call)
    values = {
        "version": result.version if result else 0,
        "winners": [world.bids[place].id for place in winners],
        "reasons": {bid.id: REASON for bid in world.bids},
    }
    data = ResultInput(**values | given_)
    actor = actor or world.staff
    return results.propose(world.session, actor, call.id, data, needed=NEEDED, now=NOW)


def announce(world, *, now=NOW, version=None):
    result = results.current(world.session, world.call)
    data = AnnounceInput(version=version or result.version)
    return results.announce(
        world.session,
        world.staff,
        world.call.id,
        data,
        needed=NEEDED,
        notice_days=DAYS,
        clock=lambda: now,
    )


def close(world, now, actor=None):
    actor = actor or world.staff
    return results.close(world.session, actor, world.call.id, clock=lambda: now)


def object_(world, *, now=NOW, actor=None, email="wang@example.com"):
    data = VisitorObjection(name="王某", email=email, objection=OBJECTION)
    return objections.make(world.session, actor, world.call.id, data, clock=lambda: now)


def answer(world, objection, decision, **given_):
    data = AnswerInput(
        decision=decision, answer="经核实，检测报告在有效期内。", **given_
    )
    return objections.answer(world.session, world.staff, objection.id, data, now=NOW)


@pytest.fixture
def judged(world):
    """The first bid is the best, the third the weakest; all views are in."""
    world.form()
    world.judge(90, 80, 70)
    for bid, score in enumerate((80, 80, 80)):
        world.view(bid, score)
    return world


def work_of(world, user, now=NOW):
    when = work.moment(now, PERIODS)
    found = work.work_list(world.session, user, WorkQuery(), when)
    return {item.source.name for item in found.items}


def test_the_overview_shows_totals_spread_outliers_and_what_is_missing(world):
    world.form()
    for expert, points in enumerate((80, 82, 60)):
        world.submit(world.review(0, expert), (points, points))
    found = overview.load(world.session, world.call, needed=NEEDED)
    line = found.line_of(world.bids[0].id)
    assert sorted(map(shown, line.sheets.values())) == ["60.00", "80.00", "82.00"]
    assert (shown(line.standing.experts), shown(line.spread)) == ("74.00", "22.00")
    assert line.outliers == {world.review(0, 2).id}
    assert (found.awaited, found.lacking) == (6, 0)
    assert not found.is_complete
    # One view of three counts for none: all are measured alike.
    world.view(0, 100)
    found = overview.load(world.session, world.call, needed=NEEDED)
    assert (found.issuer_counts, found.views_missing) == (False, 2)
    assert found.lines[0].standing.total == 7400


def test_bids_without_a_sheet_stand_below_those_that_are_ranked(world):
    world.form()
    for bid, points in ((0, 70), (2, 60)):
        world.submit(world.review(bid, 0), (points, points))
    found = overview.load(world.session, world.call, needed=NEEDED)
    first, none, second = world.bids
    assert [line.bid.id for line in found.lines] == [first.id, second.id, none.id]


def test_the_issuers_view_weighs_once_every_bid_has_one(judged):
    found = overview.load(judged.session, judged.call, needed=NEEDED)
    assert found.issuer_counts
    totals = [shown(line.standing.total) for line in found.lines]
    assert totals == ["88.00", "80.00", "72.00"]


def test_only_the_issuer_and_staff_give_its_view_and_only_in_review(judged):
    other = judged.make.user()
    judged.issuer, issuer = other, judged.issuer
    with pytest.raises(Forbidden):
        judged.view(0, 10)
    judged.issuer = judged.staff
    judged.view(0, 60)
    judged.issuer = issuer
    propose(judged, 0)
    announce(judged)
    with pytest.raises(Conflict, match=r"panel\.not_in_review"):
        judged.view(0, 10)


def test_no_result_while_sheets_are_missing(world):
    world.form()
    with pytest.raises(Conflict, match=r"result\.sheets_missing"):
        propose(world, 0)


def test_winners_follow_the_ranking(judged):
    for winners, words in (((1,), "没有选第 1 名"), ((0, 1), "最多立项 1 家")):
        with pytest.raises(Invalid) as refusal:
            propose(judged, *winners)
        assert words in refusal.value.fields["winners"]
    with pytest.raises(Invalid) as refusal:
        propose(judged, winners=[999])
    assert "不在本榜" in refusal.value.fields["winners"]
    assert propose(judged, 0).winners[0].bid_id == judged.bids[0].id


def test_no_reason_names_an_expert(judged):
    name = judged.experts[1].user.name
    reasons = {bid.id: REASON for bid in judged.bids}
    reasons[judged.bids[1].id] = f"{name}认为团队基础偏弱，建议补充。"
    with pytest.raises(Invalid) as refusal:
        propose(judged, 0, reasons=reasons)
    assert list(refusal.value.fields) == [f"reason_{judged.bids[1].id}"]


def test_the_drafted_reasons_are_the_experts_words_without_their_names(judged):
    found = overview.load(judged.session, judged.call, needed=NEEDED)
    drafted = results.proposal(found)
    first = drafted[judged.bids[0].id]
    assert "综合得分 88.00 分，在 3 份揭榜书中列第 1 名" in first
    assert "第 1 项有试验数据支持" in first
    names = [one.user.name for one in judged.experts]
    assert not [name for name in names if name in first]
    propose(judged, 0, reasons=drafted)


def test_a_missing_view_of_the_issuer_must_be_waived_in_words(world):
    world.form()
    world.judge(90, 80, 70)
    with pytest.raises(Invalid) as refusal:
        propose(world, 0)
    assert list(refusal.value.fields) == ["without_issuer"]
    assert propose(world, 0, without_issuer=True).without_issuer


def test_scores_that_change_make_the_draft_old(judged, session):
    propose(judged, 0)
    review = judged.review(0, 0)
    reason = ReasonInput(words="请核对第二项的分数")
    writing.hand_back(session, judged.staff, review.id, reason, now=NOW)
    with pytest.raises(Conflict, match=r"result\.sheets_missing"):
        announce(judged)
    judged.submit(judged.review(0, 0), (89, 89))
    with pytest.raises(Conflict, match=r"result\.outdated"):
        announce(judged)
    propose(judged, 0)
    with pytest.raises(Conflict, match="stale"):
        announce(judged, version=1)
    announce(judged)


def test_the_notice_lasts_to_the_end_of_its_last_working_day():
    """In the city's days, over weekends and public holidays."""
    late = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 there
    assert results.notice_end(Calendar(), late, DAYS) == END
    next_day = late + timedelta(minutes=1)
    assert results.notice_end(Calendar(), next_day, DAYS) == END + timedelta(days=1)
    holiday = Calendar([(date(2026, 11, 25), False)])
    assert results.notice_end(holiday, late, DAYS) == END + timedelta(days=1)
    saturday = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    assert results.notice_end(Calendar(), saturday, 1) == datetime(
        2026, 11, 23, 16, 0, tzinfo=UTC
    )


def test_every_bidder_gets_its_reason_and_no_one_elses(judged, session):
    propose(judged, 0)
    bidders = [session.get(User, bid.user_id) for bid in judged.bids]
    seen = select(BidOutcome.bid_id)
    assert not session.scalars(seen.where(policies.visible_outcomes(bidders[0]))).all()
    announce(judged)
    for bid, bidder in zip(judged.bids, bidders, strict=True):
        visible = policies.visible_outcomes(bidder)
        assert session.scalars(seen.where(visible)).all() == [bid.id]
        told = select(Notice).where(
            Notice.user_id == bidder.id, Notice.kind == "outcome_announced"
        )
        assert session.scalars(told).one()
        letter = select(Mail).where(Mail.recipient == bidder.email)
        facts = session.scalars(letter).one().facts
        assert REASON not in str(facts)
    for outsider in (judged.experts[0].user, judged.issuer, None):
        visible = policies.visible_outcomes(outsider)
        assert not session.scalars(seen.where(visible)).all()


def test_the_result_is_in_force_after_the_notice_and_not_a_moment_before(
    judged, session
):
    propose(judged, 0)
    with pytest.raises(Conflict, match=r"result\.not_announced"):
        close(judged, END)
    assert announce(judged).notice_until == END
    assert "results_to_close" not in work_of(judged, judged.staff)
    with pytest.raises(Conflict, match=r"result\.notice_running"):
        close(judged, END - timedelta(microseconds=1))
    assert "results_to_close" in work_of(judged, judged.staff, END)
    with pytest.raises(Forbidden):
        close(judged, END, actor=judged.issuer)
    close(judged, END)
    assert judged.call.status is CallStatus.AWARDED
    with pytest.raises(Conflict, match=r"result\.not_announced"):
        close(judged, END)


def test_nobody_wins_with_a_cause_and_a_notice_too(judged):
    with pytest.raises(ValueError, match="两者只取其一"):
        ResultInput(version=0)
    propose(judged, failed_words="三份揭榜书都没有达到预警时间的要求。")
    announce(judged)
    assert judged.call.status is CallStatus.ANNOUNCED
    close(judged, END)
    assert judged.call.status is CallStatus.FAILED
    assert judged.call.end_reason.startswith("三份揭榜书")


def test_a_race_has_several_winners(judged, session):
    with transaction(session):
        judged.call.mode, judged.call.max_awards = CallMode.RACE, 2
    assert len(propose(judged, 0, 1).winners) == 2


def test_an_objection_keeps_the_result_open_until_it_is_dismissed(judged, session):
    propose(judged, 0)
    with pytest.raises(Conflict, match=r"result\.not_noticed"):
        object_(judged)
    announce(judged)
    objection = object_(judged)
    assert "objections_to_answer" in work_of(judged, judged.staff)
    with pytest.raises(Conflict, match=r"result\.objections_open"):
        close(judged, END)
    with pytest.raises(Conflict, match=r"result\.not_noticed"):
        object_(judged, now=END)
    answer(judged, objection, ObjectionDecision.DISMISS)
    with pytest.raises(Conflict, match="already_handled"):
        answer(judged, objection, ObjectionDecision.REVIEW)
    letter = select(Mail).where(Mail.recipient == objection.email)
    assert "有效期内" in session.scalars(letter).one().facts["answer"]
    close(judged, END)
    assert judged.call.status is CallStatus.AWARDED


def test_who_is_signed_in_objects_by_name_and_not_endlessly(judged, session):
    propose(judged, 0)
    announce(judged)
    bidder = session.get(User, judged.bids[1].user_id)
    data = ObjectionInput(objection=OBJECTION)
    made = objections.make(session, bidder, judged.call.id, data, clock=lambda: NOW)
    assert (made.name, made.email) == (bidder.name, bidder.email)
    with pytest.raises(Invalid):
        objections.make(session, None, judged.call.id, data, clock=lambda: NOW)
    for _ in range(objections.MOST_A_DAY):
        object_(judged)
    with pytest.raises(Invalid) as refusal:
        object_(judged)
    assert list(refusal.value.fields) == ["objection"]


def test_an_upheld_objection_brings_the_bids_back_to_the_panel(judged, session):
    propose(judged, 0)
    announce(judged)
    first, second = object_(judged), object_(judged)
    answer(judged, first, ObjectionDecision.REVIEW)
    assert judged.call.status is CallStatus.IN_REVIEW
    assert results.current(session, judged.call) is None
    # The other is answered, and changes nothing any more.
    answer(judged, second, ObjectionDecision.REVIEW)
    assert judged.call.status is CallStatus.IN_REVIEW
    told = select(Notice).where(Notice.kind == "outcome_announced")
    assert session.scalars(told).all() == []
    review = judged.review(0, 0)
    words = ReasonInput(words="核实后发现与揭榜单位有合作")
    recusing.declare(session, judged.staff, review.id, words, now=NOW)
    assert judged.review(0, 0).state is ReviewState.RECUSED


def test_an_upheld_objection_may_end_the_call_with_a_cause(judged):
    propose(judged, 0)
    announce(judged)
    objection = object_(judged)
    with pytest.raises(Invalid) as refusal:
        answer(judged, objection, ObjectionDecision.FAIL)
    assert list(refusal.value.fields) == ["end_words"]
    answer(
        judged,
        objection,
        ObjectionDecision.FAIL,
        end_words="获选单位材料不实，取消本榜。",
    )
    assert judged.call.status is CallStatus.FAILED


STEPS = ("propose", "fail", "announce", "close", "object", "dismiss", "review", "end")
PEOPLE = ("staff", "issuer", "expert", "bidder")


@pytest.mark.one_database
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(STEPS),
            st.sampled_from(("staff", *PEOPLE)),
            st.integers(0, 9),
        ),
        max_size=14,
    )
)
def test_no_sequence_of_steps_leaves_the_tables_of_states(world, session, steps):
    """Whoever does what on which day: no move the tables do not allow."""
    session.rollback()
    world.call = world.make.call(
        issuer_id=world.call.issuer_id,
        status=CallStatus.IN_REVIEW,
        criteria=world.call.criteria,
        issuer_weight=0,
    )
    homes = [world.make.organisation() for _ in range(2)]
    world.bids = [world.make.released_bid(world.call, home) for home in homes]
    for bid in world.bids:
        for expert in world.experts[:NEEDED]:
            world.make.review(bid, expert, points=80)
    people = {
        "staff": world.staff,
        "issuer": world.issuer,
        "expert": world.experts[0].user,
        "bidder": session.get(User, world.bids[0].user_id),
    }
    made, now, own = None, NOW, world.staff
    before = (CallStatus.IN_REVIEW, None)
    try:
        for step, who, days in steps:
            world.staff, now = people[who], now + timedelta(days=days)
            try:
                if step == "propose":
                    propose(world, 0)
                elif step == "fail":
                    propose(world, failed_words="没有达到要求。")
                elif step == "announce" and results.current(session, world.call):
                    announce(world, now=now)
                elif step == "close":
                    close(world, now)
                    ended = results.current(session, world.call)
                    assert ended.notice_until <= now
                    assert results.open_objections(session, ended) == 0
                elif step == "object":
                    made = object_(world, now=now, email=f"a{days}@example.com")
                elif step in ("dismiss", "review", "end") and made is not None:
                    was = made.state
                    answer(world, made, _decision(step), end_words="材料不实。")
                    assert made.state in OBJECTION_MOVES[was]
            except DomainError:
                pass
            else:
                assert (
                    who == "staff"
                    or step in ("object", "announce")
                    or _idle(step, made)
                )
            session.refresh(world.call)
            result = results.current(session, world.call)
            after = (world.call.status, result.state if result else None)
            _check(before, after)
            before = after
    finally:
        world.staff = own


def _decision(step):
    return {
        "dismiss": ObjectionDecision.DISMISS,
        "review": ObjectionDecision.REVIEW,
        "end": ObjectionDecision.FAIL,
    }[step]


def _idle(step, made):
    return step in ("dismiss", "review", "end") and made is None


def _check(before, after):
    (call, result), (call_now, result_now) = before, after
    assert call_now is call or call_now in CALL_MOVES[call]
    if result is not None and result_now is not None and result_now is not result:
        assert result_now in RESULT_MOVES[result]
    shown_as = {
        CallStatus.ANNOUNCED: ResultState.ANNOUNCED,
        CallStatus.AWARDED: ResultState.FINAL,
    }
    if call_now in shown_as:
        assert result_now is shown_as[call_now]
    if call_now is CallStatus.IN_REVIEW:
        assert result_now in (None, ResultState.DRAFT)
