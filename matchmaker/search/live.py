"""The index of this process."""

from flask import Flask, current_app

from index.encoder import Encoder, HashingEncoder, SentenceEncoder
from index.sync import LiveIndex

from ..config import Settings
from ..db import db


def make_encoder(settings: Settings, threads: int = 1) -> Encoder:
    """The encoder the settings name; raises `EncoderMissing`."""
    if settings.model == "hashing":
        return HashingEncoder()
    return SentenceEncoder(
        settings.model,
        query_prompt=settings.embedding_query_prompt,
        passage_prompt=settings.embedding_passage_prompt,
        threads=threads,
    )


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.extensions["live_index"] = LiveIndex(
        lambda: make_encoder(settings), settings.snapshot_dir
    )


def live_index() -> LiveIndex:
    """Read from the tables on first use, then kept for the life of the process."""
    index: LiveIndex = current_app.extensions["live_index"]
    return index


def warm_up(app: Flask) -> None:
    """Load the encoder and read the index now instead of at the first search."""
    with app.app_context():
        live_index().question("预热")
        live_index().caught_up(db.session)
