"""What is left out to keep a process small is left out for a moment only."""

import sys

import pytest

from index.memory import UNUSED, give_back_memory, stay_small, without_scoring


@pytest.fixture
def unloaded(monkeypatch):
    for name in [n for n in sys.modules if n.startswith(("sklearn", "scipy"))]:
        monkeypatch.delitem(sys.modules, name)


def test_scikit_learn_and_scipy_are_absent_while_others_are_imported(unloaded):
    with without_scoring():
        from sklearn.metrics import pairwise_distances

        assert pairwise_distances is None
    assert not set(UNUSED) & sys.modules.keys()


def test_it_is_put_away_even_if_an_import_fails(unloaded):
    with pytest.raises(ImportError), without_scoring():
        raise ImportError
    assert not set(UNUSED) & sys.modules.keys()


def test_what_is_loaded_already_is_left_alone(monkeypatch):
    marker = object()
    monkeypatch.setitem(sys.modules, "sklearn", marker)
    with without_scoring():
        assert sys.modules["sklearn"] is marker
    assert sys.modules["sklearn"] is marker


def test_asking_the_c_library_for_less_is_harmless():
    stay_small()
    give_back_memory()
