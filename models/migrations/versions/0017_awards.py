"""Awards: task books, milestones, payments, acceptance"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

OWNERS = "'need', 'achievement', 'call', 'introduction', 'contract'"
MORE_OWNERS = f"{OWNERS}, 'award', 'milestone'"
NEW = ("award_payments", "milestones", "award_goals", "awards")
# Why an award is stopped: what whoever carried it out reads of it stands beside it.
CAUSES = [
    (
        "fraud",
        "诚信问题",
        "弄虚作假的不予免责：停止拨款，按任务书追回已拨经费，记入诚信记录。",
    ),
    (
        "infeasible",
        "技术路线不可行",
        "已勤勉尽责、没有弄虚作假的，予以免责，不影响今后揭榜。",
    ),
    ("changed", "需求变化", "责任不在承担单位，不影响今后揭榜。"),
    ("no_money", "资金未到位", "责任不在承担单位，不影响今后揭榜。"),
    ("race_over", "赛马已有优胜单位", "责任不在承担单位，不影响今后揭榜。"),
    ("breach", "没有按任务书履约", "按任务书的约定承担责任。"),
    ("gave_up", "承担单位放弃", "按任务书的约定承担责任。"),
    ("other", "其他", ""),
]


def upgrade() -> None:
    op.create_table(
        "awards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "confirmed",
                "running",
                "accepting",
                "accepted",
                "eliminated",
                "stopped",
                name="awardstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("pledge", sa.Text(), nullable=False),
        sa.Column("drafted_at", MOMENT, nullable=True),
        sa.Column("issuer_confirmed_at", MOMENT, nullable=True),
        sa.Column("issuer_confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("issuer_confirmed_words", sa.Text(), nullable=False),
        sa.Column("bidder_confirmed_at", MOMENT, nullable=True),
        sa.Column("bidder_confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("bidder_confirmed_words", sa.Text(), nullable=False),
        sa.Column("applied_number", sa.Integer(), nullable=False),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("applied_words", sa.Text(), nullable=False),
        sa.Column("issuer_agrees", sa.Boolean(), nullable=True),
        sa.Column("test_words", sa.Text(), nullable=False),
        sa.Column("tested_at", MOMENT, nullable=True),
        sa.Column("tested_by_id", sa.Integer(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_words", sa.Text(), nullable=False),
        sa.Column("stop_code", sa.String(length=32), nullable=True),
        sa.Column(
            "liability",
            sa.Enum(
                "excused",
                "liable",
                "not_concerned",
                name="liability",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(state = 'accepted') = (accepted_on IS NOT NULL)",
            name=op.f("ck_awards_accepted_on_a_day"),
        ),
        sa.CheckConstraint(
            "(state = 'stopped') = (stop_code IS NOT NULL) AND (stop_code IS NULL) = (liability IS NULL)",
            name=op.f("ck_awards_stopped_for_a_cause"),
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'eliminated', 'stopped')) = (ended_at IS NOT NULL)",
            name=op.f("ck_awards_ended_at_a_moment"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'stopped') OR (signed_on IS NOT NULL AND issuer_confirmed_at IS NOT NULL AND bidder_confirmed_at IS NOT NULL)",
            name=op.f("ck_awards_confirmed_by_both"),
        ),
        sa.CheckConstraint(
            "(issuer_agrees IS NULL) = (tested_at IS NULL)",
            name=op.f("ck_awards_tested_with_result"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_awards_amount_positive")),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_awards_bid_id")),
        sa.ForeignKeyConstraint(
            ["bidder_confirmed_by_id"],
            ["users.id"],
            name=op.f("fk_awards_bidder_confirmed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_awards_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_awards_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["issuer_confirmed_by_id"],
            ["users.id"],
            name=op.f("fk_awards_issuer_confirmed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tested_by_id"], ["users.id"], name=op.f("fk_awards_tested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_awards_bid_id")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_awards_contract_id")),
    )
    op.create_index("ix_awards_call", "awards", ["call_id", "state"], unique=False)
    op.create_table(
        "award_goals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("promised", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column(
            "issuer_verdict",
            sa.Enum(
                "reached",
                "partly",
                "missed",
                name="issuer_goalverdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "verdict",
            sa.Enum(
                "reached",
                "partly",
                "missed",
                name="goalverdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["awards.id"], name=op.f("fk_award_goals_award_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_goals")),
        sa.UniqueConstraint(
            "award_id", "position", name=op.f("uq_award_goals_award_id_position")
        ),
    )
    op.create_table(
        "milestones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("deliverable", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("payment_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "delivered",
                "rework",
                "passed",
                "failed",
                "dropped",
                name="milestonestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("delivered_by_id", sa.Integer(), nullable=True),
        sa.Column("delivered_words", sa.Text(), nullable=False),
        sa.Column(
            "issuer_judgement",
            sa.Enum(
                "pass",
                "rework",
                "fail",
                name="judgement",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("issuer_words", sa.Text(), nullable=False),
        sa.Column("issuer_at", MOMENT, nullable=True),
        sa.Column("issuer_by_id", sa.Integer(), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("judged_by_id", sa.Integer(), nullable=True),
        sa.Column("judged_words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'dropped') OR delivered_at IS NOT NULL",
            name=op.f("ck_milestones_judged_once_delivered"),
        ),
        sa.CheckConstraint(
            "(issuer_judgement IS NULL) = (issuer_at IS NULL)",
            name=op.f("ck_milestones_issuer_at_a_time"),
        ),
        sa.CheckConstraint(
            "payment_fen >= 0", name=op.f("ck_milestones_payment_not_negative")
        ),
        sa.CheckConstraint(
            "planned_on <= due_on", name=op.f("ck_milestones_later_by_rework_alone")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["awards.id"], name=op.f("fk_milestones_award_id")
        ),
        sa.ForeignKeyConstraint(
            ["delivered_by_id"],
            ["users.id"],
            name=op.f("fk_milestones_delivered_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["issuer_by_id"], ["users.id"], name=op.f("fk_milestones_issuer_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["judged_by_id"], ["users.id"], name=op.f("fk_milestones_judged_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint(
            "award_id", "position", name=op.f("uq_milestones_award_id_position")
        ),
    )
    op.create_index(
        "ix_milestones_due", "milestones", ["state", "due_on"], unique=False
    )
    op.create_table(
        "award_payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("milestone_id", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "amount_fen > 0", name=op.f("ck_award_payments_amount_positive")
        ),
        sa.ForeignKeyConstraint(
            ["milestone_id"],
            ["milestones.id"],
            name=op.f("fk_award_payments_milestone_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_award_payments_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award_payments")),
    )
    op.create_index(
        op.f("ix_award_payments_milestone_id"),
        "award_payments",
        ["milestone_id"],
        unique=False,
    )
    _replace_owners(OWNERS, MORE_OWNERS)
    _seed_causes()


def _seed_causes() -> None:
    entries = sa.table(
        "dictionary_entries",
        sa.column("dictionary", sa.String),
        sa.column("code", sa.String),
        sa.column("label", sa.String),
        sa.column("advice", sa.Text),
        sa.column("position", sa.Integer),
        sa.column("active", sa.Boolean),
    )
    op.bulk_insert(
        entries,
        [
            {
                "dictionary": "award_stop",
                "code": code,
                "label": label,
                "advice": advice,
                "position": position,
                "active": True,
            }
            for position, (code, label, advice) in enumerate(CAUSES, 1)
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM dictionary_entries WHERE dictionary = 'award_stop'")
    op.execute("DELETE FROM attachments WHERE record_type IN ('award', 'milestone')")
    _replace_owners(MORE_OWNERS, OWNERS)
    for table in NEW:
        op.drop_table(table)


def _replace_owners(old: str, new: str) -> None:
    """Let files belong to other records than before, as 0010 does.

    SQLite cannot alter a constraint, so it is rewritten where it is kept.
    """
    name, old, new = (
        "ck_attachments_fileowner",
        f"record_type IN ({old})",
        f"record_type IN ({new})",
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f(name), "attachments", type_="check")
        op.create_check_constraint(op.f(name), "attachments", new)
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'attachments' AND instr(sql, ?) > 0",
        (old, new, old),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table attachments does not list its owners as expected")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
