"""Changes of task books that are carried out"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PROPOSED = sa.text("state = 'proposed'")
SIDES = ("issuer", "bidder")


def upgrade() -> None:
    op.create_table(
        "award_amendments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "in_force",
                "declined",
                "withdrawn",
                "lapsed",
                name="amendmentstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("end_words", sa.Text(), nullable=False),
        *(
            column
            for side in SIDES
            for column in (
                sa.Column(f"{side}_confirmed_at", MOMENT, nullable=True),
                sa.Column(f"{side}_confirmed_by_id", sa.Integer(), nullable=True),
                sa.Column(f"{side}_confirmed_words", sa.Text(), nullable=False),
            )
        ),
        sa.CheckConstraint(
            "state != 'in_force' OR (amended_on IS NOT NULL"
            " AND issuer_confirmed_at IS NOT NULL"
            " AND bidder_confirmed_at IS NOT NULL)",
            name=op.f("ck_award_amendments_confirmed_by_both"),
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)",
            name=op.f("ck_award_amendments_decided_at_a_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["awards.id"], name=op.f("fk_award_amendments_award_id")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["users.id"], name=op.f(f"fk_award_amendments_{column}")
            )
            for column in ("author_id", *(f"{side}_confirmed_by_id" for side in SIDES))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_amendments")),
        sa.UniqueConstraint(
            "award_id", "number", name=op.f("uq_award_amendments_award_id_number")
        ),
    )
    op.create_index(
        "uq_award_amendments_open",
        "award_amendments",
        ["award_id"],
        unique=True,
        sqlite_where=PROPOSED,
        postgresql_where=PROPOSED,
    )


def downgrade() -> None:
    op.drop_table("award_amendments")
