"""Texts to unit vectors: order, prompts, odd texts, and what is said of failures."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
)

from index import encoder as encoders
from index.encoder import Encoder, SentenceEncoder, batches, unit_rows
from index.hashing import HashingEncoder
from index.loading import EncoderMissing
from index.packed import can_pack, pack_linear_layers

# What this process said of threads and of the network, and a new one shall say itself.
SET_HERE = re.compile(r"HF_|(OMP|MKL|OPENBLAS)_NUM_THREADS|TOKENIZERS_PARALLELISM")
ODD_TEXTS = ["", " \n\t", "\0", "a\0b", "😀👍🏽", "\ud800", "\u200b", "ё", "長" * 3_000]


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A sentence-transformers folder with a tiny random model over single signs."""
    signs = ["<pad>", "<unk>", *map(chr, range(33, 127)), *"锂电池回收技术需求"]
    tokenizer = Tokenizer(
        models.WordLevel({s: i for i, s in enumerate(signs)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(signs),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=64,
    ).save_pretrained(tmp_path)
    SentenceTransformer(str(tmp_path), device="cpu").save(str(tmp_path))
    return tmp_path


@pytest.fixture
def small(small_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(
        str(small_folder), query_prompt="q:", passage_prompt="p:", precision="float32"
    )


def assert_unit_rows(vectors: np.ndarray, rows: int, dimension: int) -> None:
    assert vectors.shape == (rows, dimension)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(rows), abs=1e-5)


def test_vectors_are_those_of_the_library(
    small: SentenceEncoder, small_folder: Path
) -> None:
    texts = ["锂电池", "回收技术需求", "a", "GB/T-18487"]
    plain = SentenceTransformer(str(small_folder), device="cpu")
    expected = plain.encode(texts, prompt="p:", normalize_embeddings=True)
    assert small.encode_passages(texts) == pytest.approx(expected, abs=1e-5)


def test_rows_come_in_the_order_of_the_texts(small: SentenceEncoder) -> None:
    texts = [sign * length for length in (40, 1, 17, 3, 25) for sign in "锂电x"]
    together = small.encode_passages(texts)
    alone = np.vstack([small.encode_passages([text]) for text in texts])
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_question_is_not_encoded_as_a_passage(small: SentenceEncoder) -> None:
    query, passage = small.encode_queries(["锂"]), small.encode_passages(["锂"])
    assert np.abs(query - passage).max() > 1e-3


def test_a_repeated_question_is_not_encoded_again(
    small: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small.encode_queries(["锂", "电", "锂"])
    assert np.array_equal(first[0], first[2])

    def fail(*_: object) -> np.ndarray:
        raise AssertionError("encoded again")

    monkeypatch.setattr(small, "_forward", fail)
    again = small.encode_queries(["电", "锂"])
    again[:] = 0  # what a caller does to its rows does not reach the cache
    assert np.array_equal(small.encode_queries(["电", "锂"]), first[[1, 0]])


def test_only_the_most_recent_questions_are_kept(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "CACHED_QUERIES", 2)
    small = SentenceEncoder(str(small_folder))
    small.encode_queries(["锂"])
    small.encode_queries(["电"])
    small.encode_queries(["锂"])
    small.encode_queries(["池"])
    kept = [text for text in "锂电池" if small._cache.get(text) is not None]
    assert kept == ["锂", "池"]


def test_word_pieces_come_with_the_same_vectors(small: SentenceEncoder) -> None:
    texts = ["锂电池", "回收", "a"]
    for encode, read in (
        (small.encode_queries, small.read_queries),
        (small.encode_passages, small.read_passages),
    ):
        vectors, tokens = read(texts)
        assert vectors == pytest.approx(encode(texts), abs=1e-5)
        assert [len(one) for one in tokens] == [3, 2, 1]
        assert all(one.vectors.shape[1] == small.token_width for one in tokens)


def test_the_pieces_of_a_text_are_its_own_and_not_the_prompts(
    small: SentenceEncoder,
) -> None:
    [asked], [found] = small.read_queries(["锂电"])[1], small.read_passages(["锂电"])[1]
    assert asked.ids.tolist() == found.ids.tolist()
    assert len(asked) == 2


def test_pieces_read_before_are_not_read_again(
    small: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, tokens = small.read_queries(["锂", "电", "锂"])
    monkeypatch.setattr(small, "_forward", None)
    again, same = small.read_queries(["电", "锂"])
    assert np.array_equal(again, vectors[[1, 0]])
    assert same == [tokens[1], tokens[0]]


def test_a_model_without_axes_gets_the_same_ones_everywhere(
    small_folder: Path,
) -> None:
    one, other = (SentenceEncoder(str(small_folder)) for _ in range(2))
    assert np.array_equal(one._axes, other._axes)
    assert one.token_width == 32  # no wider than the model itself


def test_no_text_gives_no_row(small: SentenceEncoder) -> None:
    assert small.encode_queries([]).shape == (0, 32)
    assert small.encode_passages([]).shape == (0, 32)


def test_odd_texts_have_vectors(small: SentenceEncoder) -> None:
    assert_unit_rows(small.encode_queries(ODD_TEXTS), len(ODD_TEXTS), 32)
    assert_unit_rows(small.encode_passages(ODD_TEXTS), len(ODD_TEXTS), 32)


def test_progress_counts_up_to_all(small: SentenceEncoder) -> None:
    told: list[int] = []
    small.encode_passages(["电池" * 400] * 5, told.append)
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == 5


def test_several_threads_give_the_same_vectors(
    small: SentenceEncoder, small_folder: Path
) -> None:
    texts = [sign * length for sign in "锂电池回收" for length in range(1, 60, 7)] * 6
    pair = SentenceEncoder(
        str(small_folder), passage_prompt="p:", threads=2, precision="float32"
    )
    told: list[int] = []
    together = pair.encode_passages(texts, told.append)
    assert together == pytest.approx(small.encode_passages(texts), abs=1e-5)
    assert told[-1] == len(texts)
    assert torch.get_num_threads() == 1


def test_many_threads_get_their_own_answers(small: SentenceEncoder) -> None:
    texts = [sign * length for sign in "锂电池回" for length in (1, 5, 30)]
    expected = {text: small.encode_passages([text])[0] for text in texts}
    wrong: list[str] = []

    def ask(text: str) -> None:
        for _ in range(20):
            if not np.allclose(small.encode_passages([text])[0], expected[text]):
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_name_tells_models_and_prompts_apart(small_folder: Path) -> None:
    def name(prompt: str) -> str:
        return SentenceEncoder(str(small_folder), query_prompt=prompt).name

    before = name("q:")
    assert name("q:") == before
    assert name("Q:") != before
    (small_folder / "manifest.json").write_text(json.dumps({"model": "tiny"}))
    assert name("q:").startswith("tiny@")


@pytest.mark.parametrize("given_", ["instance/encoder", "/nowhere/encoder", "./x"])
def test_a_missing_folder_says_what_makes_it(
    given_: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderMissing, match="请先运行 make encoder") as raised:
        SentenceEncoder(given_)
    assert given_.lstrip("./") in str(raised.value)


def test_an_incomplete_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(EncoderMissing, match="不完整"):
        SentenceEncoder(str(tmp_path))


def test_a_folder_is_loaded_without_the_network(small_folder: Path) -> None:
    """In a process of its own, with every way out of the machine barred."""
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise SystemExit('went to the network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from index.encoder import SentenceEncoder\n"
        "print(SentenceEncoder(sys.argv[1]).encode_queries(['锂']).shape)\n"
    )
    out = _python(program, str(small_folder))
    assert out.strip() == "(1, 32)"


def test_one_thread_means_one_in_every_library() -> None:
    out = _python(
        "import threading\n"
        "from index.threads import limit_threads\n"
        "limit_threads(1)\n"
        "import faiss, os, torch\n"
        "counts = [torch.get_num_threads(), faiss.omp_get_max_threads()]\n"
        "def look(): counts.extend([torch.get_num_threads(),\n"
        "                           faiss.omp_get_max_threads()])\n"
        "t = threading.Thread(target=look); t.start(); t.join()\n"
        "from threadpoolctl import threadpool_info\n"
        "import numpy\n"
        "counts.append(max(pool['num_threads'] for pool in threadpool_info()))\n"
        "print(counts, os.environ['TOKENIZERS_PARALLELISM'])\n"
    )
    assert out.strip() == "[1, 1, 1, 1, 1] false"


def test_the_application_limits_its_threads_before_numpy_is_there() -> None:
    out = _python(
        "import os, sys, tempfile\n"
        "os.environ['MATCHMAKER_INSTANCE_DIR'] = tempfile.mkdtemp()\n"
        "import wsgi, numpy\n"
        "from threadpoolctl import threadpool_info\n"
        "print({pool['num_threads'] for pool in threadpool_info()})\n"
    )
    assert out.strip() == "{1}"


def test_a_forked_process_can_encode(small_folder: Path) -> None:
    """What the web server does: load and warm up once, then fork."""
    out = _python(
        "import os, sys\n"
        "from index.encoder import SentenceEncoder\n"
        "encoder = SentenceEncoder(sys.argv[1])\n"
        "encoder.encode_passages(['电池' * 20] * 9)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    print(encoder.encode_passages(['锂电' * 20] * 9).shape, flush=True)\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n",
        str(small_folder),
    )
    assert out.strip() == "(9, 32)"


def _python(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={k: v for k, v in os.environ.items() if not SET_HERE.match(k)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_layers_multiply_as_before(dtype: torch.dtype) -> None:
    """Also for a decoder, whose projections have no bias."""
    if not can_pack(dtype):
        pytest.skip(f"this processor packs no {dtype}")
    config = Qwen3Config(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    torch.manual_seed(2)
    model = Qwen3Model(config).to(dtype).eval()
    words = torch.arange(12).reshape(1, 12)
    with torch.inference_mode():
        before = model(words).last_hidden_state.float()
        assert pack_linear_layers(model) == 14
        after = model(words).last_hidden_state.float()
    slack = 1e-5 if dtype == torch.float32 else 0.05
    assert torch.allclose(before, after, atol=slack)


def test_batches_hold_each_row_once_within_the_budget() -> None:
    sizes = [5, 90, 0, 30, 31, 200, 7, 30]
    groups = list(batches(sizes, 100))
    assert sorted(row for group in groups for row in group) == list(range(8))
    assert groups[0] == [5]
    assert all(
        len(group) == 1 or len(group) * max(sizes[row] for row in group) <= 100
        for group in groups
    )


def test_rows_without_direction_get_one() -> None:
    rows = unit_rows(np.array([[0, 0], [np.nan, 3], [3, 4]], np.float32))
    assert rows == pytest.approx(np.array([[1, 0], [0, 1], [0.6, 0.8]]))


def test_the_test_encoder_finds_texts_that_share_words() -> None:
    encoder: Encoder = HashingEncoder()
    passages = encoder.encode_passages(["锂电池回收技术", "智慧农业灌溉", *ODD_TEXTS])
    assert_unit_rows(passages, 2 + len(ODD_TEXTS), 64)
    near, far, *_ = passages @ encoder.encode_queries(["回收锂电池"])[0]
    assert near > far + 0.2
    assert np.array_equal(
        passages[:1], HashingEncoder().encode_queries(["锂电池回收技术"])
    )
    assert HashingEncoder(32).name != encoder.name
    assert encoder.encode_queries([]).shape == (0, 64)


@pytest.mark.encoder
def test_the_real_encoder_tells_related_from_unrelated(
    encoder: SentenceEncoder,
) -> None:
    assert encoder.name.startswith("multilingual-e5-small-tuned@")
    query = encoder.encode_queries(["废旧动力电池里的锂怎么回收"])
    passages = encoder.encode_passages(
        ["退役锂离子电池正极材料湿法回收工艺", "水稻病虫害遥感监测", *ODD_TEXTS]
    )
    assert_unit_rows(passages, 2 + len(ODD_TEXTS), 384)
    assert (query @ passages.T)[0].argmax() == 0


@pytest.mark.encoder
def test_bfloat16_gives_the_same_vectors(
    encoder: SentenceEncoder, encoder_folder: Path, sample_texts: list[str]
) -> None:
    half = SentenceEncoder(str(encoder_folder), precision="bfloat16")
    texts = sample_texts[:: len(sample_texts) // 20]
    cosines = (half.encode_passages(texts) * encoder.encode_passages(texts)).sum(1)
    assert cosines.min() > 0.999
    assert half.name == encoder.name
