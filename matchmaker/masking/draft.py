"""The public text the platform proposes for a full one; its author decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.numerals import plain

from .contacts import contacts, places
from .figures import figures
from .names import organisations, own_names, people, products
from .spans import CONTACT, OWN, WORDS, Span


@dataclass(frozen=True)
class Secrets:
    """Who writes: the firm, what it may be called in public, and its people.

    firms  organisations of the platform that the text may name for short
    """

    organisation: str
    public_name: str = "本企业"
    people: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()


def masked(text: str, secrets: Secrets) -> str:
    """The text without who and how much; meaning and phenomena stay."""
    parts, last = [], 0
    for span in spans(text, secrets):
        parts += [text[last : span.start], SEAM, span.instead, SEAM]
        last = span.end
    return _smooth("".join([*parts, text[last:]]))


def masked_lines(lines: Iterable[str], secrets: Secrets) -> list[str]:
    """Each line by itself, such as the targets of a need."""
    return [masked(line, secrets) for line in lines]


def spans(text: str, secrets: Secrets) -> list[Span]:
    """What is to be hidden, in order and without overlap.

    The first to claim a place has it: an address keeps its figures, a name its
    letters.
    """
    clean = plain(text)
    found: list[Span] = []
    free = [True] * len(clean)
    for span in _claims(clean, secrets):
        if span.start < span.end and all(free[span.start : span.end]):
            free[span.start : span.end] = [False] * (span.end - span.start)
            found.append(span)
    return sorted(found, key=lambda span: span.start)


def _claims(text: str, secrets: Secrets) -> Iterator[Span]:
    yield from contacts(text)
    named = [Span(a, b, OWN, secrets.public_name) for a, b in _own(text, secrets)]
    firms = [*named, *organisations(text, secrets.firms)]
    # The longest first: the firm in full before the name it has for short.
    yield from sorted(firms, key=lambda span: (span.start - span.end, span.start))
    yield from people(text, secrets.people)
    yield from places(text)
    yield from products(text)
    yield from figures(text)


def _own(text: str, secrets: Secrets) -> Iterator[tuple[int, int]]:
    return own_names(secrets.organisation, text)


def left_open(text: str, secrets: Secrets) -> dict[str, list[str]]:
    """What a public text still tells, by kind in words: for its author to check."""
    found: dict[str, list[str]] = {}
    for span in spans(text, secrets):
        quotes = found.setdefault(WORDS[span.kind], [])
        if (quote := text[span.start : span.end]) not in quotes:
            quotes.append(quote)
    return found


def gives_away(texts: Sequence[str], secrets: Secrets) -> list[str]:
    """What must not stand in any public text: the firm's name, a way to reach it."""
    return [
        text[span.start : span.end]
        for text in texts
        for span in spans(text, secrets)
        if span.kind in (OWN, CONTACT)
    ]


_TWICE = (
    ("以上以上", "以上"),
    ("达到达到", "达到"),
    ("控制在控制在", "控制在"),
    ("某某", "某"),
)


SEAM = "\0"
_HAN = "\u4e00-\u9fff"
_GAP = re.compile(f"(?<=[{_HAN}]){SEAM}* ?{SEAM}*(?=[{_HAN}])")


def _smooth(text: str) -> str:
    # 每 15 天 becomes 每十几天: the space belonged to the figure.
    text = _GAP.sub(lambda gap: "" if SEAM in gap[0] else gap[0], text)
    text = text.replace(SEAM, "")
    for twice, once in _TWICE:
        text = text.replace(twice, once)
    return text
