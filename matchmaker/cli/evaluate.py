"""flask evaluate."""

import click


@click.command("evaluate")
def evaluate() -> None:
    """Measure."""
