"""What is done with an introduction, for programs.

What changes one answers with its line; whoever wants to read more of it asks for it.
"""

from __future__ import annotations

from models import utcnow

from ... import labels, policies
from ...accounts.current import signed_in
from ...api.operations import Operations
from ...db import db
from .. import assigning, contacts, service
from ..answers import OwnContact, TalksLine, TalksManager, TalksManagers
from ..api import line
from ..schema import (
    AnswerInput,
    AssignInput,
    ContactInput,
    LogInput,
    MoveInput,
    RouteInput,
)

operations = Operations("introductions", "对接")


@operations.post(
    "/introductions/<int:introduction_id>/answer", "introduction_steps.answer", "答复"
)
def answer(introduction_id: int, body: AnswerInput) -> TalksLine:
    """无意向的须写 reason 和 words。"""
    return line(
        service.answer(db.session, signed_in(), introduction_id, body, now=utcnow())
    )


@operations.post(
    "/introductions/<int:introduction_id>/move", "introduction_steps.move", "改变阶段"
)
def move(introduction_id: int, body: MoveInput) -> TalksLine:
    """未成的须写 failed_code 和 failed_words。"""
    return line(
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
    return line(
        assigning.assign(db.session, signed_in(), introduction_id, body, now=utcnow())
    )


@operations.post(
    "/introductions/<int:introduction_id>/route",
    "introduction_steps.change_route",
    "换一种对接方式",
)
def change_route(introduction_id: int, body: RouteInput) -> TalksLine:
    return line(
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
    return line(service.find(db.session, user, introduction_id))


# A digest of the request would be kept under a key, and give the number away.
@operations.post(
    "/introductions/<int:introduction_id>/contact",
    "introduction_steps.open_contact",
    "公开自己的联系方式",
    keyed=False,
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
