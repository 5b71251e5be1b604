"""Indexed records made of a few words, with the tests' encoder."""

from typing import Any

from index import embed
from index.hashing import HashingEncoder
from index.hybrid import IndexedRecord, Question, Shelf
from index.text import Source
from models.outbox import Audience, RecordType

from ..filler import filler

ENCODER = HashingEncoder()
BATTERY = Source(
    "储能电站电池热失控提前预警",
    "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。希望在热失控前十分钟预警。",
    ("预警提前时间≥10 min", "误报率≤1%"),
)
ANSWER = Source(
    "锂电池热失控早期预警系统",
    "融合氢气浓度与电压微分特征,在电池热失控前给出分级预警。已在储能电站完成试验。",
    ("预警提前时间12 min", "误报率0.6%"),
)


def record(
    id_: int,
    source: Source,
    kind: RecordType = RecordType.ACHIEVEMENT,
    audience: Audience = Audience.EVERYONE,
    **facts: Any,
) -> IndexedRecord:
    [prepared] = embed.prepare(ENCODER, [source])
    return prepared.indexed(kind, id_, audience, facts or {"status": "published"})


def fillers(count: int, start: int = 1, **given: Any) -> list[IndexedRecord]:
    """Records about something else, ids from ``start``."""
    found = []
    for number in range(start, start + count):
        title, body, points = filler(number)
        found.append(record(number, Source(title, body, tuple(points)), **given))
    return found


def shelf_of(*records: IndexedRecord) -> Shelf:
    shelf = Shelf(ENCODER.dimension)
    for one in records:
        shelf.put(one)
    return shelf


def question(text: str) -> Question:
    return embed.question(ENCODER, text)
