"""Introductions, for programs: the list and the board, one of them, what it opens."""

from __future__ import annotations

from functools import partial

from models import Introduction, utcnow

from .. import policies
from ..accounts.current import signed_in
from ..api.answers import Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import NotFound
from ..matches.answers import evidence
from ..needs import budgets
from . import answers, contacts, lists, service
from .answers import (
    TalksBoard,
    TalksColumn,
    TalksContact,
    TalksContacts,
    TalksLine,
    TalksNeedText,
    TalksOut,
)
from .current import clock_of, overdue
from .schema import (
    IntroductionFilters,
)
from .whole import whole

operations = Operations("introductions", "对接")


def line(talks: Introduction) -> TalksLine:
    return TalksLine.model_validate(answers.line(signed_in(), talks, clock_of(talks)))


@operations.get(
    "/introductions", ("introductions.index", "introductions.export"), "对接"
)
def index(query: IntroductionFilters, place: Place) -> Slice[TalksLine]:
    ids = lists.numbers(db.session, signed_in(), query, overdue())
    return place.among(ids, partial(lists.load, db.session), line)


@operations.get("/introductions/board", "introductions.index", "对接看板")
def board(query: IntroductionFilters) -> TalksBoard:
    """每个阶段前 30 个，以及总数。"""
    columns = lists.board(db.session, signed_in(), query, overdue())
    return TalksBoard(
        columns=[
            TalksColumn(
                status=one.status,
                total=one.total,
                talks=[line(talks) for talks in one.rows],
            )
            for one in columns
        ]
    )


@operations.get(
    "/introductions/<int:introduction_id>", "introductions.show", "一个对接"
)
def show(introduction_id: int) -> TalksOut:
    user = signed_in()
    talks = service.find(db.session, user, introduction_id)
    policies.require(user, "introduction.read", talks)
    return whole(db.session, user, talks, clock_of(talks), utcnow())


@operations.get(
    "/introductions/<int:introduction_id>/need", "introductions.read_need", "需求全文"
)
def read_need(introduction_id: int) -> TalksNeedText:
    """每次查看都会记录，需求方看得到。"""
    user = signed_in()
    policies.require(
        user, "introduction.read", service.find(db.session, user, introduction_id)
    )
    talks = contacts.read_need(db.session, user, introduction_id, now=utcnow())
    need, pair = talks.need, talks.suggestion
    if need is None:
        raise NotFound("need")
    return TalksNeedText.model_validate(
        {name: getattr(need, name) for name in TEXT_FIELDS}
        | {
            "organisation": need.organisation.name,
            "tried": need.tried or "",
            "scene": need.scene or "",
            "solver_conditions": need.solver_conditions or "",
            "budget_fen": budgets.exact(need).low,
            "evidence": evidence(pair.evidence) if pair else None,
            "demo": need.is_demo,
        }
    )


TEXT_FIELDS = (
    "id",
    "title",
    "field",
    "district",
    "problem",
    "targets",
    "trl_expected",
    "cooperation",
    "deadline",
)


@operations.get(
    "/introductions/<int:introduction_id>/contacts",
    "introductions.read_contacts",
    "对您公开的联系方式",
)
def read_contacts(introduction_id: int) -> TalksContacts:
    """每次查看都会记录，本人看得到。"""
    _, found = contacts.read(db.session, signed_in(), introduction_id, now=utcnow())
    return TalksContacts(contacts=[TalksContact.model_validate(one) for one in found])
