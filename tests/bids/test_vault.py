"""What is sealed opens at its place, under its key, for whom it was meant; else not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest

from matchmaker.bids import vault as v
from matchmaker.errors import Unavailable

PLACE = v.Place(7, 3, "submission", "1")
TEXT = "某揭榜书的全文".encode()


@pytest.fixture
def vault(tmp_path):
    path = tmp_path / "bids.key"
    assert v.make_key_file(path)
    return v.Vault(path)


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "bids.key"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: v.make_key_file(path), range(16)))
    assert made.count(True) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["bids.key"]
    before = path.read_bytes()
    assert not v.make_key_file(path)
    assert path.read_bytes() == before


def test_the_bidder_opens_what_it_sealed_and_no_draft_has_a_release_key(vault):
    sealed = vault.seal(PLACE, TEXT, for_release=True)
    assert vault.open(PLACE, sealed.text, sealed.bidder_key) == TEXT
    assert sealed.release_key
    draft = vault.seal(v.Place(7, 3, "draft"), TEXT, for_release=False)
    assert draft.release_key is None


def test_no_two_sealings_of_a_text_are_alike(vault):
    one, two = (vault.seal(PLACE, TEXT, for_release=True) for _ in range(2))
    assert len({one.text, two.text}) == len({one.bidder_key, two.bidder_key}) == 2
    assert TEXT not in one.text


@pytest.mark.parametrize(
    "elsewhere",
    [
        v.Place(8, 3, "submission", "1"),
        v.Place(7, 4, "submission", "1"),
        v.Place(7, 3, "draft", "1"),
        v.Place(7, 3, "submission", "2"),
    ],
)
def test_nothing_opens_at_another_place(vault, elsewhere):
    sealed = vault.seal(PLACE, TEXT, for_release=True)
    other = vault.seal(elsewhere, TEXT, for_release=True)
    data_key = vault.unwrap(PLACE, sealed.bidder_key)
    with pytest.raises(v.Tampered):
        vault.open(elsewhere, sealed.text, sealed.bidder_key)
    with pytest.raises(v.Tampered):  # the text of one under the key of the other
        vault.open(PLACE, sealed.text, other.bidder_key)
    with pytest.raises(v.Tampered):
        v.open_with(data_key, elsewhere, sealed.text)


@pytest.mark.parametrize("at", [0, 5, 20, -1])
def test_a_changed_byte_is_noticed(vault, at):
    sealed = vault.seal(PLACE, TEXT, for_release=False)
    for name in ("text", "bidder_key"):
        changed = bytearray(getattr(sealed, name))
        changed[at] ^= 1
        given = {"text": sealed.text, "bidder_key": sealed.bidder_key}
        given[name] = bytes(changed)
        with pytest.raises(v.Tampered):
            vault.open(PLACE, given["text"], given["bidder_key"])
    with pytest.raises(v.Tampered):
        vault.open(PLACE, b"short", sealed.bidder_key)


def test_another_master_key_opens_nothing(vault, tmp_path):
    sealed = vault.seal(PLACE, TEXT, for_release=False)
    other = tmp_path / "other.key"
    v.make_key_file(other)
    with pytest.raises(v.Tampered):
        v.Vault(other).open(PLACE, sealed.text, sealed.bidder_key)
    assert v.Vault(other).master().fingerprint != vault.master().fingerprint


def test_a_missing_open_or_damaged_key_is_said_and_never_replaced(tmp_path, vault):
    good = vault.path.read_text()
    cases = {
        "bids.key_missing": tmp_path / "nowhere.key",
        "bids.key_open": tmp_path / "open.key",
        "bids.key_damaged": tmp_path / "damaged.key",
    }
    cases["bids.key_open"].write_text(good)
    cases["bids.key_open"].chmod(0o604)
    cases["bids.key_damaged"].write_text(good[:-3] + "x\n")
    cases["bids.key_damaged"].chmod(0o600)
    for code, path in cases.items():
        with pytest.raises(Unavailable, match=code):
            v.Vault(path).seal(PLACE, TEXT, for_release=True)
    assert not cases["bids.key_missing"].exists()
    for text in ("", "matchmaker-bids-1\nzz\n\n\n", good.replace("-1", "-2")):
        cases["bids.key_damaged"].write_text(text)
        with pytest.raises(Unavailable, match=r"bids\.key_damaged"):
            v.Vault(cases["bids.key_damaged"]).master()


@pytest.mark.parametrize("size", [0, 1, v.BLOCK - 1, v.BLOCK, v.BLOCK + 1, 2 * v.BLOCK])
def test_a_file_comes_back_as_it_was(size):
    data, key = bytes(index % 251 for index in range(size)), v.fresh_key()
    sealed = _sealed(data, key)
    assert len(sealed) == v.sealed_size(size)
    assert b"".join(v.opened_stream(BytesIO(sealed), key, PLACE)) == data


def test_blocks_of_a_file_cannot_be_moved_dropped_or_added():
    key, whole = v.fresh_key(), v.BLOCK + v.TAG_BYTES
    sealed = _sealed(bytes(2 * v.BLOCK + 9), key)
    first, second, last = sealed[:whole], sealed[whole : 2 * whole], sealed[2 * whole :]
    assert last
    for wrong in (
        second + first + last,
        first + last,
        first + second,
        sealed + last,
        sealed[:-1],
        b"",
    ):
        with pytest.raises(v.Tampered):
            list(v.opened_stream(BytesIO(wrong), key, PLACE))


def _sealed(data, key):
    stream = v.sealed_stream(BytesIO(data), key, PLACE)
    found = []
    while block := stream.read(70_000):
        found.append(block)
    return b"".join(found)
