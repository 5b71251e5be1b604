"""What is kept of an import, and for how long.

Staged rows go when the run is over or nobody touched it for a week. The uploaded file,
its sheet of errors and the rows the page quotes go after the retention period: they are
other people's contracts. What the run did, in numbers, stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ImportRun, transaction
from models.session import lock
from models.states import ImportState

from . import findings
from .service import WORKING
from .staging import Staging

LEFT = timedelta(days=7)


def tidy(session: Session, staging: Staging, *, days: int, now: datetime) -> int:
    """Let go of what is kept too long; says of how many runs something went.

    ``days`` is the retention period of uploads. Their bytes go with the next sweep of
    the store (`attachments.service.sweep`), which knows who else names the same file.
    """
    return _unstage(session, staging, now) + _expire(session, days, now)


def _unstage(session: Session, staging: Staging, now: datetime) -> int:
    gone = 0
    for run_id in staging.held_runs():
        run = session.get(ImportRun, run_id)
        over = run is None or run.state is ImportState.DONE
        if over or (run is not None and now - run.touched_at > LEFT):
            # A worker that was away for a week may be at it again.
            with staging.held(run_id) as alone:
                if alone:
                    staging.forget(run_id)
                    gone += 1
    session.rollback()
    return gone


def _expire(session: Session, days: int, now: datetime) -> int:
    query = select(ImportRun.id).where(
        ImportRun.sha256 != "",
        ImportRun.state.not_in(WORKING),
        ImportRun.touched_at < now - timedelta(days=days),
    )
    found = list(session.scalars(query))
    gone = 0
    for run_id in found:
        with transaction(session):
            run = session.get_one(ImportRun, run_id)
            lock(session, run)
            if run.state not in WORKING:
                run.sha256, run.errors_sha256 = "", None
                run.report = findings.unquoted(run.report)
                gone += 1
    return gone
