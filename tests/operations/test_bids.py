"""Submissions around the end of a call: each whole and in time, or refused."""

from benchmarks import bids


def test_at_the_end_of_a_call_nothing_is_lost_and_nothing_late(
    tmp_path, empty_database
):
    outcome = bids.run(
        tmp_path, clients=6, submissions=36, seconds=1.5, database_url=empty_database
    )
    assert outcome.sound, bids.report(outcome)
    assert len(outcome.sent) == 36
    assert outcome.refused >= 1  # what was sent beyond the end
    assert outcome.taken + outcome.refused == 36
    assert outcome.released == 6


def test_a_lost_or_late_submission_would_be_noticed():
    """The counting itself, on answers that are wrong on purpose."""
    sent = [bids.Sent("甲", number, 303, 0.1) for number in (1, 2)]
    assert bids.Outcome(sent=sent, stored=2).sound
    assert not bids.Outcome(sent=sent, stored=1).sound
    assert not bids.Outcome(sent=sent, stored=2, amiss=["bid 1"]).sound
    assert not bids.Outcome(sent=sent, stored=2, late=["甲"]).sound
