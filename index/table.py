"""The table of word pieces, left in the model's file.

It is two thirds of a small multilingual model, and a text needs a few dozen of its
rows. Read when needed they cost microseconds, since the system keeps the file in
its own cache, and no process holds the table.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
# So many rows are compared before the stored table stands in for the loaded one.
COMPARED = 64
# A smaller table is not worth the reading.
FEWEST_ROWS = 4096


class StoredEmbedding(nn.Module):
    """Stands in for one ``nn.Embedding`` at inference; safe in threads and forks.

    The rows may be stored in a wider type than the model computes in; each is
    rounded when it is used, as the whole table was when the model was loaded.
    """

    def __init__(
        self, file: Path, start: int, stored: torch.dtype, table: torch.Tensor
    ) -> None:
        super().__init__()
        self._file = file.open("rb", buffering=0)
        self._start, self._stored = start, stored
        self._dtype, self._width = table.dtype, table.shape[1]

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        wanted, places = torch.unique(ids, return_inverse=True)
        return self.rows(wanted.tolist())[places]

    def rows(self, ids: list[int]) -> torch.Tensor:
        """(n, width): the rows of these pieces, in the model's type."""
        size = self._width * self._stored.itemsize
        number = self._file.fileno()
        data = bytearray()
        for id_ in ids:
            data += os.pread(number, size, self._start + id_ * size)
        found = torch.frombuffer(data, dtype=self._stored)
        return found.view(len(ids), self._width).to(self._dtype)


def leave_in_file(model: nn.Module, file: Path, prefix: str) -> int:
    """Replace each large embedding whose table the file holds; returns how many.

    ``prefix`` is what the model's names have before those in the file. A table of
    another name, size or content than the model's is left as loaded.
    """
    if not file.is_file():
        return 0
    header, data = _header(file)
    count = 0
    for name, module in list(model.named_modules()):
        entry = header.get(f"{name.removeprefix(prefix)}.weight")
        if type(module) is not nn.Embedding or entry is None:
            continue
        table = module.weight
        if len(table) < FEWEST_ROWS:
            continue
        if entry["shape"] != list(table.shape) or entry["dtype"] not in TYPES:
            continue
        start = data + entry["data_offsets"][0]
        stored = StoredEmbedding(file, start, TYPES[entry["dtype"]], table)
        some = range(0, len(table), max(1, len(table) // COMPARED))
        if torch.equal(stored.rows(list(some)), table[some]):
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, stored)
            count += 1
    return count


def _header(file: Path) -> tuple[Mapping[str, Any], int]:
    """What a safetensors file holds, and where in it the numbers begin."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        return json.loads(opened.read(length)), 8 + length
