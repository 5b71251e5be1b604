"""What every table shares: the declarative base, UTC time, enum and fen columns."""

import enum
from datetime import UTC, date, datetime
from typing import Annotated, Any, cast

from sqlalchemy import JSON, BigInteger, DateTime, Enum, MetaData, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC in both databases.

    SQLite keeps no zone, so a naive value would silently mean two things;
    it is refused on the way in.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def table_of(model: type[Any]) -> Table:
    """The table of a model, for statements that make no objects."""
    return cast(Table, model.__table__)


def enum_column(cls: type[enum.StrEnum], name: str | None = None) -> Enum:
    """The values of ``cls`` as a checked string, readable in the table itself.

    Two columns of one table with the same enum need a ``name`` each.
    """
    return Enum(
        cls,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name or cls.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


Fen = Annotated[int, mapped_column(BigInteger)]
Code = Annotated[str, mapped_column(String(16))]
Title = Annotated[str, mapped_column(String(200))]
Prose = Annotated[str, mapped_column(Text)]
Lines = Annotated[list[str], mapped_column(JSON)]
Facts = Annotated[dict[str, Any], mapped_column(JSON)]
Numbers = Annotated[dict[str, float], mapped_column(JSON(none_as_null=True))]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime}


def utcnow() -> datetime:
    """The one clock; services take ``now`` as an argument and never call it."""
    return datetime.now(UTC)


def end_of_month(year: int, month: int) -> date:
    """The last day of a month: what a deadline of «2026-12» means."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
