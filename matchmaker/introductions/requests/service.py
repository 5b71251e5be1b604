"""Ask for an introduction: who may, about which records, each form once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    TABLES,
    Achievement,
    Introduction,
    Need,
    Suggestion,
    User,
    transaction,
)
from models.conditions import Every
from models.outbox import RecordType
from models.session import lock
from models.states import IntroductionOrigin, Role, Side, SuggestionStatus

from ... import policies
from ...errors import Conflict, Invalid, NotFound
from ...history import service as history
from ...search.service import find
from ..begin import CREATED, REQUESTED, Begun, Subject, begin
from ..schema import LARGEST_ID, CreateInput, PairInput, RequestInput

MOST_CHOICES = 200


def request_pair(
    session: Session,
    actor: User,
    suggestion_id: int,
    data: PairInput,
    *,
    form_key: str,
    now: datetime,
) -> Begun:
    """The enterprise asks for talks from an approved pair of its own need."""
    with transaction(session):
        policies.require(actor, "introduction.request")
        return _once(
            session,
            actor,
            _of_pair(session, actor, suggestion_id),
            interested={Side.SEEKER},
            message=data.message,
            form_key=form_key,
            now=now,
        )


def create_pair(
    session: Session, actor: User, suggestion_id: int, *, form_key: str, now: datetime
) -> Begun:
    """Staff begin talks from an approved pair; both sides are asked."""
    with transaction(session):
        policies.require(actor, "introduction.create")
        subject = _of_pair(session, actor, suggestion_id)
        return _once(session, actor, subject, form_key=form_key, now=now)


def request_achievement(
    session: Session,
    actor: User,
    achievement_id: int,
    data: RequestInput,
    *,
    form_key: str,
    now: datetime,
) -> Begun:
    """An enterprise wants talks about an achievement, for its own need or for none."""
    with transaction(session):
        policies.require(actor, "introduction.request")
        item = find(session, actor, RecordType.ACHIEVEMENT, achievement_id)
        require_seeker(actor)
        need: Need | None = _own(session, actor, RecordType.NEED, data.own)
        return _once(
            session,
            actor,
            Subject(need=need, achievement=item),
            interested={Side.SEEKER},
            message=data.message,
            form_key=form_key,
            now=now,
        )


def request_need(
    session: Session,
    actor: User,
    need_id: int,
    data: RequestInput,
    *,
    form_key: str,
    now: datetime,
) -> Begun:
    """A university wants talks about a need, with its own achievement or with none."""
    with transaction(session):
        policies.require(actor, "introduction.request")
        need = find(session, actor, RecordType.NEED, need_id)
        require_provider(actor)
        item: Achievement | None = _own(
            session, actor, RecordType.ACHIEVEMENT, data.own
        )
        return _once(
            session,
            actor,
            Subject(need=need, achievement=item),
            interested={Side.PROVIDER},
            message=data.message,
            form_key=form_key,
            now=now,
        )


def create(
    session: Session,
    actor: User,
    data: CreateInput,
    *,
    form_key: str,
    now: datetime,
) -> Begun:
    """Staff bring two sides together by hand."""
    with transaction(session):
        policies.require(actor, "introduction.create")
        return _once(
            session,
            actor,
            named(session, actor, data),
            message=data.message,
            form_key=form_key,
            now=now,
        )


def require_seeker(actor: User) -> None:
    """Raise `Conflict` unless the person's side is the one that asks for technology."""
    if actor.role is not Role.ENTERPRISE:
        raise Conflict("introduction.not_your_side")


def require_provider(actor: User) -> None:
    """Raise `Conflict` unless the person's side is the one that offers technology."""
    if actor.role is not Role.UNIVERSITY:
        raise Conflict("introduction.not_your_side")


def choices(
    session: Session, actor: User, kind: RecordType, *, now: datetime
) -> list[tuple[int, str]]:
    """One's own records that are open for business, the newest first: id and title."""
    model = TABLES[kind]
    own = Every((policies.owned(actor, kind), policies.listed(kind, now)))
    rows = session.execute(
        select(model.id, model.title)
        .where(policies.where(own, kind))
        .order_by(model.published_at.desc(), model.id.desc())
        .limit(MOST_CHOICES)
    )
    return [(id_, title) for id_, title in rows]


def named(session: Session, actor: User, data: CreateInput) -> Subject:
    """The records that staff named by their numbers; raises `Invalid` for others."""
    found = {}
    for kind in RecordType:
        number = getattr(data, kind.value)
        if number is None:
            continue
        try:
            found[kind.value] = find(session, actor, kind, number)
        except NotFound as error:
            raise Invalid({kind.value: "没有这个编号，请核对"}) from error
    if data.need and data.achievement and data.call:
        raise Invalid({"call": "需求和成果都填了，榜单请留空"})
    return Subject(**found)


def _own(session: Session, actor: User, kind: RecordType, number: int | None) -> Any:
    """The chosen record of the actor's own organisation; raises `Invalid`."""
    if number is None:
        return None
    try:
        item = find(session, actor, kind, number)
    except NotFound as error:
        raise Invalid({"own": "请从列表中选择"}) from error
    if not policies.is_own(actor, item):
        raise Invalid({"own": "请从列表中选择"})
    return item


def _of_pair(session: Session, actor: User, suggestion_id: int) -> Subject:
    """The approved pair as the subject of talks; any other is `NotFound`."""
    if suggestion_id > LARGEST_ID:
        raise NotFound("suggestion")
    pair = session.scalar(
        select(Suggestion).where(
            Suggestion.id == suggestion_id, policies.visible_suggestions(actor)
        )
    )
    if pair is None:
        raise NotFound("suggestion")
    if pair.status is not SuggestionStatus.APPROVED:
        raise Conflict("introduction.not_approved")
    return Subject(pair.need, pair.achievement, pair.call, pair)


def _approved(session: Session, subject: Subject) -> Suggestion | None:
    """The approved pair of these very records, if there is one."""
    ids = {
        Suggestion.need_id: subject.need,
        Suggestion.achievement_id: subject.achievement,
        Suggestion.call_id: subject.call,
    }
    same = [column == (item.id if item else None) for column, item in ids.items()]
    query = select(Suggestion).where(
        *same, Suggestion.status == SuggestionStatus.APPROVED
    )
    return session.scalar(query)


def _once(
    session: Session,
    actor: User,
    subject: Subject,
    *,
    interested: Collection[Side] = (),
    message: str = "",
    form_key: str,
    now: datetime,
) -> Begun:
    """Begin, unless this very form did so before; both sides must be open.

    Talks about an approved pair come from it, whoever began them and on what page.
    """
    lock(session, actor)
    action = REQUESTED if interested else CREATED
    made = history.made_before(session, actor, action, form_key, now=now)
    if made is not None:
        return Begun(session.get_one(Introduction, made), False)
    seeker_id, provider_id = sides_of(subject, actor, interested)
    for item in (subject.need, subject.achievement, subject.call):
        if item is not None and not policies.is_listed(item, now):
            raise Conflict("introduction.side_closed")
    subject = replace(
        subject, suggestion=subject.suggestion or _approved(session, subject)
    )
    by_itself = IntroductionOrigin.REQUEST if interested else IntroductionOrigin.MANUAL
    return begin(
        session,
        actor,
        subject,
        IntroductionOrigin.SUGGESTION if subject.suggestion else by_itself,
        seeker_id=seeker_id,
        provider_id=provider_id,
        interested=interested,
        message=message,
        form_key=form_key,
        now=now,
    )


def sides_of(
    subject: Subject, actor: User, interested: Collection[Side] = ()
) -> tuple[int, int]:
    """(seeker, provider) of the subject; the actor's own where a record is missing."""
    need, item, call = subject.need, subject.achievement, subject.call
    own = actor.organisation_id
    asks = need.organisation_id if need else call.issuer_id if call and item else own
    gives = item.organisation_id if item else call.issuer_id if call and need else own
    if asks is None or gives is None:
        raise Invalid({"form": "请填写双方的编号"})
    return asks, gives
