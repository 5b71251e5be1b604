"""What staff verify: the kinds of submission, each named in one place.

A kind that is added here is in the queue, its filters, the batch and the work list;
it needs a dictionary of reasons «<name>_return» and a rule «<name>.verify».
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from models import TABLES, Achievement, History, Need, Organisation, User
from models.outbox import RecordType

from .. import policies
from ..search.service import load
from . import service

AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Kind:
    """One kind of submission.

    waiting    those that wait and the user may see (None: the platform itself, all);
               columns kind, id, title, is_demo, since, field, district
    load       the records of these ids that the user may see, in that order
    publish, give_back   the two decisions, each a transaction of its own
    page       the endpoint of the record's page and the name of its argument
    """

    name: str
    noun: str
    page: tuple[str, str]
    waiting: Callable[[User | None], AnySelect]
    load: Callable[[Session, User, Sequence[int]], list[Any]]
    publish: Callable[..., Any]
    give_back: Callable[..., Any]


def _pending(
    kind: RecordType, district: ColumnElement[Any], user: User | None
) -> AnySelect:
    model: Any = TABLES[kind]
    submitted = (
        select(func.max(History.at))
        .where(
            History.record_type == model.__tablename__,
            History.record_id == model.id,
            History.action == f"{kind.value}.submitted",
        )
        .scalar_subquery()
    )
    query = select(
        literal(kind.value).label("kind"),
        model.id.label("id"),
        model.title.label("title"),
        model.is_demo.label("is_demo"),
        # A record that came in by import has no submission in its history.
        func.coalesce(submitted, model.updated_at).label("since"),
        model.field.label("field"),
        district.label("district"),
    ).where(model.status == "pending")
    if user is not None:
        query = query.where(policies.where(policies.visible(user, kind), kind))
    return query


def _load(kind: RecordType, session: Session, user: User, ids: Sequence[int]) -> Any:
    return load(session, user, kind, ids)


def _home(model: Any) -> ColumnElement[Any]:
    """The district of the organisation, for what has none of its own."""
    query = select(Organisation.district).where(
        Organisation.id == model.organisation_id
    )
    return query.scalar_subquery()


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "need",
            "技术需求",
            ("needs.show", "need_id"),
            partial(_pending, RecordType.NEED, Need.district.expression),
            partial(_load, RecordType.NEED),
            service.publish_need,
            service.return_need,
        ),
        Kind(
            "achievement",
            "科技成果",
            ("achievements.show", "achievement_id"),
            partial(_pending, RecordType.ACHIEVEMENT, _home(Achievement)),
            partial(_load, RecordType.ACHIEVEMENT),
            service.publish_achievement,
            service.return_achievement,
        ),
    )
}
