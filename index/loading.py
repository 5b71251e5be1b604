"""Finds a model, makes it ready to compute, and gives it a name."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from safetensors.numpy import load_file

from .memory import give_back_memory, without_scoring

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Precision = Literal["auto", "float32", "bfloat16"]

LENGTH_STEP = 8
# What a word piece is carried over to, where the model's folder names no axes.
TOKEN_AXES = "token_axes.safetensors"
RANDOM_AXES = 128

# A model named like this could be on the hub; see `_is_path` for what speaks against.
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


class EncoderMissing(RuntimeError):
    """There is no usable model where the settings point."""


def _is_path(model: str) -> bool:
    """Whether a name means a folder here, so that the hub is never asked for it."""
    path = Path(model).expanduser()
    return (
        path.exists()
        or path.is_absolute()
        or not _HUB_NAME.fullmatch(model)
        or model.startswith((".", "instance/"))
        or (len(path.parts) > 1 and path.parent.is_dir())
    )


def load(model: str, precision: Precision) -> SentenceTransformer:
    """The model ready to compute; a folder is read without touching the network."""
    local = _is_path(model)
    if local:
        _require_folder(Path(model).expanduser())
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch

    with without_scoring():
        from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    from index.packed import can_pack, pack_linear_layers
    from index.table import leave_in_file

    disable_progress_bar()  # type: ignore[no-untyped-call]
    dtype = torch.bfloat16 if wants_bfloat16(precision) else torch.float32
    try:
        loaded = SentenceTransformer(
            str(Path(model).expanduser()) if local else model,
            device="cpu",
            local_files_only=local,
            model_kwargs={"dtype": dtype},
        ).eval()
    except OSError as error:
        raise EncoderMissing(f"无法加载编码器 {model}:{error}") from error
    _round_lengths(loaded)
    if can_pack(dtype):
        pack_linear_layers(loaded)
    if local:
        file = Path(model).expanduser() / "model.safetensors"
        leave_in_file(loaded, file, prefix="0.model.")
    give_back_memory()
    return loaded


def _round_lengths(model: SentenceTransformer) -> None:
    """Pad every text to a multiple of `LENGTH_STEP` tokens.

    Each new length makes torch prepare, and keep, the products of that shape: some
    100 MB after a few hundred queries, and some milliseconds for each.
    """
    first: Any = model[0]
    longest = model.max_seq_length
    if hasattr(first, "processing_kwargs") and longest and longest % LENGTH_STEP == 0:
        given = first.processing_kwargs.get("text", {})
        first.processing_kwargs["text"] = {"pad_to_multiple_of": LENGTH_STEP} | given


def _require_folder(folder: Path) -> None:
    whole = (folder / "modules.json").is_file() and any(folder.rglob("*.safetensors"))
    if not whole:
        raise EncoderMissing(
            f"编码器目录 {folder} 不存在或不完整;请先运行 make encoder"
        )


def wants_bfloat16(precision: Precision) -> bool:
    """Auto means bfloat16 where the processor multiplies it itself.

    There it is faster for short and long texts alike, at a cosine of 0.9999 with
    float32; elsewhere it is emulated and many times slower.
    """
    if precision != "auto":
        return precision == "bfloat16"
    import torch

    able = torch.cpu.get_capabilities()
    return any(able.get(flag) for flag in ("avx512_bf16", "amx_bf16"))


def identity(model: str, loaded: Any, *prompts: str) -> str:
    """A short name for model and prompts: ``multilingual-e5-small@0123456789ab``."""
    folder = Path(model).expanduser()
    digest = hashlib.sha256(json.dumps(prompts).encode())
    label = folder.name
    if folder.is_dir():
        digest.update(_fingerprint(folder))
        manifest = folder / "manifest.json"
        if manifest.is_file():
            label = json.loads(manifest.read_text("utf-8")).get("model", label)
    else:
        label = model
        revision = getattr(loaded[0].model.config, "_commit_hash", None)
        digest.update(f"{model}@{revision}".encode())
    return f"{label}@{digest.hexdigest()[:12]}"


def _fingerprint(folder: Path) -> bytes:
    """Digest of every file that can change a vector."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".safetensors", ".txt", ".model", ".bin", ".py"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


def token_axes(model: str, dimension: int) -> np.ndarray:
    """(d, w) float32: what carries a word piece over to its stored width.

    Those of the model's folder, or else axes drawn at random, the same everywhere:
    stored pieces of one encoder must be comparable wherever they were computed.
    """
    file = Path(model).expanduser() / TOKEN_AXES
    if file.is_file():
        return np.asarray(load_file(file)["axes"], np.float32)
    width = min(RANDOM_AXES, dimension)
    drawn = np.random.default_rng(dimension).standard_normal((dimension, width))
    return np.asarray(drawn / np.sqrt(width), np.float32)
