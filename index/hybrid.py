"""Dense and lexical search over records, one ranking."""

from dataclasses import dataclass, field

Segment = tuple[str, bool]


@dataclass(frozen=True)
class Hit:
    """A record that was found, and why.

    score   higher is better, comparable within one search
    answer  the passage that speaks to the query, cut so that matched words
            can be marked: (text, marked)
    parts   what the score was computed from
    """

    record_id: int
    score: float
    answer: list[Segment] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
