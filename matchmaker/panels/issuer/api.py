"""What the issuer thinks of each bid, for programs."""

from __future__ import annotations

from models import utcnow

from ... import policies
from ...accounts.current import signed_in
from ...api.answers import Output, Place, Slice
from ...api.operations import Operations
from ...db import db
from .. import finding, views
from ..answers import IssuerOpinion, loaded, opinion
from ..overview import Line
from ..schema import ViewInput

operations = Operations("panels", "发榜单位意见")


class ViewLine(Output):
    """A bid, and what its issuer thinks of it so far; the bid is read by itself."""

    bid: int
    organisation: str
    opinion: IssuerOpinion | None
    demo: bool


def _line(line: Line) -> ViewLine:
    return ViewLine(
        bid=line.bid.id,
        organisation=line.bid.organisation.name,
        opinion=opinion(line),
        demo=line.bid.is_demo,
    )


@operations.get(
    "/calls/<int:call_id>/views", "views.show", "发榜单位对每份揭榜书的意见"
)
def issuer_views(call_id: int, place: Place) -> Slice[ViewLine]:
    """按揭榜书的编号，不按名次。"""
    call = finding.call(db.session, signed_in(), call_id)
    policies.require(signed_in(), "view.give", call)
    lines = sorted(loaded(call).lines, key=lambda line: line.bid.id)
    return place.whole(lines, _line)


@operations.post("/calls/<int:call_id>/views", "views.give", "给一份揭榜书打分")
def give_view(call_id: int, body: ViewInput) -> ViewLine:
    """评审结束前可以再给，以最后一次为准。"""
    views.give(db.session, signed_in(), call_id, body, now=utcnow())
    call = finding.call(db.session, signed_in(), call_id)
    line = loaded(call).line_of(body.bid)
    assert line is not None
    return _line(line)
