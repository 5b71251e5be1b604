"""Two texts as one."""

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.differences import pieces, shortened


def side(parts, kinds):
    return "".join(text for kind, text in parts if kind in kinds)


def test_only_what_changed_is_marked():
    before = "泵车摆幅超过1米。试过加蓄能器。"
    after = "泵车摆幅超过1.2米。试过加蓄能器。还试过加厚截面。"
    assert pieces(before, after) == [
        ("same", "泵车摆幅超过"),
        ("gone", "1"),
        ("new", "1.2"),
        ("same", "米。试过加蓄能器。"),
        ("new", "还试过加厚截面。"),
    ]


@given(st.text(max_size=80), st.text(max_size=80))
def test_both_texts_can_be_read_back(before, after):
    parts = pieces(before, after)
    assert side(parts, ("same", "gone")) == before
    assert side(parts, ("same", "new")) == after


def test_long_texts_cost_little():
    before, after = "甲" * 5000, "乙" * 5000
    assert pieces(before, after) == [("gone", before), ("new", after)]


def test_what_stayed_is_cut_short():
    parts = pieces(
        "甲" * 100 + "。旧。" + "乙" * 100, "甲" * 100 + "。新。" + "乙" * 100
    )
    text = "".join(text for _, text in shortened(parts))
    assert len(text) < 60
    assert "旧" in text
    assert "新" in text
