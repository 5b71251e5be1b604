"""Whatever anybody does in whatever order, the awards of a call stay what they must be.

Random people take random steps; each is taken or refused in words, and after each the
states follow their tables, sums are exact, and every change has its line of history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from matchmaker.awards.amendments import page as amending
from matchmaker.errors import DomainError
from models import Award, Call, History
from models.states import (
    AWARD_MOVES,
    CALL_MOVES,
    MILESTONE_MOVES,
    UNBEGUN_AWARDS,
    AwardState,
    CallStatus,
    MilestoneState,
)

from .conftest import FUNDING, Stage, set_up

ACTORS = ("issuer", "firm", "college", "staff", "outsider")
OF_STAFF = {"write", "amend", "withdraw", "judge", "conclude", "eliminate", "stop"}
JUDGEMENTS = ("pass", "pass", "rework", "fail")
STEPS = (
    "write",
    "confirm",
    "amend",
    "consent",
    "decline",
    "withdraw",
    "deliver",
    "view",
    "judge",
    "pay",
    "take_back",
    "apply",
    "test",
    "conclude",
    "eliminate",
    "stop",
    "wait",
)
# (who, what, which of the two awards, a number that settles the rest)
Act = tuple[str, str, int, int]
acts = st.tuples(
    st.sampled_from(ACTORS),
    st.sampled_from(STEPS),
    st.integers(0, 1),
    st.integers(0, 10**6),
)


def usual() -> list[Act]:
    """A call with two winners, one of them accepted and the other eliminated."""
    firm, college = 0, 1
    milestone = [("deliver", None), ("view", "issuer"), ("judge", "staff")]
    found: list[Act] = []
    for place, who in ((firm, "firm"), (college, "college")):
        found.append(("staff", "write", place, 24))
        found += [("issuer", "confirm", place, 0), (who, "confirm", place, 0)]
    for number in (0, 1):
        found += [(who or "firm", step, firm, number) for step, who in milestone]
        found.append(("issuer", "pay", firm, number))
    found += [(who or "college", step, college, 0) for step, who in milestone]
    for who, step in (
        ("staff", "amend"),
        ("issuer", "consent"),
        ("college", "consent"),
    ):
        found.append((who, step, college, 26))
    found.append(("staff", "eliminate", college, 0))
    found += [("firm", "apply", firm, 0), ("issuer", "test", firm, 0)]
    return [*found, ("staff", "conclude", firm, 0)]


@st.composite
def lives(draw: Any) -> list[Act]:
    """The usual life, cut short somewhere, with strange acts put in between."""
    whole = usual()
    found: list[Act] = []
    for act in whole[: draw(st.integers(4, len(whole)))]:
        found += draw(st.lists(acts, max_size=1))
        found.append(act)
    return found + draw(st.lists(acts, max_size=8))


@dataclass
class Life:
    """The awards of one call, and how anybody takes any step."""

    stage: Stage

    def take(self, actor: str, step: str, place: int, number: int) -> None:
        """Take the step; raises the refusal."""
        stage, user = self.stage, getattr(self.stage, actor)
        award = stage.awards[place]
        milestone = award.milestones[number % len(award.milestones)]
        judgement = JUDGEMENTS[number % len(JUDGEMENTS)]
        if step == "wait":
            stage.later(number % 40)
        elif step == "write":
            stage.write(award, user, **self.plan(award, number))
        elif step == "confirm":
            stage.confirm(award, user)
        elif step == "amend":
            stage.amend(award, *self.change(award, number), actor=user)
        elif step == "consent":
            stage.consent(award, user)
        elif step in ("decline", "withdraw"):
            stage.end(award, user, withdraw=step == "withdraw")
        elif step == "deliver":
            stage.deliver(milestone, user)
        elif step == "view":
            stage.view(milestone, judgement, user)
        elif step == "judge":
            day = milestone.due_on.replace(year=milestone.due_on.year + 1)
            stage.judge(milestone, judgement, user, due_on=day.isoformat())
        elif step == "pay":
            part = milestone.payment_fen // (1 + number % 3) + number % 2
            stage.pay(milestone, max(1, part), user)
        elif step == "take_back":
            ids = [one.id for one in milestone.payments] or [1]
            stage.take_back(milestone, ids[0], user)
        elif step == "apply":
            stage.apply(award, user)
        elif step == "test":
            verdict = ("reached", "partly", "missed")[number % 3]
            stage.test(award, verdict, agrees=number % 4 != 3, actor=user)
        elif step == "conclude":
            decision = "accept" if number % 3 else "return"
            verdict = ("reached", "partly", "missed")[number // 3 % 3]
            decision = "accept" if number == 0 else decision
            stage.conclude(award, decision, verdict, user)
        elif step == "eliminate":
            stage.eliminate(award, milestone, user)
        else:
            code = ("fraud", "infeasible", "other", "race_over")[number % 4]
            stage.stop(award, code, "excused" if code == "other" else "", user)

    @staticmethod
    def plan(award: Award, number: int) -> dict[str, Any]:
        """Another amount and plan; now and then one that does not add up."""
        amount = award.amount_fen + number % 7 - 4 + (number % 5 == 1) * FUNDING
        parts = 2 + number % 3
        paid = [amount // parts] * (parts - 1)
        paid.append(amount - sum(paid) + (number % 11 == 10))
        plan = [(f"阶段 {i}", 30 * (i + 1), fen) for i, fen in enumerate(paid)]
        return {"amount": amount, "plan": plan}

    @staticmethod
    def change(award: Award, number: int) -> tuple[list[dict[str, Any]]]:
        """Other days and sums of what is left, a line more or fewer; often nonsense."""
        lines = amending.stored(award)["milestones"]
        for line in lines:
            line["title"] += "（改）"
        if number % 3 == 0:
            lines = lines[1:]
        if number % 4 == 0:
            day = f"{2027 + number % 5}-12-01"
            more = {"title": "补测", "deliverable": "补测报告"}
            lines.append({**more, "due_on": day, "payment": "0"})
        return (lines,)

    def facts(self) -> dict[str, Any]:
        """What the tables say now, read afresh."""
        session = self.stage.session
        session.rollback()
        session.expire_all()
        awards = [session.get_one(Award, one.id) for one in self.stage.awards]
        history = select(func.count(History.id)).where(
            History.record_type.in_(("awards", "calls"))
        )
        return {
            "call": session.get_one(Call, self.stage.call.id).status,
            "awards": [one.state for one in awards],
            "milestones": [
                {one.id: one.state for one in award.milestones} for award in awards
            ],
            "text": [
                (
                    award.amount_fen,
                    award.version,
                    [
                        (one.title, one.due_on, one.number, one.paid_fen)
                        for one in award.milestones
                    ],
                    [one.state for one in award.amendments],
                )
                for award in awards
            ],
            "history": session.scalar(history),
        }


def reachable(moves: Mapping[Any, frozenset[Any]], old: Any, new: Any) -> bool:
    """Whether one act may lead from one state to the other: by a step or by two."""
    return new in {old, *moves[old], *(two for one in moves[old] for two in moves[one])}


def check(
    life: Life, act: Act, before: dict[str, Any], after: dict[str, Any], *, took: bool
) -> None:
    """What must hold after any act."""
    actor, step, place, _ = act
    where = (act, before, after)
    changed = {name for name in after if after[name] != before[name]}
    if not took or step == "wait":
        assert not changed, where
    if took and step in OF_STAFF:
        assert actor == "staff", where
    assert actor != "outsider" or not changed, where
    foreign = {"firm": 1, "college": 0}.get(actor)
    if foreign is not None:
        assert after["text"][foreign][0] == before["text"][foreign][0], where
        assert after["milestones"][foreign] == before["milestones"][foreign], where
        if place == foreign:
            assert not changed, where
    # The tables of states.
    assert after["call"] in {before["call"], *CALL_MOVES[before["call"]]}, where
    for old, new in zip(before["awards"], after["awards"], strict=True):
        assert reachable(AWARD_MOVES, old, new), where
        if new is AwardState.ELIMINATED and old is not new:
            others = sum(one is AwardState.RUNNING for one in before["awards"])
            accepting = sum(one is AwardState.ACCEPTING for one in before["awards"])
            assert others + accepting > 1, where
    for old_ones, new_ones in zip(
        before["milestones"], after["milestones"], strict=True
    ):
        for id_, state in new_ones.items():
            if id_ in old_ones:
                old = old_ones[id_]
                assert state in {old, *MILESTONE_MOVES[old]}, where
            else:
                assert state is MilestoneState.OPEN, where
    # Nothing changes without its line.
    if changed:
        assert after["history"] > before["history"], where
    check_sums(life.stage, where)
    check_call(after, where)


def check_sums(stage: Stage, where: Any) -> None:
    awards = [stage.session.get_one(Award, one.id) for one in stage.awards]
    for award in awards:
        planned = sum(one.payment_fen for one in award.milestones)
        assert planned == award.amount_fen, where
        open_ = [one for one in award.amendments if one.is_open]
        assert len(open_) <= (award.state is AwardState.RUNNING), where
        for one in award.milestones:
            assert 0 <= one.paid_fen <= one.payment_fen, where
            assert not one.paid_fen or one.state is MilestoneState.PASSED, where
    assert sum(one.claimed_fen for one in awards) <= FUNDING, where


def check_call(after: dict[str, Any], where: Any) -> None:
    """The state of the call is what its awards came to."""
    states, call = set(after["awards"]), after["call"]
    live = states & (UNBEGUN_AWARDS | {AwardState.RUNNING, AwardState.ACCEPTING})
    if call is CallStatus.AWARDED:
        assert live, where
        assert live <= UNBEGUN_AWARDS, where
    elif call is CallStatus.RUNNING:
        assert live, where
        assert not live & UNBEGUN_AWARDS, where
    elif call is CallStatus.ACCEPTED:
        assert not live, where
        assert AwardState.ACCEPTED in states, where
    else:
        assert call is CallStatus.STOPPED, where
        assert not live, where
        assert AwardState.ACCEPTED not in states, where


def takes(life: Life, act: Act) -> bool:
    """Whether the act was done; a refusal is one of ours, with words for it."""
    try:
        life.take(*act)
    except DomainError:
        return False
    return True


@settings(
    max_examples=12,
    # A shorter life tells no more than a long one, and finding it takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives())
def test_awards_stay_what_they_must_be_whatever_anybody_does(session, make, life):
    one = Life(set_up(session, make))
    before = one.facts()
    for act in life:
        took = takes(one, act)
        after = one.facts()
        check(one, act, before, after, took=took)
        before = after


def test_the_usual_life_reaches_the_acceptance(session, make):
    """So that the random lives are known to begin where they should."""
    life = Life(set_up(session, make))
    for act in usual():
        assert takes(life, act), act
    assert life.facts()["call"] is CallStatus.ACCEPTED
