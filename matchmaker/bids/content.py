"""The text of a bid: from its form and back, what it lacks, what could be better.

A `Content` is what is sealed, hashed and, once released, read by those who judge:

    leader, contact, team, approach, budget_words, readiness_words   texts
    goals       [{"goal", "value", "evidence"}], one for each goal of the call
    budget_fen  whole fen, or None
    schedule    lines
    months, readiness   whole numbers, or None
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from models import Call

from .. import labels
from ..schema import FEWEST_IN_TEXT
from .schema import BidInput
from .vault import canonical

Content = dict[str, Any]
TEXTS = ("leader", "contact", "team", "approach", "budget_words", "readiness_words")
# Shorter than this, an approach can hardly be judged.
SHORT_APPROACH = 200


def of_form(data: BidInput, goals: Sequence[str]) -> Content:
    """The form as content; an answer to what is no goal of the call is left out."""
    answers = {answer.goal: answer for answer in data.goals}
    found: Content = {name: getattr(data, name) for name in TEXTS}
    found["goals"] = [
        {
            "goal": goal,
            "value": answers[goal].value if goal in answers else "",
            "evidence": answers[goal].evidence if goal in answers else "",
        }
        for goal in goals
    ]
    found["budget_fen"] = data.budget
    for name in ("schedule", "months", "readiness"):
        found[name] = getattr(data, name)
    return found


def empty(goals: Sequence[str]) -> Content:
    """What a bid begins with."""
    return of_form(BidInput(), goals)


def form_values(content: Content, goals: Sequence[str]) -> dict[str, Any]:
    """The content as its own form would post it, with the call's goals of today."""
    answers = {answer["goal"]: answer for answer in content["goals"]}
    shown = [answers.get(goal, {"goal": goal}) for goal in goals]
    values: dict[str, Any] = {name: content[name] for name in TEXTS}
    return values | {
        "goal_goal": [answer["goal"] for answer in shown],
        "goal_value": [answer.get("value", "") for answer in shown],
        "goal_evidence": [answer.get("evidence", "") for answer in shown],
        "budget": labels.wan(content["budget_fen"]),
        "schedule": list(content["schedule"]),
        "months": str(content["months"] or ""),
        "readiness": str(content["readiness"] or ""),
    }


def answering(content: Content | None, goals: Sequence[str]) -> Content:
    """The content with an answer to each of the goals of today, none to others."""
    if content is None:
        return empty(goals)
    answers = {one["goal"]: one for one in content["goals"]}
    blank = {"value": "", "evidence": ""}
    return content | {
        "goals": [answers.get(goal, {"goal": goal} | blank) for goal in goals]
    }


def stray(content: Content, goals: Sequence[str]) -> list[dict[str, str]]:
    """Answers to what the call asked once and asks no more."""
    answered = [one for one in content["goals"] if one["value"] or one["evidence"]]
    return [answer for answer in answered if answer["goal"] not in goals]


def mark(content: Content | None) -> str:
    """Tells one text from another, for a form to say which it began with."""
    return "" if content is None else sha256(canonical(content)).hexdigest()[:32]


def missing(content: Content) -> dict[str, str]:
    """What must still be written before it can be submitted, by field.

    The answer to the second goal is «goals.1».
    """
    found = {}
    for name, least, words in (
        ("leader", 1, "请填写项目负责人"),
        ("contact", 1, "请填写联系方式"),
        ("team", FEWEST_IN_TEXT, "请写明团队成员和分工"),
        ("approach", FEWEST_IN_TEXT, "请写明技术路线"),
    ):
        # As for every text: marks and digits alone say nothing.
        if sum(map(str.isalpha, content[name])) < least and not (
            name == "contact" and content[name]
        ):
            found[name] = words
    for row, answer in enumerate(content["goals"]):
        lacks = [
            words
            for part, words in (("value", "承诺值"), ("evidence", "依据"))
            if not answer[part]
        ]
        if lacks:
            found[f"goals.{row}"] = f"请填写{'和'.join(lacks)}"
    if not content["budget_fen"]:
        found["budget"] = "请填写经费预算"
    for name, words in (
        ("schedule", "请至少写一个阶段"),
        ("months", "请填写完成期限"),
        ("readiness", "请选择现有成熟度"),
    ):
        if not content[name]:
            found[name] = words
    return found


def advice(content: Content, call: Call, files: int) -> list[str]:
    """What the judges will miss; none of it keeps anybody from submitting."""
    found = []
    for row, answer in enumerate(content["goals"], 1):
        if answer["value"] and not any(map(str.isdigit, answer["value"])):
            found.append(f"第 {row} 个目标的承诺值里没有数字，评审时难以核对。")
    if content["approach"] and len(content["approach"]) < SHORT_APPROACH:
        found.append("技术路线不到 200 字，评审时可能看不出怎么做。")
    budget, funding = content["budget_fen"], call.funding_fen
    if budget and funding and budget > funding:
        number, unit = labels.money(funding)
        found.append(f"经费预算超过榜单金额（{number} {unit}），请写明差额由谁承担。")
    if budget and not content["budget_words"]:
        found.append("没有写预算构成。")
    if content["readiness"] and not content["readiness_words"]:
        found.append("没有写成熟度的依据。")
    if not files:
        found.append("没有附件。检测报告、样机照片能证明承诺做得到。")
    return found
