"""Mails; registrations, invitations, sessions, one-time links, the second step"""

import sqlalchemy as sa
from alembic import op

from models.accounts import name_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = ("enterprise", "university", "institute", "service_body", "park")
ORG_ROLES = ("manager", "operator", "reader")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values, name=name, native_enum=False, create_constraint=True, length=32
    )


def upgrade() -> None:
    _mails()
    _organisations()
    _users()
    _signing()
    _registrations()


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            _enum("mailstate", "waiting", "sent", "filed", "failed"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retry_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_due", "mails", ["state", "retry_at"])
    op.create_index(op.f("ix_mails_recipient"), "mails", ["recipient"])


def _organisations() -> None:
    op.add_column(
        "organisations", sa.Column("credit_code", sa.String(length=18), nullable=True)
    )
    op.add_column(
        "organisations",
        sa.Column("name_key", sa.String(length=200), nullable=False, server_default=""),
    )
    table = sa.table(
        "organisations",
        sa.column("id", sa.Integer),
        sa.column("name", sa.String),
        sa.column("name_key", sa.String),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table.c.id, table.c.name)).all():
        connection.execute(
            sa.update(table)
            .where(table.c.id == row.id)
            .values(name_key=name_key(row.name))
        )
    op.create_index(
        op.f("ix_organisations_credit_code"),
        "organisations",
        ["credit_code"],
        unique=True,
    )
    op.create_index(op.f("ix_organisations_name_key"), "organisations", ["name_key"])


def _users() -> None:
    # Written out: only so does SQLite check a column that is added to a table others
    # refer to, which cannot be copied.
    op.execute(
        "ALTER TABLE users ADD COLUMN org_role VARCHAR(32) NOT NULL DEFAULT 'operator' "
        "CONSTRAINT ck_users_organisationrole CHECK (org_role IN ('manager', 'operator', 'reader'))"
    )
    op.add_column(
        "users", sa.Column("totp_secret", sa.String(length=64), nullable=True)
    )
    op.add_column("users", sa.Column("totp_since", MOMENT, nullable=True))
    op.add_column(
        "users",
        sa.Column("totp_last", sa.BigInteger(), nullable=False, server_default="0"),
    )
    # Somebody must be able to invite: the longest-standing member of each.
    op.execute(
        "UPDATE users SET org_role = 'manager' WHERE id IN "
        "(SELECT MIN(id) FROM users WHERE active AND organisation_id IS NOT NULL "
        "GROUP BY organisation_id)"
    )


def _signing() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_user_sessions_key_hash")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(
        op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"]
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            _enum("tokenpurpose", "confirm", "correct", "reset", "invite"),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_tokens_token_hash")),
    )
    op.create_index(
        op.f("ix_one_time_tokens_subject_id"), "one_time_tokens", ["subject_id"]
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint(
            "user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")
        ),
    )


def _registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("kind", _enum("organisationkind", *KINDS), nullable=False),
        sa.Column("district", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            _enum(
                "registrationstate",
                "unconfirmed",
                "pending",
                "returned",
                "approved",
                "replaced",
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_registrations_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_registrations_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_registrations_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("form_key", name=op.f("uq_registrations_form_key")),
    )
    op.create_index(
        "ix_registrations_queue", "registrations", ["state", "submitted_at"]
    )
    op.create_index(op.f("ix_registrations_email"), "registrations", ["email"])
    op.create_index(
        op.f("ix_registrations_credit_code"), "registrations", ["credit_code"]
    )
    op.create_index(
        op.f("ix_registrations_organisation_id"), "registrations", ["organisation_id"]
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("org_role", _enum("organisationrole", *ORG_ROLES), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_invitations_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name=op.f("fk_invitations_invited_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_invitations_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index(
        op.f("ix_invitations_organisation_id"), "invitations", ["organisation_id"]
    )
    op.create_index(op.f("ix_invitations_email"), "invitations", ["email"])


def downgrade() -> None:
    for table in (
        "invitations",
        "registrations",
        "recovery_codes",
        "one_time_tokens",
        "sign_in_failures",
        "user_sessions",
        "mails",
    ):
        op.drop_table(table)
    for column in ("totp_last", "totp_since", "totp_secret", "org_role"):
        op.drop_column("users", column)
    op.drop_index(op.f("ix_organisations_name_key"), table_name="organisations")
    op.drop_index(op.f("ix_organisations_credit_code"), table_name="organisations")
    op.drop_column("organisations", "name_key")
    op.drop_column("organisations", "credit_code")
