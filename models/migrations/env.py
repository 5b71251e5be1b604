"""Alembic's entry: migrate over the connection that `models.migrate` opened."""

from typing import Any, Literal

from alembic import context

import models


def _plain_types(kind: str, value: Any, _context: object) -> str | Literal[False]:
    """Write our column types as what the database sees, so old files stay true."""
    if kind == "type" and type(value).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Base.metadata,
    render_item=_plain_types,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
