"""The stages of an introduction, as other services move them too; each only flushes.

`note_drafting` and `note_signed` are for the contract: nobody else can say that a deal
was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Introduction, User
from models.session import lock
from models.states import IntroductionStatus

from ..errors import Conflict
from ..history import service as history
from ..labels import label
from . import tell

WAITING, TALKING = IntroductionStatus.WAITING, IntroductionStatus.TALKING
DRAFTING, SIGNED = IntroductionStatus.DRAFTING, IntroductionStatus.SIGNED
FAILED = IntroductionStatus.FAILED


def note_drafting(
    session: Session, introduction: Introduction, actor: User | None, *, now: datetime
) -> None:
    """A contract is being drafted from the talks; in later stages nothing changes.

    Raises `Conflict` «introduction.not_talking» unless both sides agreed to talk.
    """
    lock(session, introduction)
    if introduction.status in (DRAFTING, SIGNED):
        return
    if introduction.status is not TALKING:
        raise Conflict("introduction.not_talking")
    move(session, introduction, actor, DRAFTING, now=now)


def note_signed(
    session: Session, introduction: Introduction, actor: User | None, *, now: datetime
) -> None:
    """The contract of the talks was signed; a second one changes nothing.

    Raises `Conflict` «introduction.not_talking» for talks that never began or failed.
    """
    note_drafting(session, introduction, actor, now=now)
    if introduction.status is not SIGNED:
        move(session, introduction, actor, SIGNED, now=now)


def move(
    session: Session,
    introduction: Introduction,
    actor: User | None,
    status: IntroductionStatus,
    *,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
    failed: tuple[str, str] | None = None,
    told: bool = False,
) -> None:
    """Take the next stage, note who did it, tell the others; raises `IllegalMove`.

    ``failed`` is the code and the words with which talks end. ``told``: the others
    learn of it in the words of what caused it.
    """
    before = introduction.status
    introduction.move_to(status, now=now)
    if failed is not None:
        introduction.failed_code, introduction.failed_words = failed
    session.flush()
    history.record(
        session,
        actor,
        "introduction.moved",
        introduction,
        now=now,
        changes={"status": [before.value, status.value], **(changes or {})},
    )
    if told:
        return
    facts: dict[str, Any] = {"now": now, "actor": actor}
    kind = "introduction_moved"
    if status is FAILED:
        kind = "introduction_failed"
        facts["reason"] = (changes or {}).get("reason", ["", ""])[1]
    else:
        facts["state"] = label(status)
    tell.sides(session, introduction, kind, **facts)
    tell.manager(session, introduction, kind, **facts)
