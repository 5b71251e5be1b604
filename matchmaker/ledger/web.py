"""The pages of the ledger's import."""

from __future__ import annotations

from ..imports.web import Desk, pages
from . import template

DESK = Desk(
    kind="contracts",
    name="ledger",
    address="/ledger/import",
    title="台账导入",
    noun="合同",
    lead="把在别处认定登记的技术合同读进台账。先检查，逐行说明会新增、变更什么；"
    "确认后才导入。同一份文件导入两次，不会多出一条。",
    place="台账",
    counted="条",
    key_label="登记编号",
    title_label="合同名称",
    template=template.workbook,
    found_in=lambda _: "contracts.browse",
    list_words="查看技术合同",
    amount="新增成交额",
)
bp = pages(DESK)
