"""The lists of the demonstration: two that were issued, and a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from models import PublicationEntry, PublicationList, User, transaction
from models.states import PublicationKind, Role

from ..errors import Invalid
from ..labels import today
from ..publications import contents, service
from ..publications.schema import ListSeen, NewList
from ..schema import parse
from . import dealings
from .past import forget

ISSUER = "长沙技术交易撮合平台（示例）"
PEOPLE = (
    PublicationList.author_id,
    PublicationList.issued_by_id,
    PublicationList.withdrawn_by_id,
)


@dataclass(frozen=True)
class Scene:
    """A list: of what, by which fields, how many days ago; ``issued`` or a draft."""

    kind: PublicationKind
    batch: str
    fields: tuple[str, ...]
    days: int
    foreword: str
    issued: bool = True


SCENES = (
    Scene(
        PublicationKind.NEEDS,
        "第一批技术需求清单",
        ("ES", "NM"),
        45,
        "本批收集企业已公开的储能与新材料领域技术需求，脱敏需求以公开文本列出。",
    ),
    Scene(
        PublicationKind.ACHIEVEMENTS,
        "第一批科技成果清单",
        ("ES",),
        20,
        "本批收集高校和科研院所登记的储能与新能源领域科技成果。",
    ),
    Scene(
        PublicationKind.NEEDS,
        "第二批技术需求清单",
        ("EM",),
        1,
        "草稿：待核对条目后发布。",
        issued=False,
    ),
)


def load(session: Session, *, now: datetime) -> int:
    """Enter the lists once; says how many. Nothing without staff or public records."""
    if session.scalar(select(exists().where(PublicationList.is_demo))):
        return 0
    query = select(User).where(User.is_demo, User.active, User.role == Role.STAFF)
    staff = session.scalars(query.order_by(User.id)).first()
    if staff is None:
        return 0
    made = sum(_play(session, staff, scene, now) for scene in SCENES)
    with transaction(session):
        dealings.quiet(session, now)
    return made


def _play(session: Session, staff: User, scene: Scene, now: datetime) -> bool:
    """Compose the list, and issue it unless nothing of its fields is public."""
    then = now - timedelta(days=scene.days, minutes=5)
    data = {
        "kind": scene.kind.value,
        "title": f"{today(then).year} 年{scene.batch}（示例）",
        "issuer": ISSUER,
        "foreword": scene.foreword,
        "field": list(scene.fields),
        "until_on": today(then).isoformat(),
    }
    try:
        made = service.create(session, staff, parse(NewList, data), now=then)
    except Invalid:
        return False  # more than a list holds: a sample of another size
    shown = contents.lines(session, made)
    if scene.issued and shown:
        seen = ListSeen(version=made.version, digest=contents.digest(made, shown))
        service.issue(session, staff, made.id, seen, now=then + timedelta(minutes=4))
    return True


def remove(session: Session) -> set[int]:
    """Take out the lists that hold anything of the demonstration; their numbers."""
    ids = set(
        session.scalars(select(PublicationList.id).where(PublicationList.is_demo))
    )
    forget(session, PublicationList, ids)
    session.execute(delete(PublicationEntry).where(PublicationEntry.list_id.in_(ids)))
    session.execute(
        update(PublicationList)
        .where(PublicationList.replaces_id.in_(ids))
        .values(replaces_id=None)
    )
    session.execute(delete(PublicationList).where(PublicationList.id.in_(ids)))
    return ids


def names_person() -> ColumnElement[bool]:
    """Whether a list that stays names the person."""
    return or_(*(User.id.in_(select(c).where(c.is_not(None))) for c in PEOPLE))
