"""The files themselves: outside the web root, named by what they hold.

A file is first written under a passing name, counted and hashed as it comes in,
then linked to its place. A lock file keeps who puts a file in its place apart from
who clears away what no row names any more.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from ..errors import Invalid
from ..labels import file_size

BLOCK = 1 << 16
STALE_SECONDS = 24 * 3600
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Readable(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Staged:
    """A file that came in and is not kept yet."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Store:
    """A folder of files; ``limit`` is the most bytes one may have."""

    folder: Path
    limit: int

    @contextmanager
    def staged(self, stream: Readable) -> Iterator[Staged]:
        """Write what comes in to disk; it is gone at the end unless kept.

        Raises `Invalid` for an empty file and, as soon as the limit is passed, for
        one too large: the rest is never read.
        """
        incoming = self.folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = incoming / secrets.token_hex(16)
        try:
            digest, size = sha256(), 0
            with path.open("xb") as file:
                path.chmod(0o600)
                while block := stream.read(BLOCK):
                    size += len(block)
                    if size > self.limit:
                        raise Invalid({"file": too_large(self.limit)})
                    digest.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            if not size:
                raise Invalid({"file": "文件是空的，请重新选择"})
            yield Staged(path, size, digest.hexdigest())
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def keeping(self, staged: Staged) -> Iterator[None]:
        """Put the file in its place while the block writes the row that names it."""
        with self._locked(fcntl.LOCK_SH):
            place = self.path(staged.sha256)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A copy that is there already has the same bytes.
            os.replace(staged.path, place)
            yield

    def path(self, digest: str) -> Path:
        """Where the file of this hash lies; a hash is all that makes a path."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError("not a hash")
        return self.folder / digest[:2] / digest

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Nobody puts a file in its place while the block runs."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def remove(self, digests: Iterable[str]) -> int:
        """Delete these files (inside `clearing`); says how many there were."""
        gone = 0
        for digest in digests:
            path = self.path(digest)
            if path.exists():
                path.unlink()
                gone += 1
        return gone

    def held(self) -> set[str]:
        """The hashes of all files kept."""
        found = (path.name for path in self.folder.glob("[0-9a-f][0-9a-f]/*"))
        return {name for name in found if _DIGEST.fullmatch(name)}

    def sweep_incoming(self, now: float) -> None:
        """Delete what an upload left behind when its process was killed."""
        for path in (self.folder / "incoming").glob("*"):
            if now - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, how)
            yield  # closing the file lets go


def too_large(limit: int) -> str:
    """What to tell somebody whose file is too large."""
    return f"文件超过 {file_size(limit)}，请压缩或拆分后再上传"
