"""gunicorn: the application is loaded once, then forked.

The encoder and the index are in memory before the first fork, so a worker costs
what it changes, not what it reads. That is safe only while nothing here has
computed with more than one thread (see `index.threads.limit_threads`).
"""

import gc
from typing import Any

from index.threads import limit_threads

limit_threads(1)

import gunicorn.http.message  # noqa: E402

from index.memory import give_back_memory, stay_small  # noqa: E402
from matchmaker.config import Settings  # noqa: E402

stay_small()

# A pasted page of 5,000 characters makes an address of 45 kB. It is too long to
# search for, which our page says in Chinese; gunicorn's own limit of 8,190 bytes
# would answer in English before we see it. Beyond this one it still does.
LONGEST_ADDRESS = 65_535
gunicorn.http.message.MAX_REQUEST_LINE = LONGEST_ADDRESS + 1
limit_request_line = LONGEST_ADDRESS

settings = Settings()
bind = f"{settings.host}:{settings.port}"
workers = settings.web_workers
threads = settings.web_threads
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 20
accesslog = None
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Read the encoder and the index before the workers are forked."""
    from matchmaker.search.live import warm_up

    warm_up(server.app.wsgi())
    give_back_memory()
    # What is there now stays; the collector would touch, hence copy, all of it.
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """A connection made before the fork belongs to the parent."""
    server.app.wsgi().extensions["db_engine"].dispose(close=False)
