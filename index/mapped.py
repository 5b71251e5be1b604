"""The table of word pieces, read where it lies in the model's file.

It is two thirds of a small multilingual model, and a text touches a few dozen of
its rows. Mapped from the file instead of copied, only the rows in use take memory,
and every process of the machine shares them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

# So many rows are compared before the stored table stands in for the loaded one.
COMPARED = 64


class MappedEmbedding(nn.Module):
    """Stands in for one ``nn.Embedding`` at inference.

    ``table`` may be of a wider type than the model computes in; each row is
    rounded when it is used, as the whole table was when the model was loaded.
    """

    def __init__(self, table: torch.Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self._table, self._dtype = table, dtype

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(ids, self._table).to(self._dtype)


def map_embeddings(model: nn.Module, file: Path, prefix: str) -> int:
    """Replace each embedding whose table the file holds; returns how many.

    ``prefix`` is what the model's names have before those in the file. A table of
    another name, size or content than the model's is left as loaded.
    """
    if not file.is_file():
        return 0
    count = 0
    with safe_open(file, framework="pt") as stored:
        names = set(stored.keys())
        for name, module in list(model.named_modules()):
            key = f"{name.removeprefix(prefix)}.weight"
            if type(module) is not nn.Embedding or key not in names:
                continue
            table = stored.get_tensor(key)
            if not _same(table, module.weight):
                continue
            parent, _, own = name.rpartition(".")
            mapped = MappedEmbedding(table, module.weight.dtype)
            setattr(model.get_submodule(parent), own, mapped)
            count += 1
    return count


def _same(table: torch.Tensor, loaded: torch.Tensor) -> bool:
    if table.shape != loaded.shape:
        return False
    some = slice(0, COMPARED)
    return torch.equal(table[some].to(loaded.dtype), loaded[some])
