"""What keeps a process small: little imported, little kept, the rest given back."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

# Asked for by modules that compare, score or learn from vectors; we only make them.
# Without these a process is 75 MB smaller and starts a second sooner.
UNUSED = ("sklearn", "sklearn.metrics", "scipy", "scipy.sparse", "scipy.optimize")
# glibc's numbers for what `mallopt` sets.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
LARGE_BYTES = 256 * 1024
ARENAS = 2


def stay_small() -> None:
    """Let large blocks go back to the system when freed, and threads share pools.

    By default a pool for each thread fills with holes, and the size that counts as
    large grows to 32 MB. Where the C library is not glibc this does nothing.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_MMAP_THRESHOLD, LARGE_BYTES)
        set_option(_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Return to the system what loading used and nothing uses any more."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)


class _Absent(ModuleType):
    """A module in name only: every name in it is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


@contextmanager
def without_scoring() -> Iterator[None]:
    """What is imported inside gets none of `UNUSED`, unless it is loaded already."""
    put = [name for name in UNUSED if name not in sys.modules]
    for name in put:
        sys.modules[name] = _Absent(name)
        sys.modules[name].__spec__ = ModuleSpec(name, None)
    try:
        yield
    finally:
        for name in put:
            del sys.modules[name]
