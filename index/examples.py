"""What the encoder is taught with: problems, who asks for them how, what answers them.

Of the judged needs those of the held-out fifth teach nothing in any wording, and those
of the next fifth neither: on these the weights of the ranking were chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.outbox import RecordType

from .evaluate import is_choosing, is_held_out, lines, read
from .text import Source

WORDINGS = ("everyday-1", "everyday-2", "keywords-1", "keywords-2")


@dataclass(frozen=True)
class Example:
    """One problem: how it is asked, what answers it, and what only sounds like it.

    ``related`` are texts judged to have something to do with it: no negatives.
    """

    questions: tuple[str, ...]
    answers: tuple[str, ...]
    friends: tuple[str, ...]
    related: frozenset[str] = field(default_factory=frozenset)


def written(folder: Path) -> Iterator[Example]:
    """The problems of ``folder/*.jsonl``, each told by several people.

    ``folder/friends`` has for some of them a false friend of the same trade.
    """
    harder: dict[str, list[str]] = {}
    for path in sorted(folder.glob("friends/*.jsonl")):
        for row in lines(path, "of", "friend_title", "friend"):
            friend = Source(row["friend_title"], row["friend"], ()).whole
            harder.setdefault(row["of"], []).append(friend)
    for path in sorted(folder.glob("*.jsonl")):
        for row in lines(path, "need_title", "everyday", "title", "friend"):
            questions = [row["need_title"], *row["everyday"], *row["keywords"]]
            if "need" in row:
                need = Source(row["need_title"], row["need"], tuple(row["targets"]))
                questions.append(need.whole)
            points = tuple(row.get("indicators", ()))
            yield Example(
                tuple(questions),
                (Source(row["title"], row["abstract"], points).whole,),
                (
                    Source(row["friend_title"], row["friend"], ()).whole,
                    *harder.get(row["id"], ()),
                ),
            )


def papers(folder: Path) -> Iterator[Example]:
    """Abstracts of every science (``folder/papers``) with their titles and keywords.

    They keep what the encoder knew of finding a paper by its title, and stand among
    the texts a question must not find.
    """
    for path in sorted(folder.glob("papers/*.jsonl")):
        for row in lines(path, "title", "abstract", "keywords", "everyday"):
            yield Example(
                (row["title"], *row["keywords"], *row["everyday"]),
                (row["abstract"],),
                (Source(row["friend_title"], row["friend"], ()).whole,),
            )


def judged(folder: Path) -> Iterator[Example]:
    """The judged needs of the teaching folds, in all their wordings."""
    data = read([folder])
    needs = data.records[RecordType.NEED]
    items = {
        name: source.whole
        for name, source in data.records[RecordType.ACHIEVEMENT].items()
    }
    said: dict[str, list[str]] = {}
    for name in WORDINGS:
        for path in sorted(folder.glob(f"*/{name}.jsonl")):
            for row in lines(path, "id", "text"):
                said.setdefault(row["id"], []).append(row["text"])
    for name, grades in sorted(data.grades.items()):
        if name not in needs or is_held_out(name) or is_choosing(name):
            continue
        known = {item: grade for item, grade in grades.items() if item in items}
        best = max(known.values(), default=0)
        if best < 2:
            continue
        yield Example(
            (needs[name].whole, needs[name].title, *said.get(name, ())),
            tuple(items[item] for item, grade in known.items() if grade == best),
            tuple(items[item] for item, grade in known.items() if grade == 0),
            frozenset(items[item] for item, grade in known.items() if grade > 0),
        )
