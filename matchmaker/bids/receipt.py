"""The receipt: one SHA-256 over everything that was submitted, and a random salt.

The `Statement` in its canonical spelling is a file the bidder can keep. Whoever has
the file checks it with `sha256sum`, without the platform. Without the salt, which
stands only in that file, nobody can find out a bid from its receipt by guessing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from models import Bid

from .content import Content
from .vault import canonical

Statement = dict[str, Any]
FORMAT = "matchmaker-bid-1"


@dataclass(frozen=True)
class FileFacts:
    """A file in words: ``size`` in bytes, ``sha256`` of the file itself."""

    ref: str
    name: str
    kind: str
    size: int
    sha256: str


def fresh_salt() -> str:
    """32 random bytes, as hex."""
    return secrets.token_hex(32)


def statement(
    bid: Bid, at: datetime, content: Content, files: Sequence[FileFacts], salt: str
) -> Statement:
    """Everything the receipt of the bid's newest submission vouches for."""
    return {
        "format": FORMAT,
        "call": bid.call_id,
        "organisation": bid.organisation_id,
        "number": bid.number,
        "at": moment(at),
        "content": content,
        "files": [asdict(one) for one in files],
        "salt": salt,
    }


def moment(at: datetime) -> str:
    """A moment as the statement spells it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def digest(stated: Statement) -> str:
    """The receipt itself, as hex."""
    return sha256(canonical(stated)).hexdigest()
