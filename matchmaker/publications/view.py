"""A list as one reader may know it: what its page shows and a program is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import PublicationList, User

from .. import policies
from . import contents, finding
from .contents import Line


@dataclass(frozen=True)
class View:
    """A list with what the reader reads in it.

    lines      none where it was withdrawn for this reader
    included   those that are, or would be, in the issued list
    gone       how many entries of a draft are no longer public
    openable   the numbers of the records whose own pages the reader may open now
    digest     over what would be issued now
    unaltered  whether an issued list says what it said then
    """

    made: PublicationList
    readable: bool
    governs: bool
    lines: Sequence[Line]
    included: Sequence[Line]
    gone: int
    openable: frozenset[int]
    digest: str
    unaltered: bool


def view(session: Session, user: User | None, list_id: int) -> View:
    """The list as the person may know it; raises `NotFound`."""
    made = finding.find(session, user, list_id)
    readable = policies.reads_entries(user, made)
    lines = contents.lines(session, made) if readable else []
    included = [line for line in lines if line.entry.included]
    return View(
        made=made,
        readable=readable,
        governs=policies.may(user, "publication.govern"),
        lines=lines,
        included=included,
        gone=len(made.entries) - len(lines) if made.is_draft else 0,
        openable=finding.still_shown(session, user, made, lines),
        digest=contents.digest(made, included),
        unaltered=contents.is_unaltered(made, lines),
    )
