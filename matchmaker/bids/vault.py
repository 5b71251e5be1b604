"""What a bid is sealed with. Small on purpose; nothing else here knows a cipher.

A master key of 32 random bytes lies in a file outside the database. From it come, by
HKDF, a key for each bidder and call, and the private half of the release key. Every
text and every file has a fresh data key (AES-256-GCM), which is stored wrapped: for
its bidder under the bidder's key, and of a submission also for the release, by HPKE to
the public half. So whoever seals can never open for the release: the private half is
derived in `opening.key` alone.

What is sealed is bound to its `Place`: a row that is given another's bytes, or an
older submission's, does not open.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import Unavailable

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
FORMAT = "matchmaker-bids-1"
BLOCK = 1 << 20
RELEASE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
# The others of the machine have no business with the key; a group may be a container's.
OTHERS = 0o007


class Tampered(Exception):
    """The bytes are not what was sealed at this place."""


@dataclass(frozen=True)
class Place:
    """Where something sealed belongs: it opens nowhere else.

    kind    «draft», «submission», «file»
    mark    which of them: the number of the submission, the reference of the file
    """

    call_id: int
    organisation_id: int
    kind: str
    mark: str = ""

    def bound(self) -> bytes:
        """The place as bytes to bind to."""
        return canonical([self.call_id, self.organisation_id, self.kind, self.mark])


@dataclass(frozen=True)
class Sealed:
    """A sealed text; its data key wrapped for the bidder and, of some, the release."""

    text: bytes
    bidder_key: bytes
    release_key: bytes | None


@dataclass(frozen=True)
class Master:
    """The content of the key file; ``fingerprint`` names it without betraying it."""

    secret: bytes
    release_public: bytes

    @property
    def fingerprint(self) -> str:
        return derived(self.secret, "fingerprint", size=8).hex()


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value: keys sorted, no blanks, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def derived(secret: bytes, *purpose: str | int, size: int = KEY_BYTES) -> bytes:
    """A key for one purpose, by HKDF-SHA-256."""
    info = canonical([FORMAT, *purpose])
    return HKDF(hashes.SHA256(), size, salt=None, info=info).derive(secret)


def release_private(secret: bytes) -> X25519PrivateKey:
    """The private half: for the making of the key file, and for the release."""
    return X25519PrivateKey.from_private_bytes(derived(secret, "release"))


def make_key_file(path: Path) -> bool:
    """Write a fresh master key unless one is there; says whether it did.

    Made in full under a passing name and then linked, so that of two who try at once
    one wins and nobody ever reads half a key.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(KEY_BYTES)
    public = release_private(secret).public_key().public_bytes_raw()
    lines = (FORMAT, secret.hex(), public.hex(), _proof(secret, public), "")
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(lines))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)
    except FileExistsError:
        return False  # another process was first; its key is the key
    finally:
        fresh.unlink()
    return True


def _proof(secret: bytes, public: bytes) -> str:
    """Shows that the lines of a key file belong together."""
    return hmac.digest(derived(secret, "file"), public, "sha256").hex()


class Vault:
    """Seals for everybody, and opens for the bidder who may.

    Who may is asked of `policies` before; this class asks nobody.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def master(self) -> Master:
        """The key in force, read anew each time: it stays in no process.

        Raises `Unavailable` where the file is missing, open to others or damaged; a
        new key is never made here, because what is sealed would be lost with the old.
        """
        try:
            if self.path.stat().st_mode & OTHERS:
                raise Unavailable("bids.key_open")
            lines = self.path.read_text(encoding="ascii").split("\n")
        except OSError as error:
            raise Unavailable("bids.key_missing") from error
        except UnicodeDecodeError as error:
            raise Unavailable("bids.key_damaged") from error
        try:
            form, secret, public, proof, _ = lines
            found = Master(bytes.fromhex(secret), bytes.fromhex(public))
        except ValueError as error:
            raise Unavailable("bids.key_damaged") from error
        whole = form == FORMAT and len(found.secret) == KEY_BYTES
        if not whole or not hmac.compare_digest(
            proof.encode(), _proof(found.secret, found.release_public).encode()
        ):
            raise Unavailable("bids.key_damaged")
        return found

    def seal(self, place: Place, text: bytes, *, for_release: bool) -> Sealed:
        """Seal a text under a fresh data key."""
        master, data_key = self.master(), fresh_key()
        released = None
        if for_release:
            public = X25519PublicKey.from_public_bytes(master.release_public)
            released = RELEASE.encrypt(data_key, public, place.bound())
        return Sealed(
            seal_with(data_key, place, text), _wrap(master, place, data_key), released
        )

    def open(self, place: Place, sealed: bytes, bidder_key: bytes) -> bytes:
        """The text, for its bidder; raises `Tampered`."""
        return open_with(self.unwrap(place, bidder_key), place, sealed)

    def wrap(self, place: Place, data_key: bytes) -> bytes:
        """A data key for its bidder's eyes."""
        return _wrap(self.master(), place, data_key)

    def unwrap(self, place: Place, bidder_key: bytes) -> bytes:
        """The data key, for its bidder; raises `Tampered`."""
        return _opened(_bidder_key(self.master(), place), place, bidder_key)


def fresh_key() -> bytes:
    """A data key nobody had before."""
    return secrets.token_bytes(KEY_BYTES)


def seal_with(data_key: bytes, place: Place, text: bytes) -> bytes:
    """Nonce, ciphertext and tag of a text."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(data_key).encrypt(nonce, text, place.bound())


def open_with(data_key: bytes, place: Place, sealed: bytes) -> bytes:
    """The text sealed at the place; raises `Tampered`."""
    return _opened(data_key, place, sealed)


def _opened(key: bytes, place: Place, sealed: bytes) -> bytes:
    try:
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, rest, place.bound())
    except (InvalidTag, ValueError) as error:
        raise Tampered(place) from error


def _bidder_key(master: Master, place: Place) -> bytes:
    return derived(master.secret, "bidder", place.call_id, place.organisation_id)


def _wrap(master: Master, place: Place, data_key: bytes) -> bytes:
    return seal_with(_bidder_key(master, place), place, data_key)


# -- files: block by block, so that none has to fit into memory ---------------------


def sealed_size(size: int) -> int:
    """How many bytes a file of so many has when sealed."""
    return size + TAG_BYTES * max(1, -(-size // BLOCK))


class Blocks:
    """Blocks as a file that is read from the beginning."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int) -> bytes:
        """The next bytes, ``size`` at most; nothing at the end."""
        while len(self._rest) < size and (block := next(self._blocks, b"")):
            self._rest += block
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def sealed_stream(plain: BinaryIO, data_key: bytes, place: Place) -> Blocks:
    """A file as it is read, sealed under a data key of its own.

    The number of the block and whether it is the last are in the nonce, so that blocks
    can be neither moved, dropped nor added.
    """
    return Blocks(_sealed_blocks(plain, AESGCM(data_key), place.bound()))


def _sealed_blocks(plain: BinaryIO, cipher: AESGCM, bound: bytes) -> Iterator[bytes]:
    number, block = 0, plain.read(BLOCK)
    while True:
        following = plain.read(BLOCK) if len(block) == BLOCK else b""
        yield cipher.encrypt(_nonce(number, last=not following), block, bound)
        if not following:
            return
        number, block = number + 1, following


def opened_stream(sealed: BinaryIO, data_key: bytes, place: Place) -> Iterator[bytes]:
    """The file again, block by block; raises `Tampered` where it is not what it was."""
    cipher, bound = AESGCM(data_key), place.bound()
    number, block = 0, sealed.read(BLOCK + TAG_BYTES)
    while True:
        following = sealed.read(BLOCK + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), block, bound)
        except (InvalidTag, ValueError) as error:
            raise Tampered(place) from error
        if not following:
            return
        number, block = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])
