"""Start, watch and stop an import; what the worker does with it is in `worker`.

A file is uploaded, checked in the background, shown row by row, and only then read
in, once somebody says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from models import ImportRun, User, transaction
from models.session import lock
from models.states import ImportManner, ImportState

from .. import policies
from ..attachments.content import harmless
from ..attachments.store import Store
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from . import findings, mappings
from .judging import uncount
from .kinds import ACTIONS, KINDS

PER_PAGE = 20
WORKING = frozenset({ImportState.CHECKING, ImportState.RUNNING})
# What stops at its state may be begun again, or be looked at anew.
CHECKABLE = frozenset({ImportState.CHECKED, ImportState.CANCELLED, ImportState.FAILED})
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Wish:
    """What is to become of the rows, and that they hold no state secret."""

    manner: ImportManner = ImportManner.DRAFT
    promise: bool = False


DRAFTS = Wish()


@dataclass(frozen=True)
class Page:
    """One page of the list of imports."""

    runs: Sequence[ImportRun]
    page: int
    has_more: bool


def every(user: User, kind: str) -> Select[ImportRun]:
    """The imports of a kind that the person may see."""
    policies.require(user, ACTIONS[kind])
    return select(ImportRun).where(
        ImportRun.kind == kind, policies.visible_imports(user)
    )


def runs(session: Session, user: User, kind: str, page: int) -> Page:
    """The imports of a kind, newest first."""
    query = (
        every(user, kind)
        .options(joinedload(ImportRun.uploader))
        .order_by(ImportRun.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    )
    found = session.scalars(query).all()
    return Page(found[:PER_PAGE], page, len(found) > PER_PAGE)


def find(session: Session, user: User, kind: str, run_id: int) -> ImportRun:
    """The import; raises `NotFound`."""
    policies.require(user, ACTIONS[kind])
    run = session.get(ImportRun, run_id) if 0 < run_id <= LARGEST_ID else None
    if run is None or run.kind != kind or not policies.may(user, ACTIONS[kind], run):
        raise NotFound("import")
    return run


def _require_wish(actor: User, kind: str, wish: Wish) -> None:
    offered = KINDS[kind].manners(actor)
    if wish.manner not in offered:
        raise Invalid({"manner": "请从所列选项中选择"})
    if wish.manner is ImportManner.SUBMIT and not wish.promise:
        raise Invalid({"promise": "请确认内容不含国家秘密后再提交"})


def upload(
    session: Session,
    store: Store,
    actor: User,
    kind: str,
    name: str,
    stream: BinaryIO,
    *,
    wish: Wish = DRAFTS,
    now: datetime,
) -> ImportRun:
    """Keep the file and have it checked; raises `Invalid` for one too large."""
    policies.require(actor, ACTIONS[kind])
    _require_wish(actor, kind, wish)
    uploader_id = actor.id
    home = None if actor.is_staff else actor.organisation_id
    session.rollback()  # an upload takes its time; nothing stays open meanwhile
    with (
        store.staged(stream) as staged,
        store.keeping(staged),
        transaction(session),
    ):
        run = ImportRun(
            kind=kind,
            file_name=harmless(name),
            sha256=staged.sha256,
            size=staged.size,
            state=ImportState.CHECKING,
            organisation_id=home,
            manner=wish.manner,
            uploader_id=uploader_id,
            created_at=now,
            touched_at=now,
        )
        session.add(run)
        session.flush()
        history.record(
            session,
            session.get_one(User, uploader_id),
            "import.uploaded",
            run,
            now=now,
            changes={"file_name": [None, run.file_name]},
        )
        session.info["wake_import"] = True
    return run


def set_mapping(
    session: Session,
    actor: User,
    kind: str,
    run_id: int,
    chosen: Mapping[str, str],
    *,
    wish: Wish | None = None,
    now: datetime,
) -> ImportRun:
    """Say what the headings stand for, and have the file checked anew.

    ``chosen`` has the choice for each heading («» for none), and is remembered for the
    next file. Raises `Invalid` where two headings stand for one column, a required
    one is missing or one is not there.
    """
    with transaction(session):
        run = _locked(session, actor, kind, run_id)
        if run.state not in CHECKABLE:
            raise Conflict("import.not_open")
        _require_file(run)
        headings = run.report.get("headings", [])
        _refuse_unknown(headings, chosen)
        mapping = {name: chosen[name] for name in headings if chosen.get(name)}
        _refuse_mapping(kind, mapping)
        if wish is not None:
            _require_wish(actor, kind, wish)
            run.manner = wish.manner
        run.mapping = mapping
        mappings.remember(session, run, headings, mapping, now=now)
        _restart(run, ImportState.CHECKING, now)
        session.info["wake_import"] = True
    return run


def _refuse_unknown(headings: Sequence[str], chosen: Mapping[str, str]) -> None:
    unknown = sorted(set(chosen) - set(headings))
    if unknown:
        raise Invalid({"mapping": f"文件里没有「{unknown[0][:60]}」这一列，请检查列名"})


def _refuse_mapping(kind: str, mapping: Mapping[str, str]) -> None:
    layout = KINDS[kind].layout
    known = dict(layout.choices())
    taken: dict[str, str] = {}
    for heading, choice in mapping.items():
        if choice not in known:
            raise Invalid({"mapping": "没有这一列可选，请从列表中选择"})
        code = choice.partition(":")[0]
        if code in taken:
            label = layout.field(code).label
            raise Invalid(
                {
                    "mapping": f"「{taken[code]}」和「{heading}」都对应「{label}」，"
                    "请只留一个"
                }
            )
        taken[code] = heading
    missing = layout.missing(mapping)
    if missing:
        labels = "、".join(each.label for each in missing)
        raise Invalid({"mapping": f"还没有指定：{labels}"})


def start(
    session: Session,
    actor: User,
    kind: str,
    run_id: int,
    *,
    skip_errors: bool,
    takes_suspects: bool = False,
    now: datetime,
) -> ImportRun:
    """Enter the checked file, or begin anew with one that was stopped.

    Rows that look like a record there is are left out, unless ``takes_suspects``.
    Raises `Conflict` where the check is not through, or found errors that nobody
    said to skip.
    """
    with transaction(session):
        run = _locked(session, actor, kind, run_id)
        if run.state not in CHECKABLE or not run.report.get("checked"):
            raise Conflict("import.not_checked")
        _require_file(run)
        wrong = run.report["found"]["error"]
        if wrong and not skip_errors:
            raise Conflict("import.has_errors", number=wrong)
        _restart(run, ImportState.RUNNING, now)
        run.skip_errors, run.takes_suspects = skip_errors, takes_suspects
        history.record(session, actor, "import.started", run, now=now)
        session.info["wake_import"] = True
    return run


def _require_file(run: ImportRun) -> None:
    if not run.sha256:
        raise Conflict("import.expired")


def _restart(run: ImportRun, state: ImportState, now: datetime) -> None:
    run.move_to(state, now=now)
    uncount(run)
    run.error, run.finished_at = "", None
    if state is ImportState.CHECKING:
        run.report = {name: run.report[name] for name in KEPT if name in run.report}
        run.errors_sha256 = None
    run.report = findings.emptied(run.report) | {
        "turned": False,
        "pace": {"at": now.isoformat(), "done": 0},
    }


# What was found out about the file itself holds for another mapping too.
KEPT = ("sheet", "headings", "unit", "notes")


def cancel(
    session: Session, actor: User, kind: str, run_id: int, *, now: datetime
) -> ImportRun:
    """Stop before anything is entered; it may be begun again."""
    with transaction(session):
        run = _locked(session, actor, kind, run_id)
        if run.state not in WORKING | {ImportState.CHECKED}:
            raise Conflict("import.not_open")
        run.move_to(ImportState.CANCELLED, now=now)
        run.finished_at = now
        history.record(session, actor, "import.cancelled", run, now=now)
    return run


def _locked(session: Session, actor: User, kind: str, run_id: int) -> ImportRun:
    run = find(session, actor, kind, run_id)
    lock(session, run)
    return run
