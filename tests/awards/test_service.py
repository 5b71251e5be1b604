"""From the task book to acceptance or stop: who may do what, when, with which sums."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from matchmaker.awards import book, drafting, finding
from matchmaker.awards import schema as forms
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.labels import today
from models import History, Notice
from models.states import (
    AwardState,
    CallMode,
    CallStatus,
    GoalVerdict,
    Liability,
    MilestoneState,
)

from ..conftest import NOW
from .conftest import FUNDING, WAN, set_up

fen = st.integers(1, 10**13)


@given(st.lists(fen, min_size=1, max_size=5), st.none() | fen)
@example([7290091902532, 9502780407555, 4, 2, 1], 5)
def test_what_winners_are_proposed_is_never_more_than_there_is(budgets, funding):
    if funding is not None:
        funding = max(funding, len(budgets))
    found = drafting.shares(budgets, funding)
    assert min(found) >= 1
    if funding is None or sum(budgets) <= funding:
        assert found == budgets
    else:
        assert sum(found) <= funding
        assert funding - sum(found) < len(budgets)


@given(fen, st.integers(1, 12))
def test_parts_of_a_sum_add_up(sum_, number):
    found = drafting.split(sum_, number)
    assert len(found) == number
    assert sum(found) == sum_
    assert min(found) >= 0


def test_the_proposal_takes_promises_and_schedule_from_the_bid(stage):
    first, second = stage.awards
    assert (first.state, first.drafted_at) == (AwardState.DRAFT, None)
    assert [goal.goal for goal in first.goals] == stage.call.goals
    assert {goal.value for goal in first.goals} == {"12 min"}
    assert first.amount_fen == second.amount_fen == 420 * WAN
    assert sum(one.payment_fen for one in first.milestones) == first.amount_fen
    assert first.milestones[0].deliverable == "第 1 至 6 个月完成样机"


def test_nobody_is_asked_to_agree_to_what_the_staff_did_not_look_at(stage):
    award = stage.awards[0]
    with pytest.raises(Conflict, match="not_handed_out"):
        stage.confirm(award, stage.issuer)
    stage.write(award)
    kinds = set(stage.session.scalars(select(Notice.kind)))
    assert "award_to_confirm" in kinds


def test_payments_must_add_up_to_the_last_fen(stage):
    award = stage.awards[0]
    whole = award.amount_fen
    for plan in (
        [("样机", 30, whole - 1)],
        [("样机", 30, whole), ("试用", 60, 1)],
    ):
        with pytest.raises(Invalid) as refused:
            stage.write(award, plan=plan)
        assert "不相等" in refused.value.fields["milestones"]
    stage.write(award, plan=[("样机", 30, whole - 1), ("试用", 60, 1), ("结题", 90, 0)])
    assert [one.payment_fen for one in award.milestones] == [whole - 1, 1, 0]


def test_the_awards_of_a_call_stay_within_its_money(stage):
    first, second = stage.awards
    left = FUNDING - second.amount_fen
    with pytest.raises(Invalid) as refused:
        stage.write(first, amount=left + 1)
    assert "超过榜单金额" in refused.value.fields["amount"]
    stage.write(first, amount=left)
    assert first.amount_fen + second.amount_fen == FUNDING


def test_a_task_book_that_says_nothing_is_refused_by_field(stage):
    for more, field in (
        ({"amount": 0}, "amount"),
        ({"plan": []}, "milestones"),
        ({"plan": [("样机", 60, 1), ("试用", 30, 1)]}, "milestones"),
        ({"plan": [("", 60, 420 * WAN)]}, "milestones"),
        ({"signed_on": "2027-01-01"}, "signed_on"),
        ({"signed_on": "2026-02-30"}, "signed_on"),
        ({"milestone_due_on": "明年"}, "milestones"),
        ({"milestone_payment": "-5"}, "milestones"),
        ({"values": ""}, "values"),
    ):
        with pytest.raises(Invalid) as refused:
            stage.write(stage.awards[0], **more)
        assert field in refused.value.fields, more
    assert stage.awards[0].drafted_at is None


def test_an_edit_takes_the_confirmations_back(stage):
    first, second = stage.awards
    stage.agree(first)
    assert first.state is AwardState.CONFIRMED
    assert first.signed_on == today(NOW)
    stage.write(first, pledge="不达目标，退回拨款")
    assert first.state is AwardState.DRAFT
    assert not any(book.confirmed(first, side) for side in forms.Side)
    stage.write(first, pledge="不达目标，退回拨款")  # nothing new
    old = book.mark(first)
    stage.write(first, pledge="")
    with pytest.raises(Conflict, match="changed_since_read"):
        stage.confirm(first, stage.issuer, seen=old)
    with pytest.raises(Conflict, match="stale"):
        stage.write(first, seen=old)
    stage.confirm(first, stage.issuer)
    stage.confirm(first, stage.issuer)  # twice is once
    assert first.state is AwardState.DRAFT
    assert stage.call.status is CallStatus.AWARDED
    stage.confirm(first, stage.firm)
    stage.agree(second)
    assert {one.state for one in stage.awards} == {AwardState.RUNNING}
    assert stage.call.status is CallStatus.RUNNING
    with pytest.raises(Conflict, match="book_closed"):
        stage.write(first)


def test_staff_confirm_only_for_who_is_not_here(stage):
    award = stage.awards[0]
    stage.write(award)

    def confirm_for(side):
        data = forms.ConfirmationFor(
            side=side, words="收到加盖公章的任务书", seen=book.mark(award)
        )
        return book.confirm_for(
            stage.session, stage.staff, award.id, data, now=stage.now
        )

    with pytest.raises(Conflict, match="party_is_here"):
        confirm_for("issuer")
    stage.issuer.active = False
    stage.session.commit()
    confirm_for("issuer")
    assert award.issuer_confirmed_words == "收到加盖公章的任务书"


def test_a_winner_reads_nothing_of_another_and_outsiders_nothing(stage):
    first, second = stage.awards
    stage.begin()
    for who, award in ((stage.firm, second), (stage.college, first)):
        with pytest.raises(NotFound):
            finding.find(stage.session, who, award.id)
        with pytest.raises(NotFound):
            finding.find_milestone(stage.session, who, award.milestones[0].id)
        with pytest.raises(NotFound):
            stage.deliver(award.milestones[0], actor=who)
    for award in stage.awards:
        with pytest.raises(NotFound):
            finding.find(stage.session, stage.outsider, award.id)
        with pytest.raises(NotFound):
            finding.find(stage.session, None, award.id)
        finding.find(stage.session, stage.issuer, award.id)
    own = finding.of_call(stage.session, stage.firm, stage.call.id)
    assert [one.id for one in own] == [first.id]
    told = stage.session.scalars(
        select(Notice).where(Notice.user_id == stage.firm.id)
    ).all()
    assert {one.facts["award_id"] for one in told} == {first.id}


def test_each_side_acts_for_itself_alone(stage):
    stage.begin()
    award = stage.awards[0]
    milestone = award.milestones[0]
    with pytest.raises(Forbidden):
        stage.deliver(milestone, actor=stage.issuer)
    with pytest.raises(Forbidden):
        stage.deliver(milestone, actor=stage.staff)
    stage.deliver(milestone)
    with pytest.raises(Forbidden):
        stage.view(milestone, actor=stage.firm)
    with pytest.raises(Forbidden):
        stage.judge(milestone, actor=stage.issuer)
    with pytest.raises(Conflict, match="issuer_is_here"):
        stage.view(milestone, actor=stage.staff)
    stage.view(milestone)
    stage.judge(milestone)
    with pytest.raises(Forbidden):
        stage.pay(milestone, 1, actor=stage.firm)
    for step in (stage.stop, stage.eliminate):
        for who in (stage.firm, stage.issuer):
            with pytest.raises(Forbidden):
                step(award, actor=who)


def test_a_milestone_passes_only_if_the_issuer_says_so(stage):
    stage.begin()
    milestone = stage.awards[0].milestones[0]
    with pytest.raises(Conflict, match="not_delivered"):
        stage.view(milestone)
    stage.deliver(milestone)
    with pytest.raises(Conflict, match="issuer_first"):
        stage.judge(milestone)
    stage.view(milestone, "rework")
    with pytest.raises(Invalid) as refused:
        stage.judge(milestone)
    assert "judgement" in refused.value.fields
    tomorrow = today(NOW) + timedelta(days=1)
    for day in ("", today(NOW).isoformat(), tomorrow.isoformat()):
        with pytest.raises(Invalid) as refused:
            stage.judge(milestone, "rework", due_on=day)
        assert "due_on" in refused.value.fields
    later = milestone.planned_on + timedelta(days=20)
    stage.judge(milestone, "rework", due_on=later.isoformat())
    assert (milestone.state, milestone.due_on) == (MilestoneState.REWORK, later)
    stage.later(60)
    assert milestone.late_days(today(stage.now)) == 10
    stage.deliver(milestone)
    assert (milestone.number, milestone.issuer_judgement) == (2, None)
    with pytest.raises(Conflict, match="changed_since_read"):
        stage.view(milestone, number=1)
    stage.view(milestone, "fail")
    stage.judge(milestone, "fail")
    assert milestone.state is MilestoneState.FAILED
    late = stage.session.scalars(
        select(History)
        .where(History.action == "milestone.delivered")
        .order_by(History.id)
    ).all()[-1]
    assert "逾期 10 天" in late.changes["words"][1]


def test_money_is_noted_only_for_what_passed_and_never_too_much(stage):
    stage.begin()
    milestone = stage.awards[0].milestones[0]
    whole = milestone.payment_fen
    with pytest.raises(Conflict, match="not_passed"):
        stage.pay(milestone, 1)
    stage.later(3)
    stage.pass_(milestone)
    for more in (
        {"paid_on": today(NOW).isoformat()},
        {"paid_on": (today(stage.now) + timedelta(days=1)).isoformat()},
    ):
        with pytest.raises(Invalid) as refused:
            stage.pay(milestone, 1, **more)
        assert "paid_on" in refused.value.fields
    stage.pay(milestone, whole - 1)
    with pytest.raises(Invalid) as refused:
        stage.pay(milestone, 2)
    assert "amount_paid" in refused.value.fields
    stage.pay(milestone, 1, actor=stage.staff)
    assert (milestone.paid_fen, milestone.unpaid_fen) == (whole, 0)
    stage.take_back(milestone, milestone.payments[0].id)
    assert milestone.unpaid_fen == whole - 1
    other = stage.awards[0].milestones[1]
    with pytest.raises(Invalid):
        stage.take_back(other, milestone.payments[0].id)


def test_the_last_runner_is_never_eliminated(stage):
    first, second = stage.awards
    stage.begin()
    with pytest.raises(Invalid) as refused:
        stage.eliminate(first)  # nothing to compare yet
    assert "milestone" in refused.value.fields
    with pytest.raises(Invalid):
        stage.eliminate(first, second.milestones[0])
    stage.later(31)  # nobody delivered
    stage.eliminate(first)
    assert first.state is AwardState.ELIMINATED
    assert {one.state for one in first.milestones} == {MilestoneState.DROPPED}
    assert "误报率落后于另一家" in first.end_words
    told = stage.session.scalars(
        select(Notice.kind).where(Notice.user_id == stage.firm.id)
    ).all()
    assert "award_eliminated" in told
    with pytest.raises(Conflict, match="last_runner"):
        stage.eliminate(second)
    assert stage.call.status is CallStatus.RUNNING
    stage.stop(second)
    assert stage.call.status is CallStatus.STOPPED
    assert stage.call.end_reason == "技术路线不可行（尽职免责）"


def test_there_is_nothing_to_eliminate_without_a_race(session, make):
    alone = set_up(session, make, winners=1)
    alone.call.mode, alone.call.max_awards = CallMode.SINGLE, 1
    session.commit()
    alone.begin()
    alone.later(40)
    with pytest.raises(Conflict, match="no_race"):
        alone.eliminate(alone.awards[0])


def test_honest_failure_is_excused_and_fraud_is_not(stage):
    stage.begin()
    first, second = stage.awards
    for code, liability in (
        ("fraud", "excused"),
        ("infeasible", "liable"),
        ("other", ""),
        ("nonsense", "excused"),
    ):
        with pytest.raises(Invalid):
            stage.stop(first, code, liability)
    stage.stop(first, "fraud")
    assert (first.stop_code, first.liability) == ("fraud", Liability.LIABLE)
    stage.stop(second, "infeasible", "excused")
    assert second.liability is Liability.EXCUSED
    assert stage.call.end_reason == (
        "诚信问题（承担单位负责，不予免责）；技术路线不可行（尽职免责）"
    )


def test_a_winner_that_gives_up_early_does_not_hold_the_others(stage):
    first, second = stage.awards
    stage.agree(second)
    assert stage.call.status is CallStatus.AWARDED
    stage.stop(first, "gave_up", "liable")
    assert second.state is AwardState.RUNNING
    assert stage.call.status is CallStatus.RUNNING


def test_acceptance_goes_goal_by_goal_and_needs_the_issuer(stage):
    first, second = stage.awards
    stage.begin()
    stage.pass_(first.milestones[0])
    with pytest.raises(Conflict, match="not_ready"):
        stage.apply(first)
    stage.pass_(first.milestones[1])
    stage.apply(first)
    with pytest.raises(Conflict, match="issuer_first"):
        stage.conclude(first)
    stage.test(first, "partly", agrees=False)
    with pytest.raises(Invalid) as refused:
        stage.conclude(first)
    assert set(refused.value.fields) == {"decision", "verdicts"}
    stage.conclude(first, "return")
    assert first.state is AwardState.RUNNING
    stage.apply(first)
    assert {goal.issuer_verdict for goal in first.goals} == {None}
    stage.test(first, "partly")
    day = (today(stage.now) - timedelta(days=1)).isoformat()
    with pytest.raises(Invalid) as refused:
        stage.conclude(first, verdict="partly", accepted_on=day)
    assert "accepted_on" in refused.value.fields
    stage.conclude(first, verdict="partly")
    assert first.state is AwardState.ACCEPTED
    assert first.accepted_on == today(stage.now)
    assert {goal.verdict for goal in first.goals} == {GoalVerdict.PARTLY}
    assert stage.call.status is CallStatus.RUNNING  # the other still runs
    stage.stop(second, "race_over")
    assert stage.call.status is CallStatus.ACCEPTED


def test_every_step_is_in_the_history_of_the_award(stage):
    stage.begin()
    award = stage.awards[0]
    stage.accept(award)
    rows = select(History.action).where(
        History.record_type == "awards", History.record_id == award.id
    )
    assert list(stage.session.scalars(rows.order_by(History.id))) == [
        "award.begun",
        "award.drafted",
        "award.confirmed",
        "award.confirmed",
        *["milestone.delivered", "milestone.viewed", "milestone.judged"] * 2,
        "award.applied",
        "award.tested",
        "award.accepted",
    ]
