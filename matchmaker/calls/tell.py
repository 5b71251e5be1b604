"""Who is told what about a call; all of it inside the running transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Call, User

from ..notices import service as notices
from . import followers as following


def staff(
    session: Session,
    call: Call,
    kind: str,
    *,
    now: datetime,
    actor: User | None = None,
    **facts: Any,
) -> None:
    """Tell the people of the platform, but for whoever did it."""
    _tell(session, call, notices.staff(session), kind, actor, now=now, **facts)


def authors(
    session: Session,
    call: Call,
    kind: str,
    *,
    now: datetime,
    actor: User | None = None,
    **facts: Any,
) -> None:
    """Tell the issuer's people, and whoever wrote the call down."""
    people = notices.members_of(session, call.issuer_id)
    written = [call.author_id] if call.author_id else []
    _tell(session, call, people + written, kind, actor, now=now, **facts)


def followers(
    session: Session,
    call: Call,
    kind: str,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    """Tell everybody who began a bid, asked or was invited."""
    people = following.people(session, call.id)
    _tell(session, call, people, kind, None, now=now, **facts)


def members(
    session: Session,
    call: Call,
    organisation_id: int,
    kind: str,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    """Tell the people of one organisation."""
    people = notices.members_of(session, organisation_id)
    _tell(session, call, people, kind, None, now=now, **facts)


def _tell(
    session: Session,
    call: Call,
    people: Iterable[int],
    kind: str,
    actor: User | None,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    ids = set(people) - ({actor.id} if actor else set())
    notices.queue(
        session, ids, kind, now=now, title=call.title, call_id=call.id, **facts
    )
