"""The workbook to fill in: headings, an example, drop-down lists, and what to write."""

from __future__ import annotations

from datetime import date
from typing import IO

from sqlalchemy.orm import Session

from models import User

from .. import policies
from ..sheets.layout import Field
from ..sheets.writer import Column, Kind, Sheet, write_sheets
from .columns import LAYOUT
from .rows import words_of

EXAMPLE: dict[str, object] = {
    "registration_number": "2026430100000001",
    "name": "储能电站热失控预警系统开发（示例，导入前请删除本行）",
    "type": "委托开发",
    "total": 120,
    "technology": 96.5,
    "signed_on": date(2026, 3, 1),
    "recognised_on": date(2026, 3, 20),
    "seller_name": "示例大学",
    "seller_kind": "高等院校",
    "seller_region": "岳麓区",
    "buyer_name": "示例能源有限公司",
    "buyer_kind": "企业",
    "buyer_region": "长沙县",
    "payment_manner": "分期支付",
}


def workbook(session: Session, user: User) -> IO[bytes]:
    """The template as an open file: a sheet to fill in, and one that explains it."""
    policies.require(user, "ledger.import")
    words = words_of(session)
    fields = [
        (each, tuple(words.get(each.code, each.choices))) for each in LAYOUT.fields
    ]
    columns = [
        Column(_heading(each), each.width, _kind(each), choices)
        for each, choices in fields
    ]
    example = [EXAMPLE.get(each.code) for each in LAYOUT.fields]
    explained = [
        (_heading(each), "必填" if each.required else "", each.note, "、".join(choices))
        for each, choices in fields
    ]
    help_columns = [
        Column("列名", 24),
        Column("是否必填", 10),
        Column("怎么填", 48),
        Column("可选的值", 90),
    ]
    return write_sheets(
        [
            Sheet(LAYOUT.title, columns, [example]),
            Sheet("填写说明", help_columns, explained),
        ]
    )


def _heading(field: Field) -> str:
    return f"{field.label}（万元）" if field.is_money else field.label


def _kind(field: Field) -> Kind:
    if field.is_money:
        return "money"
    return "date" if field.is_date else "text"
