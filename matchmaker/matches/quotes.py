"""Find in a record's own text the sentences that the evidence quotes."""

from collections.abc import Iterable

Segments = list[tuple[str, bool]]


def mark(text: str, quotes: Iterable[str]) -> Segments:
    """The text in pieces, each with whether the evidence quotes it."""
    spans: list[tuple[int, int]] = []
    for quote in quotes:
        start = text.find(quote) if quote else -1
        if start >= 0:
            spans.append((start, start + len(quote)))
    segments: Segments = []
    done = 0
    for start, stop in sorted(spans):
        if stop <= done:
            continue
        start = max(start, done)
        if start > done:
            segments.append((text[done:start], False))
        segments.append((text[start:stop], True))
        done = stop
    if done < len(text):
        segments.append((text[done:], False))
    return segments
