"""Write achievements down, change them, take them back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Achievement, User, transaction
from models.outbox import RecordType
from models.states import ACHIEVEMENT_MOVES, AchievementStatus

from ..history import service as history
from ..jobs import outbox
from ..posting import expiry
from ..posting import service as posting
from ..posting.terms import Terms
from ..schema import parse
from ..search.service import find
from .schema import NINE, THIRTEEN, AchievementDraft, AchievementInput, from_form


def find_achievement(
    session: Session, user: User | None, achievement_id: int
) -> Achievement:
    """The achievement, if this person may know of it; raises `NotFound` if not."""
    achievement: Achievement = find(
        session, user, RecordType.ACHIEVEMENT, achievement_id
    )
    return achievement


def read_form(form: Any, *, submit: bool, today: date) -> AchievementDraft:
    """The posted form, checked as a draft or in full; raises `Invalid`."""
    model = AchievementInput if submit else AchievementDraft
    return parse(model, from_form(form), {"today": today})


def unsaved(
    user: User, draft: AchievementDraft, item: Achievement | None = None
) -> Achievement:
    """The achievement as it would be kept, for looking at what resembles it.

    It is in no session; ``item`` is what is stored of it already.
    """
    return Achievement(
        id=item.id if item else 0,
        organisation=user.organisation,
        organisation_id=user.organisation_id,
        status=AchievementStatus.DRAFT,
        **columns(draft),
    )


def create_achievement(
    session: Session,
    actor: User,
    data: AchievementDraft,
    *,
    form_key: str,
    now: datetime,
) -> Achievement:
    """Keep the achievement of the actor's organisation, as a draft or for review.

    An `AchievementInput` goes to review, a plain draft stays a draft; see
    `posting.create` for a form sent twice.
    """
    with transaction(session):
        return posting.create(
            session,
            actor,
            Achievement,
            columns(data),
            form_key=form_key,
            complete=isinstance(data, AchievementInput),
            now=now,
        )


def edit_achievement(
    session: Session,
    actor: User,
    achievement_id: int,
    data: AchievementDraft,
    *,
    version: int,
    now: datetime,
) -> Achievement:
    """Replace the text of an achievement, see `posting.change`."""
    with transaction(session):
        return posting.change(
            session,
            actor,
            Achievement,
            achievement_id,
            columns(data),
            version=version,
            complete=isinstance(data, AchievementInput),
            now=now,
        )


def withdraw_achievement(
    session: Session, actor: User, achievement_id: int, *, now: datetime
) -> Achievement:
    """Take the achievement back for good; it leaves every list and search."""
    with transaction(session):
        return posting.withdraw(session, actor, Achievement, achievement_id, now=now)


def mark_transferred(
    session: Session, actor: User, achievement_id: int, *, now: datetime
) -> Achievement:
    """Note that the achievement found its taker: it is read on, and matched no more."""
    with transaction(session):
        achievement = posting.locked(
            session, actor, Achievement, achievement_id, "transfer"
        )
        achievement.move_to(AchievementStatus.TRANSFERRED)
        achievement.updated_at = now
        history.record(session, actor, "achievement.transferred", achievement, now=now)
        outbox.touch(session, achievement, now=now)
    return achievement


def renew_achievement(
    session: Session, actor: User, achievement_id: int, *, terms: Terms, now: datetime
) -> Achievement:
    """Offer again what was checked before, see `posting.expiry.renew`."""
    kind = RecordType.ACHIEVEMENT
    item = expiry.renew(session, actor, kind, achievement_id, terms=terms, now=now)
    assert isinstance(item, Achievement)
    return item


def may_be_transferred(achievement: Achievement) -> bool:
    """Whether the achievement's state lets it be marked as transferred."""
    return AchievementStatus.TRANSFERRED in ACHIEVEMENT_MOVES[achievement.status]


def may_withdraw(achievement: Achievement) -> bool:
    """Whether the achievement's state lets it be taken back."""
    return AchievementStatus.WITHDRAWN in ACHIEVEMENT_MOVES[achievement.status]


def columns(data: AchievementDraft) -> dict[str, Any]:
    """The input as the columns of the table."""
    return {
        "title": data.title,
        "field": data.field,
        "inventors": data.inventors,
        "abstract": data.abstract,
        "indicators": data.indicators,
        "applications": data.applications,
        # Whatever the scale, records are compared on the nine levels they share.
        "trl": None if data.trl is None else min(data.trl, NINE),
        "trl_scale": data.trl_scale,
        "trl_stated": data.trl if data.trl_scale == THIRTEEN else None,
        "trl_proof": data.trl_proof,
        "trl_proof_on": data.trl_proof_on,
        "trl_proof_by": data.trl_proof_by or None,
        "stage": data.stage,
        "ip": [row.stored() for row in data.ip if row is not None],
        "ownership": data.ownership,
        "owners": [row.stored() for row in data.owners if row is not None],
        "use_until": data.use_until,
        "modes": [str(mode) for mode in data.modes],
        "terms": data.terms,
        "price_fen": data.price,
        "valuation_low_fen": data.valuation_low,
        "valuation_high_fen": data.valuation_high,
        "valuation_method": data.valuation_method,
        "valuation_on": data.valuation_on,
        "pilot_wanted": data.pilot_wanted,
        "pilot_needs": data.pilot_needs,
    }
