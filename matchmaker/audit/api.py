"""The audit log, for the programs of administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import growing
from ..db import db
from . import service
from .schema import LABELS, AuditQuery
from .service import Entry

operations = Operations("audit", "审计日志")


class AuditLine(Output):
    """Who did what to which record; texts that are not public are left out.

    What the platform itself did has «平台» for ``who``, and no ``email``.
    """

    labels: ClassVar[dict[str, str]] = LABELS

    id: int
    at: datetime
    who: str
    email: str
    action: str
    what: str
    record: str
    number: int
    detail: str


def _line(entry: Entry) -> AuditLine:
    row = entry.row
    return AuditLine(
        id=row.id,
        at=row.at,
        who=entry.who,
        email=entry.email,
        action=row.action,
        what=entry.what,
        record=row.record_type,
        number=row.record_id,
        detail=entry.detail,
    )


@operations.get("/audit", ("audit.log", "audit.export"), "审计日志")
def log(query: AuditQuery, place: Place) -> Slice[AuditLine]:
    def read(before: int | None, most: int) -> Any:
        return service.newest(db.session, signed_in(), query, before, most)

    return growing(place, read, lambda entry: entry.row.id, _line)
