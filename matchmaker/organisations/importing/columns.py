"""The columns of a table of organisations, as people head them."""

from __future__ import annotations

from typing import Any

from models.fields import DISTRICTS, district_name
from models.states import OrganisationKind

from ... import labels
from ...imports import parts
from ...imports.shapes import Part
from ...sheets import cells
from ...sheets.cells import CellError
from ...sheets.layout import Field, Layout
from ...sheets.reader import Cell

LABELS = {
    "name": "单位名称",
    "credit_code": "统一社会信用代码",
    "kind": "单位类别",
    "district": "所在区县",
}
OTHER_KINDS = {
    "公司": OrganisationKind.ENTERPRISE,
    "企业法人": OrganisationKind.ENTERPRISE,
    "大学": OrganisationKind.UNIVERSITY,
    "高等院校": OrganisationKind.UNIVERSITY,
    "高等学校": OrganisationKind.UNIVERSITY,
    "学院": OrganisationKind.UNIVERSITY,
    "科研机构": OrganisationKind.INSTITUTE,
    "科研单位": OrganisationKind.INSTITUTE,
    "研究院": OrganisationKind.INSTITUTE,
    "研究所": OrganisationKind.INSTITUTE,
    "技术转移机构": OrganisationKind.SERVICE_BODY,
    "中介机构": OrganisationKind.SERVICE_BODY,
    "产业园区": OrganisationKind.PARK,
    "开发区": OrganisationKind.PARK,
}
LONGEST_NAME = 200


def build() -> tuple[Part, ...]:
    """The columns with the words of the dictionaries as they are now."""
    kinds = parts.words_of(OrganisationKind)
    return (
        Part(
            Field(
                "name",
                LABELS["name"],
                ("名称", "单位", "单位全称", "机构名称", "企业名称", "全称"),
                required=True,
                note="登记证书上的全称",
                width=36,
            ),
            lambda item: item.name,
            _name,
        ),
        Part(
            Field(
                "credit_code",
                LABELS["credit_code"],
                ("信用代码", "社会信用代码", "统一信用代码", "机构代码"),
                note="18 位，以文本格式填写；没有可不填",
                width=24,
            ),
            lambda item: item.credit_code or "",
            parts.optional(cells.credit_code),
        ),
        Part(
            Field(
                "kind",
                LABELS["kind"],
                ("类别", "类型", "单位类型", "单位性质", "性质", "机构类型"),
                choices=tuple(kinds),
                note="选一项；新登记的必填",
            ),
            lambda item: labels.label(item.kind),
            cells.named(kinds, OTHER_KINDS),
        ),
        Part(
            Field(
                "district",
                LABELS["district"],
                ("区县", "所属区县", "所在地区", "地区", "地址", "注册地址"),
                choices=tuple(words for _, words in DISTRICTS.offered()),
                note="选一项，可不填",
            ),
            lambda item: district_name(item.district),
            parts.optional(_district),
        ),
    )


def _name(cell: Cell) -> str:
    name = cells.text(cell, LONGEST_NAME)
    if sum(map(str.isalnum, name)) < 2:
        raise CellError("请填写单位的全称")
    return name


def _district(cell: Cell) -> Any:
    said = cells.text(cell)
    found = cells.district_in(
        said, {words: code for code, words in DISTRICTS.offered()}
    )
    if found is None:
        raise CellError(f"看不出「{said[:30]}」是哪个区县，请从列表中选择或不填")
    return found


LAYOUT = Layout("单位", [part.field for part in build()], ignored=parts.IGNORED)
