"""Register, confirm the e-mail, send again what was returned.

A registration becomes an organisation and a user only when it is approved. What
the registering person reads is the same whether its e-mail is known here or not;
only the mail it gets differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Mail, Organisation, Registration, User, transaction
from models.accounts import name_key
from models.states import RegistrationState, TokenPurpose

from ..accounts import links, passwords
from ..accounts.reset import MOST_AN_HOUR, check_new
from ..accounts.schema import NewPassword
from ..accounts.service import IN_CHARGE
from ..errors import Conflict, Invalid
from ..history import service as history
from ..mail import service as mail
from ..notices import service as notices
from .schema import (
    ANOTHER,
    CorrectionInput,
    OrganisationInput,
    RegistrationInput,
)

# What nobody confirmed is forgotten after this.
UNCONFIRMED_FOR = timedelta(days=14)
# What a registration must be for a link to open it.
AWAITED = {
    TokenPurpose.CONFIRM: RegistrationState.UNCONFIRMED,
    TokenPurpose.CORRECT: RegistrationState.RETURNED,
}
MAILS = ("registration_confirm", "account_exists", "registration_waits")


@dataclass(frozen=True)
class Candidates:
    """Organisations that may be the one meant; ``certain``: the code says so."""

    organisations: Sequence[Organisation]
    certain: bool


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
        organisation=organisation_name(made),
    )


def _managers(session: Session, made: Registration) -> Sequence[int]:
    """Who decides beside the staff: the managers of the organisation to join."""
    query = select(User.id).where(
        User.organisation_id == made.organisation_id, IN_CHARGE
    )
    return session.scalars(query).all()


def organisation_name(made: Registration) -> str:
    """Of the organisation it joins, or of the one it registers."""
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
