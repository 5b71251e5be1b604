"""The rows that migrations enter: reasons, holidays. Tests empty the tables."""

from typing import Any

from sqlalchemy import Connection, Engine, select

from models import Base

Seeds = dict[str, list[dict[str, Any]]]


def read(engine: Engine) -> Seeds:
    """All there is in fresh tables."""
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table)).mappings()
            ]
            for table in Base.metadata.sorted_tables
        }


def write(connection: Connection, seeds: Seeds) -> None:
    """Put them back into empty tables."""
    for table in Base.metadata.sorted_tables:
        if seeds[table.name]:
            connection.execute(table.insert(), seeds[table.name])
