"""The feed of the review desk's columns, and indexes for it and for one's own work"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXED = ("claimed_until", "snoozed_until")
OWNED = ("needs", "achievements")


def upgrade() -> None:
    op.create_table(
        "suggestion_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("suggestion_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_changes")),
    )
    for column in INDEXED:
        op.create_index(f"ix_suggestions_{column}", "suggestions", [column])
    for table in OWNED:
        op.create_index(f"ix_{table}_own", table, ["organisation_id", "status"])
        op.drop_index(f"ix_{table}_organisation_id", table_name=table)


def downgrade() -> None:
    for table in OWNED:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        op.drop_index(f"ix_{table}_own", table_name=table)
    for column in reversed(INDEXED):
        op.drop_index(f"ix_suggestions_{column}", table_name="suggestions")
    op.drop_table("suggestion_changes")
