"""The feed the review desk's columns follow, and an index of what is claimed"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suggestion_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("suggestion_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_changes")),
    )
    op.create_index("ix_suggestions_claimed_until", "suggestions", ["claimed_until"])


def downgrade() -> None:
    op.drop_index("ix_suggestions_claimed_until", table_name="suggestions")
    op.drop_table("suggestion_changes")
