"""Panels, for programs of the staff: who judges what, the scores, the result.

Points are whole hundredths: 8530 is 85.30.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from models import utcnow

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Place, Slice
from ..api.operations import Operations, Shape
from ..db import db
from ..errors import Invalid
from ..schema import Input
from . import (
    assigning,
    due,
    finding,
    listing,
    results,
    web,
    writing,
)
from .answers import (
    CandidateLine,
    DraftOut,
    PanelLine,
    PanelOut,
    ReviewStand,
    candidate,
    loaded,
    panel,
    progress_line,
    stand,
)
from .schema import (
    MOST_BIDS,
    AnnounceInput,
    AssignInput,
    DismissInput,
    DueInput,
    Id,
    Loose,
    PanelInput,
    ReasonInput,
    Version,
    read_result,
)

operations = Operations("panels", "揭榜评审")


class PanelAssignment(AssignInput):
    """One more expert for one bid, both by number."""


class BidReason(Input):
    """What the bidder reads of its result; no expert is named."""

    bid: Id
    reason: str


class ResultBody(Input):
    """The result as it is proposed: winners, or a cause why there are none.

    ``version`` is that of the draft, 0 for the first.
    """

    version: Version
    winners: Annotated[list[Id], Field(max_length=MOST_BIDS)] = []
    failed_words: Loose = ""
    without_issuer: bool = False
    reasons: Annotated[list[BidReason], Field(max_length=MOST_BIDS)]


@operations.get("/panels", ("panels.index", "panels.export"), "评审和公示中的榜单")
def index(place: Place) -> Slice[PanelLine]:
    """停留最久的在前。"""
    ids = listing.numbers(db.session, signed_in())
    return place.among(
        ids, lambda some: listing.of_numbers(db.session, some), progress_line
    )


@operations.get("/calls/<int:call_id>/panel", "panels.show", "评审总览")
def show(call_id: int) -> PanelOut:
    """分数是百分之一分的整数：8530 就是 85.30 分。"""
    return panel(call_id)


@operations.get("/calls/<int:call_id>/panel/experts", "panels.show", "可选的专家")
def candidates(call_id: int, place: Place) -> Slice[CandidateLine]:
    """评审组成员在前，其次是没有利害关系、擅长本领域的。"""
    policies.require(signed_in(), "panel.read")
    call = finding.call(db.session, signed_in(), call_id)
    return place.whole(assigning.candidates(db.session, call), candidate)


@operations.post("/calls/<int:call_id>/panel", "panels.add", "加入专家")
def add(call_id: int, body: PanelInput) -> PanelOut:
    """每人都得到全部揭榜书；有一人有利害关系就一个都不加入。"""
    assigning.add(db.session, signed_in(), call_id, body, now=utcnow())
    return panel(call_id)


@operations.post("/calls/<int:call_id>/panel/due", "panels.move_due", "改评审截止")
def move_due(call_id: int, body: DueInput) -> PanelOut:
    due.move(db.session, signed_in(), call_id, body, now=utcnow())
    return panel(call_id)


@operations.post("/calls/<int:call_id>/panel/assign", "panels.assign", "补派专家")
def assign(call_id: int, body: PanelAssignment) -> PanelOut:
    assigning.assign(db.session, signed_in(), call_id, body, now=utcnow())
    return panel(call_id)


@operations.post("/calls/<int:call_id>/panel/dismiss", "panels.dismiss", "退出评审组")
def dismiss(call_id: int, body: DismissInput) -> PanelOut:
    """没有提交的评分表收回，已提交的保留。"""
    assigning.dismiss(db.session, signed_in(), call_id, body, now=utcnow())
    return panel(call_id)


@operations.post("/reviews/<int:review_id>/take-away", "panels.take_away", "取消分派")
def take_away(review_id: int, body: ReasonInput) -> ReviewStand:
    return stand(
        assigning.take_away(db.session, signed_in(), review_id, body, now=utcnow())
    )


@operations.post("/reviews/<int:review_id>/hand-back", "panels.hand_back", "退回评分表")
def hand_back(review_id: int, body: ReasonInput) -> ReviewStand:
    return stand(
        writing.hand_back(db.session, signed_in(), review_id, body, now=utcnow())
    )


@operations.post(
    "/calls/<int:call_id>/minutes", "panels.minutes", "评审纪要（Word）", keyed=False
)
def minutes(call_id: int) -> Response:
    return web.sent_minutes(call_id)


@operations.get("/calls/<int:call_id>/result/draft", "panels.propose", "拟定的结果")
def draft(call_id: int) -> DraftOut:
    return _draft(call_id)


def _draft(call_id: int) -> DraftOut:
    policies.require(signed_in(), "result.write")
    call = finding.call(db.session, signed_in(), call_id)
    found = results.drafted(loaded(call), results.current(db.session, call))
    return DraftOut.model_validate(found)


@operations.post("/calls/<int:call_id>/result/draft", "panels.propose", "拟定结果")
def propose(
    call_id: int, body: Annotated[Mapping[str, Any], Shape(ResultBody)]
) -> DraftOut:
    """给每份揭榜书写明理由；公示前没有任何人知道。"""
    policies.require(signed_in(), "result.write")
    call = finding.call(db.session, signed_in(), call_id)
    bids = [line.bid.id for line in loaded(call).lines]
    form = _as_form(body, bids)
    try:
        results.propose(
            db.session,
            signed_in(),
            call_id,
            read_result(form, bids),
            needed=web.settings().panel_size,
            now=utcnow(),
        )
    except Invalid as invalid:
        told = {_place(body, k): words for k, words in invalid.fields.items()}
        raise Invalid(told) from invalid
    return _draft(call_id)


def _as_form(body: Mapping[str, Any], bids: list[int]) -> dict[str, Any]:
    """The proposal with its reasons as the form names them; raises `Invalid`."""
    form = {name: value for name, value in body.items() if name != "reasons"}
    for place, one in enumerate(body["reasons"]):
        name = f"reason_{one['bid']}"
        if one["bid"] not in bids or name in form:
            words = "不在本榜之内，或写了两次，请核对编号"
            raise Invalid({f"reasons/{place}/bid": words})
        form[name] = one["reason"]
    return form


def _place(body: Mapping[str, Any], field: str) -> str:
    """Where the body has what the form calls «reason_7»; «reasons» where it lacks."""
    if not field.startswith("reason_"):
        return field
    bids = [f"reason_{one['bid']}" for one in body["reasons"]]
    return f"reasons/{bids.index(field)}/reason" if field in bids else "reasons"


@operations.post("/calls/<int:call_id>/result/announce", "panels.announce", "公示结果")
def announce(call_id: int, body: AnnounceInput) -> PanelOut:
    """每家揭榜单位同时收到结果和理由，不能撤回。"""
    results.announce(
        db.session,
        signed_in(),
        call_id,
        body,
        needed=web.settings().panel_size,
        notice_days=web.settings().notice_days,
        clock=utcnow,
    )
    return panel(call_id)


@operations.post("/calls/<int:call_id>/result/close", "panels.close", "确认结果")
def close(call_id: int) -> PanelOut:
    """公示期满、没有待答复的异议之后，确认立项或流榜。"""
    results.close(db.session, signed_in(), call_id, clock=utcnow)
    return panel(call_id)
