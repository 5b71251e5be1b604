"""Engine, session factory and the one way to write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 30
# So much of the file is read where the system keeps it anyway, all processes sharing
# it: a look-up by number then costs a microsecond instead of a system call.
MAPPED_BYTES = 1 << 30
# Rows of each index that are looked at to learn how it is spread.
ANALYSED_ROWS = 1000


def create_db_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL with the pragmas each needs."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    # Parameters are people's texts, restricted ones too: no error message quotes them.
    options: dict[str, Any] = {
        "connect_args": {"timeout": BUSY_SECONDS},
        "hide_parameters": True,
    }
    if parsed.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
        options["connect_args"]["check_same_thread"] = False
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN hides when a write lock is taken; turned
    # off here, `_begin` says it in full.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"mmap_size={MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when
    # another process wrote in between; taking the lock first makes it wait.
    immediate = connection.get_execution_options().get("write_lock", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def keep_statistics(engine: Engine) -> None:
    """Tell SQLite how its tables are filled; PostgreSQL looks by itself.

    Without it SQLite guesses, and may read every published record to find twenty.
    It does nothing where little has changed since the last time.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA analysis_limit={ANALYSED_ROWS}")
            connection.exec_driver_sql("PRAGMA optimize")
            connection.commit()


def session_factory(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine)


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit the whole block or none of it; blocks do not nest.

    What the session had read before is let go first, so that the block decides
    on the rows as they are once it holds the lock.
    """
    if session.info.get("in_block"):
        raise RuntimeError("call a helper here, not another service")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made outside a transaction block")
    session.rollback()
    session.info["in_block"] = True
    try:
        session.connection(execution_options={"write_lock": True})
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["in_block"] = False


@contextmanager
def snapshot(session: Session) -> Iterator[None]:
    """Read the whole block from the database as it is at its first query.

    For what is read in portions: no row is told as it was in one and another row as
    it became meanwhile. Nothing may be written in it.
    """
    if session.info.get("in_block"):
        raise RuntimeError("a snapshot stands outside of transaction blocks")
    session.rollback()
    # SQLite reads every transaction from one moment; PostgreSQL does when told so.
    server = session.get_bind().dialect.name != "sqlite"
    options = {"isolation_level": "REPEATABLE READ"} if server else {}
    try:
        session.connection(execution_options=options)
        yield
    finally:
        session.rollback()


@contextmanager
def one_connection(session: Session) -> Iterator[None]:
    """Keep to one connection for the block, and so to its passing tables."""
    session.rollback()
    bind = session.get_bind()
    with bind.engine.connect() as connection:
        session.bind = connection
        try:
            yield
        finally:
            session.rollback()
            session.bind = bind


def in_turn(session: Session, what: str) -> None:
    """Wait until nobody else does this, and keep others waiting until the commit.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


def lock(session: Session, item: Any) -> None:
    """Lock the item's row and read it afresh: it may have changed while we waited.

    Rows that refer to the item can still be entered by others: two who each hold
    their own user's row and tell the other would else wait for each other for ever.
    """
    model = type(item)
    session.execute(
        select(model).where(model.id == item.id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    ).scalar_one()
