"""The filters of the queue as choices with their words, numbers and addresses."""

from collections.abc import Callable
from typing import Any

from models.fields import DISTRICTS, FIELDS
from models.states import SuggestionKind, SuggestionStatus

from ..labels import label, odds
from .schema import QueueFilters
from .tally import AGE_STEPS, SCORE_STEPS, Counts

Address = Callable[[QueueFilters], str]

SCORE_WORDS = {step: f"{odds(step)}以上" for step in SCORE_STEPS}
NAMES = {
    "status": "状态",
    "kind": "哪一类",
    "field": "领域",
    "district": "区县",
    "score": "预计通过率",
    "age": "等待",
    "by_hand": "来源",
    "mine": "我的",
}
# What is either asked for or not.
ONLY = {"by_hand": "人工提出的", "mine": "我正在审的"}
SEVERAL = frozenset({"kind", "field", "district"})


def choices() -> dict[str, list[tuple[Any, str]]]:
    """Every choice of every filter; the words are those of this moment."""
    return {
        "status": [(status, label(status)) for status in SuggestionStatus],
        "kind": [(kind, label(kind)) for kind in SuggestionKind],
        "field": list(FIELDS.items()),
        "district": list(DISTRICTS.items()),
        "score": [(step, SCORE_WORDS[step]) for step in SCORE_STEPS],
        "age": [(days, f"{days} 天以上") for days in AGE_STEPS],
    }


def groups(
    filters: QueueFilters, counts: Counts, address: Address
) -> list[dict[str, Any]]:
    """What the facet list shows; a choice that would show nothing is left out."""
    found = [
        {
            "name": name,
            "label": NAMES[name],
            "options": [
                {
                    "value": value,
                    "label": words,
                    "count": counts[name].get(value, 0),
                    "selected": _is_chosen(filters, name, value),
                    "url": address(_toggled(filters, name, value)),
                }
                for value, words in offered
                if name == "status"
                or counts[name].get(value)
                or _is_chosen(filters, name, value)
            ],
        }
        for name, offered in choices().items()
    ]
    for name, words in ONLY.items():
        held = getattr(filters, name)
        option = {
            "value": "1",
            "label": words,
            "count": None,
            "selected": held,
            "url": address(filters.model_copy(update={name: not held})),
        }
        found.append({"name": name, "label": NAMES[name], "options": [option]})
    return found


def chosen(filters: QueueFilters, address: Address) -> list[tuple[str, str]]:
    """The filters in force, each with the address without it."""
    found = []
    for name, offered in choices().items():
        if name == "status" and filters.status is SuggestionStatus.PENDING:
            continue
        for value, words in offered:
            if _is_chosen(filters, name, value):
                found.append((words, address(_toggled(filters, name, value))))
    if filters.score is not None and filters.score not in SCORE_STEPS:
        without = filters.model_copy(update={"score": None})
        found.append((f"预计通过率{odds(filters.score)}以上", address(without)))
    if filters.age is not None and filters.age not in AGE_STEPS:
        without = filters.model_copy(update={"age": None})
        found.append((f"等待 {filters.age} 天以上", address(without)))
    for name, words in ONLY.items():
        if getattr(filters, name):
            without = filters.model_copy(update={name: False})
            found.append((words, address(without)))
    return found


def _is_chosen(filters: QueueFilters, name: str, value: Any) -> bool:
    held = getattr(filters, name)
    return value in held if name in SEVERAL else bool(held == value)


def _toggled(filters: QueueFilters, name: str, value: Any) -> QueueFilters:
    """The filters with one choice taken or given up; no status means «待审»."""
    held, taken = getattr(filters, name), _is_chosen(filters, name, value)
    if name == "status":
        status = SuggestionStatus.PENDING if taken else value
        return filters.model_copy(update={"status": status})
    if name not in SEVERAL:
        return filters.model_copy(update={name: None if taken else value})
    kept = [one for one in held if one != value]
    return filters.model_copy(update={name: kept if taken else [*kept, value]})
