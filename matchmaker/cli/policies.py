"""flask policies: the permission matrix, as the code has it."""

import click

from .. import matrix


@click.command("policies")
@click.option(
    "--table",
    type=click.Choice(["sight", "actions", "routes"]),
    help="One of the three tables; all without.",
)
def policies(table: str | None) -> None:
    """Print who may see what, who may do what, and which address is for what."""
    tables = {
        "sight": ("Who may know of a record, by its state", matrix.SIGHT),
        "actions": ("Who may do what", matrix.ACTIONS),
        "routes": ("What each address is for", matrix.ROUTES),
    }
    for name, (title, lines) in tables.items():
        if table in (None, name):
            click.echo(f"{title}\n\n{lines.strip()}\n")
