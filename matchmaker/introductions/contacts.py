"""Contacts: each person opens its own, to the other side, and may take it back.

Nothing of them stands in a list, notice, letter, export or the history; whoever reads
one, that is noted at every reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import ContactGrant, History, Introduction, User, transaction
from models.states import IntroductionStatus, Side

from .. import policies
from ..errors import Conflict, Forbidden, Invalid
from ..history import service as history
from . import tell
from .schema import ContactInput
from .service import find, held

# Both sides agreed, and the talks did not come to nothing.
OPEN_IN = frozenset(
    {
        IntroductionStatus.TALKING,
        IntroductionStatus.DRAFTING,
        IntroductionStatus.SIGNED,
    }
)


def may_open(user: User, introduction: Introduction) -> bool:
    """Whether the person may open its own contact now."""
    return (
        introduction.status in OPEN_IN
        and introduction.side_of(user.organisation_id) is not None
        and policies.may(user, "introduction.open_contact", introduction)
    )


def open_own(
    session: Session,
    actor: User,
    introduction_id: int,
    data: ContactInput,
    *,
    now: datetime,
) -> ContactGrant:
    """Open one's own contact to the other side, or change what is open.

    Raises `Conflict` «introduction.not_talking» until both sides agreed.
    """
    if missing := data.missing():
        raise Invalid(missing)
    with transaction(session):
        introduction = held(
            session, actor, introduction_id, "introduction.open_contact"
        )
        side = introduction.side_of(actor.organisation_id)
        if side is None:
            raise Forbidden("introduction.open_contact")
        if introduction.status not in OPEN_IN:
            raise Conflict("introduction.not_talking")
        grant = _of(session, introduction, actor)
        is_news = grant is None or grant.revoked_at is not None
        if grant is None:
            grant = ContactGrant(
                introduction=introduction, user=actor, side=side, granted_at=now
            )
        grant.phone, grant.by_mail = data.phone, data.by_mail
        grant.granted_at, grant.revoked_at = now, None
        introduction.updated_at = now
        session.add(grant)
        session.flush()
        history.record(session, actor, "contact.opened", introduction, now=now)
        if is_news:
            facts: dict[str, Any] = {"now": now, "name": actor.name}
            other = Side.PROVIDER if side is Side.SEEKER else Side.SEEKER
            tell.side(session, introduction, other, "contact_opened", **facts)
            tell.manager(session, introduction, "contact_opened", **facts)
    return grant


def revoke(
    session: Session, actor: User, introduction_id: int, *, now: datetime
) -> Introduction:
    """Take one's own contact back, at any stage; from now on nobody reads it."""
    with transaction(session):
        introduction = held(
            session, actor, introduction_id, "introduction.open_contact"
        )
        grant = _of(session, introduction, actor)
        if grant is not None and grant.revoked_at is None:
            grant.revoked_at, grant.phone, grant.by_mail = now, "", True
            history.record(session, actor, "contact.revoked", introduction, now=now)
    return introduction


def _of(
    session: Session, introduction: Introduction, user: User
) -> ContactGrant | None:
    return session.scalar(
        select(ContactGrant).where(
            ContactGrant.introduction_id == introduction.id,
            ContactGrant.user_id == user.id,
        )
    )


def own(
    session: Session, user: User, introduction: Introduction
) -> ContactGrant | None:
    """What the person itself has open in these talks."""
    grant = _of(session, introduction, user)
    return grant if grant is not None and grant.revoked_at is None else None


def readable(
    session: Session, user: User, introduction: Introduction
) -> Sequence[ContactGrant]:
    """The contacts that are open to this person now; it must not show them yet.

    Those of the other side; the technology manager and the staff read both sides'.
    """
    if not policies.may(user, "introduction.read_contact", introduction):
        return []
    if introduction.status not in OPEN_IN:
        return []
    query = (
        select(ContactGrant)
        .join(ContactGrant.user)
        .where(
            ContactGrant.introduction_id == introduction.id,
            ContactGrant.revoked_at.is_(None),
            ContactGrant.user_id != user.id,
            User.active,
        )
        .options(joinedload(ContactGrant.user))
        .order_by(ContactGrant.side, ContactGrant.id)
    )
    side = introduction.side_of(user.organisation_id)
    inside = policies.reads_internal_lines(user, introduction)
    if side is not None and not inside:
        query = query.where(ContactGrant.side != side)
    return session.scalars(query).all()


@dataclass(frozen=True)
class Contact:
    """A person's contact as it was read just now."""

    name: str
    side: Side
    phone: str
    email: str
    granted_at: datetime


def read(
    session: Session, user: User, introduction_id: int, *, now: datetime
) -> tuple[Introduction, list[Contact]]:
    """The contacts open to this person; that it read them is noted, each by itself."""
    with transaction(session):
        introduction = find(session, user, introduction_id)
        policies.require(user, "introduction.read_contact", introduction)
        found = []
        for grant in readable(session, user, introduction):
            history.record(
                session,
                user,
                "contact.read",
                grant,
                now=now,
                changes={"person": [None, grant.user.name]},
            )
            found.append(
                Contact(
                    grant.user.name,
                    grant.side,
                    grant.phone,
                    grant.user.email if grant.by_mail else "",
                    grant.granted_at,
                )
            )
    return introduction, found


def read_need(
    session: Session, user: User, introduction_id: int, *, now: datetime
) -> Introduction:
    """The talks with the full text of their need opened to the person; it is noted.

    Its firm and the staff read it anyway, and nobody is noted for what is public.
    Raises `Forbidden` until the text is opened.
    """
    with transaction(session):
        introduction = find(session, user, introduction_id)
        if policies.is_inside_talks(user, introduction):
            return introduction
        if not policies.talks_are_opened(introduction):
            raise Forbidden("introduction.read_need")
        history.record(session, user, "introduction.need_read", introduction, now=now)
    return introduction


def readings(session: Session, user: User, introduction: Introduction) -> list[History]:
    """Who read what was opened in these talks, newest first.

    Of its own contact each person learns; the firm of the need also who read its full
    text; staff everything.
    """
    grants = select(ContactGrant.id).where(
        ContactGrant.introduction_id == introduction.id
    )
    if not user.is_staff:
        grants = grants.where(ContactGrant.user_id == user.id)
    rows = list(
        session.scalars(
            select(History)
            .where(
                History.record_type == ContactGrant.__tablename__,
                History.record_id.in_(grants),
                History.action == "contact.read",
            )
            .options(joinedload(History.actor))
        )
    )
    if user.is_staff or introduction.side_of(user.organisation_id) is Side.SEEKER:
        rows += [
            row
            for row in history.of_record(session, introduction)
            if row.action == "introduction.need_read"
        ]
    return sorted(rows, key=lambda row: row.id, reverse=True)
