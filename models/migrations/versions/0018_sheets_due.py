"""The day by which the scoring sheets of a call are due"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("sheets_due_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "sheets_due_on")
