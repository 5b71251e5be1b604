"""What a need may be."""

from datetime import date
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from matchmaker.errors import Invalid
from matchmaker.needs.schema import NeedDraft, NeedInput, names_of
from matchmaker.schema import parse
from models.states import Mode, Secrecy

from .forms import MASKED, typed

TODAY = date(2026, 11, 23)
FIRM = "岑岳混凝土机械有限公司(示例)"


def read(**given: Any) -> NeedInput:
    context = {"today": TODAY, "organisation": FIRM}
    return parse(NeedInput, MultiDict(typed(**given)), context)


def refused(**given: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as error:
        read(**given)
    return error.value.fields


def test_a_complete_form_is_taken():
    data = read()
    assert data.targets == ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"]
    assert data.budget == 260_000_000
    assert data.cooperation == [Mode.JOINT, Mode.LICENCE]
    assert data.deadline == date(2099, 6, 30)


def test_an_empty_budget_means_to_be_negotiated():
    assert read(budget="").budget is None
    assert read(budget="面议").budget is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("title", "太短", "至少填写 6 个字"),
        ("title", "", "请填写此项"),
        ("title", None, "请填写此项"),
        ("title", "长" * 61, "最多 60 个字"),
        ("field", "ZZ", "没有这个技术领域"),
        ("district", "北京市", "没有这个区县"),
        ("problem", "短", "至少填写 30 个字"),
        ("problem", "字" * 100_000, "最多 5000 个字"),
        ("problem", "零\x00字节" * 20, "控制字符"),
        ("targets", ["", " "], "至少写一条"),
        ("targets", ["x"] * 13, "最多 12 条"),
        ("targets", ["好", "x" * 201], "第 2 行"),
        ("trl_expected", "0", "不能小于 1"),
        ("trl_expected", "10", "不能大于 9"),
        ("trl_expected", "七", "请填写整数"),
        ("trl_expected", "9" * 5000, "整数|过大|不能大于"),
        ("budget", "-3", "不能是负数"),
        ("budget", "0", "须大于 0"),
        ("budget", "99999999999", "金额过大"),
        ("budget", "很多", "确定的金额"),
        ("cooperation", [], "至少选择一种"),
        ("cooperation", ["open_licence"], "不支持这种合作方式"),
        ("cooperation", ["gift"], "请从所列选项中选择"),
        ("deadline", "2026-11-22", "已经过去"),
        ("deadline", "20261231", "请填写日期"),
        ("deadline", "2027-13-40", "请填写日期"),
        ("secrecy", "open", "请从所列选项中选择"),
        ("promise", None, "不含国家秘密"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: Any, words: str):
    fields = refused(**{name: value})
    assert set(fields) == {name}
    assert any(part in fields[name] for part in words.split("|")), fields


def test_the_deadline_may_be_today():
    assert read(deadline="2026-11-23").deadline == TODAY


def test_any_writing_is_kept_as_it_is():
    title = "<script>alert(1)</script>泵車😀臂架"
    assert read(title=title).title == title


def test_a_masked_need_wants_its_public_text():
    fields = refused(secrecy="masked")
    assert set(fields) == {"public_title", "public_problem", "public_targets"}


def test_a_masked_need_with_public_text_is_taken():
    data = read(**MASKED)
    assert data.secrecy is Secrecy.MASKED
    assert data.public_targets == ["摆幅降低六成以上"]


def test_public_text_of_a_need_that_is_not_masked_is_dropped():
    assert read(**MASKED | {"secrecy": "restricted"}).public_title == ""


@pytest.mark.parametrize(
    "text",
    [
        FIRM,
        "岑岳混凝土机械有限公司",
        "岑岳混凝土机械",
        "岑 岳-混凝土「机械」",
        "岑嶽混凝土機械",
    ],
)
@pytest.mark.parametrize("name", ["public_title", "public_problem", "public_targets"])
def test_a_public_text_does_not_name_the_firm(name: str, text: str):
    words = f"{text}的大型臂架在周期性载荷下末端摆动明显,希望把摆动压下来"
    value = [words] if name == "public_targets" else words[:60]
    fields = refused(**MASKED | {name: value})
    assert set(fields) == {name}
    assert "本单位的名称" in fields[name]


def test_a_firm_has_several_names():
    assert "三一" in names_of("三一集团有限公司(示例)")
    assert "甲" not in names_of("甲有限公司")


def test_a_draft_needs_a_title_only():
    data = parse(NeedDraft, MultiDict({"title": "草稿", "trl_expected": ""}))
    assert (data.field, data.targets, data.budget) == ("", [], None)
    with pytest.raises(Invalid) as error:
        parse(NeedDraft, MultiDict({"problem": "有内容没有名称"}))
    assert set(error.value.fields) == {"title"}


def test_a_draft_is_still_well_formed():
    form = MultiDict({"title": "草稿", "field": "ZZ", "problem": "字" * 5001})
    with pytest.raises(Invalid) as error:
        parse(NeedDraft, form)
    assert set(error.value.fields) == {"field", "problem"}


@pytest.mark.parametrize("text", ["！？。，、；：……——（）", "1234567890", "★☆※→←≥≤±"])
def test_marks_and_figures_alone_say_nothing(text):
    """However long, and in the public text too."""
    short, long = (text * 2)[:10], text * 10
    errors = refused(title=short, problem=long)
    for name in ("title", "problem"):
        assert "不能只有标点" in errors[name], name
    errors = refused(**MASKED | {"public_title": short, "public_problem": long})
    for name in ("public_title", "public_problem"):
        assert "不能只有标点" in errors[name], name
    # Of a need that is not masked nobody reads them.
    assert read(public_title=short).public_title == ""


def test_a_draft_needs_a_word_too():
    with pytest.raises(Invalid) as caught:
        parse(NeedDraft, {"title": "？？？"})
    assert "不能只有标点" in caught.value.fields["title"]
    assert parse(NeedDraft, {"title": "泵"}).title == "泵"
