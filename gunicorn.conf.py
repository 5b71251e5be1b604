"""gunicorn: the application is loaded once, then forked.

The encoder and the index are in memory before the first fork, so a worker costs
what it changes, not what it reads. That is safe only while nothing here has
computed with more than one thread (see `index.threads.limit_threads`).
"""

import gc
from typing import Any

from index.threads import limit_threads

limit_threads(1)

from index.memory import give_back_memory, stay_small  # noqa: E402
from matchmaker.config import Settings  # noqa: E402

stay_small()

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
