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

UNMATCHED = frozenset({NeedStatus.DRAFT, NeedStatus.WITHDRAWN})


def is_matched(need: Need) -> bool:
    """Whether what lies near it is of use to whom it belongs."""
    return need.status not in UNMATCHED


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

    A `NeedInput` goes to review, a plain `NeedDraft` stays a draft; see
    `posting.create` for a form sent twice.
    """
    with transaction(session):
        return posting.create(
            session,
            actor,
            Need,
            columns(data),
            form_key=form_key,
            complete=isinstance(data, NeedInput),
            now=now,
        )


def edit_need(
    session: Session,
    actor: User,
    need_id: int,
    data: NeedDraft,
    *,
    version: int,
    now: datetime,
) -> Need:
    """Replace the text of a need, see `posting.change`."""
    with transaction(session):
        return posting.change(
            session,
            actor,
            Need,
            need_id,
            columns(data),
            version=version,
            complete=isinstance(data, NeedInput),
            now=now,
        )


def withdraw_need(
    session: Session, actor: User, need_id: int, *, now: datetime
) -> Need:
    """Take the need back for good; it leaves every list and search."""
    with transaction(session):
        return posting.withdraw(session, actor, Need, need_id, now=now)


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
        need = posting.locked(session, actor, Need, need_id, "solve")
        need.move_to(NeedStatus.SOLVED)
        need.updated_at = now
        history.record(session, actor, "need.solved", need, now=now)
        outbox.touch(session, need, now=now)
    return need


def may_be_solved(need: Need) -> bool:
    """Whether the need's state lets it be marked as solved."""
    return NeedStatus.SOLVED in NEED_MOVES[need.status]


def may_withdraw(need: Need) -> bool:
    """Whether the need's state lets it be taken back."""
    return NeedStatus.WITHDRAWN in NEED_MOVES[need.status]


def columns(data: NeedDraft) -> dict[str, Any]:
    """The input as the columns of the table, each target with its measure."""
    return stated(data) | {"measures": data.measured_targets()}


def stated(data: NeedDraft) -> dict[str, Any]:
    """What the input itself says as columns; a public text only when masked."""
    is_masked = data.secrecy is Secrecy.MASKED
    return {
        "title": data.title,
        "field": data.field,
        "district": data.district,
        "problem": data.problem,
        "tried": data.tried,
        "scene": data.scene,
        "targets": data.targets,
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
