"""The index of this process."""

from flask import current_app

from index.sync import LiveIndex


def live_index() -> LiveIndex:
    """Made on first use, then kept for the life of the process."""
    index: LiveIndex = current_app.extensions.setdefault("live_index", LiveIndex())
    return index
