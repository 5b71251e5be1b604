"""Work in the background: a queue that wakes, an outbox that remembers."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Wake the worker after commits that left it something to do."""
