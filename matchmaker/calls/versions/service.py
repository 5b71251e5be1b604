"""Change a call that is open: with a reason, under a number, told to all who follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Call, CallVersion, User, transaction
from models.states import CallPhase

from ...differences import Piece, pieces
from ...errors import Conflict, Invalid
from ...history import service as history
from ...jobs import outbox
from ...moments import Moment
from ...schema import InSentences, Text, parse
from ...verification.schema import Version
from .. import tell
from ..drafts import service as drafts
from ..drafts.schema import CallInput, from_form
from ..service import locked
from .text import FIELDS, in_words, keep

AMENDED_IN = frozenset({CallPhase.UPCOMING, CallPhase.OPEN})


class Amendment(CallInput):
    """The whole text anew, and why; ``version`` is that of the text the person read."""

    reason: Annotated[Text, Field(min_length=5, max_length=1000), InSentences]
    version: Version
    closes_at: Annotated[Moment, Field(validate_default=True)] = None
    questions_until: Annotated[Moment, Field(validate_default=True)] = None

    @field_validator("closes_at", "questions_until")
    @classmethod
    def _stays(cls, moment: datetime | None, info: ValidationInfo) -> datetime | None:
        if moment is None:
            raise PydanticCustomError("missing_end", "请填写日期和时间")
        return moment


@dataclass(frozen=True)
class Change:
    """One version as it is shown: what differs from the one before, field by field.

    ``names`` are of the columns, ``fields`` have their labels and what differs.
    """

    version: CallVersion
    names: list[str]
    fields: list[tuple[str, list[Piece]]]


def read_form(form: Mapping[str, Any]) -> Amendment:
    """The posted form; raises `Invalid`."""
    return parse(Amendment, from_form(form))


def amend(
    session: Session,
    actor: User,
    call_id: int,
    data: Amendment,
    *,
    clock: Callable[[], datetime],
) -> Call:
    """Change the text or put off the end of a call that is published.

    The end is never brought forward: whoever planned by it would be late. The clock is
    read once the row is held, and what is closed is closed. Raises `Conflict`
    «call.not_open», «stale»; `Invalid` where nothing differs.
    """
    with transaction(session):
        call = locked(session, actor, call_id, "call.amend")
        now = clock()
        require_amendable(call, now)
        if call.version != data.version:
            raise Conflict("stale")
        values = drafts.columns(data)
        values["opens_at"] = call.opens_at  # when it began is a fact
        if data.closes_at is None or call.closes_at is None:
            raise Conflict("call.not_open")
        if data.closes_at < call.closes_at:
            raise Invalid({"closes_at": "揭榜截止只能推迟，不能提前"})
        changes = history.difference(call, values)
        if not changes:
            raise Invalid({"form": "内容与现在的榜单相同，没有修改"})
        for name, value in values.items():
            setattr(call, name, value)
        call.updated_at = now
        version = keep(session, call, actor, now=now, reason=data.reason)
        noted = changes | {"words": [None, data.reason]}
        history.record(session, actor, "call.amended", call, now=now, changes=noted)
        outbox.touch(session, call, now=now)
        told = {"number": version.number, "reason": data.reason}
        tell.followers(session, call, "call_amended", now=now, **told)
        tell.authors(session, call, "call_amended", now=now, actor=actor, **told)
    return call


def require_amendable(call: Call, now: datetime) -> None:
    """Raise `Conflict` unless the text may be changed at this moment."""
    if call.phase(now) not in AMENDED_IN:
        raise Conflict("call.not_open")


def of_call(session: Session, call: Call) -> list[Change]:
    """Every version, the newest first, with its difference from the one before."""
    query = (
        select(CallVersion)
        .where(CallVersion.call_id == call.id)
        .order_by(CallVersion.number)
    )
    found: list[Change] = []
    before: Mapping[str, Any] | None = None
    for version in session.scalars(query):
        names = _differing(before, version.text)
        fields = [_between(name, before or {}, version.text) for name in names]
        found.append(Change(version, names, fields))
        before = version.text
    return found[::-1]


def _differing(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """What differs, in the order in which it is read; nothing in the first version."""
    if before is None:
        return []
    return [name for name in FIELDS if before.get(name) != after.get(name)]


def _between(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[str, list[Piece]]:
    return FIELDS[name], pieces(in_words(before, name), in_words(after, name))
