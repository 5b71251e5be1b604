"""Scenes and fields of use are searched: their records are encoded anew"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TASKS = sa.table(
    "outbox_tasks",
    *(sa.column(name) for name in ("kind", "record_type", "record_id", "attempts")),
    sa.column("created_at", MOMENT),
    sa.column("retry_at", MOMENT),
)
# Kind of record: its table, and the column that entered the text it is found by.
ENTERED = {"need": ("needs", "scene"), "achievement": ("achievements", "applications")}


def upgrade() -> None:
    encode_anew()


def downgrade() -> None:
    """The text without them is another one, too."""
    encode_anew()


def encode_anew() -> None:
    """Ask the worker for the vectors of every submitted record with such a text.

    Until it comes to them they are found by the words they had before.
    """
    now = sa.literal(datetime.now(UTC), MOMENT)
    for kind, (name, text) in ENTERED.items():
        table = sa.table(name, *map(sa.column, ("id", "status", text)))
        wanted = sa.select(
            sa.literal("encode"), sa.literal(kind), table.c.id, sa.literal(0), now, now
        ).where(
            sa.func.trim(table.c[text]) != "",
            table.c.status.not_in(["draft", "withdrawn"]),
        )
        names = [column.name for column in TASKS.columns]
        op.execute(TASKS.insert().from_select(names, wanted))
