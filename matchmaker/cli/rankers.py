"""flask ranker …: the model that tells the probability of approval."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import select
from tqdm import tqdm

from index.approval import SHIPPED
from index.metrics import Reliability
from index.remembering import RememberingEncoder
from models import Activation, utcnow

from ..config import ROOT, Settings
from ..db import db
from ..errors import Conflict, NotFound
from ..rankers import default, judged, service
from ..rankers.active import active
from ..rankers.comparison import (
    FEWEST_DECISIONS,
    FEWEST_NEEDS,
    Comparison,
    Difference,
)
from ..search.live import make_encoder
from .base import Group

ranker_cli = Group("ranker", help="The model of the probability of approval.")

SAMPLE = ROOT / "data" / "sample"
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
DATA = click.option(
    "--data",
    "folder",
    type=FOLDER,
    default=SAMPLE,
    help="Folder of judged data to compare on.",
)


@ranker_cli.command("list")
def list_rankers() -> None:
    """Name every ranker, its state, and when each was put in force."""
    click.echo(f"in force  {active(db.session).name}")
    for ranker in service.rankers(db.session):
        day = ranker.created_at.date()
        click.echo(
            f"{ranker.name:14}{ranker.state:11}{ranker.decisions:6} decisions  {day}"
        )
    for entry in db.session.scalars(select(Activation).order_by(Activation.id)):
        how = "back to" if entry.is_rollback else "activated"
        moment = f"{entry.at:%Y-%m-%d %H:%M}"
        click.echo(f"{moment}  {how} {entry.name}, {entry.rescored} pairs rescored")


@ranker_cli.command("train")
def train() -> None:
    """Fit a candidate on the decisions of the staff; it is not in force yet."""
    try:
        ranker = service.train(db.session, now=utcnow())
    except Conflict as error:
        raise click.ClickException("no decision teaches anything yet") from error
    click.echo(f"{ranker.name}, learnt from {ranker.decisions} decisions")
    kept = service.held_out(db.session)
    if kept.too_few:
        click.echo(
            f"warning: {kept.decisions} decisions on {kept.needs} needs or calls are "
            f"held out for comparing; {FEWEST_DECISIONS} on {FEWEST_NEEDS} are needed "
            "before a ranker can be put in force. A fifth is held out, so that takes "
            f"some {5 * FEWEST_DECISIONS} decisions in all.",
            err=True,
        )
    click.echo(f"compare it with `flask ranker compare {ranker.name}`")


@ranker_cli.command("compare")
@click.argument("name")
@DATA
def compare(name: str, folder: Path) -> None:
    """Hold a ranker against the one in force, on decisions and judged data."""
    _known(name)
    _show(service.compared(db.session, name, _judged(folder)))


@ranker_cli.command("activate")
@click.argument("name")
@DATA
def activate(name: str, folder: Path) -> None:
    """Put a ranker in force if it is better; rescores the pairs that wait."""
    _known(name)
    found = _judged(folder)
    try:
        entry, comparison = service.activate(db.session, name, found, now=utcnow())
    except Conflict as error:
        refused = error.facts.get("comparison")
        if isinstance(refused, Comparison):
            _show(refused)
            raise click.ClickException(f"{name} was not activated") from error
        raise click.ClickException(f"{name} is in force") from error
    _show(comparison)
    click.echo(f"{entry.name} is in force, {entry.rescored} pairs rescored")


@ranker_cli.command("rollback")
def rollback() -> None:
    """Put the ranker back in force that was before; rescores the pairs that wait."""
    try:
        entry = service.rollback(db.session, now=utcnow())
    except Conflict as error:
        raise click.ClickException("no ranker was in force before this one") from error
    click.echo(f"{entry.name} is in force again, {entry.rescored} pairs rescored")


@ranker_cli.command("fit-default")
@click.option("--data", "folder", type=FOLDER, required=True, help="Judged data.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHIPPED,
    help="Where to write the model.",
)
def fit_default(folder: Path, out: Path) -> None:
    """Fit the model that comes with the platform on judged data."""
    fitted = default.fit_default(_judged(folder).pairs)
    text = json.dumps(fitted.model.as_json(), ensure_ascii=False, indent=2)
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{fitted.model.name}: {fitted.trained} pairs, slope {fitted.slope:.3f}")
    for name, weight in fitted.model.weights.items():
        click.echo(f"  {name:20}{weight:9.4f}")
    click.echo(f"  {'bias':20}{fitted.model.bias:9.4f}")
    _calibration("calibration on the needs it was fitted on, in folds", fitted.within)
    _calibration("calibration on the held-out fifth", fitted.held_out)
    _thresholds("threshold, needs it was fitted on", fitted.table)
    _thresholds("threshold, held-out fifth", fitted.table_held_out)
    click.echo(f"least {fitted.model.least:.2f}, written to {out}")


def _known(name: str) -> None:
    """Refuse a name nobody has before minutes go into the judged data."""
    try:
        service.find(db.session, name)
    except NotFound as error:
        raise click.ClickException(f"there is no ranker «{name}»") from error


def _judged(folder: Path) -> judged.Judged:
    settings: Settings = current_app.config["SETTINGS"]
    encoder = RememberingEncoder(
        make_encoder(settings, threads=2), settings.instance_dir / "evaluate.db"
    )
    try:
        total = judged.count(folder)
        with tqdm(total=total, desc="encoding", unit="passage", leave=False) as bar:
            return judged.gather(encoder, folder, lambda done: _advance(bar, done))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _advance(bar: Any, done: int) -> None:
    bar.update(done - bar.n)


def _show(found: Comparison) -> None:
    click.echo(
        f"{found.candidate} against {found.active}: {found.decisions} held-out "
        f"decisions on {found.needs} needs or calls"
    )
    click.echo(f"{'':12}{found.active:>14}{found.candidate:>14}  difference")
    for words, row in (
        ("log loss", found.log_loss),
        ("AUC", found.auc),
        ("approval@5", found.approval_at_5),
        ("nDCG@10", found.judged),
    ):
        click.echo(f"{words:12}{_row(row)}")
    for objection in found.objections:
        click.echo(f"- {objection}")
    if not found.objections:
        click.echo("it may be activated")


def _row(row: Difference) -> str:
    return (
        f"{row.active:14.4f}{row.candidate:14.4f}  "
        f"{row.mean:+.4f} [{row.low:+.4f}, {row.high:+.4f}]"
    )


def _calibration(title: str, found: Reliability) -> None:
    click.echo(f"{title}: error {found.error:.4f}, Brier {found.brier:.4f}")
    click.echo(f"  {'from':>6}{'told':>9}{'true':>9}{'pairs':>8}")
    for one in found.bins:
        click.echo(
            f"  {one.low:6.1f}{one.predicted:9.3f}{one.observed:9.3f}{one.count:8d}"
        )


def _thresholds(title: str, table: Iterable[default.Told]) -> None:
    click.echo(
        f"{title}: needs told «none» that have no achievement, that lost theirs, "
        "that have one; useful pairs among the best five kept back"
    )
    for told in table:
        cells = (told.without, told.emptied, told.wrongly, told.lost)
        text = "".join(f"{f'{a}/{b}':>11}{_share(a, b):>7}" for a, b in cells)
        click.echo(f"  {told.least:5.2f}{text}")


def _share(some: int, of: int) -> str:
    return f"({some / of:.2f})" if of else "(-)"
