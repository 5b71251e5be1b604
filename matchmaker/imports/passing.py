"""What an import writes, made ready where nobody has to wait for it.

SQLite has one writer at a time: whoever else wants to save something waits as long as
an import holds the lock. So rows, their histories and what follows are first put in
passing tables, which belong to one connection, lie outside of the database and end
with it, however it ends. The transaction that enters them copies them over in a few
statements, without a row passing through Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnDefault,
    Integer,
    MetaData,
    Select,
    Table,
    and_,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable

from models.session import one_connection

# Marks a record's number as one that is given to it only when it is entered.
FRESH = "fresh"


class Overtaken(Exception):
    """A record is no longer what a verdict was given for."""


class Passing:
    """What is to be written to the records of one table, and beside them."""

    def __init__(self, session: Session, table: Table, beside: Iterable[Table]) -> None:
        self._session, self._table = session, table
        self._tables = MetaData()
        self.new = self._like(table, "new", with_id=True)
        self.changed = self._like(table, "changed", with_id=True)
        self.met = self._made(
            "met", Column("id", Integer), Column("version", BigInteger)
        )
        self._beside = {each: self._like(each, "beside") for each in beside}
        self._shapes: dict[tuple[str, ...], int] = {}
        self._is_server = session.get_bind().dialect.name != "sqlite"
        self._places = itertools.count(1)

    def create(self) -> None:
        for each in self._tables.sorted_tables:
            self._session.execute(CreateTable(each))
        self._session.commit()

    def drop(self) -> None:
        for each in self._tables.sorted_tables:
            self._session.execute(DropTable(each, if_exists=True))
        self._session.commit()

    def _like(self, table: Table, what: str, *, with_id: bool = False) -> Table:
        columns = [
            Column(
                each.name,
                each.type.copy(),
                default=each.default.arg
                if isinstance(each.default, ColumnDefault)
                else None,
            )
            for each in table.columns
            if with_id or not each.primary_key
        ]
        return self._made(f"{what}_{table.name}", *columns, Column(FRESH, Integer))

    def _made(self, name: str, *columns: Column[Any]) -> Table:
        # No key and no index: each row is read once, in its order.
        name = f"passing_{name}"
        return Table(name, self._tables, *columns, prefixes=["TEMPORARY"])

    # -- Made ready ---------------------------------------------------------------

    def numbers(self, count: int) -> list[int]:
        """Numbers for so many new records; on SQLite only their places in the file.

        A sequence gives numbers to everybody at once; the one writer of SQLite counts
        on from the last, and that is known only once it has the lock.
        """
        if not self._is_server:
            return list(itertools.islice(self._places, count))
        sequence = func.pg_get_serial_sequence(self._table.name, "id")
        rows = func.generate_series(1, count).table_valued("place")
        return list(
            self._session.scalars(select(func.nextval(sequence)).select_from(rows))
        )

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """New records, each with its number."""
        self._put(self.new, [{**row, FRESH: 1} for row in rows])

    def add_beside(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *, fresh: bool
    ) -> None:
        """Rows of another table; ``fresh``: their ``record_id`` is of a new record."""
        self._put(self._beside[table], [{**row, FRESH: int(fresh)} for row in rows])

    def change(self, id_: int, columns: Mapping[str, Any]) -> dict[str, Any]:
        """A record that changes in these columns, as a row for `put_changes`."""
        names = tuple(sorted(columns))
        shape = self._shapes.setdefault(names, len(self._shapes))
        return {**columns, "id": id_, FRESH: shape}

    def put_changes(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of `change`; those of one shape go together."""

        def shape_of(row: Mapping[str, Any]) -> int:
            return int(row[FRESH])

        ordered = sorted(rows, key=shape_of)
        for _, alike in itertools.groupby(ordered, shape_of):
            self._put(self.changed, list(alike))

    def meet(self, met: Iterable[tuple[int, int]]) -> None:
        """Records that must be as they were judged, whatever becomes of them."""
        rows = [{"id": id_, "version": version} for id_, version in met]
        self._put(self.met, rows)

    def _put(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._session.execute(insert(table), rows)

    # -- Entered ------------------------------------------------------------------

    def refuse_overtaken(self) -> None:
        """Raise `Overtaken` where a record that was met is not in that version."""
        same = and_(
            self._table.c.id == self.met.c.id,
            self._table.c.version == self.met.c.version,
        )
        query = select(self.met.c.id).where(
            ~select(self._table.c.id).where(same).exists()
        )
        if self._session.scalars(query.limit(1)).first() is not None:
            raise Overtaken

    def enter(self) -> None:
        """Copy all of it over, in the transaction at hand."""
        last = self._last()
        self._copy(self.new, self._table, "id", last)
        for names, shape in self._shapes.items():
            self._session.execute(self._update(names, shape))
        for table, passing in self._beside.items():
            self._copy(passing, table, "record_id", last)

    def _last(self) -> int:
        """What is to be added to the numbers of new records."""
        if self._is_server:
            return 0
        return self._session.scalar(select(func.max(self._table.c.id))) or 0

    def _copy(self, passing: Table, table: Table, number: str, last: int) -> None:
        names = [each.name for each in passing.columns if each.name != FRESH]
        columns = [
            passing.c[name] + literal(last) * passing.c[FRESH]
            if name == number
            else passing.c[name]
            for name in names
        ]
        found: Select[Any] = select(*columns)
        self._session.execute(insert(table).from_select(names, found))

    def _update(self, names: Sequence[str], shape: int) -> Any:
        table, changed = self._table, self.changed
        values: dict[str, Any] = {name: changed.c[name] for name in names}
        if "version" in table.c:
            values["version"] = table.c.version + 1
        return (
            update(table)
            .where(table.c.id == changed.c.id, changed.c[FRESH] == shape)
            .values(values)
        )


@contextmanager
def passing(session: Session, table: Table, *beside: Table) -> Iterator[Passing]:
    """Passing tables for the block, which must use this session alone."""
    with one_connection(session):
        ready = Passing(session, table, beside)
        try:
            ready.create()
            yield ready
        finally:
            session.rollback()
            ready.drop()
