"""Members of one's own organisation: invite them, change their roles, close them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models import Invitation, Mail, Organisation, Registration, User, transaction
from models.session import lock
from models.states import OrganisationRole, TokenPurpose

from .. import labels, policies
from ..accounts import links, passwords
from ..accounts.reset import check_new
from ..accounts.schema import NewPassword
from ..accounts.service import IN_CHARGE, role_of
from ..accounts.sessions import end_all
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..mail import service as mail
from ..registrations.queue import waiting_for
from ..tokens import service as tokens
from .schema import Acceptance, InvitationInput, RoleInput

MOST_OPEN_INVITATIONS = 30


@dataclass(frozen=True)
class Home:
    """One's own organisation with who belongs to it and who wants to."""

    organisation: Organisation
    members: Sequence[User]
    invitations: Sequence[Invitation]
    requests: Sequence[Registration]


def home(session: Session, actor: User, *, now: datetime) -> Home:
    """The actor's organisation; invitations and requests for its managers only."""
    policies.require(actor, "organisation.read_own")
    organisation = session.get_one(Organisation, actor.organisation_id)
    members = session.scalars(
        select(User)
        .where(User.organisation_id == organisation.id)
        .order_by(User.active.desc(), User.id)
    ).all()
    leads = policies.may(actor, "organisation.lead", organisation)
    return Home(
        organisation,
        members if leads else [each for each in members if each.active],
        _open_invitations(session, organisation.id, now) if leads else [],
        waiting_for(session, actor) if leads else [],
    )


def _open_invitations(
    session: Session, organisation_id: int, now: datetime
) -> Sequence[Invitation]:
    query = (
        select(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
        .options(joinedload(Invitation.invited_by))
        .order_by(Invitation.id.desc())
    )
    return session.scalars(query).all()


def invite(
    session: Session, actor: User, data: InvitationInput, *, now: datetime
) -> Mail:
    """Ask a person by mail to become a member; asked again, the first link ends."""
    with transaction(session):
        organisation = _led(session, actor)
        # Two managers at once would each write an invitation.
        lock(session, organisation)
        member = session.scalar(select(User).where(User.email == data.email))
        if member is not None and member.organisation_id == organisation.id:
            raise Invalid({"email": "这个邮箱已是本单位成员"})
        waiting = _open_invitations(session, organisation.id, now)
        made = next((each for each in waiting if each.email == data.email), None)
        if made is None:
            if len(waiting) >= MOST_OPEN_INVITATIONS:
                raise Invalid({"email": "等待接受的邀请太多，请先撤回一些"})
            made = Invitation(
                organisation_id=organisation.id, email=data.email, created_at=now
            )
            session.add(made)
        made.org_role, made.invited_by_id = data.org_role, actor.id
        made.expires_at = now + links.LIVES[TokenPurpose.INVITE]
        session.flush()
        changes = {"org_role": [None, data.org_role]}
        history.record(
            session, actor, "invitation.sent", made, now=now, changes=changes
        )
        return _mail(session, actor, organisation, made, now)


def _mail(
    session: Session,
    actor: User,
    organisation: Organisation,
    made: Invitation,
    now: datetime,
) -> Mail:
    secret = links.issue(session, TokenPurpose.INVITE, made.id, now=now)
    return mail.queue(
        session,
        made.email,
        "invitation",
        now=now,
        inviter=actor.name,
        organisation=organisation.name,
        role=labels.label(made.org_role),
        path="/invitation",
        token=secret,
        days=links.LIVES[TokenPurpose.INVITE].days,
    )


def withdraw(session: Session, actor: User, number: int, *, now: datetime) -> None:
    """Take an invitation back; its link opens nothing from now on."""
    with transaction(session):
        organisation = _led(session, actor)
        made = session.get(Invitation, number) if number < 2**31 else None
        if made is None or made.organisation_id != organisation.id:
            raise NotFound("invitation")
        lock(session, made)
        if not made.is_open_at(now):
            raise Conflict("invitation.closed")
        made.withdrawn_at = now
        links.void(session, TokenPurpose.INVITE, made.id, now=now)
        history.record(session, actor, "invitation.withdrawn", made, now=now)


def of_link(session: Session, secret: str, *, now: datetime) -> Invitation:
    """The open invitation a link is about; raises `Conflict`."""
    number = links.subject(session, TokenPurpose.INVITE, secret, now=now)
    made = session.get(Invitation, number)
    if made is None or not made.is_open_at(now):
        raise Conflict("invitation.closed")
    return made


def has_account(session: Session, made: Invitation) -> bool:
    """Whether the invited e-mail has an account already, here or elsewhere."""
    query = select(User.id).where(User.email == made.email)
    return session.scalar(query) is not None


def accept(session: Session, secret: str, data: Acceptance, *, now: datetime) -> User:
    """Open the invited person's account."""
    with transaction(session):
        made = of_link(session, secret, now=now)
        check_new(NewPassword(new=data.new, repeated=data.repeated), made.email)
        links.spend(session, TokenPurpose.INVITE, secret, now=now)
        user = User(
            email=made.email,
            name=data.name,
            password_hash=passwords.hashed(data.new),
            role=role_of(made.organisation.kind),
            organisation_id=made.organisation_id,
            org_role=made.org_role,
            created_at=now,
        )
        session.add(user)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict("invitation.has_account") from error
        made.accepted_at, made.user_id = now, user.id
        history.record(session, user, "invitation.accepted", made, now=now)
        history.record(session, user, "user.created", user, now=now)
    return user


def set_role(
    session: Session, actor: User, number: int, data: RoleInput, *, now: datetime
) -> User:
    """Change what a member may do; somebody stays in charge."""
    with transaction(session):
        member = led_member(session, actor, number)
        if member.org_role is not data.org_role:
            _keep_one_in_charge(session, member)
            changes = {"org_role": [member.org_role, data.org_role]}
            member.org_role = data.org_role
            tokens.end_all(session, actor, member, now=now)
            history.record(
                session,
                actor,
                "user.organisation_role_changed",
                member,
                now=now,
                changes=changes,
            )
    return member


def close(session: Session, actor: User, number: int, *, now: datetime) -> User:
    """Close a member's account: it is signed out, its work stays."""
    with transaction(session):
        member = led_member(session, actor, number)
        if member.id == actor.id:
            raise Conflict("member.not_yourself")
        if member.active:
            _keep_one_in_charge(session, member)
            member.active = False
            end_all(session, member.id, now=now)
            tokens.end_all(session, actor, member, now=now)
            history.record(session, actor, "user.deactivated", member, now=now)
    return member


def reopen(session: Session, actor: User, number: int, *, now: datetime) -> User:
    """Open a closed member's account again."""
    with transaction(session):
        member = led_member(session, actor, number)
        if not member.active:
            if member.is_erased:
                raise Conflict("member.erased")
            member.active = True
            history.record(session, actor, "user.activated", member, now=now)
    return member


def _led(session: Session, actor: User) -> Organisation:
    """The organisation the actor is in charge of; raises `Forbidden`."""
    policies.require(actor, "organisation.read_own")
    organisation = session.get_one(Organisation, actor.organisation_id)
    policies.require(actor, "organisation.lead", organisation)
    return organisation


def led_member(session: Session, actor: User, number: int) -> User:
    """A member of the organisation the actor leads, held; raises `NotFound`.

    A service body may have people who work for the platform: over those an
    administrator decides (`Conflict` «member.of_platform»).
    """
    organisation = _led(session, actor)
    # One change at a time: two managers could each take the other's charge.
    lock(session, organisation)
    member = session.get(User, number) if number < 2**31 else None
    if member is None or member.organisation_id != organisation.id:
        raise NotFound("user")
    if member.is_staff:
        raise Conflict("member.of_platform")
    lock(session, member)
    return member


def _keep_one_in_charge(session: Session, leaving: User) -> None:
    if not (leaving.active and leaving.org_role is OrganisationRole.MANAGER):
        return
    others = session.scalar(
        select(func.count(User.id)).where(
            User.organisation_id == leaving.organisation_id,
            User.id != leaving.id,
            IN_CHARGE,
        )
    )
    if not others:
        raise Conflict("member.last_manager")
