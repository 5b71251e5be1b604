"""What was submitted and waits for the staff, as rows for the work list."""

from __future__ import annotations

from functools import partial

from ..work.source import STAFF, AnySelect, Days, Source, from_rows
from .kinds import KINDS, Kind


def _submissions(kind: Kind, _days: Days) -> AnySelect:
    row = kind.waiting(None).subquery()
    its = row.c
    return from_rows(row, context=its.district, district=its.district, field=its.field)


SOURCES: tuple[Source, ...] = tuple(
    Source(
        f"submitted_{kind.name}s",
        f"待审的{kind.noun}",
        "去审核",
        STAFF,
        partial(_submissions, kind),
        {"": kind.page},
        local=True,
    )
    for kind in KINDS.values()
)
