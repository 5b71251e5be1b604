"""What keeps an achievement from finding its taker, said before it is submitted.

A hint blocks nothing: it names the place and what to write there. A draft that is
only checked is also told what its submission would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from index.quantities import Quantity, quantities
from models.states import Mode, Ownership, Stage

from ..labels import label
from ..posting.hints import Hint, names_nothing
from .rights import PATENTS
from .schema import GRANTED, LAPSED, AchievementDraft, IpRow

# Below this there is no room for what, how and where; the samples begin at 131.
SHORTEST_ABSTRACT = 50
# Figures that need no unit: pH, AUC, ΔE, 10⁻⁶, an error as a part of the whole.
_BARE = re.compile(r"[A-Za-zΔ⁻/]|系数|因数|指数|因子|比|等级|得分|评分|次数|无量纲")
_DIGIT = re.compile(r"\d")
# A result without a figure that can be held against a demand all the same.
_VERDICT = re.compile("未检出|通过|合格|零|不含|达标")
# The levels a stage usually has; they overlap, for the words are not exact.
LEVELS_OF: dict[Stage, range] = {
    Stage.LAB: range(1, 5),
    Stage.SMALL: range(3, 7),
    Stage.PILOT: range(5, 9),
    Stage.INDUSTRIAL: range(7, 14),
}
# From here on somebody else has tested it and wrote that down.
PROVED_FROM = 5
# What changes hands here is a right.
OF_A_RIGHT = (Mode.TRANSFER, Mode.LICENCE, Mode.OPEN_LICENCE, Mode.EQUITY)
# These say nothing without their terms; what to write for each.
TERMS_OF: dict[Mode, str] = {
    Mode.PAY_AFTER_USE: "先用多久、达到什么开始付、付多少",
    Mode.INVEST_THEN_SHARE: "先投多少、达到什么条件转成股权、占多少",
    Mode.OPEN_LICENCE: "使用费多少、怎么付、许可多久",
}


def hints(draft: AchievementDraft, *, today: date) -> list[Hint]:
    """What to mend in an achievement, in the order of the form."""
    return [
        *_texts(draft),
        *_indicators(draft),
        *_applications(draft),
        *_readiness(draft),
        *_rights(draft),
        *_ownership(draft, today),
        *_terms(draft),
        *_pilot(draft),
    ]


def _texts(draft: AchievementDraft) -> Iterator[Hint]:
    if names_nothing(draft.title):
        yield Hint(
            "title",
            "名称太笼统：写出对象和作用，例如「薄壁零件的随形支承夹具」，"
            "而不是「新型智能设备」",
        )
    if len(draft.abstract) < SHORTEST_ABSTRACT:
        yield Hint(
            "abstract",
            "简介太短，检索和匹配都不容易找到：写清解决什么问题、用什么办法、"
            "在哪里试过",
        )


def _indicators(draft: AchievementDraft) -> Iterator[Hint]:
    read = [(line, quantities(line)) for line in draft.indicators]
    if not any(found for _, found in read):
        yield Hint(
            "indicators",
            "没有一条带数字的指标，企业无法与自己的要求对照：至少写一条实测的，"
            "例如「误报率 0.6%」",
        )
        return
    for row, (line, found) in enumerate(read, 1):
        place = f"指标第 {row} 行"
        if not found and not _DIGIT.search(line) and not _VERDICT.search(line):
            yield Hint("indicators", f"{place}没有数字，不能对照：「{line}」")
        elif _lacks_unit(line, found):
            yield Hint("indicators", f"{place}没有单位，或看不出数字指什么：「{line}」")


def _lacks_unit(line: str, found: list[Quantity]) -> bool:
    told = any(one.unit for one in found)
    return bool(_DIGIT.search(line)) and not told and not _BARE.search(line)


def _applications(draft: AchievementDraft) -> Iterator[Hint]:
    if not draft.applications:
        yield Hint(
            "applications",
            "没有写应用领域和产品，企业按自己的产品来找：写上用在哪些行业、设备或产品",
        )


def _readiness(draft: AchievementDraft) -> Iterator[Hint]:
    level, stage = draft.trl, draft.stage
    if level is not None and stage is not None and level not in LEVELS_OF[stage]:
        yield Hint(
            "stage",
            f"阶段与成熟度不一致：选了「{label(stage)}」，成熟度却是 {level} 级，"
            f"这一阶段一般是 {_range_words(LEVELS_OF[stage])}，请核对",
        )
    if draft.trl_proof is not None:
        missing = [
            words
            for value, words in (
                (draft.trl_proof_on, "日期"),
                (draft.trl_proof_by, "出具单位"),
            )
            if not value
        ]
        if missing:
            yield Hint("trl_proof", f"成熟度证明没有写{'和'.join(missing)}，请补上")
    elif level is not None and level >= PROVED_FROM:
        yield Hint(
            "trl_proof",
            f"成熟度 {level} 级没有证明：有检测报告、用户使用证明或合同的，"
            "请选种类并写明日期和单位",
        )


def _range_words(levels: range) -> str:
    low, high = levels[0], levels[-1]
    return f"{low} 级及以上" if high > 9 else f"{low} 到 {high} 级"


def _rights(draft: AchievementDraft) -> Iterator[Hint]:
    wanted = [mode for mode in OF_A_RIGHT if mode in draft.modes]
    rows = [row for row in draft.ip if row is not None]
    if not wanted:
        return
    named = "、".join(f"「{label(mode)}」" for mode in wanted)
    if not rows:
        yield Hint(
            "ip",
            f"选了{named}，没有列出知识产权：写上专利、软件著作权或技术秘密，"
            "对方才知道买到或用到的是什么",
        )
    elif all(row.status == LAPSED for row in rows):
        yield Hint("ip", f"选了{named}，列出的知识产权却都已失效，请核对")
    elif Mode.OPEN_LICENCE in wanted and not any(map(_is_granted, rows)):
        yield Hint("ip", "开放许可须有已授权的专利，请列出，或去掉这种方式")


def _is_granted(row: IpRow) -> bool:
    return row.type in PATENTS and row.status == GRANTED


def _ownership(draft: AchievementDraft, today: date) -> Iterator[Hint]:
    if draft.ownership is Ownership.SHARED:
        shares = [row.share for row in draft.owners if row is not None]
        if len(shares) < 2:
            yield Hint("owners", "权属是共有，请写明至少两方和各自的份额")
        elif sum(shares) != 100:
            total = f"{sum(shares):f}"
            yield Hint("owners", f"各方份额相加是 {total}%，须为 100%")
    if draft.ownership is Ownership.LONG_TERM_USE:
        if draft.use_until is None:
            yield Hint("use_until", "权属是长期使用权，请写明使用权到哪一天为止")
        elif draft.use_until <= today:
            yield Hint("use_until", "使用权已经到期，请填写以后的日期或改选权属")


def _terms(draft: AchievementDraft) -> Iterator[Hint]:
    if not draft.terms:
        for mode, words in TERMS_OF.items():
            if mode in draft.modes:
                yield Hint("terms", f"选了「{label(mode)}」，请写明{words}")
    if draft.price is None and draft.valuation_low is None:
        yield Hint(
            "price",
            "价格和评估价都没有填，将显示为面议；给出大致数额更容易得到回应",
        )


def _pilot(draft: AchievementDraft) -> Iterator[Hint]:
    if draft.pilot_wanted and not draft.pilot_needs:
        yield Hint(
            "pilot_needs",
            "希望对接中试基地，请写明要什么设备、做到多大规模、大约什么时候",
        )
