"""Generated tables of needs, as a firm keeps them: what the import benchmark reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from matchmaker.sheets.writer import Column, Sheet, write_sheets
from models.fields import DISTRICTS, FIELDS

HEAD = (
    ("需求编号", "text"),
    ("技术需求名称", "text"),
    ("所属领域", "text"),
    ("所在区县", "text"),
    ("技术需求描述", "text"),
    ("主要技术指标", "text"),
    ("拟投入经费（万元）", "money"),
    ("合作模式", "text"),
    ("需求截止日期", "date"),
    ("联系人", "text"),
    ("公开方式", "text"),
    ("所在园区", "text"),
)
THINGS = (
    "储能电站",
    "泵车末端软管",
    "盾构刀盘",
    "种子分选线",
    "手术机器人",
    "碳纤维预制体",
)
WISHES = ("提前预警", "减振降噪", "在线检测", "国产替代", "能耗降低", "寿命预测")
SENTENCES = (
    "现场工况复杂，白班夜班温差超过二十度，设备连续运行三个月以上。",
    "去年试过外购的方案，换一种姿态就失效，操作人员只能降低排量。",
    "希望不动主体结构，利用现有传感器把问题压下来。",
    "数据由现场采集终端上传，采样间隔十秒，历史数据两年。",
    "样机要在客户现场连续考核三十天，由双方共同验收。",
)
MODES = ("合作开发", "委托开发", "技术许可、合作开发", "技术转让")


def rows(number: int, seed: int, prefix: str, park: str = "") -> Iterator[list[object]]:
    """Rows as a firm's table has them: some 150 characters of text, two targets."""
    random = Random(seed)
    fields = [words for _, words in FIELDS.offered()]
    districts = [words for _, words in DISTRICTS.offered()]
    for place in range(number):
        text = "".join(random.sample(SENTENCES, 4))
        yield [
            f"{prefix}-{place:07d}",
            f"第 {prefix}{place} 号{random.choice(THINGS)}的{random.choice(WISHES)}",
            random.choice(fields),
            random.choice(districts),
            f"编号 {place} 的设备：{text}",
            f"1、误报率 ≤ {random.randrange(1, 9)}%\n"
            f"2、寿命 ≥ {random.randrange(5, 20)} 年",
            round(random.lognormvariate(4, 1), 2),
            random.choice(MODES),
            date(2027, 1, 1) + timedelta(days=random.randrange(700)),
            f"联系人{random.randrange(500)}",
            "公开",
            park,
        ]


def write(path: Path, number: int, seed: int, prefix: str, park: str = "") -> None:
    """Save such a table as a workbook."""
    columns = [Column(name, 16, kind) for name, kind in HEAD]  # type: ignore[arg-type]
    sheet = Sheet("需求", columns, rows(number, seed, prefix, park))
    with write_sheets([sheet]) as file:
        path.write_bytes(file.read())
