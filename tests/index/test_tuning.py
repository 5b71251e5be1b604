"""What the encoder is taught with, and that the held-out needs are no part of it."""

import json
import random
from pathlib import Path

import pytest
import torch

from index import evaluate, tuning
from index.examples import Example, judged, papers, written
from index.lesson import LONGEST, Lesson, piece_weights, texts_of
from index.student import AXES, FROZEN_LAYERS, LowRank, Student, axes, changes, moderate
from models.outbox import RecordType

from .conftest import ROOT

TRAINING, SAMPLE = ROOT / "data/training", ROOT / "data/sample"
SHARED = 14  # so many signs in a row are no chance


def words(example: Example) -> set[str]:
    return {*example.questions, *example.answers, *example.friends}


def test_every_written_problem_is_told_by_several_people():
    examples = list(written(TRAINING))
    assert len(examples) > 2_000
    for one in examples:
        assert len(set(one.questions)) >= 5
        assert one.answers != one.friends
    asked = [question for one in examples for question in one.questions]
    assert len(set(asked)) > 0.99 * len(asked)


def test_needs_of_the_held_out_fifth_and_of_the_next_teach_nothing():
    data = evaluate.read([SAMPLE])
    kept = set()
    for name, source in data.records[RecordType.NEED].items():
        if evaluate.fold(name) in (evaluate.HELD_OUT, evaluate.CHOOSING):
            kept |= {source.whole, source.title}
    for path in SAMPLE.glob("*/*-[12].jsonl"):
        for row in evaluate.lines(path, "id", "text"):
            if evaluate.fold(row["id"]) in (evaluate.HELD_OUT, evaluate.CHOOSING):
                kept.add(row["text"])
    taught = {text for one in judged(SAMPLE) for text in one.questions}
    assert len(taught) > 800
    assert not taught & kept


def test_no_written_text_repeats_a_text_of_the_sample():
    """Nobody who wrote had seen the sample; a long run in common would tell."""
    runs = set()
    for path in SAMPLE.glob("*/*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            runs |= _runs(json.dumps(json.loads(line), ensure_ascii=False))
    for path in TRAINING.rglob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            texts = [value for value in row.values() if isinstance(value, str)]
            for text in [*texts, *row.get("everyday", ()), *row.get("keywords", ())]:
                assert not _runs(text) & runs, (path.name, row)


def test_papers_are_asked_for_by_title_keywords_and_plain_words():
    found = list(papers(TRAINING))
    assert len(found) >= 250
    for one in found:
        assert len(set(one.questions)) == 4
        assert one.answers[0] not in one.questions
        assert one.friends


def test_harder_friends_join_the_problem_they_are_of(tmp_path):
    problem = {
        "id": "T-1",
        "need_title": "轴承异响",
        "everyday": ["转起来咯噔咯噔"],
        "keywords": ["轴承 异响"],
        "title": "轴承故障诊断",
        "abstract": "用包络谱。",
        "friend_title": "轴承清洗",
        "friend": "用煤油。",
    }
    friend = {"of": "T-1", "friend_title": "轴承装配", "friend": "用压力机。"}
    (tmp_path / "friends").mkdir()
    (tmp_path / "a.jsonl").write_text(json.dumps(problem) + "\n", "utf-8")
    (tmp_path / "friends/b.jsonl").write_text(json.dumps(friend) + "\n", "utf-8")
    [one] = written(tmp_path)
    assert one.friends == ("轴承清洗\n用煤油。", "轴承装配\n用压力机。")


def _runs(text: str) -> set[str]:
    return {text[at : at + SHARED] for at in range(len(text) - SHARED + 1)}


def test_a_layer_is_as_it_was_until_something_is_learnt():
    layer = torch.nn.Linear(6, 4)
    low, inputs = LowRank(layer), torch.randn(3, 6)
    assert torch.equal(low(inputs), layer(inputs))
    low.up.data.fill_(1.0)
    expected = inputs @ (layer.weight + low.up @ low.down).T + layer.bias
    assert torch.allclose(low(inputs), expected, atol=1e-5)


def test_texts_are_cut_by_what_they_are():
    example = Example(("问",), ("答",), ("像",))
    assert texts_of([example]) == {
        ("query: ", "问"): LONGEST["question"],
        ("passage: ", "答"): LONGEST["answer"],
        ("passage: ", "像"): LONGEST["friend"],
    }


@pytest.mark.encoder
def test_a_short_course_brings_questions_nearer_to_their_answers(
    encoder_folder: Path, monkeypatch
):
    monkeypatch.setattr(tuning, "BATCH", 6)
    monkeypatch.setattr(tuning, "EPOCHS", 3)
    torch.manual_seed(tuning.SEED)
    examples = list(written(TRAINING))[:6]
    student = Student(encoder_folder)
    student.learn_by_heart(texts_of(examples))
    idf = piece_weights(student, list(texts_of(examples)))
    lesson = Lesson(examples, [], random.Random(1))
    with torch.no_grad():
        before = float(lesson.loss(student, idf))
    tuning.teach(student, examples, [])
    with torch.no_grad():
        after = float(lesson.loss(student, idf))
    assert after < before

    moderate(student, 0.0)
    with torch.no_grad():
        assert float(lesson.loss(student, idf)) == pytest.approx(before, rel=1e-3)

    found = changes(student)
    assert len(found) == 2 * 6 * (12 - FROZEN_LAYERS)
    best = axes(student, list(texts_of(examples)))
    assert best.shape == (384, AXES)
    assert torch.allclose(best.T @ best, torch.eye(AXES), atol=1e-3)


def test_related_texts_and_copies_of_the_answer_are_no_negatives():
    one = Example(("甲?",), ("甲",), (), frozenset({"甲", "乙"}))
    two = Example(("乙?",), ("乙",), ("丁",), frozenset({"乙"}))
    lesson = Lesson([one, two], ["戊"], random.Random(1))
    texts = [text for _, text in lesson.texts]
    assert texts == ["甲", "乙", "丁", "戊"]
    assert lesson.unsafe.tolist() == [[False, True, False, False], [False] * 4]
    assert not lesson.settled[:, 3].any()
    assert lesson.target.tolist() == [0, 1]
