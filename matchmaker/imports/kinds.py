"""The kinds of records that can be imported."""

from __future__ import annotations

from ..achievements.importing.columns import SHAPE as ACHIEVEMENTS
from ..calls.importing.columns import SHAPE as CALLS
from ..ledger.entries import Contracts
from ..needs.importing.columns import SHAPE as NEEDS
from ..organisations.importing.entries import Organisations
from .kind import Records
from .verdicts import Kind

KINDS: dict[str, Kind] = {
    "contracts": Contracts(),
    "needs": Records(NEEDS),
    "achievements": Records(ACHIEVEMENTS),
    "calls": Records(CALLS, submits=False),
    "organisations": Organisations(),
}
