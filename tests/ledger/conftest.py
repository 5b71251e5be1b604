import pytest

from .sheets import Imports


@pytest.fixture
def imports(session, make, settings, tmp_path):
    return Imports(session, make, settings, tmp_path / "imports")
