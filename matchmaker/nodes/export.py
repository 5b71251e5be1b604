"""The tree of nodes and the list of mandates as files."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import IO

from sqlalchemy.orm import Session

from models import Mandate, User
from models.fields import district_name, field_name

from .. import labels
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told
from ..sheets.writer import Column
from . import mandates, service
from .duties import Duties
from .schema import MandateQuery
from .service import Row


def duties_words(duties: Duties) -> str:
    """What a node answers for, in words."""
    if duties.everything:
        return "全部区县和领域"
    named = (
        "、".join(map(district_name, sorted(duties.districts))),
        "、".join(map(field_name, sorted(duties.fields))),
    )
    return "；".join(filter(None, named))


NODE_COLUMNS: tuple[Told[Row], ...] = (
    (Column("节点", 32), lambda one: one.node.name),
    (
        Column("上级节点", 28),
        lambda one: one.node.parent.name if one.node.parent else "",
    ),
    (Column("类型", 12), lambda one: labels.label(one.node.kind)),
    (Column("负责", 48), lambda one: duties_words(one.duties)),
    (
        Column("工作人员", 28),
        lambda one: "、".join(user.name for user in one.node.staff),
    ),
    (Column("待审", 8, "number"), lambda one: one.waiting),
    (Column("状态", 10), lambda one: "在用" if one.node.active else "已停用"),
)
NODES = Copy("node", "节点", "node.read", NODE_COLUMNS)


def write_nodes(
    session: Session, user: User, form: Form, *, now: datetime
) -> IO[bytes]:
    """The tree, each node under its parent."""
    return NODES.write(
        session, user, (), form, lambda: service.tree(session, user), now=now
    )


def _state(day: date, mandate: Mandate) -> str:
    if mandate.holds_on(day):
        return "有效"
    return "未开始" if mandate.from_on > day else "已结束"


def _of_manager(mandate: Mandate) -> str:
    home = mandate.manager.organisation
    return home.name if home else ""


def _mandate_columns(day: date) -> tuple[Told[Mandate], ...]:
    return (
        (Column("技术经理人", 14), lambda one: one.manager.name),
        (Column("所在机构", 28), _of_manager),
        (Column("代表的单位", 28), lambda one: one.organisation.name),
        (Column("类型", 12), lambda one: labels.label(one.organisation.kind)),
        (
            Column("区县", 12),
            lambda one: district_name(one.organisation.district or ""),
        ),
        (Column("从", 12, "date"), lambda one: one.from_on),
        (Column("到", 12, "date"), lambda one: one.until_on),
        (Column("状态", 10), partial(_state, day)),
    )


def write_mandates(
    session: Session, user: User, query: MandateQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The mandates this person may know of, under the filters."""
    day = labels.today(now)
    copy = Copy("mandate", "委托", "mandate.read", _mandate_columns(day))
    told = [pair for pair in query.args().items() if pair[0] != "page"]
    return copy.write(
        session,
        user,
        told,
        form,
        lambda: mandates.every(session, user, query, day),
        now=now,
    )
