"""Work in the background: a queue that wakes, an outbox that remembers.

The queue (huey: SQLite by default, Redis where one is named) only says «look at
the outbox now». A message lost is no work lost: once a minute the worker looks
of its own accord.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from sqlite3 import Connection
from threading import Event, Lock
from typing import Any

import structlog
from flask import Flask
from huey import Huey, RedisHuey, crontab
from huey.storage import SqliteStorage
from sqlalchemy.orm import Session

from ..config import Settings
from .outbox import wake_after_commit

log = structlog.get_logger()
NAME = "matchmaker"


def init_app(app: Flask) -> None:
    """Make the queue, and wake the worker after commits that left it work."""
    # Here, because the services it calls promise work through this package.
    from .tasks import Tasks

    @contextmanager
    def opened() -> Iterator[Session]:
        with app.app_context(), app.extensions["db_sessions"]() as session:
            yield session

    settings: Settings = app.config["SETTINGS"]
    queue = _queue(settings)
    tasks = Tasks(opened, settings, app.extensions["db_engine"], _paths(app))
    looking, posting = OneAtATime(tasks.look), OneAtATime(tasks.post)
    entering, calling = OneAtATime(tasks.enter), OneAtATime(tasks.call_hooks)
    drain, send = queue.task(name="drain")(looking), queue.task(name="post")(posting)
    enter = queue.task(name="enter")(entering)
    call = queue.task(name="call_hooks")(calling)
    queue.periodic_task(crontab(), name="sweep")(looking)
    queue.periodic_task(crontab(), name="sweep_mail")(posting)
    queue.periodic_task(crontab(), name="sweep_imports")(entering)
    queue.periodic_task(crontab(), name="sweep_hooks")(calling)
    for minute, work in (
        ("*", tasks.follow_calls),
        ("*/10", tasks.remind),
        ("*/10", tasks.observe),
        ("*/10", tasks.expire),
        ("5", tasks.learn),
        ("17", tasks.tidy),
    ):
        # huey names a task after a function, which a bound method is not quite.
        queue.periodic_task(crontab(minute=minute), name=work.__name__)(_plain(work))
    app.extensions["queue"] = queue
    app.extensions["wake_worker"] = lambda: _wake(drain, enter)
    wake_after_commit(app.extensions["db_sessions"], lambda: _wake(drain))
    wake_after_commit(
        app.extensions["db_sessions"], lambda: _wake(send), mark="wake_mail"
    )
    wake_after_commit(
        app.extensions["db_sessions"], lambda: _wake(enter), mark="wake_import"
    )
    wake_after_commit(
        app.extensions["db_sessions"], lambda: _wake(call), mark="wake_webhooks"
    )


def _paths(app: Flask) -> Callable[[str, Mapping[str, Any]], str]:
    """The path of a page, outside of any request."""

    def path_of(endpoint: str, arguments: Mapping[str, Any]) -> str:
        return app.url_map.bind("localhost").build(endpoint, arguments)

    return path_of


def _plain(work: Callable[[], None]) -> Callable[[], None]:
    @wraps(work)
    def run() -> None:
        work()

    return run


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
    return Huey(NAME, storage_class=_QuickStorage, results=False, filename=str(path))


class _QuickStorage(SqliteStorage):  # type: ignore[misc]
    """A queue whose messages need not outlive a power cut.

    Who saved a record would else wait for the disk once more, for a message that the
    sweep replaces within a minute. The file itself stays whole.
    """

    def _create_connection(self) -> Connection:
        connection: Connection = super()._create_connection()
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection


def _wake(*tasks: Any) -> None:
    try:
        for task in tasks:
            task()
    except Exception as error:
        # The row is committed; the sweep finds it within a minute.
        log.warning("queue.unreachable", error=type(error).__name__)
