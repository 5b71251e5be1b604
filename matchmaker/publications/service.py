"""Compose lists, issue them, withdraw them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from models import PublicationEntry, PublicationList, User, transaction
from models.session import lock
from models.states import PublicationKind, PublicationState

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from ..labels import today
from ..notices import service as notices
from . import contents
from .contents import Line
from .finding import code, find, owners
from .schema import (
    EditedList,
    ListArrangement,
    ListHead,
    ListSeen,
    ListWithdrawal,
    NewList,
)


def create(
    session: Session, actor: User, data: NewList, *, now: datetime
) -> PublicationList:
    """A draft with what is public now and fits what is chosen."""
    with transaction(session):
        policies.require(actor, "publication.govern")
        _check(data.kind, data)
        made = _new(session, actor, data.kind, data, now)
        contents.refill(session, made)
        history.record(
            session,
            actor,
            "publication.created",
            made,
            now=now,
            changes={"title": [None, made.title]},
        )
    return made


def _new(
    session: Session, actor: User, kind: PublicationKind, head: ListHead, now: datetime
) -> PublicationList:
    made = PublicationList(
        kind=kind,
        title=head.title,
        issuer=head.issuer,
        foreword=head.foreword,
        chosen=head.chosen(),
        author_id=actor.id,
        is_demo=actor.is_demo,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _check(kind: PublicationKind, data: ListHead) -> None:
    if kind is PublicationKind.ACHIEVEMENTS and data.district:
        raise Invalid({"district": "科技成果没有区县，请不选区县"})


def edit(
    session: Session, actor: User, list_id: int, data: EditedList, *, now: datetime
) -> PublicationList:
    """Change the head of a draft; it is gathered anew by what is chosen then."""
    with transaction(session):
        made = _draft(session, actor, list_id, data.version)
        _check(made.kind, data)
        values = data.model_dump(include={"title", "issuer", "foreword"})
        values["chosen"] = data.chosen()
        changes = history.difference(made, values)
        for name, value in values.items():
            setattr(made, name, value)
        _touch(made, now)
        contents.refill(session, made)
        history.record(
            session, actor, "publication.edited", made, now=now, changes=changes
        )
    return made


def gather(
    session: Session, actor: User, list_id: int, version: int, *, now: datetime
) -> int:
    """Look again for what fits; says how many entries the draft then has."""
    with transaction(session):
        made = _draft(session, actor, list_id, version)
        _touch(made, now)
        contents.refill(session, made)
        history.record(session, actor, "publication.gathered", made, now=now)
        return len(made.entries)


def arrange(
    session: Session, actor: User, list_id: int, data: ListArrangement, *, now: datetime
) -> PublicationList:
    """Put the entries of a draft in order, and leave out what is not to be kept.

    Two of one place keep the order in which they were shown.
    """
    with transaction(session):
        made = _draft(session, actor, list_id, data.version)
        places = dict(zip(data.entries, data.places, strict=True))
        last = len(made.entries) + max(places.values(), default=0)
        order = sorted(made.entries, key=lambda one: places.get(one.id, last))
        for place, entry in enumerate(order, 1):
            entry.position = place
            if entry.id in places:
                entry.included = entry.id in data.keep
        _touch(made, now)
        history.record(session, actor, "publication.arranged", made, now=now)
    return made


def discard(
    session: Session, actor: User, list_id: int, version: int, *, now: datetime
) -> None:
    """Give up a draft; it never had a number."""
    with transaction(session):
        made = _draft(session, actor, list_id, version)
        changes = {"title": [made.title, None]}
        history.record(
            session, actor, "publication.discarded", made, now=now, changes=changes
        )
        for entry in made.entries:
            session.delete(entry)
        session.flush()
        session.delete(made)


def issue(
    session: Session, actor: User, list_id: int, data: ListSeen, *, now: datetime
) -> PublicationList:
    """Give the draft its number and day, and freeze what its records say now.

    It says what the person saw, to the letter, or it is not issued: raises `Conflict`
    where a record was changed, hidden or withdrawn since. A list that it replaces is
    withdrawn with it. Records of the demonstration stand in no list beside real ones:
    it would go with the demonstration (`demo.removal`), and its number with it.
    """
    with transaction(session):
        made = _draft(session, actor, list_id, data.version)
        contents.hold(session, made)
        shown = [one for one in contents.lines(session, made) if one.entry.included]
        if not shown:
            raise Conflict("publication.empty")
        if len({line.is_demo for line in shown}) > 1:
            raise Conflict("publication.mixed")
        if contents.digest(made, shown) != data.digest:
            raise Conflict("publication.changed")
        _freeze(session, made, shown)
        _number(session, actor, made, data.digest, now)
        if made.replaces is not None:
            _give_way(session, actor, made.replaces, made, shown, now)
        changes = {"number": [None, code(made)], "title": [None, made.title]}
        history.record(
            session, actor, "publication.issued", made, now=now, changes=changes
        )
        _tell(session, made, shown, "publication_issued", now)
    return made


def _freeze(session: Session, made: PublicationList, shown: Sequence[Line]) -> None:
    kept = {line.entry.id for line in shown}
    for entry in made.entries:
        if entry.id not in kept:
            session.delete(entry)
    for place, line in enumerate(shown, 1):
        entry = line.entry
        entry.position, entry.is_demo = place, line.is_demo
        entry.title, entry.facts = line.title, line.facts
    made.is_demo = made.is_demo or shown[0].is_demo
    session.flush()
    session.expire(made, ["entries"])


def _number(
    session: Session, actor: User, made: PublicationList, digest: str, now: datetime
) -> None:
    """The next number of the kind in this year; it is taken once and for all."""
    year = today(now).year
    last = session.scalar(
        select(func.max(PublicationList.number)).where(
            PublicationList.kind == made.kind, PublicationList.year == year
        )
    )
    made.year, made.number, made.digest = year, (last or 0) + 1, digest
    made.issued_at, made.issued_by_id, made.updated_at = now, actor.id, now
    made.move_to(PublicationState.ISSUED)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("publication.number_taken") from error


def _give_way(
    session: Session,
    actor: User,
    old: PublicationList,
    new: PublicationList,
    shown: Sequence[Line],
    now: datetime,
) -> None:
    """Withdraw the list that is replaced; who is in the new one is told of that."""
    lock(session, old)
    if old.state is not PublicationState.ISSUED:
        return
    _withdraw(session, actor, old, f"由{code(new)}代替", now)
    told = {organisation_id for organisation_id, _ in owners(session, new, shown)}
    gone = contents.lines(session, old)
    _tell(session, old, gone, "publication_withdrawn", now, besides=told)


def withdraw(
    session: Session, actor: User, list_id: int, data: ListWithdrawal, *, now: datetime
) -> PublicationList:
    """Take an issued list back; its number, title and the reason stay public."""
    with transaction(session):
        made = _held(session, actor, list_id)
        if made.state is not PublicationState.ISSUED:
            raise Conflict("publication.not_issued")
        _require_seen(made, data.version)
        _withdraw(session, actor, made, data.words, now)
        told = contents.lines(session, made)
        _tell(session, made, told, "publication_withdrawn", now)
    return made


def _withdraw(
    session: Session, actor: User, made: PublicationList, words: str, now: datetime
) -> None:
    made.move_to(PublicationState.WITHDRAWN)
    made.withdrawn_at, made.withdrawn_by_id, made.updated_at = now, actor.id, now
    made.withdrawn_words = words
    changes = {"words": [None, words]}
    history.record(
        session, actor, "publication.withdrawn", made, now=now, changes=changes
    )


def replace(
    session: Session, actor: User, list_id: int, *, now: datetime
) -> PublicationList:
    """A draft that corrects an issued or withdrawn list: the same head and records."""
    with transaction(session):
        old = _held(session, actor, list_id)
        if old.is_draft:
            raise Conflict("publication.not_issued")
        if old.successor is not None:
            raise Conflict("publication.has_successor")
        head = ListHead.model_construct(
            title=old.title, issuer=old.issuer, foreword=old.foreword
        )
        made = _new(session, actor, old.kind, head, now)
        made.chosen, made.replaces_id = dict(old.chosen), old.id
        for entry in old.entries:
            session.add(
                PublicationEntry(
                    list_id=made.id,
                    position=entry.position,
                    record_type=entry.record_type,
                    record_id=entry.record_id,
                )
            )
        session.flush()
        changes: dict[str, Any] = {"replaces": [None, code(old)]}
        history.record(
            session, actor, "publication.created", made, now=now, changes=changes
        )
    return made


def _draft(
    session: Session, actor: User, list_id: int, version: int
) -> PublicationList:
    made = _held(session, actor, list_id)
    if not made.is_draft:
        raise Conflict("publication.issued")
    _require_seen(made, version)
    return made


def _held(session: Session, actor: User, list_id: int) -> PublicationList:
    policies.require(actor, "publication.govern")
    made = find(session, actor, list_id)
    lock(session, made)
    return made


def _require_seen(made: PublicationList, version: int) -> None:
    if made.version != version:
        raise Conflict("stale")


def _touch(made: PublicationList, now: datetime) -> None:
    """A new version, whichever of its entries was changed."""
    made.updated_at = now
    flag_modified(made, "title")


def _tell(
    session: Session,
    made: PublicationList,
    lines: Sequence[Line],
    kind: str,
    now: datetime,
    besides: Collection[int] = (),
) -> None:
    """One notice to each member of an organisation, however many of its records.

    Those organisations are left out that are told ``besides``.
    """
    for organisation_id, number in owners(session, made, lines):
        if organisation_id in besides:
            continue
        notices.queue(
            session,
            notices.members_of(session, organisation_id),
            kind,
            now=now,
            title=made.title,
            code=code(made),
            number=number,
            list_id=made.id,
        )
