"""Holding an index against the tables: what is missing, stale, extra, unencoded."""

from dataclasses import replace

from sqlalchemy import delete

from index import sync
from index.sync import LiveIndex, compare
from models import Embedding, Need, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus, Secrecy

from .corpus import ENCODER

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT


def live():
    return LiveIndex(lambda: ENCODER)


def test_an_index_that_is_in_step_does_not_differ(session, make, indexed):
    make.need(secrecy=Secrecy.RESTRICTED)
    make.need(status=NeedStatus.DRAFT)
    make.achievement(status=AchievementStatus.WITHDRAWN)
    make.call()
    indexed()
    report = compare(session, live().caught_up(session), ENCODER.name)

    assert report == sync.Comparison([], [], [], [])
    assert not report.differs


def test_each_difference_is_named_for_what_it_is(session, make, indexed):
    missing, stale_words, stale_facts, gone = (make.need() for _ in range(4))
    indexed()
    waiting = make.achievement()
    held = live().caught_up(session)
    held.put(NEED, missing.id, [])
    other = held.get(NEED, stale_words.id, inside=True)
    assert other is not None
    with transaction(session):
        session.get_one(Need, stale_words.id).title = "别的标题"
        session.get_one(Need, stale_facts.id).field = "EM"
        session.get_one(Need, gone.id).status = NeedStatus.WITHDRAWN
    report = compare(session, held, ENCODER.name)

    assert report.differs
    assert report.missing == [(NEED, missing.id)]
    assert report.stale == [(NEED, stale_facts.id)]
    # Its old words may not be found, and its new ones have no vectors yet.
    assert report.extra == sorted([(NEED, stale_words.id), (NEED, gone.id)])
    assert report.unencoded == [(ACHIEVEMENT, waiting.id), (NEED, stale_words.id)]


def test_other_vectors_and_other_words_are_stale(session, make, indexed):
    one, two = make.need(), make.need()
    indexed()
    held = live().caught_up(session)
    for id_, changes in ((one.id, "vectors"), (two.id, "terms")):
        record = held.get(NEED, id_, inside=True)
        assert record is not None
        other = {
            "vectors": record.vectors[::-1],
            "terms": [["x"] for _ in record.terms],
        }[changes]
        held.put(NEED, id_, [replace(record, **{changes: other})])

    report = compare(session, held, ENCODER.name)
    assert report.stale == [(NEED, one.id), (NEED, two.id)]


def test_a_record_the_tables_do_not_know_is_extra(session, make, indexed):
    need_id = make.need().id
    indexed()
    held = live().caught_up(session)
    with transaction(session):
        session.execute(delete(Embedding))
        session.execute(delete(Need))

    assert compare(session, held, ENCODER.name).extra == [(NEED, need_id)]


def test_a_masked_need_with_one_side_encoded_is_unencoded(session, make, indexed):
    need = make.need()
    indexed()
    with transaction(session):
        row = session.get_one(Need, need.id)
        row.secrecy = Secrecy.MASKED
        row.public_title, row.public_problem, row.public_targets = "题", "问题", []

    held = live().caught_up(session)
    assert compare(session, held, ENCODER.name).unencoded == [(NEED, need.id)]
