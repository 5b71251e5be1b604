"""Which stored record a row of a file is of: by its number, else by its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models import ImportRun
from models.states import ImportManner

from . import numbers
from .lines import Line
from .shapes import LABELS, NUMBER, OWN_NUMBER, Shape
from .sight import Sight


class Meeting:
    """Holds the lines of one file against the records its sender may know of."""

    def __init__(self, session: Session, shape: Shape, run: ImportRun) -> None:
        self._shape = shape
        self._restores = run.manner is ImportManner.RESTORE
        self._sight = Sight(session, shape, run)

    def __call__(self, session: Session, lines: Sequence[Line]) -> None:
        """Find for each line the record it is of, with two queries for all."""
        own = [line for line in lines if line.home is not None]
        self._by_number(session, [line for line in own if line.number])
        others = [line for line in own if line.stored is None]
        self._by_words(session, others)

    def _by_number(self, session: Session, lines: Sequence[Line]) -> None:
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
            for number in (
                own_name(self._shape, row),
                row["external_number"],
                row["code"],
            ):
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
        if self._restores:
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

    def _by_words(self, session: Session, lines: Sequence[Line]) -> None:
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


def own_name(shape: Shape, row: Mapping[str, Any]) -> str:
    """What a file calls a stored row by the platform's numbers."""
    return str(row["code"] or numbers.made(shape.prefix, row["created_at"], row["id"]))


def _numbered(row: Mapping[str, Any]) -> bool:
    return bool(row["external_number"] or row["code"])
