"""Invite experts, find them, keep what is known of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from models import Expert, ExpertTie, History, Mail, User, transaction
from models.session import lock
from models.states import Role, TieKind, TokenPurpose

from .. import policies
from ..accounts import links, passwords
from ..accounts.reset import check_new
from ..accounts.schema import NewPassword
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..mail import service as mail
from ..paging import Page, streamed, turn
from . import naming
from .schema import LARGEST_ID, ExpertEdit, ExpertInput, ExpertQuery, Joining

PER_PAGE = 30
UNUSABLE = "!"


def search(session: Session, actor: User, query: ExpertQuery) -> Page[Expert]:
    """Experts by name, e-mail, title or where they are bound."""
    found = sought(actor, query)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    here = turn(query.page, total, PER_PAGE)
    rows = session.scalars(here.rows(_in_order(found)))
    return Page(rows.all(), total, here.page, here.pages)


def every(session: Session, actor: User, query: ExpertQuery) -> Iterator[Expert]:
    """The experts of all pages, in their order."""
    return streamed(session, _in_order(sought(actor, query)))


def sought(actor: User, query: ExpertQuery) -> Select[Expert]:
    """The experts that are looked for, in no order."""
    policies.require(actor, "expert.list")
    found = select(Expert).join(Expert.user).where(*_where(query))
    return found.options(joinedload(Expert.user), selectinload(Expert.ties))


def _in_order(found: Select[Expert]) -> Select[Expert]:
    return found.order_by(User.active.desc(), User.name, Expert.id)


def _where(query: ExpertQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for word in query.q.split():
        columns = (User.name, User.email, Expert.title)
        bound = select(ExpertTie.id).where(
            ExpertTie.user_id == Expert.user_id,
            ExpertTie.ended_at.is_(None),
            ExpertTie.name.icontains(word, autoescape=True),
        )
        found.append(
            or_(
                *(column.icontains(word, autoescape=True) for column in columns),
                bound.exists(),
            )
        )
    return found


def available(session: Session) -> Sequence[Expert]:
    """The experts who may be put on a panel: accounts that are open."""
    query = (
        select(Expert)
        .join(Expert.user)
        .where(User.active, User.role == Role.EXPERT)
        .options(joinedload(Expert.user), selectinload(Expert.ties))
        .order_by(User.name, Expert.id)
    )
    return session.scalars(query).all()


def find(session: Session, actor: User, expert_id: int) -> Expert:
    """An expert the actor may know of; raises `NotFound`."""
    found = session.scalar(
        select(Expert).where(
            Expert.id == min(expert_id, LARGEST_ID), policies.visible_experts(actor)
        )
    )
    if found is None:
        raise NotFound("expert")
    return found


def own(session: Session, actor: User) -> Expert:
    """What the platform knows of the actor as an expert; raises `NotFound`."""
    policies.require(actor, "expert.declare")
    return of_user(session, actor.id)


def of_user(session: Session, user_id: int) -> Expert:
    """What the platform knows of this user as an expert; raises `NotFound`."""
    found = session.scalar(select(Expert).where(Expert.user_id == user_id))
    if found is None:
        raise NotFound("expert")
    return found


def recent(session: Session, expert: Expert) -> list[History]:
    """What was done to the record, newest first."""
    return history.of_record(session, expert)


def invite(
    session: Session, actor: User, data: ExpertInput, *, now: datetime
) -> tuple[Expert, Mail]:
    """Open the account of an expert; the letter's link lets it choose a password.

    Until then nobody can sign in with it, but it can be put on a panel.
    """
    policies.require(actor, "expert.govern")
    with transaction(session):
        user = User(
            email=data.email,
            name=data.name,
            password_hash=UNUSABLE,
            role=Role.EXPERT,
            created_at=now,
        )
        session.add(user)
        try:
            session.flush()
        except IntegrityError as error:
            taken = "这个邮箱已有账号；评审专家请另用一个邮箱"
            raise Invalid({"email": taken}) from error
        expert = Expert(
            user_id=user.id,
            title=data.title,
            fields=data.fields,
            invited_by_id=actor.id,
            created_at=now,
        )
        session.add(expert)
        naming.add_tie(session, expert, TieKind.EMPLOYER, data.employer, "", now=now)
        session.flush()
        history.record(session, actor, "user.created", user, now=now)
        history.record(session, actor, "expert.invited", expert, now=now)
        return expert, _mail(session, actor, user, now)


def invite_again(
    session: Session, actor: User, expert_id: int, *, now: datetime
) -> Mail:
    """Write another letter; the link of the one before ends."""
    with transaction(session):
        expert = find(session, actor, expert_id)
        policies.require(actor, "expert.govern", expert)
        lock(session, expert)
        if expert.joined_at is not None:
            raise Conflict("expert.joined")
        if not expert.user.active:
            raise Conflict("expert.closed")
        history.record(session, actor, "expert.invited", expert, now=now)
        return _mail(session, actor, expert.user, now)


def _mail(session: Session, actor: User, user: User, now: datetime) -> Mail:
    secret = links.issue(session, TokenPurpose.EXPERT, user.id, now=now)
    return mail.queue(
        session,
        user.email,
        "expert_invitation",
        now=now,
        name=user.name,
        inviter=actor.name,
        path="/expert-invitation",
        token=secret,
        days=links.LIVES[TokenPurpose.EXPERT].days,
    )


def of_link(session: Session, secret: str, *, now: datetime) -> Expert:
    """Whose invitation the link is; raises `Conflict` when it opens nothing."""
    number = links.subject(session, TokenPurpose.EXPERT, secret, now=now)
    found = session.scalar(select(Expert).where(Expert.user_id == number))
    if found is None or not found.user.active:
        raise Conflict("link.unknown")
    return found


def join(session: Session, secret: str, data: Joining, *, now: datetime) -> User:
    """The invited person chooses a password, and may correct its name."""
    with transaction(session):
        expert = of_link(session, secret, now=now)
        user = expert.user
        check_new(NewPassword(new=data.new, repeated=data.repeated), user.email)
        links.spend(session, TokenPurpose.EXPERT, secret, now=now)
        user.password_hash, user.name = passwords.hashed(data.new), data.name
        expert.joined_at = now
        history.record(session, user, "expert.joined", expert, now=now)
    return user


def edit(
    session: Session, actor: User, expert_id: int, data: ExpertEdit, *, now: datetime
) -> Expert:
    """Change what the staff keep of an expert."""
    with transaction(session):
        expert = find(session, actor, expert_id)
        policies.require(actor, "expert.govern", expert)
        lock(session, expert)
        values = data.model_dump()
        if changes := history.difference(expert, values):
            for name, value in values.items():
                setattr(expert, name, value)
            history.record(
                session, actor, "expert.edited", expert, now=now, changes=changes
            )
    return expert
