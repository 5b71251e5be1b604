"""The pages of the import of achievements."""

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
    "external_number": "KJ-2026-01",
    "title": "储能电池簇热失控早期预警方法（示例，导入前请删除本行）",
    "inventors": "李某、王某",
    "field": "先进储能与新能源",
    "abstract": "融合氢气浓度与电压微分特征，在热失控前给出分级预警，"
    "已在兆瓦级储能舱完成验证。",
    "indicators": "预警提前时间 12 min\n误报率 0.8%",
    "trl": 6,
    "stage": "中试",
    "ip": "发明专利（授权）2 件\n软件著作权（登记）1 件",
    "ownership": "单位所有",
    "modes": "技术许可、合作开发",
    "price": 80,
    "valuation_on": date(2026, 3, 1),
    "valuation_low": 70,
    "valuation_high": 90,
    "valuation_method": "收益法",
}


def _template(_session: Session, user: User) -> IO[bytes]:
    without = frozenset(set() if user.is_staff else {"organisation"})
    return template.workbook(LAYOUT.title, build(), EXAMPLE, without=without)


def _whole(session: Session, user: User, form: Form) -> IO[bytes]:
    return export.write(session, user, SHAPE, form, now=utcnow())


DESK = Desk(
    kind="achievements",
    name="achievement_imports",
    address="/achievements/import",
    title="成果导入",
    noun="成果",
    lead="从 Excel 或 CSV 成批读入科技成果。先检查，逐行说明会新增、修改什么；"
    "确认后才导入。同一份文件导入两次，不会多出一项。",
    place="平台",
    counted="项",
    key_label="编号",
    title_label="成果名称",
    found_in=lambda user: "" if user.is_staff else "achievements.mine",
    list_words="查看本单位的成果",
    template=_template,
    whole=_whole,
    manners=lambda user: manners(user, "成果"),
)
bp = pages(DESK)
