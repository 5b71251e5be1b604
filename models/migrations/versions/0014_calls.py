"""The window of a call as moments; its criteria, versions, questions, invitations"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CITY = ZoneInfo("Asia/Shanghai")
CRITERIA = [
    {"name": "技术方案", "weight": 40, "words": "路线可行，指标逐条有依据"},
    {"name": "团队与基础", "weight": 25, "words": "人员、设备和已有成果"},
    {"name": "进度与经费", "weight": 20, "words": "安排合理，用钱有依据"},
    {"name": "应用前景", "weight": 15, "words": "能在发榜单位落地"},
]
REASONS = {
    "call_return": [
        (
            "no_figure",
            "目标没有数值或单位",
            "给每条揭榜目标补上数值和单位，验收时能逐条判断。",
        ),
        (
            "vague",
            "背景和差距不清楚",
            "写清现状、差距、在哪里应用和为什么自己解决不了。",
        ),
        ("solved", "已有成果可以直接采用", "先与已有成果的单位对接，不必张榜。"),
        ("funding", "金额与目标不相称", "说明经费的来源和测算依据，或调整目标。"),
        ("window", "时间安排不合理", "给揭榜单位留足准备时间，一般不少于 30 天。"),
        ("criteria", "评审标准不合适", "评审标准要与揭榜目标对应，权重相加为 100。"),
        ("narrow", "条件指向特定单位", "删去与解决问题无关的资格和业绩要求。"),
        ("duplicate", "与已有榜单重复", "与原榜单合并，或写明区别。"),
        (
            "secret",
            "可能涉及国家秘密",
            "请勿在平台填写涉密内容；脱密并经本单位保密审查后再提交。",
        ),
        ("other", "其他", ""),
    ],
    "call_end": [
        ("no_bid", "没有单位揭榜", ""),
        ("none_fits", "没有揭榜方案达到要求", ""),
        ("issuer", "发榜单位取消", ""),
        ("solved", "问题已用别的办法解决", ""),
        ("changed", "目标或条件有重大变化", ""),
        ("no_money", "经费没有落实", ""),
        ("breach", "承担单位没有履约", ""),
        ("other", "其他", ""),
    ],
}
UNOPENED = ("draft", "argued", "withdrawn")
OLD_STATES = (
    "'draft', 'argued', 'open', 'in_review', 'announced', 'awarded', 'failed',"
    " 'running', 'accepted', 'stopped'"
)
NEW_STATES = OLD_STATES.replace("'argued', ", "'argued', 'withdrawn', ")
# How long before the end questions were to be asked, and how long a call without a
# deadline goes on: nobody decided when it ends, so it does not end today.
QUESTION_DAYS, ENDLESS_DAYS = 7, 365

MOMENTS = ("opens_at", "closes_at", "questions_until", "approved_at")
# As SQL that both databases read (see 0006). The last one bears the rule about the
# window, which holds only once the windows are filled in.
COLUMNS = (
    ("author_id", "INTEGER CONSTRAINT fk_calls_author_id REFERENCES users (id)"),
    ("by_staff", "BOOLEAN NOT NULL DEFAULT false"),
    ("conditions", "TEXT NOT NULL DEFAULT ''"),
    ("contact", "VARCHAR(200) NOT NULL DEFAULT ''"),
    (
        "mode",
        "VARCHAR(32) NOT NULL DEFAULT 'single' CONSTRAINT ck_calls_callmode"
        " CHECK (mode IN ('single', 'race'))",
    ),
    (
        "max_awards",
        "INTEGER NOT NULL DEFAULT 1 CONSTRAINT ck_calls_awards_range"
        " CHECK (max_awards BETWEEN 1 AND 20)"
        " CONSTRAINT ck_calls_one_when_single"
        " CHECK (mode = 'race' OR max_awards = 1)",
    ),
    ("criteria", "JSON NOT NULL DEFAULT '[]'"),
    (
        "issuer_weight",
        "INTEGER NOT NULL DEFAULT 20 CONSTRAINT ck_calls_issuer_weight_range"
        " CHECK (issuer_weight BETWEEN 0 AND 50)",
    ),
    ("return_codes", "JSON"),
    ("return_reason", "TEXT"),
    ("end_code", "VARCHAR(32)"),
    ("end_reason", "TEXT"),
    ("noted_phase", "VARCHAR(16)"),
)
REVISION = (
    "INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_calls_window_in_order"
    " CHECK (opens_at < closes_at)"
    " CONSTRAINT ck_calls_questions_in_window CHECK (questions_until <= closes_at)"
    " CONSTRAINT ck_calls_window_when_opened"
    " CHECK (status IN ('draft', 'argued', 'withdrawn') OR"
    " (opens_at IS NOT NULL AND closes_at IS NOT NULL"
    " AND questions_until IS NOT NULL))"
)


def upgrade() -> None:
    _allow_states(OLD_STATES, NEW_STATES)
    for name in MOMENTS:
        op.add_column(
            "calls", sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        )
    for name, words in COLUMNS:
        op.execute(f"ALTER TABLE calls ADD COLUMN {name} {words}")
    _fill(datetime.now(UTC))
    op.execute(f"ALTER TABLE calls ADD COLUMN revision {REVISION}")
    op.drop_column("calls", "deadline")
    op.create_index("ix_calls_window", "calls", ["status", "closes_at"])
    _tables()
    _seed_reasons()


def _seed_reasons() -> None:
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
                "dictionary": dictionary,
                "code": code,
                "label": label,
                "advice": advice,
                "position": position,
                "active": True,
            }
            for dictionary, rows in REASONS.items()
            for position, (code, label, advice) in enumerate(rows, 1)
        ],
    )


def _tables() -> None:
    op.create_table(
        "call_needs",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_needs_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["need_id"], ["needs.id"], name=op.f("fk_call_needs_need_id")
        ),
        sa.PrimaryKeyConstraint("call_id", "need_id", name=op.f("pk_call_needs")),
    )
    op.create_index(op.f("ix_call_needs_need_id"), "call_needs", ["need_id"])
    op.create_table(
        "call_versions",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_versions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_versions_user_id")
        ),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_call_versions")),
    )
    op.create_table(
        "call_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)",
            name=op.f("ck_call_questions_answered_with_words"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_questions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_questions_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_call_questions_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["users.id"],
            name=op.f("fk_call_questions_answered_by_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_questions")),
    )
    op.create_index(
        "ix_call_questions_call", "call_questions", ["call_id", "answered_at"]
    )
    op.create_index(
        op.f("ix_call_questions_organisation_id"),
        "call_questions",
        ["organisation_id"],
    )
    op.create_table(
        "call_invitations",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("achievement_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_invitations_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_call_invitations_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievements.id"],
            name=op.f("fk_call_invitations_achievement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_invitations_user_id")
        ),
        sa.PrimaryKeyConstraint(
            "call_id", "organisation_id", name=op.f("pk_call_invitations")
        ),
    )
    for column in ("organisation_id", "achievement_id"):
        op.create_index(
            op.f(f"ix_call_invitations_{column}"), "call_invitations", [column]
        )
    op.create_table(
        "call_opinions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("expert", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_opinions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_call_opinions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_opinions")),
    )
    op.create_index(op.f("ix_call_opinions_call_id"), "call_opinions", ["call_id"])


def _calls() -> sa.Table:
    moments = [sa.Column(name, sa.DateTime(timezone=True)) for name in MOMENTS]
    return sa.Table(
        "calls",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("status", sa.String(32)),
        sa.Column("deadline", sa.Date()),
        sa.Column("created_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("criteria", sa.JSON()),
        sa.Column("noted_phase", sa.String(16)),
        *moments,
    )


def _fill(now: datetime) -> None:
    """The day of the deadline counted whole: the window ends as the next one begins."""
    calls, bind = _calls(), op.get_bind()
    for row in bind.execute(
        sa.select(
            calls.c.id,
            calls.c.status,
            calls.c.deadline,
            calls.c.created_at,
            calls.c.published_at,
        )
    ).all():
        closes = _end_of(row.deadline) if row.deadline else None
        values: dict[str, Any] = {"criteria": CRITERIA, "closes_at": closes}
        if row.status not in UNOPENED:
            opened = _aware(row.published_at or row.created_at)
            latest = max(opened, now).astimezone(CITY).date()
            closes = closes or _end_of(latest + timedelta(ENDLESS_DAYS))
            opens = min(opened, closes - timedelta(1))
            values |= {
                "opens_at": opens,
                "closes_at": closes,
                "questions_until": max(opens, closes - timedelta(QUESTION_DAYS)),
                "approved_at": opens,
                # Nobody need be told of what was opened long ago.
                "noted_phase": "open",
            }
        stored = {name: _stored(value) for name, value in values.items()}
        bind.execute(calls.update().where(calls.c.id == row.id).values(stored))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(1), time(), CITY).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stored(value: Any) -> Any:
    # SQLite keeps no zone: what lies there is UTC without saying so.
    if isinstance(value, datetime) and op.get_bind().dialect.name == "sqlite":
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def downgrade() -> None:
    op.execute(
        "DELETE FROM dictionary_entries WHERE dictionary IN ('call_return', 'call_end')"
    )
    for table in (
        "call_opinions",
        "call_invitations",
        "call_questions",
        "call_versions",
        "call_needs",
    ):
        op.drop_table(table)
    op.drop_index("ix_calls_window", table_name="calls")
    op.add_column("calls", sa.Column("deadline", sa.Date(), nullable=True))
    calls, bind = _calls(), op.get_bind()
    for id_, closes in bind.execute(
        sa.select(calls.c.id, calls.c.closes_at).where(calls.c.closes_at.is_not(None))
    ).all():
        last = _aware(closes) - timedelta(microseconds=1)
        values = {"deadline": last.astimezone(CITY).date()}
        bind.execute(calls.update().where(calls.c.id == id_).values(values))
    # Column by column: SQLite would copy the table, and others refer to it. First the
    # one that bears the rules about others.
    op.drop_column("calls", "revision")
    for name in (*MOMENTS, *(name for name, _ in reversed(COLUMNS))):
        op.drop_column("calls", name)
    # What was given up before it was opened is a draft to whoever knows no better.
    op.execute("UPDATE calls SET status = 'draft' WHERE status = 'withdrawn'")
    _allow_states(NEW_STATES, OLD_STATES)


def _allow_states(old: str, new: str) -> None:
    """Replace the list of states (see 0008 about SQLite)."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_calls_callstatus"), "calls", type_="check")
        op.create_check_constraint(
            op.f("ck_calls_callstatus"), "calls", f"status IN ({new})"
        )
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'calls' AND instr(sql, ?) > 0",
        (f"status IN ({old})", f"status IN ({new})", f"status IN ({old})"),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table calls does not list its states as expected")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
