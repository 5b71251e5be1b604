"""An instance folder and a database of its own for processes that are really run."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from ..conftest import POSTGRES, skip_or_fail


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/matchmaker.db"
    name = "matchmaker_run_" + os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    except sa.exc.OperationalError as error:
        skip_or_fail("postgres", str(error.orig).splitlines()[0])
    finally:
        server.dispose()
    url = sa.engine.make_url(POSTGRES).set(database=name)
    return url.render_as_string(hide_password=False)
