"""The form of a bid as a browser posts it."""

from typing import Any

from models import Call


def form(call: Call, words: str = "", action: str = "submit", **more: Any) -> Any:
    """Filled in whole; ``words`` stand in every field that takes any."""
    return {
        "action": action,
        "leader": f"张示例{words}",
        "contact": f"0731-88880000 {words}",
        "team": f"十二人的储能安全团队，分三组{words}",
        "approach": f"融合氢气浓度与电压微分特征，分级报警{words}",
        "goal_goal": list(call.goals),
        "goal_value": [f"12 min {words}"] * len(call.goals),
        "goal_evidence": [f"第三方检测{words}"] * len(call.goals),
        "budget": "420",
        "budget_words": f"设备 200 万元{words}",
        "schedule": [f"第 1 至 6 个月完成样机{words}", ""],
        "months": "18",
        "readiness": "6",
        "readiness_words": f"中试报告{words}",
        "promise": "1",
        "seen": "",
    } | more
