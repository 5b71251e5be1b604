"""Commands that end in a sentence, not a traceback, where the set-up is at fault."""

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from index.loading import EncoderMissing


class _Plain:
    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)  # type: ignore[misc]
        except EncoderMissing as error:
            raise click.ClickException(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            cause = str(error.orig).splitlines()[0]
            raise click.ClickException(
                f"{cause}; if tables are missing, run `flask --app wsgi db upgrade`"
            ) from error


class Command(_Plain, click.Command):
    """A command of its own."""


class Group(_Plain, AppGroup):
    """A group whose commands run inside the application context."""
