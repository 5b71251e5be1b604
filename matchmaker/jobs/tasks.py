"""What the worker does when it is woken, and by the clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import fields, utcnow
from models.session import keep_statistics

from ..api import repeating
from ..attachments import service as attachments
from ..attachments.store import Store
from ..calls import clock as calls
from ..config import Settings
from ..imports import retention
from ..imports.staging import Staging
from ..imports.worker import Importer
from ..mail import service as mail
from ..posting.expiry import expire
from ..search.live import live_index
from ..sheets.guard import Limits
from ..subscriptions import tell
from ..webhooks import delivery
from ..work import observations, reminders
from .worker import Worker

# A snapshot costs a second or so; after this many changes it is worth it.
SNAPSHOT_EVERY = 200


class Tasks:
    """Each runs in a context and with a session of its own, which ``opened`` gives."""

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Session]],
        settings: Settings,
        engine: Engine,
        path_of: delivery.PathOf,
    ) -> None:
        self._opened, self._settings, self._engine = opened, settings, engine
        self._path_of = path_of
        self._saved, self._observed = 0, -1
        self._turns = delivery.Turns()

    def look(self) -> None:
        """Do what the outbox holds, and tell subscribers whose hour has come."""
        with self._opened() as session:
            fields.refresh(session)
            index = live_index()
            worker = Worker(
                session,
                index,
                suggestions=self._settings.suggestions_per_record,
                clock=utcnow,
            )
            done = worker.drain()
            tell.send_digests(session, hour=self._settings.digest_hour, now=utcnow())
            if done and index.feed.high - self._saved > SNAPSHOT_EVERY:
                index.save(session)
                self._saved = index.feed.high

    def follow_calls(self) -> None:
        """Tell of the windows of calls that opened or closed."""
        with self._opened() as session:
            calls.follow(session, now=utcnow())

    def remind(self) -> None:
        """Remind of what has waited too long."""
        with self._opened() as session:
            reminders.send(session, self._settings.periods, now=utcnow())

    def observe(self) -> None:
        """Count duplicates and groups where the index has changed."""
        with self._opened() as session:
            index = live_index()
            index.caught_up(session)
            if index.feed.high != self._observed:
                observations.refresh(session, index, now=utcnow())
                self._observed = index.feed.high

    def post(self) -> None:
        """Send the letters that wait."""
        with self._opened() as session:
            mail.deliver(session, self._settings, clock=utcnow)

    def call_hooks(self) -> None:
        """Send the messages that wait for servers of others."""
        with self._opened() as session:
            delivery.Courier(
                session,
                self._settings,
                clock=utcnow,
                path_of=self._path_of,
                turns=self._turns,
            ).work_off()

    def enter(self) -> None:
        """Check the files that wait to be imported, and read them in."""
        with self._opened() as session:
            Importer(
                session,
                self._store(),
                Staging(self._settings.import_dir),
                Limits(rows=self._settings.import_rows),
                utcnow,
            ).work_off()

    def tidy(self) -> None:
        """Clear away what is kept too long, and files that no record names any more."""
        with self._opened() as session:
            retention.tidy(
                session,
                Staging(self._settings.import_dir),
                days=self._settings.import_keep_days,
                now=utcnow(),
            )
            attachments.sweep(session, self._store())
            repeating.tidy(session, now=utcnow())
            days = self._settings.webhook_keep_days
            delivery.tidy(session, days=days, now=utcnow())

    def _store(self) -> Store:
        return Store(self._settings.attachment_dir, self._settings.attachment_bytes)

    def learn(self) -> None:
        """Let SQLite learn how its tables are filled."""
        keep_statistics(self._engine)

    def expire(self) -> None:
        """Let what is over end, by the clock and not by a click."""
        with self._opened() as session:
            expire(session, terms=self._settings.terms, now=utcnow())
