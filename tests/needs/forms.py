"""A need as the form posts it; a test changes only what it is about."""

from typing import Any

from models.needs import fingerprint

TYPED: dict[str, Any] = {
    "title": "泵车臂架末端软管晃得厉害",
    "field": "EM",
    "district": "长沙县",
    "problem": "泵送频率接近每分钟二十次时,末端软管上下摆幅超过一米,工人扶不住。"
    "试过加蓄能器,换一种姿态就失效。",
    "targets": ["摆幅 ≤350 mm", "泵送效率下降 ≤3%", "", ""],
    "trl_expected": "7",
    "budget": "260",
    "cooperation": ["joint", "licence"],
    "deadline": "2099-06-30",
    "secrecy": "public",
    "public_title": "",
    "public_problem": "",
    "public_targets": ["", ""],
    "promise": "1",
}
MASKED: dict[str, Any] = {
    "secrecy": "masked",
    "public_title": "大型臂架末端振动抑制",
    "public_problem": "某类大型臂架在周期性载荷下末端摆动明显,"
    "希望不改主体结构把摆动压下来。",
    "public_targets": ["摆幅降低六成以上"],
}


def typed(**given: Any) -> dict[str, Any]:
    """The complete form with some parts changed; None takes a part away.

    A masked one has its public text approved.
    """
    form = {k: v for k, v in (TYPED | given).items() if v is not None}
    if form.get("secrecy") == "masked":
        form.setdefault("public_approved", approval(form))
    return form


def approval(form: dict[str, Any]) -> str:
    """What the box of the approval holds for the full text of this form."""
    lines = [line for line in form["targets"] if line.strip()]
    return fingerprint(form["title"], form["problem"], lines)
