"""`flask --app wsgi users`: open, list and close accounts."""

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup

from models import User, utcnow
from models.states import OrganisationKind, Role

from ..accounts import service, two_step
from ..accounts.schema import NewUser
from ..db import db
from ..errors import Invalid, NotFound
from ..schema import parse

users_cli = AppGroup("users", help="Open, list and close accounts.")

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@users_cli.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--organisation", help="Its name; opened if there is none such.")
@click.option("--kind", type=click.Choice([k.value for k in OrganisationKind]))
@password_option
def add(
    email: str,
    name: str,
    role: str,
    organisation: str | None,
    kind: str | None,
    password_stdin: bool,
) -> None:
    """Open an account."""
    form = {
        "email": email,
        "name": name,
        "role": role,
        "organisation": organisation,
        "kind": kind,
        "password": _password(password_stdin),
    }
    user = _or_say(
        lambda: service.add_user(db.session, parse(NewUser, form), now=utcnow())
    )
    click.echo(f"added {user.email} ({user.role.value})")


@users_cli.command("list")
def list_() -> None:
    """Print every account: e-mail, role, state, name, organisation."""
    for user in service.list_users(db.session):
        state = "active" if user.active else "closed"
        home = user.organisation.name if user.organisation else "-"
        click.echo("\t".join((user.email, user.role.value, state, user.name, home)))


@users_cli.command("password")
@click.argument("email")
@password_option
def password(email: str, password_stdin: bool) -> None:
    """Give an account a new password; its sessions end."""
    typed = _password(password_stdin)
    _or_say(lambda: service.set_password(db.session, email, typed, now=utcnow()))
    click.echo(f"new password for {email}")


@users_cli.command("two-step-off")
@click.argument("email")
def two_step_off(email: str) -> None:
    """Drop a lost second step; the person signs in with the password alone."""

    def work() -> User:
        user = service.find_by_email(db.session, email)
        two_step.turn_off_for(db.session, user, now=utcnow())
        return user

    _or_say(work)
    click.echo(f"no second step for {email}")


@users_cli.command("close")
@click.argument("email")
def close(email: str) -> None:
    """Close an account: nobody signs in with it, whoever was is signed out."""
    _or_say(lambda: service.set_active(db.session, email, False, now=utcnow()))
    click.echo(f"closed {email}")


@users_cli.command("open")
@click.argument("email")
def open_(email: str) -> None:
    """Open a closed account again."""
    _or_say(lambda: service.set_active(db.session, email, True, now=utcnow()))
    click.echo(f"opened {email}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _or_say(work: Callable[[], User]) -> User:
    """The user, or the refusal as a message and exit status 1."""
    try:
        return work()
    except Invalid as invalid:
        lines = (f"{name}: {words}" for name, words in invalid.fields.items())
        raise click.ClickException("\n".join(lines)) from invalid
    except NotFound as missing:
        raise click.ClickException("no account with this e-mail") from missing
