"""What is said before a need is submitted."""

from datetime import date, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.needs.hints import hints
from matchmaker.needs.schema import NeedDraft, from_form
from matchmaker.posting.hints import seen_mark
from matchmaker.schema import parse

from .forms import typed

TODAY = date(2026, 11, 23)


def found(**given):
    draft = parse(NeedDraft, from_form(MultiDict(typed(**given))))
    return hints(draft, today=TODAY)


def test_a_good_need_is_told_nothing():
    assert found() == []


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"targets": ["手感好", "操作简单"]}, "targets", "缺少可验收指标"),
        ({"targets": ["摆幅≤350 mm", "手感好"]}, "targets", "第 2 行没有数字"),
        ({"targets": ["摆幅≤350"]}, "targets", "第 1 行没有单位"),
        ({"targets": ["漏检率≤0.3%，误检率≤3%"]}, "targets", "含几个指标"),
        ({"budget": ""}, "budget", "预算未填"),
        ({"title": "智能设备升级改造"}, "title", "对象不具体"),
        ({"problem": "软管晃得厉害，现在没有办法。"}, "problem", "描述太短"),
        ({"problem": "软管晃得厉害" * 10}, "problem", "没有现状数据"),
        ({"problem": "软管摆幅超过1米。" * 8}, "tried", "试过什么"),
        ({"deadline": "2026-11-22"}, "deadline", "已经过去"),
        ({"deadline": "2026-11-30"}, "deadline", "不到 14 天"),
    ],
)
def test_what_is_missing_is_named_with_its_place(given, field, words):
    assert any(h.field == field and words in h.text for h in found(**given)), found(
        **given
    )


def test_what_was_tried_may_stand_in_its_own_field():
    assert found(problem="软管摆幅超过1米。" * 8, tried="加过蓄能器") == []


def test_a_corrected_measure_that_differs_from_its_sentence_is_told():
    given = {
        "targets": ["摆幅≤350 mm"],
        "measure_name": ["摆幅"],
        "measure_comparator": ["le"],
        "measure_value": ["300"],
        "measure_upper": [""],
        "measure_unit": ["mm"],
    }
    assert "与句子不一致" in found(**given)[0].text
    given |= {"measure_comparator": ["none"], "measure_value": [""]}
    assert [h.text[:8] for h in found(**given)] == []


def test_other_hints_are_shown_again():
    one, two = found(budget=""), found(targets=["手感好"])
    assert seen_mark(one) == seen_mark(found(budget=""))
    assert seen_mark(one) != seen_mark(two)
    assert seen_mark(one) != seen_mark(one, "7")


def test_the_public_text_is_read_too():
    draft = parse(NeedDraft, MultiDict({"title": "草稿", "secrecy": "masked"}))
    told = hints(draft, today=TODAY, open_words={"准确数字": ["62"]})
    assert any("准确数字" in hint.text and "62" in hint.text for hint in told)


def test_a_deadline_is_near_for_a_fortnight():
    later = (TODAY + timedelta(days=14)).isoformat()
    assert found(deadline=later) == []
