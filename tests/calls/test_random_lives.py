"""Whatever anybody does in whatever order, a call stays in its table of states.

Random people take random steps at random moments; each is taken or refused in words,
and after each the state followed from the one before as `CALL_MOVES` has it, only the
right people moved it, and nothing was stored outside its window.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matchmaker.calls import clock, service
from matchmaker.calls.drafts import arguing
from matchmaker.calls.drafts import service as drafts
from matchmaker.calls.drafts.schema import Opening, Opinion
from matchmaker.calls.questions import service as questions
from matchmaker.calls.questions.schema import QuestionInput
from matchmaker.calls.versions import service as versions
from matchmaker.errors import DomainError
from matchmaker.moments import typed as local
from matchmaker.schema import parse
from matchmaker.verification.schema import Return
from models import Call, CallQuestion, CallVersion, User
from models.states import (
    CALL_MOVES,
    UNOPENED_CALL_STATES,
    CallStatus,
    IllegalMove,
    Role,
)

from ..conftest import NOW
from .forms import typed

ACTORS = ("issuer", "staff", "university", "firm", "manager")
STEPS = (
    "edit",
    "submit",
    "hear",
    "return",
    "approve",
    "open",
    "ask",
    "amend",
    "withdraw",
    "stop",
    "tick",
)
# Who may ever move a call, by the step.
MOVERS = {
    "submit": {"issuer", "staff"},
    "edit": {"issuer", "staff"},
    "withdraw": {"issuer", "staff"},
    "return": {"staff"},
    "approve": {"staff"},
    "open": {"staff"},
    "stop": {"staff"},
}
steps = st.tuples(st.sampled_from(ACTORS), st.sampled_from(STEPS), st.integers(0, 20))


@st.composite
def lives(draw: Any) -> list[tuple[str, str, int]]:
    """The usual way, cut short somewhere, with strange steps put in between."""
    usual = [("issuer", "submit"), ("staff", "approve"), ("staff", "open")]
    usual.append(("staff", "stop"))
    found: list[tuple[str, str, int]] = []
    for actor, step in usual[: draw(st.integers(0, len(usual)))]:
        found += draw(st.lists(steps, max_size=2))
        found.append((actor, step, draw(st.integers(3, 20))))
    return found + draw(st.lists(steps, max_size=8))


@dataclass
class Life:
    """One call, the people around it, and the day it is."""

    session: Session
    people: dict[str, User]
    call_id: int
    now: datetime = NOW

    @property
    def call(self) -> Call:
        self.session.rollback()
        return self.session.get_one(Call, self.call_id, populate_existing=True)

    def take(self, who: str, step: str, days: int) -> None:
        session, actor, call = self.session, self.people[who], self.call
        seen = {"version": str(call.version), "codes": ["other"]}
        seen |= {"reason": "情况有变化，需要调整。"}
        form = typed(issuer="发榜园区", title=f"电芯热失控提前预警第{days}稿")
        ends = local(self.now + timedelta(days=days - 2))
        at: dict[str, Any] = {"now": self.now}
        if step in ("edit", "submit"):
            data = drafts.read_form(form, submit=step == "submit")
            drafts.edit_call(session, actor, call.id, data, version=call.version, **at)
        elif step == "hear":
            arguing.hear(
                session,
                actor,
                call.id,
                Opinion(expert="专家", words="可以考核。"),
                **at,
            )
        elif step == "return":
            arguing.give_back(session, actor, call.id, parse(Return, seen), **at)
        elif step == "approve":
            arguing.approve(session, actor, call.id, call.version, **at)
        elif step == "open":
            data = parse(Opening, seen | {"closes_at": ends})
            arguing.open_call(
                session,
                actor,
                call.id,
                data,
                periods=arguing.Periods(),
                clock=lambda: self.now,
            )
        elif step == "ask":
            words = QuestionInput(question=f"考核平台的环境温度是多少度？第{days}问")
            questions.ask(session, actor, call.id, words, clock=lambda: self.now)
        elif step == "amend":
            form.setlist("version", [seen["version"]])
            form.setlist("reason", [seen["reason"]])
            form.setlist("closes_at", [ends])
            form.setlist("questions_until", [ends])
            data = versions.read_form(form)
            versions.amend(session, actor, call.id, data, clock=lambda: self.now)
        elif step == "withdraw":
            arguing.withdraw(session, actor, call.id, call.version, **at)
        elif step == "stop":
            service.stop(session, actor, call.id, parse(Return, seen), **at)
        else:
            self.now += timedelta(days=days / 4)
            clock.follow(session, now=self.now)

    def kept(self) -> tuple[int, int]:
        """How many questions and versions there are."""
        counts = (func.count(CallQuestion.id), func.count(CallVersion.number))
        tables = (CallQuestion, CallVersion)
        return tuple(  # type: ignore[return-value]
            self.session.scalar(select(count).where(table.call_id == self.call_id))
            for count, table in zip(counts, tables, strict=True)
        )


@pytest.mark.one_database
def test_no_sequence_of_steps_leaves_the_table_of_states(session, make):
    park = make.organisation(name="发榜园区")
    people = {
        "issuer": make.user(organisation_id=park.id),
        "staff": make.staff(),
        "university": make.user(Role.UNIVERSITY),
        "firm": make.user(),
        "manager": make.user(Role.MANAGER),
    }
    reached: set[CallStatus] = set()

    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )
    @given(lives())
    def live(life: list[tuple[str, str, int]]) -> None:
        data = drafts.read_form(typed(), submit=False)
        key = f"k{make.session.scalar(select(func.max(Call.id))) or 0}"
        call = drafts.create_call(
            session, people["issuer"], data, form_key=key, now=NOW
        )
        one = Life(session, people, call.id)
        for who, step, days in life:
            before = one.call
            status, phase, kept = before.status, before.phase(one.now), one.kept()
            try:
                one.take(who, step, days)
            except (DomainError, IllegalMove):
                session.rollback()
            after = one.call
            if after.status is not status:
                assert after.status in CALL_MOVES[status], (who, step)
                assert who in MOVERS[step], (who, step)
            if after.status not in UNOPENED_CALL_STATES:
                assert after.opens_at < after.closes_at
                assert after.questions_until <= after.closes_at
                assert sum(row["weight"] for row in after.criteria) == 100
                assert after.goals
            asked, versions_kept = (
                new - old for new, old in zip(one.kept(), kept, strict=True)
            )
            assert not asked or phase.value in ("open", "upcoming")
            assert versions_kept in (0, 1)
            assert one.kept()[1] == after.revision
            reached.add(after.status)

    live()
    # So that the walk is known to get somewhere.
    assert reached >= {
        CallStatus.DRAFT,
        CallStatus.ARGUED,
        CallStatus.OPEN,
        CallStatus.WITHDRAWN,
        CallStatus.STOPPED,
    }
