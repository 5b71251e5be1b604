"""Commands of `flask --app wsgi`."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Attach every group of commands."""
    from .accounts import users_cli
    from .bids import bids_cli
    from .database import db_cli
    from .demo import demo_cli
    from .evaluate import evaluate
    from .index import index_cli
    from .jobs import worker
    from .ledger import ledger_cli
    from .policies import policies
    from .rankers import ranker_cli
    from .setup import setup
    from .tokens import tokens_cli

    for command in (
        setup,
        worker,
        evaluate,
        index_cli,
        ranker_cli,
        policies,
        db_cli,
        ledger_cli,
        bids_cli,
        users_cli,
        tokens_cli,
        demo_cli,
    ):
        app.cli.add_command(command)
