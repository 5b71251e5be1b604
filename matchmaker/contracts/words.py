"""The fixed lists of the registration form, and what every field is called.

Lists an administrator keeps are in `models.fields.CONTRACT_WORDS`.
"""

from __future__ import annotations

from models.regions import ABROAD, CITY, DISTRICT_CODES, PROVINCES, region_name
from models.states import ContractType, PartyKind, PaymentManner, PaymentTrigger

# Of the city every district; of the rest of the country every province.
REGIONS: list[tuple[str, str]] = [
    *((code, region_name(code)) for code in DISTRICT_CODES),
    (f"{CITY}00", "长沙市（区县不详）"),
    ("430000", "湖南省（长沙以外）"),
    *((f"{code}0000", name) for code, name in PROVINCES.items() if code != "43"),
    (ABROAD, region_name(ABROAD)),
]
SIZES: dict[str, str] = {
    "large": "大型",
    "medium": "中型",
    "small": "小型",
    "micro": "微型",
}
# GB/T 4754, the first level of the national classification of the economy.
INDUSTRIES: dict[str, str] = {
    "A": "农、林、牧、渔业",
    "B": "采矿业",
    "C": "制造业",
    "D": "电力、热力、燃气及水生产和供应业",
    "E": "建筑业",
    "F": "批发和零售业",
    "G": "交通运输、仓储和邮政业",
    "H": "住宿和餐饮业",
    "I": "信息传输、软件和信息技术服务业",
    "J": "金融业",
    "K": "房地产业",
    "L": "租赁和商务服务业",
    "M": "科学研究和技术服务业",
    "N": "水利、环境和公共设施管理业",
    "O": "居民服务、修理和其他服务业",
    "P": "教育",
    "Q": "卫生和社会工作",
    "R": "文化、体育和娱乐业",
    "S": "公共管理、社会保障和社会组织",
    "T": "国际组织",
}
YES_NO = [("yes", "是"), ("no", "否")]
SIDES = {"buyer": "买方", "seller": "卖方"}

TEXT_LABELS: dict[str, str] = {
    "name": "合同名称",
    "type": "合同类型",
    "subtype": "合同类别",
    "content": "标的和内容",
    "starts_on": "开始日期",
    "ends_on": "终止日期",
    "field": "平台技术领域",
    "technology_field": "登记表技术领域",
    "ip_kind": "知识产权类别",
    "plan_source": "计划来源",
    "aim": "社会经济目标",
    "is_related_deal": "是否关联交易",
    "completer_priority": "完成人优先受让权",
}
MONEY_LABELS: dict[str, str] = {
    "total": "合同成交额",
    "technology": "技术交易额",
    "payment_manner": "支付方式",
    "payment_words": "支付约定",
    "plan": "支付计划",
}
# Of each party: columns of their own first, then what stands in its form.
PARTY_COLUMNS: dict[str, str] = {
    "name": "名称",
    "code": "统一社会信用代码",
    "kind": "类别",
    "region": "行政区划",
}
PARTY_TEXTS: dict[str, str] = {
    "address": "地址",
    "legal_representative": "法定代表人",
    "contact": "联系人",
    "phone": "联系电话",
    "postcode": "邮政编码",
}
PARTY_TICKS: dict[str, str] = {
    "is_transfer_body": "是否技术转移机构",
    "is_rd_body": "是否研发机构",
    "is_converted": "是否转制院所",
}
FIRM_TICKS: dict[str, str] = {
    "in_high_tech_zone": "是否在高新区内",
    "is_listed": "是否上市",
}
FIRM_LISTS: dict[str, str] = {"size": "企业规模", "industry": "国民经济行业"}
PARTY_FORM: dict[str, str] = PARTY_TEXTS | PARTY_TICKS | FIRM_TICKS | FIRM_LISTS
TICKS = frozenset(PARTY_TICKS | FIRM_TICKS)


def party_labels(side: str) -> dict[str, str]:
    """The fields of one party as the form names them: «买方地址»."""
    return {
        f"{side}_{name}": SIDES[side] + label
        for name, label in (PARTY_COLUMNS | PARTY_FORM).items()
    }


LABELS: dict[str, str] = (
    TEXT_LABELS | MONEY_LABELS | party_labels("buyer") | party_labels("seller")
)
# As the table and the history call them.
COLUMN_LABELS: dict[str, str] = LABELS | {
    "total_fen": LABELS["total"],
    "technology_fen": LABELS["technology"],
    "signed_on": "签订日期",
    "office": "登记机构",
    "submitted_on": "提交日期",
    "registration_number": "登记编号",
    "recognised_on": "认定日期",
    "amended_on": "变更日期",
    "cancelled_on": "注销日期",
    "refused_code": "不予登记原因",
    "trigger": "支付条件",
    "happened_on": "发生日期",
    "amount_fen": "金额",
    "received_on": "到账日期",
    "side": "代为确认",
    "words": "说明",
}

# What the forms of the steps ask.
STEP_LABELS: dict[str, str] = {
    "own_side": "本单位是",
    "signed_on": "签订日期",
    "office": "登记机构",
    "submitted_on": "提交日期",
    "registration_number": "登记编号",
    "recognised_on": "认定日期",
    "code": "原因",
    "words": "说明",
    "amended_on": "变更日期",
    "reason": "变更原因",
    "cancelled_on": "注销日期",
    "payment_id": "支付计划的哪一行",
    "happened_on": "发生日期",
    "amount": "到账金额",
    "received_on": "到账日期",
    "receipt_id": "到账登记",
    "file": "证明文件",
    "side": "代哪一方确认",
}

TYPE_OF_SUBTYPE = {f"{member.value}": member for member in ContractType}


def type_of_subtype(code: str) -> ContractType | None:
    """The type a subtype belongs to, by how its code begins; None: to any."""
    return next(
        (kind for start, kind in TYPE_OF_SUBTYPE.items() if code.startswith(start)),
        None,
    )


# Whose registration asks for a unified social credit code.
CODED_KINDS = frozenset(PartyKind) - {PartyKind.FOREIGN, PartyKind.PERSON}

# What each manner of payment asks of the plan, in words for who fills it in.
MANNER_HINTS: dict[PaymentManner, str] = {
    PaymentManner.LUMP_SUM: "一行，付清全部成交额",
    PaymentManner.INSTALMENTS: "两行以上的固定金额，合计等于成交额",
    PaymentManner.ROYALTY: "按比例提成，写明提成的基数",
    PaymentManner.ENTRY_ROYALTY: "入门费写固定金额，提成写比例和基数",
    PaymentManner.PAY_AFTER_USE: "至少一行在约定日期、测试通过、"
    "产品上市或实现销售之后支付",
    PaymentManner.INVEST_THEN_SHARE: "写明转为股权的一行，可以写比例",
}
# Payment that comes after use: what the paying may wait for.
LATER_TRIGGERS = frozenset(PaymentTrigger) - {PaymentTrigger.SIGNING}
