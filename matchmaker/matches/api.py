"""What fits a text: asked at once, nothing kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from models import Achievement, Call, Need, Organisation, utcnow
from models.outbox import RecordType
from models.states import NeedStatus, Secrecy

from ..accounts.current import current
from ..api.answers import Output
from ..api.operations import Operations
from ..db import db
from ..errors import Invalid
from ..needs.targets import complete
from ..schema import AnyField, Input, Optional, Text, TwelveLines
from ..search.live import live_index
from ..search.words import says_nothing
from .nearby import Near, nearby

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


class Indicator(Output):
    """Whether one target is met (met), in part (partial), not (unmet), or unsaid."""

    asked: str
    claimed: str | None
    verdict: str
    must: bool
    note: str | None


class SentencePair(Output):
    """Two sentences that speak of the same."""

    asked: str
    found: str
    nearness: float


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
    demo: bool


class Matches(Output):
    """The likeliest first; empty lists mean that nothing is likely enough."""

    achievements: list[MatchOut]
    calls: list[MatchOut]


@operations.post("/match", "search.results", "为一段文字找成果和榜单", keyed=False)
def match(body: MatchInput) -> Matches:
    """文字当场编码、当场匹配，什么都不保存；每一条都附有依据。"""
    if says_nothing(body.text):
        raise Invalid({"text": VAGUE})
    need = _asking(body)
    achievements, calls = (
        [_told(near, kind) for near in _near(need, kind, body.limit)]
        for kind in (RecordType.ACHIEVEMENT, RecordType.CALL)
    )
    return Matches(achievements=achievements, calls=calls)


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


def _near(need: Need, kind: RecordType, limit: int) -> list[Near]:
    return nearby(
        db.session, live_index(), current(), need, kind, limit=limit, now=utcnow()
    )


def _told(near: Near, kind: RecordType) -> MatchOut:
    item: Achievement | Call = near.item
    of = item.issuer if isinstance(item, Call) else item.organisation
    why: dict[str, Any] = near.evidence
    return MatchOut(
        id=item.id,
        kind=kind,
        title=item.title,
        organisation=of.name,
        field=item.field,
        published_at=item.published_at,
        probability=round(near.probability, 4),
        indicators=[Indicator.model_validate(one) for one in why["indicators"]],
        sentences=[
            SentencePair(
                asked=one["left"], found=one["right"], nearness=one["nearness"]
            )
            for one in why["pairs"]
        ],
        terms=[one["term"] for one in why["terms"]],
        demo=item.is_demo,
    )
