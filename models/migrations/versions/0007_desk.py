"""Reason codes, holidays, reminders, and who has looked at a suggestion"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# (code, label, advice): the first entries of each dictionary of reasons.
REASONS = {
    "need_return": [
        (
            "no_target",
            "缺少可验收的指标",
            "写明做到什么程度算解决，例如「误报率≤1%」，每行一条。",
        ),
        (
            "no_figure",
            "指标没有数值或单位",
            "给每条指标补上数值、单位和比较关系（≥、≤）；暂时给不出的，写明现在的水平。",
        ),
        (
            "vague_object",
            "对象或工况不清楚",
            "写明是什么设备、材料或产品，在什么条件下出现什么现象。",
        ),
        (
            "no_attempt",
            "没有写明现状和已做的尝试",
            "补充现在怎么做、试过什么办法、为什么不够。",
        ),
        (
            "budget",
            "预算未填或明显不符",
            "填写可投入的金额（万元）；确实不能定的，请选面议并说明。",
        ),
        (
            "deadline",
            "时间要求不可行",
            "把截止日期改到能够完成的时间，或写明分阶段的要求。",
        ),
        (
            "wrong_class",
            "领域或区县选错",
            "按问题本身所属的技术选领域，按项目实施地选区县。",
        ),
        (
            "duplicate",
            "与已有需求重复",
            "如果是同一件事，请撤回其中一条；如果不是，请写明区别。",
        ),
        (
            "identifiable",
            "公开文字仍能认出单位",
            "把公开文字里的单位、客户、产品和人名改成行业与区县，精确数值改成范围。",
        ),
        (
            "contact",
            "正文里有联系方式",
            "删去正文中的姓名、电话、邮箱和微信；联系方式在双方同意后由平台开放。",
        ),
        (
            "secret",
            "可能涉及国家秘密",
            "请勿在平台填写涉密内容；脱密并经本单位保密审查后再提交。",
        ),
        (
            "not_technical",
            "不是技术需求",
            "采购、招聘、融资和推广请走相应渠道；需要技术攻关的，请写明技术问题。",
        ),
        ("other", "其他", ""),
    ],
    "achievement_return": [
        ("no_target", "缺少可核对的指标", "写明已经达到的指标和试验条件，每行一条。"),
        (
            "no_figure",
            "指标没有数值或单位",
            "给每条指标补上数值和单位，例如「误报率 0.6%」。",
        ),
        (
            "no_proof",
            "成熟度缺少依据",
            "写明试验的规模、地点和时间，或检测、应用证明。",
        ),
        ("vague_object", "用途不清楚", "写明能解决什么现象、用在什么设备或产品上。"),
        (
            "ownership",
            "权属不清楚",
            "写明权利归谁；共有的，写明份额和共有人是否同意转化。",
        ),
        ("ip", "知识产权信息不全", "补充类型、状态和件数；正在申请的请注明。"),
        (
            "price",
            "价格或转化方式不明确",
            "选定愿意采用的转化方式；价格不能定的请选面议。",
        ),
        ("wrong_class", "领域选错", "按技术本身所属的领域选择。"),
        (
            "duplicate",
            "与已有成果重复",
            "如果是同一项成果，请撤回其中一条；如果不是，请写明区别。",
        ),
        (
            "contact",
            "正文里有联系方式",
            "删去正文中的电话、邮箱和微信；联系方式在双方同意后由平台开放。",
        ),
        (
            "secret",
            "可能涉及国家秘密",
            "请勿在平台填写涉密内容；脱密并经本单位保密审查后再提交。",
        ),
        (
            "not_technical",
            "不是科技成果",
            "获奖、人才和机构介绍请勿作为成果登记；请写明技术本身。",
        ),
        ("other", "其他", ""),
    ],
    "organisation_return": [
        (
            "code",
            "统一社会信用代码与名称不符",
            "按营业执照或事业单位法人证书核对代码和名称。",
        ),
        ("no_proof", "缺少授权证明", "补充本单位同意由您办理的证明。"),
        ("duplicate", "单位已经注册", "请联系本单位的管理成员邀请您加入。"),
        (
            "not_eligible",
            "不在服务范围内",
            "平台服务技术需求方、成果方和服务机构；请写明与技术交易的关系。",
        ),
        ("other", "其他", ""),
    ],
}
# The days of 2026 that are not what their weekday says, as the State Council
# announced them; later years are entered by the administrator.
HOLIDAYS = [
    ("2026-01-01", "元旦", False),
    ("2026-01-02", "元旦", False),
    ("2026-01-03", "元旦", False),
    ("2026-01-04", "元旦调休上班", True),
    ("2026-02-14", "春节调休上班", True),
    ("2026-02-15", "春节", False),
    ("2026-02-16", "春节", False),
    ("2026-02-17", "春节", False),
    ("2026-02-18", "春节", False),
    ("2026-02-19", "春节", False),
    ("2026-02-20", "春节", False),
    ("2026-02-21", "春节", False),
    ("2026-02-22", "春节", False),
    ("2026-02-23", "春节", False),
    ("2026-02-28", "春节调休上班", True),
    ("2026-04-04", "清明节", False),
    ("2026-04-05", "清明节", False),
    ("2026-04-06", "清明节", False),
    ("2026-05-01", "劳动节", False),
    ("2026-05-02", "劳动节", False),
    ("2026-05-03", "劳动节", False),
    ("2026-05-04", "劳动节", False),
    ("2026-05-05", "劳动节", False),
    ("2026-05-09", "劳动节调休上班", True),
    ("2026-06-19", "端午节", False),
    ("2026-06-20", "端午节", False),
    ("2026-06-21", "端午节", False),
    ("2026-09-20", "国庆节调休上班", True),
    ("2026-09-25", "中秋节", False),
    ("2026-09-26", "中秋节", False),
    ("2026-09-27", "中秋节", False),
    ("2026-10-01", "国庆节", False),
    ("2026-10-02", "国庆节", False),
    ("2026-10-03", "国庆节", False),
    ("2026-10-04", "国庆节", False),
    ("2026-10-05", "国庆节", False),
    ("2026-10-06", "国庆节", False),
    ("2026-10-07", "国庆节", False),
    ("2026-10-10", "国庆节调休上班", True),
]


def upgrade() -> None:
    entries = op.create_table(
        "dictionary_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dictionary", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "code <> '' AND label <> ''", name=op.f("ck_dictionary_entries_has_words")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionary_entries")),
        sa.UniqueConstraint(
            "dictionary", "code", name=op.f("uq_dictionary_entries_dictionary_code")
        ),
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
            for dictionary, reasons in REASONS.items()
            for position, (code, label, advice) in enumerate(reasons, 1)
        ],
    )
    holidays = op.create_table(
        "holidays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays")),
        sa.UniqueConstraint("day", name=op.f("uq_holidays_day")),
    )
    op.bulk_insert(
        holidays,
        [
            {"day": date.fromisoformat(day), "name": name, "is_working": is_working}
            for day, name, is_working in HOLIDAYS
        ],
    )
    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=48), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "source",
            "record_id",
            "since",
            name=op.f("uq_reminders_source_record_id_since"),
        ),
    )
    op.create_table(
        "observations",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_observations")),
    )
    op.add_column("needs", sa.Column("return_codes", sa.JSON(), nullable=True))
    op.add_column("achievements", sa.Column("return_codes", sa.JSON(), nullable=True))
    for column in ("seen_at", "holder_seen_at"):
        op.add_column(
            "suggestions",
            sa.Column(column, sa.DateTime(timezone=True), nullable=True),
        )


def downgrade() -> None:
    op.drop_column("suggestions", "holder_seen_at")
    op.drop_column("suggestions", "seen_at")
    op.drop_column("achievements", "return_codes")
    op.drop_column("needs", "return_codes")
    op.drop_table("observations")
    op.drop_table("reminders")
    op.drop_table("holidays")
    op.drop_table("dictionary_entries")
