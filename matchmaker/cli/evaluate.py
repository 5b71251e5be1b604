"""flask evaluate: how well the ranking does on judged data."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from tqdm import tqdm

from index import embed, metrics
from index import evaluate as judged
from index.approval import shipped
from index.hybrid import Hit
from index.remembering import RememberingEncoder
from index.text import Source

from ..config import Settings
from ..matches.pairs import PAIRS
from ..rankers.judged import raters
from ..search.live import make_encoder
from .base import Command

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("evaluate", cls=Command)
@click.option("--data", "folders", type=FOLDER, multiple=True, help="Folder of data.")
@click.option("--queries", type=FILE, help='Texts to ask instead: {"id", "text"}.')
@click.option(
    "--title", is_flag=True, help="Ask each query by its title, nothing else."
)
@click.option(
    "--wordings", is_flag=True, help="Ask each query in all its wordings in turn."
)
@click.option(
    "--distractors",
    type=FILE,
    help="Texts of a CSL file among the items, right for no query.",
)
@click.option(
    "--kind",
    type=click.Choice(sorted(judged.KINDS)),
    default="need-achievement",
    show_default=True,
)
@click.option("--run", type=click.Path(path_type=Path), help="Write a TREC run here.")
@click.option(
    "--known-item",
    type=FILE,
    help="Find each text of this CSL file (task, text, target) by its target.",
)
@with_appcontext
def evaluate(
    folders: tuple[Path, ...],
    queries: Path | None,
    title: bool,
    wordings: bool,
    distractors: Path | None,
    kind: str,
    run: Path | None,
    known_item: Path | None,
) -> None:
    """Rank judged data and compare with BM25, dense and reciprocal-rank fusion."""
    settings: Settings = current_app.config["SETTINGS"]
    encoder = RememberingEncoder(
        make_encoder(settings, threads=2), settings.instance_dir / "evaluate.db"
    )
    if not folders and known_item is None:
        raise click.UsageError("name a folder with --data, or a file with --known-item")
    if wordings and run is not None:
        raise click.UsageError("a run holds one wording; leave out --wordings")
    if known_item is not None:
        _known_item(encoder, known_item)
    if not folders:
        return
    asks, answers = judged.KINDS[kind]
    try:
        data = judged.read(folders)
        asked = (
            judged.wordings(folders, data.records[asks])
            if wordings
            else {"": _texts(data, kind, queries, title)}
        )
        more = judged.distractors(distractors) if distractors else {}
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    bench = _bench(encoder, data.records[answers] | more)
    for name, texts in asked.items():
        if name:
            click.echo(f"\n{name}")
        _judged(bench, data, folders, kind, texts, run)


def _texts(
    data: judged.Data, kind: str, queries: Path | None, title: bool
) -> dict[str, str] | None:
    if queries is not None:
        return {row["id"]: row["text"] for row in judged.lines(queries, "id", "text")}
    if title:
        asking = data.records[judged.KINDS[kind][0]]
        return {name: source.title for name, source in asking.items()}
    return None


def _judged(
    bench: judged.Bench,
    data: judged.Data,
    folders: tuple[Path, ...],
    kind: str,
    texts: Mapping[str, str] | None,
    run: Path | None,
) -> None:
    """Whole records are ranked as a search would and as suggestions are."""
    asks, answers = judged.KINDS[kind]
    likely: dict[str, Callable[[Hit], float]] = {}
    if texts is None:
        records = judged.askers(bench.encoder, data.records[asks])
        pair = next(p for p, sides in PAIRS.items() if sides == (asks, answers))
        rater = raters(folders, bench, pair, shipped())
        likely = {name: rater(name, record) for name, record in records.items()}
        asked = {name: record.question() for name, record in records.items()}
    else:
        asked = judged.questions(bench.encoder, data.records[asks], texts)
    report = judged.Report()
    written: list[str] = []
    for name, question in sorted(asked.items()):
        rivals = bench.rank(question, likely.get(name))
        written += judged.run_lines(name, rivals.ours)
        grades = {
            item: grade
            for item, grade in data.grades.get(name, {}).items()
            if item in data.records[answers]
        }
        if any(grades.values()):
            report.add(name, rivals, grades)
    click.echo(f"{kind}: {len(bench.names)} items, {len(asked)} queries")
    if report.queries:
        click.echo(report.table(held_out=True))
        click.echo(report.table(held_out=False))
    else:
        click.echo("no query has a judgement above 0, so there is nothing to measure")
    if run is not None:
        run.parent.mkdir(parents=True, exist_ok=True)
        run.write_text("".join(written), encoding="utf-8")
        click.echo(f"{len(written)} lines written to {run}")


def _bench(encoder: RememberingEncoder, items: Mapping[str, Source]) -> judged.Bench:
    if not items:
        raise click.UsageError("the folders hold no items of this kind")
    total = embed.count_encodings(list(items.values()), [False] * len(items))
    with tqdm(total=total, desc="encoding", unit="passage", leave=False) as bar:
        return judged.Bench(encoder, items, lambda done: _advance(bar, done))


def _advance(bar: Any, done: int) -> None:
    bar.update(done - bar.n)


def _known_item(encoder: RememberingEncoder, path: Path) -> None:
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    wide = [row for row in rows if len(row) == 3]
    items = {f"{n:05d}": Source("", text, ()) for n, (_, text, _) in enumerate(wide)}
    bench = _bench(encoder, items)
    ranks: dict[str, list[float]] = {}
    for name, (_, _, target) in zip(items, wide, strict=True):
        question = embed.question(encoder, target.replace("_", " "))
        for ranker, ranking in bench.rank(question):
            order = [item for item, _ in ranking]
            value = metrics.reciprocal_rank(order, {name: metrics.USEFUL}, 10)
            ranks.setdefault(ranker, []).append(value)
    click.echo(f"known item, {path.name}: {len(items)} texts, MRR@10")
    for ranker, values in ranks.items():
        mean, low, high = metrics.interval(values)
        click.echo(f"{ranker:10}{mean:.4f} [{low:.4f}, {high:.4f}]")
