"""Take the demonstration data out again, with all that hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from models import (
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
from models.matches import note_changes
from models.outbox import RecordType

from ..accounts.sessions import end_all
from ..tokens import service as tokens
from . import awards, bids, calls, deals, hooks, panels, publications, talks
from .past import forget


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
