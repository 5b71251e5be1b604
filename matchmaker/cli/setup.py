"""flask setup: everything between an empty machine and a running platform."""

import click
from flask import current_app
from flask.cli import with_appcontext

from ..config import Settings
from .base import Command
from .demo import load, show_accounts


@click.command("setup", cls=Command)
@with_appcontext
@click.pass_context
def setup(context: click.Context) -> None:
    """Migrate the tables and load the demonstration data, each only if needed."""
    from models import migrate

    migrate.upgrade(current_app.extensions["db_engine"])
    context.invoke(load)
    settings: Settings = current_app.config["SETTINGS"]
    click.echo(f"\n打开 http://{settings.host}:{settings.port}  演示账号:")
    context.invoke(show_accounts)
    click.echo("")
