"""What keeps a need from being matched, said before it is submitted.

Four to six needs in ten fail their first check, most for the same few reasons. A
hint blocks nothing: it names the place and what to write there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from models.states import Secrecy

from ..posting.hints import Hint, names_nothing
from .schema import NeedDraft
from .targets import asked, says_otherwise, words

SHORTEST_PROBLEM = 40
SOON = timedelta(days=14)
_FIGURE = re.compile(r"[\d零一二两三四五六七八九十百千万]")
_TRIED = re.compile(
    "试过|做过|换过|加过|用过|改过|买过|请过|找过|调过|比过|测过|目前|现在|现有|现用|当前|"
    "一直|原来|以前|去年|前年|之前|传统|老办法|尝试|已经|曾"
)


def hints(
    draft: NeedDraft, *, today: date, open_words: Mapping[str, list[str]] | None = None
) -> list[Hint]:
    """What to mend in a need, in the order of the form.

    ``open_words``  what its public text still tells (`masking.draft.left_open`)
    """
    return [
        *_title(draft),
        *_problem(draft),
        *_targets(draft),
        *_terms(draft, today),
        *_public(draft, open_words or {}),
    ]


def _title(draft: NeedDraft) -> Iterator[Hint]:
    if names_nothing(draft.title):
        yield Hint(
            "title",
            "对象不具体：写出是什么东西出了什么问题，例如「泵车末端软管晃」，"
            "而不是「设备改造」",
        )


def _problem(draft: NeedDraft) -> Iterator[Hint]:
    if len(draft.problem) < SHORTEST_PROBLEM:
        yield Hint("problem", "描述太短：写清现象、工况和影响，至少两三句话")
    elif not _FIGURE.search(draft.problem):
        yield Hint("problem", "没有现状数据：写上现在的数值，例如「摆幅超过 1 米」")
    if draft.problem and not draft.tried and not _TRIED.search(draft.problem):
        yield Hint("tried", "没有写现在怎么做、试过什么，对方会从头问起")


def _targets(draft: NeedDraft) -> Iterator[Hint]:
    measures = draft.measured_targets()
    if not any(words(measure) for measure in measures):
        yield Hint(
            "targets", "缺少可验收指标：至少写一条带数字和单位的，例如「误报率 ≤ 1%」"
        )
    for row, (sentence, measure) in enumerate(
        zip(draft.targets, measures, strict=True), 1
    ):
        yield from _target(row, sentence, measure)


def _target(row: int, sentence: str, measure: dict[str, object]) -> Iterator[Hint]:
    place = f"指标第 {row} 行"
    if measure["comparator"] == "none":
        return
    if not measure["value"]:
        if _FIGURE.search(sentence):
            yield Hint(
                "targets", f"{place}没有单位，或看不出数字指什么：「{sentence}」"
            )
        else:
            yield Hint("targets", f"{place}没有数字，不能验收：「{sentence}」")
    elif not measure["unit"]:
        yield Hint("targets", f"{place}没有单位：「{sentence}」")
    if len(asked(sentence)) > 1:
        yield Hint("targets", f"{place}含几个指标，请一行写一条，便于逐条判断")
    if says_otherwise(sentence, measure):
        yield Hint("targets", f"{place}的数值与句子不一致：「{words(measure)}」")


def _terms(draft: NeedDraft, today: date) -> Iterator[Hint]:
    if draft.budget is None:
        yield Hint("budget", "预算未填，将显示为面议；给出大致数额更容易得到回应")
    if draft.deadline is not None and draft.deadline < today:
        yield Hint("deadline", "截止日期已经过去，请填写以后的日期")
    elif draft.deadline is not None and draft.deadline - today < SOON:
        yield Hint("deadline", "离截止日期不到 14 天，审核和对接可能来不及")


def _public(draft: NeedDraft, open_words: Mapping[str, list[str]]) -> Iterator[Hint]:
    if draft.secrecy is not Secrecy.MASKED:
        return
    for kind, quotes in open_words.items():
        shown = "、".join(f"「{quote}」" for quote in quotes[:5])
        yield Hint("public_problem", f"公开文字里可能仍有{kind}：{shown}")
