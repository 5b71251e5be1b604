"""Why a pair is suggested: everything shown beside it, computed once and stored.

The dict is what `templates/macros/evidence.html` renders:
indicators, pairs, terms, facts, parts. Verdicts are met, partial, unmet or
unknown (满足、部分、不满足、未说明). There is no percentage in it: a person is to
decide on reasons.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from math import inf
from typing import Any

from index import explain
from index.approval import judgements, modes_fit
from index.hybrid import HybridIndex, IndexedRecord
from index.indicators import Judgement
from models import Achievement, Call, Need, Record
from models.fields import field_name
from models.states import Mode

from ..labels import SCALES, day, label, last_day, mode_label, money
from ..needs.budgets import Budget

Verdict = str
Fact = dict[str, str]

MET, PARTIAL, UNMET, UNKNOWN = "met", "partial", "unmet", "unknown"

# A level is a year or so of work; two can be made up inside one project.
BRIDGEABLE_LEVELS = 2
# Asked a fifth more than the budget, people still sit down together.
BRIDGEABLE_PRICE = 1.2

PART_NAMES = {
    "whole": "整体意思接近",
    "coverage": "逐条内容对应",
    "late": "逐词含义对应",
    "lexical": "共同专业用词",
}

# In standard deviations, see `index.explain.pairs`.
NEARNESS = ((5.0, "非常接近"), (4.0, "接近"), (-inf, "相关"))


def build(
    left: Record,
    right: Record,
    asking: IndexedRecord,
    found: IndexedRecord,
    index: HybridIndex,
    parts: Mapping[str, float],
    *,
    inside: bool,
    budget: Budget,
) -> dict[str, Any]:
    """The evidence for a pair; ``left`` asks, ``right`` was found.

    ``inside`` says from which side the texts are taken, as in `HybridIndex`; ``budget``
    is the money of ``left`` as the reader may know it.
    """
    lexical = index.shelves[found.kind, inside].lexical
    return {
        "indicators": _indicators(left, asking, found),
        "pairs": [
            {
                "left": pair.left.text,
                "right": pair.right.text,
                "left_at": [pair.left.start, pair.left.end],
                "right_at": [pair.right.start, pair.right.end],
                "nearness": round(pair.nearness, 2),
                "words": in_words(pair.nearness),
            }
            for pair in explain.pairs(asking, found, index, inside=inside)
        ],
        "terms": [
            {"term": term, "weight": round(worth, 2)}
            for term, worth in explain.shared_terms(asking, found, lexical)
        ],
        "facts": facts(left, right, budget),
        "parts": _parts(parts),
    }


def _indicators(
    left: Record, asking: IndexedRecord, found: IndexedRecord
) -> list[dict[str, Any]]:
    """A row for each indicator asked; a must that is missed stands first."""
    judged = judgements(left, asking, found)
    several = Counter(judgement.asked_index for judgement in judged)
    rows = [
        {
            "asked": _asked(judgement, several[judgement.asked_index] > 1),
            "sentence": _sentence(judgement),
            "must": judgement.requirement.must,
            "claimed": judgement.claimed,
            "verdict": str(judgement.verdict),
            "note": judgement.note,
        }
        for judgement in judged
    ]
    return sorted(rows, key=lambda row: not misses_must(row))


def misses_must(row: Mapping[str, Any]) -> bool:
    """Whether an indicator that has to be met is not.

    Evidence that was stored before anybody said must or wish has no word of it.
    """
    return row.get("must") is True and row["verdict"] == UNMET


def _sentence(judgement: Judgement) -> str | None:
    """The sentence of the target, where its confirmed measure was judged instead."""
    sentence = judgement.requirement.text
    same = judgement.asked.replace(" ", "") == sentence.replace(" ", "")
    return None if same or judgement.requirement.confirmed is None else sentence


def _asked(judgement: Judgement, one_of_several: bool) -> str:
    """The requirement; of a sentence with several figures, the part in question."""
    if not one_of_several:
        return judgement.asked
    start, end = judgement.asked_quote
    clause = max(judgement.asked.rfind(mark, 0, start) for mark in ",，;；")
    return judgement.asked[clause + 1 : end].strip()


def in_words(nearness: float) -> str:
    return next(word for least, word in NEARNESS if nearness >= least)


def _parts(parts: Mapping[str, float]) -> list[dict[str, Any]]:
    total = sum(max(value, 0.0) for value in parts.values()) or 1.0
    return [
        {
            "name": PART_NAMES[name],
            "value": round(value, 2),
            "share": round(max(value, 0.0) / total, 3),
        }
        for name, value in parts.items()
    ]


def facts(left: Record, right: Record, budget: Budget) -> list[Fact]:
    """What else fits or does not: field, readiness, money, modes, deadline."""
    found = [_fact("技术领域", field_name(left.field), field_name(right.field), _field)]
    if isinstance(right, Achievement):
        if isinstance(left, Need):
            found += [_readiness(left, right), _modes(left, right)]
        found.append(_price(budget, right))
    else:
        found.append(_deadlines(left, right))
    return found


def _fact(name: str, left: str, right: str, verdict: Any) -> Fact:
    value = verdict(left, right) if callable(verdict) else verdict
    return {"name": name, "left": left, "right": right, "verdict": value}


def _field(left: str, right: str) -> Verdict:
    return MET if left == right else PARTIAL


def _readiness(need: Need, achievement: Achievement) -> Fact:
    stated = (
        f"，{SCALES[13]} {achievement.trl_stated} 级" if achievement.trl_stated else ""
    )
    have = f"{achievement.trl} 级({label(achievement.stage)}{stated})"
    if need.trl_expected is None:
        return _fact("技术成熟度", "未要求", have, UNKNOWN)
    gap = need.trl_expected - achievement.trl
    verdict = MET if gap <= 0 else PARTIAL if gap <= BRIDGEABLE_LEVELS else UNMET
    return _fact("技术成熟度", f"不低于 {need.trl_expected} 级", have, verdict)


def _price(budget: Budget, achievement: Achievement) -> Fact:
    price = achievement.price_fen
    asked = " ".join(money(price)).strip()
    return _fact("预算与报价", budget.words, asked, _affords(budget, price))


def _affords(budget: Budget, price: int | None) -> Verdict:
    """Whether the price fits, as far as is known; a band may leave it open."""
    if budget.low is None or budget.high is None or price is None:
        return UNKNOWN
    if price <= budget.low:
        return MET
    if price > budget.high * BRIDGEABLE_PRICE:
        return UNMET
    return PARTIAL if budget.low == budget.high else UNKNOWN


def _modes(need: Need, achievement: Achievement) -> Fact:
    fits = modes_fit(
        frozenset(map(Mode, need.cooperation)), frozenset(map(Mode, achievement.modes))
    )
    verdict = UNKNOWN if fits is None else MET if fits else UNMET
    asked = "、".join(map(mode_label, need.cooperation))
    given = "、".join(map(mode_label, achievement.modes))
    return _fact("合作方式", asked, given, verdict)


def _last_day(item: Record) -> date | None:
    if isinstance(item, Call):
        return None if item.closes_at is None else last_day(item.closes_at)
    return item.deadline if isinstance(item, Need) else None


def _deadlines(left: Record, right: Record) -> Fact:
    mine, theirs = (_last_day(item) for item in (left, right))
    if mine is None or theirs is None:
        verdict = UNKNOWN
    else:
        verdict = MET if theirs <= mine else PARTIAL
    return _fact("截止时间", day(mine) or "未说明", day(theirs) or "未说明", verdict)
