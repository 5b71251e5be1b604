"""Attachments of records; measured targets, approval and renewal of needs"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = {
    "tried": sa.Text(),
    "scene": sa.Text(),
    "solver_conditions": sa.Text(),
    "contact": sa.String(200),
    "park": sa.String(60),
}


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "record_type",
            sa.Enum(
                "need",
                "achievement",
                "call",
                name="recordtype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachments_size_positive")),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name=op.f("fk_attachments_uploader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(
        "ix_attachments_record", "attachments", ["record_type", "record_id"]
    )
    op.create_index(op.f("ix_attachments_sha256"), "attachments", ["sha256"])
    op.create_index(op.f("ix_attachments_uploader_id"), "attachments", ["uploader_id"])
    # With defaults, so that SQLite adds the columns without copying the table.
    for name, kind in TEXTS.items():
        op.add_column("needs", sa.Column(name, kind, nullable=False, server_default=""))
    op.add_column("needs", sa.Column("measures", sa.JSON(), nullable=True))
    op.add_column("needs", sa.Column("public_approved", sa.String(64), nullable=True))
    op.add_column(
        "needs", sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("needs", sa.Column("ip_wish", sa.String(16), nullable=True))


def downgrade() -> None:
    # Column by column: SQLite would copy the table, and others refer to it.
    for name in (*TEXTS, "measures", "public_approved", "renewed_at", "ip_wish"):
        op.drop_column("needs", name)
    op.drop_table("attachments")
