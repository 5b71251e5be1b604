"""What the platform keeps about a person: handed over on request, and taken out.

Taking out anonymises: the account stays as «已注销用户», so that the history says that
somebody acted, and no longer who.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from models import (
    Achievement,
    ApiAnswer,
    ApiToken,
    Bid,
    BidReview,
    BidSubmission,
    ContactGrant,
    ExpertTie,
    History,
    IntroductionAnswer,
    Invitation,
    Mail,
    Need,
    Notice,
    Objection,
    OneTimeToken,
    Proposal,
    Registration,
    SignInFailure,
    TalkEvent,
    User,
    UserSession,
    transaction,
)
from models.accounts import ERASED_DOMAIN
from models.states import HELD_REVIEWS, Role, TokenPurpose

from .. import labels
from ..errors import Conflict, Invalid
from ..history import service as history
from ..notices import service as notices
from . import passwords, two_step
from .schema import PasswordOnly
from .service import IN_CHARGE

ERASED_NAME = "已注销用户"


def export(session: Session, actor: User, *, now: datetime) -> dict[str, Any]:
    """Everything kept about the actor, in plain words; the export is noted."""
    with transaction(session):
        history.record(session, actor, "user.exported", actor, now=now)
    return (
        {"account": _account(actor)}
        | _entrance(session, actor)
        | {
            "needs_written": _titles(session, Need, actor),
            "achievements_written": _titles(session, Achievement, actor),
            "pairs_proposed": _proposed(session, actor),
            "bids_submitted": _bids(session, actor),
        }
        | _talks(session, actor)
        | _judged(session, actor)
        | _told_and_done(session, actor)
    )


def _account(actor: User) -> dict[str, Any]:
    home = actor.organisation
    return {
        "email": actor.email,
        "name": actor.name,
        "role": labels.label(actor.role),
        "organisation": home.name if home else None,
        "role_in_organisation": labels.label(actor.org_role) if home else None,
        "two_step_since": _when(actor.totp_since),
        "created_at": _when(actor.created_at),
    }


def _entrance(session: Session, actor: User) -> dict[str, Any]:
    """How the person came in: registrations, invitations, browsers."""
    return {
        "registrations": _rows(
            session,
            Registration,
            _their_registrations(actor),
            email=Registration.email,
            name=Registration.name,
            organisation=Registration.organisation_name,
            credit_code=Registration.credit_code,
            state=Registration.state,
            created_at=Registration.created_at,
        ),
        "invitations": _rows(
            session,
            Invitation,
            Invitation.email == actor.email,
            email=Invitation.email,
            role=Invitation.org_role,
            created_at=Invitation.created_at,
        ),
        "sessions": _rows(
            session,
            UserSession,
            UserSession.user_id == actor.id,
            browser=UserSession.browser,
            address=UserSession.address,
            created_at=UserSession.created_at,
            seen_at=UserSession.seen_at,
            ended_at=UserSession.ended_at,
        ),
        "access_tokens": _rows(
            session,
            ApiToken,
            ApiToken.user_id == actor.id,
            name=ApiToken.name,
            scopes=ApiToken.scopes,
            created_at=ApiToken.created_at,
            used_at=ApiToken.used_at,
            expires_at=ApiToken.expires_at,
            revoked_at=ApiToken.revoked_at,
        ),
    }


def _talks(session: Session, actor: User) -> dict[str, Any]:
    """What the person said in introductions, and where its contact lies open."""
    return {
        "introduction_answers": _rows(
            session,
            IntroductionAnswer,
            IntroductionAnswer.user_id == actor.id,
            introduction=IntroductionAnswer.introduction_id,
            interest=IntroductionAnswer.interest,
            words=IntroductionAnswer.words,
            at=IntroductionAnswer.at,
        ),
        "introduction_log": _rows(
            session,
            TalkEvent,
            TalkEvent.author_id == actor.id,
            introduction=TalkEvent.introduction_id,
            kind=TalkEvent.kind,
            words=TalkEvent.words,
            created_at=TalkEvent.created_at,
        ),
        "contacts_opened": _rows(
            session,
            ContactGrant,
            ContactGrant.user_id == actor.id,
            introduction=ContactGrant.introduction_id,
            phone=ContactGrant.phone,
            by_mail=ContactGrant.by_mail,
            granted_at=ContactGrant.granted_at,
            revoked_at=ContactGrant.revoked_at,
        ),
    }


def _judged(session: Session, actor: User) -> dict[str, Any]:
    """What the person declared and wrote as an expert, and its objections."""
    return {
        "expert_ties": _rows(
            session,
            ExpertTie,
            ExpertTie.user_id == actor.id,
            organisation=ExpertTie.name,
            kind=ExpertTie.kind,
            words=ExpertTie.words,
            created_at=ExpertTie.created_at,
            ended_at=ExpertTie.ended_at,
        ),
        "reviews_written": _rows(
            session,
            BidReview,
            BidReview.user_id == actor.id,
            bid=BidReview.bid_id,
            state=BidReview.state,
            scores=BidReview.scores,
            overall=BidReview.overall,
            conflict=BidReview.conflict_words,
            submitted_at=BidReview.submitted_at,
        ),
        "objections": _rows(
            session,
            Objection,
            Objection.user_id == actor.id,
            words=Objection.words,
            answer=Objection.answer,
            at=Objection.at,
        ),
    }


def _told_and_done(session: Session, actor: User) -> dict[str, Any]:
    """What the person was told, and what it did."""
    return {
        "notices": [
            {"text": notices.words(row), "created_at": _when(row.created_at)}
            for row in session.scalars(
                select(Notice).where(Notice.user_id == actor.id).order_by(Notice.id)
            )
        ],
        "mails": _rows(
            session,
            Mail,
            Mail.recipient == actor.email,
            kind=Mail.kind,
            state=Mail.state,
            created_at=Mail.created_at,
        ),
        "actions": [
            {
                "action": labels.ACTIONS.get(row.action, row.action),
                "record": f"{row.record_type}/{row.record_id}",
                "at": _when(row.at),
            }
            for row in session.scalars(
                select(History).where(History.actor_id == actor.id).order_by(History.id)
            )
        ],
    }


def _titles(session: Session, table: Any, actor: User) -> list[dict[str, Any]]:
    return _rows(
        session,
        table,
        table.author_id == actor.id,
        id=table.id,
        title=table.title,
        created_at=table.created_at,
    )


def _proposed(session: Session, actor: User) -> list[dict[str, Any]]:
    """In the person's own words only: the records are others'."""
    return _rows(
        session,
        Proposal,
        Proposal.proposer_id == actor.id,
        why=Proposal.why,
        changed=Proposal.changed,
        at=Proposal.at,
    )


def _bids(session: Session, actor: User) -> list[dict[str, Any]]:
    """The receipts; the text of a bid is its organisation's, and may be sealed."""
    query = (
        select(BidSubmission)
        .where(BidSubmission.user_id == actor.id)
        .options(joinedload(BidSubmission.bid).joinedload(Bid.call))
        .order_by(BidSubmission.id)
    )
    return [
        {
            "call": row.bid.call.title,
            "number": row.number,
            "at": _when(row.at),
            "sha256": row.sha256,
        }
        for row in session.scalars(query)
    ]


def _rows(
    session: Session, table: Any, whose: Any, **columns: Any
) -> list[dict[str, Any]]:
    """The columns of the person's rows, the oldest first, as a person reads them."""
    named = (column.label(name) for name, column in columns.items())
    rows = session.execute(select(*named).where(whose).order_by(table.id))
    return [
        {name: _plain(value) for name, value in row.items()} for row in rows.mappings()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _when(value)
    return labels.label(value) if isinstance(value, StrEnum) else value


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _their_registrations(actor: User) -> Any:
    return or_(Registration.user_id == actor.id, Registration.email == actor.email)


def hindrance(session: Session, actor: User) -> str:
    """Why the actor cannot leave just now; empty when nothing speaks against it."""
    if (
        actor.role is Role.ADMIN
        and _others(session, User.role == Role.ADMIN, actor) == 0
    ):
        return "您是唯一的平台管理员，请先让另一个账号成为管理员。"
    if _judges(session, actor):
        return "您还有没评完的揭榜书，请先提交评分表，或者请平台工作人员取消分派。"
    if not actor.manages:
        return ""
    home = User.organisation_id == actor.organisation_id
    if _others(session, home, actor) and not _others(session, home & IN_CHARGE, actor):
        return "您是本单位唯一的管理员，请先把另一位成员设为管理员。"
    return ""


def _judges(session: Session, actor: User) -> bool:
    """Whether bids wait in the hands of the person."""
    held = select(BidReview.id).where(
        BidReview.user_id == actor.id, BidReview.state.in_(HELD_REVIEWS)
    )
    return session.scalar(held.limit(1)) is not None


def _others(session: Session, which: Any, actor: User) -> int:
    query = select(func.count(User.id)).where(
        which, User.id != actor.id, User.active.is_(True)
    )
    return session.scalar(query) or 0


def erase(session: Session, actor: User, data: PasswordOnly, *, now: datetime) -> None:
    """Take the person out; what it did stays in the history, without its name."""
    if not passwords.matches(actor.password_hash, data.password):
        raise Invalid({"password": "密码不正确"})
    with transaction(session):
        if why := hindrance(session, actor):
            raise Conflict("user.needed", why=why)
        email, nobody = actor.email, f"user-{actor.id}@{ERASED_DOMAIN}"
        _erase_traces(session, actor, email, nobody, now)
        two_step.forget(session, actor)
        actor.email, actor.name = nobody, ERASED_NAME
        actor.password_hash, actor.active = "!", False
        history.record(session, actor, "user.erased", actor, now=now)


def _erase_traces(
    session: Session, actor: User, email: str, nobody: str, now: datetime
) -> None:
    registrations = list(
        session.scalars(select(Registration).where(_their_registrations(actor)))
    )
    for row in registrations:
        row.email, row.name, row.password_hash = nobody, ERASED_NAME, "!"
    invitations = list(
        session.scalars(select(Invitation).where(Invitation.email == email))
    )
    for invitation in invitations:
        invitation.email = nobody
    own = select(Objection).where(Objection.user_id == actor.id)
    for objection in session.scalars(own):
        objection.name, objection.email = ERASED_NAME, nobody
    for purpose in (TokenPurpose.RESET, TokenPurpose.EXPERT):
        _void_links(session, purpose, [actor.id], now)
    registered = [row.id for row in registrations]
    for purpose in (TokenPurpose.CONFIRM, TokenPurpose.CORRECT):
        _void_links(session, purpose, registered, now)
    _void_links(session, TokenPurpose.INVITE, [row.id for row in invitations], now)
    session.execute(delete(ContactGrant).where(ContactGrant.user_id == actor.id))
    session.execute(delete(SignInFailure).where(SignInFailure.email == email))
    session.execute(delete(UserSession).where(UserSession.user_id == actor.id))
    session.execute(delete(ApiToken).where(ApiToken.user_id == actor.id))
    session.execute(delete(ApiAnswer).where(ApiAnswer.user_id == actor.id))
    session.execute(delete(Notice).where(Notice.user_id == actor.id))
    session.execute(delete(Mail).where(Mail.recipient == email))


def _void_links(
    session: Session, purpose: TokenPurpose, subjects: Sequence[int], now: datetime
) -> None:
    session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.subject_id.in_(subjects),
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=now)
    )
