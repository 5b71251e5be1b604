"""A change of encoder: every record is encoded anew, and only then the old go."""

from sqlalchemy import func, select

from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker.jobs import reencode
from matchmaker.jobs.worker import Worker
from models import Embedding, OutboxTask
from models.outbox import RecordType

OLD, NEW = HashingEncoder(), HashingEncoder(32)


def work(session, make, encoder):
    session.rollback()
    index = LiveIndex(lambda: encoder)
    Worker(session, index, suggestions=0, clock=lambda: make.now).drain()
    session.rollback()


def stored(session):
    rows = session.execute(
        select(Embedding.encoder, func.count()).group_by(Embedding.encoder)
    )
    return dict(rows.all())


def test_all_is_encoded_anew_beside_the_old_which_then_goes(session, make):
    need, achievement = make.need(), make.achievement()
    work(session, make, OLD)
    before = stored(session)

    assert reencode.queue(session, OLD.name, now=make.now) == 0
    assert reencode.queue(session, NEW.name, now=make.now) == 2
    assert reencode.forget_others(session, NEW.name) == 0
    assert stored(session) == before

    work(session, make, NEW)
    assert stored(session) == {OLD.name: before[OLD.name], NEW.name: before[OLD.name]}
    assert reencode.lacking(session, NEW.name) == []
    assert reencode.forget_others(session, NEW.name) == before[OLD.name]
    assert stored(session) == {NEW.name: before[OLD.name]}
    assert {need.id, achievement.id} == set(
        session.scalars(select(Embedding.record_id).distinct())
    )


def test_a_record_half_way_through_keeps_the_old_vectors(session, make):
    need = make.need()
    work(session, make, OLD)
    make.achievement()
    work(session, make, NEW)
    # The achievement is known to the new encoder only, the need to the old one.
    assert reencode.lacking(session, NEW.name) == [(RecordType.NEED, need.id)]
    assert reencode.forget_others(session, NEW.name) == 0
    assert reencode.queue(session, NEW.name, now=make.now) == 1
    assert session.scalar(select(func.count(OutboxTask.id))) == 1
