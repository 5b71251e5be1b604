"""Numbers of intellectual property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.achievements.rights import (
    DIGITS,
    EXAMPLES,
    IP_TYPES,
    WrongNumber,
    check_digit,
    read,
)


def test_the_check_digit_is_that_of_the_standard():
    assert check_digit("200310102344") == "5"
    assert check_digit("201030123456") == "X"


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("发明专利", "200310102344.5", "CN200310102344.5"),
        ("发明专利", "专利号：ＺＬ200310102344．5", "ZL200310102344.5"),
        ("发明专利", "cn2003101023445", "CN200310102344.5"),
        ("发明专利", "CN101234567B", "CN101234567B"),
        ("发明专利", "PCT/CN2023/123456", "PCT/CN2023/123456"),
        ("发明专利", "US11234567B2", "US11234567B2"),
        ("集成电路布图设计", "bs.245001234", "BS.245001234"),
        ("植物新品种", "CNA20191000123", "CNA20191000123"),
    ],
)
def test_a_number_is_kept_in_one_way(kind, text, kept):
    assert read(kind, text) == kept


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("发明专利", "ZL200310102344.6", "校验位"),
        ("发明专利", "12345", "应形如"),
        ("实用新型", "CN101234567B", "公告号的字母"),
        ("外观设计", "US11234567B2", "应形如"),
        ("软件著作权", "ZL200310102344.5", "应形如"),
        ("技术秘密", "1", "没有号码"),
        ("发明专利", "ZL٢٠٠٣10102344.5", "应形如"),
    ],
)
def test_a_wrong_number_says_what_is_wrong(kind, text, words):
    with pytest.raises(WrongNumber, match=words):
        read(kind, text)


def test_every_example_we_show_is_right():
    for kind, examples in EXAMPLES.items():
        for example in examples.split(" 或 "):
            assert read(kind, example) == example


@given(st.sampled_from(IP_TYPES), st.text(max_size=60))
def test_any_text_is_taken_or_refused_and_taking_again_changes_nothing(kind, text):
    try:
        kept = read(kind, text)
    except WrongNumber:
        return
    assert kept.isascii()
    assert read(kind, kept) == kept


@given(
    st.sampled_from(sorted(DIGITS)),
    st.integers(1985, 2035),
    st.integers(0, 9_999_999),
    st.integers(0, 11),
    st.integers(1, 9),
)
def test_one_wrong_digit_is_noticed(kind, year, serial, place, shift):
    digits = f"{year}{DIGITS[kind][0]}{serial:07d}"
    number = f"ZL{digits}.{check_digit(digits)}"
    assert read(kind, number) == number
    wrong = str((int(digits[place]) + shift) % 10)
    with pytest.raises(WrongNumber):
        read(kind, number.replace(digits, digits[:place] + wrong + digits[place + 1 :]))
