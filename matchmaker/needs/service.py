"""Write needs down, change them, take them back; and what each reader gets."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Need, User, transaction
from models.needs import NeedText
from models.outbox import RecordType
from models.session import lock
from models.states import NEED_MOVES, NeedStatus, Secrecy

from .. import policies
from ..errors import Conflict, NotFound
from ..history import service as history
from ..jobs import outbox
from ..notices import service as notices
from ..schema import parse
from ..search.service import find
from .schema import NeedDraft, NeedInput

EDITABLE = frozenset(
    {
        NeedStatus.DRAFT,
        NeedStatus.PENDING,
        NeedStatus.PUBLISHED,
        NeedStatus.RETURNED,
        NeedStatus.EXPIRED,
    }
)


def text_for(user: User | None, need: Need) -> NeedText:
    """The words of the need as this person reads them, everywhere.

    Raises `NotFound` for a need the person may not know of.
    """
    if policies.reads_full_text(user, need):
        return need.full_text
    text = need.public_text
    if text is None:
        raise NotFound("need")
    return text


def find_need(session: Session, user: User | None, need_id: int) -> Need:
    """The need, if this person may know of it; raises `NotFound` if not."""
    need: Need = find(session, user, RecordType.NEED, need_id)
    return need


def read_form(
    user: User, form: Mapping[str, Any], *, submit: bool, today: date
) -> NeedDraft:
    """The posted form, checked as a draft or in full; raises `Invalid`."""
    if not submit:
        return parse(NeedDraft, form)
    organisation = user.organisation.name if user.organisation else ""
    return parse(NeedInput, form, {"today": today, "organisation": organisation})


def create_need(
    session: Session,
    actor: User,
    data: NeedDraft,
    *,
    form_key: str,
    now: datetime,
) -> Need:
    """Keep the need of the actor's organisation, as a draft or for review.

    A `NeedInput` goes to review, a plain `NeedDraft` stays a draft. The same
    ``form_key`` never makes two: a form sent twice gets the need
    it made first, or `Conflict` «form_used» when the text differs by then.
    """
    with transaction(session):
        policies.require(actor, "need.create")
        lock(session, actor)
        made = history.made_before(session, actor, "need.created", form_key, now=now)
        if made is not None:
            return _sent_again(session, actor, made, data, now=now)
        need = Need(
            organisation_id=actor.organisation_id,
            author_id=actor.id,
            status=NeedStatus.DRAFT,
            created_at=now,
            updated_at=now,
            **columns(data),
        )
        session.add(need)
        session.flush()
        history.record(
            session, actor, "need.created", need, now=now, changes={"form": form_key}
        )
        if isinstance(data, NeedInput):
            _submit(session, actor, need, now=now)
    return need


def edit_need(
    session: Session,
    actor: User,
    need_id: int,
    data: NeedDraft,
    *,
    version: int,
    now: datetime,
) -> Need:
    """Replace the text of a need; what was published goes to review again.

    Raises `Conflict` «stale» when somebody saved after ``version`` was read,
    «need.not_editable» when the state allows no change.
    """
    with transaction(session):
        need = _locked_need(session, actor, need_id, "need.edit")
        require_editable(need)
        if need.version != version:
            raise Conflict("stale")
        if need.status is not NeedStatus.DRAFT and not isinstance(data, NeedInput):
            raise Conflict("need.not_editable")
        was_draft = need.status is NeedStatus.DRAFT
        values = columns(data)
        changes = history.difference(need, values)
        for name, value in values.items():
            setattr(need, name, value)
        need.updated_at = now
        if changes:
            # What a draft said before it was submitted is its author's alone.
            noted = {} if was_draft else changes
            history.record(session, actor, "need.edited", need, now=now, changes=noted)
        if isinstance(data, NeedInput):
            _submit(session, actor, need, now=now)
    return need


def withdraw_need(
    session: Session, actor: User, need_id: int, *, now: datetime
) -> Need:
    """Take the need back for good; it leaves every list and search."""
    with transaction(session):
        need = _locked_need(session, actor, need_id, "need.withdraw")
        was_draft = need.status is NeedStatus.DRAFT
        need.move_to(NeedStatus.WITHDRAWN)
        need.updated_at = now
        history.record(session, actor, "need.withdrawn", need, now=now)
        if not was_draft:
            outbox.touch(session, need, now=now)
    return need


def require_editable(need: Need) -> None:
    """Raise `Conflict` if a need in this state is not changed any more."""
    if need.status not in EDITABLE:
        raise Conflict("need.not_editable")


def may_withdraw(need: Need) -> bool:
    """Whether the need's state lets it be taken back."""
    return NeedStatus.WITHDRAWN in NEED_MOVES[need.status]


def columns(data: NeedDraft) -> dict[str, Any]:
    """The input as the columns of the table; a public text only when masked."""
    masked = data.secrecy is Secrecy.MASKED
    return {
        "title": data.title,
        "field": data.field,
        "district": data.district,
        "problem": data.problem,
        "targets": data.targets,
        "trl_expected": data.trl_expected,
        "budget_fen": data.budget,
        "cooperation": [str(mode) for mode in data.cooperation],
        "deadline": data.deadline,
        "secrecy": data.secrecy,
        "public_title": data.public_title if masked else None,
        "public_problem": data.public_problem if masked else None,
        "public_targets": data.public_targets if masked else None,
    }


def _submit(session: Session, actor: User, need: Need, *, now: datetime) -> None:
    """Hand the need to the staff; one that waits already keeps its place."""
    if need.status is not NeedStatus.PENDING:
        need.move_to(NeedStatus.PENDING)
        need.return_reason = None
        history.record(session, actor, "need.submitted", need, now=now)
        notices.queue(
            session,
            notices.staff(session),
            "need_submitted",
            now=now,
            need_id=need.id,
            title=need.title,
        )
    outbox.touch(session, need, now=now)


def _sent_again(
    session: Session, actor: User, made: int, data: NeedDraft, *, now: datetime
) -> Need:
    """What a form made already; raises `Conflict` if it now says otherwise."""
    need = find_need(session, actor, made)
    if history.difference(need, columns(data)):
        raise Conflict("form_used", id=need.id)
    if need.status is NeedStatus.DRAFT and isinstance(data, NeedInput):
        _submit(session, actor, need, now=now)
    return need


def _locked_need(session: Session, actor: User, need_id: int, action: str) -> Need:
    """The need with its row locked, so that two people change it in turn."""
    need = find_need(session, actor, need_id)
    policies.require(actor, action, need)
    lock(session, need)
    return need
