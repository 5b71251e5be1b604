"""What a dry run found, as the page shows it: counts, and examples of each outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from models import ImportRun

from .verdicts import Outcome, Verdict

# Of each outcome so many rows are shown; the counts are of all.
MOST_SHOWN = 200
MOST_KINDS = 30
# What one row says and another does not: errors are counted without it.
_PARTICULAR = re.compile(
    r"「[^」]*」|(?<=编号 )[^\s，]+|(?<=第 )\d+(?= 行)|(?<=行的 )[^\s，]+"
    r"|(?<=日期 )\d{4}-\d\d-\d\d|(?<=代码 )\d+|(?<=代码是 )\w+"
    r"|\d[\d,.]* (?:元|万元|亿元)(?=矛盾)|\d{4}-\d\d-\d\d(?=矛盾)"
)


def counted(run: ImportRun) -> dict[str, int]:
    """How many rows the run's counters have of each outcome."""
    return {
        Outcome.NEW.value: run.added,
        Outcome.CHANGED.value: run.changed,
        Outcome.SAME.value: run.same,
        Outcome.SUSPECT.value: run.suspected,
        Outcome.ERROR.value: run.refused,
    }


def emptied(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report without what was found in rows."""
    return {
        name: value
        for name, value in report.items()
        if name not in ("examples", "errors", "amount", "wrong")
    }


def unquoted(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report without the rows it quotes; their numbers stay."""
    return {name: value for name, value in report.items() if name != "examples"}


def added(report: Mapping[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The report with these rows; a new mapping, for the column to notice."""
    examples = {name: list(rows) for name, rows in report.get("examples", {}).items()}
    errors = dict(report.get("errors", {}))
    amount, wrong = report.get("amount", 0), report.get("wrong", 0)
    for verdict in verdicts:
        shown = examples.setdefault(verdict.outcome.value, [])
        if len(shown) < MOST_SHOWN:
            shown.append(told(verdict))
        if verdict.outcome is Outcome.NEW:
            amount += verdict.amount
        if verdict.errors:
            # Tells whether a workbook of errors still shows the rows that are wrong.
            wrong = crc32(repr((verdict.number, verdict.errors)).encode(), wrong)
        for label, words in verdict.errors:
            kind = f"{label}：{_PARTICULAR.sub('…', words)}"
            if kind in errors or len(errors) < MOST_KINDS:
                errors[kind] = errors.get(kind, 0) + 1
    found = {"examples": examples, "errors": errors, "amount": amount, "wrong": wrong}
    return dict(report) | found


def told(verdict: Verdict) -> dict[str, Any]:
    """What the page tells of a row; the outcome comes first, to be looked for."""
    return {
        "outcome": verdict.outcome.value,
        "row": verdict.number,
        "key": verdict.key,
        "title": verdict.title[:60],
        "amount": verdict.amount,
        "errors": verdict.errors,
        "differences": [
            [label, before[:120], after[:120]]
            for label, (before, after) in verdict.differences.items()
        ],
        "notes": verdict.notes,
    }
