"""Needs, achievements and calls from files: what becomes of each row.

A row is of a record there is when it has its number, or, without a number, when title
and text read the same. What then differs is a change. A row that only resembles a
record or another row is left to the person: it is neither, until somebody says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import ImportRun, fields
from models.likeness import likeness
from models.states import ImportManner

from .. import labels
from ..errors import Invalid
from ..labels import today
from ..sheets.cells import CellError
from . import parts
from .homes import Homes
from .lines import Line
from .meeting import Meeting, own_name
from .seen import Seen
from .shapes import (
    APPROVED,
    LABELS,
    NUMBER,
    OWN_NUMBER,
    RESTORED,
    STATUS,
    Read,
    Shape,
)
from .telling import in_words
from .verdicts import Given, Outcome, Verdict

# Of these the input model knows nothing: they are put back as they were.
KEPT = RESTORED - {APPROVED}


class Entries:
    """One file of records: what all its rows are judged by."""

    def __init__(
        self, session: Session, shape: Shape, run: ImportRun, *, now: datetime
    ) -> None:
        fields.refresh(session)
        self._shape, self._now, self._today = shape, now, today(now)
        self._manner = run.manner
        self._meet = Meeting(session, shape, run)
        self._homes = Homes(session, run, shape.create)
        self._labels = {each.code: each.label for each in shape.layout.fields}
        self._readers: dict[str, Read] = {
            part.field.code: part.read for part in shape.parts() if part.read
        }
        for choice in run.mapping.values():
            code, _, unit = choice.partition(":")
            if unit:
                self._readers[code] = parts.amount(unit)
        self._titles, self._texts = Seen(), Seen()

    def judge(self, session: Session, rows: Sequence[Given]) -> list[Verdict]:
        lines = [self._read(row) for row in rows]
        self._meet(session, lines)
        for line in lines:
            self._decide(line)
            self._look_back(line)
        return [line.verdict for line in lines]

    # -- What a row says -----------------------------------------------------------

    def _read(self, row: Given) -> Line:
        line = Line(Verdict(row.number, Outcome.NEW))
        verdict, restores = line.verdict, self._manner is ImportManner.RESTORE
        home_code = self._shape.home
        try:
            line.home = self._homes.of(row.cells.get(home_code))
        except CellError as error:
            verdict.refuse(self._labels[home_code], str(error))
        for code, cell in row.cells.items():
            unread = code == home_code or cell is None or cell == ""
            if unread or (code in RESTORED and not restores):
                continue
            try:
                line.values[code] = self._readers[code](cell)
            except CellError as error:
                verdict.refuse(self._labels[code], str(error))
        numbered = line.values.pop(NUMBER, ""), line.values.get(OWN_NUMBER, "")
        line.number = next(filter(None, numbered), "")
        if restores:
            line.values[NUMBER] = numbered[0]
        elif line.number and not numbered[1]:
            line.values[OWN_NUMBER] = line.number
        verdict.key = line.number
        verdict.title = str(line.values.get("title", ""))
        if "title" not in line.values and not verdict.errors:
            verdict.refuse(self._labels["title"], "没有填写，请补充")
        line.title_key = likeness(verdict.title)
        line.text_key = likeness(line.values.get(self._shape.text))
        return line

    # -- What it does -----------------------------------------------------------------

    def _decide(self, line: Line) -> None:
        verdict, stored = line.verdict, line.stored
        if line.home is None:
            return
        if stored is not None:
            verdict.met = stored["id"], stored["version"]
            verdict.identity = f"record:{stored['id']}"
            verdict.key = line.number or own_name(self._shape, stored)
        elif line.number:
            own = line.values.get(OWN_NUMBER) or line.number
            verdict.identity = f"{line.home.id}:{own}"
        if line.hidden:
            verdict.refuse(
                LABELS[NUMBER], "这家单位有这个编号的草稿，由单位自己修改，请删去这一行"
            )
        if verdict.errors:
            return
        columns = self._checked(line, complete=False)
        if columns is None:
            return
        if stored is not None:
            self._compare(line, stored, columns)
        else:
            self._enter(line, columns)

    def _checked(self, line: Line, *, complete: bool) -> dict[str, Any] | None:
        """The row over what is stored, as columns; None where it is refused."""
        assert line.home is not None
        values = self._shape.as_input(line.stored) if line.stored else {}
        values |= {k: v for k, v in line.values.items() if k not in KEPT}
        try:
            return self._shape.check(
                values, complete=complete, home=line.home, today=self._today
            )
        except Invalid as invalid:
            self._refuse(line, invalid)
            return None

    def _refuse(self, line: Line, invalid: Invalid) -> None:
        for name, words in invalid.fields.items():
            line.verdict.refuse(self._shape.labels.get(name, name), words)

    def _enter(self, line: Line, columns: dict[str, Any]) -> None:
        assert line.home is not None
        if self._manner is ImportManner.SUBMIT:
            complete = self._checked(line, complete=True)
            if complete is None:
                return
            columns = complete
        verdict = line.verdict
        columns |= {
            self._shape.owner: line.home.id,
            OWN_NUMBER: line.values.get(OWN_NUMBER) or None,
            "title_key": line.title_key,
            "text_key": line.text_key,
        }
        if self._manner is ImportManner.RESTORE:
            columns["code"] = line.values.get(NUMBER) or None
            columns |= {k: v for k, v in line.values.items() if k in KEPT}
            try:
                self._shape.restorable(columns)
            except Invalid as invalid:
                self._refuse(line, invalid)
        verdict.values = columns
        if code := line.values.get(NUMBER):
            # The platform's number is one record's, whatever its owner calls it.
            verdict.claims.append((LABELS[NUMBER], code, code))
        if columns[OWN_NUMBER]:
            self._claim_own(line, columns[OWN_NUMBER])
        if line.alike is not None and not self._restores(line):
            number = line.alike["external_number"] or own_name(self._shape, line.alike)
            verdict.suspect(
                f"这家单位已有同名的{self._shape.noun}「{verdict.title[:40]}」"
                f"（编号 {number}，{labels.label(line.alike['status'])}）"
            )

    def _restores(self, line: Line) -> bool:
        """Whether the row is a record of its own whatever it resembles."""
        return self._manner is ImportManner.RESTORE and bool(line.number)

    def _compare(
        self, line: Line, stored: Mapping[str, Any], columns: dict[str, Any]
    ) -> None:
        """Tell by the stored record what the row does."""
        verdict, shape = line.verdict, self._shape
        if self._manner is ImportManner.RESTORE:
            columns |= {k: v for k, v in line.values.items() if k == STATUS}
        changes = {
            name: (stored[name], columns[name])
            for name in (*shape.compared, STATUS)
            if name in columns and not self._is_same(name, stored[name], columns[name])
        }
        if not stored["external_number"] and not stored["code"]:
            own = line.values.get(OWN_NUMBER)
            if own and own != own_name(shape, stored):
                changes[OWN_NUMBER] = (None, own)
                self._claim_own(line, own)
        is_draft = stored["status"] == "draft"
        submits = self._manner is ImportManner.SUBMIT and is_draft
        if not changes and not submits:
            verdict.outcome = Outcome.SAME
            return
        self._refuse_change(verdict, stored)
        if not verdict.errors and (submits or not is_draft):
            complete = self._checked(line, complete=True)
            if complete is None:
                return
        if verdict.errors:
            return
        verdict.outcome = Outcome.CHANGED
        verdict.differences = {
            shape.label(name): in_words(name, before, after)
            for name, (before, after) in changes.items()
            if name != "public_approved"  # a fingerprint says nothing to people
        }
        if submits:
            verdict.notes.append("这是草稿，导入后提交审核")
        elif not is_draft:
            verdict.notes.append("改动后要重新审核，审核通过前不公开")
        verdict.values = {
            "status": str(stored["status"]),
            "changes": {name: after for name, (_, after) in changes.items()},
            "before": {} if is_draft else {n: b for n, (b, _) in changes.items()},
        }

    def _claim_own(self, line: Line, own: str) -> None:
        """An owner's number is one record's, in the tables and in the file."""
        assert line.home is not None
        label = LABELS[OWN_NUMBER]
        if line.number_is_taken:
            line.verdict.refuse(
                label, f"编号 {own} 已是本单位另一项{self._shape.noun}的，请核对"
            )
        line.verdict.claims.append((label, f"{line.home.id}:{own}", own))

    def _is_same(self, name: str, before: Any, after: Any) -> bool:
        if name in self._shape.unordered:
            return set(before or ()) == set(after or ())
        return bool(before == after)

    def _refuse_change(self, verdict: Verdict, stored: Mapping[str, Any]) -> None:
        status, noun = stored["status"], self._shape.noun
        words = labels.label(status)
        label = LABELS[STATUS]
        if self._manner is ImportManner.RESTORE:
            verdict.refuse(
                label,
                f"平台上已有编号 {verdict.key} 的{noun}（{words}），内容与这一行不同。"
                "恢复只补回平台上没有的，请删去这一行",
            )
        elif status not in self._shape.editable:
            verdict.refuse(label, f"这项{noun}{words}，不能再用文件修改，请删去这一行")
        elif status != "draft" and self._manner is not ImportManner.SUBMIT:
            verdict.refuse(
                label,
                f"这项{noun}{words}，改动要重新审核。请选择「提交审核」再导入，"
                "或在平台上修改",
            )

    def _look_back(self, line: Line) -> None:
        """Mark what an earlier row of the file says already."""
        verdict = line.verdict
        fresh = verdict.outcome in (Outcome.NEW, Outcome.SUSPECT)
        if not fresh or line.home is None or self._restores(line):
            return
        title = f"{line.home.id}:{line.title_key}"
        first = self._texts.first(f"{title}:{line.text_key}", verdict.number)
        if first != verdict.number:
            verdict.suspect(f"与第 {first} 行的名称和正文相同")
            return
        first = self._titles.first(title, verdict.number)
        if first != verdict.number:
            verdict.suspect(f"与第 {first} 行的名称相同")
