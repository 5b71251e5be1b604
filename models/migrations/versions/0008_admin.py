"""Nodes, mandates, technology managers; fields and districts as dictionaries"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIELDS = [
    ("EM", "工程机械与智能制造装备"),
    ("AT", "汽车、智能网联与轨道交通"),
    ("ES", "先进储能与新能源"),
    ("NM", "新材料"),
    ("IC", "电子信息与半导体"),
    ("AI", "人工智能与大数据"),
    ("BD", "北斗与时空信息安全"),
    ("AS", "航空航天"),
    ("BM", "生物医药"),
    ("MD", "医疗器械"),
    ("AG", "现代种业、智慧农业与食品"),
    ("EP", "节能环保"),
    ("RB", "智能机器人"),
    ("AV", "音视频与文化科技"),
    ("CH", "绿色化工、冶金与矿业"),
]
DISTRICTS = [
    "芙蓉区",
    "天心区",
    "岳麓区",
    "开福区",
    "雨花区",
    "望城区",
    "长沙县",
    "浏阳市",
    "宁乡市",
    "外地",
]
# «1+5+N»: what the five are is for the owner to say, so they come without names
# of their own, districts or fields; the service bodies are entered one by one.
PLATFORM = "总平台"
BRANCHES = [f"分平台{number}（待命名）" for number in "一二三四五"]

OLD_ROLES = "'enterprise', 'university', 'staff', 'admin'"
NEW_ROLES = "'enterprise', 'university', 'manager', 'staff', 'admin'"


def upgrade() -> None:
    _allow_roles(OLD_ROLES, NEW_ROLES)
    nodes = op.create_table(
        "nodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "platform",
                "branch",
                "body",
                name="nodekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("districts", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "parent_id IS NULL OR parent_id <> id", name=op.f("ck_nodes_not_own_parent")
        ),
        sa.CheckConstraint(
            "(kind = 'platform') = (parent_id IS NULL)",
            name=op.f("ck_nodes_platform_is_root"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["nodes.id"], name=op.f("fk_nodes_parent_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_nodes_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
        sa.UniqueConstraint("name", name=op.f("uq_nodes_name")),
    )
    op.create_index(op.f("ix_nodes_parent_id"), "nodes", ["parent_id"])
    op.create_index(op.f("ix_nodes_organisation_id"), "nodes", ["organisation_id"])
    op.create_table(
        "node_staff",
        sa.Column("node_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"], ["nodes.id"], name=op.f("fk_node_staff_node_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_node_staff_user_id")
        ),
        sa.PrimaryKeyConstraint("node_id", "user_id", name=op.f("pk_node_staff")),
    )
    op.create_index(op.f("ix_node_staff_user_id"), "node_staff", ["user_id"])
    op.create_table(
        "mandates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on",
            name=op.f("ck_mandates_days_in_order"),
        ),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["users.id"], name=op.f("fk_mandates_manager_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_mandates_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandates")),
        sa.UniqueConstraint(
            "manager_id",
            "organisation_id",
            "from_on",
            name=op.f("uq_mandates_manager_id_organisation_id_from_on"),
        ),
    )
    op.create_index(
        op.f("ix_mandates_organisation_id"), "mandates", ["organisation_id"]
    )
    op.create_index("ix_history_at", "history", ["at"])
    _seed_tree(nodes)
    _seed_words()


def _seed_tree(nodes: sa.Table) -> None:
    common = {
        "districts": [],
        "fields": [],
        "active": True,
        "version": 1,
        "created_at": datetime.now(UTC).replace(tzinfo=None)
        if op.get_bind().dialect.name == "sqlite"
        else datetime.now(UTC),
    }
    root = op.get_bind().execute(
        sa.insert(nodes).values(kind="platform", name=PLATFORM, position=0, **common)
    )
    [root_id] = root.inserted_primary_key or (None,)
    op.bulk_insert(
        nodes,
        [
            {
                "parent_id": root_id,
                "kind": "branch",
                "name": name,
                "position": position,
                **common,
            }
            for position, name in enumerate(BRANCHES, 1)
        ],
    )


def _seed_words() -> None:
    entries = sa.table(
        "dictionary_entries",
        sa.column("dictionary", sa.String),
        sa.column("code", sa.String),
        sa.column("label", sa.String),
        sa.column("advice", sa.Text),
        sa.column("position", sa.Integer),
        sa.column("active", sa.Boolean),
    )
    words = [("field", *pair) for pair in FIELDS]
    words += [("district", name, name) for name in DISTRICTS]
    op.bulk_insert(
        entries,
        [
            {
                "dictionary": dictionary,
                "code": code,
                "label": label,
                "advice": "",
                "position": position,
                "active": True,
            }
            for position, (dictionary, code, label) in enumerate(words, 1)
        ],
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM dictionary_entries WHERE dictionary IN ('field', 'district', 'aim')"
    )
    op.drop_index("ix_history_at", table_name="history")
    op.drop_table("mandates")
    op.drop_table("node_staff")
    op.drop_table("nodes")
    # The older tables know no technology managers: they speak for their body.
    op.execute(
        "UPDATE users SET role = 'enterprise', active = false WHERE role = 'manager'"
    )
    _allow_roles(NEW_ROLES, OLD_ROLES)


def _allow_roles(old: str, new: str) -> None:
    """Replace the list of roles a user may have.

    SQLite cannot alter a constraint. Copying the table would drop what others refer
    to, so the constraint is rewritten where it is kept; no row changes by that.
    """
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_users_role"), "users", type_="check")
        op.create_check_constraint(op.f("ck_users_role"), "users", f"role IN ({new})")
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'users' AND instr(sql, ?) > 0",
        (f"role IN ({old})", f"role IN ({new})", f"role IN ({old})"),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table users does not list its roles as expected")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
