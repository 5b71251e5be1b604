"""Why a pair is more or less likely than others, in words."""

from dataclasses import dataclass, field

from index.approval import ApprovalModel
from models import Suggestion

from ..labels import odds
from .evidence import misses_must

# A smaller share in the logit changes the odds by less than a quarter.
TELLING = 0.22
MOST = 3

# What it means that a feature is above, or below, that of an average candidate. Its
# weight has the sign of its meaning (`approval.FEATURES`), so the share in the logit
# and the words agree.
WORDS: dict[str, tuple[str, str]] = {
    "whole": ("整体意思接近", "整体意思不够接近"),
    "coverage": ("逐条内容对应", "逐条内容对应不多"),
    "lexical": ("共同专业用词多", "共同专业用词少"),
    "late": ("细节用词呼应", "细节用词呼应不多"),
    "same_field": ("同一技术领域", "技术领域不同"),
    "readiness_gap": ("成熟度有差距", ""),
    "price_excess": ("报价高于预算", ""),
    "modes_fit": ("合作方式相合", "合作方式不合或未写"),
    "met": ("有指标达到要求", "写明达到要求的指标少"),
    "unmet": ("有指标达不到要求", ""),
}
MISSED_MUST = "必须指标不满足"


@dataclass(frozen=True)
class Odds:
    """The probability in words, and what speaks for and against the pair."""

    words: str
    pros: list[str] = field(default_factory=list)
    cons: list[str] = field(default_factory=list)


def explained(model: ApprovalModel, pair: Suggestion) -> Odds:
    """The stored probability of the pair with its reasons.

    Without reasons where another ranker told it: those of this one would not fit. A
    must that is missed is named first whoever told it.
    """
    words = odds(pair.probability)
    missed = any(map(misses_must, pair.evidence.get("indicators", ())))
    cons = [MISSED_MUST] if missed else []
    if pair.ranker != model.name:
        return Odds(words, cons=cons)
    shares = model.contributions(pair.features)
    pros: list[str] = []
    for name in sorted(shares, key=lambda name: -abs(shares[name])):
        if abs(shares[name]) < TELLING or name not in WORDS:
            continue
        above = pair.features.get(name, 0.0) > model.typical.get(name, 0.0)
        reason = WORDS[name][0 if above else 1]
        if reason:
            (pros if shares[name] > 0 else cons).append(reason)
    return Odds(words, pros[:MOST], cons[:MOST])
