"""Texts as people really paste them: matched, explained, and never judged by guess."""

import pytest
from sqlalchemy import select

from matchmaker.jobs.worker import Worker
from models import Embedding, OutboxTask, Suggestion
from models.outbox import Part

PROSE = (
    "希望比现在好一些，越稳越好，最好不要再出事故，具体数值可以面谈，"
    "主要看现场反映，领导满意就行。"
)
LATEX = (
    r"$\eta \geq 92\,\%$，$T_{max} \le 60~^{\circ}\mathrm{C}$，\textbf{预警}\cite{a}"
)
ENGLISH = (
    "We need an early warning for thermal runaway of LFP cells. Smoke detectors are "
    "too late; 热失控 must be told 10 min ahead, false alarms ≤1%."
)
TARGETS = {
    "none": [],
    "prose": [PROSE],
    "contradictory units": ["预警提前时间≥10 MPa", "误报率≤1 ℃", "温度≥80 ℃ ≤60 ℃"],
    "twenty lines": [f"第{n}路温度采集误差≤±{n / 10:.1f} ℃" for n in range(1, 21)],
    "latex": [LATEX],
    "english": ["false alarm rate ≤1%", "lead time ≥10 min"],
}


@pytest.fixture
def matched(app, session, make):
    """Encode and match everything, then give the suggestions."""

    def work():
        session.rollback()
        index = app.extensions["live_index"]
        worker = Worker(session, index, suggestions=5, clock=lambda: make.now)
        worker.drain()
        session.rollback()
        return list(session.scalars(select(Suggestion).order_by(Suggestion.id)))

    return work


def verdicts(pair):
    return [row["verdict"] for row in pair.evidence["indicators"]]


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_whatever_the_targets_the_need_is_matched_and_shown(
    targets, make, matched, login, session
):
    need = make.need(targets=targets)
    make.achievement()
    pairs = matched()
    # No task failed, and none waits to be tried again.
    assert session.scalars(select(OutboxTask)).all() == []
    assert {pair.need_id for pair in pairs} <= {need.id}
    assert login(make.staff()).get(f"/needs/{need.id}").status_code == 200


def test_contradictory_units_are_never_judged(make, matched):
    make.need(targets=TARGETS["contradictory units"])
    make.achievement(indicators=["预警提前时间12 min", "误报率0.6%", "温度70 ℃"])
    [pair] = matched()
    assert set(verdicts(pair)) <= {"unknown"}


def test_prose_is_no_requirement_that_could_be_met(make, matched):
    make.need(targets=["预警提前时间≥10 min", "误报率≤1%", PROSE])
    make.achievement()
    [pair] = matched()
    assert verdicts(pair) == ["met", "met", "unknown"]


def test_an_achievement_without_figures_leaves_everything_open(make, matched):
    make.need()
    make.achievement(indicators=["提前预警", "误报少"])
    [pair] = matched()
    assert verdicts(pair) == ["unknown", "unknown"]


def test_twenty_targets_are_twenty_lines_of_the_table(make, matched):
    make.need(targets=TARGETS["twenty lines"])
    make.achievement(indicators=["第3路温度采集误差±0.2 ℃"])
    [pair] = matched()
    assert len(verdicts(pair)) == 20


@pytest.mark.parametrize("problem", [ENGLISH, LATEX * 3], ids=["english", "latex"])
def test_a_need_in_other_signs_is_matched_and_shown(problem, make, matched, login):
    need = make.need(problem=problem)
    make.achievement()
    assert matched()
    page = login(make.staff()).get(f"/needs/{need.id}").get_data(as_text=True)
    assert problem[:12] in page


def test_a_text_beyond_the_encoders_reach_is_read_to_its_end(make, matched, session):
    """The last of 3,000 signs names the matter; nothing before does."""
    filling = "本公司历史悠久，员工团结，园区绿化良好，食堂每周更换菜单。" * 100
    end = "磷酸铁锂电池热失控要提前十分钟预警。"
    need = make.need(title="求助", problem=filling + end, targets=[])
    matched()
    session.rollback()
    rows = session.scalars(
        select(Embedding).where(Embedding.record_id == need.id).order_by(Embedding.id)
    ).all()
    assert any(end in row.text for row in rows if row.part is Part.SENTENCE)
    whole = next(row for row in rows if row.part is Part.WHOLE)
    # The pieces of every window are there: far more than one window holds.
    width = int.from_bytes(whole.tokens[:2], "little")
    assert (len(whole.tokens) - 2) // (width + 4) > 2_000


def test_one_achievement_listed_again_and_again_does_not_flood_a_need(
    make, matched, session
):
    need = make.need()
    home = make.organisation().id
    for _ in range(60):
        make.achievement(organisation_id=home)
    pairs = matched()
    assert len(pairs) == 5
    assert {pair.need_id for pair in pairs} == {need.id}
    assert len({pair.achievement_id for pair in pairs}) == 5
    assert len({round(pair.probability, 3) for pair in pairs}) == 1
