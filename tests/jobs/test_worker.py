"""The worker: what was promised is done once, whatever fails on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from index.hashing import HashingEncoder
from index.loading import EncoderMissing
from index.sync import LiveIndex
from matchmaker.jobs import outbox
from matchmaker.jobs.outbox import wake_after_commit
from matchmaker.jobs.worker import LONGEST_WAIT, Worker
from models import (
    Embedding,
    IndexChange,
    Need,
    OutboxTask,
    session_factory,
    transaction,
)
from models.outbox import Audience, RecordType, TaskKind
from models.states import NeedStatus, Secrecy

NEED = RecordType.NEED
SECRET = "热失控"  # stands in every need the factory makes


class Encoder(HashingEncoder):
    """Counts what it is asked and fails where it is told to."""

    def __init__(self):
        super().__init__()
        self.texts: list[str] = []
        self.broken_by = ""
        self.before = lambda: None

    def encode_passages(self, texts, progress=None):
        self.before()
        if self.broken_by and any(self.broken_by in text for text in texts):
            raise RuntimeError(f"cannot encode {texts}")
        self.texts += texts
        return super().encode_passages(texts, progress)

    def encode_queries(self, texts, progress=None):
        return super().encode_passages(texts, progress)


class Clock:
    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def encoder():
    return Encoder()


@pytest.fixture
def clock(make):
    return Clock(make.now)


@pytest.fixture
def worker(session, encoder, clock):
    return Worker(session, LiveIndex(lambda: encoder), suggestions=3, clock=clock)


def tasks(session, kind=None):
    session.rollback()
    query = select(OutboxTask).order_by(OutboxTask.id)
    if kind is not None:
        query = query.where(OutboxTask.kind == kind)
    return list(session.scalars(query))


def embeddings(session, record_id):
    session.rollback()
    query = select(Embedding).where(Embedding.record_id == record_id)
    return list(session.scalars(query.order_by(Embedding.id)))


def changes(session):
    return session.scalar(select(func.count()).select_from(IndexChange))


def edit(session, need, now, **values):
    with transaction(session):
        row = session.get_one(Need, need.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        outbox.touch(session, row, now=now)


# -- Encoding --------------------------------------------------------------------


def test_encoding_stores_vectors_tells_the_indexes_and_asks_for_matching(
    session, make, worker
):
    need = make.need()
    before = changes(session)
    assert worker.encode_some() == 1

    rows = embeddings(session, need.id)
    assert rows[0].text.startswith(need.title)
    assert {row.audience for row in rows} == {Audience.EVERYONE}
    assert {row.encoder for row in rows} == {"hashing-64"}
    assert all(len(row.vector) == len(row.as_query) == 2 * 64 for row in rows)
    assert changes(session) == before + 1
    assert [task.kind for task in tasks(session)] == [TaskKind.MATCH]


def test_all_of_it_is_done_in_one_transaction(session, make, worker, monkeypatch):
    """The process dies where the task would be struck off: nothing was done."""
    need = make.need()
    before = changes(session)
    monkeypatch.setattr(worker, "_strike", lambda ids: 1 / 0)
    worker.encode_some()

    assert embeddings(session, need.id) == []
    assert changes(session) == before
    assert [task.kind for task in tasks(session)] == [TaskKind.ENCODE]


def test_no_transaction_is_open_while_the_encoder_computes(
    session, make, worker, encoder
):
    make.need()
    seen = []
    encoder.before = lambda: seen.append(session.in_transaction())
    worker.encode_some()
    assert seen
    assert not any(seen)


def test_several_tasks_of_one_record_are_one_piece_of_work(
    session, make, worker, encoder
):
    need = make.need()
    edit(session, need, make.now, district="雨花区")
    edit(session, need, make.now, field="EM")
    assert len(tasks(session)) == 3

    assert worker.encode_some() == 1
    assert len(encoder.texts) == len(embeddings(session, need.id))
    assert [task.kind for task in tasks(session)] == [TaskKind.MATCH]


def test_a_record_edited_meanwhile_is_encoded_again(
    app, session, make, worker, encoder
):
    """Its old words get no vectors, and the task stays until the new ones have."""
    need = make.need()

    def edit_once():
        encoder.before = lambda: None
        with app.extensions["db_sessions"]() as other:
            row = other.get_one(Need, need_id)
            edit(other, row, make.now, title="改过的标题")

    need_id = need.id
    encoder.before = edit_once
    worker.encode_some()
    assert embeddings(session, need_id) == []
    assert len(tasks(session, TaskKind.ENCODE)) == 2

    worker.drain()
    assert embeddings(session, need_id)[1].text == "改过的标题"
    assert tasks(session) == []


def test_the_same_words_for_another_audience_keep_their_vectors(
    session, make, worker, encoder
):
    need = make.need()
    worker.drain()
    before = [(row.text, row.vector) for row in embeddings(session, need.id)]
    encoder.texts.clear()
    for secrecy, audience in (
        (Secrecy.RESTRICTED, Audience.INSIDE),
        (Secrecy.PUBLIC, Audience.EVERYONE),
    ):
        edit(session, need, make.now, secrecy=secrecy)
        worker.drain()
        rows = embeddings(session, need.id)
        assert {row.audience for row in rows} == {audience}
        assert [(row.text, row.vector) for row in rows] == before
    assert encoder.texts == []


def test_a_need_that_became_masked_has_its_public_words_encoded_alone(
    session, make, worker, encoder
):
    need = make.need()
    worker.drain()
    full = len(embeddings(session, need.id))
    encoder.texts.clear()
    edit(
        session,
        need,
        make.now,
        secrecy=Secrecy.MASKED,
        public_title="某安全监测",
        public_problem="某设备的监测。",
        public_targets=[],
    )
    worker.drain()

    rows = embeddings(session, need.id)
    sides = [[r for r in rows if r.audience is side] for side in Audience]
    everyone, outside, inside = sides
    assert everyone == []
    assert len(inside) == full
    assert [row.text for row in outside] == encoder.texts
    assert not any(SECRET in row.text for row in outside)


@pytest.mark.parametrize("status", [NeedStatus.WITHDRAWN, NeedStatus.DRAFT])
def test_a_record_nobody_may_find_loses_its_vectors(session, make, worker, status):
    need = make.need()
    worker.drain()
    assert embeddings(session, need.id)
    edit(session, need, make.now, status=status)
    worker.drain()

    assert embeddings(session, need.id) == []
    assert tasks(session) == []


def test_a_record_that_is_gone_leaves_no_task_and_no_vectors(session, make, worker):
    need_id = make.need().id
    worker.drain()
    with transaction(session):
        row = session.get_one(Need, need_id)
        outbox.touch(session, row, now=make.now)
        session.flush()
        session.delete(row)
    worker.drain()

    assert embeddings(session, need_id) == []
    assert tasks(session) == []


def test_vectors_of_another_encoder_stay_beside(session, make, worker, clock):
    need = make.need()
    worker.drain()
    other = HashingEncoder(32)
    index = LiveIndex(lambda: other)
    edit(session, need, make.now, district="雨花区")
    Worker(session, index, suggestions=0, clock=clock).drain()

    names = {row.encoder for row in embeddings(session, need.id)}
    assert names == {"hashing-64", "hashing-32"}


# -- Draining --------------------------------------------------------------------


def test_draining_does_everything_once(session, make, worker, encoder):
    for _ in range(3):
        make.need()
    make.achievement()
    assert worker.drain() == 8  # four to encode, four to match
    texts, notes = len(encoder.texts), changes(session)

    assert worker.drain() == 0
    assert tasks(session) == []
    assert (len(encoder.texts), changes(session)) == (texts, notes)


def test_work_done_twice_changes_nothing(session, make, worker, encoder):
    need = make.need()
    worker.drain()
    before = [(r.text, r.vector, r.audience) for r in embeddings(session, need.id)]
    encoder.texts.clear()
    edit(session, need, make.now)
    worker.drain()

    rows = embeddings(session, need.id)
    assert [(r.text, r.vector, r.audience) for r in rows] == before
    assert encoder.texts == []


def test_more_tasks_than_fit_at_once_are_all_done(session, make, worker):
    ids = [make.need().id for _ in range(5)]
    assert worker.encode_some(at_once=2) == 2
    worker.drain()
    assert all(embeddings(session, id_) for id_ in ids)


def test_progress_is_told_up_to_the_last_text(session, make, worker):
    need = make.need()
    told = []
    worker.encode_some(progress=told.append)
    rows = len(embeddings(session, need.id))
    assert told[-1] == 2 * rows  # each as something found and as something asked
    assert told == sorted(told)


# -- Failing ---------------------------------------------------------------------


def test_a_failing_encoder_puts_work_off_longer_and_longer(
    session, make, worker, encoder, clock
):
    make.need()
    encoder.broken_by = SECRET
    waits = []
    for attempt in range(1, 9):
        assert worker.drain() == 0
        [task] = tasks(session)
        assert task.attempts == attempt
        waits.append(task.retry_at - clock.now)
        assert worker.encode_some() == 0
        assert tasks(session)[0].attempts == attempt  # not before its time
        clock.now = task.retry_at

    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [2, 4, 8, 16, 32, 60, 60, 60]
    assert max(waits) == LONGEST_WAIT
    encoder.broken_by = ""
    assert worker.drain() == 2
    assert tasks(session) == []


def test_one_text_that_cannot_be_encoded_holds_up_no_other(
    session, make, worker, encoder
):
    good = [make.need(), make.need()]
    bad = make.need(title="编不了的标题")
    encoder.broken_by = "编不了"
    worker.drain()

    assert all(embeddings(session, need.id) for need in good)
    assert embeddings(session, bad.id) == []
    [task] = tasks(session)
    assert (task.record_id, task.attempts) == (bad.id, 1)


def test_no_words_of_a_record_are_kept_in_an_error(
    session, make, worker, encoder, clock
):
    make.need(secrecy=Secrecy.RESTRICTED)
    encoder.broken_by = SECRET
    worker.drain()
    assert tasks(session)[0].last_error == "RuntimeError"


def test_an_error_of_the_database_quotes_no_text(session, make):
    """It would end in the log."""
    need = make.need(secrecy=Secrecy.RESTRICTED)
    need.deadline = "不是日期"
    need.title = "绝密工艺"
    with pytest.raises(StatementError) as failed:
        session.flush()
    session.rollback()
    assert "绝密工艺" not in str(failed.value)


def test_a_matching_that_fails_is_put_off_and_done_later(
    session, make, worker, clock, monkeypatch
):
    make.need()
    with monkeypatch.context() as broken:
        broken.setattr("matchmaker.matches.suggest.refresh", lambda *_, **__: 1 / 0)
        worker.drain()
    [task] = tasks(session)
    assert (task.kind, task.last_error) == (TaskKind.MATCH, "ZeroDivisionError")
    clock.now += timedelta(hours=1)
    assert worker.drain() == 1
    assert tasks(session) == []


def test_a_missing_encoder_is_said_at_once(session, make, clock):
    def missing():
        raise EncoderMissing("run `make encoder`")

    make.need()
    with pytest.raises(EncoderMissing, match="make encoder"):
        Worker(session, LiveIndex(missing), suggestions=0, clock=clock)
    assert tasks(session)[0].attempts == 0


# -- Waking ----------------------------------------------------------------------


@pytest.fixture
def woken(app):
    """(a session whose factory wakes us, how often it did)."""
    factory = session_factory(app.extensions["db_engine"])
    calls = []
    wake_after_commit(factory, lambda: calls.append(True))
    with factory() as session:
        yield session, calls


def test_the_worker_is_woken_by_the_commit_and_not_before(woken, make):
    session, calls = woken
    need_id = make.need().id
    with transaction(session):
        outbox.touch(session, session.get_one(Need, need_id), now=make.now)
        session.flush()
        assert calls == []
    assert calls == [True]
    with transaction(session):
        session.get_one(Need, need_id).district = "雨花区"
    assert calls == [True]


def test_a_transaction_that_was_rolled_back_wakes_nobody(woken, make):
    session, calls = woken
    need_id = make.need().id

    def touch_and_fail():
        with transaction(session):
            outbox.touch(session, session.get_one(Need, need_id), now=make.now)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        touch_and_fail()
    assert calls == []
    with transaction(session):
        session.get_one(Need, need_id).district = "雨花区"
    assert calls == []


def test_a_queue_that_cannot_be_reached_spoils_no_commit(app, make, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise ConnectionError("no queue")

    monkeypatch.setattr(app.extensions["queue"], "enqueue", refuse)
    with app.extensions["db_sessions"]() as session:
        need_id = make.need().id
        with transaction(session):
            outbox.touch(session, session.get_one(Need, need_id), now=make.now)
        session.rollback()
        assert len(tasks(session)) == 2
