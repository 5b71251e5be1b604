"""Asking for an introduction, for programs."""

from __future__ import annotations

from models import utcnow

from ...accounts.current import signed_in
from ...api.operations import Operations
from ...db import db
from .. import answers
from ..answers import TalksBegun
from ..begin import Begun
from ..current import clock_of
from ..schema import CreateInput, PairInput, RequestInput
from . import service

operations = Operations("introductions", "对接")


def _begun(begun: Begun) -> TalksBegun:
    talks = begun.introduction
    found = answers.line(signed_in(), talks, clock_of(talks))
    return TalksBegun.model_validate(found | {"is_new": begun.is_new})


@operations.post("/introductions", "requests.new", "由平台发起对接", status=201)
def create(body: CreateInput, key: str) -> TalksBegun:
    """一条需求和一项成果，或其中一个和一个榜单。"""
    return _begun(
        service.create(db.session, signed_in(), body, form_key=key, now=utcnow())
    )


@operations.post(
    "/matches/<int:suggestion_id>/introduction",
    "requests.of_pair",
    "由匹配申请对接",
    status=201,
)
def of_pair(suggestion_id: int, body: PairInput, key: str) -> TalksBegun:
    return _begun(
        service.request_pair(
            db.session, signed_in(), suggestion_id, body, form_key=key, now=utcnow()
        )
    )


@operations.post(
    "/desk/<int:suggestion_id>/introduction",
    "requests.by_staff",
    "由平台为一对匹配发起对接",
    status=201,
)
def by_staff(suggestion_id: int, key: str) -> TalksBegun:
    return _begun(
        service.create_pair(
            db.session, signed_in(), suggestion_id, form_key=key, now=utcnow()
        )
    )


@operations.post(
    "/achievements/<int:achievement_id>/introduction",
    "requests.of_achievement",
    "企业就一项成果申请对接",
    status=201,
)
def of_achievement(achievement_id: int, body: RequestInput, key: str) -> TalksBegun:
    """own 是本单位的一条需求；没有就不写。"""
    return _begun(
        service.request_achievement(
            db.session, signed_in(), achievement_id, body, form_key=key, now=utcnow()
        )
    )


@operations.post(
    "/needs/<int:need_id>/introduction",
    "requests.of_need",
    "高校就一条需求申请对接",
    status=201,
)
def of_need(need_id: int, body: RequestInput, key: str) -> TalksBegun:
    """own 是本单位的一项成果；没有就不写。"""
    return _begun(
        service.request_need(
            db.session, signed_in(), need_id, body, form_key=key, now=utcnow()
        )
    )
