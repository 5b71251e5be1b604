"""Whatever anybody does in whatever order: no stage but those the table allows."""

from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.history import service as history
from matchmaker.introductions import contacts, moves, service
from matchmaker.introductions.schema import (
    AnswerInput,
    ContactInput,
    LogInput,
    MoveInput,
)
from matchmaker.introductions.sight import both_interested
from models import Introduction, transaction
from models.states import (
    INTRODUCTION_MOVES,
    IllegalMove,
    Interest,
    IntroductionStatus,
    Role,
    Secrecy,
)

from ..conftest import NOW
from ..factories import Factory

REFUSED = (Conflict, Forbidden, Invalid, NotFound, IllegalMove)
WHO = st.sampled_from(["firm", "college", "manager", "staff", "admin", "stranger"])
STAGE = st.sampled_from(IntroductionStatus)


def talks_of(session: Session, make: Factory) -> type[RuleBasedStateMachine]:
    """A machine whose every run has fresh talks about a restricted need."""

    class Talks(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.people = {
                "firm": make.user(),
                "college": make.user(Role.UNIVERSITY),
                "manager": make.user(Role.MANAGER),
                "staff": make.staff(),
                "admin": make.user(Role.ADMIN),
                "stranger": make.user(Role.UNIVERSITY),
            }
            firm, college = self.people["firm"], self.people["college"]
            self.talks = make.introduction(
                make.need(
                    organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED
                ),
                make.achievement(organisation_id=college.organisation_id),
                provider_knows=False,
                manager_id=self.people["manager"].id,
            )
            self.stage = self.talks.status
            self.path: list[list[str]] = []
            self.contacts = 0

        def do(self, act) -> bool:
            """Whether it was let be; a refusal leaves everything as it was."""
            before = self.talks.version
            try:
                act()
            except REFUSED:
                session.rollback()
                assert self.talks.version == before
                return False
            return True

        def follow(self) -> None:
            """Note where the talks went, one allowed step at a time."""
            session.refresh(self.talks)
            if self.talks.status is self.stage:
                return
            steps = [self.stage, self.talks.status]
            if self.talks.status is IntroductionStatus.SIGNED:
                steps = [IntroductionStatus.DRAFTING, self.talks.status]
                if self.stage is IntroductionStatus.TALKING:
                    steps.insert(0, self.stage)
            for before, after in pairwise(steps):
                assert after in INTRODUCTION_MOVES[before]
                self.path.append([before.value, after.value])
            self.stage = self.talks.status

        @rule(who=WHO, interest=st.sampled_from(Interest))
        def answer(self, who: str, interest: Interest) -> None:
            data = AnswerInput(
                version=self.talks.version,
                interest=interest,
                reason="price",
                words="预算差得太多",
            )
            person = self.people[who]
            done = self.do(
                lambda: service.answer(session, person, self.talks.id, data, now=NOW)
            )
            assert not done or who in ("firm", "college")
            self.follow()

        @rule(who=WHO, to=STAGE, right=st.booleans())
        def choose(self, who: str, to: IntroductionStatus, right: bool) -> None:
            data = MoveInput(
                version=self.talks.version if right else self.talks.version + 1,
                to=to,
                failed_code="terms",
                failed_words="付款方式谈不拢",
            )
            done = self.do(
                lambda: service.choose_stage(
                    session, self.people[who], self.talks.id, data, now=NOW
                )
            )
            assert not done or (right and who != "stranger")
            assert not done or to is not IntroductionStatus.SIGNED
            self.follow()

        @rule(signed=st.booleans())
        def contract(self, signed: bool) -> None:
            note = moves.note_signed if signed else moves.note_drafting

            def act() -> None:
                with transaction(session):
                    note(session, self.talks, self.people["staff"], now=NOW)

            self.do(act)
            self.follow()

        @rule(who=WHO, inside=st.booleans())
        def log(self, who: str, inside: bool) -> None:
            data = LogInput(
                kind="note",
                happened_on="2026-11-20",
                log_words="说了一句话。",
                is_internal=inside,
            )
            done = self.do(
                lambda: service.log(
                    session, self.people[who], self.talks.id, data, now=NOW
                )
            )
            assert not (done and inside and who in ("firm", "college"))
            self.follow()

        @rule(who=WHO)
        def open_contact(self, who: str) -> None:
            data = ContactInput(phone="0731-88001234", agreed=True)
            done = self.do(
                lambda: contacts.open_own(
                    session, self.people[who], self.talks.id, data, now=NOW
                )
            )
            assert not done or both_interested(self.talks)
            self.follow()

        @rule(who=WHO)
        def read_contacts(self, who: str) -> None:
            before = both_interested(self.talks)

            def act() -> None:
                _, found = contacts.read(
                    session, self.people[who], self.talks.id, now=NOW
                )
                assert before or not found

            self.do(act)

        @invariant()
        def the_provider_knows_only_after_the_owner_agreed(self) -> None:
            agreed = any(
                one.interest is Interest.INTERESTED and one.side.value == "seeker"
                for one in self.talks.answers
            )
            assert self.talks.provider_knows == agreed

        @invariant()
        def nobody_talks_before_both_agreed(self) -> None:
            past = self.stage not in (
                IntroductionStatus.WAITING,
                IntroductionStatus.FAILED,
            )
            assert not past or both_interested(self.talks)

        @invariant()
        def every_step_stands_in_the_history(self) -> None:
            rows = reversed(history.of_record(session, self.talks))
            noted = [
                row.changes["status"]
                for row in rows
                if row.action == "introduction.moved"
            ]
            assert noted == self.path
            failed = self.stage is IntroductionStatus.FAILED
            assert failed == (self.talks.failed_code is not None)

    return Talks


def test_no_order_of_acts_reaches_a_stage_the_table_does_not_allow(session, make):
    run_state_machine_as_test(
        talks_of(session, make),
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert session.query(Introduction).count() > 0
