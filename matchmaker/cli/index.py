"""flask index check | rebuild | status: the search index against the tables."""

import time

import click
from flask import current_app
from sqlalchemy import func, select

from index import sync
from models import Embedding, OutboxTask, utcnow
from models.outbox import RecordType

from ..db import db
from ..search.live import live_index
from ..system import service as system
from .base import Group

index_cli = Group("index", help="The search index.")


@index_cli.command("check")
@click.option("--repair", is_flag=True, help="Queue the records that differ.")
def check(repair: bool) -> None:
    """Compare the search index with the tables; exit 1 if they differ."""
    index = live_index()
    report = sync.compare(db.session, index.caught_up(db.session), index.encoder.name)
    click.echo(
        f"missing {len(report.missing)}, stale {len(report.stale)}, "
        f"extra {len(report.extra)}, without vectors {len(report.unencoded)}"
    )
    if repair and report.differs:
        number = system.queue_repairs(db.session, report, now=utcnow())
        click.echo(f"queued {number}")
    elif report.differs:
        raise SystemExit(1)
    else:
        click.echo("no difference")


@index_cli.command("rebuild")
def rebuild() -> None:
    """Read every record from the tables and write a new snapshot."""
    index = live_index()
    started = time.perf_counter()
    held = index.rebuild(db.session)
    path = index.save(db.session)
    records = sum(len(held.shelves[kind, True]) for kind in RecordType)
    seconds = time.perf_counter() - started
    click.echo(f"{records} records in {seconds:.1f} s, snapshot {path and path.name}")


@index_cli.command("status")
def status() -> None:
    """Say what the index holds and what still waits for the worker."""
    index = live_index()
    held = index.caught_up(db.session)
    click.echo(f"encoder  {index.encoder.name}, {index.encoder.dimension} dimensions")
    click.echo(f"database {current_app.extensions['db_engine'].url!r}")
    click.echo(f"feed     read up to change {index.feed.high}")
    for (kind, inside), shelf in held.shelves.items():
        side = "staff" if inside else "everyone"
        click.echo(f"{kind:12} {side:9} {len(shelf):7} records  {shelf.describe()}")
    waiting = select(OutboxTask.kind, func.count()).group_by(OutboxTask.kind)
    for task, count in db.session.execute(waiting):
        click.echo(f"waiting  {count} to {task}")
    stored = db.session.scalar(select(func.count()).select_from(Embedding))
    click.echo(f"stored   {stored} passages with vectors")
