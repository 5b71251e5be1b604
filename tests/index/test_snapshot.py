"""A copy of the index on disk: taken when sound, left aside when not."""

import json
import os
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

from index import snapshot
from index.hashing import HashingEncoder
from index.hybrid import HybridIndex
from index.snapshot import KEPT, Origin
from index.sync import LiveIndex, compare
from models import IndexChange, Need, transaction
from models.outbox import Audience, RecordType

from .corpus import ANSWER, BATTERY, ENCODER, fillers, question, record

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
ORIGIN = Origin(ENCODER.name, 7, "2026-11-23T04:00:00+00:00", [3, 5])


@pytest.fixture(scope="module")
def held():
    index = HybridIndex(ENCODER.dimension)
    for one in fillers(15):
        index.put(ACHIEVEMENT, one.id, [one])
    index.put(ACHIEVEMENT, 99, [record(99, ANSWER, modes=["joint"], trl=None)])
    full = record(1, BATTERY, NEED, Audience.INSIDE)
    public = record(1, ANSWER, NEED, Audience.OUTSIDE)
    index.put(NEED, 1, [full, public])
    return index


def hits(index, kind, inside):
    found = index.rank(question("电池热失控预警"), kind, inside=inside, limit=50)
    return [(hit.record_id, hit.score) for hit in found]


def spoil(path, change):
    data = bytearray(path.read_bytes())
    path.write_bytes(bytes(change(data)))


# -- A copy and what is made of it -----------------------------------------------


def test_what_is_read_back_ranks_exactly_as_what_was_written(tmp_path, held):
    snapshot.write(tmp_path, held, ORIGIN)
    found = snapshot.read(tmp_path, ENCODER.name)

    assert found is not None
    assert found.origin == ORIGIN
    for (kind, inside), shelf in held.shelves.items():
        other = found.index.shelves[kind, inside]
        assert other.ids() == shelf.ids()
        assert hits(found.index, kind, inside) == hits(held, kind, inside)
        for id_ in shelf.ids():
            one, two = shelf.get(id_), other.get(id_)
            assert one is not None
            assert two is not None
            assert (one.audience, one.text_hash) == (two.audience, two.text_hash)
            assert (one.passages, one.terms) == (two.passages, two.terms)
            assert dict(one.facts) == dict(two.facts)
            np.testing.assert_array_equal(one.vectors, two.vectors)
            np.testing.assert_array_equal(one.questions, two.questions)


def test_an_empty_index_is_written_and_read_as_well(tmp_path):
    snapshot.write(tmp_path, HybridIndex(ENCODER.dimension), ORIGIN)
    found = snapshot.read(tmp_path, ENCODER.name)
    assert found is not None
    assert all(len(shelf) == 0 for shelf in found.index.shelves.values())


def test_the_last_two_generations_are_kept(tmp_path, held):
    written = [snapshot.write(tmp_path, held, ORIGIN) for _ in range(4)]

    assert KEPT == 2
    assert sorted(tmp_path.iterdir()) == written[-2:]


def test_a_writing_that_failed_leaves_nothing_behind(tmp_path, held, monkeypatch):
    monkeypatch.setattr(snapshot, "_checksum", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        snapshot.write(tmp_path, held, ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_half_written_goes_after_an_hour(tmp_path, held):
    old, fresh = tmp_path / ".1-1", tmp_path / ".2-2"
    for draft in (old, fresh):
        draft.mkdir()
        (draft / "vectors.npy").write_bytes(b"half")
    os.utime(old, (0, 0))
    snapshot.write(tmp_path, held, ORIGIN)
    assert not old.exists()
    assert fresh.exists()


def test_no_folder_is_no_snapshot(tmp_path):
    assert snapshot.read(tmp_path / "nowhere", ENCODER.name) is None


# -- Copies that are not taken ---------------------------------------------------

FILES = ("vectors.npy", "questions.npy", "meta.json")
DAMAGE = {
    "cut short": lambda data: data[:-7],
    "emptied": lambda data: b"",
    "a bit flipped": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "longer": lambda data: data + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_a_torn_generation_is_passed_over_for_the_one_before(
    tmp_path, held, name, damage
):
    older = Origin(ENCODER.name, 6, "earlier", [])
    snapshot.write(tmp_path, held, older)
    spoil(snapshot.write(tmp_path, held, ORIGIN) / name, damage)

    found = snapshot.read(tmp_path, ENCODER.name)
    assert found is not None
    assert found.origin == older


@pytest.mark.parametrize("name", [*FILES, "checksum"])
def test_a_generation_with_a_file_missing_is_left_aside(tmp_path, held, name):
    (snapshot.write(tmp_path, held, ORIGIN) / name).unlink()
    assert snapshot.read(tmp_path, ENCODER.name) is None


def test_a_snapshot_of_another_encoder_is_left_aside(tmp_path, held):
    snapshot.write(tmp_path, held, ORIGIN)
    assert snapshot.read(tmp_path, "another encoder") is None


@pytest.mark.parametrize(
    "change",
    [
        {"layout": "0/0"},
        {"records": [{"id": 1}]},
        {"records": None},
        {"origin": {"encoder": ENCODER.name, "low": 3}},
    ],
)
def test_a_snapshot_of_another_layout_is_left_aside(tmp_path, held, change):
    folder = snapshot.write(tmp_path, held, ORIGIN)
    meta = json.loads((folder / "meta.json").read_text("utf-8")) | change
    (folder / "meta.json").write_text(json.dumps(meta), "utf-8")
    (folder / "checksum").write_text(snapshot._checksum(folder))

    assert snapshot.read(tmp_path, ENCODER.name) is None


def test_what_is_no_generation_is_left_alone(tmp_path, held):
    (tmp_path / "README").write_text("-")
    (tmp_path / ".123-456").mkdir()
    for _ in range(3):
        snapshot.write(tmp_path, held, ORIGIN)
    assert snapshot.read(tmp_path, ENCODER.name) is not None
    assert (tmp_path / "README").exists()


# -- Starting from one -----------------------------------------------------------


class Tables:
    """Counts how often an index had to read the tables as a whole."""

    def __init__(self, monkeypatch):
        self.reads = 0
        read = LiveIndex._from_tables

        def counted(index, session):
            self.reads += 1
            return read(index, session)

        monkeypatch.setattr(LiveIndex, "_from_tables", counted)


@pytest.fixture
def tables(monkeypatch):
    return Tables(monkeypatch)


def live(folder, encoder=ENCODER):
    return LiveIndex(lambda: encoder, folder)


@pytest.fixture
def saved(make, indexed, session, tmp_path):
    """A folder with the snapshot of an index over a need and an achievement."""
    make.need()
    make.achievement()
    indexed()
    index = live(tmp_path)
    index.caught_up(session)
    assert index.save(session) is not None
    return tmp_path


def test_a_sound_snapshot_saves_reading_the_tables(saved, session, tables):
    index = live(saved)
    held = index.caught_up(session)

    assert tables.reads == 0
    assert not compare(session, held, ENCODER.name).differs


def test_what_changed_since_the_snapshot_is_read(saved, session, tables, make, indexed):
    need = make.need(title="隧道通风")
    indexed()
    held = live(saved).caught_up(session)

    assert tables.reads == 0
    assert need.id in held.shelves[NEED, False].ids()
    assert not compare(session, held, ENCODER.name).differs


def test_a_snapshot_of_another_database_is_not_taken(saved, session, tables):
    with transaction(session):
        # The same number, made at another moment.
        session.get_one(IndexChange, _last(session)).at += timedelta(seconds=1)
    held = live(saved).caught_up(session)

    assert tables.reads == 1
    assert not compare(session, held, ENCODER.name).differs


def _last(session):
    return session.scalar(select(func.max(IndexChange.id)))


def test_a_snapshot_ahead_of_the_tables_is_not_taken(saved, session, tables):
    """The database was put back to a state from before the snapshot."""
    with transaction(session):
        session.delete(session.get_one(IndexChange, _last(session)))
    live(saved).caught_up(session)
    assert tables.reads == 1


def test_a_snapshot_of_another_encoder_sends_one_to_the_tables(saved, session, tables):
    index = live(saved, HashingEncoder(32))
    held = index.caught_up(session)

    assert tables.reads == 1
    assert held.dimension == 32
    assert len(compare(session, held, index.encoder.name).unencoded) == 2


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_corrupt_snapshot_sends_one_to_the_tables(saved, session, tables, damage):
    for folder in saved.iterdir():
        spoil(folder / "meta.json", damage)
    held = live(saved).caught_up(session)

    assert tables.reads == 1
    assert not compare(session, held, ENCODER.name).differs


def test_numbers_missing_when_it_was_written_are_still_asked_for(
    saved, session, make, indexed, tables
):
    """A change with a lower number was committed after the snapshot."""
    need = make.need(title="隧道通风")
    indexed()
    index = live(saved)
    index.caught_up(session)
    gap = _last(session) + 1
    with transaction(session):
        last = session.get_one(IndexChange, gap - 1)
        session.add(
            IndexChange(id=gap + 1, record_type=NEED, record_id=need.id, at=last.at)
        )
    index.caught_up(session)
    index.save(session)
    with transaction(session):
        session.get_one(Need, need.id).field = "EM"
        session.add(
            IndexChange(id=gap, record_type=NEED, record_id=need.id, at=last.at)
        )

    held = live(saved).caught_up(session)
    assert tables.reads == 0
    found = held.get(NEED, need.id, inside=True)
    assert found is not None
    assert found.facts["field"] == "EM"


def test_without_a_place_nothing_is_saved(session):
    index = LiveIndex(lambda: ENCODER)
    index.caught_up(session)
    assert index.save(session) is None
