"""Register, confirm the e-mail, approve or return.

A registration becomes an organisation and a user only when it is approved. What
the registering person reads is the same whether its e-mail is known here or not;
only the mail it gets differs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models import Mail, Organisation, Registration, User, transaction
from models.accounts import name_key
from models.session import lock
from models.states import RegistrationState, TokenPurpose

from .. import policies
from ..accounts import links, passwords
from ..accounts.reset import MOST_AN_HOUR, check_new
from ..accounts.schema import NewPassword
from ..accounts.service import IN_CHARGE, first_role, role_of
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..mail import service as mail
from ..nodes.duties import Choices, choices
from ..notices import service as notices
from .schema import (
    ANOTHER,
    STATES,
    Approval,
    CorrectionInput,
    OrganisationInput,
    QueueQuery,
    RegistrationInput,
    Return,
)

PER_PAGE = 20
# What nobody confirmed is forgotten after this.
UNCONFIRMED_FOR = timedelta(days=14)
# What a registration must be for a link to open it.
AWAITED = {
    TokenPurpose.CONFIRM: RegistrationState.UNCONFIRMED,
    TokenPurpose.CORRECT: RegistrationState.RETURNED,
}
MAILS = ("registration_confirm", "account_exists", "registration_waits")
# Of whom it is about: who joins says the district of an organisation that is known.
DISTRICT = func.coalesce(
    select(Organisation.district)
    .where(Organisation.id == Registration.organisation_id)
    .scalar_subquery(),
    Registration.district,
)


@dataclass(frozen=True)
class Candidates:
    """Organisations that may be the one meant; ``certain``: the code says so."""

    organisations: Sequence[Organisation]
    certain: bool


@dataclass(frozen=True)
class Queue:
    """One page of registrations; ``page`` is the one shown, not the one asked.

    ``counts`` says how many each of the ``nodes`` would show.
    """

    rows: Sequence[Registration]
    total: int
    page: int
    pages: int
    nodes: Choices
    counts: Mapping[str, int]


def candidates(session: Session, code: str, name: str) -> Candidates:
    """The known organisations of this code, or failing that of this name."""
    by_code = session.scalars(
        select(Organisation).where(Organisation.credit_code == code)
    ).all()
    if by_code:
        return Candidates(by_code, certain=True)
    by_name = session.scalars(
        select(Organisation)
        .where(Organisation.name_key == name_key(name))
        .order_by(Organisation.id)
        .limit(5)
    ).all()
    return Candidates(by_name, certain=False)


def _home(session: Session, data: OrganisationInput) -> Organisation | None:
    """The organisation to join; none for a new one. Raises `Invalid` on «join».

    A known code, or a known name however it is spelt, is not entered a second time
    unless the person says that it is another organisation; a known code never.
    """
    found = candidates(session, data.credit_code, data.organisation_name)
    chosen = {str(each.id): each for each in found.organisations}.get(data.join)
    if chosen is not None:
        return chosen
    if not found.organisations:
        return None
    if found.certain:
        raise Invalid({"join": "这家单位已经登记，请选择申请加入"})
    if data.join != ANOTHER:
        raise Invalid(
            {"join": "有名称相同或相近的单位，请选择申请加入，或说明不是同一家"}
        )
    if any(each.name == data.organisation_name for each in found.organisations):
        raise Invalid(
            {"organisation_name": "已有同名单位，请填写营业执照上的全称以示区别"}
        )
    return None


def register(
    session: Session, data: RegistrationInput, *, form_key: str, now: datetime
) -> Mail | None:
    """Keep a registration and ask by mail whether the e-mail is the person's.

    The same ``form_key`` never makes two: sent again unchanged it does nothing,
    sent again changed (the «back» button) it replaces the first until the e-mail
    is confirmed. Returns the mail; none where nothing new was to be written.
    """
    check_new(NewPassword(new=data.new, repeated=data.repeated), data.email)
    with transaction(session):
        home = _home(session, data)
        _forget_old(session, now)
        values = _values(data, home) | {"email": data.email}
        made = _sent_before(session, form_key)
        if made is not None and _repeats(made, values, data):
            return None
        if _too_many(session, data.email, now):
            raise Conflict("registration.too_many")
        taken = session.scalar(select(User.id).where(User.email == data.email))
        if taken is not None:
            return mail.queue(
                session, data.email, "account_exists", now=now, path="/password/forgot"
            )
        if _waits(session, data.email):
            return mail.queue(
                session, data.email, "registration_waits", now=now, path="/"
            )
        if made is None:
            made = Registration(form_key=form_key, created_at=now)
        for name, value in values.items():
            setattr(made, name, value)
        made.password_hash = passwords.hashed(data.new)
        session.add(made)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict("registration.sent") from error
        secret = links.issue(session, TokenPurpose.CONFIRM, made.id, now=now)
        return mail.queue(
            session,
            data.email,
            "registration_confirm",
            now=now,
            name=data.name,
            organisation=home.name if home else data.organisation_name,
            path="/register/confirm",
            token=secret,
            days=links.LIVES[TokenPurpose.CONFIRM].days,
        )


def _sent_before(session: Session, form_key: str) -> Registration | None:
    """What this very form made already; raises `Conflict` once it is confirmed."""
    made = session.scalar(select(Registration).where(Registration.form_key == form_key))
    if made is not None and made.state is not RegistrationState.UNCONFIRMED:
        raise Conflict("registration.sent")
    return made


def _repeats(
    made: Registration, values: dict[str, Any], data: RegistrationInput
) -> bool:
    """Whether the form says the same again; another password is taken over."""
    if any(getattr(made, name) != value for name, value in values.items()):
        return False
    if not passwords.matches(made.password_hash, data.new):
        made.password_hash = passwords.hashed(data.new)
    return True


def _values(data: OrganisationInput, home: Organisation | None) -> dict[str, Any]:
    written = data.model_dump(include={"organisation_name", "kind", "district", "name"})
    return written | {
        "credit_code": data.credit_code,
        "organisation_id": home.id if home else None,
    }


def _forget_old(session: Session, now: datetime) -> None:
    session.execute(
        delete(Registration).where(
            Registration.state.in_(
                (RegistrationState.UNCONFIRMED, RegistrationState.REPLACED)
            ),
            Registration.created_at < now - UNCONFIRMED_FOR,
        )
    )


def _too_many(session: Session, email: str, now: datetime) -> bool:
    recent = now - timedelta(hours=1)
    return mail.count_since(session, email, MAILS, recent) >= MOST_AN_HOUR


def _waits(session: Session, email: str) -> bool:
    query = select(Registration.id).where(
        Registration.email == email, Registration.state == RegistrationState.PENDING
    )
    return session.scalar(query.limit(1)) is not None


def of_link(
    session: Session, purpose: TokenPurpose, secret: str, *, now: datetime
) -> Registration:
    """The registration a link is about; raises `Conflict` when it opens nothing."""
    number = links.subject(session, purpose, secret, now=now)
    found = session.get(Registration, number)
    if found is None:
        raise Conflict("link.expired")
    if found.state is not AWAITED[purpose]:
        raise Conflict("link.used")
    return found


def confirm(session: Session, secret: str, *, now: datetime) -> Registration:
    """The e-mail is the person's: the registration now waits for approval."""
    with transaction(session):
        made = of_link(session, TokenPurpose.CONFIRM, secret, now=now)
        links.spend(session, TokenPurpose.CONFIRM, secret, now=now)
        _replace_others(session, made)
        _submit(session, made, now)
    return made


def _replace_others(session: Session, made: Registration) -> None:
    others = session.scalars(
        select(Registration).where(
            Registration.email == made.email,
            Registration.id != made.id,
            Registration.state.in_(
                (RegistrationState.UNCONFIRMED, RegistrationState.RETURNED)
            ),
        )
    )
    for other in others:
        other.move_to(RegistrationState.REPLACED)


def _submit(session: Session, made: Registration, now: datetime) -> None:
    made.move_to(RegistrationState.PENDING)
    made.submitted_at, made.reason = now, None
    history.record(session, None, "registration.submitted", made, now=now)
    readers = set(notices.staff(session)) | set(_managers(session, made))
    notices.queue(
        session,
        readers,
        "registration_submitted",
        now=now,
        registration_id=made.id,
        name=made.name,
        organisation=_organisation_name(made),
    )


def _managers(session: Session, made: Registration) -> Sequence[int]:
    """Who decides beside the staff: the managers of the organisation to join."""
    query = select(User.id).where(
        User.organisation_id == made.organisation_id, IN_CHARGE
    )
    return session.scalars(query).all()


def _organisation_name(made: Registration) -> str:
    return made.organisation.name if made.organisation else made.organisation_name


def correct(
    session: Session, secret: str, data: CorrectionInput, *, now: datetime
) -> Registration:
    """Send a returned registration again, mended."""
    with transaction(session):
        made = of_link(session, TokenPurpose.CORRECT, secret, now=now)
        home = _home(session, data)
        links.spend(session, TokenPurpose.CORRECT, secret, now=now)
        for name, value in _values(data, home).items():
            setattr(made, name, value)
        session.flush()
        session.refresh(made, ["organisation"])
        _submit(session, made, now)
    return made


def queue(session: Session, actor: User, query: QueueQuery) -> Queue:
    """What waits for a decision, the longest wait first; or what was decided.

    A registration is of the district of the organisation; with a node chosen, only
    those of its districts. Raises `NotFound` for a node that is not there.
    """
    policies.require(actor, "registration.list")
    nodes = choices(session, actor, query.node)
    wanted = STATES[query.state]
    mine = (policies.visible_registrations(actor), Registration.state == wanted)
    rows = session.execute(
        select(DISTRICT, func.count(Registration.id)).where(*mine).group_by(DISTRICT)
    ).all()
    counts = {
        one.key: sum(n for district, n in rows if one.duties.covers(district))
        for one in nodes.offered
    }
    total = sum(n for district, n in rows if nodes.duties.covers(district))
    pages = max(1, ceil(total / PER_PAGE))
    page = min(query.page, pages)
    waits = wanted is RegistrationState.PENDING
    order = Registration.submitted_at if waits else Registration.decided_at.desc()
    found = session.scalars(
        select(Registration)
        .where(*mine, nodes.duties.where(DISTRICT))
        .options(
            joinedload(Registration.organisation), joinedload(Registration.decided_by)
        )
        .order_by(order, Registration.id)
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    ).all()
    return Queue(found, total, page, pages, nodes, counts)


def count_pending(session: Session, actor: User) -> int:
    """How many registrations wait for this person's decision."""
    query = select(func.count(Registration.id)).where(
        policies.visible_registrations(actor),
        Registration.state == RegistrationState.PENDING,
    )
    return session.scalar(query) or 0


def waiting_for(session: Session, actor: User) -> Sequence[Registration]:
    """Who asks to join the actor's own organisation, the longest wait first."""
    query = select(Registration).where(
        policies.visible_registrations(actor),
        Registration.organisation_id == actor.organisation_id,
        Registration.state == RegistrationState.PENDING,
    )
    return session.scalars(query.order_by(Registration.submitted_at)).all()


def find(session: Session, actor: User, number: int) -> Registration:
    """A registration the actor may read; raises `NotFound`."""
    if number >= 2**31:
        raise NotFound("registration")
    found = session.scalar(
        select(Registration).where(
            policies.visible_registrations(actor), Registration.id == number
        )
    )
    if found is None:
        raise NotFound("registration")
    return found


def resembling(session: Session, made: Registration) -> Sequence[Organisation]:
    """Known organisations that may be the one registered; for whoever decides."""
    if made.organisation_id is not None:
        return []
    same = or_(
        Organisation.credit_code == made.credit_code,
        Organisation.name_key == name_key(made.organisation_name),
    )
    query = select(Organisation).where(same).order_by(Organisation.id).limit(5)
    return session.scalars(query).all()


def also_waiting(session: Session, made: Registration) -> Sequence[Registration]:
    """Others who register an organisation of the same code."""
    query = select(Registration).where(
        Registration.credit_code == made.credit_code,
        Registration.id != made.id,
        Registration.state == RegistrationState.PENDING,
    )
    return session.scalars(query.order_by(Registration.id).limit(5)).all()


def approve(
    session: Session, actor: User, number: int, data: Approval, *, now: datetime
) -> User:
    """Open the account, and its organisation where it is new."""
    with transaction(session):
        made = _locked(session, actor, number, data.version)
        made.move_to(RegistrationState.APPROVED)
        home = _enter_organisation(session, actor, made, now)
        user = User(
            email=made.email,
            name=made.name,
            password_hash=made.password_hash,
            role=role_of(home.kind),
            organisation_id=home.id,
            org_role=first_role(session, home),
            created_at=now,
        )
        session.add(user)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict("registration.email_taken") from error
        made.decided_at, made.decided_by_id = now, actor.id
        made.organisation_id, made.user_id = home.id, user.id
        # The account has it now; one copy of a password's hash is enough.
        made.password_hash = "!"
        history.record(session, actor, "registration.approved", made, now=now)
        history.record(session, actor, "user.created", user, now=now)
        _tell_approved(session, made, home, user, now)
    return user


def _enter_organisation(
    session: Session, actor: User, made: Registration, now: datetime
) -> Organisation:
    """The organisation joined, or the new one; of one code there is only one."""
    same_code = session.scalar(
        select(Organisation).where(Organisation.credit_code == made.credit_code)
    )
    if made.organisation_id is not None:
        home = session.get_one(Organisation, made.organisation_id)
        # Staff have looked at the certificate; a member has not.
        if home.credit_code is None and same_code is None and actor.is_staff:
            home.credit_code = made.credit_code
        return home
    if same_code is not None:
        return same_code
    home = Organisation(
        name=made.organisation_name,
        kind=made.kind,
        district=made.district,
        credit_code=made.credit_code,
        created_at=now,
    )
    session.add(home)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("registration.name_taken") from error
    history.record(session, actor, "organisation.registered", home, now=now)
    return home


def _tell_approved(
    session: Session, made: Registration, home: Organisation, user: User, now: datetime
) -> None:
    mail.queue(
        session,
        user.email,
        "registration_approved",
        now=now,
        name=user.name,
        organisation=home.name,
        path="/sign-in",
    )
    notices.withdraw(session, "registration_submitted", "registration_id", made.id)


def give_back(
    session: Session, actor: User, number: int, data: Return, *, now: datetime
) -> Registration:
    """Return a registration with what to change; the mail's link opens it again."""
    with transaction(session):
        made = _locked(session, actor, number, data.version)
        made.move_to(RegistrationState.RETURNED)
        made.reason, made.decided_at = data.reason, now
        made.decided_by_id = actor.id
        secret = links.issue(session, TokenPurpose.CORRECT, made.id, now=now)
        mail.queue(
            session,
            made.email,
            "registration_returned",
            now=now,
            name=made.name,
            organisation=_organisation_name(made),
            reason=data.reason,
            path="/register/correct",
            token=secret,
            days=links.LIVES[TokenPurpose.CORRECT].days,
        )
        notices.withdraw(session, "registration_submitted", "registration_id", made.id)
        changes = {"reason": [None, data.reason]}
        history.record(
            session, actor, "registration.returned", made, now=now, changes=changes
        )
    return made


def _locked(session: Session, actor: User, number: int, version: int) -> Registration:
    """The pending registration, held until the decision is written."""
    made = find(session, actor, number)
    policies.require(actor, "registration.decide", made)
    lock(session, made)
    if made.state is not RegistrationState.PENDING:
        raise Conflict("already_handled")
    if made.version != version:
        raise Conflict("changed_since_read")
    return made
