"""The talks of the demonstration: who asked whom, when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.states import ContractState, IntroductionStatus, Side, TalkEventKind

W, T = IntroductionStatus.WAITING, IntroductionStatus.TALKING
D, S, F = (
    IntroductionStatus.DRAFTING,
    IntroductionStatus.SIGNED,
    IntroductionStatus.FAILED,
)
K, C = TalkEventKind, ContractState
FIRM, COLLEGE = Side.SEEKER, Side.PROVIDER
Line = tuple[int, TalkEventKind, str]


@dataclass(frozen=True)
class Scene:
    """Talks: all days are counted back from today.

    ours      on which side the demonstration's account stands; the other is another
              organisation's, unless ``both`` (the accounts' own)
    asked_by  the side that asked, None where the platform brought them together
    answered  when the other side agreed
    """

    ends: IntroductionStatus
    ours: Side
    began: int
    asked_by: Side | None = None
    answered: int | None = None
    moved: int = 0
    both: bool = False
    managed: bool = False
    log: Sequence[Line] = ()
    failed: tuple[str, str] | None = None
    contract: ContractState | None = None
    wan: int = 0


MEETING, VISIT, PHONE, PAPER = K.MEETING, K.VISIT, K.PHONE, K.DOCUMENT
SCENES: tuple[Scene, ...] = (
    Scene(W, FIRM, 1, COLLEGE),
    Scene(W, FIRM, 9, FIRM),
    Scene(W, COLLEGE, 3, FIRM, both=True),
    Scene(W, COLLEGE, 13, None),
    Scene(
        T,
        FIRM,
        20,
        FIRM,
        17,
        both=True,
        managed=True,
        log=(
            (15, PHONE, "确认工况和样品要求，约定到现场看电池簇。(示例)"),
            (9, VISIT, "到储能站现场考察，取回两组运行数据。(示例)"),
            (2, PAPER, "高校发来初步技术方案，企业正在内部评估。(示例)"),
        ),
    ),
    Scene(
        T, FIRM, 12, COLLEGE, 10, log=((6, MEETING, "线上会谈，双方介绍情况。(示例)"),)
    ),
    Scene(T, COLLEGE, 30, COLLEGE, 26, managed=True),
    Scene(
        T,
        COLLEGE,
        25,
        FIRM,
        22,
        log=((18, PHONE, "对方询问价格，高校说明可以先试用。(示例)"),),
    ),
    Scene(
        D,
        FIRM,
        48,
        FIRM,
        44,
        moved=6,
        managed=True,
        log=((30, MEETING, "谈定技术指标和验收方法。(示例)"),),
        contract=C.DRAFT,
        wan=86,
    ),
    Scene(D, COLLEGE, 55, COLLEGE, 50, moved=11, contract=C.DRAFT, wan=140),
    Scene(
        S,
        FIRM,
        120,
        FIRM,
        115,
        moved=70,
        both=True,
        managed=True,
        log=(
            (100, MEETING, "首次会谈，企业提供三个月运行数据。(示例)"),
            (80, PAPER, "合同文本第三稿，付款改为按测试结果分期。(示例)"),
        ),
        contract=C.RECOGNISED,
        wan=168,
    ),
    Scene(S, COLLEGE, 90, FIRM, 86, moved=30, contract=C.SUBMITTED, wan=75),
    Scene(S, COLLEGE, 60, COLLEGE, 55, moved=12, contract=C.SIGNED, wan=52),
    Scene(
        F,
        FIRM,
        40,
        COLLEGE,
        moved=36,
        failed=("indicators", "误报率还差一个数量级。(示例)"),
    ),
    Scene(
        F, COLLEGE, 75, FIRM, 70, moved=45, failed=("price", "报价超出预算一倍。(示例)")
    ),
    Scene(F, COLLEGE, 80, None, moved=30, failed=("no_answer", "")),
)
