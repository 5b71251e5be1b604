"""What was published last, as every visitor finds it: for the feeds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import TABLES
from models.conditions import Every
from models.outbox import RecordType

from .. import policies
from ..feeds import MOST
from .service import with_organisation


def newest(session: Session, kind: RecordType, *, now: datetime) -> Sequence[Any]:
    """The records of the public list of the kind, the newest first."""
    table: Any = TABLES[kind]
    seen = Every((policies.visible(None, kind), policies.listed(kind, now)))
    query = (
        select(table)
        .where(policies.where(seen, kind))
        .options(*with_organisation(kind))
        .order_by(table.published_at.desc(), table.id.desc())
        .limit(MOST)
    )
    return session.scalars(query).all()
