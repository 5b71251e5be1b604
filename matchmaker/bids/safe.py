"""Where sealed bids lie: keys in the vault, the ciphertext of files in the store."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
