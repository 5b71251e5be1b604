"""What the form of a bid takes. A draft may lack anything; a submission may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..schema import Input, Money, Optional, Promise, Text, TwelveLines

LABELS: Mapping[str, str] = {
    "leader": "项目负责人",
    "contact": "联系方式",
    "team": "团队与分工",
    "approach": "技术路线",
    "goals": "对目标的承诺",
    "budget": "经费预算",
    "budget_words": "预算构成",
    "schedule": "进度安排",
    "months": "完成期限",
    "readiness": "现有成熟度",
    "readiness_words": "成熟度依据",
    "promise": "保密承诺",
    "file": "附件",
}
# The parts of an answer to a goal; the goal's own text comes along, so that a later
# version of the call cannot shift an answer to another goal.
PARTS = ("goal", "value", "evidence")
LONGEST_MARK = 32

Months = Annotated[Annotated[int, Field(ge=1, le=120)] | None, Optional]
Level = Annotated[Annotated[int, Field(ge=1, le=9)] | None, Optional]


class GoalAnswer(Input):
    """What is promised for one goal of the call, and what shows it."""

    goal: Annotated[Text, Field(max_length=1000)]
    value: Annotated[Text, Field(max_length=300)] = ""
    evidence: Annotated[Text, Field(max_length=2000)] = ""


class BidInput(Input):
    """The form as it is saved; ``seen`` marks the text it began with."""

    leader: Annotated[Text, Field(max_length=80)] = ""
    contact: Annotated[Text, Field(max_length=120)] = ""
    team: Annotated[Text, Field(max_length=4000)] = ""
    approach: Annotated[Text, Field(max_length=8000)] = ""
    goals: list[GoalAnswer] = []
    budget: Money = None
    budget_words: Annotated[Text, Field(max_length=2000)] = ""
    schedule: TwelveLines = []
    months: Months = None
    readiness: Level = None
    readiness_words: Annotated[Text, Field(max_length=1000)] = ""
    seen: Annotated[Text, Field(max_length=LONGEST_MARK)] = ""


class BidSubmission(BidInput):
    """The same when it is submitted: with the word that it holds no state secret."""

    promise: Promise = False


def _digest(text: str) -> str:
    found = text.lower()
    if re.fullmatch(r"[0-9a-f]{64}", found) is None:
        words = "SHA-256 是 64 位的 0–9 和 a–f，请从回执上复制"
        raise PydanticCustomError("digest", "{words}", {"words": words})
    return found


class DigestInput(Input):
    """A receipt, by the SHA-256 it is."""

    digest: Annotated[Text, AfterValidator(_digest)]


def from_form(form: Any) -> dict[str, Any]:
    """The posted form with the answers put together."""
    data: dict[str, Any] = dict(form.items())
    data["schedule"] = form.getlist("schedule")
    columns = (form.getlist(f"goal_{part}") for part in PARTS)
    data["goals"] = [
        dict(zip(PARTS, row, strict=True))
        for row in zip_longest(*columns, fillvalue="")
    ]
    return data
