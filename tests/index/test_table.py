"""A table of word pieces left in its file gives the rows it would give in memory."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from index.table import FEWEST_ROWS, StoredEmbedding, leave_in_file

IDS = torch.tensor([[0, 5, 5, 4095], [17, 0, 2, 1]])


class Model(nn.Module):
    def __init__(self, rows: int = FEWEST_ROWS) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.words = nn.Embedding(rows, 8, dtype=torch.bfloat16)


def saved(folder: Path, table: torch.Tensor) -> Path:
    path = folder / "model.safetensors"
    save_file({"words.weight": table, "other.weight": torch.ones(3)}, path)
    return path


@pytest.mark.parametrize("stored", [torch.float32, torch.float16, torch.bfloat16])
def test_rows_from_the_file_are_those_of_the_loaded_table(tmp_path, stored):
    model = Model()
    table = (torch.randn(FEWEST_ROWS, 8) / 4).to(stored)
    model.words.weight.data = table.to(torch.bfloat16)
    expected = model.words(IDS)

    assert leave_in_file(model, saved(tmp_path, table), prefix="") == 1

    assert isinstance(model.words, StoredEmbedding)
    assert torch.equal(model.words(IDS), expected)
    assert not list(model.parameters()), "the loaded table is let go"


def test_the_names_may_have_a_prefix_the_file_does_not_know(tmp_path):
    wrapped = nn.Sequential(Model())
    file = saved(tmp_path, wrapped[0].words.weight.data)
    assert leave_in_file(wrapped, file, prefix="") == 0
    assert leave_in_file(wrapped, file, prefix="0.") == 1


@pytest.mark.parametrize("width", [8, 4])
def test_a_table_of_other_content_or_size_is_left_as_loaded(tmp_path, width):
    model = Model()
    file = saved(tmp_path, torch.randn(FEWEST_ROWS, width))
    assert leave_in_file(model, file, prefix="") == 0
    assert type(model.words) is nn.Embedding


def test_without_a_file_of_weights_the_table_stays_in_memory(tmp_path):
    assert leave_in_file(Model(), tmp_path / "model.safetensors", prefix="") == 0


def test_a_small_table_stays_in_memory(tmp_path):
    model = Model(rows=100)
    file = saved(tmp_path, model.words.weight.data)
    assert leave_in_file(model, file, prefix="") == 0
