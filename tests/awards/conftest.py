"""A call that was won by two, their people, and every step in one line each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from matchmaker.awards import acceptance, book, drafting, ending
from matchmaker.awards import schema as forms
from matchmaker.awards.amendments import page as amending
from matchmaker.awards.amendments import plan
from matchmaker.awards.amendments import service as amendments
from matchmaker.awards.milestones import payments
from matchmaker.awards.milestones import service as milestones
from matchmaker.labels import today
from matchmaker.schema import parse
from models import Award, AwardAmendment, Call, Milestone, User, transaction
from models.states import BidState, CallMode, CallStatus, OrganisationKind, Role

from ..conftest import NOW
from ..factories import Factory, bid_content

WAN = 1_000_000
FUNDING = 900 * WAN


@dataclass
class Stage:
    """The people around the awards of a call, and how each step is taken."""

    session: Session
    make: Factory
    call: Call
    issuer: User
    firm: User
    college: User
    staff: User
    outsider: User
    awards: list[Award]
    now: datetime = NOW

    def later(self, days: int) -> None:
        self.now += timedelta(days=days)

    def winner(self, award: Award) -> User:
        homes = {one.organisation_id: one for one in (self.firm, self.college)}
        return homes[award.bidder_id]

    def parse(self, model: Any, data: Any) -> Any:
        return parse(model, data, {"today": today(self.now)})

    def book_form(self, award: Award, **more: Any) -> MultiDict[str, str]:
        """The task book as its form would post it."""
        amount = more.pop("amount", award.amount_fen)
        plan = more.pop("plan", None)
        if plan is None:
            first = amount // 3
            plan = [("样机", 30, first), ("现场试用", 200, amount - first)]
        form: MultiDict[str, str] = MultiDict()
        form["amount"] = f"{amount / 100:.2f}元"
        form["seen"] = more.pop("seen", book.mark(award))
        for goal in award.goals:
            form.add("values", goal.value or "12 min")
        for title, days, fen in plan:
            form.add("milestone_title", title)
            form.add("milestone_deliverable", f"{title}一套和测试记录")
            day = today(NOW) + timedelta(days=days)
            form.add("milestone_due_on", day.isoformat())
            form.add("milestone_payment", f"{fen / 100:.2f}元")
        for name, value in more.items():
            form[name] = value
        return form

    def write(self, award: Award, actor: User | None = None, **more: Any) -> Award:
        form = self.book_form(award, **more)
        data = self.parse(forms.BookInput, forms.book_from_form(form))
        who = actor or self.staff
        return book.write(self.session, who, award.id, data, now=self.now)

    def confirm(self, award: Award, actor: User, seen: str | None = None) -> Award:
        data = forms.Confirmation(seen=book.mark(award) if seen is None else seen)
        return book.confirm(self.session, actor, award.id, data, now=self.now)

    def agree(self, award: Award) -> None:
        """The task book handed out and confirmed by both."""
        self.write(award)
        self.confirm(award, self.issuer)
        self.confirm(award, self.winner(award))

    def amendment_form(
        self, award: Award, lines: list[dict[str, Any]] | None = None, **more: Any
    ) -> MultiDict[str, str]:
        """A change of the task book as its form would post it."""
        stored = amending.stored(award)
        form: MultiDict[str, str] = MultiDict(
            {
                "amount": stored["amount"],
                "reason": "试验场地推迟两个月交付",
                "seen": plan.mark(plan.of_award(award)),
                **more,
            }
        )
        for line in stored["milestones"] if lines is None else lines:
            for part in ("id", *forms.MILESTONES.parts):
                form.add(f"milestone_{part}", str(line.get(part) or ""))
        return form

    def amend(
        self,
        award: Award,
        lines: list[dict[str, Any]] | None = None,
        actor: User | None = None,
        **more: Any,
    ) -> AwardAmendment:
        """Propose a change; without lines the last day is two months later."""
        if lines is None:
            lines = amending.stored(award)["milestones"]
            last = date.fromisoformat(lines[-1]["due_on"]) + timedelta(days=60)
            lines[-1]["due_on"] = last.isoformat()
        form = self.amendment_form(award, lines, **more)
        data = self.parse(forms.AmendmentInput, forms.amendment_from_form(form))
        who = actor or self.staff
        return amendments.propose(self.session, who, award.id, data, now=self.now)

    def consent(
        self, award: Award, actor: User, seen: str | None = None
    ) -> AwardAmendment:
        if seen is None:
            open_ = award.open_amendment
            seen = plan.mark_of(open_) if open_ else ""
        data = forms.Confirmation(seen=seen)
        return amendments.confirm(self.session, actor, award.id, data, now=self.now)

    def amended(self, award: Award, *args: Any, **more: Any) -> AwardAmendment:
        """Proposed, and agreed to by both."""
        self.amend(award, *args, **more)
        self.consent(award, self.issuer)
        return self.consent(award, self.winner(award))

    def end(self, award: Award, actor: User, *, withdraw: bool) -> AwardAmendment:
        """Decline what is proposed, or take it back."""
        open_ = award.open_amendment
        seen = plan.mark_of(open_) if open_ else ""
        data = forms.AmendmentEnd(seen=seen, words="场地按原计划交付了")
        act = amendments.withdraw if withdraw else amendments.decline
        return act(self.session, actor, award.id, data, now=self.now)

    def begin(self) -> None:
        """Every task book agreed to, so that the call runs."""
        for award in self.awards:
            self.agree(award)

    def deliver(self, milestone: Milestone, actor: User | None = None) -> Milestone:
        data = forms.Delivery(words="样机一台，测试记录三份")
        who = actor or self.winner(milestone.award)
        return milestones.deliver(self.session, who, milestone.id, data, now=self.now)

    def view(
        self,
        milestone: Milestone,
        judgement: str = "pass",
        actor: User | None = None,
        **more: Any,
    ) -> Milestone:
        data = self._said(
            forms.IssuerJudgement, milestone, judgement, "我们在现场试了三天", more
        )
        who = actor or self.issuer
        return milestones.view(self.session, who, milestone.id, data, now=self.now)

    def judge(
        self,
        milestone: Milestone,
        judgement: str = "pass",
        actor: User | None = None,
        **more: Any,
    ) -> Milestone:
        data = self._said(
            forms.StaffJudgement, milestone, judgement, "资料齐全，测试有据", more
        )
        who = actor or self.staff
        return milestones.judge(self.session, who, milestone.id, data, now=self.now)

    def _said(
        self,
        model: Any,
        milestone: Milestone,
        judgement: str,
        words: str,
        more: dict[str, Any],
    ) -> Any:
        said = {"number": milestone.number, "judgement": judgement, "words": words}
        return self.parse(model, said | more)

    def pass_(self, milestone: Milestone) -> None:
        self.deliver(milestone)
        self.view(milestone)
        self.judge(milestone)

    def pay(
        self, milestone: Milestone, fen: int, actor: User | None = None, **more: Any
    ) -> Milestone:
        data = self.parse(
            forms.PaymentInput,
            {
                "amount_paid": f"{fen / 100:.2f}元",
                "paid_on": today(self.now).isoformat(),
                **more,
            },
        )
        who = actor or self.issuer
        return payments.pay(self.session, who, milestone.id, data, now=self.now)

    def take_back(
        self, milestone: Milestone, payment_id: int, actor: User | None = None
    ) -> Milestone:
        data = forms.PaymentRemoval(payment_id=payment_id)
        who = actor or self.issuer
        return payments.take_back(self.session, who, milestone.id, data, now=self.now)

    def apply(self, award: Award, actor: User | None = None) -> Award:
        number = len(award.goals)
        data = forms.Application(
            reached=["13 min"] * number,
            evidence=["第三方检测报告"] * number,
            words="全部目标完成，申请验收",
        )
        who = actor or self.winner(award)
        return acceptance.apply(self.session, who, award.id, data, now=self.now)

    def test(
        self,
        award: Award,
        verdict: str = "reached",
        *,
        agrees: bool = True,
        actor: User | None = None,
    ) -> Award:
        data = self.parse(
            forms.IssuerTest,
            {
                "number": award.applied_number,
                "verdicts": [verdict] * len(award.goals),
                "agrees": agrees,
                "words": "在本园区电站连续运行一个月",
            },
        )
        who = actor or self.issuer
        return acceptance.test(self.session, who, award.id, data, now=self.now)

    def conclude(
        self,
        award: Award,
        decision: str = "accept",
        verdict: str = "reached",
        actor: User | None = None,
        **more: Any,
    ) -> Award:
        data = self.parse(
            forms.Conclusion,
            {
                "number": award.applied_number,
                "verdicts": [verdict] * len(award.goals),
                "decision": decision,
                "words": "专家到现场核对了记录",
                **more,
            },
        )
        who = actor or self.staff
        return acceptance.conclude(self.session, who, award.id, data, now=self.now)

    def accept(self, award: Award) -> None:
        """From a running award to an accepted one."""
        for milestone in award.milestones:
            self.pass_(milestone)
        self.apply(award)
        self.test(award)
        self.conclude(award)

    def eliminate(
        self,
        award: Award,
        milestone: Milestone | None = None,
        actor: User | None = None,
    ) -> Award:
        chosen = milestone or award.milestones[0]
        data = forms.Elimination(milestone=chosen.id, words="误报率落后于另一家")
        who = actor or self.staff
        return ending.eliminate(self.session, who, award.id, data, now=self.now)

    def stop(
        self,
        award: Award,
        code: str = "infeasible",
        liability: str = "",
        actor: User | None = None,
    ) -> Award:
        data = self.parse(
            forms.Stopping,
            {"code": code, "liability": liability, "words": "按专家意见终止"},
        )
        who = actor or self.staff
        return ending.stop(self.session, who, award.id, data, now=self.now)


def set_up(session: Session, make: Factory, winners: int = 2) -> Stage:
    """A call that has just been awarded, its task books not handed out yet."""
    firm = make.user()
    college = make.user(Role.UNIVERSITY)
    park = make.organisation(kind=OrganisationKind.ENTERPRISE)
    issuer = make.user(organisation_id=park.id)
    staff = make.staff()
    call = make.call(
        issuer_id=issuer.organisation_id,
        status=CallStatus.AWARDED,
        mode=CallMode.RACE,
        max_awards=3,
        funding_fen=FUNDING,
        goals=["提前预警时间≥10 min", "误报率≤1%"],
    )
    bids = [
        make.bid(
            call,
            organisation_id=one.organisation_id,
            user_id=one.id,
            state=BidState.RELEASED,
            content=bid_content(call),
        )
        for one in (firm, college)[:winners]
    ]
    with transaction(session):
        made = drafting.begin(session, staff, call, bids, now=NOW)
    return Stage(session, make, call, issuer, firm, college, staff, make.user(), made)


@pytest.fixture
def stage(session: Session, make: Factory) -> Stage:
    return set_up(session, make)
