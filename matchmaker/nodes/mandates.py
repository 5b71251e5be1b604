"""Whom technology managers represent."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, not_, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from models import Mandate, Organisation, User, transaction
from models.session import lock
from models.states import Role

from .. import policies
from ..errors import Invalid, NotFound
from ..history import service as history
from ..paging import Page, Part, streamed, turn
from .schema import LARGEST_ID, MandateEnd, MandateInput, MandateQuery

PER_PAGE = 30


def listed(
    session: Session,
    user: User,
    query: MandateQuery,
    day: date,
    part: Part | None = None,
) -> Page[Mandate]:
    """The mandates the person may know of: those in force first, then the newest.

    ``part`` is what is asked for instead of the query's page.
    """
    policies.require(user, "mandate.read")
    found = _found(user, query, day)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    here = turn(part or query.page, total, PER_PAGE)
    rows = session.scalars(here.rows(_in_order(found)))
    return Page(rows.unique().all(), total, here.page, here.pages)


def every(
    session: Session, user: User, query: MandateQuery, day: date
) -> Iterator[Mandate]:
    """The mandates of all pages, in their order."""
    policies.require(user, "mandate.read")
    return streamed(session, _in_order(_found(user, query, day)))


def _found(user: User, query: MandateQuery, day: date) -> Select[Any]:
    return (
        select(Mandate)
        .join(Mandate.manager)
        .join(Mandate.organisation)
        .where(policies.visible_mandates(user), *_where(query, day))
    )


def _in_order(found: Select[Any]) -> Select[Any]:
    return found.options(
        contains_eager(Mandate.manager).joinedload(User.organisation),
        contains_eager(Mandate.organisation),
    ).order_by(
        Mandate.until_on.is_not(None),
        Mandate.until_on.desc(),
        Mandate.from_on.desc(),
        Mandate.id.desc(),
    )


def _where(query: MandateQuery, day: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        User.name.icontains(word, autoescape=True)
        | Organisation.name.icontains(word, autoescape=True)
        for word in query.q.split()
    ]
    over = Mandate.until_on < day
    if query.state == "over":
        found.append(over)
    elif query.state == "held":
        found += [
            Mandate.from_on <= day,
            or_(Mandate.until_on.is_(None), not_(over)),
        ]
    return found


def represented(session: Session, manager: User, day: date) -> Sequence[Organisation]:
    """The organisations the manager speaks for on this day."""
    return represented_by(session, [manager.id], day)[manager.id]


def represented_by(
    session: Session, manager_ids: Sequence[int], day: date
) -> dict[int, list[Organisation]]:
    """Of several managers: whom each speaks for on this day."""
    found: dict[int, list[Organisation]] = {id_: [] for id_ in manager_ids}
    query = (
        select(Mandate)
        .where(
            Mandate.manager_id.in_(manager_ids),
            Mandate.from_on <= day,
            or_(Mandate.until_on.is_(None), Mandate.until_on >= day),
        )
        .options(joinedload(Mandate.organisation))
        .order_by(Mandate.organisation_id)
    )
    for mandate in session.scalars(query):
        found[mandate.manager_id].append(mandate.organisation)
    return found


def managers(session: Session) -> Sequence[User]:
    """The technology managers who may be given a mandate."""
    query = (
        select(User)
        .where(User.role == Role.MANAGER, User.active)
        .options(joinedload(User.organisation))
        .order_by(User.name, User.id)
    )
    return session.scalars(query).all()


def create(
    session: Session, actor: User, data: MandateInput, *, now: datetime
) -> Mandate:
    """Note that a manager represents an organisation; no two periods overlap."""
    with transaction(session):
        policies.require(actor, "mandate.govern")
        manager = session.get(User, data.manager)
        if manager is None or manager.role is not Role.MANAGER or not manager.active:
            raise Invalid({"manager": "请从列表中选择技术经理人"})
        lock(session, manager)
        organisation = session.scalar(
            select(Organisation).where(Organisation.name == data.organisation)
        )
        if organisation is None:
            raise Invalid({"organisation": "平台上没有这个单位，请填写登记的全称"})
        if organisation.id == manager.organisation_id:
            raise Invalid({"organisation": "这是经理人自己的单位，不需要委托"})
        if _overlaps(session, manager, organisation, data):
            raise Invalid({"from_on": "与已登记的委托期限重叠，请先结束原来的委托"})
        mandate = Mandate(
            manager_id=manager.id,
            organisation_id=organisation.id,
            from_on=data.from_on,
            until_on=data.until_on,
            created_at=now,
        )
        session.add(mandate)
        session.flush()
        history.record(
            session,
            actor,
            "mandate.created",
            mandate,
            now=now,
            changes={
                "manager": [None, manager.name],
                "organisation": [None, organisation.name],
                **history.difference(
                    Mandate(), {"from_on": data.from_on, "until_on": data.until_on}
                ),
            },
        )
    return mandate


def _overlaps(
    session: Session, manager: User, organisation: Organisation, data: MandateInput
) -> bool:
    query = select(Mandate.id).where(
        Mandate.manager_id == manager.id,
        Mandate.organisation_id == organisation.id,
        or_(Mandate.until_on.is_(None), Mandate.until_on >= data.from_on),
    )
    if data.until_on is not None:
        query = query.where(Mandate.from_on <= data.until_on)
    return session.scalar(query.limit(1)) is not None


def find(session: Session, user: User, mandate_id: int) -> Mandate:
    """A mandate the person may know of; raises `NotFound`."""
    policies.require(user, "mandate.read")
    if mandate_id > LARGEST_ID:
        raise NotFound("mandate")
    mandate = session.scalar(
        select(Mandate).where(Mandate.id == mandate_id, policies.visible_mandates(user))
    )
    if mandate is None:
        raise NotFound("mandate")
    return mandate


def end(
    session: Session, actor: User, mandate_id: int, data: MandateEnd, *, now: datetime
) -> Mandate:
    """Set the last day of a mandate; what was done under it stays."""
    with transaction(session):
        policies.require(actor, "mandate.govern")
        mandate = find(session, actor, mandate_id)
        lock(session, mandate)
        if data.until_on < mandate.from_on:
            raise Invalid({"until_on": "结束日期不能早于开始日期"})
        if mandate.until_on is not None and data.until_on > mandate.until_on:
            raise Invalid({"until_on": "不能晚于原定的结束日期；如需延长请另行登记"})
        changes = history.difference(mandate, {"until_on": data.until_on})
        mandate.until_on = data.until_on
        history.record(
            session, actor, "mandate.ended", mandate, now=now, changes=changes
        )
    return mandate
