"""A task book that is carried out is changed by both sides together, or not at all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from matchmaker.awards import book
from matchmaker.awards import schema as forms
from matchmaker.awards.amendments import page as amending
from matchmaker.awards.amendments import plan
from matchmaker.awards.amendments import service as amendments
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.labels import today
from models import AwardAmendment, History, Mail, Notice, transaction
from models.states import AmendmentState, AwardState, MilestoneState

from ..conftest import NOW
from .conftest import FUNDING, WAN

DAY = today(NOW)


@pytest.fixture
def running(stage):
    """Both awards are carried out, each with a prototype and a field trial to come."""
    stage.begin()
    return stage


def left(award):
    """The lines of the form, to be changed."""
    return amending.stored(award)["milestones"]


def later(line, days=60):
    line["due_on"] = (DAY + timedelta(days=days)).isoformat()
    return line


def facts(award):
    return [
        (one.title, one.deliverable, one.due_on, one.payment_fen, one.state)
        for one in award.milestones
    ]


def told(stage, user, kind):
    query = select(Notice).where(Notice.user_id == user.id, Notice.kind == kind)
    return stage.session.scalars(query).all()


def test_it_holds_once_both_sides_agreed_and_not_before(running):
    award, other = running.awards
    untouched, whole = facts(other), award.amount_fen
    lines = left(award)
    lines[0]["title"], lines[0]["deliverable"] = "工程样机", "工程样机两台"
    later(lines[0], 90)
    later(lines[1], 300)
    lines[0]["payment"], lines[1]["payment"] = "100万元", f"{whole // WAN - 100}万元"
    before, end = facts(award), award.ends_on
    amendment = running.amend(award, lines)
    assert facts(award) == before
    running.consent(award, running.firm)
    running.consent(award, running.firm)  # twice is once
    assert amendment.state is AmendmentState.PROPOSED
    assert facts(award) == before

    running.consent(award, running.issuer)
    assert amendment.state is AmendmentState.IN_FORCE
    assert amendment.amended_on == DAY
    first, last = award.milestones
    assert (first.title, first.deliverable) == ("工程样机", "工程样机两台")
    assert first.due_on == first.planned_on == DAY + timedelta(days=90)
    assert first.payment_fen == 100 * WAN
    assert award.ends_on == last.due_on == DAY + timedelta(days=300)
    assert award.amount_fen == whole == first.payment_fen + last.payment_fen
    assert award.state is AwardState.RUNNING
    assert facts(other) == untouched

    # Both texts are kept, and what differs is said of each thing by itself.
    said = plan.differences(amendment.before, amendment.after)
    assert {one.what: (one.before, one.after) for one in said} == {
        "完成期限": (str(end), str(last.due_on)),
        "里程碑 1「样机」：名称": ("样机", "工程样机"),
        "里程碑 1「样机」：交付物": ("样机一套和测试记录", "工程样机两台"),
        "里程碑 1「样机」：期限": (str(DAY + timedelta(days=30)), str(first.due_on)),
        "里程碑 1「样机」：付款": ("1,400,000 元", "1,000,000 元"),
        "里程碑 2「现场试用」：期限": (str(end), str(last.due_on)),
        "里程碑 2「现场试用」：付款": ("2,800,000 元", "3,200,000 元"),
    }


def test_what_was_delivered_or_judged_is_not_touched(running):
    award = running.awards[0]
    running.pass_(award.milestones[0])
    running.pay(award.milestones[0], 10 * WAN)
    before = facts(award)[0]
    lines = left(award)
    assert [one["title"] for one in lines] == ["现场试用"]
    running.amended(award, [later(lines[0], 400)])
    assert facts(award)[0] == before
    assert award.milestones[0].paid_fen == 10 * WAN
    assert award.milestones[1].due_on == DAY + timedelta(days=400)

    # Somebody who sends its number along is refused.
    forged = {**lines[0], "id": str(award.milestones[0].id), "title": "样机（改）"}
    with pytest.raises(Invalid) as refused:
        running.amend(award, [forged, *left(award)])
    assert "已经交付" in refused.value.fields["milestones"]
    assert facts(award)[0] == before


def test_a_milestone_is_dropped_and_another_comes_after_all(running):
    award = running.awards[0]
    first, second = left(award)
    new = later({"title": "复测", "deliverable": "复测报告"}, 500)
    new["payment"] = second["payment"]
    running.amended(award, [first, new])
    one, dropped, added = award.milestones
    assert one.state is MilestoneState.OPEN
    assert (dropped.state, dropped.payment_fen) == (MilestoneState.DROPPED, 0)
    assert (added.position, added.title) == (3, "复测")
    assert added.state is MilestoneState.OPEN
    assert sum(m.payment_fen for m in award.milestones) == award.amount_fen
    assert award.asked == 2
    running.pass_(one)
    running.pass_(added)
    assert award.may_apply
    running.apply(award)
    running.test(award)
    running.conclude(award)
    assert award.state is AwardState.ACCEPTED


def test_a_rework_can_be_given_another_day(running):
    milestone = running.awards[0].milestones[0]
    running.deliver(milestone)
    running.view(milestone, "rework")
    new = (DAY + timedelta(days=45)).isoformat()
    running.judge(milestone, "rework", due_on=new)
    lines = left(running.awards[0])
    later(lines[0], 80)
    running.amended(running.awards[0], lines)
    assert milestone.state is MilestoneState.REWORK
    assert milestone.due_on == DAY + timedelta(days=80)
    running.deliver(milestone)


def test_the_sum_stays_what_the_parts_come_to(running):
    award = running.awards[0]
    lines = left(award)
    lines[0]["payment"] = "1万元"
    with pytest.raises(Invalid) as refused:
        running.amend(award, lines)
    assert "不相等" in refused.value.fields["milestones"]
    assert award.amendments == []


def test_the_awards_of_the_call_stay_within_its_money(running):
    first, second = running.awards
    most = FUNDING - second.amount_fen

    def asks(fen):
        lines = left(first)
        lines[1]["payment"] = f"{(fen - first.milestones[0].payment_fen) / 100:.2f}元"
        return running.amend(first, lines, amount=f"{fen / 100:.2f}元")

    with pytest.raises(Invalid) as refused:
        asks(most + 1)
    assert "超过榜单金额" in refused.value.fields["amount"]
    asks(most)
    # The other runner's change takes the money meanwhile: the second word is refused.
    lines = left(second)
    lines[1]["payment"] = f"{second.milestones[1].payment_fen / WAN + 1}万元"
    running.amended(second, lines, amount=f"{second.amount_fen / WAN + 1}万元")
    running.consent(first, running.issuer)
    with pytest.raises(Conflict, match="over_funding"):
        running.consent(first, running.firm)
    running.session.rollback()
    assert first.open_amendment is not None
    assert first.amount_fen + second.amount_fen <= FUNDING
    running.end(first, running.staff, withdraw=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda lines: [later(lines[0], -1), lines[1]], "milestones"),
        (lambda lines: [later(lines[0], 250), lines[1]], "milestones"),
        (lambda lines: [{**lines[0], "title": ""}, lines[1]], "milestones"),
        (lambda lines: [{**lines[0], "due_on": "2027-02-30"}, lines[1]], "milestones"),
        (lambda lines: [{**lines[0], "payment": "-5"}, lines[1]], "milestones"),
        (lambda lines: [lines[0], lines[0], lines[1]], "milestones"),
        (lambda lines: [later({**lines[0], "id": "999"}, 40), lines[1]], "milestones"),
        (lambda _lines: [], "milestones"),
        (lambda lines: lines, "form"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_by_field(running, change, field):
    award = running.awards[0]
    with pytest.raises(Invalid) as refused:
        running.amend(award, change(left(award)))
    assert field in refused.value.fields
    running.session.rollback()
    assert award.amendments == []


def test_it_says_why_and_of_which_day(running):
    award = running.awards[0]
    for more, field in (
        ({"reason": ""}, "reason"),
        ({"reason": "！！！！！"}, "reason"),
        ({"amended_on": (DAY + timedelta(days=1)).isoformat()}, "amended_on"),
        ({"amended_on": "昨天"}, "amended_on"),
    ):
        with pytest.raises(Invalid) as refused:
            running.amend(award, **more)
        assert field in refused.value.fields
    day = DAY - timedelta(days=3)
    amendment = running.amended(award, amended_on=day.isoformat())
    assert amendment.amended_on == day


def test_one_change_at_a_time_and_only_while_it_is_carried_out(running, stage):
    award = running.awards[0]
    running.amend(award)
    with pytest.raises(Conflict, match=r"amendment\.open"):
        running.amend(award)
    with pytest.raises(IntegrityError), transaction(running.session):
        running.session.add(
            AwardAmendment(
                award_id=award.id,
                number=2,
                reason="第二次",
                before={},
                after={},
                author_id=running.staff.id,
                created_at=NOW,
            )
        )
    running.session.rollback()
    running.end(award, running.staff, withdraw=True)
    running.accept(award)
    with pytest.raises(Conflict, match="not_amendable"):
        running.amend(award, [])


def test_a_task_book_that_has_not_begun_is_edited_and_not_amended(stage):
    stage.write(stage.awards[0])
    with pytest.raises(Conflict, match="not_amendable"):
        stage.amend(stage.awards[0])


def test_it_is_of_the_plan_that_was_read(running):
    award = running.awards[0]
    seen = plan.mark(plan.of_award(award))
    running.pass_(award.milestones[0])
    with pytest.raises(Conflict, match="stale"):
        running.amend(award, seen=seen)
    running.amend(award)
    old = plan.mark_of(award.open_amendment)
    running.end(award, running.firm, withdraw=False)
    running.amend(award, reason="换一个更晚的日期")
    with pytest.raises(Conflict, match="changed_since_read"):
        running.consent(award, running.firm, seen=old)
    assert award.amendments[1].bidder_confirmed_at is None


def test_a_side_declines_and_nothing_changes(running):
    award = running.awards[0]
    before = facts(award)
    amendment = running.amend(award)
    running.consent(award, running.issuer)
    running.end(award, running.firm, withdraw=False)
    assert amendment.state is AmendmentState.DECLINED
    assert "承担单位不同意" in amendment.end_words
    assert facts(award) == before
    assert [
        one.facts["outcome"] for one in told(running, running.issuer, "amendment_ended")
    ]
    with pytest.raises(Conflict, match=r"amendment\.none"):
        running.consent(award, running.firm)


def test_who_may_propose_agree_and_take_back(running):
    award = running.awards[0]
    for user in (running.issuer, running.firm):
        with pytest.raises(Forbidden):
            running.amend(award, actor=user)
    with pytest.raises(NotFound):
        running.amend(award, actor=running.college)
    running.amend(award)
    with pytest.raises(NotFound):
        running.consent(award, running.college)
    with pytest.raises(Forbidden):
        running.consent(award, running.staff)
    with pytest.raises(Forbidden):
        running.end(award, running.staff, withdraw=False)
    with pytest.raises(Forbidden):
        running.end(award, running.firm, withdraw=True)
    assert award.open_amendment is not None


def test_the_staff_confirm_for_a_side_that_nobody_acts_for(running):
    award = running.awards[0]
    running.amend(award)

    def instead(side):
        seen = plan.mark_of(award.open_amendment)
        words = "收到加盖公章的补充协议"
        data = forms.ConfirmationFor(seen=seen, side=side, words=words)
        return amendments.confirm_for(
            running.session, running.staff, award.id, data, now=NOW
        )

    with pytest.raises(Conflict, match="party_is_here"):
        instead(forms.Side.ISSUER)
    with transaction(running.session):
        running.issuer.active = False
    instead(forms.Side.ISSUER)
    amendment = running.consent(award, running.firm)
    assert amendment.state is AmendmentState.IN_FORCE
    assert amendment.issuer_confirmed_words == "收到加盖公章的补充协议"


def test_a_delivery_of_what_would_change_makes_the_proposal_lapse(running):
    award = running.awards[0]
    first = award.milestones[0]
    amendment = running.amend(award, [later(left(award)[0], 50), left(award)[1]])
    running.deliver(first)
    assert amendment.state is AmendmentState.LAPSED
    assert "已经交付" in amendment.end_words
    assert award.open_amendment is None
    assert told(running, running.issuer, "amendment_ended")


def test_a_delivery_of_what_stays_leaves_it_standing(running):
    award = running.awards[0]
    amendment = running.amend(award)  # of the last milestone
    running.pass_(award.milestones[0])
    assert amendment.state is AmendmentState.PROPOSED
    running.consent(award, running.issuer)
    running.consent(award, running.firm)
    assert award.milestones[1].due_on == DAY + timedelta(days=260)
    assert award.milestones[0].state is MilestoneState.PASSED


@pytest.mark.parametrize("end", ["eliminate", "stop"])
def test_it_lapses_with_the_award(running, end):
    """赛马制: who leaves the race has nothing left to change; the others have."""
    award, other = running.awards
    running.later(31)
    amendment = running.amend(award)
    kept = running.amend(other)
    getattr(running, end)(award)
    assert amendment.state is AmendmentState.LAPSED
    assert kept.state is AmendmentState.PROPOSED
    running.consent(other, running.issuer)
    running.consent(other, running.college)
    assert kept.state is AmendmentState.IN_FORCE


def test_it_lapses_when_the_acceptance_is_asked_for(running):
    award = running.awards[0]
    for one in award.milestones:
        running.pass_(one)
    extra = later({"title": "复测", "deliverable": "复测报告", "payment": "0"}, 500)
    amendment = running.amend(award, [extra])
    running.apply(award)
    assert amendment.state is AmendmentState.LAPSED


def test_everybody_concerned_is_told_and_the_history_has_each_step(running):
    award = running.awards[0]
    running.amend(award)
    for user in (running.issuer, running.firm):
        assert told(running, user, "amendment_to_confirm")
    letters = running.session.scalars(
        select(Mail.facts).where(Mail.recipient == running.firm.email)
    ).all()
    assert any(one.get("title") == "任务书变更请您核对和确认" for one in letters)
    assert not told(running, running.college, "amendment_to_confirm")
    running.consent(award, running.issuer)
    assert told(running, running.staff, "amendment_confirmed")
    running.consent(award, running.firm)
    assert told(running, running.issuer, "amendment_in_force")
    rows = running.session.scalars(
        select(History)
        .where(History.record_type == "awards", History.record_id == award.id)
        .order_by(History.id)
    ).all()
    actions = [one.action for one in rows if "amend" in one.action]
    confirmed = ["award.amendment_confirmed"] * 2
    assert actions == ["award.amendment_proposed", *confirmed, "award.amended"]
    changes = rows[-1].changes
    assert changes["milestones"][0] != changes["milestones"][1]
    assert "试验场地" in changes["reason"][1]


def test_the_confirmations_of_the_task_book_itself_stand(running):
    award = running.awards[0]
    signed = award.signed_on
    running.amended(award)
    assert all(book.confirmed(award, side) for side in forms.Side)
    assert award.signed_on == signed


@pytest.mark.one_database
def test_a_change_through_its_pages(running, login):
    award = running.awards[0]
    staff, issuer, firm = (
        login(one) for one in (running.staff, running.issuer, running.firm)
    )
    show, url = f"/awards/{award.id}", f"/awards/{award.id}/amendment"

    def waits(client, words):
        return words in client.get("/work").text

    assert "变更任务书" in staff.get(show).text
    for client in (issuer, firm):
        assert "变更任务书" not in client.get(show).text
        assert client.get(url).status_code == 403
    html = staff.get(url).text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', html)[1]
    form = running.amendment_form(award, seen=seen)
    wrong = staff.post(url, data=form)
    assert wrong.status_code == 422
    assert "没有任何内容变化" in wrong.text
    lines = left(award)
    later(lines[1], 420)
    form = running.amendment_form(award, lines, seen=seen)
    assert staff.post(url, data=form).status_code == 303
    assert staff.post(url, data=form).status_code == 409
    end = str(DAY + timedelta(days=420))
    for client in (issuer, firm):
        text = client.get(show).text
        assert end in text
        assert "待双方确认" in text
        assert waits(client, "待本单位确认的任务书变更")
    assert not waits(login(running.college), "任务书变更")

    mark = re.search(
        r'amendment/confirm".*?name="seen" value="([0-9a-f]+)"',
        firm.get(show).text,
        re.DOTALL,
    )[1]
    assert firm.post(f"{url}/decline", data={"seen": mark}).status_code == 422
    assert firm.post(f"{url}/confirm", data={"seen": "x"}).status_code == 409
    assert firm.post(f"{url}/confirm", data={"seen": mark}).status_code == 303
    assert not waits(firm, "待本单位确认的任务书变更")
    with transaction(running.session):
        running.issuer.active = False
    assert waits(staff, "待代为确认的任务书变更")
    data = {"seen": mark, "side": "issuer", "words": "收到盖章的补充协议"}
    assert staff.post(f"{url}/confirm-for", data=data).status_code == 303
    text = firm.get(show).text
    assert "已生效" in text
    assert "变更前" in text
    assert f"完成期限</dt><dd>{end}" in re.sub(r"\s*<dd[^>]*>\s*", "<dd>", text)


@pytest.mark.one_database
def test_what_was_typed_for_a_plan_of_before_is_shown_beside_the_new_one(
    running, login
):
    award = running.awards[0]
    lines = left(award)
    lines[1]["deliverable"] = "现场试用报告和用户证明"
    form = running.amendment_form(award, lines)
    running.deliver(award.milestones[0])
    answer = login(running.staff).post(f"/awards/{award.id}/amendment", data=form)
    assert answer.status_code == 409
    assert "现场试用报告和用户证明" in answer.text
    assert "choose_milestones" in answer.text
    new = re.search(r'name="seen" value="([^"]+)"', answer.text)[1]
    assert new != form["seen"]
    form |= {"action": "merge", "choose_milestones": "stored"}
    form["seen"] = new
    answer = login(running.staff).post(f"/awards/{award.id}/amendment", data=form)
    assert answer.status_code == 200
    assert "现场试用报告和用户证明" not in answer.text
    assert form["reason"] in answer.text
    assert new in answer.text
    assert award.amendments == []
