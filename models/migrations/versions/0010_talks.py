"""Introductions, technology contracts, imports and targets"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


# Files of introductions and contracts too.
OLD_OWNERS = "ck_attachments_recordtype", "'need', 'achievement', 'call'"
NEW_OWNERS = (
    "ck_attachments_fileowner",
    "'need', 'achievement', 'call', 'introduction', 'contract'",
)

# dictionary -> (code, label, advice)
WORDS: dict[str, list[tuple[str, str, str]]] = {
    "introduction_declined": [
        ("not_fitting", "技术不对口", "可在答复里说明差在哪里，便于重新匹配。"),
        ("indicators", "指标达不到要求", "请写明是哪一项指标。"),
        ("readiness", "成熟度不够", ""),
        ("price", "价格或预算差距大", ""),
        ("timing", "时间不合适", ""),
        ("solved", "需求已经解决", ""),
        ("transferred", "成果已经转化", ""),
        ("capacity", "团队或产能不足", ""),
        ("other", "其他原因", "请在说明里写清楚。"),
    ],
    "introduction_failed": [
        ("declined", "一方无意向", ""),
        ("no_answer", "一方长期没有答复", ""),
        ("technology", "技术方案谈不拢", ""),
        ("price", "价格谈不拢", ""),
        ("rights", "知识产权归属谈不拢", ""),
        ("terms", "付款或验收条款谈不拢", ""),
        ("funds", "资金没有落实", ""),
        ("other_partner", "已与别的单位合作", ""),
        ("withdrawn", "需求或成果已撤回", ""),
        ("other", "其他原因", "请在说明里写清楚。"),
    ],
    "contract_subtype": [
        ("development_commissioned", "委托开发", ""),
        ("development_joint", "合作开发", ""),
        ("transfer_patent", "专利权转让", ""),
        ("transfer_application", "专利申请权转让", ""),
        ("transfer_secret", "技术秘密转让", ""),
        ("transfer_other", "其他技术转让", ""),
        ("licence_patent", "专利实施许可", ""),
        ("licence_secret", "技术秘密使用许可", ""),
        ("licence_open", "专利开放许可", ""),
        ("licence_other", "其他技术许可", ""),
        ("consulting", "技术咨询", ""),
        ("service", "一般技术服务", ""),
        ("service_training", "技术培训", ""),
        ("service_intermediary", "技术中介", ""),
    ],
    "contract_refused": [
        ("not_technology", "内容不属于技术合同", ""),
        (
            "object_unclear",
            "标的或范围不明确",
            "请补充标的、范围和技术要求后重新提交。",
        ),
        ("amount_unclear", "技术交易额无法核定", "请补充价款构成。"),
        ("papers_missing", "材料不齐", "请补齐登记机构要求的材料。"),
        ("registered_before", "已在别处登记", ""),
        ("out_of_term", "不在合同有效期内", ""),
        ("other", "其他原因", "请在说明里写清楚。"),
    ],
    "technology_field": [
        ("electronics", "电子信息", ""),
        ("aerospace", "航空航天", ""),
        ("manufacturing", "先进制造", ""),
        ("biomedicine", "生物、医药和医疗器械", ""),
        ("materials", "新材料及其应用", ""),
        ("energy", "新能源与高效节能", ""),
        ("environment", "环境保护与资源综合利用", ""),
        ("nuclear", "核应用", ""),
        ("agriculture", "农业", ""),
        ("transport", "现代交通", ""),
        ("urban", "城市建设与社会发展", ""),
    ],
    "ip_kind": [
        ("patent", "专利", ""),
        ("secret", "技术秘密", ""),
        ("software", "计算机软件著作权", ""),
        ("layout", "集成电路布图设计", ""),
        ("biomedicine", "生物、医药新品种", ""),
        ("plant", "植物新品种", ""),
        ("none", "未涉及知识产权", ""),
    ],
    "plan_source": [
        ("national", "国家计划", ""),
        ("ministry", "部门计划", ""),
        ("province", "省级计划", ""),
        ("city", "市县计划", ""),
        ("outside", "计划外", ""),
    ],
}

PLAN = "长沙市 2024 年建设全球研发中心城市工作目标"
YEAR = 2024
# indicator -> target of the year, in 分, hundredths of a per cent, or pieces
TARGETS = {
    "turnover": 140_000_000_000 * 100,
    "gdp_share": 860,
    "three_kinds_growth": 3000,
    "local_conversion": 5500,
    "needs": 300,
    "breakthroughs": 50,
    "pilot_bases": 6,
    "events": 10,
}
# indicator -> (name, method, words); where the plan gives no formula, that is said.
DEFINITIONS = {
    "turnover": (
        "技术合同成交额",
        "recognised_total",
        "当年认定登记的技术合同成交额合计，按认定日期计入年度；签订未登记的不计。",
    ),
    "gdp_share": (
        "成交额占地区生产总值的比重",
        "recognised_total_by_gdp",
        "当年认定登记的成交额 ÷ 当年地区生产总值；地区生产总值由管理员录入。",
    ),
    "three_kinds_growth": (
        "三技合同成交额增长率",
        "three_kinds_growth",
        "当年技术开发、转让、许可合同的认定成交额 ÷ 上一年同期 − 1。"
        "计划未给出算法，此为平台暂用口径。",
    ),
    "local_conversion": (
        "科技成果本地转化率",
        "local_share_of_sales",
        "卖方和买方都在长沙的认定合同成交额 ÷ 卖方在长沙的认定合同成交额。"
        "计划未给出算法，此为平台暂用口径。",
    ),
    "needs": (
        "征集重点技术需求",
        "needs_published",
        "当年首次审核通过并发布的技术需求条数，撤回的也计入。",
    ),
    "breakthroughs": (
        "突破关键核心技术",
        "calls_accepted",
        "当年验收合格的揭榜挂帅项目数。",
    ),
    "pilot_bases": ("新增中试基地", "entered", "由管理员按认定文件录入。"),
    "events": ("举办对接会", "entered", "由管理员按实际举办场次录入。"),
}


def upgrade() -> None:
    op.create_table(
        "year_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_year_facts_value_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_facts")),
        sa.UniqueConstraint("year", "name", name=op.f("uq_year_facts_year_name")),
    )
    op.create_table(
        "year_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "indicator",
            sa.Enum(
                "turnover",
                "gdp_share",
                "three_kinds_growth",
                "local_conversion",
                "needs",
                "breakthroughs",
                "pilot_bases",
                "events",
                name="targetindicator",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_targets")),
        sa.UniqueConstraint(
            "year", "indicator", name=op.f("uq_year_targets_year_indicator")
        ),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "checking",
                "checked",
                "running",
                "done",
                "cancelled",
                "failed",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("skip_errors", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("errors_sha256", sa.String(length=64), nullable=True),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "done >= 0 AND done <= total", name=op.f("ck_import_runs_done_within_total")
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name=op.f("fk_import_runs_uploader_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_index(
        op.f("ix_import_runs_sha256"), "import_runs", ["sha256"], unique=False
    )
    op.create_index(
        "ix_import_runs_state", "import_runs", ["state", "id"], unique=False
    )
    op.create_index(
        op.f("ix_import_runs_uploader_id"), "import_runs", ["uploader_id"], unique=False
    )
    op.create_table(
        "indicator_definitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "indicator",
            sa.Enum(
                "turnover",
                "gdp_share",
                "three_kinds_growth",
                "local_conversion",
                "needs",
                "breakthroughs",
                "pilot_bases",
                "events",
                name="targetindicator",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("method", sa.String(length=48), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_indicator_definitions_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_definitions")),
        sa.UniqueConstraint(
            "indicator",
            "from_on",
            name=op.f("uq_indicator_definitions_indicator_from_on"),
        ),
    )
    op.create_table(
        "introductions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "suggestion",
                "request",
                "event",
                "manual",
                name="introductionorigin",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("suggestion_id", sa.Integer(), nullable=True),
        sa.Column("need_id", sa.Integer(), nullable=True),
        sa.Column("achievement_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=48), nullable=False),
        sa.Column("seeker_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "talking",
                "drafting",
                "signed",
                "failed",
                name="introductionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_knows", sa.Boolean(), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column(
            "route",
            sa.Enum(
                "direct",
                "meeting",
                "manager",
                "open_call",
                name="talkroute",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("route_words", sa.Text(), nullable=False),
        sa.Column("failed_code", sa.String(length=32), nullable=True),
        sa.Column("failed_words", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(origin = 'suggestion') = (suggestion_id IS NOT NULL)",
            name=op.f("ck_introductions_suggestion_of_its_origin"),
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (failed_code IS NOT NULL)",
            name=op.f("ck_introductions_failed_for_a_reason"),
        ),
        sa.CheckConstraint(
            "need_id IS NOT NULL OR achievement_id IS NOT NULL OR call_id IS NOT NULL",
            name=op.f("ck_introductions_about_something"),
        ),
        sa.CheckConstraint(
            "seeker_id <> provider_id", name=op.f("ck_introductions_two_sides")
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievements.id"],
            name=op.f("fk_introductions_achievement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_introductions_call_id")
        ),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["users.id"], name=op.f("fk_introductions_manager_id")
        ),
        sa.ForeignKeyConstraint(
            ["need_id"], ["needs.id"], name=op.f("fk_introductions_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["organisations.id"],
            name=op.f("fk_introductions_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["users.id"],
            name=op.f("fk_introductions_requested_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seeker_id"], ["organisations.id"], name=op.f("fk_introductions_seeker_id")
        ),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestions.id"],
            name=op.f("fk_introductions_suggestion_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introductions")),
    )
    op.create_index(
        op.f("ix_introductions_achievement_id"),
        "introductions",
        ["achievement_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_introductions_call_id"), "introductions", ["call_id"], unique=False
    )
    op.create_index(
        "ix_introductions_clock",
        "introductions",
        ["status", "status_since"],
        unique=False,
    )
    op.create_index(
        op.f("ix_introductions_manager_id"),
        "introductions",
        ["manager_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_introductions_need_id"), "introductions", ["need_id"], unique=False
    )
    op.create_index(
        op.f("ix_introductions_provider_id"),
        "introductions",
        ["provider_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_introductions_seeker_id"), "introductions", ["seeker_id"], unique=False
    )
    op.create_index(
        op.f("ix_introductions_suggestion_id"),
        "introductions",
        ["suggestion_id"],
        unique=False,
    )
    op.create_index(
        "uq_introductions_open",
        "introductions",
        ["seeker_id", "provider_id", "subject"],
        unique=True,
        sqlite_where=sa.text("status IN ('waiting', 'talking', 'drafting')"),
        postgresql_where=sa.text("status IN ('waiting', 'talking', 'drafting')"),
    )
    op.create_table(
        "contact_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "seeker",
                "provider",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "phone <> '' OR by_mail", name=op.f("ck_contact_grants_some_way_to_reach")
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introductions.id"],
            name=op.f("fk_contact_grants_introduction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_contact_grants_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_grants")),
        sa.UniqueConstraint(
            "introduction_id",
            "user_id",
            name=op.f("uq_contact_grants_introduction_id_user_id"),
        ),
    )
    op.create_index(
        op.f("ix_contact_grants_user_id"), "contact_grants", ["user_id"], unique=False
    )
    op.create_table(
        "contracts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("registration_number", sa.String(length=40), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "platform",
                "imported",
                name="contractsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "signed",
                "submitted",
                "correcting",
                "recognised",
                "refused",
                "amended",
                "cancelled",
                "void",
                name="contractstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=True),
        sa.Column("need_id", sa.Integer(), nullable=True),
        sa.Column("achievement_id", sa.Integer(), nullable=True),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "development",
                "transfer",
                "licence",
                "consulting",
                "service",
                name="contracttype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("subtype", sa.String(length=32), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=True),
        sa.Column("technology_fen", sa.BigInteger(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "payment_manner",
            sa.Enum(
                "lump_sum",
                "instalments",
                "royalty",
                "entry_royalty",
                "pay_after_use",
                "invest_then_share",
                name="paymentmanner",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("payment_words", sa.Text(), nullable=False),
        sa.Column("is_related_deal", sa.Boolean(), nullable=True),
        sa.Column(
            "completer_priority",
            sa.Enum(
                "observed",
                "waived",
                "not_applicable",
                name="completerpriority",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("field", sa.String(length=16), nullable=True),
        sa.Column("technology_field", sa.String(length=32), nullable=True),
        sa.Column("ip_kind", sa.String(length=32), nullable=True),
        sa.Column("plan_source", sa.String(length=32), nullable=True),
        sa.Column("aim", sa.String(length=32), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.Integer(), nullable=True),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_code", sa.String(length=18), nullable=True),
        sa.Column(
            "buyer_kind",
            sa.Enum(
                "government",
                "university",
                "institute",
                "hospital",
                "enterprise",
                "foreign",
                "person",
                "other",
                name="buyer_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("buyer_region", sa.String(length=6), nullable=True),
        sa.Column("buyer_form", sa.JSON(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=True),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("seller_code", sa.String(length=18), nullable=True),
        sa.Column(
            "seller_kind",
            sa.Enum(
                "government",
                "university",
                "institute",
                "hospital",
                "enterprise",
                "foreign",
                "person",
                "other",
                name="seller_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("seller_region", sa.String(length=6), nullable=True),
        sa.Column("seller_form", sa.JSON(), nullable=False),
        sa.Column("buyer_confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("buyer_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("buyer_confirmed_words", sa.String(length=200), nullable=False),
        sa.Column("seller_confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("seller_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seller_confirmed_words", sa.String(length=200), nullable=False),
        sa.Column("office", sa.String(length=120), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("correction_words", sa.Text(), nullable=False),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("refused_code", sa.String(length=32), nullable=True),
        sa.Column("refused_words", sa.Text(), nullable=False),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.Column("cancelled_words", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_on IS NOT NULL)",
            name=op.f("ck_contracts_cancelled_on_a_day"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refused_code IS NOT NULL)",
            name=op.f("ck_contracts_refused_for_a_reason"),
        ),
        sa.CheckConstraint(
            "(state IN ('recognised', 'amended', 'cancelled')) = (recognised_on IS NOT NULL)",
            name=op.f("ck_contracts_recognised_on_a_day"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'void') OR (signed_on IS NOT NULL AND total_fen IS NOT NULL AND type IS NOT NULL)",
            name=op.f("ck_contracts_complete_when_signed"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('recognised', 'amended', 'cancelled') OR registration_number IS NOT NULL",
            name=op.f("ck_contracts_recognised_with_number"),
        ),
        sa.CheckConstraint(
            "buyer_id <> seller_id", name=op.f("ck_contracts_two_parties")
        ),
        sa.CheckConstraint(
            "ends_on >= starts_on", name=op.f("ck_contracts_term_in_order")
        ),
        sa.CheckConstraint(
            "recognised_on >= signed_on",
            name=op.f("ck_contracts_recognised_after_signing"),
        ),
        sa.CheckConstraint(
            "technology_fen <= total_fen",
            name=op.f("ck_contracts_technology_within_total"),
        ),
        sa.CheckConstraint(
            "technology_fen >= 0", name=op.f("ck_contracts_technology_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievements.id"],
            name=op.f("fk_contracts_achievement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_contracts_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["buyer_confirmed_by_id"],
            ["users.id"],
            name=op.f("fk_contracts_buyer_confirmed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["buyer_id"], ["organisations.id"], name=op.f("fk_contracts_buyer_id")
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introductions.id"],
            name=op.f("fk_contracts_introduction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["need_id"], ["needs.id"], name=op.f("fk_contracts_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["seller_confirmed_by_id"],
            ["users.id"],
            name=op.f("fk_contracts_seller_confirmed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["organisations.id"], name=op.f("fk_contracts_seller_id")
        ),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["users.id"], name=op.f("fk_contracts_manager_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("code", name=op.f("uq_contracts_code")),
        sa.UniqueConstraint(
            "registration_number", name=op.f("uq_contracts_registration_number")
        ),
    )
    op.create_index(
        op.f("ix_contracts_achievement_id"),
        "contracts",
        ["achievement_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contracts_buyer_id"), "contracts", ["buyer_id"], unique=False
    )
    op.create_index(
        op.f("ix_contracts_introduction_id"),
        "contracts",
        ["introduction_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contracts_is_demo"), "contracts", ["is_demo"], unique=False
    )
    op.create_index(op.f("ix_contracts_manager_id"), "contracts", ["manager_id"])
    op.create_index(
        op.f("ix_contracts_need_id"), "contracts", ["need_id"], unique=False
    )
    op.create_index(
        "ix_contracts_recognised",
        "contracts",
        [
            "state",
            "recognised_on",
            "type",
            "source",
            "buyer_kind",
            "seller_kind",
            "field",
            "technology_field",
            "seller_region",
            "buyer_region",
            "is_demo",
            "total_fen",
            "technology_fen",
        ],
        unique=False,
    )
    op.create_index(
        op.f("ix_contracts_seller_id"), "contracts", ["seller_id"], unique=False
    )
    op.create_index(
        "ix_contracts_signed",
        "contracts",
        ["state", "signed_on", "total_fen", "technology_fen"],
        unique=False,
    )
    op.create_table(
        "introduction_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "seeker",
                "provider",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "interest",
            sa.Enum(
                "interested",
                "declined",
                name="interest",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(interest = 'declined') = (reason IS NOT NULL)",
            name=op.f("ck_introduction_answers_declined_has_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introductions.id"],
            name=op.f("fk_introduction_answers_introduction_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_introduction_answers_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction_answers")),
        sa.UniqueConstraint(
            "introduction_id",
            "side",
            name=op.f("uq_introduction_answers_introduction_id_side"),
        ),
    )
    op.create_table(
        "talk_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("introduction_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "meeting",
                "visit",
                "phone",
                "document",
                "note",
                name="talkeventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_talk_events_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["introduction_id"],
            ["introductions.id"],
            name=op.f("fk_talk_events_introduction_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_events")),
    )
    op.create_index(
        op.f("ix_talk_events_introduction_id"),
        "talk_events",
        ["introduction_id"],
        unique=False,
    )
    op.create_table(
        "contract_amendments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amended_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "number > 0", name=op.f("ck_contract_amendments_numbered_from_one")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_contract_amendments_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contracts.id"],
            name=op.f("fk_contract_amendments_contract_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_amendments")),
        sa.UniqueConstraint(
            "contract_id",
            "number",
            name=op.f("uq_contract_amendments_contract_id_number"),
        ),
    )
    op.create_table(
        "contract_payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "trigger",
            sa.Enum(
                "signing",
                "date",
                "test_passed",
                "listing",
                "sales",
                "acceptance",
                "conversion",
                name="paymenttrigger",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("base", sa.String(length=120), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "trigger <> 'date' OR due_on IS NOT NULL",
            name=op.f("ck_contract_payments_day_if_dated"),
        ),
        sa.CheckConstraint(
            "(amount_fen IS NULL) <> (rate_bp IS NULL)",
            name=op.f("ck_contract_payments_sum_or_share"),
        ),
        sa.CheckConstraint(
            "amount_fen > 0", name=op.f("ck_contract_payments_amount_positive")
        ),
        sa.CheckConstraint(
            "rate_bp BETWEEN 1 AND 10000", name=op.f("ck_contract_payments_rate_range")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contracts.id"],
            name=op.f("fk_contract_payments_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proof_id"],
            ["attachments.id"],
            name=op.f("fk_contract_payments_proof_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_payments")),
    )
    op.create_index(
        op.f("ix_contract_payments_contract_id"),
        "contract_payments",
        ["contract_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contract_payments_proof_id"),
        "contract_payments",
        ["proof_id"],
        unique=False,
    )
    op.create_index(
        "ix_contract_payments_due", "contract_payments", ["due_on"], unique=False
    )
    op.create_table(
        "contract_receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_fen > 0", name=op.f("ck_contract_receipts_amount_positive")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_contract_receipts_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contracts.id"],
            name=op.f("fk_contract_receipts_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["contract_payments.id"],
            name=op.f("fk_contract_receipts_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_receipts")),
    )
    op.create_index(
        op.f("ix_contract_receipts_contract_id"),
        "contract_receipts",
        ["contract_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contract_receipts_payment_id"),
        "contract_receipts",
        ["payment_id"],
        unique=False,
    )
    _allow_owners(OLD_OWNERS, NEW_OWNERS)
    _seed_words()
    _seed_targets()


def downgrade() -> None:
    op.execute("UPDATE contract_payments SET proof_id = NULL")
    op.execute(
        "DELETE FROM attachments WHERE record_type IN ('introduction', 'contract')"
    )
    _allow_owners(NEW_OWNERS, OLD_OWNERS)
    op.execute(
        "DELETE FROM dictionary_entries WHERE dictionary IN ("
        + ", ".join(f"'{name}'" for name in WORDS)
        + ")"
    )
    op.drop_index(
        op.f("ix_contract_receipts_payment_id"), table_name="contract_receipts"
    )
    op.drop_index(
        op.f("ix_contract_receipts_contract_id"), table_name="contract_receipts"
    )
    op.drop_table("contract_receipts")
    op.drop_index("ix_contract_payments_due", table_name="contract_payments")
    op.drop_index(op.f("ix_contract_payments_proof_id"), table_name="contract_payments")
    op.drop_index(
        op.f("ix_contract_payments_contract_id"), table_name="contract_payments"
    )
    op.drop_table("contract_payments")
    op.drop_table("contract_amendments")
    op.drop_index(op.f("ix_talk_events_introduction_id"), table_name="talk_events")
    op.drop_table("talk_events")
    op.drop_table("introduction_answers")
    op.drop_index("ix_contracts_signed", table_name="contracts")
    op.drop_index(op.f("ix_contracts_seller_id"), table_name="contracts")
    op.drop_index("ix_contracts_recognised", table_name="contracts")
    op.drop_index(op.f("ix_contracts_manager_id"), table_name="contracts")
    op.drop_index(op.f("ix_contracts_need_id"), table_name="contracts")
    op.drop_index(op.f("ix_contracts_is_demo"), table_name="contracts")
    op.drop_index(op.f("ix_contracts_introduction_id"), table_name="contracts")
    op.drop_index(op.f("ix_contracts_buyer_id"), table_name="contracts")
    op.drop_index(op.f("ix_contracts_achievement_id"), table_name="contracts")
    op.drop_table("contracts")
    op.drop_index(op.f("ix_contact_grants_user_id"), table_name="contact_grants")
    op.drop_table("contact_grants")
    op.drop_index(
        "uq_introductions_open",
        table_name="introductions",
        sqlite_where=sa.text("status IN ('waiting', 'talking', 'drafting')"),
        postgresql_where=sa.text("status IN ('waiting', 'talking', 'drafting')"),
    )
    op.drop_index(op.f("ix_introductions_suggestion_id"), table_name="introductions")
    op.drop_index(op.f("ix_introductions_seeker_id"), table_name="introductions")
    op.drop_index(op.f("ix_introductions_provider_id"), table_name="introductions")
    op.drop_index(op.f("ix_introductions_need_id"), table_name="introductions")
    op.drop_index(op.f("ix_introductions_manager_id"), table_name="introductions")
    op.drop_index("ix_introductions_clock", table_name="introductions")
    op.drop_index(op.f("ix_introductions_call_id"), table_name="introductions")
    op.drop_index(op.f("ix_introductions_achievement_id"), table_name="introductions")
    op.drop_table("introductions")
    op.drop_table("indicator_definitions")
    op.drop_index(op.f("ix_import_runs_uploader_id"), table_name="import_runs")
    op.drop_index("ix_import_runs_state", table_name="import_runs")
    op.drop_index(op.f("ix_import_runs_sha256"), table_name="import_runs")
    op.drop_table("import_runs")
    op.drop_table("year_targets")
    op.drop_table("year_facts")


def _allow_owners(old: tuple[str, str], new: tuple[str, str]) -> None:
    """Replace the list of what a file may belong to, as 0008 does with the roles.

    Each is the name of the constraint and its list.
    """
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f(old[0]), "attachments", type_="check")
        op.create_check_constraint(
            op.f(new[0]), "attachments", f"record_type IN ({new[1]})"
        )
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(replace(sql, ?, ?), ?, ?)"
        " WHERE type = 'table' AND name = 'attachments' AND instr(sql, ?) > 0",
        (*_swapped(old, new), f"IN ({old[1]})"),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table attachments does not list its owners as expected")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _swapped(old: tuple[str, str], new: tuple[str, str]) -> tuple[str, ...]:
    return old[0], new[0], f"record_type IN ({old[1]})", f"record_type IN ({new[1]})"


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
            for dictionary, words in WORDS.items()
            for position, (code, label, advice) in enumerate(words, 1)
        ],
    )


def _seed_targets() -> None:
    now = datetime.now(UTC)
    moment = sa.DateTime(timezone=True)
    targets = sa.table(
        "year_targets",
        *(sa.column(name, sa.Integer) for name in ("year", "version")),
        sa.column("value", sa.BigInteger),
        *(sa.column(name, sa.String) for name in ("indicator", "source")),
        sa.column("updated_at", moment),
    )
    op.bulk_insert(
        targets,
        [
            {
                "year": YEAR,
                "indicator": indicator,
                "value": value,
                "source": PLAN,
                "version": 1,
                "updated_at": now,
            }
            for indicator, value in TARGETS.items()
        ],
    )
    definitions = sa.table(
        "indicator_definitions",
        *(sa.column(name, sa.String) for name in ("indicator", "name", "method")),
        sa.column("words", sa.Text),
        sa.column("from_on", sa.Date),
        sa.column("created_at", moment),
    )
    op.bulk_insert(
        definitions,
        [
            {
                "indicator": indicator,
                "name": name,
                "method": method,
                "words": words,
                "from_on": date(YEAR, 1, 1),
                "created_at": now,
            }
            for indicator, (name, method, words) in DEFINITIONS.items()
        ],
    )
