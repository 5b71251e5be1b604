"""The log of an introduction with what happened to it, as one reader may read it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import (
    History,
    Introduction,
    IntroductionAnswer,
    TalkEvent,
    User,
)
from models.states import Interest, IntroductionStatus

from .. import labels, policies
from ..history import service as history
from . import words
from .sight import who

# Told by the line of the log itself, or in the list of who read what.
SILENT = frozenset(
    {"introduction.logged", "introduction.answered", "introduction.need_read"}
)
TONES: dict[str, str] = {
    IntroductionStatus.TALKING: "info",
    IntroductionStatus.DRAFTING: "info",
    IntroductionStatus.SIGNED: "done",
    IntroductionStatus.FAILED: "late",
}

# A moment, a place among those of one moment, and the entry for the page.
Line = tuple[datetime, int, dict[str, Any]]


def entries(
    session: Session, reader: User, introduction: Introduction
) -> list[dict[str, Any]]:
    """What happened, newest first, for the macro `timeline`."""
    lines = [
        *_events(session, reader, introduction),
        *_answers(session, reader, introduction),
        *_changes(session, reader, introduction),
    ]
    lines.sort(key=lambda line: line[:2], reverse=True)
    return [entry for _, _, entry in lines]


def _entry(
    at: datetime,
    name: str,
    what: str,
    detail: str = "",
    tone: str = "info",
    when: str = "",
) -> dict[str, Any]:
    return {
        "when": when or labels.minute(at),
        "iso": at.isoformat(timespec="minutes"),
        "who": name,
        "what": what,
        "detail": detail,
        "tone": tone,
    }


def _events(session: Session, reader: User, introduction: Introduction) -> list[Line]:
    query = (
        select(TalkEvent)
        .where(TalkEvent.introduction_id == introduction.id)
        .options(joinedload(TalkEvent.author))
    )
    if not policies.reads_internal_lines(reader, introduction):
        query = query.where(TalkEvent.is_internal.is_(False))
    found = []
    for event in session.scalars(query):
        at = event.created_at
        if event.happened_on < labels.today(at):
            at = datetime.combine(event.happened_on, time(12), labels.CITY)
        inside = "（内部，双方看不到）" if event.is_internal else ""
        entry = _entry(
            at,
            who(reader, introduction, event.author),
            f"{labels.label(event.kind)}{inside}",
            event.words,
            "wait" if event.is_internal else "info",
            labels.day(event.happened_on),
        )
        found.append((at, event.id, entry))
    return found


def _answers(session: Session, reader: User, introduction: Introduction) -> list[Line]:
    reasons = words.labels_of(session, words.ANSWERS) if introduction.answers else {}
    return [
        (answer.at, 0, _answer(reader, introduction, answer, reasons))
        for answer in introduction.answers
        # Asking for talks is an answer; it stands there as the request.
        if answer.at != introduction.created_at
    ]


def _answer(
    reader: User,
    introduction: Introduction,
    answer: IntroductionAnswer,
    reasons: dict[str, str],
) -> dict[str, Any]:
    declined = answer.interest is Interest.DECLINED
    code = answer.reason or ""
    detail = words.sentence(reasons.get(code, code), answer.words) if declined else ""
    return _entry(
        answer.at,
        who(reader, introduction, answer.user),
        f"{labels.label(answer.side)}答复{labels.label(answer.interest)}",
        detail,
        "late" if declined else "done",
    )


def _changes(session: Session, reader: User, introduction: Introduction) -> list[Line]:
    return [
        (row.at, 1 if row.action == "introduction.moved" else -1, _change(row, name))
        for row in history.of_record(session, introduction)
        if row.action not in SILENT
        for name in [who(reader, introduction, row.actor)]
    ]


def _change(row: History, name: str) -> dict[str, Any]:
    what, detail, tone = labels.ACTIONS[row.action], "", "info"
    if row.action == "introduction.moved":
        status = IntroductionStatus(row.changes["status"][1])
        what, tone = f"进入「{labels.label(status)}」", TONES[status]
        detail = row.changes.get("reason", ["", ""])[1]
    elif row.action == "introduction.assigned":
        before, after = row.changes["manager"]
        what = f"指派技术经理人：{after}" if after else f"不再由 {before} 负责"
    elif row.action == "introduction.routed":
        what = f"对接方式改为「{row.changes['route'][1]}」"
    return _entry(row.at, name, what, detail, tone)
