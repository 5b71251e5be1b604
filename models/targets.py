"""What the city set itself for a year, and by which formula it is counted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import User
from .base import Base, Prose, enum_column
from .states import TargetIndicator, Unit

UNITS: dict[TargetIndicator, Unit] = {
    TargetIndicator.TURNOVER: Unit.FEN,
    TargetIndicator.GDP_SHARE: Unit.BASIS_POINTS,
    TargetIndicator.THREE_KINDS_GROWTH: Unit.BASIS_POINTS,
    TargetIndicator.LOCAL_CONVERSION: Unit.BASIS_POINTS,
    TargetIndicator.NEEDS: Unit.COUNT,
    TargetIndicator.BREAKTHROUGHS: Unit.COUNT,
    TargetIndicator.PILOT_BASES: Unit.COUNT,
    TargetIndicator.EVENTS: Unit.COUNT,
}


class Definition(Base):
    """A formula of an indicator, from a day on; a later one takes its place.

    ``method`` names the computation (`matchmaker.dashboards.methods`), ``words`` are
    printed on the board. The plan gives no formulas, so each says who set it.
    """

    __tablename__ = "indicator_definitions"
    __table_args__ = (UniqueConstraint("indicator", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator: Mapped[TargetIndicator] = mapped_column(enum_column(TargetIndicator))
    name: Mapped[str] = mapped_column(String(120))
    method: Mapped[str] = mapped_column(String(48))
    words: Mapped[Prose]
    from_on: Mapped[date]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    author: Mapped[User | None] = relationship()


class YearTarget(Base):
    """What is to be reached in a year, in the unit of its indicator (`UNITS`)."""

    __tablename__ = "year_targets"
    __table_args__ = (UniqueConstraint("year", "indicator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    indicator: Mapped[TargetIndicator] = mapped_column(enum_column(TargetIndicator))
    value: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column()
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}


class YearFact(Base):
    """A figure of a year that the platform cannot count: GDP, what went before it.

    ``name`` is one of `matchmaker.dashboards.facts`; money is whole 分.
    """

    __tablename__ = "year_facts"
    __table_args__ = (
        UniqueConstraint("year", "name"),
        CheckConstraint("value >= 0", name="value_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    name: Mapped[str] = mapped_column(String(48))
    value: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column()
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}
