"""flask ledger check: prove sums, states and numbers of the contracts."""

import click

from models import utcnow

from ..db import db
from ..labels import today
from ..ledger import check as ledger
from ..money import in_yuan
from .base import Group

ledger_cli = Group("ledger", help="The ledger of technology contracts.")


@ledger_cli.command("check")
def check() -> None:
    """Prove sums, states and numbering; exit 1 if anything differs."""
    proof = ledger.prove(db.session, today=today(utcnow()))
    click.echo(
        f"contracts {proof.contracts}, recognised {proof.recognised}, "
        f"turnover {in_yuan(proof.total_fen)}"
    )
    for found in proof.findings:
        mark = f"WRONG {found.number}" if found.number else "ok"
        click.echo(f"{found.rule:<22}{mark:<10}{found.words}")
        for name in found.named:
            click.echo(f"    {name}")
    if proof.differs:
        raise SystemExit(1)
