"""`flask --app wsgi tokens`: let a program act for somebody."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from models import User, utcnow

from ..api.registry import scopes
from ..db import db
from ..errors import Conflict, Forbidden, Invalid
from ..handlers import conflict_words
from ..schema import parse
from ..tokens import service
from ..tokens.schema import LONGEST_DAYS, TokenInput

tokens_cli = AppGroup("tokens", help="Let programs act for people.")


@tokens_cli.command("make")
@click.argument("email")
@click.option("--name", default="命令行", help="What the token is for.")
@click.option("--days", default=1, type=click.IntRange(1, LONGEST_DAYS))
@click.option("--scope", "chosen", multiple=True, help="needs:read …; none: all.")
def make(email: str, name: str, days: int, chosen: tuple[str, ...]) -> None:
    """Make a token that acts as EMAIL and print its secret, once."""
    user = db.session.scalar(select(User).where(User.email == email.lower()))
    if user is None:
        raise click.ClickException(f"no account {email}")
    form = {"name": name, "days": days, "scopes": list(chosen or scopes())}
    try:
        made = service.make(db.session, user, parse(TokenInput, form), now=utcnow())
    except Invalid as invalid:
        raise click.ClickException("; ".join(invalid.fields.values())) from invalid
    except Forbidden as error:
        raise click.ClickException(f"{email} may let no program act") from error
    except Conflict as conflict:
        raise click.ClickException(conflict_words(conflict)) from conflict
    click.echo(made.secret)
