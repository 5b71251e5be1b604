"""The quoted sentences are found in the text they come from."""

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matches.quotes import mark


def test_a_quoted_sentence_is_marked_in_place():
    assert mark("甲。乙。丙。", ["乙。"]) == [
        ("甲。", False),
        ("乙。", True),
        ("丙。", False),
    ]


def test_quotes_that_overlap_or_are_absent_do_no_harm():
    assert mark("甲乙丙", ["甲乙", "乙丙", "丁", ""]) == [("甲乙", True), ("丙", True)]


@given(st.text("甲乙丙。", max_size=12), st.lists(st.text("甲乙丙。", max_size=4)))
def test_no_character_is_lost_or_doubled(text, quotes):
    assert "".join(part for part, _ in mark(text, quotes)) == text
