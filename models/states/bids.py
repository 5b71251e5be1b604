"""Bids for an open call."""

from collections.abc import Mapping
from enum import StrEnum


class BidState(StrEnum):
    """States of a bid; SUBMITTED: sealed. A draft that was never sent stays one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


# Before the call closes a bid may be replaced, taken back and begun anew.
BID_MOVES: Mapping[BidState, frozenset[BidState]] = {
    BidState.DRAFT: frozenset({BidState.SUBMITTED, BidState.WITHDRAWN}),
    BidState.SUBMITTED: frozenset(
        {BidState.SUBMITTED, BidState.WITHDRAWN, BidState.RELEASED}
    ),
    BidState.WITHDRAWN: frozenset({BidState.DRAFT}),
    BidState.RELEASED: frozenset(),
}

# What the number of bids of a closed call counts.
COUNTED_BIDS = frozenset({BidState.SUBMITTED, BidState.RELEASED})
