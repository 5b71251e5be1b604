"""Load the sample as demonstration data, and take it out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from index.evaluate import lines
from models import (
    TABLES,
    Achievement,
    Attachment,
    Bid,
    Call,
    ContactGrant,
    Embedding,
    Expert,
    ExpertTie,
    Finding,
    History,
    ImportMapping,
    ImportRun,
    IndexChange,
    Introduction,
    IntroductionAnswer,
    Invitation,
    Mandate,
    Need,
    Node,
    NodeStaff,
    Notice,
    Organisation,
    OutboxTask,
    Proposal,
    RecoveryCode,
    Registration,
    Review,
    Subscription,
    Suggestion,
    TalkEvent,
    User,
    UserSession,
    transaction,
)
from models.base import end_of_month
from models.matches import note_changes
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

from ..accounts.sessions import end_all
from ..jobs import outbox
from ..labels import CITY, FEN_PER_WAN, label, today
from ..tokens import service as tokens
from . import awards, bids, calls, deals, hooks, panels, publications, talks
from .past import forget

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


def remove(session: Session, *, now: datetime) -> int:
    """Take out every demonstration record with all that hangs on it.

    Returns how many records went. What real people did stays: demonstration
    accounts and organisations that own a real record are kept.
    """
    with transaction(session):
        gone: dict[str, set[int]] = awards.remove(session)
        gone["contract_id"] = deals.remove(session)
        gone["introduction_id"] = talks.remove(session)
        gone |= panels.remove(session)
        gone["bid_id"] = bids.remove(session)
        gone["list_id"] = publications.remove(session)
        calls.remove(session)
        for table, kind, column in (
            (Need, RecordType.NEED, Suggestion.need_id),
            (Achievement, RecordType.ACHIEVEMENT, Suggestion.achievement_id),
            (Call, RecordType.CALL, Suggestion.call_id),
        ):
            demo = select(table.id).where(table.is_demo)
            pairs = select(Suggestion.id).where(column.in_(demo))
            ids = set(session.scalars(pairs))
            gone.setdefault("suggestion_id", set()).update(ids)
            note_changes(session, ids)
            for about in (Review, Proposal):
                session.execute(delete(about).where(about.suggestion_id.in_(pairs)))
            session.execute(delete(Suggestion).where(column.in_(demo)))
            for rows in (Embedding, OutboxTask, Attachment, Finding):
                session.execute(
                    delete(rows).where(
                        rows.record_type == kind, rows.record_id.in_(demo)
                    )
                )
            if table is Achievement:
                _remove_subscriptions(session, Subscription.achievement_id.in_(demo))
            gone[f"{kind}_id"] = set(session.scalars(demo))
            for id_ in sorted(gone[f"{kind}_id"]):
                session.add(IndexChange(record_type=kind, record_id=id_, at=now))
            forget(session, table, gone[f"{kind}_id"])
            session.execute(delete(table).where(table.is_demo))
        _remove_notices(session, gone)
        _remove_people(session, now)
    return sum(len(gone[f"{kind}_id"]) for kind in RecordType)


def _remove_subscriptions(session: Session, which: ColumnElement[bool]) -> None:
    ids = list(session.scalars(select(Subscription.id).where(which)))
    told = Notice.facts["subscription_id"].as_integer().in_(ids)
    session.execute(delete(Notice).where(Notice.kind == "subscription_digest", told))
    session.execute(delete(Finding).where(Finding.subscription_id.in_(ids)))
    session.execute(delete(Subscription).where(Subscription.id.in_(ids)))


def _remove_notices(session: Session, gone: Mapping[str, set[int]]) -> None:
    """What anybody was told about these records: its link would lead nowhere."""
    for notice in session.scalars(select(Notice)):
        if any(notice.facts.get(name) in ids for name, ids in gone.items()):
            session.delete(notice)


def _remove_people(session: Session, now: datetime) -> None:
    demo_users = select(User.id).where(User.is_demo)
    demo_homes = select(Organisation.id).where(Organisation.is_demo)
    session.execute(delete(NodeStaff).where(NodeStaff.user_id.in_(demo_users)))
    session.execute(
        delete(Mandate).where(
            Mandate.manager_id.in_(demo_users) | Mandate.organisation_id.in_(demo_homes)
        )
    )
    _remove_accounts(session, now)
    hooks.remove(session)
    _remove_homes(session)


def _remove_accounts(session: Session, now: datetime) -> None:
    """Those nothing else names; who is named stays, and can no longer sign in."""
    acted = select(History.actor_id).where(History.actor_id.is_not(None))
    reviewed = select(Review.reviewer_id)
    authored = select(Need.author_id).where(Need.author_id.is_not(None))
    listed = select(Achievement.author_id).where(Achievement.author_id.is_not(None))
    claims = select(Suggestion.claimed_by_id).where(
        Suggestion.claimed_by_id.is_not(None)
    )
    talked = [
        select(column).where(column.is_not(None))
        for column in (
            Introduction.requested_by_id,
            Introduction.manager_id,
            IntroductionAnswer.user_id,
            TalkEvent.author_id,
            ContactGrant.user_id,
        )
    ]
    proposed = select(Proposal.proposer_id)
    kept = or_(
        *(
            User.id.in_(some)
            for some in (acted, reviewed, authored, listed, claims, proposed, *talked)
        ),
        deals.names_person(),
        bids.names_person(),
        awards.names_person(),
        panels.names_person(),
        calls.names_person(),
        publications.names_person(),
    )
    removable = select(User.id).where(User.is_demo, ~kept)
    session.execute(delete(Notice).where(Notice.user_id.in_(removable)))
    _remove_entries(session)
    ids = list(session.scalars(removable))
    for table in (UserSession, RecoveryCode, Expert, ExpertTie):
        session.execute(delete(table).where(table.user_id.in_(ids)))
    _remove_subscriptions(session, Subscription.user_id.in_(ids))
    session.execute(delete(User).where(User.id.in_(ids)))
    # Who has a trace in the history stays there by name and can no longer sign in.
    for user in session.scalars(select(User).where(User.is_demo)):
        user.active = False
        end_all(session, user.id, now=now)
        tokens.end_all(session, None, user, now=now)


def _remove_homes(session: Session) -> None:
    """The organisations nothing is left of."""
    used = or_(
        *(
            # One empty value among them, and «not in» would hold for nothing.
            Organisation.id.in_(select(column).where(column.is_not(None)))
            for column in (
                Need.organisation_id,
                Achievement.organisation_id,
                Call.issuer_id,
                User.organisation_id,
                Node.organisation_id,
                Registration.organisation_id,
                Invitation.organisation_id,
                Introduction.seeker_id,
                Introduction.provider_id,
                Proposal.organisation_id,
                ExpertTie.organisation_id,
                Bid.organisation_id,
                ImportRun.organisation_id,
                ImportMapping.organisation_id,
            )
        ),
        deals.names_home(),
        calls.names_home(),
    )
    session.execute(delete(Organisation).where(Organisation.is_demo, ~used))


def _remove_entries(session: Session) -> None:
    """Who asked, or was asked, to join a demonstration organisation, and is not in."""
    demo = select(Organisation.id).where(Organisation.is_demo)
    waiting = select(Registration.id).where(
        Registration.organisation_id.in_(demo), Registration.user_id.is_(None)
    )
    ids = set(session.scalars(waiting))
    _remove_notices(session, {"registration_id": ids})
    session.execute(delete(Registration).where(Registration.id.in_(ids)))
    session.execute(
        delete(Invitation).where(
            Invitation.organisation_id.in_(demo), Invitation.user_id.is_(None)
        )
    )


def is_loaded(session: Session) -> bool:
    """Whether there is demonstration data (pages then say so)."""
    return bool(session.scalar(select(exists().where(Organisation.is_demo))))
