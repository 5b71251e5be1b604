"""What a group of records is called: nouns its members share, those of titles first.

Words and parts of speech are jieba's; the reader of parts of speech (49 MB) is loaded
when a group is first named, so only in processes that name any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from models.outbox import Part

from .hybrid import IndexedRecord
from .text import simplify

NAME_TERMS = 3
FEWEST = 2
# What stands in so many of the titles is what the group is about.
COMMON = 0.6
# A word of a title is worth so many times one that stands in the texts alone.
IN_TITLE = 2.0
# A word worth less than this part of the best is left out (成本, 效果), unless the name
# were a single word.
TELLING = 0.4
LONGEST_PHRASE = 4  # words

_NOUN = re.compile(r"(?:n|nz|ng|nl|vn|an|eng)\Z")
# Before a noun: 退役风机叶片, 高强钢; of one sign only what makes a word of its kind.
_BEFORE_NOUN = re.compile(r"(?:v|a|b|nr|ns)\Z")
_MAKES_WORDS = frozenset("可非抗防耐无高低超多单双")
_LATIN = re.compile(r"[a-zα-ω][a-z0-9α-ω-]{2,}\Z")
# How many passages are read to tell the kind of a word no dictionary has.
READ = 3

Tagged = tuple[tuple[str, str], ...]


def name(worth: Mapping[str, float], records: Sequence[IndexedRecord]) -> str:
    """The name of a group; ``worth`` says of each common term how telling it is.

    First what the titles have in common, then the nouns among the terms, and verbs
    that stand in a title (开裂, 漏检). Empty where there is neither.
    """
    titles = [_plain(_title(record)) for record in records]
    parts = _phrases(titles)
    rated = {
        term: value * (IN_TITLE if _stands_in(term, titles) else 1.0)
        for term, value in worth.items()
        if _is_subject(term, titles, records)
    }
    least = TELLING * max(rated.values(), default=0.0)
    for term in sorted(rated, key=lambda term: (-rated[term], term)):
        telling = rated[term] >= least or len(parts) < FEWEST
        if telling and not any(term in part or part in term for part in parts):
            parts.append(term)
    return "、".join(parts[:NAME_TERMS])


def _title(record: IndexedRecord) -> str:
    return next((p.text for p in record.passages if p.part is Part.TITLE), "")


def _plain(text: str) -> str:
    return simplify(text).lower()


def _stands_in(term: str, titles: Sequence[str]) -> bool:
    return any(term in title for title in titles)


def _phrases(titles: Sequence[str]) -> list[str]:
    """The nouns, with what stands before them, that most titles have; longest first.

    No phrase within a longer one.
    """
    least = max(2, COMMON * len(titles))
    found = {
        phrase
        for title in titles
        for phrase in _runs(_tagged(title))
        if sum(_begins_a_word(phrase, other) for other in titles) >= least
    }
    kept: list[str] = []
    for phrase in sorted(found, key=lambda one: (-len(one), one)):
        if not any(phrase in longer for longer in kept):
            kept.append(phrase)
    return kept


def _begins_a_word(phrase: str, title: str) -> bool:
    """Whether the phrase stands there from a word's first sign on.

    机房 is no part of 制冷机房, 锰渣 one of 锰渣库.
    """
    at = 0
    for word, _ in _tagged(title):
        if title.startswith(phrase, at):
            return True
        at += len(word)
    return False


def _runs(words: Tagged) -> list[str]:
    """Every run of words that ends in a noun and has only such before it as may be."""
    runs = []
    for end, (_, flag) in enumerate(words):
        if not _NOUN.match(flag):
            continue
        run = ""
        for word, kind in reversed(words[max(0, end + 1 - LONGEST_PHRASE) : end + 1]):
            if not (_NOUN.match(kind) or _may_precede(word, kind)):
                break
            run = word + run
            if len(run) > 1:
                runs.append(run)
    return runs


def _may_precede(word: str, flag: str) -> bool:
    if not _BEFORE_NOUN.match(flag):
        return False
    return len(word) > 1 or word in _MAKES_WORDS


def _is_subject(
    term: str, titles: Sequence[str], records: Sequence[IndexedRecord]
) -> bool:
    if term.isascii():
        return _LATIN.match(term) is not None
    known = _dictionary().get(term)
    if known == "v":
        return _stands_in(term, titles)
    flag = known or _kind_in(term, records)
    return _NOUN.match(flag) is not None


def _kind_in(term: str, records: Sequence[IndexedRecord]) -> str:
    """The part of speech of a word no dictionary has, from where it stands."""
    places = [
        passage.text
        for record in records
        for passage, terms in zip(record.passages, record.terms, strict=True)
        if passage.part is not Part.WHOLE and term in terms
    ]
    for text in places[:READ]:
        for word, flag in _tagged(_plain(text)):
            if word == term:
                return flag
    return ""


@lru_cache(2048)
def _tagged(text: str) -> Tagged:
    return tuple((pair.word, pair.flag) for pair in _reader().cut(text))


def _dictionary() -> Mapping[str, str]:
    known: Mapping[str, str] = _reader().word_tag_tab
    return known


def _reader() -> Any:
    import jieba.posseg

    return jieba.posseg.dt
