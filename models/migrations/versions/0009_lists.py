"""Indexes by which the longest lists are read"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_suggestions_waiting", "suggestions", ("status", "created_at")),
    ("ix_suggestions_unseen", "suggestions", ("seen_at", "status")),
    ("ix_suggestions_unseen_by_holder", "suggestions", ("holder_seen_at", "status")),
    ("ix_history_action", "history", ("action",)),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
