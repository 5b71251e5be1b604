"""An import as its page shows it: how far, how long yet, what it found."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Any

from models import ImportRun
from models.states import ImportState

from .. import money
from ..paging import turn
from .findings import counted
from .service import CHECKABLE
from .staging import Lines
from .verdicts import Outcome

WORKING = {
    ImportState.CHECKING: "正在检查文件，不会改动{place}",
    ImportState.RUNNING: "正在逐行核对，还没有写入{place}",
}
ENTERING = "已全部核对，正在一次写入{place}"
PER_PAGE = 100
OUTCOMES = (
    (Outcome.ERROR, "有错误"),
    (Outcome.SUSPECT, "疑似重复"),
    (Outcome.CHANGED, "有变化"),
    (Outcome.NEW, "新增"),
    (Outcome.SAME, "相同"),
)
# Before so much of it is done nobody can say how long the rest takes.
FEWEST_DONE = 500


@dataclass(frozen=True)
class Tab:
    """The rows of one outcome: how many there are, and those of the page shown.

    ``listed`` are the rows of all its pages: of a run long over only the first.
    """

    code: str
    words: str
    number: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    page: int = 1
    pages: int = 1
    listed: int = 0


@dataclass(frozen=True)
class Asked:
    """Which rows the page is asked for: an outcome, and a page of it."""

    outcome: str
    page: int = 1


@dataclass(frozen=True)
class View:
    """What the page says besides the run itself.

    working   what is being done, «» when nothing is
    found     what the dry run came to, once it is through
    how_long  about how long it may take yet
    may_begin     whether a run that was stopped may be begun again
    has_turned    rows went wrong between the check and the entering
    is_gone       the uploaded file was deleted after its period
    """

    working: str
    how_long: str
    found: dict[str, int] | None
    tabs: list[Tab]
    shown: Tab | None
    errors: list[tuple[str, int]]
    notes: list[str]
    missing: list[str]
    unmapped: list[str]
    amount: str
    is_checked: bool
    may_map: bool
    may_begin: bool
    has_turned: bool
    is_gone: bool
    waits_for_workbook: bool


def view(
    run: ImportRun,
    asked: Asked,
    *,
    told: Lines[dict[str, Any]],
    place: str,
    now: datetime,
) -> View:
    """How the run stands; ``told`` has all its rows, as long as they are staged.

    ``place`` is what the rows go to, in words.
    """
    report = run.report
    tabs = _tabs(run)
    checked = bool(report.get("checked"))
    stopped = run.state in (ImportState.CANCELLED, ImportState.FAILED)
    counts = sorted(report.get("errors", {}).items(), key=lambda each: -each[1])
    return View(
        working=_working(run, place),
        how_long=_how_long(run, now),
        found=report.get("found"),
        tabs=tabs,
        shown=_chosen(tabs, asked, told),
        errors=counts,
        notes=report.get("notes", []),
        missing=report.get("missing", []),
        unmapped=[
            name for name in report.get("headings", []) if name not in run.mapping
        ],
        amount=money.in_yuan(report["amount"]) if report.get("amount") else "",
        is_checked=checked,
        may_map=bool(report.get("headings"))
        and bool(run.sha256)
        and run.state in CHECKABLE,
        may_begin=stopped and checked and bool(run.sha256),
        has_turned=bool(report.get("turned")),
        is_gone=not run.sha256,
        waits_for_workbook=bool(run.refused)
        and not run.errors_sha256
        and bool(run.sha256)
        and run.state in (ImportState.CHECKED, ImportState.DONE),
    )


def _working(run: ImportRun, place: str) -> str:
    all_judged = run.state is ImportState.RUNNING and 0 < run.total == run.done
    words = ENTERING if all_judged else WORKING.get(run.state, "")
    return words.format(place=place)


def _tabs(run: ImportRun) -> list[Tab]:
    examples = run.report.get("examples", {})
    # Once it is read in, the run's own counters speak of that.
    found = counted(run) | (run.report.get("found") or {})
    return [
        Tab(outcome.value, words, found[outcome.value], examples.get(outcome.value, []))
        for outcome, words in OUTCOMES
    ]


def _chosen(tabs: list[Tab], asked: Asked, told: Lines[dict[str, Any]]) -> Tab | None:
    """The outcome asked for, else the first that has rows; errors come first."""
    filled = [tab for tab in tabs if tab.rows]
    tab = next((tab for tab in filled if tab.code == asked.outcome), None)
    tab = tab or (filled[0] if filled else None)
    return _turned(tab, asked.page, told) if tab is not None else None


def _turned(tab: Tab, page: int, told: Lines[dict[str, Any]]) -> Tab:
    """The page of the rows asked for; of a run long over only the first are kept."""
    is_whole = told.path.exists()
    listed = tab.number if is_whole else len(tab.rows)
    here = turn(page, listed, PER_PAGE)
    rows = told.beginning(f'{{"outcome":"{tab.code}"') if is_whole else iter(tab.rows)
    some = list(itertools.islice(rows, here.start, here.start + PER_PAGE))
    return replace(tab, rows=some, page=here.page, pages=here.pages, listed=listed)


def _how_long(run: ImportRun, now: datetime) -> str:
    if run.state not in WORKING:
        return ""
    pace = run.report.get("pace")
    if not pace or run.done - pace["done"] < FEWEST_DONE:
        return "一般每万行约十几秒。可以离开本页，后台会继续。"
    seconds = (run.touched_at - datetime.fromisoformat(pace["at"])).total_seconds()
    per_row = max(seconds, 0.1) / (run.done - pace["done"])
    left = ceil(per_row * max(0, run.total - run.done))
    words = f"约 {left} 秒" if left < 90 else f"约 {ceil(left / 60)} 分钟"
    idle = (now - run.touched_at).total_seconds()
    if idle > 120:
        return "后台任务好像停了，请联系平台管理员；恢复后会从这里继续。"
    return f"还要{words}。可以离开本页，后台会继续。"
