"""What the headings of somebody's files stand for: proposed, confirmed, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import ImportMapping, ImportRun

from ..sheets.layout import Layout

# So many headings of one organisation are remembered.
MOST = 500


def proposed(
    session: Session,
    run: ImportRun,
    layout: Layout,
    headings: Sequence[str],
    unit: str,
) -> dict[str, str]:
    """{heading: our column}: as the organisation said last, else by the words."""
    known = _of(session, run)
    offered = dict(layout.choices())
    found: dict[str, str] = {}
    taken: set[str] = set()
    said = list((known.choices if known else {}).items())
    # Of two headings for one column, from two files, the one said last is meant.
    for heading, choice in reversed(said):
        code = choice.partition(":")[0]
        if heading in headings and (choice in offered or not choice):
            found[heading] = "" if code in taken else choice
            taken |= {code} - {""}
    for heading, choice in layout.propose(headings, unit).items():
        if heading not in found and choice.partition(":")[0] not in taken:
            found[heading] = choice
    return {name: found[name] for name in headings if found.get(name)}


def remember(
    session: Session,
    run: ImportRun,
    headings: Sequence[str],
    mapping: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Keep what was chosen, inside the running transaction, for the next file."""
    known = _of(session, run) or _first(session, run, now)
    chosen = {name: mapping.get(name, "") for name in headings}
    kept = {name: each for name, each in known.choices.items() if name not in chosen}
    latest = list((kept | chosen).items())[-MOST:]
    known.choices, known.updated_at = dict(latest), now


def _first(session: Session, run: ImportRun, now: datetime) -> ImportMapping:
    """The line of who has said nothing yet; of two at once the second finds it made."""
    made = ImportMapping(
        kind=run.kind,
        organisation_id=run.organisation_id,
        choices={},
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return session.scalars(select(ImportMapping).where(_whose(run))).one()
    return made


def is_remembered(session: Session, run: ImportRun) -> bool:
    """Whether the organisation has said of such headings before what they mean."""
    known = _of(session, run)
    headings = run.report.get("headings", [])
    return known is not None and any(name in known.choices for name in headings)


def _of(session: Session, run: ImportRun) -> ImportMapping | None:
    return session.scalar(select(ImportMapping).where(_whose(run)))


def _whose(run: ImportRun) -> ColumnElement[bool]:
    owner = ImportMapping.organisation_id
    own = owner == run.organisation_id if run.organisation_id else owner.is_(None)
    return and_(ImportMapping.kind == run.kind, own)
