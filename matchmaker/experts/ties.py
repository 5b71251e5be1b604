"""Ties of experts to organisations: declared by themselves, or by the staff."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Expert, ExpertTie, User, transaction
from models.accounts import name_key
from models.session import lock
from models.states import TieKind

from .. import policies
from ..errors import Conflict, NotFound
from ..history import service as history
from ..labels import label
from ..panels import recusing
from . import naming
from .schema import LARGEST_ID, TieInput
from .service import find


def declare(
    session: Session, actor: User, expert_id: int, data: TieInput, *, now: datetime
) -> ExpertTie:
    """Note what binds the expert to an organisation.

    What it judges of that organisation, or against it, is out of its hands at once.
    Raises `Conflict` «expert.tie_known» for the same tie a second time.
    """
    with transaction(session):
        expert = find(session, actor, expert_id)
        policies.require(actor, "expert.declare", expert)
        lock(session, expert)
        same = (name_key(data.organisation), data.kind)
        if any((one.name_key, one.kind) == same for one in expert.ties_in_force):
            raise Conflict("expert.tie_known")
        tie = naming.add_tie(
            session, expert, data.kind, data.organisation, data.words, now=now
        )
        session.flush()
        _note(session, actor, "expert.tie_added", expert, tie, now)
        recusing.follow_tie(session, actor, tie, now=now)
    return tie


def end(session: Session, actor: User, tie_id: int, *, now: datetime) -> ExpertTie:
    """The tie holds no longer; it stays to be read.

    An employer is replaced by another before it ends: without one the check of
    interest would know nothing of the expert.
    """
    with transaction(session):
        tie = session.scalar(
            select(ExpertTie).where(
                ExpertTie.id == min(tie_id, LARGEST_ID), policies.visible_ties(actor)
            )
        )
        if tie is None:
            raise NotFound("tie")
        policies.require(actor, "expert.declare", tie)
        expert = session.scalars(
            select(Expert).where(Expert.user_id == tie.user_id)
        ).one()
        lock(session, expert)
        lock(session, tie)
        if tie.ended_at is not None:
            raise Conflict("already_handled")
        employers = [e for e in expert.ties_in_force if e.kind is TieKind.EMPLOYER]
        if employers == [tie]:
            raise Conflict("expert.last_employer")
        tie.ended_at = now
        _note(session, actor, "expert.tie_ended", expert, tie, now)
    return tie


def _note(
    session: Session,
    actor: User,
    action: str,
    expert: Expert,
    tie: ExpertTie,
    now: datetime,
) -> None:
    text = f"{tie.name}（{label(tie.kind)}）"
    changes = {"tie": [None, text] if tie.ended_at is None else [text, None]}
    history.record(session, actor, action, expert, now=now, changes=changes)
