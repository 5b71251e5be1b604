"""Decide on several submissions: each by itself, wholly or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models import User

from .. import policies
from ..errors import Conflict, DomainError
from .kinds import KINDS, Kind
from .schema import Batch, BatchReturn, Chosen, Publication, Return


@dataclass(frozen=True)
class Outcome:
    """What became of one; ``refusal`` says why nothing did.

    ``title`` is empty where the person may not know of the record.
    """

    chosen: Chosen
    title: str
    refusal: DomainError | None = None


def publish(
    session: Session, actor: User, data: Batch, *, now: datetime
) -> list[Outcome]:
    """Publish each one; what cannot be published stays as it is."""

    def decide(kind: Kind, one: Chosen) -> None:
        form = Publication(version=one.version)
        kind.publish(session, actor, one.id, form, now=now)

    return _each(session, actor, data.items, decide)


def give_back(
    session: Session, actor: User, data: BatchReturn, *, now: datetime
) -> list[Outcome]:
    """Return each one for the same reasons; what they do not fit stays as it is."""

    def decide(kind: Kind, one: Chosen) -> None:
        form = Return(version=one.version, codes=data.codes, reason=data.reason)
        kind.give_back(session, actor, one.id, form, now=now)

    return _each(session, actor, data.items, decide)


def _each(
    session: Session,
    actor: User,
    items: Sequence[Chosen],
    decide: Callable[[Kind, Chosen], Any],
) -> list[Outcome]:
    policies.require(actor, "need.verify")
    titles = _titles(session, actor, items)
    found = []
    for one in items:
        refusal: DomainError | None = None
        try:
            decide(KINDS[one.kind], one)
        except DomainError as error:
            refusal = error
        except StaleDataError:
            refusal = Conflict("changed_since_read")
        found.append(Outcome(one, titles.get((one.kind, one.id), ""), refusal))
    return found


def _titles(
    session: Session, actor: User, items: Sequence[Chosen]
) -> dict[tuple[str, int], str]:
    return {
        (name, item.id): item.title
        for name, kind in KINDS.items()
        if (ids := [one.id for one in items if one.kind == name])
        for item in kind.load(session, actor, ids)
    }
