"""Experts, their scoring of bids, results, notice periods and objections"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"
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


def downgrade() -> None:
    op.drop_table("expert_ties")
    op.drop_table("experts")
    # The older tables know no experts: nobody signs in as one of these.
    op.execute("DELETE FROM one_time_tokens WHERE purpose = 'expert'")
    op.execute("UPDATE users SET role = 'staff', active = false WHERE role = 'expert'")
    for table, name, old, new in reversed(CHECKS):
        _replace_check(table, name, new, old)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}")
    )


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
