"""Sealed bids, their receipts and files, and their release by two people"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bid_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("first_by_id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_by_id", sa.Integer(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bids", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(second_by_id IS NULL) = (second_at IS NULL)",
            name=op.f("ck_bid_releases_second_with_moment"),
        ),
        sa.CheckConstraint(
            "first_by_id <> second_by_id", name=op.f("ck_bid_releases_two_people")
        ),
        sa.CheckConstraint(
            "released_at IS NULL OR second_by_id IS NOT NULL OR bids = 0",
            name=op.f("ck_bid_releases_released_by_two"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_bid_releases_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["first_by_id"], ["users.id"], name=op.f("fk_bid_releases_first_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_by_id"], ["users.id"], name=op.f("fk_bid_releases_second_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_releases")),
        sa.UniqueConstraint("call_id", name=op.f("uq_bid_releases_call_id")),
    )
    op.create_index(
        op.f("ix_bid_releases_first_by_id"), "bid_releases", ["first_by_id"]
    )
    op.create_index(
        op.f("ix_bid_releases_second_by_id"), "bid_releases", ["second_by_id"]
    )
    op.create_table(
        "bids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "withdrawn",
                "released",
                name="bidstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("draft_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("release_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'released') = (content IS NOT NULL) AND (content IS NULL) = (salt IS NULL)",
            name=op.f("ck_bids_content_once_released"),
        ),
        sa.CheckConstraint(
            "(state = 'submitted') = (sealed IS NOT NULL) AND (sealed IS NULL) = (sealed_key IS NULL) AND (sealed IS NULL) = (release_key IS NULL)",
            name=op.f("ck_bids_sealed_while_submitted"),
        ),
        sa.CheckConstraint(
            "(state IN ('submitted', 'released')) = (digest IS NOT NULL) AND (digest IS NULL) = (submitted_at IS NULL)",
            name=op.f("ck_bids_digest_of_submission"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted') OR draft IS NULL",
            name=op.f("ck_bids_draft_while_open"),
        ),
        sa.CheckConstraint(
            "(draft IS NULL) = (draft_key IS NULL)", name=op.f("ck_bids_draft_with_key")
        ),
        sa.CheckConstraint(
            "(key_id IS NULL) = (draft IS NULL AND sealed IS NULL)",
            name=op.f("ck_bids_key_named_while_sealed"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_bids_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_bids_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bids_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bids")),
        sa.UniqueConstraint(
            "call_id", "organisation_id", name=op.f("uq_bids_call_id_organisation_id")
        ),
    )
    op.create_index(op.f("ix_bids_key_id"), "bids", ["key_id"])
    op.create_index(op.f("ix_bids_organisation_id"), "bids", ["organisation_id"])
    op.create_index(op.f("ix_bids_user_id"), "bids", ["user_id"])
    op.create_table(
        "bid_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.Column("bidder_key", sa.LargeBinary(), nullable=True),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("in_draft", sa.Boolean(), nullable=False),
        sa.Column("in_submission", sa.Boolean(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.String(length=160), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(data_key IS NULL) = (name IS NULL) AND (name IS NULL) = (kind IS NULL) AND (name IS NULL) = (size IS NULL) AND (name IS NULL) = (sha256 IS NULL) AND (data_key IS NULL) = (bidder_key IS NOT NULL) AND (facts IS NULL) = (bidder_key IS NULL)",
            name=op.f("ck_bid_files_open_or_sealed"),
        ),
        sa.CheckConstraint(
            "in_draft OR in_submission", name=op.f("ck_bid_files_part_of_something")
        ),
        sa.ForeignKeyConstraint(
            ["bid_id"], ["bids.id"], name=op.f("fk_bid_files_bid_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bid_files_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_files")),
        sa.UniqueConstraint("ref", name=op.f("uq_bid_files_ref")),
    )
    op.create_index(op.f("ix_bid_files_bid_id"), "bid_files", ["bid_id"])
    op.create_index(op.f("ix_bid_files_stored"), "bid_files", ["stored"])
    op.create_index(op.f("ix_bid_files_user_id"), "bid_files", ["user_id"])
    op.create_table(
        "bid_submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["bid_id"], ["bids.id"], name=op.f("fk_bid_submissions_bid_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bid_submissions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_submissions")),
        sa.UniqueConstraint(
            "bid_id", "number", name=op.f("uq_bid_submissions_bid_id_number")
        ),
    )
    op.create_index(op.f("ix_bid_submissions_sha256"), "bid_submissions", ["sha256"])
    op.create_index(op.f("ix_bid_submissions_user_id"), "bid_submissions", ["user_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_bid_submissions_user_id"), table_name="bid_submissions")
    op.drop_index(op.f("ix_bid_submissions_sha256"), table_name="bid_submissions")
    op.drop_table("bid_submissions")
    op.drop_index(op.f("ix_bid_files_user_id"), table_name="bid_files")
    op.drop_index(op.f("ix_bid_files_stored"), table_name="bid_files")
    op.drop_index(op.f("ix_bid_files_bid_id"), table_name="bid_files")
    op.drop_table("bid_files")
    op.drop_index(op.f("ix_bids_user_id"), table_name="bids")
    op.drop_index(op.f("ix_bids_organisation_id"), table_name="bids")
    op.drop_index(op.f("ix_bids_key_id"), table_name="bids")
    op.drop_table("bids")
    op.drop_index(op.f("ix_bid_releases_second_by_id"), table_name="bid_releases")
    op.drop_index(op.f("ix_bid_releases_first_by_id"), table_name="bid_releases")
    op.drop_table("bid_releases")
