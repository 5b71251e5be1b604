"""Talks of the demonstration accounts' organisations, in every stage there is.

They are told as they went: who asked, who answered when, what was noted, and how far
a contract has come of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Introduction,
    IntroductionAnswer,
    Mail,
    Need,
    Notice,
    Organisation,
    TalkEvent,
    User,
    transaction,
)
from models.states import (
    AchievementStatus,
    ContractState,
    ContractType,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    NeedStatus,
    OrganisationKind,
    PaymentManner,
    PaymentTrigger,
    Role,
    Secrecy,
    Side,
)

from ..history import service as history
from ..introductions import begin, moves
from ..labels import FEN_PER_WAN, today
from .entering import Deal, blank, enter
from .ledger import FIELDS, OFFICE, party
from .scenes import COLLEGE, FIRM, SCENES, Scene

T, D = IntroductionStatus.TALKING, IntroductionStatus.DRAFTING
S, F = IntroductionStatus.SIGNED, IntroductionStatus.FAILED
C = ContractState
UNREAD_DAYS = 3


def load(session: Session, *, now: datetime) -> int:
    """Enter the talks once; says how many there are. Nothing without the accounts."""
    with transaction(session):
        if session.scalar(select(exists().where(Introduction.is_demo))):
            return 0
        stage = Stage.of(session, now)
        if stage is None:
            return 0
        begun = [each for each in map(stage.play, SCENES) if each is not None]
        session.flush()
        quiet(session, now)
    return len(begun)


def quiet(session: Session, now: datetime) -> None:
    """Old news was read long ago, and nobody is sent a letter about any of it."""
    people = select(User).where(User.is_demo)
    session.execute(
        delete(Mail).where(
            Mail.recipient.in_(people.with_only_columns(User.email)),
            Mail.created_at < now,
        )
    )
    session.execute(
        update(Notice)
        .where(
            Notice.created_at < now - timedelta(days=UNREAD_DAYS),
            Notice.read_at.is_(None),
            Notice.user_id.in_(people.with_only_columns(User.id)),
        )
        .values(read_at=now)
    )


@dataclass
class Stage:
    """Who plays: the accounts, and the pairs of records not talked about yet."""

    session: Session
    now: datetime
    people: dict[int, User]
    manager: User
    staff: User
    pairs: dict[tuple[Side, bool], Iterator[tuple[Need, Achievement]]]
    contracts: int = 0

    @classmethod
    def of(cls, session: Session, now: datetime) -> Stage | None:
        users = {
            user.role: user
            for user in session.scalars(
                select(User).where(User.is_demo).order_by(User.id.desc())
            )
        }
        roles = Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER, Role.STAFF
        if not all(role in users for role in roles):
            return None
        firm, college, manager, staff = (users[role] for role in roles)
        people = {user.organisation_id or 0: user for user in (firm, college)}
        pairs = _pairs(session, firm.organisation_id, college.organisation_id)
        return cls(session, now, people, manager, staff, pairs)

    def play(self, scene: Scene) -> Introduction | None:
        """Tell one scene; None where the sample has no pair left for it."""
        pair = next(self.pairs[scene.ours, scene.both], None)
        if pair is None:
            return None
        need, item = pair
        asker = None
        if scene.asked_by is not None:
            home = need if scene.asked_by is FIRM else item
            asker = self._person(home.organisation_id)
        talks = begin.begin(
            self.session,
            asker or self.staff,
            begin.Subject(need=need, achievement=item),
            IntroductionOrigin.REQUEST if asker else IntroductionOrigin.MANUAL,
            seeker_id=need.organisation_id,
            provider_id=item.organisation_id,
            interested=[scene.asked_by] if scene.asked_by else [],
            now=self._ago(scene.began),
        ).introduction
        if scene.managed:
            self._assign(talks, scene)
        self._go_on(talks, scene)
        return talks

    def _ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days, minutes=1)

    def _person(self, organisation_id: int) -> User:
        """Who speaks for an organisation; one is made where it has nobody."""
        if organisation_id not in self.people:
            home = self.session.get_one(Organisation, organisation_id)
            firm = home.kind is OrganisationKind.ENTERPRISE
            number = len(self.people)
            user = User(
                email=f"duijie{number}@demo.example",
                name=f"对接人{number}(示例)",
                # No password has this hash: nobody signs in by this account.
                password_hash="!",
                role=Role.ENTERPRISE if firm else Role.UNIVERSITY,
                organisation_id=organisation_id,
                is_demo=True,
                created_at=self._ago(200),
            )
            self.session.add(user)
            self.session.flush()
            self.people[organisation_id] = user
        return self.people[organisation_id]

    def _assign(self, talks: Introduction, scene: Scene) -> None:
        talks.manager_id = self.manager.id
        history.record(
            self.session,
            self.staff,
            "introduction.assigned",
            talks,
            now=self._ago(scene.began - 1),
            changes={"manager": [None, self.manager.name]},
        )

    def _go_on(self, talks: Introduction, scene: Scene) -> None:
        if scene.answered is not None:
            self._agree(talks, scene)
        for days, kind, words in scene.log:
            self.session.add(
                TalkEvent(
                    introduction_id=talks.id,
                    kind=kind,
                    happened_on=today(self._ago(days)),
                    words=words,
                    author_id=(self.manager if scene.managed else self.staff).id,
                    created_at=self._ago(days),
                )
            )
        self.session.flush()
        if scene.failed is not None:
            self._fail(talks, scene, *scene.failed)
        elif scene.ends is D:
            self._move(talks, D, scene.moved)
        elif scene.ends is S:
            self._move(talks, D, (scene.moved + (scene.answered or 0)) // 2)
            self._move(talks, S, scene.moved)
        if scene.contract is not None:
            self._contract(talks, scene)

    def _agree(self, talks: Introduction, scene: Scene) -> None:
        """Whoever has not asked says yes, and they talk."""
        now = self._ago(scene.answered or 0)
        for side, home in ((FIRM, talks.seeker_id), (COLLEGE, talks.provider_id)):
            if talks.answer_of(side) is None:
                person = self._person(home)
                begin.note_interest(self.session, talks, side, person, now=now)
                self._note(talks, person, Interest.INTERESTED, now)
        moves.move(
            self.session, talks, self._person(talks.seeker_id), T, now=now, told=True
        )

    def _note(
        self, talks: Introduction, person: User, interest: Interest, now: datetime
    ) -> None:
        history.record(
            self.session,
            person,
            "introduction.answered",
            talks,
            now=now,
            changes={"interest": [None, interest.value]},
        )

    def _move(self, talks: Introduction, status: IntroductionStatus, days: int) -> None:
        now = self._ago(days)
        moves.move(self.session, talks, self.staff, status, now=now, told=True)

    def _fail(self, talks: Introduction, scene: Scene, code: str, words: str) -> None:
        """One side declines for a reason, or talks that had begun come to nothing."""
        now = self._ago(scene.moved)
        actor = self.staff
        if scene.answered is None and scene.asked_by is not None:
            side = FIRM if scene.asked_by is COLLEGE else COLLEGE
            home = talks.seeker_id if side is FIRM else talks.provider_id
            actor = self._person(home)
            talks.answers.append(
                IntroductionAnswer(
                    side=side,
                    interest=Interest.DECLINED,
                    reason=code,
                    words=words,
                    user_id=actor.id,
                    at=now,
                )
            )
            self._note(talks, actor, Interest.DECLINED, now)
            code = "declined"
        moves.move(
            self.session,
            talks,
            actor,
            F,
            now=now,
            changes={"reason": ["", words]} if words else {},
            failed=(code, words),
            told=True,
        )

    def _contract(self, talks: Introduction, scene: Scene) -> None:
        """What came of the talks, as far as it has come."""
        assert talks.need is not None
        self.contracts += 1
        state, day = scene.contract or C.DRAFT, today(self._ago(scene.moved))
        code = f"SL{today(self.now).year}-{900_000 + self.contracts:06d}"
        total = scene.wan * FEN_PER_WAN
        row: dict[str, Any] = blank(state, self._ago(scene.moved)) | {
            "code": code,
            "name": f"{talks.need.title[:60]}技术委托开发合同(示例)",
            "type": ContractType.DEVELOPMENT,
            "subtype": "development_commissioned",
            "total_fen": total,
            "technology_fen": total,
            "signed_on": None if state is C.DRAFT else day,
            "starts_on": day,
            "ends_on": day + timedelta(days=365),
            "field": talks.need.field,
            "technology_field": FIELDS.get(talks.need.field, "urban"),
            "ip_kind": "patent",
            "plan_source": "outside",
            "is_related_deal": False,
            "payment_manner": PaymentManner.INSTALMENTS,
            "introduction_id": talks.id,
            "need_id": talks.need_id,
            "achievement_id": talks.achievement_id,
            "manager_id": talks.manager_id,
            **party("buyer", talks.seeker),
            **party("seller", talks.provider),
        }
        if state in (C.SUBMITTED, C.RECOGNISED):
            row |= {"submitted_on": day + timedelta(days=5), "office": OFFICE}
        if state is C.RECOGNISED:
            recognised = day + timedelta(days=20)
            number = f"{recognised.year}4301SL{900_000 + self.contracts:06d}"
            row |= {"recognised_on": recognised, "registration_number": number}
        deal = Deal(row)
        for position, (trigger, share) in enumerate(PLAN, 1):
            deal.payments.append(
                {
                    "position": position,
                    "trigger": trigger,
                    "amount_fen": total * share // 10,
                    "happened_on": None,
                    "words": "",
                    "base": "",
                }
            )
        if state is C.RECOGNISED:
            deal.receipts.append((0, total * PLAN[0][1] // 10, day + timedelta(days=9)))
        enter(self.session, [deal], self.staff.id)


PLAN = (
    (PaymentTrigger.SIGNING, 3),
    (PaymentTrigger.TEST_PASSED, 4),
    (PaymentTrigger.ACCEPTANCE, 3),
)


def _pairs(
    session: Session, firm_id: int | None, college_id: int | None
) -> dict[tuple[Side, bool], Iterator[tuple[Need, Achievement]]]:
    """Pairs of one field, none twice: of the firm, of the college, of both."""
    needs = session.scalars(
        select(Need)
        .where(
            Need.is_demo,
            Need.status == NeedStatus.PUBLISHED,
            Need.secrecy == Secrecy.PUBLIC,
        )
        .order_by(Need.code)
    ).all()
    items = session.scalars(
        select(Achievement)
        .where(Achievement.is_demo, Achievement.status == AchievementStatus.PUBLISHED)
        .order_by(Achievement.code)
    ).all()
    ours = [each for each in needs if each.organisation_id == firm_id]
    theirs = [each for each in needs if each.organisation_id != firm_id]
    own = [each for each in items if each.organisation_id == college_id]
    other = [each for each in items if each.organisation_id != college_id]
    return {
        (FIRM, False): _alike(ours, other),
        (COLLEGE, False): _alike(theirs, own),
        (FIRM, True): (both := _alike(ours, own)),
        (COLLEGE, True): both,
    }


def _alike(
    needs: Sequence[Need], items: Sequence[Achievement]
) -> Iterator[tuple[Need, Achievement]]:
    """Pairs of one field, each need with one achievement before any has a second."""
    found = [
        (place, need, item)
        for need in needs
        for place, item in enumerate(item for item in items if item.field == need.field)
    ]
    found.sort(key=lambda each: (each[0], each[1].code))
    for _, need, item in found:
        yield need, item
