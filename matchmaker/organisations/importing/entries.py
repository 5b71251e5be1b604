"""Organisations from files: known by their credit code, else by their name.

An organisation is entered without members: those register and are approved as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Organisation, fields
from models.accounts import name_key
from models.base import table_of

from ... import labels
from ...imports.verdicts import Given, Outcome, Verdict
from ...sheets.cells import CellError
from .columns import LABELS, LAYOUT, build

TABLE = table_of(Organisation)
COMPARED = ("name", "credit_code", "kind", "district")
Stored = Mapping[str, Any]


class Entries:
    """One file's organisations, judged by those there are."""

    def __init__(self, session: Session) -> None:
        fields.refresh(session)
        self._readers = {part.field.code: part.read for part in build() if part.read}
        self._labels = {each.code: each.label for each in LAYOUT.fields}

    def judge(self, session: Session, rows: Sequence[Given]) -> list[Verdict]:
        verdicts = [self._read(row) for row in rows]
        codes, names, keys = _known(session, verdicts)
        for verdict in verdicts:
            if not verdict.errors:
                self._decide(verdict, codes, names, keys)
            if not verdict.errors:
                self._claim(verdict)
        return verdicts

    @staticmethod
    def _claim(verdict: Verdict) -> None:
        """Name and code are one organisation's each."""
        given = verdict.values.get("changes", verdict.values)
        verdict.claims = [
            (LABELS[name], said, said)
            for name in ("name", "credit_code")
            if (said := given.get(name))
        ]

    def _read(self, row: Given) -> Verdict:
        verdict = Verdict(row.number, Outcome.NEW)
        for code, cell in row.cells.items():
            if cell is None or cell == "":
                continue
            try:
                verdict.values[code] = self._readers[code](cell)
            except CellError as error:
                verdict.refuse(self._labels[code], str(error))
        name = verdict.values.get("name", "")
        if not name and not verdict.errors:
            verdict.refuse(LABELS["name"], "没有填写，请补充")
        verdict.title = name
        verdict.key = verdict.values.get("credit_code") or ""
        verdict.identity = verdict.key or name
        return verdict

    def _decide(
        self,
        verdict: Verdict,
        codes: Mapping[str, Stored],
        names: Mapping[str, Stored],
        keys: Mapping[str, Stored],
    ) -> None:
        values = verdict.values
        code, name = values.get("credit_code"), values["name"]
        by_code, by_name = codes.get(code or ""), names.get(name)
        if by_code and by_name and by_code["id"] != by_name["id"]:
            verdict.refuse(
                LABELS["name"],
                f"信用代码是「{by_code['name']}」的，名称却是另一家单位的，请核对",
            )
            return
        stored = by_code or by_name
        if stored is not None:
            _compare(verdict, stored)
            return
        if "kind" not in values:
            verdict.refuse(LABELS["kind"], "没有填写，请补充")
            return
        near = keys.get(name_key(name))
        if near is not None:
            verdict.suspect(f"平台已有名称相近的「{near['name']}」")


def _known(
    session: Session, verdicts: Sequence[Verdict]
) -> tuple[dict[str, Stored], dict[str, Stored], dict[str, Stored]]:
    """The organisations these rows may be: by code, by name, by the key of the name."""
    names = {each.title for each in verdicts if each.title}
    columns = [TABLE.c[each] for each in ("id", "name_key", "is_demo", *COMPARED)]
    query = select(*columns).where(
        or_(
            TABLE.c.credit_code.in_({each.key for each in verdicts if each.key}),
            TABLE.c.name.in_(names),
            TABLE.c.name_key.in_({name_key(each) for each in names}),
        )
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    real = [row for row in rows if not row["is_demo"]]
    return (
        {row["credit_code"]: row for row in rows if row["credit_code"]},
        {row["name"]: row for row in rows},
        {row["name_key"]: row for row in real},
    )


def _compare(verdict: Verdict, stored: Stored) -> None:
    """Tell by the stored organisation what the row does."""
    verdict.met = stored["id"], mark(stored)
    verdict.identity = f"record:{stored['id']}"
    changes = {
        name: (stored[name], verdict.values[name])
        for name in COMPARED
        if verdict.values.get(name) not in (None, stored[name])
    }
    if not changes:
        verdict.outcome = Outcome.SAME
        return
    if stored["credit_code"] and "credit_code" in changes:
        verdict.refuse(
            LABELS["credit_code"],
            f"平台上这家单位的信用代码是 {stored['credit_code']}，与这一行不同，请核对",
        )
        return
    verdict.outcome = Outcome.CHANGED
    verdict.differences = {
        LABELS[name]: (_in_words(name, before), _in_words(name, after))
        for name, (before, after) in changes.items()
    }
    verdict.values = {
        "changes": {name: after for name, (_, after) in changes.items()},
        "before": {name: before for name, (before, _) in changes.items()},
    }


def _in_words(name: str, value: Any) -> str:
    if name == "kind" and value:
        return labels.label(value)
    return labels.in_words(name, value)


def mark(stored: Stored) -> int:
    """Tells whether somebody changed the organisation since it was judged."""
    return crc32(repr([str(stored[name] or "") for name in COMPARED]).encode())
