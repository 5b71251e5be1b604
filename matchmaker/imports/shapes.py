"""What the imports of needs, achievements and calls differ in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, cast

from sqlalchemy import Table

from models.outbox import RecordType
from models.records import TABLES

from ..sheets.layout import Field, Layout
from ..sheets.reader import Cell
from ..sheets.writer import Column, Kind

Read = Callable[[Cell], Any]
Values = Mapping[str, Any]

# Columns that every kind of record has; they are no part of its text.
NUMBER, OWN_NUMBER = "number", "external_number"
STATUS, DEMO = "status", "is_demo"
MOMENTS = ("created_at", "updated_at", "published_at", "renewed_at")
# That the author stood behind a public text; the input turns it into a fingerprint.
APPROVED = "approved"
# What only a copy that is put back sets.
RESTORED = frozenset(
    {STATUS, DEMO, APPROVED, "return_reason", "return_codes", *MOMENTS}
)


@dataclass(frozen=True)
class Part:
    """A column of the files of a kind: what it is, how it is read, how written.

    ``read`` gives what the input model takes; money has no reader of its own: its
    unit stands in the heading. ``write`` fills the cell of «全部字段».
    """

    field: Field
    write: Callable[[Any], object]
    read: Read | None = None
    kind: Kind = "text"

    @property
    def column(self) -> Column:
        heading = self.field.label + ("（万元）" if self.field.is_money else "")
        return Column(heading, self.field.width, self.kind)


@dataclass(frozen=True)
class Home:
    """The organisation a row is of."""

    id: int
    name: str


class Check(Protocol):
    def __call__(
        self, values: Values, *, complete: bool, home: Home, today: date
    ) -> dict[str, Any]:
        """The values as columns of the table; raises `Invalid` by the field.

        ``complete``: as what is handed to the staff must be.
        """


@dataclass(frozen=True)
class Shape:
    """One kind of record as files bring it.

    create    the action that says whose members may have such records; none for all
    owner     the column of its organisation, ``home`` the code of its name in a file
    text      the column of its text, by which it is known again beside its title
    compared  the columns a file may change
    editable  the states in which its owner changes it
    parts     builds the columns anew: words of dictionaries change
    unordered  columns with a list whose order says nothing
    as_input  a stored row as the input model takes it
    restorable  refuses columns that may not be put back in the state they name
    """

    record: RecordType
    create: str | None
    prefix: str
    owner: str
    home: str
    text: str
    layout: Layout
    labels: Mapping[str, str]
    compared: Sequence[str]
    editable: frozenset[str]
    parts: Callable[[], Sequence[Part]]
    check: Check
    as_input: Callable[[Values], dict[str, Any]]
    restorable: Callable[[Values], None] = lambda _: None
    unordered: frozenset[str] = frozenset()

    @property
    def noun(self) -> str:
        return NOUNS[self.record]

    @property
    def table(self) -> Table:
        return cast(Table, TABLES[self.record].__table__)

    def label(self, column: str) -> str:
        """What a column is called in a difference."""
        name = column.removesuffix("_fen")
        return self.labels.get(name) or LABELS.get(name, name)


NOUNS = {
    RecordType.NEED: "需求",
    RecordType.ACHIEVEMENT: "成果",
    RecordType.CALL: "榜单",
}
LABELS = {
    NUMBER: "编号",
    OWN_NUMBER: "单位编号",
    STATUS: "状态",
    "title": "名称",
    "trl_stated": "技术成熟度",
}
