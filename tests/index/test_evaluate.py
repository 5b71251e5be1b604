"""flask evaluate: any subset of the files, the rivals beside us, a TREC run."""

import json
from math import isnan
from zlib import crc32

import pytest
from click.testing import Result

from index import evaluate
from index.evaluate import Bench, is_held_out, read, run_lines
from index.remembering import RememberingEncoder
from index.text import Source
from matchmaker import create_app
from matchmaker.config import Settings

from ..filler import filler
from .corpus import ANSWER, BATTERY, ENCODER, question

RANKERS = ("ranker", "BM25", "dense", "RRF")


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def need(id_="N-1", **given):
    return {
        "id": id_,
        "title": BATTERY.title,
        "problem": BATTERY.body,
        "targets": list(BATTERY.points),
    } | given


def achievement(id_="A-1", source=ANSWER, **given):
    return {
        "id": id_,
        "title": source.title,
        "abstract": source.body,
        "indicators": list(source.points),
    } | given


def distractors(count):
    return [
        achievement(f"D-{number}", Source(title, body, tuple(points)))
        for number in range(count)
        for title, body, points in [filler(number)]
    ]


@pytest.fixture
def data(tmp_path):
    """A folder with one part: two needs, one answer, one false friend, others."""
    folder = tmp_path / "data"
    other = need("N-2", title="黄桃冷藏", problem="黄桃采后冷藏保鲜。", targets=[])
    friend = Source("热失控的舆情预警", "网络舆情失控前给出预警。", ())
    items = [achievement(), achievement("A-2", friend), *distractors(12)]
    write(folder / "part1" / "needs.jsonl", [need(), other])
    write(folder / "part1" / "achievements.jsonl", items)
    grades = [("A-1", 3), ("A-2", 0), ("A-9", 2)]
    write(
        folder / "part1" / "qrels.jsonl",
        [{"query": "N-1", "item": item, "grade": grade} for item, grade in grades],
    )
    return folder


@pytest.fixture
def run(tmp_path):
    """`flask evaluate` without a database: none is needed."""
    settings = Settings(
        instance_dir=tmp_path / "instance",
        database_url="sqlite:///:memory:",
        embedding_model="hashing",
        secret_key="test",
    )
    runner = create_app(settings).test_cli_runner()

    def invoke(*args) -> Result:
        return runner.invoke(args=["evaluate", *map(str, args)])

    return invoke


# -- Reading ---------------------------------------------------------------------


def test_a_folder_and_its_parts_are_read_together(tmp_path):
    write(tmp_path / "needs.jsonl", [need("N-0")])
    write(tmp_path / "a" / "needs.jsonl", [need("N-1")])
    write(tmp_path / "b" / "achievements.jsonl", [achievement()])
    write(
        tmp_path / "b" / "qrels.jsonl",
        [{"query": "N-1", "item": "A-1", "grade": 3, "why": "-"}],
    )
    data = read([tmp_path])

    assert sorted(data.records[evaluate.RecordType.NEED]) == ["N-0", "N-1"]
    assert list(data.records[evaluate.RecordType.ACHIEVEMENT]) == ["A-1"]
    assert data.grades == {"N-1": {"A-1": 3}}


def test_unknown_keys_are_passed_over_and_missing_ones_are_empty(tmp_path):
    rows = [
        {"id": "N-1", "title": "只有标题", "field": "ZZ", "unheard_of": [1, {}]},
        {"id": "N-2", "title": None, "problem": "只有问题", "targets": None},
    ]
    write(tmp_path / "needs.jsonl", rows)
    found = read([tmp_path]).records[evaluate.RecordType.NEED]

    assert found["N-1"] == Source("只有标题", "", ())
    assert found["N-2"] == Source("", "只有问题", ())


def test_an_empty_folder_holds_nothing(tmp_path):
    data = read([tmp_path])
    assert not any(data.records.values())
    assert not data.grades


def test_a_line_that_is_no_json_is_named(tmp_path):
    (tmp_path / "needs.jsonl").write_text('{"id": "N-1"}\n\n{oops\n', "utf-8")
    with pytest.raises(ValueError, match=r"needs\.jsonl, line 3"):
        read([tmp_path])


# -- Ranking ---------------------------------------------------------------------


def test_every_ranker_ranks_the_answer_first():
    items = {"A-1": ANSWER} | {
        row["id"]: Source(row["title"], row["abstract"], tuple(row["indicators"]))
        for row in distractors(20)
    }
    rivals = Bench(ENCODER, items).rank(question(BATTERY.whole))

    assert [name for name, _ in rivals] == list(RANKERS)
    for _, ranking in rivals:
        assert ranking[0][0] == "A-1"
        values = [value for _, value in ranking]
        assert values == sorted(values, reverse=True)
    assert len(rivals.dense) == len(rivals.fusion) == 21


def test_suggestions_come_in_the_order_of_their_likelihood():
    items = {
        row["id"]: Source(row["title"], row["abstract"], tuple(row["indicators"]))
        for row in distractors(30)
    }
    bench = Bench(ENCODER, items)
    asked = question(BATTERY.whole)
    plain = bench.rank(asked).ours
    likeliest = bench.names.index(plain[7][0])

    rivals = bench.rank(asked, lambda hit: float(hit.record_id == likeliest))
    rated = rivals.suggested

    assert rivals.ours == plain
    assert rated is not None
    assert rated[0][0] == plain[7][0]
    assert {name for name, _ in rated[:20]} == {name for name, _ in plain[:20]}
    assert rated[20:] == plain[20:]
    values = [value for _, value in rated]
    assert values == sorted(values, reverse=True)


def test_six_wordings_are_read_and_unknown_ones_left_out(tmp_path):
    part = tmp_path / "part1"
    part.mkdir()
    rows = [{"id": "N-1", "text": "冒烟"}, {"id": "N-9", "text": "不在"}]
    lines_ = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (part / "everyday-1.jsonl").write_text(lines_, "utf-8")
    found = evaluate.wordings([tmp_path], {"N-1": BATTERY})
    assert found == {
        "whole": None,
        "title": {"N-1": BATTERY.title},
        "everyday-1": {"N-1": "冒烟"},
    }


def test_distractors_are_the_texts_of_a_csl_file(tmp_path):
    path = tmp_path / "csl.tsv"
    path.write_text("title\t摘要一\t题一\nbroken\ntitle\t摘要二\t题二\n", "utf-8")
    found = evaluate.distractors(path)
    assert [source.body for source in found.values()] == ["摘要一", "摘要二"]


def test_an_item_without_words_is_no_item():
    bench = Bench(ENCODER, {"A-0": Source("", "", ()), "A-1": ANSWER})
    assert bench.names == ["A-1"]


def test_the_held_out_fifth_is_told_by_the_name_alone():
    held = [name for name in map("N-{:03}".format, range(1000)) if is_held_out(name)]
    assert 150 < len(held) < 250
    # data/README.md: crc32(id) % 5 == 0
    assert is_held_out("N-ES-001") == (crc32(b"N-ES-001") % 5 == 0)


def test_a_run_is_written_as_trec_reads_it():
    assert list(run_lines("N-1", [("A-2", 3.25), ("A-1", -0.5)])) == [
        "N-1 Q0 A-2 1 3.250000 matchmaker\n",
        "N-1 Q0 A-1 2 -0.500000 matchmaker\n",
    ]


def test_vectors_are_remembered_between_runs(tmp_path):
    class Counting(type(ENCODER)):
        seen = 0

        def encode_passages(self, texts, progress=None):
            Counting.seen += len(texts)
            return super().encode_passages(texts, progress)

    first = RememberingEncoder(Counting(), tmp_path / "sub" / "vectors.db")
    one = first.encode_passages(["甲", "乙", "甲"])
    again = RememberingEncoder(Counting(), tmp_path / "sub" / "vectors.db")
    two = again.encode_passages(["乙", "甲", "丙"])

    assert Counting.seen == 3
    assert (one[[1, 0]] == two[:2]).all()
    assert again.encode_passages([]).shape == (0, ENCODER.dimension)


def test_queries_and_passages_are_remembered_apart(tmp_path):
    class Sided(type(ENCODER)):
        def encode_queries(self, texts, progress=None):
            return super().encode_passages([f"问{text}" for text in texts], progress)

    encoder = RememberingEncoder(Sided(), tmp_path / "vectors.db")
    asked, found = encoder.encode_queries(["甲"]), encoder.encode_passages(["甲"])
    assert not (asked == found).all()


# -- The command -----------------------------------------------------------------


def figures(output, ranker):
    """The mean of each measure in the last table (all queries)."""
    line = next(li for li in output.splitlines()[::-1] if li.startswith(ranker))
    return [float(cell.split()[0]) for cell in line[28:].split("]") if cell.strip()]


def test_the_report_sets_us_beside_the_rivals(run, data):
    done = run("--data", data)

    assert done.exit_code == 0, done.output
    assert "need-achievement: 14 items, 2 queries" in done.output
    assert "held-out fifth: 0 queries" in done.output
    assert "all: 1 queries" in done.output
    # A-9 is judged but not among the items: it cannot be missed.
    for ranker in RANKERS:
        values = figures(done.output, ranker)
        assert len(values) == 6
        assert values[1:5] == [1, 1, 1, 1], ranker


def test_a_folder_of_achievements_alone_adds_distractors(run, data, tmp_path):
    more = [row | {"id": "X" + row["id"]} for row in distractors(30)]
    write(tmp_path / "more" / "achievements.jsonl", more)
    done = run(
        "--data", data, "--data", tmp_path / "more", "--run", tmp_path / "new/out"
    )

    assert "44 items, 2 queries" in done.output
    rows = [line.split(" ") for line in (tmp_path / "new/out").read_text().splitlines()]
    assert {row[0] for row in rows} == {"N-1", "N-2"}
    assert {row[1] for row in rows} == {"Q0"}
    assert {row[5] for row in rows} == {"matchmaker"}
    mine = [row for row in rows if row[0] == "N-1"]
    assert mine[0][2] == "A-1"
    assert [int(row[3]) for row in mine] == list(range(1, len(mine) + 1))
    values = [float(row[4]) for row in mine]
    assert values == sorted(values, reverse=True)


def test_other_words_may_be_asked_instead(run, data, tmp_path):
    texts = write(tmp_path / "queries.jsonl", [{"id": "N-1", "text": "电池起火预警"}])
    done = run("--data", data, "--queries", texts, "--run", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert "14 items, 1 queries" in done.output
    whole = run("--data", data, "--title", "--run", tmp_path / "titles")
    assert "14 items, 2 queries" in whole.output
    assert (tmp_path / "out").read_text() != (tmp_path / "titles").read_text()


def test_the_report_is_the_same_each_time(run, data):
    assert run("--data", data).stdout == run("--data", data).stdout


def test_calls_are_ranked_as_well(run, data, tmp_path):
    call = {"id": "C-1", "title": "储能安全揭榜", "background": BATTERY.body}
    write(data / "part2" / "calls.jsonl", [call, {"id": "C-2", "title": "育种"}])
    grades = [{"query": "N-1", "item": "C-1", "grade": 2}]
    write(data / "part2" / "qrels.jsonl", grades)

    done = run("--data", data, "--kind", "need-call")
    assert "need-call: 2 items, 2 queries" in done.output
    assert figures(done.output, "ranker")[2] == 1


def test_a_known_item_is_looked_for_by_its_title(run, tmp_path):
    rows = [f"keywords\t{body}\t{title}" for title, body, _ in map(filler, range(20))]
    path = tmp_path / "csl.tsv"
    path.write_text("\n".join([*rows, "a line of another width"]), encoding="utf-8")
    done = run("--known-item", path)

    assert done.exit_code == 0, done.output
    assert "20 texts, MRR@10" in done.output
    for ranker in RANKERS:
        assert any(line.startswith(ranker) for line in done.output.splitlines())


@pytest.mark.parametrize("missing", ["qrels.jsonl", "needs.jsonl"])
def test_without_judgements_or_queries_there_is_nothing_to_measure(run, data, missing):
    (data / "part1" / missing).unlink()
    done = run("--data", data)

    assert done.exit_code == 0, done.output
    assert "nothing to measure" in done.output


def test_what_cannot_be_measured_is_refused_in_a_sentence(run, data, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken"
    write(broken / "needs.jsonl", []).write_text("{oops\n", "utf-8")
    nameless = tmp_path / "nameless"
    write(nameless / "needs.jsonl", [{"title": "没有编号"}])
    texts = write(tmp_path / "queries.jsonl", [{"id": "N-1"}])
    for args, words in (
        ((), "name a folder"),
        (("--data", empty), "hold no items"),
        (("--data", tmp_path / "nowhere"), "does not exist"),
        (("--data", broken), "needs.jsonl, line 1"),
        (("--data", nameless), "needs.jsonl, line 1: no «id»"),
        (("--data", data, "--queries", texts), "queries.jsonl, line 1: no «text»"),
    ):
        done = run(*args)
        assert done.exit_code in (1, 2), args
        assert words in done.output, done.output
        assert "Traceback" not in done.output


def test_a_query_without_words_is_asked_all_the_same(run, data, tmp_path):
    write(data / "part2" / "needs.jsonl", [{"id": "N-9"}])
    done = run("--data", data)
    assert done.exit_code == 0, done.output
    texts = write(tmp_path / "queries.jsonl", [{"id": "N-1", "text": ""}])
    done = run("--data", data, "--queries", texts)
    assert done.exit_code == 0, done.output
    assert not isnan(figures(done.output, "ranker")[0])
