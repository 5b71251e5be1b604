"""One introduction with all that its page shows this reader."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from models import Introduction, User
from models.states import ContractState, IntroductionStatus

from .. import labels, policies
from ..contracts import finding as contracts_of
from ..matches.answers import evidence
from . import answers, assigning, contacts, service, sight, timeline, words
from .answers import (
    TalksAnswer,
    TalksContract,
    TalksLogLine,
    TalksOut,
    TalksReading,
)
from .clock import Clock
from .facts import pair_of


def whole(
    session: Session, user: User, talks: Introduction, wait: Clock | None, now: datetime
) -> TalksOut:
    """The introduction in this person's words; no contact is told, only whose."""
    return TalksOut.model_validate(
        answers.line(user, talks, wait)
        | _records(session, user, talks)
        | _stage(session, user, talks, now)
        | _contacts(session, user, talks)
        | _contracts(session, user, talks)
        | {
            "log": _log(session, user, talks),
            "readings": _readings(session, user, talks),
        }
    )


def _records(session: Session, user: User, talks: Introduction) -> dict[str, Any]:
    """What the talks are about, as far as this person may know."""
    shown = sight.shown(user, talks)
    inside = policies.is_inside_talks(user, talks)
    pair = pair_of(session, talks) if inside and talks.suggestion_id else None
    need, item, call = talks.need, talks.achievement, talks.call
    sees = partial(service.sees, session, user)
    return {
        "need": answers.need_of(
            need,
            shown,
            sees=sees(need),
            inside=inside,
            opened=policies.talks_are_opened(talks),
        )
        if need
        else None,
        "achievement": answers.achievement_of(item, sees=sees(item)) if item else None,
        "call": answers.call_of(call, sees=sees(call)) if call else None,
        "message": talks.message,
        "asked_for": talks.requested_by_id is not None,
        "evidence": evidence(pair.evidence) if pair else None,
    }


def _stage(
    session: Session, user: User, talks: Introduction, now: datetime
) -> dict[str, Any]:
    """Where they stand, and what it is this person's to do."""
    failed = talks.status is IntroductionStatus.FAILED
    represented = assigning.represents(session, talks, labels.today(now))
    return {
        "route_words": talks.route_words,
        "failed_code": talks.failed_code,
        "failed_reason": words.label_of(session, words.ENDS, talks.failed_code)
        if failed
        else None,
        "failed_words": talks.failed_words if failed else None,
        "answers": [
            TalksAnswer(side=one.side, interest=one.interest, at=one.at)
            for one in talks.answers
        ],
        "answering": service.is_asked(user, talks),
        "may_log": service.may_log(user, talks),
        "represented": [talks.side_of(home.id) for home in represented],
    }


def _contacts(session: Session, user: User, talks: Introduction) -> dict[str, Any]:
    """Whose contacts lie open; none of them is told here."""
    return {
        "may_open_contact": contacts.may_open(user, talks),
        "contact_open": contacts.own(session, user, talks) is not None,
        "contacts": len(contacts.readable(session, user, talks)),
    }


def _contracts(session: Session, user: User, talks: Introduction) -> dict[str, Any]:
    there = contracts_of.of_talks(session, user, talks)
    drafts = any(one.state is ContractState.DRAFT for one in there)
    return {
        "may_draft_contract": talks.status in contracts_of.TALKED
        and policies.may(user, "contract.create")
        and not drafts,
        "contracts": [TalksContract.model_validate(one) for one in there],
    }


def _log(session: Session, user: User, talks: Introduction) -> list[TalksLogLine]:
    return [
        TalksLogLine(
            at=datetime.fromisoformat(one["iso"]).astimezone(UTC),
            who=one["who"],
            what=one["what"],
            detail=one["detail"],
        )
        for one in timeline.entries(session, user, talks)
    ]


def _readings(session: Session, user: User, talks: Introduction) -> list[TalksReading]:
    return [
        TalksReading(
            at=one.at,
            who=one.actor.name if one.actor else None,
            what=one.action,
            person=one.changes["person"][1] if "person" in one.changes else None,
        )
        for one in contacts.readings(session, user, talks)
    ]
