"""What could be better in a record, said before it is submitted; it blocks nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import jieba

FEWEST_TELLING = 4
# Of these a title may consist and still say nothing.
_EMPTY_WORDS = """
技术 需求 寻求 寻找 征集 合作 开发 研发 研究 研制 升级 改造 改进
优化 提升 提高 降低 解决 问题 方案 解决方案 难题 设备 产品 系统
工艺 质量 效率 性能 成本 生产 制造 公司 企业 我们 我司 关于 一种
的 和 与 及 新 新型 高 高性能 智能 智能化 自动化 数字化 平台
项目 课题 攻关 应用 管理 服务 支持 帮助 希望 想
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())


@dataclass(frozen=True)
class Hint:
    """One thing to mend; ``field`` is the field of the form it is about."""

    field: str
    text: str


def names_nothing(title: str) -> bool:
    """Whether a title is made of words that fit any record."""
    telling = [
        word
        for word in jieba.cut(title)
        if word.strip() and word not in _EMPTY and re.search(r"\w", word)
    ]
    return len("".join(telling)) < FEWEST_TELLING


def seen_mark(found: Sequence[Hint], more: str = "") -> str:
    """Tells these hints from others: a person is shown the same ones once."""
    text = "\x1f".join([f"{hint.field}:{hint.text}" for hint in found] + [more])
    return sha256(text.encode()).hexdigest()[:16]
