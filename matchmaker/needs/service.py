"""Write needs down, change them, take them back; and what each reader gets."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal, or_, select
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
from ..notices import service as notices
from ..posting import service as posting
from ..schema import parse
from ..search.service import find
from .hints import Hint, hints
from .schema import NeedDraft, NeedInput, from_form
from .targets import Measure, complete

# How long a renewed need with a deadline is asked for again, and how early one may.
RENEWED_FOR = timedelta(days=180)
RENEW_FROM = timedelta(days=30)
AT_ONCE = 100


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
    session: Session, actor: User, need_id: int, *, today: date, now: datetime
) -> Need:
    """Ask again for what was checked before: no review, its text is the same.

    A deadline moves to `RENEWED_FOR` from today. Raises `Conflict`
    «need.not_renewable» where nothing is about to end or has ended,
    «need.not_approved» where a masked text is not approved.
    """
    with transaction(session):
        need = _locked_need(session, actor, need_id, "need.edit")
        if not may_renew(need, today):
            raise Conflict("need.not_renewable")
        if not need.public_is_approved:
            raise Conflict("need.not_approved")
        changes: dict[str, Any] = {}
        if need.deadline is not None:
            changes = {"deadline": [need.deadline.isoformat()]}
            need.deadline = today + RENEWED_FOR
            changes["deadline"].append(need.deadline.isoformat())
        if need.status is NeedStatus.EXPIRED:
            need.move_to(NeedStatus.PUBLISHED)
        need.renewed_at = need.updated_at = now
        history.record(session, actor, "need.renewed", need, now=now, changes=changes)
        outbox.touch(session, need, now=now)
    return need


def may_renew(need: Need, today: date) -> bool:
    """Whether it has expired, or its deadline is near."""
    if need.status is NeedStatus.EXPIRED:
        return need.published_at is not None
    soon = need.deadline is not None and need.deadline - today <= RENEW_FROM
    return need.status is NeedStatus.PUBLISHED and soon


def expire_needs(
    session: Session, *, today: date, now: datetime, valid_days: int
) -> int:
    """Take what nobody asks for any more out of the lists; says how many.

    A need ends the day after its deadline; one without, ``valid_days`` after it was
    published or renewed. Doing it twice changes nothing.
    """
    since = func.coalesce(Need.renewed_at, Need.published_at)
    over = or_(
        Need.deadline < today,
        and_(Need.deadline.is_(None), since < now - timedelta(days=valid_days)),
    )
    due = select(Need).where(Need.status == NeedStatus.PUBLISHED, over)
    total = 0
    while True:
        with transaction(session):
            query = due.order_by(Need.id).limit(AT_ONCE).with_for_update(of=Need)
            needs = list(session.scalars(query))
            for need in needs:
                need.move_to(NeedStatus.EXPIRED)
                need.updated_at = now
                history.record(session, None, "need.expired", need, now=now)
                notices.queue(
                    session,
                    notices.members_of(session, need.organisation_id),
                    "need_expired",
                    now=now,
                    need_id=need.id,
                    title=need.title,
                )
                outbox.touch(session, need, now=now)
        total += len(needs)
        if len(needs) < AT_ONCE:
            return total


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
