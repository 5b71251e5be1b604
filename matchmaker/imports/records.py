"""Needs, achievements and calls from files: what becomes of each row.

A row is of a record there is when it has its number, or, without a number, when title
and text read the same. What then differs is a change. A row that only resembles a
record or another row is left to the person: it is neither, until somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models import ImportRun, fields
from models.likeness import likeness
from models.states import ImportManner

from .. import labels
from ..errors import Invalid
from ..labels import CITY, today
from ..sheets.cells import CellError
from . import numbers, parts
from .homes import Homes
from .seen import Seen
from .shapes import (
    APPROVED,
    LABELS,
    NUMBER,
    OWN_NUMBER,
    RESTORED,
    STATUS,
    Home,
    Read,
    Shape,
)
from .sight import Sight
from .telling import in_words
from .verdicts import Given, Outcome, Verdict

# Of these the input model knows nothing: they are put back as they were.
KEPT = RESTORED - {APPROVED}


@dataclass
class Line:
    """A row on its way to its verdict.

    values  what it says, by the code of the column
    number  by which its owner or the platform calls it; «» for none
    stored  the record it is of, as a plain mapping
    hidden  whether that is a draft of the organisation's own, which staff do not read
    alike   a record with its title and another text
    """

    verdict: Verdict
    values: dict[str, Any] = field(default_factory=dict)
    home: Home | None = None
    number: str = ""
    stored: Mapping[str, Any] | None = None
    alike: Mapping[str, Any] | None = None
    hidden: bool = False
    title_key: str = ""
    text_key: str = ""
    number_is_taken: bool = False


class Entries:
    """One file of records: what all its rows are judged by."""

    def __init__(
        self, session: Session, shape: Shape, run: ImportRun, *, now: datetime
    ) -> None:
        fields.refresh(session)
        self._shape, self._now, self._today = shape, now, today(now)
        self._manner = run.manner
        self._sight = Sight(session, shape, run)
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

    # -- Which record it is of -------------------------------------------------------

    def _meet(self, session: Session, lines: Sequence[Line]) -> None:
        """Find for each row the record it is of, with two queries for all."""
        own = [line for line in lines if line.home is not None]
        self._meet_by_number(session, [line for line in own if line.number])
        others = [line for line in own if line.stored is None]
        self._meet_by_words(session, others)

    def _meet_by_number(self, session: Session, lines: Sequence[Line]) -> None:
        if not lines:
            return
        table, prefix = self._shape.table.c, self._shape.prefix
        said = {number for line in lines for number in self._said(line)}
        places = {place for each in said if (place := numbers.place_in(each, prefix))}
        found = self._stored(
            session,
            lines,
            or_(
                table.code.in_(said),
                table.external_number.in_(said),
                table.id.in_(places),
            ),
        )
        known: dict[tuple[int, str], Mapping[str, Any]] = {}
        for row in found:
            owner = row[self._shape.owner]
            for number in (self._made(row), row["external_number"], row["code"]):
                if number:
                    known[owner, number] = row
        hidden = self._sight.hidden(session, found)
        for line in lines:
            assert line.home is not None
            hits = (known.get((line.home.id, each)) for each in self._said(line))
            line.stored = next(filter(None, hits), None)
            others = known.get((line.home.id, line.values.get(OWN_NUMBER, "")))
            line.number_is_taken = others not in (None, line.stored)
            if line.stored is not None and line.stored["id"] in hidden:
                line.stored, line.hidden = None, True
        if self._manner is ImportManner.RESTORE:
            self._refuse_taken(session, lines)

    def _refuse_taken(self, session: Session, lines: Sequence[Line]) -> None:
        """A number of the platform is one record's, whoever's that is."""
        code = self._shape.table.c.code
        codes = [line.values[NUMBER] for line in lines if line.values.get(NUMBER)]
        taken = set(session.scalars(select(code).where(code.in_(codes))))
        for line in lines:
            number = line.values.get(NUMBER)
            if line.stored is None and number in taken:
                line.verdict.refuse(
                    LABELS[NUMBER], f"编号 {number} 已是另一家单位的记录，请核对"
                )

    @staticmethod
    def _said(line: Line) -> list[str]:
        """The numbers of the row, the one that names it best first."""
        said = line.values.get(NUMBER), line.number, line.values.get(OWN_NUMBER)
        return list(dict.fromkeys(filter(None, said)))

    def _made(self, row: Mapping[str, Any]) -> str:
        if row["code"]:
            return ""
        day = row["created_at"].astimezone(CITY)
        return f"{self._shape.prefix}{day:%Y%m%d}-{row['id']}"

    def _meet_by_words(self, session: Session, lines: Sequence[Line]) -> None:
        """The record that reads the same; one with the title alone is only alike."""
        if not lines:
            return
        keys = {line.title_key for line in lines}
        table = self._shape.table.c
        current = and_(table.title_key.in_(keys), table.status != "withdrawn")
        found = self._stored(session, lines, current)
        hidden = self._sight.hidden(session, found)
        by_title: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
        for row in found:
            if row["id"] not in hidden:
                key = row[self._shape.owner], row["title_key"]
                by_title.setdefault(key, []).append(row)
        for line in lines:
            assert line.home is not None
            rows = by_title.get((line.home.id, line.title_key), [])
            same = [row for row in rows if row["text_key"] == line.text_key]
            if same and not (line.number and _numbered(same[0])):
                line.stored = same[0]
            elif rows:
                line.alike = (same or rows)[0]

    def _stored(
        self, session: Session, lines: Iterable[Line], which: ColumnElement[bool]
    ) -> list[Mapping[str, Any]]:
        """Records of the organisations of these rows."""
        table = self._shape.table
        owners = {line.home.id for line in lines if line.home is not None}
        own = table.c[self._shape.owner].in_(owners)
        query = select(table).where(and_(own, which)).order_by(table.c.id)
        return [dict(row) for row in session.execute(query).mappings()]

    # -- What it does -----------------------------------------------------------------

    def _decide(self, line: Line) -> None:
        verdict, stored = line.verdict, line.stored
        if line.home is None:
            return
        if stored is not None:
            verdict.met = stored["id"], stored["version"]
            verdict.identity = f"record:{stored['id']}"
            verdict.key = line.number or stored["code"] or self._made(stored)
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
            number = numbers_of(line.alike, self._made(line.alike))
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
            if own and own != self._made(stored):
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


def numbers_of(row: Mapping[str, Any], made: str) -> str:
    """What the owner of a stored row calls it."""
    return str(row["external_number"] or row["code"] or made)


def _numbered(row: Mapping[str, Any]) -> bool:
    return bool(row["external_number"] or row["code"])
