"""What a need form in Word asks, and what firms call the same in forms of their own.

Masked texts and the promise are not asked on paper: the platform drafts the one, and
the other is given for the text as it is submitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.fields import DISTRICTS, FIELDS
from models.states import IpWish, Secrecy

from ... import labels
from ...sheets.layout import Field, Layout
from ..schema import LABELS, NEED_MODES

TITLE = "企业技术需求表"
LEAD = (
    "填好后在平台的「发布需求」页选择「从 Word 需求表读入」。"
    "读入后可以核对和修改，按「保存草稿」或「提交审核」之前什么都不会保存。"
    "请勿填写涉及国家秘密的内容。"
)
# Rows of the table for targets; a form may have twelve.
TARGET_ROWS = 6

# Texts of more than a line: what follows in a form without a table belongs to them.
LONG = frozenset({"problem", "tried", "scene", "targets", "solver_conditions"})


def _field(code: str, note: str, *synonyms: str, money: bool = False) -> Field:
    required = code in {
        "title",
        "field",
        "district",
        "problem",
        "targets",
        "cooperation",
        "secrecy",
    }
    return Field(
        code, LABELS[code], synonyms, required=required, is_money=money, note=note
    )


LAYOUT = Layout(
    TITLE,
    (
        _field(
            "title",
            "6 到 60 个字，一句话说出现象和对象。",
            "需求标题",
            "技术需求名称",
            "项目名称",
            "课题名称",
            "难题名称",
            "技术难题名称",
            "需求项目名称",
        ),
        _field(
            "field",
            "选一项，在方框里打勾。",
            "所属领域",
            "所属技术领域",
            "需求领域",
            "行业领域",
            "产业领域",
            "所属产业",
            "领域",
        ),
        _field(
            "district",
            "选一项。",
            "区县",
            "所属区县",
            "所在地区",
            "所属区域",
            "所在区域",
            "企业所在区县",
            "单位所在区县",
        ),
        _field("park", "可不填。", "所在园区", "所属园区", "产业园区"),
        _field(
            "problem",
            "30 到 5000 个字。现象、工况、影响。",
            "需求描述",
            "技术需求描述",
            "需求内容",
            "技术需求内容",
            "主要技术需求",
            "问题描述",
            "技术难题",
            "难题描述",
            "拟解决的问题",
            "拟解决的技术问题",
            "需要解决的问题",
            "要解决的技术问题",
            "拟解决的关键技术问题",
        ),
        _field(
            "tried",
            "可不填。现在怎么应付，试过什么，为什么不行。",
            "现有做法",
            "现状",
            "技术现状",
            "现有基础",
            "现有技术基础",
            "已开展的工作",
            "试过的办法",
        ),
        _field(
            "targets",
            "一行一条，写明数值和单位，例如「误报率 ≤ 1%」。最多 12 条，行不够可以加。",
            "技术指标",
            "主要技术指标",
            "指标",
            "指标要求",
            "技术指标要求",
            "预期指标",
            "预期目标",
            "预期技术指标",
            "目标要求",
            "达到的技术指标",
            "希望达到的技术指标",
        ),
        _field(
            "scene",
            "可不填。用在哪里、什么工况、要和什么接口配合。",
            "应用场景",
            "使用工况",
            "应用领域",
        ),
        _field(
            "trl_expected",
            "按九级制选一项；不限可不填。",
            "期望成熟度",
            "技术成熟度",
            "技术成熟度要求",
            "成熟度要求",
            "TRL",
        ),
        _field(
            "budget",
            "写明单位，例如「260 万元」；面议可不填。",
            "预算金额",
            "经费预算",
            "拟投入资金",
            "拟投入经费",
            "投入预算",
            "投资预算",
            "资金预算",
            "项目预算",
            "意向金额",
            money=True,
        ),
        _field(
            "cooperation",
            "可选几种。",
            "合作模式",
            "合作形式",
            "意向合作方式",
            "拟合作方式",
            "合作意向",
        ),
        _field(
            "ip_wish",
            "选一项；没有要求可不填。",
            "知识产权归属",
            "知识产权意向",
            "知识产权约定",
        ),
        _field(
            "solver_conditions",
            "可不填。资质、团队、是否接受外地。",
            "对合作方的要求",
            "对解决方要求",
            "对承接单位的要求",
            "合作方要求",
        ),
        _field(
            "deadline",
            "希望最晚在哪一天前对接，例如 2027-06-30；长期有效可不填。",
            "需求截止日期",
            "需求有效期",
            "征集截止日期",
            "对接截止日期",
            "有效期",
            "有效期至",
        ),
        _field(
            "contact",
            "可不填。姓名和电话，双方都有意向后才告诉对方。",
            "联系人及电话",
            "联系人及联系方式",
            "联系人和电话",
            "联系人电话",
            "联系方式",
            "联系电话",
            "手机",
            "电话",
            "企业联系人",
            "项目联系人",
        ),
        _field("secrecy", "选一项。", "公开方式", "是否公开", "信息公开范围"),
    ),
    # What a sheet of a firm has besides: the heads of its columns.
    ignored=("序号", "项目", "内容", "填写内容", "事项", "字段", "栏目"),
)


@dataclass(frozen=True)
class Choice:
    """A field whose value is one of a list, or several: {words: code}."""

    words: Mapping[str, str]
    several: bool = False


def choices() -> dict[str, Choice]:
    """The lists as they are offered now."""
    return {
        "field": Choice({words: code for code, words in FIELDS.offered()}),
        "district": Choice({words: code for code, words in DISTRICTS.offered()}),
        "trl_expected": Choice({words: code for code, words in labels.LEVELS}),
        "cooperation": Choice(
            {labels.label(mode): mode.value for mode in NEED_MODES}, several=True
        ),
        "ip_wish": Choice({labels.label(wish): wish.value for wish in IpWish}),
        "secrecy": Choice({labels.label(each): each.value for each in Secrecy}),
    }


def asked(text: str) -> tuple[str, str] | None:
    """The field a heading asks for and the unit of money it says, if it is known."""
    heading = " ".join(text.split())
    choice = LAYOUT.propose([heading], "wan").get(heading) if heading else None
    if choice is None:
        return None
    code, _, unit = choice.partition(":")
    return code, unit
