"""Achievements in full; subscriptions and what they found"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Written as SQL that both databases read: Alembic gives SQLite no constraint with
# a new column, and copying the table would break the rows that refer to it.
COLUMNS = (
    (
        "trl_scale",
        "INTEGER NOT NULL DEFAULT 9 CONSTRAINT ck_achievements_trl_scale_known"
        " CHECK (trl_scale IN (9, 13))",
    ),
    (
        "trl_stated",
        "INTEGER CONSTRAINT ck_achievements_trl_stated_range"
        " CHECK (trl_stated BETWEEN 1 AND trl_scale)",
    ),
    (
        "trl_proof",
        "VARCHAR(32) CONSTRAINT ck_achievements_proofkind CHECK (trl_proof IN"
        " ('evaluation', 'test', 'use', 'contract', 'invoice', 'accounts'))",
    ),
    ("trl_proof_on", "DATE"),
    ("trl_proof_by", "VARCHAR(200)"),
    ("owners", "JSON NOT NULL DEFAULT '[]'"),
    ("use_until", "DATE"),
    ("applications", "TEXT NOT NULL DEFAULT ''"),
    ("terms", "TEXT NOT NULL DEFAULT ''"),
    ("valuation_low_fen", "BIGINT"),
    (
        "valuation_high_fen",
        "BIGINT CONSTRAINT ck_achievements_valuation_range CHECK"
        " (valuation_low_fen > 0 AND valuation_high_fen >= valuation_low_fen)",
    ),
    (
        "valuation_method",
        "VARCHAR(32) CONSTRAINT ck_achievements_valuationmethod CHECK"
        " (valuation_method IN ('cost', 'income', 'market', 'other'))",
    ),
    ("valuation_on", "DATE"),
    ("pilot_wanted", "BOOLEAN NOT NULL DEFAULT false"),
    ("pilot_needs", "TEXT NOT NULL DEFAULT ''"),
)
TASKS = ("encode", "notify", "match")


def upgrade() -> None:
    for name, words in COLUMNS:
        op.execute(f"ALTER TABLE achievements ADD COLUMN {name} {words}")
    _tasks(TASKS)
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("record_type", _records(), nullable=True),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column(
            "frequency",
            sa.Enum(
                "instant",
                "daily",
                "weekly",
                name="frequency",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "achievement_id IS NULL OR record_type = 'need'",
            name=op.f("ck_subscriptions_buyers_are_needs"),
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievements.id"],
            name=op.f("fk_subscriptions_achievement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "user_id", "fingerprint", name=op.f("uq_subscriptions_user_id_fingerprint")
        ),
    )
    op.create_index(
        op.f("ix_subscriptions_achievement_id"), "subscriptions", ["achievement_id"]
    )
    op.create_index(
        "ix_subscriptions_running", "subscriptions", ["stopped_at", "record_type"]
    )
    op.create_table(
        "subscription_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("record_type", _records(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_findings_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscription_findings_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_findings")),
        sa.UniqueConstraint(
            "subscription_id",
            "record_type",
            "record_id",
            name=op.f("uq_subscription_findings_subscription_id_record_type_record_id"),
        ),
    )
    for name, columns in (
        ("told", ["user_id", "record_type", "record_id"]),
        ("record", ["record_type", "record_id"]),
        ("waiting", ["told_at", "subscription_id"]),
    ):
        op.create_index(
            f"ix_subscription_findings_{name}", "subscription_findings", columns
        )


def downgrade() -> None:
    op.drop_table("subscription_findings")
    op.drop_table("subscriptions")
    op.execute("DELETE FROM outbox_tasks WHERE kind = 'notify'")
    _tasks(tuple(task for task in TASKS if task != "notify"))
    for name, _ in reversed(COLUMNS):
        op.drop_column("achievements", name)


def _records() -> sa.Enum:
    return sa.Enum(
        "need",
        "achievement",
        "call",
        name="recordtype",
        native_enum=False,
        create_constraint=True,
        length=32,
    )


def _tasks(kinds: tuple[str, ...]) -> None:
    """Let the outbox hold tasks of these kinds. Nothing refers to its rows."""
    allowed = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
    name = op.f("ck_outbox_tasks_taskkind")
    with op.batch_alter_table("outbox_tasks") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, allowed)
