"""The form of a call as a browser posts it."""

from typing import Any

from werkzeug.datastructures import MultiDict

CRITERIA = [("技术方案", "60", "逐条有依据"), ("团队与基础", "40", "")]


def typed(**given: Any) -> MultiDict[str, str]:
    """A whole call for the 论证; lists become repeated keys."""
    values: dict[str, Any] = {
        "title": "储能电站电芯热失控提前预警",
        "field": "ES",
        "background": (
            "园区三座储能电站共有电芯四万余只，现有报警在起火前不足一分钟，"
            "去年误停机三次，每次损失约二十万元。需要在热失控发生前识别异常电芯，"
            "并与现有的电池管理系统对接，不改动电芯结构。"
        ),
        "goals": ["提前预警时间 ≥ 10 min", "误报率 ≤ 1%"],
        "funding": "300 万元",
        "mode": "single",
        "contact": "0731-88880000",
        "issuer_weight": "20",
        "promise": "1",
    }
    criteria = given.pop("criteria", CRITERIA)
    for part, number in (("name", 0), ("weight", 1), ("words", 2)):
        values[f"criterion_{part}"] = [row[number] for row in criteria]
    found: MultiDict[str, str] = MultiDict()
    for name, value in (values | given).items():
        if value not in ([], None):  # what a browser does not send
            found.setlist(name, value if isinstance(value, list) else [str(value)])
    return found
