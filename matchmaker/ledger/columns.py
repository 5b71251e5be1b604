"""The columns of a ledger of technology contracts, as people head them."""

from __future__ import annotations

from models.states import ContractType, PartyKind, PaymentManner

from ..labels import label
from ..sheets.layout import Field, Layout

TYPES = tuple(label(each) for each in ContractType)
KINDS = tuple(label(each) for each in PartyKind)
MANNERS = tuple(label(each) for each in PaymentManner)
REGION_NOTE = "六位行政区划代码；或长沙的区县名；外地填省名"
DAY_NOTE = "例如 2026-03-01"


def _party(side: str, word: str, others: tuple[str, ...]) -> tuple[Field, ...]:
    """The columns of one side; ``others`` are what people call it besides."""
    words = (word, *others)

    def named(*ends: str) -> tuple[str, ...]:
        return tuple(f"{each}{end}" for each in words for end in ends)

    return (
        Field(
            f"{side}_name",
            f"{word}名称",
            (*words, *named("名称", "单位", "单位名称", "全称", "机构名称")),
            required=True,
            width=28,
        ),
        Field(
            f"{side}_code",
            f"{word}统一社会信用代码",
            named(
                "统一社会信用代码",
                "信用代码",
                "统一信用代码",
                "社会信用代码",
                "机构代码",
            ),
            note="18 位；没有可不填",
            width=22,
        ),
        Field(
            f"{side}_kind",
            f"{word}类别",
            named("类别", "类型", "性质", "单位性质", "单位类型", "机构性质", "属性"),
            choices=KINDS,
        ),
        Field(
            f"{side}_region",
            f"{word}地区",
            named(
                "地区",
                "区域",
                "所在地",
                "所在地区",
                "所属区域",
                "行政区划",
                "行政区划代码",
                "区划代码",
                "地区代码",
                "所属省市",
                "所属地区",
            ),
            note=REGION_NOTE,
        ),
    )


LAYOUT = Layout(
    "技术合同台账",
    (
        Field(
            "registration_number",
            "认定登记编号",
            (
                "合同登记编号",
                "合同登记号",
                "登记编号",
                "登记号",
                "认定编号",
                "认定登记号",
                "技术合同登记编号",
                "技术合同编号",
                "合同编号",
                "编号",
            ),
            required=True,
            note="以文本格式填写，同一编号只登记一次",
            width=24,
        ),
        Field(
            "name",
            "合同名称",
            ("技术合同名称", "项目名称", "合同项目名称", "名称"),
            required=True,
            width=36,
        ),
        Field(
            "type",
            "合同类型",
            (
                "合同类别",
                "技术合同类型",
                "技术合同类别",
                "合同种类",
                "类型",
                "合同分类",
            ),
            required=True,
            note="也可写细分类别，如 委托开发、专利实施许可",
            choices=TYPES,
        ),
        Field(
            "total",
            "合同成交额",
            (
                "合同成交总额",
                "成交额",
                "成交总额",
                "合同总金额",
                "合同金额",
                "合同总额",
                "合同成交金额",
                "成交金额",
                "合同交易总额",
            ),
            required=True,
            is_money=True,
            note="单位写在列名里：元 或 万元",
        ),
        Field(
            "technology",
            "技术交易额",
            (
                "其中技术交易额",
                "技术交易金额",
                "核定技术交易额",
                "技术交易总额",
                "技术合同交易额",
                "核定技术交易总额",
            ),
            is_money=True,
            note="不大于合同成交额",
        ),
        Field(
            "signed_on",
            "签订日期",
            (
                "合同签订日期",
                "签定日期",
                "签约日期",
                "签订时间",
                "合同签订时间",
                "签署日期",
            ),
            required=True,
            is_date=True,
            note=DAY_NOTE,
        ),
        Field(
            "recognised_on",
            "认定日期",
            (
                "认定登记日期",
                "登记日期",
                "登记时间",
                "认定时间",
                "合同登记日期",
                "审核通过日期",
                "认定登记时间",
            ),
            required=True,
            is_date=True,
            note="成交额计入认定日期所在的年度",
        ),
        Field(
            "starts_on",
            "合同开始日期",
            ("开始日期", "起始日期", "合同起始日期", "履行开始日期", "合同有效期起"),
            is_date=True,
        ),
        Field(
            "ends_on",
            "合同终止日期",
            (
                "终止日期",
                "结束日期",
                "合同结束日期",
                "截止日期",
                "合同截止日期",
                "合同有效期止",
            ),
            is_date=True,
        ),
        *_party(
            "seller",
            "卖方",
            ("出让方", "让与方", "转让方", "受托方", "技术卖方", "乙方"),
        ),
        *_party("buyer", "买方", ("受让方", "委托方", "技术买方", "甲方")),
        Field(
            "technology_field",
            "技术领域",
            ("登记表技术领域", "所属技术领域", "技术领域分类", "所属领域"),
        ),
        Field(
            "ip_kind",
            "知识产权",
            ("知识产权类型", "知识产权类别", "知识产权构成", "涉及知识产权"),
        ),
        Field("plan_source", "计划来源", ("项目计划来源", "计划类别", "项目来源")),
        Field("aim", "社会经济目标", ("服务的社会经济目标", "社会经济目的")),
        Field(
            "payment_manner",
            "支付方式",
            ("付款方式", "价款支付方式", "支付类型"),
            choices=MANNERS,
        ),
        Field(
            "is_related_deal",
            "是否关联交易",
            ("关联交易",),
            choices=("是", "否"),
        ),
        Field("office", "登记机构", ("认定登记机构", "认定机构", "登记机关", "登记点")),
        Field(
            "status",
            "登记状态",
            ("合同状态", "状态", "认定状态"),
            note="不填按「认定」；已注销的填「注销」",
            choices=("认定", "注销"),
        ),
        Field(
            "cancelled_on",
            "注销日期",
            ("注销时间", "撤销日期"),
            is_date=True,
        ),
    ),
    ignored=("序号", "行号", "原行号", "错误", "备注"),
)
