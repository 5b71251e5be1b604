"""Where the bytes go."""

import io
import stat

import pytest

from matchmaker.attachments.store import STALE_SECONDS, Store
from matchmaker.errors import Invalid


class Endless(io.RawIOBase):
    """Two gigabytes that nobody has: it counts what is read of it."""

    read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 1 << 20, "never all at once"
        self.read_bytes += size
        return b"x" * size


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "attachments", 100_000)


def kept(store):
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_a_huge_file_is_cut_off_at_the_limit_and_leaves_nothing(store):
    stream = Endless()
    with pytest.raises(Invalid, match="invalid"), store.staged(stream):
        pytest.fail("it was taken")
    assert stream.read_bytes < 300_000
    assert kept(store) == []


def test_an_empty_file_is_refused(store):
    with pytest.raises(Invalid), store.staged(io.BytesIO()):
        pytest.fail("it was taken")


def test_a_kept_file_lies_under_its_hash_for_its_owner_alone(store):
    with store.staged(io.BytesIO(b"words")) as staged, store.keeping(staged):
        pass
    path = store.path(staged.sha256)
    assert path.read_bytes() == b"words"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.held() == {staged.sha256}


def test_a_file_whose_row_was_not_written_is_only_cleared_later(store):
    with (
        pytest.raises(RuntimeError),
        store.staged(io.BytesIO(b"words")) as staged,
        store.keeping(staged),
    ):
        raise RuntimeError("the database refused")
    assert store.held() == {staged.sha256}
    with store.clearing():
        assert store.remove(store.held()) == 1
    assert store.held() == set()


def test_what_a_killed_upload_left_goes_after_a_day(store):
    incoming = store.folder / "incoming"
    incoming.mkdir(parents=True)
    left = incoming / "half"
    left.write_bytes(b"half")
    written = left.stat().st_mtime
    store.sweep_incoming(written + STALE_SECONDS - 1)
    assert left.exists()
    store.sweep_incoming(written + STALE_SECONDS + 1)
    assert not left.exists()


@pytest.mark.parametrize("digest", ["", "../../x", "0" * 63, "G" * 64, "/etc/passwd"])
def test_only_a_hash_makes_a_path(store, digest):
    with pytest.raises(ValueError, match="hash"):
        store.path(digest)
