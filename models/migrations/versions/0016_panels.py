"""Experts, their scoring of bids, results, notice periods and objections"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

# The checks of tables that are there already: (table, constraint, old, new).
ROLES = "'enterprise', 'university', 'manager', 'staff', 'admin'"
PURPOSES = "'confirm', 'correct', 'reset', 'invite'"
CHECKS = (
    ("users", "ck_users_role", f"role IN ({ROLES})", f"role IN ({ROLES}, 'expert')"),
    (
        "users",
        "ck_users_member_has_organisation",
        "role IN ('staff', 'admin') OR organisation_id IS NOT NULL",
        "role IN ('staff', 'admin') OR (organisation_id IS NULL) = (role = 'expert')",
    ),
    (
        "one_time_tokens",
        "ck_one_time_tokens_tokenpurpose",
        f"purpose IN ({PURPOSES})",
        f"purpose IN ({PURPOSES}, 'expert')",
    ),
)
SHEETS = ("assigned", "submitted", "returned", "recused", "removed")
RESULTS = ("draft", "announced", "final", "withdrawn")
OBJECTIONS = ("open", "upheld", "dismissed")
TIES = ("employer", "former", "project", "shares", "family", "other")


def upgrade() -> None:
    for table, name, old, new in CHECKS:
        _replace_check(table, name, old, new)
    op.create_table(
        "experts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=True),
        _refers("experts", "user_id", "users"),
        _refers("experts", "invited_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experts")),
        sa.UniqueConstraint("user_id", name=op.f("uq_experts_user_id")),
    )
    op.create_table(
        "expert_ties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(200), nullable=False),
        sa.Column("kind", _enum("tiekind", *TIES), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _refers("expert_ties", "user_id", "users"),
        _refers("expert_ties", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_ties")),
    )
    for column in ("user_id", "organisation_id", "name_key"):
        op.create_index(op.f(f"ix_expert_ties_{column}"), "expert_ties", [column])
    _panels()
    _results()


def _panels() -> None:
    op.create_table(
        "panel_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT, nullable=True),
        sa.Column("left_words", sa.Text(), nullable=False),
        _refers("panel_members", "call_id", "calls"),
        _refers("panel_members", "user_id", "users"),
        _refers("panel_members", "added_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_members")),
        _unique("panel_members", "call_id", "user_id"),
    )
    op.create_index(op.f("ix_panel_members_user_id"), "panel_members", ["user_id"])
    op.create_table(
        "bid_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("state", _enum("reviewstate", *SHEETS), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("overall", sa.Text(), nullable=False),
        sa.Column("assigned_at", MOMENT, nullable=False),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("conflict_words", sa.Text(), nullable=False),
        sa.Column("returned_words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _refers("bid_reviews", "bid_id", "bids"),
        _refers("bid_reviews", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_reviews")),
        _unique("bid_reviews", "bid_id", "user_id"),
    )
    op.create_index("ix_bid_reviews_person", "bid_reviews", ["user_id", "state"])
    op.create_table(
        "issuer_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "score BETWEEN 0 AND 100", name=op.f("ck_issuer_views_score_range")
        ),
        _refers("issuer_views", "bid_id", "bids"),
        _refers("issuer_views", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_views")),
        _unique("issuer_views", "bid_id"),
    )


def _results() -> None:
    op.create_table(
        "call_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", _enum("resultstate", *RESULTS), nullable=False),
        sa.Column("failed_words", sa.Text(), nullable=False),
        sa.Column("without_issuer", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("notice_from", MOMENT, nullable=True),
        sa.Column("notice_until", MOMENT, nullable=True),
        sa.Column("drafted_at", MOMENT, nullable=False),
        sa.Column("drafted_by_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "notice_from < notice_until", name=op.f("ck_call_results_notice_in_order")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR notice_until IS NOT NULL",
            name=op.f("ck_call_results_announced_for_a_time"),
        ),
        _refers("call_results", "call_id", "calls"),
        _refers("call_results", "drafted_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_results")),
        _unique("call_results", "call_id", "number"),
    )
    op.create_index("ix_call_results_notice", "call_results", ["state", "notice_until"])
    op.create_table(
        "bid_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("won", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _refers("bid_outcomes", "result_id", "call_results"),
        _refers("bid_outcomes", "bid_id", "bids"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_outcomes")),
        _unique("bid_outcomes", "result_id", "bid_id"),
    )
    op.create_index(op.f("ix_bid_outcomes_bid_id"), "bid_outcomes", ["bid_id"])
    op.create_table(
        "objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", _enum("objectionstate", *OBJECTIONS), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (answer IS NULL)",
            name=op.f("ck_objections_decided_with_words"),
        ),
        _refers("objections", "result_id", "call_results"),
        _refers("objections", "user_id", "users"),
        _refers("objections", "answered_by_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
    )
    for column in ("result_id", "user_id", "email"):
        op.create_index(op.f(f"ix_objections_{column}"), "objections", [column])


NEW = (
    "objections",
    "bid_outcomes",
    "call_results",
    "issuer_views",
    "bid_reviews",
    "panel_members",
    "expert_ties",
    "experts",
)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    # The older tables know no experts: nobody signs in as one of these.
    op.execute("DELETE FROM one_time_tokens WHERE purpose = 'expert'")
    op.execute("UPDATE users SET role = 'staff', active = false WHERE role = 'expert'")
    for table, name, old, new in reversed(CHECKS):
        _replace_check(table, name, new, old)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}")
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    name = op.f(f"uq_{table}_{'_'.join(columns)}")
    return sa.UniqueConstraint(*columns, name=name)


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values, name=name, native_enum=False, create_constraint=True, length=32
    )


def _replace_check(table: str, name: str, old: str, new: str) -> None:
    """Let a table hold other values than before, as 0008 does with the roles.

    SQLite cannot alter a constraint. Copying the table would drop what others refer
    to, so the constraint is rewritten where it is kept; no row changes by that.
    """
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (old, new, table, old),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} has not the check expected: {old}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
