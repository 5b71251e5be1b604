"""Amounts of money: what is read, exactly, and what is refused, in which words."""

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker import money
from matchmaker.labels import FEN_PER_WAN, FEN_PER_YI
from matchmaker.money import MOST_FEN, MoneyError, Unit, parse

WAN, YUAN = FEN_PER_WAN, 100
amounts = st.integers(0, MOST_FEN)
# Of a 分 as much as of a 亿: whole ranges would hardly ever try the small ones.
any_fen = st.one_of(
    amounts, st.integers(0, 10**6), st.integers(0, 1000).map(WAN.__mul__)
)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,200万元", 1200 * WAN),
        ("1，200 万元", 1200 * WAN),
        ("壹佰贰拾万", 120 * WAN),
        ("人民币壹佰贰拾万元整", 120 * WAN),
        ("一点二亿", 12_000 * WAN),
        ("1.2亿", 12_000 * WAN),
        ("1.2 亿元", 12_000 * WAN),
        ("1200000元", 120 * WAN),
        ("¥1,200.50", 120_050),
        ("１２００万", 1200 * WAN),
        ("1 200 000 元", 120 * WAN),
        ("1亿2,000万元", 12_000 * WAN),
        ("5万3千元", 53_000 * YUAN),
        ("两千万", 2000 * WAN),
        ("壹拾贰万元零壹分", 120_000 * YUAN + 1),
        ("3元5角", 350),
        ("伍角", 50),
        ("0", 0),
    ],
)
def test_what_people_write_is_read(text, fen):
    assert parse(text, Unit.WAN) == money.Reading(
        fen, Unit.WAN if text == "0" else None
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \u3000", "blank"),
        ("-5", "negative"),
        ("−5万元", "negative"),
        ("(5)", "negative"),
        ("1e9", "exponent"),
        ("1.2E+7", "exponent"),
        ("3×10^6", "exponent"),
        ("100万美元", "currency"),
        ("$5", "currency"),
        ("约100万", "vague"),
        ("100-200万", "vague"),
        ("100万以上", "vague"),
        ("1,2", "grouping"),
        ("12,00万", "grouping"),
        ("3万5", "unit"),
        ("0.001元", "precision"),
        ("0.0000001万", "precision"),
        ("2000亿", "size"),
        ("9" * 400, "size"),
        ("NaN", "unreadable"),
        ("١٢", "unreadable"),
        ("百万", "unreadable"),
        ("5千6万", "unreadable"),
        ("=1+1", "unreadable"),
        ("一二三", "unreadable"),
        ("三万伍角", "unreadable"),
    ],
)
def test_what_is_no_amount_is_refused(text, code):
    with pytest.raises(MoneyError) as refusal:
        parse(text, Unit.WAN)
    assert refusal.value.code == code
    assert any("\u4e00" <= char <= "\u9fff" for char in str(refusal.value))


def test_a_bare_number_takes_the_unit_of_its_field_and_says_so():
    assert parse("260", Unit.WAN) == money.Reading(260 * WAN, Unit.WAN)
    assert parse("260", Unit.YUAN) == money.Reading(260 * YUAN, Unit.YUAN)
    assert parse("二十", Unit.WAN) == money.Reading(20 * WAN, Unit.WAN)


def test_a_bare_number_that_looks_like_yuan_is_told_both_ways():
    doubt = parse("1200000", Unit.WAN).doubt
    assert "12,000,000,000 元" in doubt
    assert "1,200,000 元" in doubt
    assert parse("1200000", Unit.YUAN).doubt == ""
    assert parse("1200000万元", Unit.WAN).doubt == ""
    assert parse("99999", Unit.WAN).doubt == ""


@given(any_fen)
def test_what_is_written_in_any_way_is_read_back_to_the_fen(fen):
    yuan, wan = Decimal(fen) / YUAN, Decimal(fen) / WAN
    ways = [
        f"{yuan:.2f}元",
        f"{yuan:,.2f} 元",
        f"¥{yuan:,.2f}",
        f"{wan:.6f}万元",
        f"{wan:,.6f}万",
        f"{Decimal(fen) / FEN_PER_YI:.10f}亿",
        money.capital(fen),
        money.in_yuan(fen),
    ]
    assert {parse(way, Unit.WAN) for way in ways} == {money.Reading(fen)}
    assert parse(f"{wan:.6f}", Unit.WAN).fen == fen
    assert parse(f"{yuan:.2f}", Unit.YUAN).fen == fen


@given(st.integers(10, 10**11))
def test_chinese_numerals_are_read_in_both_scripts(yuan):
    low, up = cn2an.an2cn(str(yuan), "low"), cn2an.an2cn(str(yuan), "up")
    for numeral in (low, up):
        assert parse(f"{numeral}元", Unit.WAN).fen == yuan * YUAN


def read_or_refused(text: str) -> int | str:
    """What the reader makes of the text; anything but a refusal of its own breaks."""
    try:
        return parse(text, Unit.WAN).fen
    except MoneyError as refusal:
        return money.MESSAGES[refusal.code]


@given(st.text(max_size=80))
def test_any_text_is_an_amount_within_bounds_or_refused(text):
    found = read_or_refused(text)
    assert isinstance(found, str) or 0 <= found <= MOST_FEN


@given(st.text("0123456789.,-eE万亿元千百角分壹贰拾一二十 ¥", max_size=16))
def test_no_arrangement_of_the_signs_of_money_breaks_the_reader(text):
    found = read_or_refused(text)
    assert isinstance(found, str) or 0 <= found <= MOST_FEN


@given(any_fen)
def test_the_number_of_a_cell_is_read_back_to_the_fen(fen):
    exact = Decimal(fen) / WAN
    assert money.from_number(exact, Unit.WAN) == fen
    if fen < 10**13:  # a binary fraction holds no more digits for sure
        assert money.from_number(float(exact), Unit.WAN) == fen


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf"), 1e40])
def test_a_cell_that_is_no_amount_is_refused(number):
    with pytest.raises(MoneyError):
        money.from_number(number, Unit.WAN)
