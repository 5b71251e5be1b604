"""The rows that migrations enter: reasons, holidays. Tests empty the tables."""

from typing import Any

from sqlalchemy import Connection, Engine, Table, select

from models import Base

Seeds = dict[str, list[dict[str, Any]]]


def read(engine: Engine) -> Seeds:
    """What the migrations entered into fresh tables, by table."""
    with engine.connect() as connection:
        held = {t.name: _rows(connection, t) for t in Base.metadata.sorted_tables}
    return {name: rows for name, rows in held.items() if rows}


def restore(connection: Connection, seeds: Seeds) -> None:
    """Delete every row but the seeds; these are written anew where a test did.

    Most tests leave them alone, and to look costs less than to write.
    """
    tables = Base.metadata.sorted_tables
    seeded = [t for t in tables if t.name in seeds]
    kept = {t.name for t in seeded if _rows(connection, t) == seeds[t.name]}
    names = [t.name for t in reversed(tables) if t.name not in kept]
    deletes = [f'DELETE FROM "{name}"' for name in names]
    # In one message where the driver takes several statements.
    at_once = connection.dialect.name == "postgresql"
    for statement in ["; ".join(deletes)] if at_once else deletes:
        connection.exec_driver_sql(statement)
    for table in seeded:
        if table.name not in kept:
            connection.execute(table.insert(), seeds[table.name])


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]
