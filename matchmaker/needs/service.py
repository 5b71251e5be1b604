"""Write needs down, change them, take them back; and what each reader gets."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from models import Need, Organisation, User, transaction
from models.fields import field_name
from models.needs import NeedText
from models.outbox import RecordType
from models.session import lock
from models.states import NEED_MOVES, NeedStatus, Secrecy

from .. import policies
from ..errors import Conflict, NotFound
from ..history import service as history
from ..jobs import outbox
from ..masking.draft import Secrets, left_open, masked, masked_lines
from ..posting import expiry
from ..posting import service as posting
from ..posting.hints import Hint
from ..posting.terms import Terms
from ..schema import parse
from ..search.service import find
from .hints import hints
from .schema import NeedDraft, NeedInput, from_form
from .targets import Measure, complete


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
    data = from_form(form)
    if not submit:
        return parse(NeedDraft, data)
    organisation = user.organisation.name if user.organisation else ""
    return parse(NeedInput, data, {"today": today, "organisation": organisation})


def measures_of(need: Need) -> list[Measure]:
    """What each target of the need asks, piece by piece."""
    return complete(need.targets, need.measures)


MOST_FIRMS = 200


def secrets_of(session: Session, user: User, draft: NeedDraft) -> Secrets:
    """Who must not be recognised in the public text of this need."""
    organisation = user.organisation
    text = "".join((draft.title, draft.problem, *draft.targets))
    # Organisations of the platform whose name begins with words of the text.
    begins = literal(text).contains(func.substr(Organisation.name, 1, 2))
    firms = select(Organisation.name).where(begins).limit(MOST_FIRMS)
    members = select(User.name).where(User.organisation_id == user.organisation_id)
    field = field_name(draft.field) if draft.field else ""
    return Secrets(
        organisation.name if organisation else "",
        f"{draft.district}某{field}企业",
        tuple(session.scalars(members)),
        tuple(session.scalars(firms)),
    )


def public_draft(session: Session, user: User, draft: NeedDraft) -> dict[str, Any]:
    """A public text for the full one, for its author to correct and approve."""
    secrets = secrets_of(session, user, draft)
    return {
        "public_title": masked(draft.title, secrets)[:60],
        "public_problem": masked(draft.problem, secrets)[:5000],
        "public_targets": [line[:200] for line in masked_lines(draft.targets, secrets)],
    }


def hints_for(
    session: Session, user: User, draft: NeedDraft, *, today: date
) -> list[Hint]:
    """What to mend before the need is submitted."""
    told: dict[str, list[str]] = {}
    if draft.secrecy is Secrecy.MASKED:
        public = (draft.public_title, draft.public_problem, *draft.public_targets)
        told = left_open("\n".join(public), secrets_of(session, user, draft))
    return hints(draft, today=today, open_words=told)


def unsaved(user: User, draft: NeedDraft, need: Need | None = None) -> Need:
    """The need as it would be kept, for looking at what resembles it.

    It is in no session; ``need`` is what is stored of it already.
    """
    return Need(
        id=need.id if need else 0,
        organisation=user.organisation,
        organisation_id=user.organisation_id,
        status=NeedStatus.DRAFT,
        **columns(draft),
    )


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
    it made first, or `Conflict` «form_used» when the text differs by then. Nor do
    the very same words of the same person, as after «back».
    """
    with transaction(session):
        policies.require(actor, "need.create")
        lock(session, actor)
        made = history.made_before(session, actor, "need.created", form_key, now=now)
        if made is None:
            made = posting.same_again(session, actor, Need, columns(data), now=now)
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
            posting.submit(session, actor, need, now=now)
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
            posting.submit(session, actor, need, now=now)
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
        if was_draft:
            outbox.note(session, need, now=now)
        else:
            outbox.touch(session, need, now=now)
    return need


def renew_need(
    session: Session, actor: User, need_id: int, *, terms: Terms, now: datetime
) -> Need:
    """Ask again for what was checked before, see `posting.expiry.renew`.

    Raises `Conflict` «need.not_approved» where a masked text is not approved.
    """
    need = expiry.renew(
        session,
        actor,
        RecordType.NEED,
        need_id,
        terms=terms,
        now=now,
        check=require_approved,
    )
    assert isinstance(need, Need)
    return need


def require_approved(need: Need) -> None:
    """Raise `Conflict` if its author does not stand behind the public text."""
    if not need.public_is_approved:
        raise Conflict("need.not_approved")


def mark_solved(session: Session, actor: User, need_id: int, *, now: datetime) -> Need:
    """Note that the need found its solution: it is read on, and matched no more."""
    with transaction(session):
        need = _locked_need(session, actor, need_id, "need.solve")
        need.move_to(NeedStatus.SOLVED)
        need.updated_at = now
        history.record(session, actor, "need.solved", need, now=now)
        outbox.touch(session, need, now=now)
    return need


def may_be_solved(need: Need) -> bool:
    """Whether the need's state lets it be marked as solved."""
    return NeedStatus.SOLVED in NEED_MOVES[need.status]


def require_editable(need: Need) -> None:
    """Raise `Conflict` if a need in this state is not changed any more."""
    if not posting.is_editable(need):
        raise Conflict("need.not_editable")


def may_withdraw(need: Need) -> bool:
    """Whether the need's state lets it be taken back."""
    return NeedStatus.WITHDRAWN in NEED_MOVES[need.status]


def columns(data: NeedDraft) -> dict[str, Any]:
    """The input as the columns of the table; a public text only when masked."""
    is_masked = data.secrecy is Secrecy.MASKED
    return {
        "title": data.title,
        "field": data.field,
        "district": data.district,
        "problem": data.problem,
        "tried": data.tried,
        "scene": data.scene,
        "targets": data.targets,
        "measures": data.measured_targets(),
        "trl_expected": data.trl_expected,
        "budget_fen": data.budget,
        "cooperation": [str(mode) for mode in data.cooperation],
        "ip_wish": str(data.ip_wish) if data.ip_wish else None,
        "solver_conditions": data.solver_conditions,
        "deadline": data.deadline,
        "contact": data.contact,
        "park": data.park,
        "secrecy": data.secrecy,
        "public_title": data.public_title if is_masked else None,
        "public_problem": data.public_problem if is_masked else None,
        "public_targets": data.public_targets if is_masked else None,
        "public_approved": _approval(data) if is_masked else None,
    }


def _approval(data: NeedDraft) -> str | None:
    """What is kept of an approval: one of another text is none."""
    return data.public_approved if data.public_approved == data.fingerprint else None


def _sent_again(
    session: Session, actor: User, made: int, data: NeedDraft, *, now: datetime
) -> Need:
    """What a form made already; raises `Conflict` if it now says otherwise."""
    need = find_need(session, actor, made)
    if history.difference(need, columns(data)):
        raise Conflict("form_used", id=need.id)
    if need.status is NeedStatus.DRAFT and isinstance(data, NeedInput):
        posting.submit(session, actor, need, now=now)
    return need


def _locked_need(session: Session, actor: User, need_id: int, action: str) -> Need:
    """The need with its row locked, so that two people change it in turn."""
    need = find_need(session, actor, need_id)
    policies.require(actor, action, need)
    lock(session, need)
    return need
