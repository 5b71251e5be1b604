"""The judged sample as pairs, and the model fitted on it."""

import json

import pytest

from index.approval import NAMES, shipped
from index.hashing import HashingEncoder
from matchmaker.rankers import default, judged
from models.outbox import RecordType
from models.states import Mode, SuggestionKind

NEED = {
    "title": "储能电站电池热失控提前预警",
    "field": "ES",
    "problem": "磷酸铁锂电池过充后升温很快，烟感报警太晚。",
    "targets": ["预警提前时间≥10 min", "误报率≤1%"],
    "budget_wan": 100,
    "cooperation": ["合作开发"],
    "trl_expected": 7,
}
ANSWER = {
    "title": "锂电池热失控早期预警",
    "field": "ES",
    "abstract": "磷酸铁锂电池过充后升温，提前报警。",
    "indicators": ["预警提前时间12 min", "误报率0.6%"],
    "trl": 5,
    "modes": ["合作开发", "技术许可"],
    "price_wan": 200,
}
OTHERS = ("水稻抗病育种", "果园巡检机器人", "药物缓释微球", "语音识别芯片", "桥梁检测")


@pytest.fixture
def folder(tmp_path):
    """Needs with an answer among other things, one need without."""
    needs, achievements, qrels = [], [], []
    for number in range(12):
        needs.append({"id": f"N-{number}", **NEED})
        achievements.append({"id": f"A-{number}", **ANSWER})
        qrels.append({"query": f"N-{number}", "item": f"A-{number}", "grade": 3})
        qrels.append({"query": f"N-{number}", "item": f"B-{number % 5}", "grade": 0})
    needs.append({"id": "N-none", "title": "黄桃采后保鲜", "field": "AG"})
    for number, title in enumerate(OTHERS):
        achievements.append({"id": f"B-{number}", "title": title, "field": "AG"})
    write(tmp_path, "needs", needs)
    write(tmp_path, "achievements", achievements)
    write(tmp_path, "calls", [{"id": "C-1", "title": "电池预警揭榜", "field": "ES"}])
    write(tmp_path, "qrels", qrels)
    return tmp_path


def write(folder, name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def test_every_judged_pair_and_the_best_of_each_question_are_there(folder):
    found = judged.gather(HashingEncoder(), folder)
    pairs = {(p.kind, p.asks, p.answers): p for p in found.pairs}
    assert len(pairs) == len(found.pairs)
    need_achievement = SuggestionKind.NEED_ACHIEVEMENT
    assert {(asks, item) for asks in found.grades for item in found.grades[asks]} <= {
        (asks, answers) for kind, asks, answers in pairs if kind is need_achievement
    }
    one = pairs[need_achievement, "N-1", "A-1"]
    assert (one.grade, one.approved, one.found) == (3, True, True)
    assert tuple(one.features) == NAMES
    assert one.features["readiness_gap"] == 2
    assert one.features["price_excess"] == pytest.approx(0.693, abs=1e-3)
    assert (one.features["modes_fit"], one.features["same_field"]) == (1, 1)
    assert one.features["met"] == 1
    unjudged = pairs[need_achievement, "N-1", "A-2"]
    assert (unjudged.grade, unjudged.approved) == (0, False)
    assert (SuggestionKind.NEED_CALL, "N-1", "C-1") in pairs


def test_a_row_and_its_record_make_the_same_side(make):
    row = judged.side_of_row(RecordType.NEED, NEED)
    assert row.money == 100_000_000
    assert row.modes == {Mode.JOINT}
    assert judged.side_of_row(RecordType.CALL, {"field": "ES"}).money is None


def test_the_default_model_is_fitted_without_the_held_out_fifth(folder):
    pairs = judged.gather(HashingEncoder(), folder).pairs
    fitted = default.fit_default(pairs)
    known = [pair for pair in pairs if not pair.held_out]
    assert fitted.trained == len(known) < len(pairs)
    assert fitted.model == default.fit_default(known).model
    assert fitted.model.name == shipped().name


# -- The threshold ---------------------------------------------------------------


def pair(asks, approved, found=True):
    return judged.JudgedPair(
        SuggestionKind.NEED_ACHIEVEMENT, asks, "A", 3 * approved, found, 1.0, {}
    )


def test_the_table_counts_who_is_told_none():
    pairs = [pair("a", True), pair("a", False), pair("b", False), pair("c", True)]
    pairs.append(pair("c", True, found=False))
    told = {t.least: t for t in default.none_table(pairs, [0.5, 0.15, 0.05, 0.07, 0.9])}
    low, high = told[0.06], told[0.2]
    assert (low.without, low.emptied, low.wrongly, low.lost) == (
        (1, 1),
        (1, 2),
        (0, 2),
        (0, 2),
    )
    assert (high.without, high.emptied, high.wrongly, high.lost) == (
        (1, 1),
        (2, 2),
        (1, 2),
        (1, 2),
    )


def test_the_highest_threshold_that_misleads_few_enough_is_chosen():
    def told(least, wrongly):
        return default.Told(least, (0, 9), (0, 9), (wrongly, 100), (0, 9))

    table = [told(0.1, 0), told(0.2, 3), told(0.3, 4), told(0.4, 9)]
    assert default.choose(table) == 0.2
    assert default.choose([told(0.1, 50)]) == default.STEPS[0]


# -- The command -----------------------------------------------------------------


def run(app, *args):
    return app.test_cli_runner().invoke(args=["ranker", *args])


def test_one_command_writes_the_model_and_prints_what_it_costs(app, folder, tmp_path):
    out = tmp_path / "model.json"
    done = run(app, "fit-default", "--data", str(folder), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "calibration on the held-out fifth" in done.output
    assert "needs told «none»" in done.output
    stored = json.loads(out.read_text("utf-8"))
    assert set(stored) == {"name", "bias", "weights", "least", "typical"}
    assert f"least {stored['least']:.2f}, written to" in done.output


def test_a_line_that_cannot_be_read_is_named(app, folder, tmp_path):
    (folder / "needs.jsonl").write_text("{]\n", encoding="utf-8")
    done = run(app, "fit-default", "--data", str(folder), "--out", str(tmp_path / "m"))
    assert done.exit_code == 1
    assert "needs.jsonl, line 1" in done.output


def test_the_commands_say_what_they_did_and_why_not(app, make, folder, session):
    from .world import contrary

    assert "no decision teaches" in run(app, "train").output
    assert "no ranker was in force" in run(app, "rollback").output
    contrary(make, make.staff(), now=make.now)
    told = run(app, "train").output
    assert "learned-1, learnt from 40 decisions" in told
    assert "warning" not in told
    data = ("--data", str(folder))
    shown = run(app, "compare", "learned-1", *data)
    assert shown.exit_code == 0, shown.output
    assert "log loss" in shown.output
    assert "no ranker «x»" in run(app, "compare", "x", *data).output
    assert "no ranker «x»" in run(app, "activate", "x", *data).output
    done = run(app, "activate", "learned-1", *data)
    listed = run(app, "list").output
    if done.exit_code:
        assert "learned-1 was not activated" in done.output
        assert "in force  judged-1" in listed
    else:
        assert "in force  learned-1" in listed


def test_few_decisions_are_taught_with_a_warning(app, make):
    from .world import BAD, GOOD, decided

    user = make.staff()
    decided(make, user, "N-1", True, GOOD, now=make.now)
    decided(make, user, "N-2", False, BAD, now=make.now)
    told = run(app, "train").output
    assert "decisions on" in told
    assert "20 on 5 are needed before a ranker can be put in force" in told
    assert "some 100 decisions in all" in told


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"field": None, "trl_expected": "七级", "budget_wan": "面议"},
        {"field": "ZZ", "cooperation": ["以物易物"], "trl_expected": None},
        {"cooperation": "联合开发"},
    ],
)
def test_what_a_row_from_elsewhere_does_not_say_is_unknown(row):
    side = judged.side_of_row(RecordType.NEED, row)
    assert (side.readiness, side.money, side.modes) == (None, None, frozenset())
    assert side.field == (row.get("field") or "")
