"""What a university or institute offers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation
from .base import Base, Code, Fen, Lines, Prose, Title, enum_column
from .likeness import Known, keep_keys
from .states import (
    ACHIEVEMENT_MOVES,
    AchievementStatus,
    Ownership,
    ProofKind,
    Stage,
    ValuationMethod,
    move,
)


class Achievement(Known, Base):
    """A scientific achievement (科技成果) looking for a taker.

    ``price_fen`` is empty for «面议». Readiness, stage and ownership may be empty
    in a draft only, so their types leave that out.

    trl         the level on the nine-level scale, by which records are compared
    trl_stated  the level as stated, where the scale has thirteen; see `level`
    ip          rows of ``{"type", "status", "count", "number", "family"}``; the
                last two may be missing
    owners      rows of ``{"name", "share"}`` where several own it, in per cent
    use_until   the last day of a right of long use
    valuation_  a range somebody worked out, with how and when; never computed here
    """

    __tablename__ = "achievements"
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price_positive"),
        CheckConstraint("trl BETWEEN 1 AND 9", name="trl_range"),
        CheckConstraint("trl_scale IN (9, 13)", name="trl_scale_known"),
        CheckConstraint("trl_stated BETWEEN 1 AND trl_scale", name="trl_stated_range"),
        CheckConstraint(
            "valuation_low_fen > 0 AND valuation_high_fen >= valuation_low_fen",
            name="valuation_range",
        ),
        CheckConstraint(
            "status IN ('draft', 'withdrawn') OR (trl IS NOT NULL"
            " AND stage IS NOT NULL AND ownership IS NOT NULL)",
            name="complete_when_submitted",
        ),
        Index("ix_achievements_own", "organisation_id", "status"),
        Index("ix_achievements_listing", "status", "published_at"),
        Index("ix_achievements_known", "organisation_id", "title_key"),
        Index(
            "uq_achievements_number", "organisation_id", "external_number", unique=True
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(32), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[AchievementStatus] = mapped_column(
        enum_column(AchievementStatus), default=AchievementStatus.DRAFT
    )
    title: Mapped[Title]
    field: Mapped[Code] = mapped_column(index=True)
    inventors: Mapped[str] = mapped_column(String(200))
    abstract: Mapped[Prose]
    indicators: Mapped[Lines]
    trl: Mapped[int] = mapped_column(nullable=True)
    trl_scale: Mapped[int] = mapped_column(default=9)
    trl_stated: Mapped[int | None]
    trl_proof: Mapped[ProofKind | None] = mapped_column(enum_column(ProofKind))
    trl_proof_on: Mapped[date | None]
    trl_proof_by: Mapped[str | None] = mapped_column(String(200))
    stage: Mapped[Stage] = mapped_column(enum_column(Stage), nullable=True)
    ip: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    ownership: Mapped[Ownership] = mapped_column(enum_column(Ownership), nullable=True)
    owners: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    use_until: Mapped[date | None]
    applications: Mapped[Prose] = mapped_column(default="")
    modes: Mapped[Lines]
    terms: Mapped[Prose] = mapped_column(default="")
    price_fen: Mapped[Fen | None]
    valuation_low_fen: Mapped[Fen | None]
    valuation_high_fen: Mapped[Fen | None]
    valuation_method: Mapped[ValuationMethod | None] = mapped_column(
        enum_column(ValuationMethod)
    )
    valuation_on: Mapped[date | None]
    pilot_wanted: Mapped[bool] = mapped_column(default=False)
    pilot_needs: Mapped[Prose] = mapped_column(default="")
    return_reason: Mapped[Prose | None]
    return_codes: Mapped[Lines | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    renewed_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()

    __mapper_args__ = {"version_id_col": version}

    @property
    def level(self) -> int:
        """The level of readiness as stated, on the scale of ``trl_scale``."""
        return self.trl_stated or self.trl

    def move_to(self, status: AchievementStatus) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(ACHIEVEMENT_MOVES, self.status, status)
        if self.status is AchievementStatus.RETURNED:
            self.return_reason = self.return_codes = None
        self.status = status


keep_keys(Achievement, "abstract")
