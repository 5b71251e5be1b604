"""A call drawn from needs of several firms, in the words everybody may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from models import Need
from models.needs import NeedText

LONGEST_BACKGROUND = 5000
MOST_GOALS = 12
LARGEST_ID = 2**31 - 1
MOST_NEEDS = 50


def named(texts: Iterable[str]) -> list[int]:
    """The numbers among these words of an address; the rest is left out."""
    found = [int(text) for text in texts if text.isascii() and text.isdigit()]
    return [one for one in dict.fromkeys(found) if 0 < one <= LARGEST_ID][:MOST_NEEDS]


def drafted(needs: Sequence[Need]) -> dict[str, Any]:
    """The form of a call that grows from these needs.

    Background and goals are drawn from the public texts alone: a call is public, so no
    word of a full text that others may not read gets into it. A restricted need is
    linked and gives no words.
    """
    if not needs:
        return {}
    texts = [text for need in needs if (text := need.public_text) is not None]
    budgets = [need.budget_fen for need in needs if need.budget_fen]
    return {
        "needs": [str(need.id) for need in needs],
        "title": _title(texts),
        "field": Counter(need.field for need in needs).most_common(1)[0][0],
        "background": _background(texts)[:LONGEST_BACKGROUND],
        "goals": _goals(texts),
    } | ({} if budgets else {"funding": ""})


def _title(texts: Sequence[NeedText]) -> str:
    return f"{texts[0].title[:56]}揭榜" if texts else ""


def _background(texts: Sequence[NeedText]) -> str:
    return "\n\n".join(f"{text.title}：{text.problem}" for text in texts)


def _goals(texts: Sequence[NeedText]) -> list[str]:
    """Each different target once, in the order of the needs."""
    found = dict.fromkeys(target for text in texts for target in text.targets)
    return list(found)[:MOST_GOALS]
