"""The word pieces of each text, for late interaction"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("embeddings", sa.Column("tokens", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("embeddings") as batch:
        batch.drop_column("tokens")
