"""The private half of the release key. `opening.service` alone may import this module.

It is derived for nobody who cannot show that the call has closed and that two
different people approved; `tests/test_architecture.py` holds who may ask.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.exceptions import InvalidTag

from models import BidRelease, Call

from ...errors import Forbidden
from ..vault import RELEASE, Place, Tampered, Vault, open_with, release_private


class Opener:
    """Opens the bids of one call for its release.

    Raises `Forbidden` unless at ``now``, which the caller reads after it has locked
    the call, the time for bids is over and two different people have approved.
    """

    def __init__(
        self, vault: Vault, call: Call, release: BidRelease, now: datetime
    ) -> None:
        approvers = {release.first_by_id, release.second_by_id} - {None}
        closed = call.closes_at is not None and call.closes_at <= now
        if release.call_id != call.id or len(approvers) != 2 or not closed:
            raise Forbidden("bid.release")
        self._call_id = call.id
        self._private = release_private(vault.master().secret)

    def open(self, place: Place, sealed: bytes, release_key: bytes) -> bytes:
        """The text of a submission; raises `Tampered`."""
        if place.call_id != self._call_id:
            raise Forbidden("bid.release")
        try:
            data_key = RELEASE.decrypt(release_key, self._private, place.bound())
        except (InvalidTag, ValueError) as error:
            raise Tampered(place) from error
        return open_with(data_key, place, sealed)
