"""Commands of `flask --app wsgi`."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Attach every group of commands."""
    from .accounts import users_cli

    app.cli.add_command(users_cli)
