"""What the tests of groups share."""

import pytest

from index import groups


@pytest.fixture(autouse=True)
def low_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The level is measured over hundreds of needs; among a few nothing reaches it."""
    monkeypatch.setattr(groups, "FLOOR", 2.0)
