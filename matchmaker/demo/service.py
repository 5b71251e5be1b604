"""Load the sample as demonstration data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from index.evaluate import lines
from models import (
    TABLES,
    Achievement,
    Call,
    Need,
    Organisation,
    transaction,
)
from models.base import end_of_month
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    CallPhase,
    CallStatus,
    Mode,
    NeedStatus,
    OrganisationKind,
    Ownership,
    Stage,
)

from ..jobs import outbox
from ..labels import CITY, FEN_PER_WAN, label, today

Row = Mapping[str, Any]

# Published over the months before, so that lists and ages look as they will.
SPREAD_DAYS = 90
# The windows of calls end from so many days ago on, within so many days.
PAST_DAYS, WINDOWS_DAYS = 20, 110
WINDOW_DAYS, QUESTION_DAYS = 30, 7
KINDS = {
    "needs": RecordType.NEED,
    "achievements": RecordType.ACHIEVEMENT,
    "calls": RecordType.CALL,
}


@dataclass
class Loaded:
    """How many records of each kind were new."""

    needs: int = 0
    achievements: int = 0
    calls: int = 0

    @property
    def total(self) -> int:
        return self.needs + self.achievements + self.calls


def load(session: Session, folder: Path, *, now: datetime) -> Loaded:
    """Enter the records of ``folder/*/{needs,achievements,calls}.jsonl``.

    One transaction; a record whose code is there already is left as it is, so
    loading twice changes nothing. Raises `ValueError` that names the file and the
    line, or the record, that cannot be read.
    """
    loaded = Loaded()
    with transaction(session):
        organisations = _Organisations(session, now)
        for kind, make in MAKERS.items():
            table = TABLES[KINDS[kind]]
            known = set(session.scalars(select(table.code)))
            for row in _rows(folder, kind):
                if row["id"] in known:
                    continue
                known.add(row["id"])
                item = _made(make, row, organisations, now)
                session.add(item)
                session.flush()
                outbox.touch(session, item, now=now)
                setattr(loaded, kind, getattr(loaded, kind) + 1)
    return loaded


def _rows(folder: Path, kind: str) -> Iterator[Row]:
    for path in sorted(folder.glob(f"*/{kind}.jsonl")):
        yield from lines(path, "id", "title", "field")


def _made(
    make: Callable[[Row, _Organisations, datetime], Any],
    row: Row,
    organisations: _Organisations,
    now: datetime,
) -> Any:
    try:
        return make(row, organisations, now)
    except KeyError as error:
        raise ValueError(f"{row['id']}: no «{error.args[0]}»") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{row['id']}: {error}") from error


class _Organisations:
    """The demonstration organisations by name, made when first named."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        found = session.scalars(select(Organisation))
        self.by_name = {organisation.name: organisation for organisation in found}

    def id(self, name: str, kind: OrganisationKind, district: str | None) -> int:
        if name not in self.by_name:
            organisation = Organisation(
                name=name,
                kind=kind,
                district=district,
                is_demo=True,
                created_at=self.now,
            )
            self.session.add(organisation)
            self.session.flush()
            self.by_name[name] = organisation
        return self.by_name[name].id


def _common(row: Row, now: datetime) -> dict[str, Any]:
    days = crc32(row["id"].encode()) % SPREAD_DAYS
    published = now - timedelta(days=days, hours=days % 9)
    return {
        "code": row["id"],
        "title": row["title"],
        "field": row["field"],
        "is_demo": True,
        "created_at": published,
        "updated_at": published,
        "published_at": published,
    }


def _need(row: Row, organisations: _Organisations, now: datetime) -> Need:
    holder = organisations.id(
        row["organization"], OrganisationKind.ENTERPRISE, row["district"]
    )
    return Need(
        **_common(row, now),
        organisation_id=holder,
        status=NeedStatus.PUBLISHED,
        problem=row["problem"],
        scene=row.get("scene") or "",
        targets=row["targets"],
        district=row["district"],
        trl_expected=row["trl_expected"],
        budget_fen=_fen(row["budget_wan"]),
        cooperation=[_member(Mode, word) for word in row["cooperation"]],
        deadline=_future(_date(row["deadline"]), now),
    )


def _achievement(row: Row, organisations: _Organisations, now: datetime) -> Achievement:
    name = row["organization"]
    kind = (
        OrganisationKind.UNIVERSITY
        if any(word in name for word in ("大学", "学院"))
        else OrganisationKind.INSTITUTE
    )
    return Achievement(
        **_common(row, now),
        organisation_id=organisations.id(name, kind, None),
        status=AchievementStatus.PUBLISHED,
        inventors=row["inventor"] + "(示例)",
        abstract=row["abstract"],
        applications=row.get("applications") or "",
        indicators=row["indicators"],
        trl=row["trl"],
        stage=_member(Stage, row["stage"]),
        ip=row["ip"],
        ownership=_member(Ownership, row["rights"]),
        modes=[_member(Mode, word) for word in row["modes"]],
        price_fen=_fen(row["price_wan"]),
    )


def _call(row: Row, organisations: _Organisations, now: datetime) -> Call:
    issuer = organisations.id(row["issuer"], OrganisationKind.PARK, None)
    opens, closes = _around(_date(row["deadline"]), now)
    common = _common(row, now)
    opens = min(common["published_at"], opens)
    return Call(
        **common | {"published_at": opens},
        issuer_id=issuer,
        status=CallStatus.OPEN,
        background=row["background"],
        goals=row["goals"],
        funding_fen=_fen(row["funding_wan"]),
        opens_at=opens,
        closes_at=closes,
        questions_until=closes - timedelta(days=QUESTION_DAYS),
        approved_at=opens,
        noted_phase=CallPhase.OPEN,
    )


MAKERS: dict[str, Any] = {
    "needs": _need,
    "achievements": _achievement,
    "calls": _call,
}


def _fen(wan: float | None) -> int | None:
    return None if wan is None else round(wan * FEN_PER_WAN)


def _date(text: str) -> date:
    parts = [int(part) for part in text.split("-")]
    return date(*parts) if len(parts) == 3 else end_of_month(*parts)


def _future(deadline: date, now: datetime) -> date:
    """A need still on offer has its deadline ahead; the sample's lie around 2026."""
    while deadline < today(now):
        deadline = date(deadline.year + 1, deadline.month, min(deadline.day, 28))
    return deadline


def _around(deadline: date, now: datetime) -> tuple[datetime, datetime]:
    """A window around today, ending at five o'clock: some are over, most go on."""
    days = ((deadline - today(now)).days + PAST_DAYS) % WINDOWS_DAYS - PAST_DAYS
    last = today(now) + timedelta(days=days)
    closes = datetime.combine(last, time(17), CITY)
    return closes - timedelta(days=WINDOW_DAYS), closes


def _member(enum: Any, word: str) -> Any:
    """The enum member whose Chinese label this is."""
    for member in enum:
        if label(member) == word:
            return member
    raise ValueError(f"{enum.__name__} has no «{word}»")


def is_loaded(session: Session) -> bool:
    """Whether there is demonstration data (pages then say so)."""
    return bool(session.scalar(select(exists().where(Organisation.is_demo))))
