"""The kinds of records that can be imported."""

from __future__ import annotations

from ..ledger.entries import Contracts
from .verdicts import Kind

KINDS: dict[str, Kind] = {"contracts": Contracts()}
