"""flask setup: everything between an empty machine and a running platform."""

import click
from flask import current_app
from flask.cli import with_appcontext

from models import utcnow

from ..config import Settings
from ..db import db
from ..jobs import reencode
from ..search.live import live_index
from .base import Command
from .bids import ensure_key
from .demo import load, show_accounts, work_off


@click.command("setup", cls=Command)
@with_appcontext
@click.pass_context
def setup(context: click.Context) -> None:
    """Migrate, make the key, load demonstration data, encode anew: what is needed."""
    from models import migrate

    migrate.upgrade(current_app.extensions["db_engine"])
    ensure_key()
    context.invoke(load)
    name = live_index().encoder.name
    if count := reencode.queue(db.session, name, now=utcnow()):
        click.echo(f"编码器已更换,重新编码 {count} 条记录")
        work_off()
    reencode.forget_others(db.session, name)
    settings: Settings = current_app.config["SETTINGS"]
    click.echo(f"\n打开 http://{settings.host}:{settings.port}  演示账号:")
    context.invoke(show_accounts)
    click.echo("")
