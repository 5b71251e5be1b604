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
from ..headings import SYNONYMS
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


def _field(code: str, note: str, *, money: bool = False) -> Field:
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
        code,
        LABELS[code],
        SYNONYMS[code],
        required=required,
        is_money=money,
        note=note,
    )


LAYOUT = Layout(
    TITLE,
    (
        _field("title", "6 到 60 个字，一句话说出现象和对象。"),
        _field("field", "选一项，在方框里打勾。"),
        _field("district", "选一项。"),
        _field("park", "可不填。"),
        _field("problem", "30 到 5000 个字。现象、工况、影响。"),
        _field("tried", "可不填。现在怎么应付，试过什么，为什么不行。"),
        _field(
            "targets",
            "一行一条，写明数值和单位，例如「误报率 ≤ 1%」。最多 12 条，行不够可以加。",
        ),
        _field("scene", "可不填。用在哪里、什么工况、要和什么接口配合。"),
        _field("trl_expected", "按九级制选一项；不限可不填。"),
        _field("budget", "写明单位，例如「260 万元」；面议可不填。", money=True),
        _field("cooperation", "可选几种。"),
        _field("ip_wish", "选一项；没有要求可不填。"),
        _field("solver_conditions", "可不填。资质、团队、是否接受外地。"),
        _field("deadline", "希望最晚在哪一天前对接，例如 2027-06-30；长期有效可不填。"),
        _field("contact", "可不填。姓名和电话，双方都有意向后才告诉对方。"),
        _field("secrecy", "选一项。"),
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
