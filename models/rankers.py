"""Models that tell the probability of approval, and which of them was in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, Facts, enum_column
from .states import RANKER_MOVES, RankerState, move


class Ranker(Base):
    """A trained model; ``weights`` as `index.approval.ApprovalModel` writes them.

    The model that comes with the platform has no row. ``decisions`` says on how
    many decisions it was trained, ``report`` how it did before it was activated.
    """

    __tablename__ = "rankers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    weights: Mapped[Facts]
    report: Mapped[Facts]
    decisions: Mapped[int]
    state: Mapped[RankerState] = mapped_column(
        enum_column(RankerState), default=RankerState.CANDIDATE
    )
    created_at: Mapped[datetime]

    def move_to(self, state: RankerState) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(RANKER_MOVES, self.state, state)
        self.state = state


class Activation(Base):
    """From this moment on a ranker is in force; rows are added and never touched.

    The newest row counts. ``ranker_id`` is empty for the model that comes with
    the platform, which is in force as long as there is no row.
    """

    __tablename__ = "ranker_activations"

    id: Mapped[int] = mapped_column(primary_key=True)
    ranker_id: Mapped[int | None] = mapped_column(ForeignKey("rankers.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    is_rollback: Mapped[bool]
    rescored: Mapped[int]
    at: Mapped[datetime]

    ranker: Mapped[Ranker | None] = relationship()


def _refuse(_mapper: object, _connection: object, target: Activation) -> None:
    raise RuntimeError(f"activation {target.id} cannot be changed")


event.listen(Activation, "before_update", _refuse)
event.listen(Activation, "before_delete", _refuse)
