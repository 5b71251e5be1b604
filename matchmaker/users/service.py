"""Find accounts, change their role, close and open them; all of it is audited."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models import History, Node, Organisation, User, transaction
from models.session import lock
from models.states import Role

from .. import policies
from ..accounts.service import KINDS
from ..accounts.sessions import end_all
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..labels import label
from ..paging import Page, Part, turn
from ..tokens import service as tokens
from .schema import Closing, RoleChange, UserQuery

PER_PAGE = 30
AT_ONCE = 500
ORDER = (User.name, User.id)
LARGEST_ID = 2**31 - 1
MOST_HISTORY = 30


def search(
    session: Session, user: User, query: UserQuery, part: Part | None = None
) -> Page[User]:
    """Accounts by name, e-mail or organisation, by role and state.

    ``part`` is what is asked for instead of the query's page.
    """
    policies.require(user, "user.read")
    joined = _joined(query)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    here = turn(part or query.page, total, PER_PAGE)
    rows = session.scalars(here.rows(_listed(joined)))
    return Page(rows.unique().all(), total, here.page, here.pages)


def every(session: Session, user: User, query: UserQuery) -> Iterator[User]:
    """The accounts of all pages, in their order, read in portions."""
    policies.require(user, "user.read")
    ids = session.scalars(
        _joined(query).with_only_columns(User.id).order_by(*ORDER)
    ).all()
    for start in range(0, len(ids), AT_ONCE):
        some = select(User).where(User.id.in_(ids[start : start + AT_ONCE]))
        yield from session.scalars(_listed(some)).unique()


def _joined(query: UserQuery) -> Select[User]:
    return select(User).outerjoin(User.organisation).where(*_where(query))


def _listed(found: Select[User]) -> Select[User]:
    """As the list has them: with their organisations, by name."""
    return found.options(joinedload(User.organisation)).order_by(*ORDER)


def _where(query: UserQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for word in query.q.split():
        found.append(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (User.name, User.email, Organisation.name)
                )
            )
        )
    if query.role is not None:
        found.append(User.role == query.role)
    if query.state is not None:
        found.append(User.active.is_(query.state == "active"))
    return found


def find(session: Session, actor: User, user_id: int) -> User:
    """An account; raises `NotFound`."""
    policies.require(actor, "user.read")
    found = session.get(User, user_id) if user_id <= LARGEST_ID else None
    if found is None:
        raise NotFound("user")
    return found


def nodes_of(session: Session, user: User) -> Sequence[Node]:
    """The nodes the person works at."""
    query = select(Node).where(Node.staff.any(User.id == user.id)).order_by(Node.id)
    return session.scalars(query).all()


def recent(session: Session, actor: User, user: User) -> Sequence[History]:
    """What was done to the account, newest first."""
    policies.require(actor, "user.read")
    return history.of_record(session, user)[:MOST_HISTORY]


def roles_for(user: User) -> list[Role]:
    """The roles the person's organisation allows; without one, staff and admin.

    An expert stays one: whoever judges bids is no part of the platform, and the other
    way round. Who changes sides gets another account.
    """
    home = user.organisation
    if user.role is Role.EXPERT:
        return [Role.EXPERT]
    return [
        role
        for role, kinds in KINDS.items()
        if (home is not None and home.kind in kinds)
        or (home is None and role in (Role.STAFF, Role.ADMIN))
    ]


def change_role(
    session: Session, actor: User, user_id: int, data: RoleChange, *, now: datetime
) -> User:
    """Give the person another role; never oneself, never the last administrator."""
    with transaction(session):
        user = _held(session, actor, user_id)
        if data.role not in roles_for(user):
            raise Invalid({"role": _unfit(user, data.role)})
        if data.role is not Role.ADMIN:
            _keep_an_admin(session, user)
        if data.role is not user.role:
            changes = {
                "role": [str(user.role), str(data.role)],
                "reason": [None, data.reason],
            }
            user.role = data.role
            tokens.end_all(session, actor, user, now=now)
            history.record(
                session, actor, "user.role_changed", user, now=now, changes=changes
            )
    return user


def close(
    session: Session, actor: User, user_id: int, data: Closing, *, now: datetime
) -> User:
    """Close the account; whoever is signed in with it is out at the next click."""
    with transaction(session):
        user = _held(session, actor, user_id)
        _keep_an_admin(session, user)
        if user.active:
            user.active = False
            end_all(session, user.id, now=now)
            tokens.end_all(session, actor, user, now=now)
            changes = {"reason": [None, data.reason]}
            history.record(
                session, actor, "user.deactivated", user, now=now, changes=changes
            )
    return user


def reopen(session: Session, actor: User, user_id: int, *, now: datetime) -> User:
    """Open a closed account again, in the role it had.

    Raises `Conflict` for one whose person had itself taken out.
    """
    with transaction(session):
        user = _held(session, actor, user_id)
        if not user.active:
            if user.is_erased:
                raise Conflict("member.erased")
            user.active = True
            history.record(session, actor, "user.activated", user, now=now)
    return user


def _held(session: Session, actor: User, user_id: int) -> User:
    """The account of another person, locked until the change is written."""
    user = find(session, actor, user_id)
    policies.require(actor, "user.govern", user)
    lock(session, user)
    return user


def _keep_an_admin(session: Session, user: User) -> None:
    """Two administrators who close each other at once would leave none: one waits."""
    admins = session.scalars(
        select(User)
        .where(User.role == Role.ADMIN, User.active)
        .order_by(User.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if {admin.id for admin in admins} <= {user.id}:
        raise Conflict("user.last_admin")


def _unfit(user: User, role: Role) -> str:
    if Role.EXPERT in (user.role, role):
        return "评审专家不能改为其他角色，其他账号也不能改为评审专家；请另开账号"
    if user.organisation is None:
        return f"该账号没有所属单位，不能设为「{label(role)}」"
    kinds = "、".join(label(kind) for kind in KINDS[role])
    return (
        f"「{label(role)}」须属于{kinds}，该账号的单位是{label(user.organisation.kind)}"
    )
