"""Open accounts, sign people in, change passwords."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models import (
    Expert,
    ExpertTie,
    Mandate,
    Organisation,
    SignInFailure,
    User,
    transaction,
)
from models.states import OrganisationKind, OrganisationRole, Role, TieKind

from ..errors import Invalid, NotFound
from ..history import service as history
from ..labels import today
from ..tokens import service as tokens
from . import lockout, passwords, sessions
from .schema import (
    Details,
    NewUser,
    PasswordChange,
    SignInInput,
    plain_email,
    weakness,
)

WRONG = "邮箱或密码不正确，请检查后重试。"

# The kinds of organisation whose members take each role; the first is meant
# when nothing is said. Staff need none, experts have none. A park posts needs, its own
# and those it gathers, and reads as a firm does.
KINDS: dict[Role, tuple[OrganisationKind, ...]] = {
    Role.ENTERPRISE: (OrganisationKind.ENTERPRISE, OrganisationKind.PARK),
    Role.UNIVERSITY: (OrganisationKind.UNIVERSITY, OrganisationKind.INSTITUTE),
    Role.MANAGER: (OrganisationKind.SERVICE_BODY,),
    Role.STAFF: (OrganisationKind.SERVICE_BODY, OrganisationKind.PARK),
    Role.ADMIN: (OrganisationKind.SERVICE_BODY, OrganisationKind.PARK),
}


# Who decides about the members of an organisation. Somebody who works for the
# platform does not, nor an expert, whatever the account says.
IN_CHARGE = and_(
    User.org_role == OrganisationRole.MANAGER,
    User.active.is_(True),
    User.role.not_in((Role.STAFF, Role.ADMIN, Role.EXPERT)),
)


def role_of(kind: OrganisationKind) -> Role:
    """What the members of such an organisation come for; there is one for each."""
    members = (Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER)
    return next(role for role in members if kind in KINDS[role])


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demonstration; all share `DEMO_PASSWORD`."""

    email: str
    name: str
    role: Role


DEMO_BODY = "技术转移服务机构(示例)"
# Where the experts of the demonstration work: none of its bidders.
DEMO_INSTITUTE = "第三方评测研究院(示例)"
DEMO_PASSWORD = "changsha-demo-2026"
DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("qiye@demo.example", "企业用户(示例)", Role.ENTERPRISE),
    DemoAccount("gaoxiao@demo.example", "高校用户(示例)", Role.UNIVERSITY),
    DemoAccount("jingli@demo.example", "技术经理人(示例)", Role.MANAGER),
    DemoAccount("shenhe@demo.example", "审核员甲(示例)", Role.STAFF),
    DemoAccount("fuhe@demo.example", "审核员乙(示例)", Role.STAFF),
    DemoAccount("admin@demo.example", "管理员(示例)", Role.ADMIN),
    DemoAccount("zhuanjia1@demo.example", "评审专家甲(示例)", Role.EXPERT),
    DemoAccount("zhuanjia2@demo.example", "评审专家乙(示例)", Role.EXPERT),
    DemoAccount("zhuanjia3@demo.example", "评审专家丙(示例)", Role.EXPERT),
)


def sign_in(session: Session, data: SignInInput, *, now: datetime) -> User:
    """The active user of this e-mail and password; raises `Invalid` otherwise.

    One message for every reason, after the same work; failures are counted, and
    too many lock the e-mail for a while. A second step, where one is asked for,
    is `two_step.check`.
    """
    lockout.check(session, data.email, now=now)
    user = session.scalar(select(User).where(User.email == data.email))
    stored = user.password_hash if user is not None else None
    if not passwords.matches(stored, data.password) or user is None or not user.active:
        lockout.count(session, data.email, now=now)
        raise Invalid({"form": WRONG})
    outdated = passwords.is_outdated(user.password_hash)
    # With a second step to come, the failures are forgotten only after it.
    failed = session.get(SignInFailure, data.email) if not user.totp_since else None
    if outdated or failed is not None:
        with transaction(session):
            if outdated:
                user.password_hash = passwords.hashed(data.password)
            if failed:
                lockout.clear(session, data.email)
    return user


def rename(session: Session, actor: User, data: Details, *, now: datetime) -> None:
    """Change the name the actor is shown by."""
    with transaction(session):
        if actor.name != data.name:
            actor.name = data.name
            history.record(session, actor, "user.renamed", actor, now=now)


def change_password(
    session: Session,
    actor: User,
    data: PasswordChange,
    *,
    now: datetime,
    key: str = "",
) -> None:
    """Give the actor a new password; every session but that of ``key`` ends."""
    errors: dict[str, str] = {}
    if not passwords.matches(actor.password_hash, data.current):
        errors["current"] = "当前密码不正确"
    if weak := weakness(data.new, actor.email):
        errors["new"] = weak
    elif data.new == data.current:
        errors["new"] = "新密码须与当前密码不同"
    if data.repeated != data.new:
        errors["repeated"] = "两次填写的新密码不一致"
    if errors:
        raise Invalid(errors)
    with transaction(session):
        actor.password_hash = passwords.hashed(data.new)
        sessions.end_all(session, actor.id, now=now, but=key)
        history.record(session, actor, "user.password_changed", actor, now=now)


def add_user(session: Session, data: NewUser, *, now: datetime) -> User:
    """Open an account, and its organisation if there is none of that name."""
    if weak := weakness(data.password, data.email):
        raise Invalid({"password": weak})
    with transaction(session):
        organisation = _organisation(session, data, now)
        user = User(
            email=data.email,
            name=data.name,
            password_hash=passwords.hashed(data.password),
            role=data.role,
            organisation=organisation,
            org_role=first_role(session, organisation),
            created_at=now,
        )
        session.add(user)
        try:
            session.flush()
        except IntegrityError as error:
            raise Invalid({"email": "这个邮箱已有账号"}) from error
        history.record(session, None, "user.created", user, now=now)
    return user


def first_role(session: Session, organisation: Organisation | None) -> OrganisationRole:
    """What a newcomer may do: whoever finds nobody in charge is in charge."""
    in_charge = select(User.id).where(
        User.organisation_id == (organisation.id if organisation else None), IN_CHARGE
    )
    if session.scalar(in_charge.limit(1)) is None:
        return OrganisationRole.MANAGER
    return OrganisationRole.OPERATOR


def _organisation(
    session: Session, data: NewUser, now: datetime
) -> Organisation | None:
    if data.role is Role.EXPERT:
        raise Invalid({"role": "评审专家由工作人员在「评审专家」页面邀请"})
    if data.organisation is None:
        if data.role not in (Role.STAFF, Role.ADMIN):
            raise Invalid({"organisation": "企业、高校和技术经理人账号须填写所属单位"})
        return None
    found = session.scalar(
        select(Organisation).where(Organisation.name == data.organisation)
    )
    kind = data.kind or (found.kind if found else KINDS[data.role][0])
    if found is not None and found.kind is not kind:
        raise Invalid({"kind": f"该单位已登记为 {found.kind.value}"})
    if kind not in KINDS[data.role]:
        allowed = " / ".join(each.value for each in KINDS[data.role])
        raise Invalid({"kind": f"{data.role.value} 账号的单位类型须为 {allowed}"})
    return found or Organisation(name=data.organisation, kind=kind, created_at=now)


def set_password(session: Session, email: str, password: str, *, now: datetime) -> User:
    """Replace a forgotten password; the person's sessions end."""
    user = find_by_email(session, email)
    if weak := weakness(password, user.email):
        raise Invalid({"password": weak})
    with transaction(session):
        user.password_hash = passwords.hashed(password)
        sessions.end_all(session, user.id, now=now)
        lockout.clear(session, user.email)
        history.record(session, None, "user.password_changed", user, now=now)
    return user


def set_active(session: Session, email: str, active: bool, *, now: datetime) -> User:
    """Close an account or open it again; a closed one is signed out at once."""
    user = find_by_email(session, email)
    with transaction(session):
        user.active = active
        if not active:
            sessions.end_all(session, user.id, now=now)
            tokens.end_all(session, None, user, now=now)
        action = "user.activated" if active else "user.deactivated"
        history.record(session, None, action, user, now=now)
    return user


def find_by_email(session: Session, email: str) -> User:
    """The account of this e-mail; raises `NotFound`."""
    user = session.scalar(select(User).where(User.email == plain_email(email)))
    if user is None:
        raise NotFound("user")
    return user


def list_users(session: Session) -> Sequence[User]:
    """Every account with its organisation, by e-mail."""
    query = select(User).options(joinedload(User.organisation)).order_by(User.email)
    return session.scalars(query).all()


def create_demo_accounts(
    session: Session, enterprise_id: int, university_id: int, *, now: datetime
) -> list[User]:
    """Open the demonstration's accounts that are missing; the others stay as they are.

    ``enterprise_id`` and ``university_id`` are the organisations the first two
    speak for; the technology manager of a service body of its own represents the
    first of them.
    """
    homes = {Role.ENTERPRISE: enterprise_id, Role.UNIVERSITY: university_id}
    emails = [account.email for account in DEMO_ACCOUNTS]
    known = set(session.scalars(select(User.email).where(User.email.in_(emails))))
    missing = [
        User(
            email=account.email,
            name=account.name,
            password_hash=passwords.hashed(DEMO_PASSWORD),
            role=account.role,
            organisation_id=homes.get(account.role),
            org_role=OrganisationRole.MANAGER,
            is_demo=True,
            created_at=now,
        )
        for account in DEMO_ACCOUNTS
        if account.email not in known
    ]
    with transaction(session):
        for user in missing:
            if user.role is Role.MANAGER:
                user.organisation = _demo_body(session, now)
        session.add_all(missing)
        session.flush()
        for user in missing:
            if user.role is Role.MANAGER:
                _represent(session, user, enterprise_id, now)
            if user.role is Role.EXPERT:
                _demo_expert(session, user, now)
    return missing


def _demo_body(session: Session, now: datetime) -> Organisation:
    query = select(Organisation).where(Organisation.name == DEMO_BODY)
    return session.scalar(query) or Organisation(
        name=DEMO_BODY,
        kind=OrganisationKind.SERVICE_BODY,
        is_demo=True,
        created_at=now,
    )


def _represent(
    session: Session, manager: User, organisation_id: int, now: datetime
) -> None:
    session.add(
        Mandate(
            manager_id=manager.id,
            organisation_id=organisation_id,
            from_on=today(now),
            created_at=now,
        )
    )


def _demo_expert(session: Session, user: User, now: datetime) -> None:
    session.add(
        Expert(user_id=user.id, title="研究员(示例)", created_at=now, joined_at=now)
    )
    session.add(
        ExpertTie(
            user_id=user.id,
            name=DEMO_INSTITUTE,
            kind=TieKind.EMPLOYER,
            created_at=now,
        )
    )
