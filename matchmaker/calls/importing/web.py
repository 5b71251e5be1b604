"""The pages of the import of open calls."""

from __future__ import annotations

from datetime import date
from typing import IO

from sqlalchemy.orm import Session

from models import User
from models.base import utcnow

from ...imports import export, template
from ...imports.web import Desk, pages
from ...sheets.tables import Form
from .columns import LAYOUT, SHAPE, build

EXAMPLE: dict[str, object] = {
    "external_number": "JB-2026-01",
    "title": "储能电站热失控预警系统（示例，导入前请删除本行）",
    "field": "先进储能与新能源",
    "background": "园区十家储能企业都遇到报警太晚的问题，"
    "需要一套能提前十分钟预警的系统。",
    "goals": "预警提前时间 ≥ 10 min\n误报率 ≤ 1%",
    "funding": 300,
    "mode": "单一揭榜",
    "criteria": "技术方案 40% 路线可行\n团队与基础 30%\n进度与经费 30%",
    "issuer_weight": 20,
    "closes_at": "2027-06-30 17:00",
    "opens_at": date(2027, 5, 6),
}


def _template(_session: Session, user: User) -> IO[bytes]:
    without = frozenset({"status"} | (set() if user.is_staff else {"issuer"}))
    return template.workbook(LAYOUT.title, build(), EXAMPLE, without=without)


def _whole(session: Session, user: User, form: Form) -> IO[bytes]:
    return export.write(session, user, SHAPE, form, now=utcnow())


DESK = Desk(
    kind="calls",
    name="call_imports",
    address="/calls/import",
    title="榜单导入",
    noun="榜单",
    lead="从 Excel 或 CSV 成批读入榜单，都存为草稿，再逐个核对、提交论证。"
    "先检查，逐行说明会新增、修改什么；确认后才导入。",
    place="平台",
    counted="个",
    key_label="编号",
    title_label="榜单名称",
    found_in=lambda _: "calls.mine",
    list_words="查看榜单草稿",
    template=_template,
    whole=_whole,
    manners=lambda _: {},
)
bp = pages(DESK)
