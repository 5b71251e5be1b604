"""What fits a text, asked at once; the review desk; an enterprise's own pairs."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from flask import current_app
from pydantic import Field

from models import Achievement, Call, Need, Organisation, Record, utcnow
from models.outbox import RecordType
from models.states import NeedStatus, Secrecy

from .. import labels
from ..accounts.current import current, signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..config import Settings
from ..db import db
from ..errors import Invalid
from ..introductions import lists as talks
from ..needs.targets import complete
from ..rankers.active import active
from ..schema import AnyField, Input, Optional, Text, TwelveLines
from ..search.api import count_search
from ..search.live import live_index
from ..search.words import says_nothing
from . import own, queue, service
from .answers import (
    DeskPair,
    DeskPairOut,
    EvidenceFact,
    Indicator,
    OwnPair,
    OwnPairOut,
    SentencePair,
    desk_line,
    desk_pair,
    facts,
    indicators,
    own_line,
    own_pair,
    sentences,
)
from .nearby import Near, nearby
from .odds import explained
from .schema import (
    BulkRejectInput,
    Leaving,
    OwnQuery,
    QueueFilters,
    RejectInput,
    SnoozeInput,
)

operations = Operations("matches", "匹配")

LONGEST_TITLE = 60
VAGUE = "这段文字太笼统，无法匹配，请写明要解决的问题"


class MatchInput(Input):
    """A problem in one's own words; the targets one by one where there are some."""

    text: Annotated[Text, Field(min_length=4, max_length=5000)]
    title: Annotated[Text, Field(max_length=LONGEST_TITLE)] = ""
    targets: TwelveLines = []
    field: Annotated[AnyField | None, Optional] = None
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class MatchOut(Output):
    """What may solve it, and why.

    ``probability`` is how likely the platform's staff would approve the pair.
    """

    id: int
    kind: RecordType
    title: str
    organisation: str
    field: str
    published_at: datetime | None
    probability: float
    indicators: list[Indicator]
    sentences: list[SentencePair]
    terms: list[str]
    facts: list[EvidenceFact]
    demo: bool


class Matches(Output):
    """The likeliest first; empty lists mean that nothing is likely enough."""

    achievements: list[MatchOut]
    calls: list[MatchOut]


@operations.post("/match", "search.results", "为一段文字找成果和榜单", keyed=False)
def match(body: MatchInput) -> Matches:
    """文字当场编码、当场匹配，什么都不保存；每一条都附有依据。"""
    count_search()
    if says_nothing(body.text):
        raise Invalid({"text": VAGUE})
    return fitting(_asking(body), body.limit)


def fitting(need: Need, limit: int = 5) -> Matches:
    """The likeliest of each kind for the need, as the caller may know them."""
    return Matches(
        achievements=near(need, RecordType.ACHIEVEMENT, limit),
        calls=near(need, RecordType.CALL, limit),
    )


def near(record: Record, kind: RecordType, limit: int = 5) -> list[MatchOut]:
    """The likeliest achievements or calls beside the record, for the caller."""
    found = nearby(
        db.session, live_index(), current(), record, kind, limit=limit, now=utcnow()
    )
    return [_told(one, kind) for one in found]


def _asking(body: MatchInput) -> Need:
    """The text as a need that is in no session and of nobody."""
    return Need(
        id=0,
        organisation=Organisation(name=""),
        status=NeedStatus.DRAFT,
        secrecy=Secrecy.PUBLIC,
        title=body.title,
        problem=body.text,
        targets=body.targets,
        measures=complete(body.targets, []),
        field=body.field or "",
        cooperation=[],
    )


def _told(found: Near, kind: RecordType) -> MatchOut:
    item: Achievement | Call = found.item
    of = item.issuer if isinstance(item, Call) else item.organisation
    why: dict[str, Any] = found.evidence
    return MatchOut(
        id=item.id,
        kind=kind,
        title=item.title,
        organisation=of.name,
        field=item.field,
        published_at=item.published_at,
        probability=round(found.probability, 4),
        indicators=indicators(why),
        sentences=sentences(why),
        terms=[one["term"] for one in why["terms"]],
        facts=facts(why),
        demo=item.is_demo,
    )


# -- The review desk -----------------------------------------------------------------


class Rejected(Output):
    """How many pairs were rejected together."""

    number: int


def _desk_pair(suggestion_id: int) -> DeskPairOut:
    pair = queue.load(db.session, signed_in(), suggestion_id)
    return desk_pair(pair, explained(active(db.session), pair), utcnow())


@operations.get("/desk", ("matches.desk", "matches.export_desk"), "待审的匹配建议")
def desk(query: QueueFilters, place: Place) -> Slice[DeskPair]:
    """最可能通过的在前；已有结论的按决定时间，新的在前。"""
    user, now = signed_in(), utcnow()
    found = queue.look(db.session, live_index().catalogue, user, query, now)
    model = active(db.session)
    return place.among(
        found.page(0, found.total),
        partial(queue.load_some, db.session, user, found),
        lambda pair: desk_line(pair, explained(model, pair), now),
    )


@operations.get("/desk/<int:suggestion_id>", "matches.pair", "一条匹配建议")
def pair(suggestion_id: int) -> DeskPairOut:
    """只是查看，不占用；要占用请另外认领。"""
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/claim", "matches.claim", "认领一对")
def claim(suggestion_id: int, body: Leaving) -> DeskPairOut:
    """left 是同时放下的另一对。同事正在审核的得到 409。"""
    settings: Settings = current_app.config["SETTINGS"]
    service.claim(
        db.session,
        signed_in(),
        suggestion_id,
        minutes=settings.claim_minutes,
        now=utcnow(),
        leaving=body.left,
    )
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/release", "matches.release", "放下一对")
def release(suggestion_id: int) -> DeskPairOut:
    service.release(db.session, signed_in(), suggestion_id)
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/approve", "matches.approve", "通过")
def approve(suggestion_id: int) -> DeskPairOut:
    service.approve(db.session, signed_in(), suggestion_id, now=utcnow())
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/reject", "matches.reject", "驳回")
def reject(suggestion_id: int, body: RejectInput) -> DeskPairOut:
    service.reject(
        db.session, signed_in(), suggestion_id, body.reason, body.words, now=utcnow()
    )
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/snooze", "matches.snooze", "暂缓")
def snooze(suggestion_id: int, body: SnoozeInput) -> DeskPairOut:
    now = utcnow()
    until = body.on(labels.today(now))
    service.snooze(db.session, signed_in(), suggestion_id, until, now=now)
    return _desk_pair(suggestion_id)


@operations.post("/desk/<int:suggestion_id>/undo", "matches.undo", "撤销决定")
def undo(suggestion_id: int) -> DeskPairOut:
    service.undo(db.session, signed_in(), suggestion_id, now=utcnow())
    return _desk_pair(suggestion_id)


@operations.post("/desk/reject", "matches.bulk_reject", "用同一个理由驳回多对")
def bulk_reject(body: BulkRejectInput) -> Rejected:
    """全部驳回，或一对也不驳回。"""
    number = service.bulk_reject(
        db.session, signed_in(), body.ids, body.reason, body.words, now=utcnow()
    )
    return Rejected(number=number)


# -- An enterprise's own -------------------------------------------------------------


@operations.get("/matches", ("matches.mine", "matches.export_mine"), "本单位的匹配")
def mine(query: OwnQuery, place: Place) -> Slice[OwnPair]:
    user = signed_in()
    ids = own.ids(db.session, user, query)
    return place.among(ids, partial(own.load, db.session, user), own_line)


@operations.get("/matches/<int:suggestion_id>", "matches.show_mine", "本单位的一对匹配")
def show_mine(suggestion_id: int) -> OwnPairOut:
    """和打开页面一样，记为已看过。"""
    user = signed_in()
    service.note_seen(db.session, user, suggestion_id, now=utcnow())
    found = own.show_mine(db.session, user, suggestion_id)
    begun = talks.of_pair(db.session, user, found)
    return own_pair(found, begun.id if begun else None)
