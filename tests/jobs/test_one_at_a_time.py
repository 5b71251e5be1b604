"""Work asked for while it runs is done once more afterwards, never beside."""

from threading import Event, Thread

from matchmaker.jobs import OneAtATime

PATIENCE = 30


def test_a_wish_made_meanwhile_is_fulfilled_afterwards():
    started, go_on, runs = Event(), Event(), []

    def work():
        runs.append("begin")
        started.set()
        assert go_on.wait(PATIENCE)
        runs.append("end")

    once = OneAtATime(work)
    first = Thread(target=once)
    first.start()
    assert started.wait(PATIENCE)
    once()  # returns at once: another thread is at it
    once()
    assert runs == ["begin"]
    go_on.set()
    first.join(PATIENCE)
    assert runs == ["begin", "end"] * 2


def test_work_that_fails_can_be_asked_for_again():
    runs = []

    def work():
        runs.append(1)
        if len(runs) == 1:
            raise ValueError("the first time")

    once = OneAtATime(work)
    try:
        once()
    except ValueError:
        once()
    assert len(runs) == 2
