"""flask db upgrade | downgrade | status: the tables and their migrations.

Alembic is imported where it is used: the other commands and the web server do
without it.
"""

import click
from flask import current_app

from .base import Group

db_cli = Group("db", help="The tables and their migrations.")


@db_cli.command("upgrade")
def upgrade() -> None:
    """Bring the tables up to date; does nothing when they are."""
    from models import migrate

    migrate.upgrade(current_app.extensions["db_engine"])
    click.echo(f"tables are at {', '.join(migrate.heads())}")


@db_cli.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION; «base» drops them all."""
    from models import migrate

    click.confirm(f"Take the tables back to {revision}? Data will go.", abort=True)
    migrate.downgrade(current_app.extensions["db_engine"], revision)
    click.echo(f"tables are at {revision}")


@db_cli.command("status")
def status() -> None:
    """Say whether the tables are up to date; exit 1 if they are not."""
    from models import migrate

    if not migrate.is_current(current_app.extensions["db_engine"]):
        raise click.ClickException("run `flask --app wsgi db upgrade`")
    click.echo("up to date")
