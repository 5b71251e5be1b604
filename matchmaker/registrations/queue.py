"""Registrations as those see them who decide: the queue, one of them, and its likes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from models import Organisation, Registration, User
from models.accounts import name_key
from models.states import RegistrationState

from .. import policies
from ..errors import NotFound
from ..nodes.duties import Choices, choices
from ..paging import Part, streamed, turn
from .schema import STATES, QueueQuery

PER_PAGE = 20
# Of whom it is about: who joins says the district of an organisation that is known.
DISTRICT = func.coalesce(
    select(Organisation.district)
    .where(Organisation.id == Registration.organisation_id)
    .scalar_subquery(),
    Registration.district,
)


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


def queue(
    session: Session, actor: User, query: QueueQuery, part: Part | None = None
) -> Queue:
    """What waits for a decision, the longest wait first; or what was decided.

    A registration is of the district of the organisation; with a node chosen, only
    those of its districts. Raises `NotFound` for a node that is not there. ``part`` is
    what is asked for instead of the query's page.
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
    here = turn(part or query.page, total, PER_PAGE)
    found = session.scalars(here.rows(_listed(actor, query, nodes))).all()
    return Queue(found, total, here.page, here.pages, nodes, counts)


def every(session: Session, actor: User, query: QueueQuery) -> Iterator[Registration]:
    """The registrations of all pages, in their order."""
    policies.require(actor, "registration.list")
    return streamed(session, _listed(actor, query, choices(session, actor, query.node)))


def _listed(actor: User, query: QueueQuery, nodes: Choices) -> Select[Any]:
    wanted = STATES[query.state]
    waits = wanted is RegistrationState.PENDING
    order = Registration.submitted_at if waits else Registration.decided_at.desc()
    return (
        select(Registration)
        .where(
            policies.visible_registrations(actor),
            Registration.state == wanted,
            nodes.duties.where(DISTRICT),
        )
        .options(
            joinedload(Registration.organisation), joinedload(Registration.decided_by)
        )
        .order_by(order, Registration.id)
    )


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
