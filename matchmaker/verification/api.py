"""The verification queue and its decisions, for the programs of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from models import utcnow
from models.outbox import RecordType

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..calendar import service as calendar
from ..calendar.current import city_days
from ..db import db
from ..errors import DomainError
from ..schema import Input, Text, parse
from ..search.live import live_index
from . import batch, service
from .alike import alike
from .kinds import KINDS
from .queue import Waiting
from .queue import queue as find_queue
from .refusals import refusal_words
from .schema import (
    LARGEST,
    MOST_AT_ONCE,
    MOST_CODES,
    Batch,
    BatchReturn,
    Publication,
    QueueQuery,
    Return,
)

operations = Operations("verification", "信息审核")


class WaitingLine(Output):
    """A submission that waits; ``version`` goes with the decision on it."""

    id: int
    kind: RecordType
    version: int
    title: str
    organisation: str
    field: str
    district: str | None
    since: datetime
    waited: int
    demo: bool


class Decided(Output):
    """What a submission is after the decision."""

    id: int
    kind: RecordType
    version: int
    status: str
    title: str


class ChosenLine(Input):
    """A submission, in the version that was read."""

    kind: Literal["need", "achievement"]
    id: Annotated[int, Field(ge=1, le=LARGEST)]
    version: Annotated[int, Field(ge=1, le=LARGEST)]


Items = Annotated[list[ChosenLine], Field(min_length=1, max_length=MOST_AT_ONCE)]


class PublishSeveral(Input):
    """Several submissions to publish, each by itself."""

    items: Items


class ReturnSeveral(PublishSeveral):
    """Several submissions to return for the same reasons."""

    codes: Annotated[
        list[Annotated[Text, Field(max_length=32)]], Field(max_length=MOST_CODES)
    ] = []
    reason: Annotated[Text, Field(max_length=1000)] = ""


class OutcomeLine(Output):
    """What became of one; ``code`` and ``words`` say why nothing did."""

    id: int
    kind: RecordType
    title: str
    done: bool
    code: str | None
    words: str | None


class Outcomes(Output):
    """What became of each, in the order sent."""

    done: int
    outcomes: list[OutcomeLine]


@operations.get(
    "/verification", ("verification.queue", "verification.export"), "待审信息"
)
def queue(query: QueueQuery, place: Place) -> Slice[WaitingLine]:
    """等得最久的在前；like 是 need:12 这样的一条，只看和它几乎相同的。"""
    user = signed_in()
    only = alike(db.session, live_index(), user, query)

    def read(part: Any) -> Any:
        found = find_queue(db.session, user, query, only, part)
        return found.rows, found.total

    return numbered(place, read, _line)


def _line(row: Waiting) -> WaitingLine:
    item = row.item
    home = item.organisation
    return WaitingLine(
        id=item.id,
        kind=RecordType(row.kind),
        version=item.version,
        title=item.title,
        organisation=home.name,
        field=item.field,
        district=getattr(item, "district", None) or home.district,
        since=row.since,
        waited=calendar.waited(city_days(), row.since, utcnow()),
        demo=item.is_demo,
    )


@operations.post(
    "/verification/needs/<int:need_id>/publish",
    "verification.publish_need",
    "发布需求",
)
def publish_need(need_id: int, body: Publication) -> Decided:
    return _publish(RecordType.NEED, need_id, body)


@operations.post(
    "/verification/needs/<int:need_id>/return",
    "verification.return_need",
    "退回需求",
)
def return_need(need_id: int, body: Return) -> Decided:
    return _return(RecordType.NEED, need_id, body)


@operations.post(
    "/verification/achievements/<int:achievement_id>/publish",
    "verification.publish_achievement",
    "发布成果",
)
def publish_achievement(achievement_id: int, body: Publication) -> Decided:
    return _publish(RecordType.ACHIEVEMENT, achievement_id, body)


@operations.post(
    "/verification/achievements/<int:achievement_id>/return",
    "verification.return_achievement",
    "退回成果",
)
def return_achievement(achievement_id: int, body: Return) -> Decided:
    return _return(RecordType.ACHIEVEMENT, achievement_id, body)


def _publish(kind: RecordType, item_id: int, data: Publication) -> Decided:
    service.find(db.session, signed_in(), kind, item_id)
    publish = KINDS[kind.value].publish
    return _decided(kind, publish(db.session, signed_in(), item_id, data, now=utcnow()))


def _return(kind: RecordType, item_id: int, data: Return) -> Decided:
    service.find(db.session, signed_in(), kind, item_id)
    give_back = KINDS[kind.value].give_back
    return _decided(
        kind, give_back(db.session, signed_in(), item_id, data, now=utcnow())
    )


def _decided(kind: RecordType, item: Any) -> Decided:
    return Decided(
        id=item.id,
        kind=kind,
        version=item.version,
        status=str(item.status),
        title=item.title,
    )


@operations.post("/verification/publish", "verification.decide_batch", "发布若干条信息")
def publish_several(body: PublishSeveral) -> Outcomes:
    """逐条处理：有人已处理或改过的那几条不动，回答里逐条说明。"""
    data = parse(Batch, {"items": _ticked(body)})
    return _told(batch.publish(db.session, signed_in(), data, now=utcnow()))


@operations.post("/verification/return", "verification.decide_batch", "退回若干条信息")
def return_several(body: ReturnSeveral) -> Outcomes:
    """逐条处理，都以同样的原因退回，回答里逐条说明。"""
    reasons = {"codes": body.codes, "reason": body.reason}
    data = parse(BatchReturn, reasons | {"items": _ticked(body)})
    return _told(batch.give_back(db.session, signed_in(), data, now=utcnow()))


def _ticked(body: PublishSeveral) -> list[str]:
    return [f"{one.kind}:{one.id}:{one.version}" for one in body.items]


def _told(outcomes: list[batch.Outcome]) -> Outcomes:
    lines = [
        OutcomeLine(
            id=one.chosen.id,
            kind=RecordType(one.chosen.kind),
            title=one.title,
            done=one.refusal is None,
            code=_code(one.refusal),
            words=refusal_words(one.refusal) if one.refusal else None,
        )
        for one in outcomes
    ]
    return Outcomes(done=sum(line.done for line in lines), outcomes=lines)


def _code(refusal: DomainError | None) -> str | None:
    return refusal.code if refusal else None
