"""Write calls down, change them before they are opened, give them up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import Call, CallNeed, Need, Organisation, User, transaction
from models.calls import default_criteria
from models.outbox import RecordType
from models.session import lock
from models.states import CallMode, CallStatus

from ... import policies
from ...errors import Conflict, Invalid
from ...history import service as history
from ...jobs import outbox
from ...schema import parse
from ...search.service import load
from ..service import find_call, locked
from . import arguing
from .schema import CallDraft, CallInput, from_form

EDITABLE = frozenset({CallStatus.DRAFT, CallStatus.ARGUED})
DEFAULT_ISSUER_WEIGHT = 20
MOST_ISSUERS = 200


def read_form(form: Mapping[str, Any], *, submit: bool) -> CallDraft:
    """The posted form, checked as a draft or for the 论证; raises `Invalid`."""
    return parse(CallInput if submit else CallDraft, from_form(form))


def create_call(
    session: Session,
    actor: User,
    data: CallDraft,
    *,
    form_key: str,
    now: datetime,
) -> Call:
    """Keep the call, as a draft or for the 论证 (a `CallInput`).

    Staff write it for any organisation, a firm for itself. The same ``form_key`` never
    makes two: a form sent twice gets the call it made first, or `Conflict` «form_used»
    when the text differs by then.
    """
    with transaction(session):
        policies.require(actor, "call.create")
        lock(session, actor)
        made = history.made_before(session, actor, "call.created", form_key, now=now)
        if made is not None:
            return _sent_again(session, actor, made, data, now=now)
        call = Call(
            issuer_id=_issuer(session, actor, data.issuer).id,
            author_id=actor.id,
            by_staff=actor.is_staff,
            status=CallStatus.DRAFT,
            created_at=now,
            updated_at=now,
            **columns(data),
        )
        call.sources = sources(session, actor, data.needs)
        session.add(call)
        session.flush()
        outbox.note(session, call, now=now)
        history.record(
            session, actor, "call.created", call, now=now, changes={"form": form_key}
        )
        if isinstance(data, CallInput):
            arguing.submit(session, actor, call, now=now)
    return call


def edit_call(
    session: Session,
    actor: User,
    call_id: int,
    data: CallDraft,
    *,
    version: int,
    now: datetime,
) -> Call:
    """Replace the text of a call that is not opened yet.

    What was argued must stay whole, and is to be argued again. Raises `Conflict`
    «stale» when somebody saved after ``version`` was read, «call.not_editable» when
    the state allows no change.
    """
    with transaction(session):
        call = locked(session, actor, call_id, "call.edit")
        require_editable(call)
        if call.version != version:
            raise Conflict("stale")
        was_draft = call.status is CallStatus.DRAFT
        if not was_draft and not isinstance(data, CallInput):
            raise Conflict("call.not_editable")
        values = columns(data)
        changes = history.difference(call, values)
        if actor.is_staff and data.issuer != call.issuer.name:
            issuer = _issuer(session, actor, data.issuer)
            changes["issuer"] = [call.issuer.name, issuer.name]
            values["issuer_id"] = issuer.id
        for name, value in values.items():
            setattr(call, name, value)
        call.updated_at = now
        if changes:
            # What a draft said before the 论证 is its author's alone.
            noted = {} if was_draft else changes
            call.approved_at = None
            history.record(session, actor, "call.edited", call, now=now, changes=noted)
        if was_draft:
            outbox.note(session, call, now=now)
        else:
            outbox.touch(session, call, now=now)
        if was_draft and isinstance(data, CallInput):
            arguing.submit(session, actor, call, now=now)
    return call


def require_editable(call: Call) -> None:
    """Raise `Conflict` if a call in this state is not changed as a draft any more."""
    if call.status not in EDITABLE:
        raise Conflict("call.not_editable")


def columns(data: CallDraft) -> dict[str, Any]:
    """The input as the columns of the table, but for its issuer and its needs."""
    race = data.mode is CallMode.RACE
    weight = data.issuer_weight
    return {
        "title": data.title,
        "field": data.field,
        "background": data.background,
        "goals": list(data.goals),
        "conditions": data.conditions,
        "contact": data.contact,
        "funding_fen": data.funding,
        "mode": data.mode,
        "max_awards": (data.max_awards or 2) if race else 1,
        "criteria": [row.model_dump() for row in data.criteria] or default_criteria(),
        "issuer_weight": DEFAULT_ISSUER_WEIGHT if weight is None else weight,
        "opens_at": data.opens_at,
        "closes_at": data.closes_at,
        "questions_until": data.questions_until,
    }


def _issuer(session: Session, actor: User, name: str) -> Organisation:
    """Whose call it is: staff name an organisation of the platform, others do not."""
    if not actor.is_staff:
        assert actor.organisation is not None  # the rule of «call.create»
        return actor.organisation
    if not name:
        raise Invalid({"issuer": "请填写发榜单位的全称"})
    found = session.scalars(select(Organisation).where(Organisation.name == name))
    issuer = found.one_or_none()
    if issuer is None:
        raise Invalid(
            {"issuer": f"平台上没有「{name}」，请填写已登记单位的全称，或先登记该单位"}
        )
    return issuer


def issuers(session: Session, actor: User) -> Sequence[str]:
    """Names to propose to staff: who issued calls or posted needs they know of."""
    issued = select(Call.issuer_id).where(_known(actor, RecordType.CALL))
    posted = select(Need.organisation_id).where(_known(actor, RecordType.NEED))
    query = (
        select(Organisation.name)
        .where(Organisation.id.in_(issued.union(posted)))
        .order_by(Organisation.id.desc())
        .limit(MOST_ISSUERS)
    )
    return session.scalars(query).all()


def _known(actor: User, kind: RecordType) -> ColumnElement[bool]:
    return policies.where(policies.visible(actor, kind), kind)


def sources(session: Session, actor: User, ids: Sequence[int]) -> list[CallNeed]:
    """The needs a call is to grow from, in this order.

    Raises `Invalid` for one the person may not merge: staff any they know of, a firm
    its own.
    """
    wanted = list(dict.fromkeys(ids))
    needs = linkable(session, actor, wanted)
    if len(needs) < len(wanted):
        raise Invalid({"needs": "所选的需求有的已不在，请返回「需求归并」重新选择"})
    return [
        CallNeed(need_id=need.id, position=position)
        for position, need in enumerate(needs)
    ]


def linkable(session: Session, actor: User, ids: Sequence[int]) -> list[Need]:
    """The needs among these that this person may make a call of."""
    found: list[Need] = load(session, actor, RecordType.NEED, list(ids))
    return [need for need in found if actor.is_staff or policies.is_own(actor, need)]


def _sent_again(
    session: Session, actor: User, made: int, data: CallDraft, *, now: datetime
) -> Call:
    """What a form made already; raises `Conflict` if it now says otherwise."""
    call = find_call(session, actor, made)
    if history.difference(call, columns(data)):
        raise Conflict("form_used", id=call.id)
    if call.status is CallStatus.DRAFT and isinstance(data, CallInput):
        arguing.submit(session, actor, call, now=now)
    return call
