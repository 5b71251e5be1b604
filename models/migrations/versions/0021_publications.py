"""Lists for publication, and what stands in them"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values, name=name, native_enum=False, create_constraint=True, length=32
    )


def upgrade() -> None:
    op.create_table(
        "publication_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _enum("publicationkind", "needs", "achievements", "scenes"),
            nullable=False,
        ),
        sa.Column(
            "state",
            _enum("publicationstate", "draft", "issued", "withdrawn"),
            nullable=False,
        ),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("foreword", sa.Text(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_words", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(state = 'draft') = (issued_at IS NULL) AND (state = 'draft') ="
            " (number IS NULL) AND (state = 'draft') = (year IS NULL)"
            " AND (state = 'draft') = (digest IS NULL)",
            name=op.f("ck_publication_lists_numbered_when_issued"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)"
            " AND (state = 'withdrawn') = (withdrawn_words IS NOT NULL)",
            name=op.f("ck_publication_lists_withdrawn_with_words"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["publication_lists.id"],
            name=op.f("fk_publication_lists_replaces_id"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["users.id"], name=op.f(f"fk_publication_lists_{column}")
            )
            for column in ("author_id", "issued_by_id", "withdrawn_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_lists")),
        sa.UniqueConstraint(
            "kind", "year", "number", name=op.f("uq_publication_lists_kind_year_number")
        ),
        sa.UniqueConstraint(
            "replaces_id", name=op.f("uq_publication_lists_replaces_id")
        ),
    )
    op.create_index(
        op.f("ix_publication_lists_issued_at"), "publication_lists", ["issued_at"]
    )
    op.create_table(
        "publication_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=False),
        sa.Column(
            "record_type",
            _enum("recordtype", "need", "achievement", "call"),
            nullable=False,
        ),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(title IS NULL) = (facts IS NULL)",
            name=op.f("ck_publication_entries_frozen_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["publication_lists.id"],
            name=op.f("fk_publication_entries_list_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_entries")),
        sa.UniqueConstraint(
            "list_id",
            "record_type",
            "record_id",
            name=op.f("uq_publication_entries_list_id_record_type_record_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("publication_entries")
    op.drop_table("publication_lists")
