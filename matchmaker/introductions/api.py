"""Introductions, for programs: the list and the board, one of them, what is done.

What changes one answers with its line; whoever may read more of it asks for it.
"""

from __future__ import annotations

from functools import partial

from models import Introduction, utcnow

from .. import labels, policies
from ..accounts.current import signed_in
from ..api.answers import Place, Slice
from ..api.operations import Operations
from ..db import db
from ..errors import NotFound
from ..matches.answers import evidence
from ..needs import budgets
from . import answers, assigning, contacts, lists, service
from .answers import (
    OwnContact,
    TalksBegun,
    TalksBoard,
    TalksColumn,
    TalksContact,
    TalksContacts,
    TalksLine,
    TalksManager,
    TalksManagers,
    TalksNeedText,
    TalksOut,
)
from .begin import Begun
from .current import clock_of, overdue
from .requests import service as requests
from .schema import (
    AnswerInput,
    AssignInput,
    ContactInput,
    CreateInput,
    IntroductionFilters,
    LogInput,
    MoveInput,
    PairInput,
    RequestInput,
    RouteInput,
)
from .whole import whole

operations = Operations("introductions", "对接")


def _line(talks: Introduction) -> TalksLine:
    return TalksLine.model_validate(answers.line(signed_in(), talks, clock_of(talks)))


# -- To read -------------------------------------------------------------------------


@operations.get(
    "/introductions", ("introductions.index", "introductions.export"), "对接"
)
def index(query: IntroductionFilters, place: Place) -> Slice[TalksLine]:
    ids = lists.numbers(db.session, signed_in(), query, overdue())
    return place.among(ids, partial(lists.load, db.session), _line)


@operations.get("/introductions/board", "introductions.index", "对接看板")
def board(query: IntroductionFilters) -> TalksBoard:
    """每个阶段前 30 个，以及总数。"""
    columns = lists.board(db.session, signed_in(), query, overdue())
    return TalksBoard(
        columns=[
            TalksColumn(
                status=one.status,
                total=one.total,
                talks=[_line(talks) for talks in one.rows],
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


@operations.get(
    "/introductions/<int:introduction_id>/contact",
    "introduction_steps.open_contact",
    "自己公开的联系方式",
)
def own_contact(introduction_id: int) -> OwnContact:
    user = signed_in()
    talks = service.find(db.session, user, introduction_id)
    policies.require(user, "introduction.open_contact", talks)
    grant = contacts.own(db.session, user, talks)
    if grant is None:
        return OwnContact(phone=None, by_mail=None, granted_at=None)
    return OwnContact.model_validate(grant)


@operations.get(
    "/introductions/<int:introduction_id>/managers",
    "introduction_steps.assign",
    "可以指派的技术经理人",
)
def managers(introduction_id: int) -> TalksManagers:
    user, today = signed_in(), labels.today(utcnow())
    talks = service.find(db.session, user, introduction_id)
    found = assigning.candidates(db.session, user, talks, today)
    return TalksManagers(
        managers=[
            TalksManager(
                id=one.person.id,
                name=one.person.name,
                organisation=one.person.organisation.name
                if one.person.organisation
                else None,
                represents=list(one.represents),
                concerned=one.concerned,
            )
            for one in found
        ]
    )


# -- To begin ------------------------------------------------------------------------


def _begun(begun: Begun) -> TalksBegun:
    talks = begun.introduction
    found = answers.line(signed_in(), talks, clock_of(talks))
    return TalksBegun.model_validate(found | {"is_new": begun.is_new})


@operations.post("/introductions", "requests.new", "由平台发起对接", status=201)
def create(body: CreateInput, key: str) -> TalksBegun:
    """一条需求和一项成果，或其中一个和一个榜单。"""
    return _begun(
        requests.create(db.session, signed_in(), body, form_key=key, now=utcnow())
    )


@operations.post(
    "/matches/<int:suggestion_id>/introduction",
    "requests.of_pair",
    "由匹配申请对接",
    status=201,
)
def of_pair(suggestion_id: int, body: PairInput, key: str) -> TalksBegun:
    return _begun(
        requests.request_pair(
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
        requests.create_pair(
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
        requests.request_achievement(
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
        requests.request_need(
            db.session, signed_in(), need_id, body, form_key=key, now=utcnow()
        )
    )


# -- What is done with one -----------------------------------------------------------


@operations.post(
    "/introductions/<int:introduction_id>/answer", "introduction_steps.answer", "答复"
)
def answer(introduction_id: int, body: AnswerInput) -> TalksLine:
    """无意向的须写 reason 和 words。"""
    return _line(
        service.answer(db.session, signed_in(), introduction_id, body, now=utcnow())
    )


@operations.post(
    "/introductions/<int:introduction_id>/move", "introduction_steps.move", "改变阶段"
)
def move(introduction_id: int, body: MoveInput) -> TalksLine:
    """未成的须写 failed_code 和 failed_words。"""
    return _line(
        service.choose_stage(
            db.session, signed_in(), introduction_id, body, now=utcnow()
        )
    )


@operations.post(
    "/introductions/<int:introduction_id>/assign",
    "introduction_steps.assign",
    "指派技术经理人",
)
def assign(introduction_id: int, body: AssignInput) -> TalksLine:
    return _line(
        assigning.assign(db.session, signed_in(), introduction_id, body, now=utcnow())
    )


@operations.post(
    "/introductions/<int:introduction_id>/route",
    "introduction_steps.change_route",
    "换一种对接方式",
)
def change_route(introduction_id: int, body: RouteInput) -> TalksLine:
    return _line(
        assigning.change_route(
            db.session, signed_in(), introduction_id, body, now=utcnow()
        )
    )


@operations.post(
    "/introductions/<int:introduction_id>/log",
    "introduction_steps.log",
    "记一次会谈、考察、电话或文件",
    status=201,
)
def log(introduction_id: int, body: LogInput, key: str) -> TalksLine:
    user, now = signed_in(), utcnow()
    service.log(db.session, user, introduction_id, body, form_key=key, now=now)
    return _line(service.find(db.session, user, introduction_id))


@operations.post(
    "/introductions/<int:introduction_id>/contact",
    "introduction_steps.open_contact",
    "公开自己的联系方式",
)
def open_contact(introduction_id: int, body: ContactInput) -> None:
    contacts.open_own(db.session, signed_in(), introduction_id, body, now=utcnow())


@operations.delete(
    "/introductions/<int:introduction_id>/contact",
    "introduction_steps.revoke_contact",
    "收回自己的联系方式",
)
def revoke_contact(introduction_id: int) -> None:
    contacts.revoke(db.session, signed_in(), introduction_id, now=utcnow())
