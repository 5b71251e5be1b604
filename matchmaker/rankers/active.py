"""The ranker in force, as every process sees it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from index.approval import ApprovalModel, shipped
from models import Activation, Ranker

# By ranker: a trained model never changes. Which one counts is asked every time.
_read: dict[int, ApprovalModel] = {}


def active(session: Session) -> ApprovalModel:
    """The model that tells probabilities now; an activation elsewhere shows at once."""
    query = select(Activation.ranker_id).order_by(Activation.id.desc()).limit(1)
    ranker_id = session.scalar(query)
    if ranker_id is None:
        return shipped()
    model = _read.get(ranker_id)
    if model is None:
        weights = session.scalars(
            select(Ranker.weights).where(Ranker.id == ranker_id)
        ).one()
        model = _read[ranker_id] = ApprovalModel.from_json(weights)
    return model


def forget() -> None:
    """Drop what was read, when this process turns to another database."""
    _read.clear()
