"""One's own proposals as a file: each side as its proposer reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from models import Achievement, Need, Proposal, User
from models.states import SuggestionStatus

from .. import labels
from ..needs.service import text_for
from ..sheets.leaving import Copy
from ..sheets.tables import Form, Told, day_of
from ..sheets.writer import Column
from . import service
from .schema import OwnQuery


@dataclass(frozen=True)
class Line:
    """A proposal with the names of its sides for this reader: title, organisation."""

    proposal: Proposal
    need: tuple[str, str]
    achievement: tuple[str, str]


def _of_need(user: User, need: Need | None) -> tuple[str, str]:
    if need is None:
        return "", ""
    text = text_for(user, need)
    return text.title, text.organisation


def _of_achievement(item: Achievement | None) -> tuple[str, str]:
    return ("", "") if item is None else (item.title, item.organisation.name)


def _reason(line: Line) -> str:
    """Why it was rejected, if it was: what the last review that says why says."""
    pair = line.proposal.suggestion
    given = [review.reason for review in pair.reviews if review.reason]
    rejected = pair.status is SuggestionStatus.REJECTED
    return labels.label(given[-1]) if rejected and given else ""


COLUMNS: tuple[Told[Line], ...] = (
    (Column("需求", 40), lambda one: one.need[0]),
    (Column("需求方", 28), lambda one: one.need[1]),
    (Column("成果", 40), lambda one: one.achievement[0]),
    (Column("成果方", 28), lambda one: one.achievement[1]),
    (Column("理由", 48), lambda one: one.proposal.why),
    (Column("与上次不同", 28), lambda one: one.proposal.changed),
    (
        Column("代表", 28),
        lambda one: (
            one.proposal.organisation.name if one.proposal.organisation else "平台"
        ),
    ),
    (Column("提出日期", 12, "date"), lambda one: day_of(one.proposal.at)),
    (Column("状态", 10), lambda one: labels.label(one.proposal.suggestion.status)),
    (Column("驳回原因", 20), _reason),
)
COPY = Copy("proposal", "我提出的配对", "proposal.create", COLUMNS)


def write(
    session: Session, user: User, query: OwnQuery, form: Form, *, now: datetime
) -> IO[bytes]:
    """The person's own proposals in the state chosen, the newest first."""
    told = [("state", query.state)] if query.state else []
    return COPY.write(
        session, user, told, form, lambda: _lines(session, user, query), now=now
    )


def _lines(session: Session, user: User, query: OwnQuery) -> Iterator[Line]:
    for one in service.every(session, user, query):
        pair = one.suggestion
        need, item = _of_need(user, pair.need), _of_achievement(pair.achievement)
        yield Line(one, need, item)
