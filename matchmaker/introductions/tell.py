"""Who is told what about an introduction, each in the words that reader may read.

Everything here is written inside the running transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Introduction, User
from models.states import Side

from ..mail import service as mail
from ..notices import service as notices
from . import sight

# What a letter says of it; in public words only, since it lies on servers of others.
LETTERS: dict[str, str] = {
    "introduction_asked": "有一个对接等您答复",
    "introduction_agreed": "双方都有意向，可以洽谈了",
    "introduction_declined": "对方答复无意向",
    "introduction_failed": "对接未成",
    "introduction_managed": "您被指派负责一个对接",
}


def side(
    session: Session,
    introduction: Introduction,
    which: Side,
    kind: str,
    *,
    now: datetime,
    actor: User | None = None,
    **facts: Any,
) -> None:
    """Tell the members of one side, but for whoever did it.

    A provider that may not know of the talks is told nothing.
    """
    home = introduction.seeker_id
    if which is Side.PROVIDER:
        if not introduction.provider_knows:
            return
        home = introduction.provider_id
    people = select(User).where(User.organisation_id == home, User.active)
    readers = [one for one in session.scalars(people) if one is not actor]
    _tell(session, introduction, which, readers, kind, now=now, **facts)


def sides(
    session: Session, introduction: Introduction, kind: str, **facts: Any
) -> None:
    """Tell both sides, as far as they may know."""
    for which in Side:
        side(session, introduction, which, kind, **facts)


def manager(
    session: Session,
    introduction: Introduction,
    kind: str,
    *,
    now: datetime,
    actor: User | None = None,
    **facts: Any,
) -> None:
    """Tell the technology manager, where there is one and it is somebody else."""
    person = introduction.manager
    if person is not None and person is not actor:
        _tell(session, introduction, None, [person], kind, now=now, **facts)


def _tell(
    session: Session,
    introduction: Introduction,
    which: Side | None,
    readers: list[User],
    kind: str,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    notices.queue(
        session,
        [reader.id for reader in readers],
        kind,
        now=now,
        title=sight.shown_to(introduction, which).title,
        introduction_id=introduction.id,
        **facts,
    )
    if kind not in LETTERS:
        return
    for reader in readers:
        mail.queue(
            session,
            reader.email,
            "introduction",
            now=now,
            words=LETTERS[kind],
            title=sight.shown_outside(introduction),
            path=f"/introductions/{introduction.id}",
        )
