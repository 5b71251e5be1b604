"""What a contract still lacks before both sides can confirm its text.

Pure: it reads a checked draft and says, field by field, what is missing or does not
agree. The same rules count what a person still has to fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models import Achievement
from models.fields import CONTRACT_WORDS
from models.states import (
    ContractType,
    Ownership,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ..money import in_yuan
from .schema import ContractDraft, PlanLine
from .words import CODED_KINDS, FIRM_LISTS, FIRM_TICKS, LATER_TRIGGERS, PARTY_TICKS
from .words import MANNER_HINTS as HINTS

MISSING = "请填写此项"
CHOOSE = "请选择"
ALWAYS = ("starts_on", "ends_on", "total", "technology")
CHOSEN = ("type", "subtype", "technology_field", "ip_kind", "plan_source")


def asks_priority(kind: ContractType | None, achievement: Achievement | None) -> bool:
    """Whether the completer's priority (Civil Code art. 847) is to be asked.

    When a unit transfers what it holds; of a technology that is not on the platform
    we do not know who holds it, so it is asked too.
    """
    if kind is not ContractType.TRANSFER:
        return False
    return achievement is None or achievement.ownership is Ownership.UNIT


def lacking(draft: ContractDraft, achievement: Achievement | None) -> dict[str, str]:
    """What is still to be filled in, by field, in the order of the form."""
    found = dict(_of_text(draft, achievement))
    if draft.payment_manner is None:
        found["payment_manner"] = CHOOSE
    if problem := plan_problem(draft):
        found["plan"] = problem
    for side in ("buyer", "seller"):
        found |= dict(_of_party(draft, side))
    return found


def _of_text(
    draft: ContractDraft, achievement: Achievement | None
) -> Iterator[tuple[str, str]]:
    for name in ALWAYS:
        if getattr(draft, name) is None:
            yield name, MISSING
    for name in CHOSEN:
        if not getattr(draft, name):
            yield name, CHOOSE
    # The administrator enters the list once the office publishes it.
    if CONTRACT_WORDS["aim"].offered() and not draft.aim:
        yield "aim", CHOOSE
    if draft.is_related_deal is None:
        yield "is_related_deal", CHOOSE
    if asks_priority(draft.type, achievement) and draft.completer_priority is None:
        yield "completer_priority", CHOOSE


def _of_party(draft: ContractDraft, side: str) -> Iterator[tuple[str, str]]:
    def value(name: str) -> object:
        return getattr(draft, f"{side}_{name}")

    kind = value("kind")
    wanted = ["name", "region", "address", "contact", "phone"]
    if kind is not PartyKind.PERSON:
        wanted.append("legal_representative")
    if kind in CODED_KINDS:
        wanted.append("code")
    for name in wanted:
        if not value(name):
            yield f"{side}_{name}", CHOOSE if name == "region" else MISSING
    if kind is None:
        yield f"{side}_kind", CHOOSE
    elif kind is not PartyKind.PERSON:
        firm = [*FIRM_TICKS, *FIRM_LISTS] if kind is PartyKind.ENTERPRISE else []
        for name in (*PARTY_TICKS, *firm):
            if value(name) in (None, ""):
                yield f"{side}_{name}", CHOOSE


def plan_problem(draft: ContractDraft) -> str:
    """What of the plan does not agree with the manner or the sum; or nothing."""
    lines, total = draft.plan, draft.total
    if not lines:
        return "请至少写一行"
    fixed = sum(line.amount or 0 for line in lines)
    shares = [line for line in lines if line.rate is not None]
    if total is not None and not shares and fixed != total:
        return f"各行合计 {in_yuan(fixed)}，应等于成交额 {in_yuan(total)}"
    if total is not None and fixed > total:
        return f"固定金额合计 {in_yuan(fixed)}，不能超过成交额 {in_yuan(total)}"
    manner = draft.payment_manner
    if manner is not None and not _fits(manner, lines, len(shares)):
        return f"与支付方式不一致：{HINTS[manner]}"
    return ""


def _fits(manner: PaymentManner, lines: Sequence[PlanLine], shares: int) -> bool:
    sums = len(lines) - shares
    triggers = {line.trigger for line in lines}
    return {
        PaymentManner.LUMP_SUM: (sums, shares) == (1, 0),
        PaymentManner.INSTALMENTS: sums >= 2 and shares == 0,
        PaymentManner.ROYALTY: sums == 0 and shares >= 1,
        PaymentManner.ENTRY_ROYALTY: sums >= 1 and shares >= 1,
        PaymentManner.PAY_AFTER_USE: bool(triggers & LATER_TRIGGERS),
        PaymentManner.INVEST_THEN_SHARE: PaymentTrigger.CONVERSION in triggers,
    }[manner]
