"""The file of the queue: whole whatever happens, and nobody waits for the disk."""

import pytest

NORMAL = 1


@pytest.mark.one_database
def test_a_message_does_not_wait_for_the_disk_and_the_file_stays_whole(app):
    connection = app.extensions["queue"].storage.conn
    [(mode,)] = connection.execute("PRAGMA journal_mode")
    [(waits,)] = connection.execute("PRAGMA synchronous")
    assert (mode, waits) == ("wal", NORMAL)
