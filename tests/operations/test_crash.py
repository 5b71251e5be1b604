"""Processes are killed in the middle of their work, and nothing is lost by it."""

from pathlib import Path

from benchmarks import crash
from benchmarks.processes import ROOT

KILLS = 3
OF_EACH = 20


def some_of_the_sample(folder: Path) -> Path:
    """A folder of data with the first records of each kind."""
    part = folder / "data" / "part1"
    part.mkdir(parents=True)
    for name in crash.KINDS:
        source = ROOT / "data" / "sample" / "part1" / f"{name}.jsonl"
        lines = source.read_text("utf-8").splitlines()[:OF_EACH]
        (part / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    return part.parent


def test_killed_at_any_moment_nothing_is_lost_or_done_twice(tmp_path, empty_database):
    data = some_of_the_sample(tmp_path)
    outcome = crash.run(
        tmp_path,
        data,
        kills=KILLS,
        seed=11,
        model="hashing",
        database_url=empty_database,
        latest=1.5,
    )
    assert len(outcome.rounds) == KILLS
    assert outcome.posted > 0
    assert outcome.lost == []
    assert outcome.doubled == []
    assert outcome.twice_suggested == 0
    assert outcome.waiting == 0
    assert "no difference" in outcome.index


def test_a_lost_or_doubled_record_would_be_noticed():
    """The counting itself, on a table that is wrong on purpose."""
    outcome = crash.Outcome(index="no difference")
    assert outcome.sound
    crash.tally({"N-1", "N-2"}, crash.Counter({"N-2": 2, "N-3": 1}), outcome)
    assert outcome.lost == ["N-1"]
    assert outcome.doubled == ["N-2"]
    assert not outcome.sound
