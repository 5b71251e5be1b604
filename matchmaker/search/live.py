"""The index of this process."""

from flask import Flask, current_app

from index.encoder import Encoder, SentenceEncoder
from index.hashing import HashingEncoder
from index.sync import LiveIndex
from index.text import keep_dictionary_in

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
    keep_dictionary_in(settings.instance_dir)
    app.extensions["live_index"] = LiveIndex(
        lambda: make_encoder(settings), settings.snapshot_dir
    )


def live_index() -> LiveIndex:
    """Read from the tables on first use, then kept for the life of the process."""
    index: LiveIndex = current_app.extensions["live_index"]
    return index


# Questions of these lengths (characters) are put before anybody else's.
FIRST_LENGTHS = range(4, 68, 8)


def warm_up(app: Flask) -> None:
    """Load the encoder and read the index now instead of at the first search.

    One search of each shelf draws up what it computes but once, and a question of
    each usual length what torch prepares for it; done before the web server forks,
    its processes share that too.
    """
    with app.app_context():
        index = live_index()
        for length in FIRST_LENGTHS:
            question = index.question("热" * length)
        with index.catalogue.reading_pairs(db.session):
            pass  # read for the lists and the review desk too
        with index.reading(db.session) as held:
            for shelf in held.shelves.values():
                shelf.rank(question, limit=1)
