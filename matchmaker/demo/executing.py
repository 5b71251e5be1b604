"""Two calls of the demonstration that were won: a race under way, and one accepted.

They are carried out by the services themselves, step by step on the days they say, so
that whatever the platform notes and counts of real ones it notes and counts of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import (
    Award,
    Milestone,
    Organisation,
    User,
    transaction,
)
from models.states import (
    GoalVerdict,
    OrganisationKind,
    Role,
)

from ..awards import acceptance, book, drafting
from ..awards import schema as forms
from ..awards.milestones import payments
from ..awards.milestones import service as milestones
from ..jobs import outbox
from ..labels import FEN_PER_WAN, today
from ..schema import parse
from . import dealings
from .won import DONE, RACE, Scene, bid_of, call_of, decide

VERDICTS = [GoalVerdict.REACHED, GoalVerdict.PARTLY]
RACER = "橘子洲智能装备研究院(示例)"


def load(session: Session, *, now: datetime) -> int:
    """Enter both calls once; says how many. Nothing without the accounts."""
    if session.scalar(select(exists().where(Award.is_demo))):
        return 0
    stage = _Stage.of(session, now)
    if stage is None:
        return 0
    stage.race()
    stage.done()
    with transaction(session):
        dealings.quiet(session, now)
    return 2


@dataclass
class _Stage:
    """Who plays, and every step in a line."""

    session: Session
    now: datetime
    issuer: User
    people: Mapping[str, User]
    staff: User
    second: User

    @classmethod
    def of(cls, session: Session, now: datetime) -> _Stage | None:
        found: dict[Role, list[User]] = {}
        query = select(User).where(User.is_demo, User.active).order_by(User.id)
        for user in session.scalars(query):
            found.setdefault(user.role, []).append(user)
        firm = _account(found, Role.ENTERPRISE, "qiye@demo.example")
        college = _account(found, Role.UNIVERSITY, "gaoxiao@demo.example")
        staff = found.get(Role.STAFF, [])
        if firm is None or college is None or len(staff) < 2:
            return None
        with transaction(session):
            racer = _racer(session, now)
        people = {"college": college, "racer": racer}
        return cls(session, now, firm, people, staff[0], staff[1])

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days, minutes=3)

    # -- the two lives -----------------------------------------------------------

    def race(self) -> None:
        """One runner is ahead, the other late after a rework."""
        first, second = self.award(RACE)
        for award in (first, second):
            self.begin(RACE, award, 150)
        ahead, behind = first.milestones[0], second.milestones[0]
        self.judge(ahead, "college", 66, "样机通过第三方检测，预警提前 17 min。")
        self.pay(ahead, 55)
        words = "误报率 1.1%，没有达到任务书的要求，请改进算法后重新送检。"
        self.judge(behind, "racer", 62, words, rework=8)
        self.deliver(first.milestones[1], "college", 2)

    def done(self) -> None:
        """All passed and paid, tested by the issuer, accepted."""
        [award] = self.award(DONE)
        self.begin(DONE, award, 330)
        for place, days in enumerate((236, 96)):
            one = award.milestones[place]
            self.judge(one, "college", days, "交付物齐全，指标有据。")
            self.pay(one, days - 12)
        self.accept(award)

    # -- steps -------------------------------------------------------------------

    def award(self, scene: Scene) -> list[Award]:
        with transaction(self.session):
            call = call_of(scene, self)
            self.session.add(call)
            self.session.flush()
            bids = [
                bid_of(scene, self, call, who, wan)
                for who, wan in scene.winners.items()
            ]
            decide(scene, self, call, bids)
            outbox.touch(self.session, call, now=self.ago(scene.opened))
            began = self.ago(scene.opened - 90)
            return drafting.begin(self.session, self.staff, call, bids, now=began)

    def begin(self, scene: Scene, award: Award, days: int) -> None:
        """The task book written, and confirmed by both within some days."""
        who = (
            "college"
            if award.bidder_id == self.people["college"].organisation_id
            else "racer"
        )
        place = list(scene.winners).index(who)
        data = {
            "amount": f"{sum(paid[place] for *_, paid in scene.plan)}万元",
            "signed_on": today(self.ago(days + 3)).isoformat(),
            "pledge": "不能按期达到验收值的，自愿退回末期拨款，三年内不再申报。(示例)",
            "values": list(scene.values),
            "milestones": [
                {
                    "title": title,
                    "deliverable": f"{words}(示例)",
                    "due_on": today(self.ago(due)).isoformat(),
                    "payment": f"{paid[place]}万元",
                }
                for title, words, due, paid in scene.plan
            ],
            "seen": book.mark(award),
        }
        at = self.ago(days + 3)
        written = parse(forms.BookInput, data, {"today": today(at)})
        book.write(self.session, self.staff, award.id, written, now=at)
        for person, late in ((self.issuer, 2), (self.people[who], 1)):
            seen = forms.Confirmation(seen=book.mark(award))
            at = self.ago(days + late)
            book.confirm(self.session, person, award.id, seen, now=at)

    def deliver(self, one: Milestone, who: str, days: int) -> None:
        words = (
            f"{one.deliverable.removesuffix('(示例)')}已提交，请发榜单位核对。(示例)"
        )
        data = forms.Delivery(words=words)
        at = self.ago(days)
        milestones.deliver(self.session, self.people[who], one.id, data, now=at)

    def judge(
        self, one: Milestone, who: str, days: int, words: str, rework: int = 0
    ) -> None:
        """Delivered, judged by the issuer, concluded by the staff; day after day."""
        self.deliver(one, who, days)
        said: dict[str, Any] = {
            "number": one.number,
            "judgement": "rework" if rework else "pass",
            "words": f"{words}(示例)",
        }
        heard = parse(forms.IssuerJudgement, said)
        at = self.ago(days - 2)
        milestones.view(self.session, self.issuer, one.id, heard, now=at)
        if rework:
            said["due_on"] = today(self.ago(rework)).isoformat()
        data = parse(forms.StaffJudgement, said)
        at = self.ago(days - 3)
        milestones.judge(self.session, self.staff, one.id, data, now=at)

    def pay(self, one: Milestone, days: int) -> None:
        at = self.ago(days)
        fields = {
            "amount_paid": f"{one.payment_fen // FEN_PER_WAN}万元",
            "paid_on": today(at).isoformat(),
            "words": "银行转账(示例)",
        }
        data = parse(forms.PaymentInput, fields, {"today": today(at)})
        payments.pay(self.session, self.issuer, one.id, data, now=at)

    def accept(self, award: Award) -> None:
        asked = forms.Application(
            reached=["1.4 mm", "1180 h"],
            evidence=["计量院校准证书(示例)", "两个区间的运行记录(示例)"],
            words="两个区间试用完成，申请验收。(示例)",
        )
        college, at = self.people["college"], self.ago(60)
        acceptance.apply(self.session, college, award.id, asked, now=at)
        tested = forms.IssuerTest(
            number=1,
            verdicts=VERDICTS,
            agrees=True,
            words="开舱实测误差 1.4 mm；连续工作 1180 h，接近 1200 h，同意验收。(示例)",
        )
        at = self.ago(50)
        acceptance.test(self.session, self.issuer, award.id, tested, now=at)
        concluded = forms.Conclusion(
            number=1,
            verdicts=VERDICTS,
            decision=forms.AcceptanceDecision.ACCEPT,
            words="专家组现场核对，主要目标达到，同意通过验收。(示例)",
        )
        at = self.ago(40)
        acceptance.conclude(self.session, self.staff, award.id, concluded, now=at)


def _account(
    found: Mapping[Role, Sequence[User]], role: Role, email: str
) -> User | None:
    return next((one for one in found.get(role, ()) if one.email == email), None)


def _racer(session: Session, now: datetime) -> User:
    """Who speaks for the second runner; nobody signs in by this account."""
    home = Organisation(
        name=RACER, kind=OrganisationKind.INSTITUTE, is_demo=True, created_at=now
    )
    session.add(home)
    session.flush()
    user = User(
        email="chengdan1@demo.example",
        name="承担人(示例)",
        password_hash="!",
        role=Role.UNIVERSITY,
        organisation_id=home.id,
        is_demo=True,
        created_at=now - timedelta(days=300),
    )
    session.add(user)
    session.flush()
    return user
