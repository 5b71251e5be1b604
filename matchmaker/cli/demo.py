"""flask demo load | remove: the demonstration data."""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from sqlalchemy import func, select
from tqdm import tqdm

from index.embed import count_encodings
from index.stored import ASKS
from index.text import sources
from models import TABLES, OutboxTask, Suggestion, utcnow
from models.outbox import RecordType, TaskKind

from ..accounts import service as accounts
from ..config import ROOT, Settings
from ..db import db
from ..demo import dealings, executing, ledger, publications, removal
from ..demo import service as demo
from ..jobs.worker import Worker
from ..search.live import live_index, make_encoder
from .base import Group

demo_cli = Group("demo", help="The demonstration data.")

SAMPLE = ROOT / "data" / "sample"
# The demonstration enterprise and university are the owners of these.
ENTERPRISE_OF, UNIVERSITY_OF = "N-ES-001", "A-ES-001"
# From here on it is quicker to refresh every need and call than each task's record.
BULK = 100


@demo_cli.command("load")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLE,
    help="Folder of parts, each with needs, achievements and calls.",
)
@click.option(
    "--queue-only",
    is_flag=True,
    help="Enter the records and leave encoding and matching to the worker.",
)
def load(folder: Path, queue_only: bool) -> None:
    """Enter sample, talks and ledger, encode, match; a second time does nothing."""
    try:
        loaded = demo.load(db.session, folder, now=utcnow())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"演示数据:新载入需求 {loaded.needs} 条、成果 {loaded.achievements} 项、"
        f"榜单 {loaded.calls} 个"
    )
    _accounts()
    talks = dealings.load(db.session, now=utcnow())
    contracts = ledger.load(db.session, now=utcnow())
    if talks or contracts:
        click.echo(f"演示台账:新载入对接 {talks} 项、技术合同 {contracts} 份")
    if executing.load(db.session, now=utcnow()):
        click.echo("演示榜单:新载入在研 1 个、已验收 1 个")
    if lists := publications.load(db.session, now=utcnow()):
        click.echo(f"演示清单:新载入 {lists} 份")
    waiting = db.session.scalar(select(func.count()).select_from(OutboxTask))
    if waiting and not queue_only:
        work_off()


def _accounts() -> None:
    owners = (
        db.session.scalar(select(table.organisation_id).where(table.code == code))
        for table, code in (
            (TABLES[RecordType.NEED], ENTERPRISE_OF),
            (TABLES[RecordType.ACHIEVEMENT], UNIVERSITY_OF),
        )
    )
    enterprise, university = owners
    if enterprise and university:
        accounts.create_demo_accounts(db.session, enterprise, university, now=utcnow())


def work_off() -> None:
    """Encode and match what waits, here and now, with both cores and a bar."""
    settings: Settings = current_app.config["SETTINGS"]
    encoder = make_encoder(settings, threads=2)
    worker = Worker(
        db.session,
        live_index(),
        suggestions=settings.suggestions_per_record,
        clock=utcnow,
        encoder=encoder,
    )
    waiting = list(_waiting_texts())
    total = count_encodings(
        [text for text, _ in waiting], [asks for _, asks in waiting]
    )
    with tqdm(total=total, desc="编码文本", unit="段") as bar:
        _encode(worker, bar)
    _match(worker)
    found = db.session.scalar(select(func.count()).select_from(Suggestion))
    live_index().save(db.session)
    click.echo(f"匹配建议 {found} 条")


def _match(worker: Worker) -> None:
    tasks = db.session.scalar(
        select(func.count()).where(OutboxTask.kind == TaskKind.MATCH)
    )
    if (tasks or 0) < BULK:
        while worker.match_some():
            pass
        return
    askers = sum(
        db.session.scalar(select(func.count()).select_from(TABLES[kind])) or 0
        for kind in ASKS
    )
    with tqdm(total=askers, desc="生成匹配建议", unit="条") as bar:
        worker.match_everything(bar.update)


def _encode(worker: Worker, bar: Any) -> None:
    before = 0

    def tell(done: int) -> None:
        nonlocal before
        bar.update(done - before)
        before = done

    # Together, so that texts of one length share a batch.
    while worker.encode_some(at_once=1000, progress=tell):
        before = 0


def _waiting_texts() -> Any:
    query = select(OutboxTask.record_type, OutboxTask.record_id).where(
        OutboxTask.kind == TaskKind.ENCODE
    )
    for kind, record_id in db.session.execute(query).all():
        record: Any = db.session.get(TABLES[kind], record_id)
        if record is not None:
            yield from ((text, kind in ASKS) for text in sources(record).values())


@demo_cli.command("remove")
def remove() -> None:
    """Take every demonstration record, account and organisation out again."""
    gone = removal.remove(db.session, now=utcnow())
    click.echo(f"已移除演示记录 {gone} 条")


@demo_cli.command("accounts")
def show_accounts() -> None:
    """Print the demonstration accounts."""
    for account in accounts.DEMO_ACCOUNTS:
        click.echo(f"{account.email:24} {accounts.DEMO_PASSWORD}  {account.name}")
