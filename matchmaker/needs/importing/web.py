"""The pages of the import of needs."""

from __future__ import annotations

from datetime import date
from typing import IO

from sqlalchemy.orm import Session

from models import User
from models.base import utcnow

from ...imports import export, template
from ...imports.web import Desk, pages
from ...imports.wishes import manners
from ...sheets.tables import Form
from .columns import LAYOUT, SHAPE, build

EXAMPLE: dict[str, object] = {
    "external_number": "2026-001",
    "title": "储能电站热失控提前预警（示例，导入前请删除本行）",
    "field": "先进储能与新能源",
    "district": "岳麓区",
    "problem": "磷酸铁锂电池簇过充后温度上升很快，现有烟感报警太晚，"
    "希望在热失控前十分钟给出预警。",
    "tried": "加装过烟感和温感，报警时电池已经起火",
    "targets": "预警提前时间 ≥ 10 min\n误报率 ≤ 1%",
    "trl_expected": 7,
    "budget": 120,
    "cooperation": "委托开发、合作开发",
    "deadline": date(2027, 6, 30),
    "contact": "张工 0731-88880000",
    "secrecy": "公开",
}


def _template(_session: Session, user: User) -> IO[bytes]:
    without = frozenset(
        {"measures", "public_title", "public_problem", "public_targets", "phone"}
        | (set() if user.is_staff else {"organisation"})
    )
    return template.workbook(LAYOUT.title, build(), EXAMPLE, without=without)


def _whole(session: Session, user: User, form: Form) -> IO[bytes]:
    return export.write(session, user, SHAPE, form, now=utcnow())


DESK = Desk(
    kind="needs",
    name="need_imports",
    address="/needs/import",
    title="需求导入",
    noun="需求",
    lead="从 Excel 或 CSV 成批读入技术需求。先检查，逐行说明会新增、修改什么；"
    "确认后才导入。同一份文件导入两次，不会多出一条。",
    place="平台",
    counted="条",
    key_label="编号",
    title_label="需求名称",
    found_in=lambda user: "" if user.is_staff else "needs.mine",
    list_words="查看本单位的需求",
    template=_template,
    whole=_whole,
    manners=lambda user: manners(user, "需求"),
)
bp = pages(DESK)
