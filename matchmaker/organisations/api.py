"""One's own organisation, for programs."""

from __future__ import annotations

from datetime import datetime

from models import Invitation, User, utcnow
from models.states import OrganisationKind, OrganisationRole, Role

from .. import policies
from ..accounts.current import signed_in
from ..accounts.web import guarded
from ..api.answers import Output
from ..api.operations import Operations
from ..db import db
from ..mail.web import await_mail
from . import service
from .schema import InvitationInput, RoleInput

operations = Operations("organisation", "本单位")


class MemberOut(Output):
    """A member; ``org_role`` is null of those who work for the platform."""

    id: int
    name: str
    email: str
    role: Role
    org_role: OrganisationRole | None
    active: bool


class InvitationOut(Output):
    """An invitation that waits to be accepted."""

    id: int
    email: str
    org_role: OrganisationRole
    invited_by: str
    expires_at: datetime


class RequestLine(Output):
    """Somebody who asks to join; the registration of this id decides it."""

    id: int
    name: str
    email: str
    submitted_at: datetime | None


class OrganisationOut(Output):
    """One's own organisation.

    Invitations and requests are for its managers; closed accounts, too, are theirs.
    """

    id: int
    name: str
    kind: OrganisationKind
    district: str | None
    credit_code: str | None
    leads: bool
    members: list[MemberOut]
    invitations: list[InvitationOut]
    requests: list[RequestLine]
    demo: bool


def member(user: User) -> MemberOut:
    """A member as the page of the organisation shows it."""
    return MemberOut(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        org_role=None if user.is_staff else user.org_role,
        active=user.active,
    )


def invited(made: Invitation) -> InvitationOut:
    """An open invitation, without the secret of its link."""
    return InvitationOut(
        id=made.id,
        email=made.email,
        org_role=made.org_role,
        invited_by=made.invited_by.name,
        expires_at=made.expires_at,
    )


@operations.get("/organisation", "organisations.mine", "本单位和成员")
def mine() -> OrganisationOut:
    home = service.home(db.session, signed_in(), now=utcnow())
    its = home.organisation
    return OrganisationOut(
        id=its.id,
        name=its.name,
        kind=its.kind,
        district=its.district,
        credit_code=its.credit_code,
        leads=policies.may(signed_in(), "organisation.lead", its),
        members=[member(each) for each in home.members],
        invitations=[invited(each) for each in home.invitations],
        requests=[RequestLine.model_validate(each) for each in home.requests],
        demo=its.is_demo,
    )


@operations.post(
    "/organisation/invitations", "organisations.invite", "邀请成员", status=201
)
@guarded
def invite(body: InvitationInput) -> InvitationOut:
    """邀请链接寄到对方邮箱，7 天内有效；再次邀请同一邮箱，原来的链接失效。"""
    policies.require(signed_in(), "organisation.read_own")
    mail = service.invite(db.session, signed_in(), body, now=utcnow())
    await_mail(mail)
    home = service.home(db.session, signed_in(), now=utcnow())
    return next(invited(each) for each in home.invitations if each.email == body.email)


@operations.post(
    "/organisation/invitations/<int:invitation_id>/withdraw",
    "organisations.withdraw",
    "撤回邀请",
)
def withdraw(invitation_id: int) -> None:
    service.withdraw(db.session, signed_in(), invitation_id, now=utcnow())


@operations.post(
    "/organisation/members/<int:user_id>/role",
    "organisations.set_role",
    "设定成员的角色",
)
def set_role(user_id: int, body: RoleInput) -> MemberOut:
    return member(
        service.set_role(db.session, signed_in(), user_id, body, now=utcnow())
    )


@operations.post(
    "/organisation/members/<int:user_id>/close", "organisations.close", "停用成员账号"
)
def close(user_id: int) -> MemberOut:
    return member(service.close(db.session, signed_in(), user_id, now=utcnow()))


@operations.post(
    "/organisation/members/<int:user_id>/reopen",
    "organisations.reopen",
    "恢复成员账号",
)
def reopen(user_id: int) -> MemberOut:
    return member(service.reopen(db.session, signed_in(), user_id, now=utcnow()))
