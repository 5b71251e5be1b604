import pytest

from .files import Files


@pytest.fixture
def files(session, make, settings, tmp_path):
    return Files(session, make, settings, tmp_path / "imports")
