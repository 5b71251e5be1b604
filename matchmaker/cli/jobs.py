"""flask worker: works off the outbox until it is told to stop."""

import click
from flask import current_app
from flask.cli import with_appcontext
from huey import Huey

from ..search.live import live_index
from .base import Command


@click.command("worker", cls=Command)
@with_appcontext
def worker() -> None:
    """Encode, suggest, send mails and messages, import, until stopped.

    One process is enough for thousands of records an hour; more of them may run,
    each takes what it finds. Encoding, mails, messages to other servers and imports
    have a thread each, and what goes by the clock has one more.
    """
    queue: Huey = current_app.extensions["queue"]
    # Fail here, with its own words, rather than once a minute in the log.
    click.echo(f"encoder {live_index().encoder.name}")
    # What a killed worker left is taken up now, not at the next sweep.
    current_app.extensions["wake_worker"]()
    consumer = queue.create_consumer(
        workers=5, periodic=True, initial_delay=0.1, backoff=1.1, max_delay=0.5
    )
    consumer.run()
