"""Every copy of the index follows the tables, whatever comes between."""

import time

import pytest
from sqlalchemy import delete, func, select

from index import feed as feeds
from index import sync
from index.feed import GAP_SECONDS, Feed
from index.stored import read_records
from index.sync import LiveIndex, compare
from matchmaker.jobs import outbox
from matchmaker.jobs.worker import Worker
from models import TABLES, Embedding, IndexChange, Need, transaction
from models.outbox import RecordType
from models.states import NeedStatus, Secrecy

from .corpus import ENCODER

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT


def live():
    return LiveIndex(lambda: ENCODER)


def change(session, kind, record_id, now, id_=None):
    """«Reread this record», as a service or the worker notes it."""
    with transaction(session):
        session.add(IndexChange(id=id_, record_type=kind, record_id=record_id, at=now))


def edit(session, item, now, **values):
    """What a service does to a record: change it and note that it changed."""
    with transaction(session):
        row = session.get_one(type(item), item.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        outbox.touch(session, row, now=now)


def last_change(session):
    return session.scalar(select(func.max(IndexChange.id))) or 0


def state(index):
    """What an index holds, to compare two of them by."""
    return {
        (kind, inside, id_): (record.text_hash, dict(record.facts))
        for (kind, inside), shelf in index.shelves.items()
        for id_ in shelf.ids()
        for record in [shelf.get(id_)]
    }


# -- Two copies, one database ----------------------------------------------------


def test_what_one_process_wrote_is_found_in_the_other(app, make, indexed):
    sessions = app.extensions["db_sessions"]
    with sessions() as mine, sessions() as theirs:
        one, other = live(), live()
        one.caught_up(mine)
        other.caught_up(theirs)
        theirs.rollback()
        need = make.need()
        indexed()

        question = other.question("电池热失控")
        with other.reading(theirs) as held:
            hits = held.rank(question, NEED, inside=False, limit=5)
        assert [hit.record_id for hit in hits] == [need.id]
        mine.rollback()
        assert state(one.caught_up(mine)) == state(other.caught_up(theirs))
        assert one.feed.high == other.feed.high > 0


def test_a_copy_that_follows_equals_one_read_anew(session, make, indexed):
    index = live()
    needs = [make.need(title=f"第{number}项热失控需求") for number in range(4)]
    index.caught_up(session)
    indexed()
    index.caught_up(session)
    edit(session, needs[0], make.now, status=NeedStatus.WITHDRAWN)
    edit(session, needs[1], make.now, title="改成轴承需求")
    edit(session, needs[2], make.now, district="雨花区")
    make.achievement()
    indexed()

    followed, fresh = state(index.caught_up(session)), state(live().caught_up(session))
    assert followed == fresh
    assert (NEED, False, needs[0].id) not in fresh
    assert fresh[NEED, False, needs[2].id][1]["district"] == "雨花区"


def test_a_change_read_twice_does_no_harm(session, make, indexed):
    need = make.need()
    indexed()
    index = live()
    before = state(index.caught_up(session))
    for _ in range(3):
        change(session, NEED, need.id, make.now)
    index.feed.high = 0

    assert state(index.caught_up(session)) == before
    assert len(index.caught_up(session).shelves[NEED, True].lexical) == 1


def test_the_record_is_read_as_it_is_not_as_the_session_remembers_it(
    app, session, make, indexed
):
    """A page holds the need while another process withdraws it from the public."""
    need = make.need()
    indexed()
    index = live()
    index.caught_up(session)
    session.rollback()
    assert session.get_one(Need, need.id).secrecy is Secrecy.PUBLIC
    with app.extensions["db_sessions"]() as other:
        edit(other, need, make.now, secrecy=Secrecy.RESTRICTED, district="雨花区")
    if session.get_bind().dialect.name == "sqlite":
        session.rollback()  # there a transaction sees one moment throughout

    held = index.caught_up(session)
    assert held.get(NEED, need.id, inside=False) is None
    assert not compare(session, held, ENCODER.name).stale


def test_a_change_of_a_record_that_is_gone_takes_it_out(session, make, indexed):
    need_id = make.need().id
    indexed()
    index = live()
    index.caught_up(session)
    with transaction(session):
        session.execute(delete(Embedding))
        session.execute(delete(Need))
        session.add(IndexChange(record_type=NEED, record_id=need_id, at=make.now))

    assert state(index.caught_up(session)) == {}


# -- Words and those they are for ------------------------------------------------


def test_a_need_made_restricted_is_gone_outside_before_the_worker_ran(
    session, make, indexed
):
    need = make.need()
    indexed()
    index = live()
    assert index.caught_up(session).get(NEED, need.id, inside=False) is not None
    edit(session, need, make.now, secrecy=Secrecy.RESTRICTED)

    held = index.caught_up(session)
    assert held.get(NEED, need.id, inside=False) is None
    assert len(held.shelves[NEED, False].lexical) == 0
    indexed()
    held = index.caught_up(session)
    assert held.get(NEED, need.id, inside=False) is None
    assert held.get(NEED, need.id, inside=True) is not None


@pytest.mark.parametrize("status", [NeedStatus.WITHDRAWN, NeedStatus.PENDING])
def test_a_need_no_longer_public_is_gone_outside_before_the_worker_ran(
    session, make, indexed, status
):
    need = make.need()
    indexed()
    index = live()
    index.caught_up(session)
    edit(session, need, make.now, status=status)

    assert index.caught_up(session).get(NEED, need.id, inside=False) is None


def test_old_words_are_gone_before_the_new_ones_have_vectors(session, make, indexed):
    need = make.need(title="甲厂的秘密工艺")
    indexed()
    index = live()
    index.caught_up(session)
    edit(session, need, make.now, title="通用工艺")
    assert index.caught_up(session).get(NEED, need.id, inside=True) is None

    indexed()
    found = index.caught_up(session).get(NEED, need.id, inside=False)
    assert found is not None
    assert found.passages[1].text == "通用工艺"


def test_a_masked_need_stands_on_both_sides_with_other_words(session, make, indexed):
    need = make.need(
        secrecy=Secrecy.MASKED,
        title="盾构刀盘磨损",
        public_title="掘进设备监测",
        public_problem="部件磨损的监测。",
        public_targets=[],
    )
    indexed()
    held = live().caught_up(session)
    inside = held.get(NEED, need.id, inside=True)
    outside = held.get(NEED, need.id, inside=False)

    assert inside is not None
    assert outside is not None
    assert inside.passages[1].text == "盾构刀盘磨损"
    assert outside.passages[1].text == "掘进设备监测"
    assert not any("盾构" in passage.text for passage in outside.passages)
    assert not any("盾构" in term for terms in outside.terms for term in terms)


def test_vectors_of_another_encoder_are_not_read(session, make, indexed):
    need = make.need()
    indexed()
    assert read_records(session, NEED, [need.id], "another")[need.id] == []
    assert len(read_records(session, NEED, [need.id], ENCODER.name)[need.id]) == 1


def test_passages_come_back_as_they_were_stored(session, make, indexed):
    need = make.need()
    indexed()
    [record] = read_records(session, NEED, [need.id], ENCODER.name)[need.id]

    assert [passage.text for passage in record.passages][:2] == [
        record.passages[0].text,
        need.title,
    ]
    for passage in record.passages:
        if passage.start >= 0:
            assert need.problem[passage.start : passage.end] == passage.text
    assert record.vectors.shape == (len(record.passages), ENCODER.dimension)
    assert record.facts["district"] == need.district


# -- Numbers that come late ------------------------------------------------------


def test_a_number_that_was_skipped_is_read_when_it_comes(session, make, indexed):
    """A transaction that took its number first was committed last."""
    need = make.need()
    indexed()
    index = live()
    index.caught_up(session)
    late = last_change(session) + 1
    change(session, NEED, need.id, make.now, id_=late + 1)
    index.caught_up(session)
    assert late in index.feed.gaps

    with transaction(session):
        session.get_one(Need, need.id).field = "EM"
        session.add(
            IndexChange(id=late, record_type=NEED, record_id=need.id, at=make.now)
        )
    found = index.caught_up(session).get(NEED, need.id, inside=True)
    assert found is not None
    assert found.facts["field"] == "EM"
    assert late not in index.feed.gaps
    assert index.feed.high == late + 1


def test_a_number_skipped_before_the_start_is_asked_for_too(session, make):
    need = make.need()
    first = last_change(session)
    change(session, NEED, need.id, make.now, id_=first + 3)
    feed = Feed()
    feed.start(session)
    assert {first + 1, first + 2} <= set(feed.gaps)

    change(session, NEED, need.id, make.now, id_=first + 2)
    assert feed.read(session) == [(NEED, need.id)]
    assert first + 1 in feed.gaps
    assert first + 2 not in feed.gaps
    assert feed.read(session) == []


def test_a_number_that_never_comes_is_given_up(session, make, monkeypatch):
    need = make.need()
    feed = Feed()
    feed.start(session)
    change(session, NEED, need.id, make.now, id_=feed.high + 2)
    feed.read(session)
    assert feed.high - 1 in feed.gaps
    now = time.monotonic()
    monkeypatch.setattr(feeds.time, "monotonic", lambda: now + GAP_SECONDS + 1)
    feed.read(session)
    assert feed.gaps == {}


def test_a_record_changed_often_is_read_once(session, make):
    need = make.need()
    feed = Feed()
    for _ in range(5):
        change(session, NEED, need.id, make.now)
    assert feed.read(session) == [(NEED, need.id)]


# -- Failures --------------------------------------------------------------------


def test_a_failure_while_rereading_loses_no_change(session, make, indexed, monkeypatch):
    index = live()
    index.caught_up(session)
    need = make.need()
    indexed()
    with monkeypatch.context() as broken:
        broken.setattr(sync, "read_records", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.caught_up(session)
        with pytest.raises(ZeroDivisionError):
            index.caught_up(session)

    assert index.caught_up(session).get(NEED, need.id, inside=True) is not None
    assert not compare(session, index.caught_up(session), ENCODER.name).differs


def test_a_failure_while_rebuilding_loses_no_change(
    session, make, indexed, monkeypatch
):
    index = live()
    index.caught_up(session)
    need = make.need()
    indexed()
    with monkeypatch.context() as broken:
        broken.setattr(sync, "read_records", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.rebuild(session)

    assert index.caught_up(session).get(NEED, need.id, inside=True) is not None


def test_a_rebuilt_index_equals_one_that_followed(session, make, indexed):
    make.need()
    make.achievement()
    indexed()
    index = live()
    before = state(index.caught_up(session))
    assert state(index.rebuild(session)) == before


def test_what_changes_while_the_tables_are_read_is_read_again(
    app, session, make, indexed, monkeypatch
):
    """The record changes after its row was read and before the reading ends."""
    need = make.need()
    indexed()
    read, done = sync.read_records, []

    def interrupted(*args):
        found = read(*args)
        if not done:
            done.append(True)
            with app.extensions["db_sessions"]() as other:
                session.rollback()
                edit(other, need, make.now, district="雨花区")
        return found

    monkeypatch.setattr(sync, "read_records", interrupted)
    index = live()
    index.caught_up(session)
    session.rollback()
    found = index.caught_up(session).get(NEED, need.id, inside=True)
    assert found is not None
    assert found.facts["district"] == "雨花区"


# -- Loading ---------------------------------------------------------------------


def test_every_kind_of_record_is_read(session, make, indexed):
    items = [make.need(), make.achievement(), make.call()]
    indexed()
    held = live().caught_up(session)
    for item, kind in zip(items, TABLES, strict=True):
        assert held.get(kind, item.id, inside=False) is not None


def test_the_encoder_is_loaded_when_first_needed(session):
    loads = []

    def load():
        loads.append(True)
        return ENCODER

    index = LiveIndex(load)
    assert loads == []
    index.question("电池")
    index.caught_up(session)
    Worker(session, index, suggestions=0, clock=lambda: None)
    assert loads == [True]
