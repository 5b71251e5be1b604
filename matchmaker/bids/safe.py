"""Where sealed bids lie: keys in the vault, the ciphertext of files in the store."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from ..attachments.store import Store
from ..config import Settings
from .vault import Vault, sealed_size


@dataclass(frozen=True)
class Safe:
    """Both together; ``limit`` is the most bytes of one file before it is sealed."""

    vault: Vault
    store: Store
    limit: int

    @classmethod
    def of(cls, settings: Settings) -> Safe:
        """The one of this installation."""
        store = Store(settings.attachment_dir, settings.attachment_bytes)
        roomy = replace(store, limit=sealed_size(store.limit))
        return cls(Vault(settings.bids_key), roomy, store.limit)

    @contextmanager
    def turn(self, session: Session) -> Iterator[None]:
        """Wait one's turn before a transaction that changes a bid.

        SQLite lets who waits for its lock look again after ever longer pauses, and
        whoever comes meanwhile goes first: at the end of a call somebody could wait for
        seconds and be too late by that. Here the system wakes who waits. PostgreSQL
        queues by itself.
        """
        if session.get_bind().dialect.name != "sqlite":
            yield
            return
        folder = self.store.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "bids.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield  # closing the file lets go
