"""Runs Alembic with the settings in hand; there is no ini file to keep in step."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from .base import Base

# Any number two processes agree on; PostgreSQL locks on it while migrating.
LOCK = 20_240_228


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to ``revision``; safe when two processes start at once."""
    with engine.connect() as plain:
        connection = plain.execution_options(write_lock=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to ``revision`` («base»: none)."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def new_revision(engine: Engine, message: str, number: str) -> None:
    """Write the next migration from what the models have and the tables lack."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)


def heads() -> list[str]:
    """The newest revisions; there must be one."""
    return list(ScriptDirectory.from_config(_config()).get_heads())


def is_current(engine: Engine) -> bool:
    """Whether the tables are at the newest revision."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return list(current) == heads()


def differences(engine: Engine) -> list[object]:
    """What the models have and the migrated tables lack, or the reverse."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))
