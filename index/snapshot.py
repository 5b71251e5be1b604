"""A copy of the index on disk, so that a process need not read every row to start.

Nothing depends on it: one that is missing, torn, of another encoder or of an
older layout is left aside and the tables are read instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from models.outbox import Audience, Part, RecordType

from .hybrid import HybridIndex, IndexedRecord
from .late import Tokens, no_tokens
from .ranking import Reference
from .text import TEXT_VERSION, Passage, interned

LAYOUT = f"3/{TEXT_VERSION}"
FILES = (
    "vectors.npy",
    "questions.npy",
    "tokens.npy",
    "tokens.ids.npy",
    "meta.json",
)
KEPT = 2
DRAFT_SECONDS = 3600

log = structlog.get_logger()


@dataclass(frozen=True)
class Origin:
    """Where a snapshot comes from.

    encoder  whose vectors it holds
    high     the last index change that is in it, made at ``moment``
    gaps     numbers below ``high`` that were not there yet
    """

    encoder: str
    high: int
    moment: str
    gaps: list[int]


@dataclass(frozen=True)
class Snapshot:
    index: HybridIndex
    origin: Origin


def write(folder: Path, index: HybridIndex, origin: Origin) -> Path:
    """Write a new generation beside the old ones, then give it its name."""
    folder.mkdir(parents=True, exist_ok=True)
    _clear_drafts(folder)
    records = list(_records(index))
    draft = folder / f".{os.getpid()}-{time.time_ns()}"
    draft.mkdir()
    try:
        empty = np.zeros((0, index.dimension), np.float16)
        for name in ("vectors", "questions"):
            rows = [getattr(record, name) for record in records]
            np.save(draft / f"{name}.npy", np.concatenate([empty, *rows]))
        _write_tokens(draft, [record.tokens for record in records])
        meta = {
            "layout": LAYOUT,
            "origin": asdict(origin),
            "dimension": index.dimension,
            "records": [_dump(record) for record in records],
        }
        text = json.dumps(meta, ensure_ascii=False)
        (draft / "meta.json").write_text(text, encoding="utf-8")
        (draft / "checksum").write_text(_checksum(draft))
        final = folder / f"{time.time_ns():020d}"
        draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for old in _generations(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return final


def read(
    folder: Path, encoder: str, reference: Reference | None = None
) -> Snapshot | None:
    """The newest sound generation made with this encoder, or None."""
    for generation in _generations(folder):
        try:
            found = _load(generation, encoder, reference)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("snapshot.unreadable", path=generation.name, error=str(error))
            continue
        if found is not None:
            return found
    return None


def _clear_drafts(folder: Path) -> None:
    """Remove what a process that was killed while writing left behind."""
    for draft in folder.glob(".*"):
        if time.time() - draft.stat().st_mtime > DRAFT_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)


def _generations(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.isdigit())[::-1]


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        with (folder / name).open("rb") as file:
            digest.update(name.encode())
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _load(folder: Path, encoder: str, reference: Reference | None) -> Snapshot | None:
    if (folder / "checksum").read_text() != _checksum(folder):
        raise ValueError("checksum differs")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    if meta["layout"] != LAYOUT or meta["origin"]["encoder"] != encoder:
        return None
    # Mapped, not read: processes share the pages, and most are seldom needed.
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    questions = np.load(folder / "questions.npy", mmap_mode="r")
    tokens = _read_tokens(folder, meta["records"])
    index = HybridIndex(meta["dimension"], reference)
    by_record: dict[tuple[str, int], list[IndexedRecord]] = {}
    start = 0
    for item in meta["records"]:
        end = start + len(item["passages"])
        record = _parse(item, vectors[start:end], questions[start:end], next(tokens))
        by_record.setdefault((item["kind"], record.id), []).append(record)
        start = end
    for (kind, record_id), records in by_record.items():
        index.put(RecordType(kind), record_id, records)
    return Snapshot(index, Origin(**meta["origin"]))


def _records(index: HybridIndex) -> Iterator[IndexedRecord]:
    """Every record once for each text it has, in a fixed order."""
    for kind in RecordType:
        for inside in (True, False):
            shelf = index.shelves[kind, inside]
            for id_ in shelf.ids():
                record = shelf.get(id_)
                if record is None or (
                    not inside and record.audience is Audience.EVERYONE
                ):
                    continue  # already written from the inside shelf
                yield record


def _dump(record: IndexedRecord) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "id": record.id,
        "audience": record.audience,
        "hash": record.text_hash,
        "facts": dict(record.facts),
        "tokens": len(record.tokens),
        "passages": [
            [p.part, p.position, p.text, p.start, p.end] for p in record.passages
        ],
        "terms": [list(terms) for terms in record.terms],
    }


def _write_tokens(folder: Path, texts: list[Tokens]) -> None:
    filled = [text for text in texts if len(text)] or [no_tokens()]
    together = Tokens.joined(filled)
    np.save(folder / "tokens.npy", together.vectors)
    np.save(folder / "tokens.ids.npy", together.ids)


def _read_tokens(folder: Path, items: list[dict[str, Any]]) -> Iterator[Tokens]:
    """The pieces of each record in turn."""
    vectors = np.load(folder / "tokens.npy", mmap_mode="r")
    ids = np.load(folder / "tokens.ids.npy", mmap_mode="r")
    start = 0
    for item in items:
        end = start + item["tokens"]
        yield Tokens(ids[start:end], vectors[start:end])
        start = end


def _parse(
    item: dict[str, Any], vectors: Any, questions: Any, tokens: Tokens
) -> IndexedRecord:
    return IndexedRecord(
        kind=RecordType(item["kind"]),
        id=item["id"],
        audience=Audience(item["audience"]),
        text_hash=item["hash"],
        passages=[Passage(Part(part), *rest) for part, *rest in item["passages"]],
        terms=[interned(terms) for terms in item["terms"]],
        vectors=vectors,
        questions=questions,
        facts=item["facts"],
        tokens=tokens,
    )
