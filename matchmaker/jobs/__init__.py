"""Work in the background: a queue that wakes, an outbox that remembers.

The queue (huey: SQLite by default, Redis where one is named) only says «look at
the outbox now». A message lost is no work lost: once a minute the worker looks
of its own accord.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import structlog
from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey, crontab

from models import fields, utcnow
from models.session import keep_statistics

from ..config import Settings
from ..labels import today
from ..mail import service as mail
from ..search.live import live_index
from ..subscriptions import tell
from .outbox import wake_after_commit
from .worker import Worker

log = structlog.get_logger()
NAME = "matchmaker"
# A snapshot costs a second or so; after this many changes it is worth it.
SNAPSHOT_EVERY = 200


def init_app(app: Flask) -> None:
    """Make the queue, and wake the worker after commits that left it work."""
    # Here, because these services promise work through this package.
    from ..attachments import service as attachments
    from ..attachments.store import Store
    from ..needs.service import expire_needs

    settings: Settings = app.config["SETTINGS"]
    queue = _queue(settings)
    saved = {"high": 0, "observed": -1}

    def look() -> None:
        with app.app_context():
            session = app.extensions["db_sessions"]()
            with session:
                fields.refresh(session)
                index = live_index()
                worker = Worker(
                    session,
                    index,
                    suggestions=settings.suggestions_per_record,
                    clock=utcnow,
                )
                done = worker.drain()
                tell.send_digests(session, hour=settings.digest_hour, now=utcnow())
                if done and index.feed.high - saved["high"] > SNAPSHOT_EVERY:
                    index.save(session)
                    saved["high"] = index.feed.high

    def remind() -> None:
        # What it needs imports this package.
        from ..work import reminders

        with app.app_context(), app.extensions["db_sessions"]() as session:
            reminders.send(
                session,
                working_days=settings.reminder_working_days,
                notice_days=settings.expiry_notice_days,
                now=utcnow(),
            )

    def observe() -> None:
        from ..work import observations

        with app.app_context(), app.extensions["db_sessions"]() as session:
            index = live_index()
            index.caught_up(session)
            if index.feed.high != saved["observed"]:
                observations.refresh(session, index, now=utcnow())
                saved["observed"] = index.feed.high

    def post() -> None:
        with app.app_context(), app.extensions["db_sessions"]() as session:
            mail.deliver(session, settings, clock=utcnow)

    def tidy() -> None:
        """Clear away files that no record names any more."""
        with app.app_context(), app.extensions["db_sessions"]() as session:
            store = Store(settings.attachment_dir, settings.attachment_bytes)
            attachments.sweep(session, store)

    def learn() -> None:
        keep_statistics(app.extensions["db_engine"])

    def expire() -> None:
        """Let what is over end, by the clock and not by a click."""
        with app.app_context(), app.extensions["db_sessions"]() as session:
            now = utcnow()
            expire_needs(
                session,
                today=today(now),
                now=now,
                valid_days=settings.need_valid_days,
            )

    looking, posting = OneAtATime(look), OneAtATime(post)
    drain, send = queue.task(name="drain")(looking), queue.task(name="post")(posting)
    queue.periodic_task(crontab(), name="sweep")(looking)
    queue.periodic_task(crontab(), name="sweep_mail")(posting)
    queue.periodic_task(crontab(minute="*/10"), name="remind")(remind)
    queue.periodic_task(crontab(minute="*/10"), name="observe")(observe)
    queue.periodic_task(crontab(minute="*/10"), name="expire")(expire)
    queue.periodic_task(crontab(minute="5"), name="learn")(learn)
    queue.periodic_task(crontab(minute="17"), name="tidy")(tidy)
    app.extensions["queue"] = queue
    app.extensions["wake_worker"] = lambda: _wake(drain)
    wake_after_commit(app.extensions["db_sessions"], lambda: _wake(drain))
    wake_after_commit(
        app.extensions["db_sessions"], lambda: _wake(send), mark="wake_mail"
    )


class OneAtATime:
    """Work that is asked for again while it runs: once more afterwards, not beside.

    So a long stretch of encoding holds one thread of the worker, and letters leave
    by the other.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.__name__ = work.__name__
        self._running, self._asked = Lock(), Event()

    def __call__(self) -> None:
        self._asked.set()
        # Whoever lost the race for the lock left its wish in `_asked`.
        while self._asked.is_set() and self._running.acquire(blocking=False):
            try:
                self._asked.clear()
                self.work()
            finally:
                self._running.release()


def _queue(settings: Settings) -> Huey:
    if settings.redis_url:
        return RedisHuey(NAME, url=settings.redis_url, results=False)
    path = settings.instance_dir / "queue.db"
    return SqliteHuey(NAME, filename=str(path), results=False)


def _wake(drain: Any) -> None:
    try:
        drain()
    except Exception as error:
        # The row is committed; the sweep finds it within a minute.
        log.warning("queue.unreachable", error=type(error).__name__)
