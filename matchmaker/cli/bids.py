"""flask bids make-key | check: the key of sealed bids, and their receipts."""

import click
from flask import current_app
from sqlalchemy import select

from models import Bid

from ..bids import check as bids
from ..bids.safe import Safe
from ..bids.vault import make_key_file
from ..db import db
from ..errors import Unavailable
from ..handlers import UNAVAILABLE
from .base import Group

bids_cli = Group("bids", help="Sealed bids: their key and their receipts.")


@bids_cli.command("make-key")
def make_key() -> None:
    """Make the master key of sealed bids, if there is none yet.

    Never while something is sealed: that key would be lost, and all bids with it.
    """
    made = ensure_key()
    click.echo(f"{'made' if made else 'kept'} {safe().vault.path}")


def ensure_key() -> bool:
    """Make the key unless it is there; says whether it did.

    Raises `ClickException` where it is gone while something is sealed under it.
    """
    path = safe().vault.path
    if path.exists():
        return False
    sealed = select(Bid.id).where(Bid.key_id.is_not(None)).limit(1)
    if db.session.scalar(sealed) is not None:
        raise click.ClickException(
            f"{path} is missing, and bids are sealed under it: restore it from where "
            "it is kept; a new one opens none of them"
        )
    return make_key_file(path)


@bids_cli.command("check")
def check() -> None:
    """Hold every bid against its receipt; exit 1 if anything differs."""
    try:
        report = bids.check_all(db.session, safe())
    except Unavailable as error:
        raise click.ClickException(UNAVAILABLE[error.code]) from error
    click.echo(
        f"released {report.released}, sealed {report.sealed}, files {report.files}, "
        f"amiss {len(report.found)}"
    )
    for each in report.found:
        click.echo(f"    bid {each.bid_id}: {each.words}")
    if report.found:
        raise SystemExit(1)


def safe() -> Safe:
    """Where bids lie in this installation."""
    return Safe.of(current_app.config["SETTINGS"])
