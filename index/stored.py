"""Vectors as rows of the tables: written once, read by every copy of the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import TABLES, Embedding, Record
from models.outbox import Audience, RecordType

from . import embed
from .hybrid import IndexedRecord
from .late import Tokens, no_tokens
from .text import Passage, facts, interned, sources

# Needs and calls are questions; an achievement only ever answers.
ASKS = frozenset({RecordType.NEED, RecordType.CALL})


def read_records(
    session: Session, kind: RecordType, ids: Sequence[int], encoder: str
) -> dict[int, list[IndexedRecord]]:
    """What the tables hold to be indexed of these records, one list for each id.

    Only what fits the record as it is now: a text that was edited, published or
    hidden since its vectors were computed is left out until they are anew. One that
    only gained a context is found without it meanwhile.
    """
    table = TABLES[kind]
    found: dict[int, list[IndexedRecord]] = {id_: [] for id_ in ids}
    # The session may hold the record as it was before the change we follow.
    query = (
        select(table).where(table.id.in_(ids)).execution_options(populate_existing=True)
    )
    rows = _embeddings(session, kind, ids, encoder)
    for record in session.scalars(query):
        for audience, source in sources(record).items():
            for text_hash in (source.hash, source.bare.hash):
                stored = rows.get((record.id, audience, text_hash))
                if stored:
                    indexed = _indexed(kind, record, audience, text_hash, stored)
                    found[record.id].append(indexed)
                    break
    return found


def _embeddings(
    session: Session, kind: RecordType, ids: Sequence[int], encoder: str
) -> dict[tuple[int, Audience, str], list[Any]]:
    columns = (
        Embedding.record_id,
        Embedding.audience,
        Embedding.text_hash,
        Embedding.part,
        Embedding.position,
        Embedding.start,
        Embedding.end,
        Embedding.text,
        Embedding.terms,
        Embedding.vector,
        Embedding.as_query,
        Embedding.tokens,
    )
    query = (
        select(*columns)
        .where(
            Embedding.record_type == kind,
            Embedding.record_id.in_(ids),
            Embedding.encoder == encoder,
        )
        .order_by(Embedding.record_id, Embedding.id)
    )
    grouped: dict[tuple[int, Audience, str], list[Any]] = defaultdict(list)
    for row in session.execute(query):
        grouped[row.record_id, row.audience, row.text_hash].append(row)
    return grouped


def _indexed(
    kind: RecordType,
    record: Record,
    audience: Audience,
    text_hash: str,
    rows: list[Any],
) -> IndexedRecord:
    return IndexedRecord(
        kind=kind,
        id=record.id,
        audience=audience,
        text_hash=text_hash,
        passages=[Passage(r.part, r.position, r.text, r.start, r.end) for r in rows],
        terms=[interned(r.terms) for r in rows],
        vectors=_vectors(r.vector for r in rows),
        questions=_vectors(r.as_query or r.vector for r in rows),
        facts=facts(record, kind),
        tokens=_tokens(rows[0].tokens),
    )


def _tokens(blob: bytes | None) -> Tokens:
    """The pieces of the whole, with their width in front (two bytes)."""
    if blob is None:
        return no_tokens()
    return Tokens.from_bytes(blob[2:], int.from_bytes(blob[:2], "little"))


def _token_bytes(tokens: Tokens) -> bytes:
    width = int(tokens.vectors.shape[1])
    return width.to_bytes(2, "little") + tokens.to_bytes()


def _vectors(blobs: Iterable[bytes]) -> np.ndarray[Any, np.dtype[np.float16]]:
    return np.array([np.frombuffer(blob, "<f2") for blob in blobs])


def embeddings(
    kind: RecordType,
    record_id: int,
    audience: Audience,
    prepared: embed.Prepared,
    encoder: str,
) -> list[Embedding]:
    """The rows that store a prepared text, in the order of its passages."""
    whole = prepared.source.hash
    return [
        Embedding(
            record_type=kind,
            record_id=record_id,
            audience=audience,
            encoder=encoder,
            part=passage.part,
            position=passage.position,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            text_hash=whole,
            terms=prepared.terms[row],
            vector=prepared.vectors[row].astype("<f2").tobytes(),
            as_query=(
                prepared.questions[row].astype("<f2").tobytes()
                if kind in ASKS
                else None
            ),
            tokens=_token_bytes(prepared.tokens) if row == 0 else None,
        )
        for row, passage in enumerate(prepared.passages)
    ]
