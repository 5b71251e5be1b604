"""Experts, for programs of the staff, and for those of an expert itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from models import Expert, ExpertTie, utcnow
from models.states import Role, TieKind

from .. import policies
from ..accounts.current import signed_in
from ..accounts.web import guarded
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import Conflict
from . import service, ties
from .schema import LABELS, ExpertEdit, ExpertInput, ExpertQuery, TieInput

operations = Operations("experts", "评审专家")


class ExpertBody(ExpertInput):
    """An expert to be invited; its employer is the first tie."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class ExpertChange(ExpertEdit):
    """What the staff may change of an expert."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class TieBody(TieInput):
    """What binds the expert to an organisation, on the platform or not."""

    labels: ClassVar[Mapping[str, str]] = LABELS


class TieOut(Output):
    """What binds an expert to an organisation; one that ended stays to be read."""

    id: int
    organisation: str
    kind: TieKind
    words: str
    created_at: datetime
    ended_at: datetime | None


class ExpertOut(Output):
    """An expert; ``joined_at`` is empty until the invitation was accepted."""

    labels = LABELS

    id: int
    name: str
    email: str
    employer: str
    title: str
    fields: list[str]
    active: bool
    created_at: datetime
    joined_at: datetime | None
    ties: list[TieOut]
    demo: bool


def _tie(tie: ExpertTie) -> TieOut:
    return TieOut(
        id=tie.id,
        organisation=tie.name,
        kind=tie.kind,
        words=tie.words,
        created_at=tie.created_at,
        ended_at=tie.ended_at,
    )


def _shown(expert: Expert) -> ExpertOut:
    return ExpertOut(
        id=expert.id,
        name=expert.user.name,
        email=expert.user.email,
        employer=expert.employer,
        title=expert.title,
        fields=expert.fields,
        active=expert.user.active,
        created_at=expert.created_at,
        joined_at=expert.joined_at,
        ties=[_tie(tie) for tie in expert.ties],
        demo=expert.user.is_demo,
    )


@operations.get("/experts", ("experts.index", "experts.export"), "评审专家")
def index(query: ExpertQuery, place: Place) -> Slice[ExpertOut]:
    return place.newest(
        db.session, service.sought(signed_in(), query), Expert.id, _shown
    )


@operations.post("/experts", "experts.new", "邀请评审专家", status=201)
@guarded
def invite(body: ExpertBody) -> ExpertOut:
    """寄一封邮件，专家打开链接设置密码后即可评审；链接不在回答里。"""
    expert, _ = service.invite(db.session, signed_in(), body, now=utcnow())
    return _shown(expert)


@operations.get("/experts/mine", "experts.mine", "本人的专家信息")
def mine() -> ExpertOut:
    if signed_in().role is not Role.EXPERT:
        raise Conflict("expert.none")
    return _shown(service.own(db.session, signed_in()))


@operations.get("/experts/<int:expert_id>", "experts.show", "一位评审专家")
def show(expert_id: int) -> ExpertOut:
    policies.require(signed_in(), "expert.govern")
    return _shown(service.find(db.session, signed_in(), expert_id))


@operations.put("/experts/<int:expert_id>", "experts.edit", "修改专家资料")
def edit(expert_id: int, body: ExpertChange) -> ExpertOut:
    expert = service.edit(db.session, signed_in(), expert_id, body, now=utcnow())
    return _shown(expert)


@operations.post("/experts/<int:expert_id>/invite", "experts.invite_again", "重新邀请")
@guarded
def invite_again(expert_id: int) -> ExpertOut:
    """再寄一封邮件，原来的链接失效。"""
    service.invite_again(db.session, signed_in(), expert_id, now=utcnow())
    return _shown(service.find(db.session, signed_in(), expert_id))


@operations.post(
    "/experts/<int:expert_id>/ties", "experts.declare", "申报利害关系", status=201
)
def declare(expert_id: int, body: TieBody) -> TieOut:
    """评审中与这家单位有关的榜单，揭榜书马上不再由这位专家评审。"""
    return _tie(ties.declare(db.session, signed_in(), expert_id, body, now=utcnow()))


@operations.post("/expert-ties/<int:tie_id>/end", "experts.end_tie", "结束利害关系")
def end_tie(tie_id: int) -> TieOut:
    return _tie(ties.end(db.session, signed_in(), tie_id, now=utcnow()))
