"""Records that are valid by default; a test names only what it is about.

Each is committed at once, so that a request in another session sees it.
"""

import json
import secrets
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from matchmaker.attachments import owners
from matchmaker.attachments.store import Store
from matchmaker.bids import sealing
from matchmaker.bids.content import of_form
from matchmaker.bids.schema import BidInput
from matchmaker.bids.vault import Vault, fresh_key, sealed_size, sealed_stream
from matchmaker.jobs import outbox
from matchmaker.posting.terms import Terms
from matchmaker.schema import parse
from matchmaker.webhooks import hosts, keeping
from matchmaker.work.periods import Periods
from models import (
    Achievement,
    ApiToken,
    Attachment,
    Award,
    AwardGoal,
    AwardPayment,
    Bid,
    BidFile,
    BidOutcome,
    BidRelease,
    BidReview,
    BidSubmission,
    Call,
    CallInvitation,
    CallNeed,
    CallOpinion,
    CallQuestion,
    CallResult,
    ContactGrant,
    Contract,
    DictionaryEntry,
    Expert,
    ExpertTie,
    Holiday,
    ImportRun,
    Introduction,
    IntroductionAnswer,
    Invitation,
    Mail,
    Mandate,
    Milestone,
    Need,
    Node,
    Objection,
    Organisation,
    OutboxTask,
    Payment,
    Proposal,
    PublicationEntry,
    PublicationList,
    Receipt,
    Registration,
    Subscription,
    Suggestion,
    TalkEvent,
    User,
    UserSession,
    Webhook,
    WebhookDelivery,
    WebhookHost,
    transaction,
)
from models.introductions import subject_of
from models.outbox import RecordType, TaskKind
from models.states import (
    COUNTED_CONTRACTS,
    UNBEGUN_AWARDS,
    AchievementStatus,
    AwardState,
    BidState,
    CallPhase,
    CallStatus,
    ContractSource,
    ContractState,
    ContractType,
    Frequency,
    ImportState,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    Mode,
    NeedStatus,
    NodeKind,
    OrganisationKind,
    OrganisationRole,
    Ownership,
    PaymentTrigger,
    PublicationKind,
    PublicationState,
    RegistrationState,
    ResultState,
    ReviewState,
    Role,
    Secrecy,
    Side,
    Stage,
    SuggestionKind,
    TalkEventKind,
    TieKind,
    WebhookFormat,
)

from .filler import filler

# What the tests' settings give as the key of the site.
SITE_KEY = "test"

HOMES = {
    Role.ENTERPRISE: OrganisationKind.ENTERPRISE,
    Role.UNIVERSITY: OrganisationKind.UNIVERSITY,
    Role.MANAGER: OrganisationKind.SERVICE_BODY,
}

# The days by which work is late, as the settings have them unless they are changed.
PERIODS = Periods(Terms(365, 730), notice_days=14, reminder_days=5, overdue_days=10)


def bid_content(call: Call, words: str = "") -> dict[str, Any]:
    """The text of a bid that lacks nothing; ``words`` stand in every field."""
    data = {
        "leader": f"张示例{words}",
        "contact": f"0731-88880000{words}",
        "team": f"十二人的储能安全团队，分三组{words}",
        "approach": f"融合氢气浓度与电压微分特征，分级报警{words}",
        "goals": [
            {"goal": goal, "value": f"12 min{words}", "evidence": f"第三方检测{words}"}
            for goal in call.goals
        ],
        "budget": "420",
        "budget_words": f"设备 200 万元，人员 220 万元{words}",
        "schedule": [f"第 1 至 6 个月完成样机{words}"],
        "months": "18",
        "readiness": "6",
        "readiness_words": f"中试报告{words}",
    }
    return of_form(parse(BidInput, data), call.goals)


class Factory:
    """`make.need(status=...)`: one call, one committed record."""

    def __init__(
        self, session: Session, now: datetime, files: Path | None = None
    ) -> None:
        self.session, self.now, self.files = session, now, files
        self._numbers = count(1)

    def _save(self, item: Any, *, index: bool = False) -> Any:
        with transaction(self.session):
            self.session.add(item)
            self.session.flush()
            if index:
                outbox.touch(self.session, item, now=self.now)
        self.session.refresh(item)
        return item

    def organisation(self, **given: Any) -> Organisation:
        values = {
            "name": f"测试机构{next(self._numbers)}(示例)",
            "kind": OrganisationKind.ENTERPRISE,
            "district": "岳麓区",
            "created_at": self.now,
        }
        return self._save(Organisation(**values | given))

    def user(self, role: Role = Role.ENTERPRISE, **given: Any) -> User:
        """A member; a new organisation of the fitting kind unless one is given."""
        number = next(self._numbers)
        if role in HOMES and "organisation_id" not in given:
            given["organisation_id"] = self.organisation(kind=HOMES[role]).id
        values = {
            "email": f"user{number}@example.com",
            "name": f"用户{number}",
            "password_hash": "!",
            "role": role,
            "created_at": self.now,
        }
        return self._save(User(**values | given))

    def staff(self, **given: Any) -> User:
        return self.user(Role.STAFF, **given)

    def registration(self, **given: Any) -> Registration:
        """A person whose e-mail is confirmed, and who waits for approval."""
        number = next(self._numbers)
        values = {
            "form_key": f"form-{number}",
            "email": f"new{number}@example.com",
            "name": f"申请人{number}",
            "password_hash": "!",
            "organisation_name": f"新单位{number}有限公司",
            "credit_code": "91110000600037341L",
            "kind": OrganisationKind.ENTERPRISE,
            "district": "岳麓区",
            "state": RegistrationState.PENDING,
            "created_at": self.now,
            "submitted_at": self.now,
        }
        return self._save(Registration(**values | given))

    def invitation(self, organisation_id: int, invited_by_id: int, **given: Any) -> Any:
        """One that may be accepted for a week."""
        values = {
            "organisation_id": organisation_id,
            "invited_by_id": invited_by_id,
            "email": f"invited{next(self._numbers)}@example.com",
            "org_role": OrganisationRole.OPERATOR,
            "created_at": self.now,
            "expires_at": self.now + timedelta(days=7),
        }
        return self._save(Invitation(**values | given))

    def need(self, **given: Any) -> Need:
        """A published public need; ``organisation_id`` says whose.

        The public text of a masked one is approved unless ``public_approved`` is given.
        """
        if "organisation_id" not in given:
            given["organisation_id"] = self.organisation().id
        values = {
            "status": NeedStatus.PUBLISHED,
            "title": "储能电站电池热失控提前预警",
            "field": "ES",
            "problem": "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。"
            "希望在热失控前十分钟给出预警。",
            "targets": ["预警提前时间≥10 min", "误报率≤1%"],
            "district": "岳麓区",
            "trl_expected": 7,
            "budget_fen": 200_000_000,
            "cooperation": [Mode.JOINT.value],
            "deadline": date(2027, 6, 30),
            "created_at": self.now,
            "updated_at": self.now,
            "published_at": self.now,
        }
        need = Need(**values | given)
        if need.secrecy == Secrecy.MASKED and "public_approved" not in given:
            need.public_approved = need.fingerprint
        return self._save(need, index=True)

    def achievement(self, **given: Any) -> Achievement:
        if "organisation_id" not in given:
            kind = OrganisationKind.UNIVERSITY
            given["organisation_id"] = self.organisation(kind=kind).id
        values = {
            "status": AchievementStatus.PUBLISHED,
            "title": "基于气体与电压融合的锂电池热失控早期识别",
            "field": "ES",
            "inventors": "张示例",
            "abstract": "融合氢气浓度与电压微分特征,在热失控前给出分级报警。"
            "已在储能舱完成试验。",
            "indicators": ["预警提前时间12 min", "误报率0.6%"],
            "trl": 7,
            "stage": Stage.PILOT,
            "ip": [{"type": "发明专利", "status": "授权", "count": 2}],
            "ownership": Ownership.UNIT,
            "modes": [Mode.LICENCE.value, Mode.JOINT.value],
            "price_fen": 80_000_000,
            "created_at": self.now,
            "updated_at": self.now,
            "published_at": self.now,
        }
        return self._save(Achievement(**values | given), index=True)

    def call(self, **given: Any) -> Call:
        """One that takes bids, and questions until a week before the end."""
        if "issuer_id" not in given:
            given["issuer_id"] = self.organisation(kind=OrganisationKind.PARK).id
        values = {
            "status": CallStatus.OPEN,
            "title": "电化学储能电站安全预警揭榜",
            "field": "ES",
            "background": "园区储能电站需要在热失控发生前识别异常电芯。",
            "goals": ["提前预警时间≥10 min"],
            "funding_fen": 500_000_000,
            # Open by the clock of the wall too, which pages go by.
            "opens_at": datetime(2020, 1, 1, tzinfo=UTC),
            "closes_at": datetime(2099, 12, 31, 16, tzinfo=UTC),
            "noted_phase": CallPhase.OPEN,
            "created_at": self.now,
            "updated_at": self.now,
            "published_at": self.now,
        }
        values |= given
        ends = values["closes_at"]
        values.setdefault("questions_until", ends and ends - timedelta(days=7))
        return self._save(Call(**values), index=True)

    def bid(self, call: Call | None = None, **given: Any) -> Bid:
        """A submitted, sealed bid; ``content`` what is inside, ``state`` another state.

        With ``files`` {name: bytes} it has these, sealed like the rest.
        """
        assert self.files is not None
        vault = Vault(self.files.parent / "bids.key")
        call = call or self.call()
        content = given.pop("content", None) or bid_content(call)
        files = given.pop("files", {"检测报告.txt": "现场记录\n".encode()})
        state = given.pop("state", BidState.SUBMITTED)
        if "organisation_id" not in given:
            given["organisation_id"] = self.organisation().id
        home = given["organisation_id"]
        if "user_id" not in given:
            given["user_id"] = self.user(organisation_id=home).id
        bid = Bid(
            **{
                "call_id": call.id,
                "state": BidState.DRAFT,
                "number": 0,
                "created_at": self.now,
                "updated_at": self.now,
            }
            | given
        )
        first_file = given.get("id")
        with transaction(self.session):
            self.session.add(bid)
            self.session.flush()
            if state is not BidState.WITHDRAWN:
                for name, data in files.items():
                    row = self._bid_file(vault, bid, name, data)
                    row.id, first_file = first_file, None
                    self.session.add(row)
            if state is BidState.DRAFT:
                sealing.put_draft(vault, bid, content)
            elif state is not BidState.WITHDRAWN:
                self._submit(vault, bid, content)
            if state is BidState.RELEASED:
                inside = json.loads(
                    vault.open(
                        sealing.submission_place(bid), bid.sealed, bid.sealed_key
                    )
                )
                sealing.enter_released(bid, inside)
            bid.state = state
        self.session.refresh(bid)
        return bid

    def _bid_file(self, vault: Vault, bid: Bid, name: str, data: bytes) -> BidFile:
        assert self.files is not None
        key, ref = fresh_key(), f"{next(self._numbers):032x}"
        row = BidFile(
            bid=bid, ref=ref, user_id=bid.user_id, in_draft=True, in_submission=False
        )
        stream = sealed_stream(BytesIO(data), key, sealing.file_place(row))
        sealed = stream.read(sealed_size(len(data)))
        row.stored, row.created_at = sha256(sealed).hexdigest(), self.now
        path = Store(self.files, 0).path(row.stored)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sealed)
        kind = name.rpartition(".")[2]
        digest = sha256(data).hexdigest()
        facts = {"ref": ref, "name": name, "kind": kind, "size": len(data)}
        sealing.put_file(vault, row, key, facts | {"sha256": digest})
        return row

    def _submit(self, vault: Vault, bid: Bid, content: dict[str, Any]) -> None:
        sealing.put_submission(vault, bid, content, self.now)
        self.session.add(
            BidSubmission(
                bid_id=bid.id,
                number=bid.number,
                at=self.now,
                user_id=bid.user_id,
                sha256=bid.digest,
            )
        )

    def release(self, call: Call, **given: Any) -> BidRelease:
        """The first of two has approved; a minute after the call closed."""
        values = {
            "call_id": call.id,
            "first_by_id": given.get("first_by_id") or self.staff().id,
            "first_at": (call.closes_at or self.now) + timedelta(minutes=1),
            "bids": 0,
            "faults": [],
        }
        return self._save(BidRelease(**values | given))

    def award(self, bid: Bid | None = None, **given: Any) -> Award:
        """One that is carried out, with two milestones of half the amount each.

        Its call stands where the award does.
        """
        bid = bid or self.bid(self.call(), state=BidState.RELEASED)
        values: dict[str, Any] = {
            "call_id": bid.call_id,
            "bid_id": bid.id,
            "state": AwardState.RUNNING,
            "state_since": self.now,
            "amount_fen": 400_000_000,
            "drafted_at": self.now,
            "created_at": self.now,
            "updated_at": self.now,
        }
        values |= given
        if values["state"] is not AwardState.DRAFT:
            values.setdefault("signed_on", self.now.date())
            values.setdefault("issuer_confirmed_at", self.now)
            values.setdefault("bidder_confirmed_at", self.now)
        goals = [
            AwardGoal(position=place, goal=goal, promised="12 min", value="12 min")
            for place, goal in enumerate(bid.call.goals, 1)
        ]
        half = values["amount_fen"] // 2
        milestones = [
            Milestone(
                id=given.get("id") if place == 1 else None,
                position=place,
                title=title,
                deliverable=f"{title}和测试记录",
                planned_on=self.now.date() + timedelta(days=days),
                due_on=self.now.date() + timedelta(days=days),
                payment_fen=fen,
                state_since=self.now,
            )
            for place, title, days, fen in (
                (1, "样机", 60, half),
                (2, "现场试用", 360, values["amount_fen"] - half),
            )
        ]
        award = Award(**values, goals=goals, milestones=milestones)
        call = self.session.get_one(Call, bid.call_id)
        with transaction(self.session):
            unbegun = values["state"] in UNBEGUN_AWARDS
            call.status = CallStatus.AWARDED if unbegun else CallStatus.RUNNING
        return self._save(award)

    def award_payment(self, milestone: Milestone, **given: Any) -> AwardPayment:
        """A hundred thousand yuan that was paid today."""
        values = {
            "milestone_id": milestone.id,
            "amount_fen": 10_000_000,
            "paid_on": self.now.date(),
            "words": "",
            "user_id": given.get("user_id") or self.staff().id,
            "at": self.now,
        }
        return self._save(AwardPayment(**values | given))

    def question(self, call: Call, **given: Any) -> CallQuestion:
        """One a university asked, not answered yet."""
        if "user_id" not in given:
            asker = self.user(Role.UNIVERSITY)
            given |= {"user_id": asker.id}
            given.setdefault("organisation_id", asker.organisation_id)
        values = {
            "call_id": call.id,
            "text": "考核平台的环境温度范围是多少？",
            "asked_at": self.now,
        }
        return self._save(CallQuestion(**values | given))

    def linked(self, call: Call, need: Need) -> CallNeed:
        """The call grew from the need."""
        return self._save(CallNeed(call_id=call.id, need_id=need.id, position=0))

    def opinion(self, call: Call, **given: Any) -> CallOpinion:
        """What an expert said of the draft."""
        if "user_id" not in given:
            given["user_id"] = self.staff().id
        values = {"expert": "某教授", "words": "目标可以考核。", "at": self.now}
        return self._save(CallOpinion(call_id=call.id, **values | given))

    def invited(self, call: Call, organisation_id: int, **given: Any) -> CallInvitation:
        """The organisation was invited by somebody of the staff."""
        if "user_id" not in given:
            given["user_id"] = self.staff().id
        values = {"call_id": call.id, "organisation_id": organisation_id}
        return self._save(CallInvitation(**values | {"at": self.now} | given))

    def attachment(self, item: Any, **given: Any) -> Attachment:
        """A small text file, on disk where the factory knows the folder."""
        data = given.pop("data", "现场记录\n".encode())
        digest = sha256(data).hexdigest()
        if self.files is not None:
            path = Store(self.files, 0).path(digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        values = {
            "record_type": owners.kind_of(item),
            "record_id": item.id,
            "name": "检测报告.txt",
            "kind": "txt",
            "size": len(data),
            "sha256": digest,
            "created_at": self.now,
        }
        return self._save(Attachment(**values | given))

    def fillers(self, count: int) -> list[Achievement]:
        """Achievements about farming: the background near ones stand out from."""
        home = self.organisation(kind=OrganisationKind.UNIVERSITY).id
        return [
            self.achievement(
                title=title,
                abstract=body,
                indicators=points,
                field="AG",
                organisation_id=home,
            )
            for title, body, points in map(filler, range(count))
        ]

    def subscription(self, user: User | None = None, **given: Any) -> Subscription:
        """All needs, at once and in the app only; ``query`` narrows it."""
        number = next(self._numbers)
        values = {
            "user_id": (user or self.user(Role.UNIVERSITY)).id,
            "record_type": RecordType.NEED,
            "query": {},
            "fingerprint": f"{number:064}",
            "frequency": Frequency.INSTANT,
            "by_mail": False,
            "created_at": self.now,
            "since": self.now,
        }
        return self._save(Subscription(**values | given))

    def mail(self, **given: Any) -> Mail:
        """A letter that waits for the mail server."""
        values = {
            "recipient": f"reader{next(self._numbers)}@example.com",
            "kind": "notice",
            "facts": {"title": "新通知", "words": "请登录查看。", "path": "/notices"},
            "created_at": self.now,
            "retry_at": self.now,
        }
        return self._save(Mail(**values | given))

    def webhook(self, organisation_id: int | None = None, **given: Any) -> Webhook:
        """A hook of the organisation (none: of the platform) that hears of needs.

        ``address`` and ``secret`` are given in plain; the tests' site key seals them.
        """
        address = str(given.pop("address", "https://hooks.example.com/in"))
        form = given.get("format", WebhookFormat.JSON)
        ours = keeping.new_secret() if form is WebhookFormat.JSON else None
        secret = given.pop("secret", ours)
        aim = hosts.target(address)
        values = {
            "organisation_id": organisation_id,
            "name": f"推送{next(self._numbers)}",
            "format": form,
            "address": keeping.sealed(address, SITE_KEY),
            "shown": aim.shown,
            "host": aim.authority,
            "secret": keeping.sealed(secret, SITE_KEY) if secret else None,
            "events": ["need_published" if organisation_id else "need_submitted"],
            "created_at": self.now,
        }
        return self._save(Webhook(**values | given))

    def message(self, hook: Webhook | None = None, **given: Any) -> WebhookDelivery:
        """A message to the hook about a need, that waits to be sent."""
        values = {
            "webhook_id": (hook or self.webhook()).id,
            "reference": f"msg_{next(self._numbers):032x}",
            "event": "need_published",
            "title": "储能预警",
            "record_type": "need",
            "record_id": 1,
            "occurred_at": self.now,
            "created_at": self.now,
            "retry_at": self.now,
        }
        return self._save(WebhookDelivery(**values | given))

    def webhook_host(self, pattern: str = "", **given: Any) -> WebhookHost:
        """A host hooks may name."""
        name = pattern or f"h{next(self._numbers)}.example.com"
        values = {"pattern": name, "created_at": self.now}
        return self._save(WebhookHost(**values | given))

    def token(self, user: User, **given: Any) -> ApiToken:
        """An access token of the user, whose secret nobody has."""
        values: dict[str, Any] = {
            "user_id": user.id,
            "organisation_id": user.organisation_id,
            "name": "门户同步",
            "token_hash": secrets.token_hex(32),
            "hint": "mmt_abcdef",
            "scopes": ["needs:read"],
            "created_at": self.now,
            "expires_at": self.now + timedelta(days=90),
        }
        return self._save(ApiToken(**values | given))

    def user_session(self, user: User, **given: Any) -> UserSession:
        """A browser in which the person is signed in."""
        values = {
            "user_id": user.id,
            "key_hash": f"{next(self._numbers):064}",
            "browser": "Firefox",
            "address": "127.0.0.1",
            "created_at": self.now,
            "seen_at": self.now,
        }
        return self._save(UserSession(**values | given))

    def introduction(
        self,
        need: Need | None = None,
        achievement: Achievement | None = None,
        **given: Any,
    ) -> Introduction:
        """A request of the need's firm that waits for both sides' answers."""
        need, achievement = need or self.need(), achievement or self.achievement()
        values = {
            "origin": IntroductionOrigin.REQUEST,
            "need_id": need.id,
            "achievement_id": achievement.id,
            "subject": subject_of(need.id, achievement.id, None),
            "seeker_id": need.organisation_id,
            "provider_id": achievement.organisation_id,
            "status": IntroductionStatus.WAITING,
            "status_since": self.now,
            "created_at": self.now,
            "updated_at": self.now,
        }
        return self._save(Introduction(**values | given))

    def answer(
        self, introduction: Introduction, side: Side, **given: Any
    ) -> IntroductionAnswer:
        """The side says that it is interested."""
        home = introduction.seeker_id
        if side is Side.PROVIDER:
            home = introduction.provider_id
        if "user_id" not in given:
            role = Role.ENTERPRISE if side is Side.SEEKER else Role.UNIVERSITY
            given["user_id"] = self.user(role, organisation_id=home).id
        values = {
            "introduction_id": introduction.id,
            "side": side,
            "interest": Interest.INTERESTED,
            "at": self.now,
        }
        return self._save(IntroductionAnswer(**values | given))

    def agreed(self, introduction: Introduction) -> Introduction:
        """Both sides are interested, and talk."""
        for side in Side:
            self.answer(introduction, side)
        with transaction(self.session):
            introduction.status = IntroductionStatus.TALKING
            introduction.provider_knows = True
        self.session.refresh(introduction)
        return introduction

    def talk_event(self, introduction: Introduction, **given: Any) -> TalkEvent:
        """A meeting that anybody in the talks may read of."""
        if "author_id" not in given:
            given["author_id"] = self.staff().id
        values = {
            "introduction_id": introduction.id,
            "kind": TalkEventKind.MEETING,
            "happened_on": self.now.date(),
            "words": "在企业现场谈了试用安排。",
            "created_at": self.now,
        }
        return self._save(TalkEvent(**values | given))

    def contact(
        self, introduction: Introduction, user: User, **given: Any
    ) -> ContactGrant:
        """The user's phone lies open to the other side."""
        values = {
            "introduction_id": introduction.id,
            "user_id": user.id,
            "side": introduction.side_of(user.organisation_id),
            "phone": "0731-88880000",
            "granted_at": self.now,
        }
        return self._save(ContactGrant(**values | given))

    def contract(self, **given: Any) -> Contract:
        """A signed development contract; recognised ones get day and number."""
        number = next(self._numbers)
        values = {
            "code": f"HT-T{number:06d}",
            "source": ContractSource.PLATFORM,
            "state": ContractState.SIGNED,
            "state_since": self.now,
            "name": "储能电站热失控预警系统开发合同",
            "type": ContractType.DEVELOPMENT,
            "total_fen": 200_000_000,
            "technology_fen": 180_000_000,
            "signed_on": self.now.date(),
            "buyer_name": "测试企业(示例)",
            "seller_name": "测试大学(示例)",
            "buyer_region": "430104",
            "seller_region": "430104",
            "created_at": self.now,
            "updated_at": self.now,
        }
        if given.get("state") in COUNTED_CONTRACTS:
            values["registration_number"] = f"2026430100{number:06d}"
            values["recognised_on"] = self.now.date()
        return self._save(Contract(**values | given))

    def import_run(self, uploader: User | None = None, **given: Any) -> ImportRun:
        """One that was checked and waits for somebody to say yes."""
        values = {
            "kind": "contracts",
            "file_name": "台账.xlsx",
            "sha256": f"{next(self._numbers):064}",
            "size": 1000,
            "state": ImportState.CHECKED,
            "mapping": {"登记编号": "registration_number"},
            "total": 1,
            "done": 1,
            "added": 1,
            "report": {
                "headings": ["登记编号"],
                "checked": True,
                "found": {"new": 1, "changed": 0, "same": 0, "error": 0},
            },
            "uploader_id": (uploader or self.staff()).id,
            "created_at": self.now,
            "touched_at": self.now,
        }
        return self._save(ImportRun(**values | given))

    def publication(
        self, item: Need | Achievement | None = None, **given: Any
    ) -> PublicationList:
        """A list of one record, a need unless it is said; a draft unless ``state``."""
        item = item or self.need()
        of_needs = isinstance(item, Need)
        number = next(self._numbers)
        values = {
            "kind": PublicationKind.NEEDS if of_needs else PublicationKind.ACHIEVEMENTS,
            "state": PublicationState.DRAFT,
            "title": f"2026 年第{number}批清单",
            "issuer": "长沙技术交易撮合平台",
            "foreword": "",
            "chosen": {},
            "author_id": given.pop("author_id", None) or self.staff().id,
            "created_at": self.now,
            "updated_at": self.now,
        } | given
        issued = values["state"] != PublicationState.DRAFT
        if issued:
            values |= {"year": 2026, "number": number, "digest": "0" * 64}
            values |= {"issued_at": self.now, "issued_by_id": values["author_id"]}
        if values["state"] == PublicationState.WITHDRAWN:
            values |= {"withdrawn_at": self.now, "withdrawn_words": "有一条内容有误"}
        made: PublicationList = self._save(PublicationList(**values))
        kind = RecordType.NEED if of_needs else RecordType.ACHIEVEMENT
        frozen = {"title": "发布时的名称", "facts": [["单位", "某企业"]]}
        self._save(
            PublicationEntry(
                list_id=made.id,
                position=1,
                record_type=kind,
                record_id=item.id,
                **frozen if issued else {},
            )
        )
        self.session.refresh(made)
        return made

    def payment(self, contract: Contract, **given: Any) -> Payment:
        """All of the sum on a day; ``trigger`` may be another."""
        values = {
            "contract_id": contract.id,
            "position": 1,
            "trigger": PaymentTrigger.DATE,
            "due_on": self.now.date(),
            "base": "",
            "words": "",
        }
        if "rate_bp" not in given:
            values["amount_fen"] = contract.total_fen
        return self._save(Payment(**values | given))

    def receipt(self, contract: Contract, **given: Any) -> Receipt:
        """Ten thousand yuan that arrived, for no line in particular."""
        if "author_id" not in given:
            given["author_id"] = self.staff().id
        values = {
            "contract_id": contract.id,
            "amount_fen": 1_000_000,
            "received_on": self.now.date(),
            "words": "",
            "created_at": self.now,
        }
        return self._save(Receipt(**values | given))

    def suggestion(
        self,
        need: Need | None = None,
        achievement: Achievement | None = None,
        **given: Any,
    ) -> Suggestion:
        """A need–achievement pair that waits for review."""
        values = {
            "kind": SuggestionKind.NEED_ACHIEVEMENT,
            "need_id": (need or self.need()).id,
            "achievement_id": (achievement or self.achievement()).id,
            "score": 0.8,
            "probability": 0.8,
            "features": {"whole": 3.0, "coverage": 2.0, "same_field": 1.0},
            "ranker": "test",
            "evidence": {
                "indicators": [],
                "pairs": [],
                "terms": [],
                "facts": [],
                "parts": [],
            },
            "left_hash": "l",
            "right_hash": "r",
            "created_at": self.now,
            "updated_at": self.now,
        }
        return self._save(Suggestion(**values | given))

    def proposal(self, suggestion: Suggestion | None = None, **given: Any) -> Proposal:
        """A pair somebody proposed by hand; a technology manager unless named."""
        if "proposer_id" not in given:
            given["proposer_id"] = self.user(Role.MANAGER).id
        values = {
            "suggestion_id": (suggestion or self.suggestion()).id,
            "why": "两边说的是同一种电池故障，值得一谈。",
            "at": self.now,
        }
        return self._save(Proposal(**values | given))

    def released_bid(self, call: Call, home: Organisation, **given: Any) -> Bid:
        """A bid that was opened: all that the form asks for, and no file."""
        answers = [
            {"goal": goal, "value": "12 min", "evidence": "三个舱的试验记录"}
            for goal in call.goals
        ]
        content = {
            "leader": "负责人甲",
            "contact": "0731-88881234",
            "team": "电化学与控制两个小组，共九人。",
            "approach": "氢气浓度和电压微分融合，分三级报警。",
            "budget_words": "设备六成，试验三成。",
            "readiness_words": "中试舱运行半年。",
            "goals": answers,
            "budget_fen": 300_000_000,
            "schedule": ["第 1 到 6 个月：样机", "第 7 到 12 个月：试点"],
            "months": 12,
            "readiness": 6,
        }
        if "user_id" not in given:
            given["user_id"] = self.user(organisation_id=home.id).id
        values = {
            "call_id": call.id,
            "organisation_id": home.id,
            "state": BidState.RELEASED,
            "number": 1,
            "digest": f"{next(self._numbers):064}",
            "submitted_at": self.now - timedelta(days=1),
            "content": content,
            "salt": "0" * 64,
            "created_at": self.now,
            "updated_at": self.now,
        }
        return self._save(Bid(**values | given))

    def review(self, bid: Bid, expert: Expert | None = None, **given: Any) -> BidReview:
        """One that the expert has in hand; ``points`` on every criterion submit it."""
        expert = expert or self.expert()
        values = {
            "bid_id": bid.id,
            "user_id": expert.user_id,
            "assigned_at": self.now,
            "state_since": self.now,
        }
        points = given.pop("points", None)
        if points is not None:
            values["state"] = ReviewState.SUBMITTED
            values["submitted_at"] = self.now
            values["scores"] = [
                {"score": points, "words": "指标有试验依据"} for _ in bid.call.criteria
            ]
            values["overall"] = "路线可行，指标逐条有依据。"
        return self._save(BidReview(**values | given))

    def result(self, call: Call, bids: list[Bid], **given: Any) -> CallResult:
        """The first bid wins; announced since now, for a week."""
        values = {
            "call_id": call.id,
            "number": 1,
            "state": ResultState.ANNOUNCED,
            "basis": "0" * 64,
            "notice_from": self.now,
            "notice_until": self.now + timedelta(days=7),
            "drafted_at": self.now,
            "drafted_by_id": self.staff().id,
        }
        numbers = given.pop("outcome_ids", [None] * len(bids))
        result = CallResult(**values | given)
        result.outcomes = [
            BidOutcome(
                id=number,
                bid_id=bid.id,
                won=rank == 1,
                rank=rank,
                points=8500,
                reason="技术路线清楚，指标有依据。",
            )
            for rank, (bid, number) in enumerate(zip(bids, numbers, strict=True), 1)
        ]
        return self._save(result)

    def objection(self, result: CallResult, **given: Any) -> Objection:
        """One of a visitor that waits for its answer."""
        values = {
            "result_id": result.id,
            "name": "王某",
            "email": "wang@example.com",
            "words": "获选单位的检测报告已经过期，请核实。",
            "at": self.now,
        }
        return self._save(Objection(**values | given))

    def expert(self, user: User | None = None, **given: Any) -> Expert:
        """One who opened the account and said where it works."""
        user = user or self.user(Role.EXPERT)
        values = {"user_id": user.id, "created_at": self.now, "joined_at": self.now}
        expert = self._save(Expert(**values | given))
        self.tie(user, kind=TieKind.EMPLOYER, name=f"评测院{user.id}(示例)")
        self.session.refresh(expert)
        return expert

    def tie(self, user: User, **given: Any) -> ExpertTie:
        """Something between the expert and a firm that is not on the platform."""
        values = {
            "user_id": user.id,
            "name": f"外地公司{next(self._numbers)}",
            "kind": TieKind.PROJECT,
            "created_at": self.now,
        }
        return self._save(ExpertTie(**values | given))

    def node(self, **given: Any) -> Node:
        """A branch under the platform, which is made if there is none."""
        root = self.session.scalar(select(Node).where(Node.parent_id.is_(None)))
        values = {
            "name": f"测试节点{next(self._numbers)}",
            "kind": NodeKind.BRANCH,
            "parent_id": root.id if root else None,
            "position": 9,
            "districts": ["岳麓区"],
            "fields": ["ES"],
            "created_at": self.now,
        }
        if root is None and "parent_id" not in given:
            platform = {"name": "总平台", "kind": NodeKind.PLATFORM, "districts": []}
            platform |= {"fields": [], "position": 0, "created_at": self.now}
            given["parent_id"] = self._save(Node(**platform)).id
        return self._save(Node(**values | given))

    def mandate(
        self,
        manager: User | None = None,
        organisation: Organisation | None = None,
        **given: Any,
    ) -> Mandate:
        """A manager speaks for an organisation, since January and for good."""
        values = {
            "manager_id": (manager or self.user(Role.MANAGER)).id,
            "organisation_id": (organisation or self.organisation()).id,
            "from_on": date(2026, 1, 1),
            "created_at": self.now,
        }
        return self._save(Mandate(**values | given))

    def entry(self, **given: Any) -> DictionaryEntry:
        number = next(self._numbers)
        values = {
            "dictionary": "aim",
            "code": f"aim{number}",
            "label": f"目标{number}",
            "advice": "",
            "position": number,
            "active": True,
        }
        return self._save(DictionaryEntry(**values | given))

    def holiday(self, **given: Any) -> Holiday:
        values = {"day": date(2099, 10, 1), "name": "国庆节", "is_working": False}
        return self._save(Holiday(**values | given))

    def failed_task(self, need: Need, **given: Any) -> OutboxTask:
        """Work that failed and waits a day for the next try."""
        values = {
            "kind": TaskKind.ENCODE,
            "record_type": RecordType.NEED,
            "record_id": need.id,
            "attempts": 3,
            "last_error": "ValueError",
            "created_at": self.now,
            "retry_at": self.now + timedelta(days=36500),
        }
        return self._save(OutboxTask(**values | given))
