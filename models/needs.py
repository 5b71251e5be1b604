"""An enterprise's problem: the full text, and the text others may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation
from .base import Base, Code, Fen, Lines, Prose, Title, enum_column
from .fields import district_name, field_name
from .likeness import Known, keep_keys
from .states import NEED_MOVES, NeedStatus, Secrecy, move


@dataclass(frozen=True)
class NeedText:
    """The words of a need as one kind of reader gets them.

    A masked need has a scene in its full text only: nobody has struck out of it what
    must not be told.
    """

    title: str
    problem: str
    targets: list[str]
    organisation: str
    scene: str = ""


def fingerprint(title: str, problem: str, targets: Sequence[str]) -> str:
    """Of a full text: what its author approved a public text for."""
    return sha256("\x1f".join((title, problem, *targets)).encode()).hexdigest()


class Need(Known, Base):
    """A technology need (技术需求).

    Money is whole fen; ``budget_fen`` is empty for «面议». The public columns
    are filled for a masked need only: for a public one they would repeat the
    full text, for a restricted one there is no public text. ``public_approved`` is
    the fingerprint of the full text for which the author approved it; empty as soon
    as the full text is another.

    ``measures`` says of each target what is to be measured: ``{"name",
    "comparator", "value", "upper", "unit", "must", "proposed"}``; empty where nobody
    has opened the form since there are any.
    """

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint("budget_fen > 0", name="budget_positive"),
        CheckConstraint("trl_expected BETWEEN 1 AND 9", name="trl_range"),
        CheckConstraint(
            "(secrecy = 'masked') = (public_title IS NOT NULL) AND "
            "(secrecy = 'masked') = (public_problem IS NOT NULL)",
            name="public_text_when_masked",
        ),
        Index("ix_needs_own", "organisation_id", "status"),
        Index("ix_needs_listing", "status", "secrecy", "published_at"),
        Index("ix_needs_known", "organisation_id", "title_key"),
        Index("uq_needs_number", "organisation_id", "external_number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(32), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[NeedStatus] = mapped_column(
        enum_column(NeedStatus), default=NeedStatus.DRAFT
    )
    secrecy: Mapped[Secrecy] = mapped_column(
        enum_column(Secrecy), default=Secrecy.PUBLIC
    )
    title: Mapped[Title]
    field: Mapped[Code] = mapped_column(index=True)
    problem: Mapped[Prose]
    targets: Mapped[Lines]
    measures: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSON(none_as_null=True)
    )
    tried: Mapped[Prose] = mapped_column(default="")
    scene: Mapped[Prose] = mapped_column(default="")
    solver_conditions: Mapped[Prose] = mapped_column(default="")
    ip_wish: Mapped[str | None] = mapped_column(String(16))  # of `IpWish`
    contact: Mapped[str] = mapped_column(String(200), default="")
    park: Mapped[str] = mapped_column(String(60), default="")
    public_title: Mapped[str | None] = mapped_column(String(200))
    public_problem: Mapped[Prose | None]
    public_targets: Mapped[Lines | None]
    public_approved: Mapped[str | None] = mapped_column(String(64))
    district: Mapped[str] = mapped_column(String(32), index=True)
    trl_expected: Mapped[int | None]
    budget_fen: Mapped[Fen | None]
    cooperation: Mapped[Lines]
    deadline: Mapped[date | None]
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
    def public_is_approved(self) -> bool:
        """Whether its author stands behind the public text as the full one is now."""
        return (
            self.secrecy is not Secrecy.MASKED
            or self.public_approved == self.fingerprint
        )

    def move_to(self, status: NeedStatus) -> None:
        """Take the next state; raises `IllegalMove` if it may not follow."""
        move(NEED_MOVES, self.status, status)
        if self.status is NeedStatus.RETURNED:
            self.return_reason = self.return_codes = None
        self.status = status

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.title, self.problem, self.targets)

    @property
    def full_text(self) -> NeedText:
        return NeedText(
            self.title,
            self.problem,
            list(self.targets),
            self.organisation.name,
            self.scene or "",
        )

    @property
    def public_text(self) -> NeedText | None:
        """What outsiders read; None when nobody else learns of the need."""
        if self.secrecy is Secrecy.RESTRICTED:
            return None
        if self.secrecy is Secrecy.PUBLIC:
            return self.full_text
        return NeedText(
            self.public_title or "",
            self.public_problem or "",
            list(self.public_targets or []),
            f"{district_name(self.district)}某{field_name(self.field)}企业",
        )


def _forget_approval(_mapper: object, _connection: object, need: Need) -> None:
    """An approval of another text is none, whoever wrote the text."""
    if need.public_approved is not None and need.public_approved != need.fingerprint:
        need.public_approved = None


keep_keys(Need, "problem")
event.listen(Need, "before_insert", _forget_approval)
event.listen(Need, "before_update", _forget_approval)
