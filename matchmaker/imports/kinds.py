"""The kinds of records that can be imported."""

from __future__ import annotations

from ..achievements.importing.columns import SHAPE as ACHIEVEMENTS
from ..calls.importing.columns import SHAPE as CALLS
from ..ledger.kind import Contracts
from ..needs.importing.columns import SHAPE as NEEDS
from ..organisations.importing.kind import Organisations
from .kind import Records
from .verdicts import Kind

KINDS: dict[str, Kind] = {
    "contracts": Contracts(),
    "needs": Records(NEEDS),
    "achievements": Records(ACHIEVEMENTS),
    "calls": Records(CALLS, submits=False),
    "organisations": Organisations(),
}
# What one must be allowed to do for the import of each.
ACTIONS = {
    "contracts": "ledger.import",
    "needs": "import.needs",
    "achievements": "import.achievements",
    "calls": "import.calls",
    "organisations": "import.organisations",
}
