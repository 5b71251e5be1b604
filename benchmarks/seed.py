"""Fill a database of its own with as many records as the city may come to hold.

    python -m benchmarks.seed [--needs 64000] [--achievements 154000]
                              [--folder build/lists] [--url URL]

Needs, achievements and calls in every state, masked and restricted needs, the firms
and people they are of, suggestions and decisions, notices, subscriptions, mails,
registrations, nodes, the history of it all, and stored vectors. Texts are the sample's
sentences put together anew, vectors are mixtures near real ones (`synthetic`).

Writes into SQLite in ``--folder``, or into the empty database ``--url`` names, which
may be PostgreSQL. A database that holds any table is left alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, insert, select

from index.text import sources
from matchmaker.config import Settings
from matchmaker.search.live import make_encoder
from models import TABLES, Embedding, Node, Organisation, create_db_engine, migrate
from models.outbox import RecordType

from .city import PASSWORD, City, Row, Tables
from .dealings import Dealings
from .processes import ROOT
from .synthetic import Entry, Texts, Vectors, embedding_rows

T = TypeVar("T")

FOLDER = ROOT / "build" / "lists"
AT_ONCE = 2_000


def main() -> None:
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    own = Settings(instance_dir=options.folder, database_url=options.url)
    if own.url == Settings().url:
        raise SystemExit("that is the database in use; name another one")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    started = time.perf_counter()
    engine = create_db_engine(own.url)
    seed(engine, options, started)
    engine.dispose()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--needs", type=int, default=64_000)
    add("--achievements", type=int, default=154_000)
    add("--calls", type=int, default=800)
    add("--organisations", type=int, default=4_000)
    add("--pairs", type=int, default=120_000, help="match suggestions")
    add("--folder", type=Path, default=FOLDER, help="for SQLite and what goes with it")
    add("--url", default="", help="an empty database instead, as SQLAlchemy names it")
    add("--sentences", type=int, default=3, help="in the body of each record")
    add("--points", type=int, default=2, help="targets or indicators of each record")
    add("--real", type=int, default=12, help="texts of a field and side to encode")
    add("--seed", type=int, default=7)
    return parser.parse_args()


def seed(engine: Engine, options: argparse.Namespace, started: float) -> None:
    """Fill the empty database; raises `SystemExit` for one that is not empty."""
    if sa.inspect(engine).get_table_names():
        raise SystemExit(f"{engine.url!r} is not empty; name another or delete it")
    migrate.upgrade(engine)
    encoder = make_encoder(Settings())
    texts = Texts(Random(options.seed))
    vectors = Vectors(encoder, texts, options.real, options.seed)
    _say(started, "encoded the real texts")
    city = City(options, texts, datetime.now(UTC))
    with engine.connect() as connection:
        filled = _fill_all(connection, city, started)
        rows = _embeddings(city, texts, vectors, encoder.name)
        _say(started, f"{_fill(connection, Embedding, rows):,} passages")
        _set_numbers(connection, filled)
        _analyse(connection)
    _say(started, f"done; everybody's password is {PASSWORD}")


def _fill_all(connection: Connection, city: City, started: float) -> list[Any]:
    """Every table but that of the vectors; returns them."""
    filled = []
    for name, table, rows in chain(city.tables(), _dealings(connection, city)):
        number = _fill(connection, table, rows)
        _say(started, f"{number:,} {name}")
        filled.append(table)
    return filled


def _dealings(connection: Connection, city: City) -> Tables:
    """What goes on in the city, once it is filled."""
    root = connection.scalar(select(Node.id).where(Node.parent_id.is_(None)))
    yield from Dealings(city, root or 0).tables()


def _say(started: float, words: str) -> None:
    print(f"{time.perf_counter() - started:6.0f} s  {words}", flush=True)


def _fill(connection: Connection, table: Any, rows: Iterable[Row]) -> int:
    total = 0
    for some in _batches(rows):
        connection.execute(insert(table), some)
        connection.commit()
        total += len(some)
    return total


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _set_numbers(connection: Connection, tables: Iterable[Any]) -> None:
    """PostgreSQL does not see that the numbers of its counters are taken."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        name = table.__tablename__
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'),"
            f" (SELECT max(id) FROM {name}))"
        )
    connection.commit()


def _analyse(connection: Connection) -> None:
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


def _embeddings(
    city: City, texts: Texts, vectors: Vectors, encoder: str
) -> Iterator[Row]:
    """The texts of every record for each audience, by the rule of the index itself."""
    nobody = Organisation(name="")
    for some in _batches(city.entries):
        entries = []
        for kind, row in some:
            record = TABLES[kind](**row)
            if kind is RecordType.NEED:
                record.organisation = nobody
            entries += [
                Entry(kind, row["id"], audience, row["field"], source)
                for audience, source in sources(record).items()
            ]
        yield from embedding_rows(entries, texts, vectors, encoder)


if __name__ == "__main__":
    main()
