"""The pages of the import of organisations."""

from __future__ import annotations

from typing import IO

from sqlalchemy.orm import Session

from models import User

from ...imports import template
from ...imports.web import Desk, pages
from .columns import LAYOUT, build

EXAMPLE: dict[str, object] = {
    "name": "湘江示例电池有限公司（示例，导入前请删除本行）",
    "kind": "企业",
    "district": "岳麓区",
}


def _template(_session: Session, _user: User) -> IO[bytes]:
    return template.workbook(LAYOUT.title, build(), EXAMPLE)


DESK = Desk(
    kind="organisations",
    name="organisation_imports",
    address="/organisations/import",
    title="单位导入",
    noun="单位",
    lead="从 Excel 或 CSV 成批登记单位。按统一社会信用代码认出同一家，"
    "没有代码的按全称。登记后其成员仍要自己注册，经审核后加入。",
    place="平台",
    counted="家",
    key_label="信用代码",
    title_label="单位名称",
    template=_template,
    found_in=lambda _: "",
    list_words="",
)
bp = pages(DESK)
