"""Approve a registration, or return it with what to change."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Organisation, Registration, User, transaction
from models.session import lock
from models.states import RegistrationState, TokenPurpose

from .. import policies
from ..accounts import links
from ..accounts.service import first_role, role_of
from ..errors import Conflict
from ..history import service as history
from ..mail import service as mail
from ..notices import service as notices
from .queue import find
from .schema import Approval, RegistrationReturn
from .service import organisation_name


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
    session: Session,
    actor: User,
    number: int,
    data: RegistrationReturn,
    *,
    now: datetime,
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
            organisation=organisation_name(made),
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
