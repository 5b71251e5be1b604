"""Several secrets of one hook may be on their way out"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhook_old_secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_webhook_old_secrets_webhook_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_old_secrets")),
    )
    op.create_index(
        op.f("ix_webhook_old_secrets_webhook_id"), "webhook_old_secrets", ["webhook_id"]
    )
    op.execute(
        "INSERT INTO webhook_old_secrets (webhook_id, secret, until)"
        " SELECT id, old_secret, old_secret_until FROM webhooks"
        " WHERE old_secret IS NOT NULL AND old_secret_until IS NOT NULL"
    )
    for name in ("old_secret", "old_secret_until"):
        op.drop_column("webhooks", name)


def downgrade() -> None:
    op.add_column("webhooks", sa.Column("old_secret", sa.Text(), nullable=True))
    op.add_column("webhooks", sa.Column("old_secret_until", MOMENT, nullable=True))
    for name, column in (("old_secret", "secret"), ("old_secret_until", "until")):
        op.execute(
            f"UPDATE webhooks SET {name} = (SELECT {column} FROM webhook_old_secrets"
            " WHERE webhook_id = webhooks.id ORDER BY id DESC LIMIT 1)"
        )
    op.drop_table("webhook_old_secrets")
