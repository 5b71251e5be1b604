"""Loading for the worker, and what the worker finds when it starts."""

from sqlalchemy import func, select

from matchmaker.jobs.worker import Worker
from models import Embedding, Need, OutboxTask, utcnow

from .test_crash import OF_EACH, some_of_the_sample


def count(session, table):
    session.rollback()
    return session.scalar(select(func.count()).select_from(table))


def load(app, folder, *more):
    runner = app.test_cli_runner()
    result = runner.invoke(args=["demo", "load", "--folder", str(folder), *more])
    assert result.exit_code == 0, result.output


def test_queue_only_enters_the_records_and_leaves_the_work(app, session, tmp_path):
    load(app, some_of_the_sample(tmp_path), "--queue-only")
    assert count(session, Need) == OF_EACH
    assert count(session, OutboxTask) >= OF_EACH
    assert count(session, Embedding) == 0


def test_loading_without_it_does_the_work_that_waits(app, session, tmp_path):
    folder = some_of_the_sample(tmp_path)
    load(app, folder, "--queue-only")
    load(app, folder)
    assert count(session, Need) == OF_EACH
    assert count(session, OutboxTask) == 0
    assert count(session, Embedding) > 0


def test_a_starting_worker_wakes_itself(app):
    queue = app.extensions["queue"]
    queue.flush()
    app.extensions["wake_worker"]()
    # One for the records, one for the workbooks that wait.
    assert queue.pending_count() == 2
    queue.flush()


def test_a_load_stopped_between_encoding_and_matching_goes_on(app, session, tmp_path):
    folder = some_of_the_sample(tmp_path)
    load(app, folder, "--queue-only")
    live = app.extensions["live_index"]
    worker = Worker(session, live, suggestions=5, clock=utcnow)
    while worker.encode_some():
        pass
    load(app, folder)
    assert count(session, OutboxTask) == 0
