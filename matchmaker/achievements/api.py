"""Achievements, for programs."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from flask import Response, current_app

from models import Achievement, Need, utcnow
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    Mode,
    Ownership,
    ProofKind,
    Stage,
    ValuationMethod,
)

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations, Shape
from ..config import Settings
from ..db import db
from ..matches.answers import (
    EvidenceFact,
    Indicator,
    SentencePair,
    facts,
    indicators,
    sentences,
)
from ..matches.api import MatchOut, near
from ..matches.nearby import Near
from ..needs.service import text_for
from ..posting import expiry
from ..posting.service import require_editable
from ..posting.terms import Terms
from ..search.api import Found, listed
from ..search.live import live_index
from ..search.schema import ListQuery
from ..subscriptions import service as subscriptions
from . import service, web
from .buyers import UNMATCHED, by_organisation, seek
from .schema import LABELS, AchievementDraft

operations = Operations("achievements", "科技成果")


class AchievementBody(AchievementDraft):
    """An achievement as a program sends it.

    With ``draft`` it is put aside, else it goes to review and must be whole. Sums of
    money are in 分.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS | {"draft": "只存为草稿"}

    draft: bool = False
    promise: bool = False


class RightLine(Output):
    """So many intellectual property rights of one type, or one by its number."""

    type: str
    status: str
    count: int
    number: str | None = None
    family: str | None = None


class OwnerLine(Output):
    """Who owns how many per cent."""

    name: str
    share: float


class AchievementOut(Output):
    """An achievement as its page tells it; sums of money are in 分.

    ``trl`` is on the scale of ``trl_scale``. What only its holder and the platform's
    staff read is null to others: ``last_day`` (open until then), why it was returned.
    """

    labels = LABELS

    id: int
    version: int
    code: str | None
    status: AchievementStatus
    organisation: str
    title: str
    field: str
    inventors: str
    abstract: str
    indicators: list[str]
    applications: str
    trl: int | None
    trl_scale: int
    trl_proof: ProofKind | None
    trl_proof_on: date | None
    trl_proof_by: str | None
    stage: Stage | None
    ip: list[RightLine]
    ownership: Ownership | None
    owners: list[OwnerLine]
    use_until: date | None
    modes: list[Mode]
    terms: str
    price: int | None
    valuation_low: int | None
    valuation_high: int | None
    valuation_method: ValuationMethod | None
    valuation_on: date | None
    pilot_wanted: bool
    pilot_needs: str
    return_codes: list[str] | None
    return_reason: str | None
    last_day: date | None
    published_at: datetime | None
    updated_at: datetime
    demo: bool


SAME = (
    "id",
    "version",
    "code",
    "status",
    "title",
    "field",
    "inventors",
    "abstract",
    "indicators",
    "applications",
    "trl_scale",
    "trl_proof",
    "trl_proof_on",
    "trl_proof_by",
    "stage",
    "ip",
    "ownership",
    "owners",
    "use_until",
    "modes",
    "terms",
    "valuation_method",
    "valuation_on",
    "pilot_wanted",
    "pilot_needs",
    "published_at",
    "updated_at",
)


def _terms() -> Terms:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.terms


def shown(item: Achievement) -> AchievementOut:
    """The achievement as the caller may know it."""
    user = current()
    inside = policies.may(user, "achievement.edit", item) or policies.may(
        user, "achievement.verify", item
    )
    is_open = item.status is AchievementStatus.PUBLISHED
    return AchievementOut.model_validate(
        {name: getattr(item, name) for name in SAME}
        | {
            "organisation": item.organisation.name,
            "trl": item.level,
            "price": item.price_fen,
            "valuation_low": item.valuation_low_fen,
            "valuation_high": item.valuation_high_fen,
            "return_codes": item.return_codes if inside else None,
            "return_reason": item.return_reason if inside else None,
            "last_day": expiry.last_day(item, _terms()) if inside and is_open else None,
            "demo": item.is_demo,
        }
    )


@operations.get(
    "/achievements", ("achievements.browse", "achievements.export"), "公开的成果"
)
def browse(query: ListQuery, place: Place) -> Slice[Found]:
    return listed(RecordType.ACHIEVEMENT, query, place)


@operations.get(
    "/achievements/mine",
    ("achievements.mine", "achievements.export_mine"),
    "本单位的成果",
)
def mine(query: ListQuery, place: Place) -> Slice[Found]:
    return listed(RecordType.ACHIEVEMENT, query, place, own=True)


@operations.get("/achievements/feed.atom", "achievements.feed", "新登记的成果（Atom）")
def feed() -> Response:
    """所有人能看到的内容，不论由谁读取。"""
    return web.feed()


@operations.get("/achievements/<int:achievement_id>", "achievements.show", "一项成果")
def show(achievement_id: int) -> AchievementOut:
    return shown(service.find_achievement(db.session, current(), achievement_id))


class AchievementMatches(Output):
    """The open calls near the achievement, the likeliest first.

    Null for a draft and what is no longer on offer.
    """

    calls: list[MatchOut] | None


@operations.get(
    "/achievements/<int:achievement_id>/matches",
    "achievements.show",
    "一项成果可以去揭的榜单",
)
def matches(achievement_id: int) -> AchievementMatches:
    """需要这项成果的需求见「谁需要它」。"""
    item = service.find_achievement(db.session, current(), achievement_id)
    if item.status in UNMATCHED:
        return AchievementMatches(calls=None)
    return AchievementMatches(calls=near(item, RecordType.CALL))


class BuyerNeed(Output):
    """A need near the achievement, in the words this reader gets, and why."""

    id: int
    title: str
    organisation: str
    field: str
    district: str
    published_at: datetime | None
    indicators: list[Indicator]
    sentences: list[SentencePair]
    terms: list[str]
    facts: list[EvidenceFact]
    demo: bool


class BuyerLine(Output):
    """An organisation that may want it; ``known`` whether it may be named."""

    label: str
    known: bool
    need_ids: list[int]


class Buyers(Output):
    """Who may want an achievement, the likeliest first.

    ``matched`` is false for drafts and what is no longer on offer. ``subscription_id``
    is the running subscription to its new buyers.
    """

    matched: bool
    needs: list[BuyerNeed]
    organisations: list[BuyerLine]
    subscription_id: int | None


@operations.get(
    "/achievements/<int:achievement_id>/buyers", "achievements.buyers", "谁需要它"
)
def buyers(achievement_id: int) -> Buyers:
    user = signed_in()
    sought = seek(db.session, live_index(), user, achievement_id, now=utcnow())
    running = subscriptions.running(db.session, user, achievement_id)
    return Buyers(
        matched=sought.is_matched,
        needs=[_need(one) for one in sought.needs],
        organisations=[
            BuyerLine(
                label=each.label,
                known=each.known,
                need_ids=[one.item.id for one in each.needs],
            )
            for each in by_organisation(user, sought.needs)
        ],
        subscription_id=running.id if running else None,
    )


def _need(found: Near) -> BuyerNeed:
    need: Need = found.item
    words, why = text_for(current(), need), found.evidence
    return BuyerNeed(
        id=need.id,
        title=words.title,
        organisation=words.organisation,
        field=need.field,
        district=need.district,
        published_at=need.published_at,
        indicators=indicators(why),
        sentences=sentences(why),
        terms=[one["term"] for one in why["terms"]],
        facts=facts(why),
        demo=need.is_demo,
    )


@operations.post("/achievements", "achievement_forms.new", "登记成果", status=201)
def create(
    body: Annotated[Mapping[str, Any], Shape(AchievementBody)], key: str
) -> AchievementOut:
    item = service.create_achievement(
        db.session, signed_in(), _read(body), form_key=key, now=utcnow()
    )
    return shown(item)


@operations.put(
    "/achievements/<int:achievement_id>", "achievement_forms.edit", "修改成果"
)
def edit(
    achievement_id: int,
    body: Annotated[Mapping[str, Any], Shape(AchievementBody)],
    version: int,
) -> AchievementOut:
    """已提交的成果改后须是完整的；草稿可以仍是草稿。"""
    item = service.find_achievement(db.session, current(), achievement_id)
    policies.require(signed_in(), "achievement.edit", item)
    require_editable(item)
    item = service.edit_achievement(
        db.session,
        signed_in(),
        achievement_id,
        _read(body, whole=item.status is not AchievementStatus.DRAFT),
        version=version,
        now=utcnow(),
    )
    return shown(item)


def _read(body: Mapping[str, Any], *, whole: bool = False) -> AchievementDraft:
    submit = whole or not body.get("draft", False)
    return service.read_form(body, submit=submit, today=labels.today(utcnow()))


@operations.post(
    "/achievements/<int:achievement_id>/withdraw", "achievements.withdraw", "撤回成果"
)
def withdraw(achievement_id: int) -> AchievementOut:
    return shown(
        service.withdraw_achievement(
            db.session, signed_in(), achievement_id, now=utcnow()
        )
    )


@operations.post(
    "/achievements/<int:achievement_id>/transferred",
    "achievements.transferred",
    "标记为已转化",
)
def transferred(achievement_id: int) -> AchievementOut:
    return shown(
        service.mark_transferred(db.session, signed_in(), achievement_id, now=utcnow())
    )


@operations.post(
    "/achievements/<int:achievement_id>/renew", "achievements.renew", "续期"
)
def renew(achievement_id: int) -> AchievementOut:
    item = service.renew_achievement(
        db.session, signed_in(), achievement_id, terms=_terms(), now=utcnow()
    )
    return shown(item)
