"""How a text is cut into sentences and words, and for whom each text is."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.text import (
    LONGEST_SENTENCE,
    LONGEST_WINDOW,
    STOP_WORDS,
    Source,
    passages,
    sentences,
    simplify,
    sources,
    terms,
    windows,
)
from models import Achievement, Call, Need, Organisation
from models.outbox import Audience, Part
from models.states import (
    PUBLIC_CALL_STATES,
    AchievementStatus,
    CallStatus,
    NeedStatus,
    Secrecy,
)

EVERYONE, OUTSIDE, INSIDE = Audience.EVERYONE, Audience.OUTSIDE, Audience.INSIDE

# Texts as people type them, and as nobody should.
texts = st.text(
    st.sampled_from("电池热失控,,、。;;!?\n 1,000.5%℃min🔋\x00電")
    | st.characters(exclude_categories=["Cs"]),
    max_size=400,
)


def quoted(text):
    return [text[start:end] for start, end in sentences(text)]


# -- Sentences -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\n ", []),
        ("电芯过充后升温很快", ["电芯过充后升温很快"]),
        (
            "电芯过充后升温很快。现有烟感报警太晚!怎么办?",
            # A scrap of four characters means nothing alone.
            ["电芯过充后升温很快。", "现有烟感报警太晚!怎么办?"],
        ),
        (
            "第一行没有句号\n第二行也没有句号",
            ["第一行没有句号", "第二行也没有句号"],
        ),
        ("提前十分钟预警;误报率不高于百分之一；", None),
        ("温度99.2℃,精度±0.05 mm。", ["温度99.2℃,精度±0.05 mm。"]),
        ("真的这样吗?!我们不能相信……", ["真的这样吗?!", "我们不能相信……"]),
        ("。。。前面多了句号的句子", ["。。。前面多了句号的句子"]),
        ("。", ["。"]),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text, expected):
    if expected is None:
        expected = ["提前十分钟预警;", "误报率不高于百分之一；"]
    assert quoted(text) == expected


def test_a_sentence_too_long_to_quote_is_cut_at_its_commas():
    clause = "主轴在高速切削时出现周期性振动"
    found = quoted(",".join([clause] * 20) + "。")

    assert len(found) > 2
    assert all(len(piece) <= LONGEST_SENTENCE for piece in found)
    assert all(piece.startswith(clause) for piece in found)


@pytest.mark.parametrize(
    "unit", ["耗电1,000kWh/t", "间隙0.0005mm", "强度1250.75MPa", "含水率≤0.35%"]
)
@pytest.mark.parametrize("comma", ["", ",", "，"])
def test_no_figure_is_torn_however_long_the_sentence(unit, comma):
    for filler in range(100, 121):
        text = "电" * filler + unit + comma + "热" * 130
        figure = unit.lstrip("耗电间隙强度含水率≤")
        assert any(figure in piece for piece in quoted(text)), (filler, quoted(text))


@settings(max_examples=300)
@given(texts)
def test_sentences_cover_every_character_that_is_no_space(text):
    found = sentences(text)

    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    covered = [False] * len(text)
    for start, end in found:
        covered[start:end] = [True] * (end - start)
    lost = [c for c, kept in zip(text, covered, strict=True) if not kept]
    assert not "".join(lost).strip()


def test_an_endless_word_is_cut_all_the_same():
    assert quoted("x" * 300) == ["x" * 120, "x" * 120, "x" * 60]


# -- Passages --------------------------------------------------------------------


@given(st.lists(st.text("电池，。 x9\n", max_size=300), max_size=8).map("".join))
def test_windows_hold_the_whole_text_and_are_short_enough(text):
    found = windows(text)
    assert "".join(found) == text
    assert all(found) or found == [""]
    # Space is no piece for an encoder, however much of it there is.
    assert all(len("".join(one.split())) <= LONGEST_WINDOW for one in found)
    assert len(found) == 1 or len(text) > LONGEST_WINDOW


def test_a_long_text_is_cut_into_windows_between_its_sentences():
    sentence = "磷酸铁锂电池簇过充后温度上升很快，现有烟感报警太晚。"
    found = windows(sentence * 40)
    assert len(found) > 1
    assert all(one.endswith("。") and one.startswith("磷酸") for one in found)


def test_the_whole_comes_first_and_each_part_is_placed():
    source = Source(
        "标题在此", "第一句话的内容。\n第二句话的内容。", ("指标一", " ", "指标三")
    )
    found = passages(source)

    assert [(p.part, p.position, p.text) for p in found] == [
        (Part.WHOLE, 0, source.whole),
        (Part.TITLE, 0, "标题在此"),
        (Part.SENTENCE, 0, "第一句话的内容。"),
        (Part.SENTENCE, 1, "第二句话的内容。"),
        (Part.POINT, 0, "指标一"),
        (Part.POINT, 2, "指标三"),
    ]
    for passage in found:
        if passage.part is Part.SENTENCE:
            assert source.body[passage.start : passage.end] == passage.text
        else:
            assert (passage.start, passage.end) == (-1, -1)


def test_a_text_of_nothing_has_no_passages():
    assert passages(Source(" ", "\n", ("",))) == []


@given(texts)
def test_any_text_can_be_cut_up_hashed_and_read(text):
    source = Source(text[:50], text, (text[:30],))
    for passage in passages(source):
        assert passage.text.strip()
        terms(passage.text)
    assert len(source.hash) == len(source.meaning_hash) == 64


# -- Terms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("比能量350 Wh/kg", {"wh/kg"}),
        ("磷酸铁锂LiFePO₄电芯", {"lifepo4"}),
        ("Al₂O₃陶瓷", {"al2o3"}),
        ("CO₂捕集", {"co2"}),
        ("5G基站与3D打印", {"5g", "3d"}),
        ("防护等级IP67", {"ip67"}),
        ("粒径10 µm", {"μm"}),
        ("粒径10 μm", {"μm"}),
        ("α-Fe催化剂", {"α-fe"}),
        ("Escherichia coli发酵", {"escherichia", "coli"}),
        ("Li-ion电池", {"li-ion"}),
        ("ＰＬＣ控制", {"plc"}),
    ],
)
def test_units_formulas_and_latin_words_stay_whole(text, expected):
    assert expected <= set(terms(text))


def test_chinese_is_cut_into_words_and_the_words_within_them():
    found = terms("杂交水稻育种")
    assert "水稻" in found
    assert "育种" in found
    assert all(len(word) > 1 for word in found)


def test_a_word_counts_as_often_as_it_stands_there():
    assert terms("电池、电池、plc、PLC").count("电池") == 2
    assert terms("电池、电池、plc、PLC").count("plc") == 2


def test_words_without_a_subject_are_left_out():
    assert "我们" in STOP_WORDS
    assert terms("我们希望目前") == []


@pytest.mark.parametrize("text", ["98", "99.2%", "1,000", "≥35", "2018"])
def test_bare_figures_are_no_terms(text):
    assert terms(text) == []


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\x01\x1f", "🔋🚗", "。,;!?", "\ufeff"]
)
def test_what_holds_no_word_gives_no_terms(text):
    assert terms(text) == []


def test_traditional_characters_give_the_same_terms():
    assert terms("鋰電池熱失控預警") == terms("锂电池热失控预警")
    assert simplify("機器學習") == "机器学习"


def test_an_emoji_between_words_does_not_hide_them():
    assert "电池" in terms("🔋电池🔋")


# -- For whom each text is -------------------------------------------------------


def need(status=NeedStatus.PUBLISHED, secrecy=Secrecy.PUBLIC):
    masked = secrecy is Secrecy.MASKED
    return Need(
        status=status,
        secrecy=secrecy,
        title="盾构刀盘磨损监测",
        field="EM",
        problem="某标段刀盘磨损严重。",
        targets=["精度≤1 mm"],
        public_title="掘进设备监测" if masked else None,
        public_problem="掘进设备的部件磨损。" if masked else None,
        public_targets=["精度高"] if masked else None,
        district="岳麓区",
        organisation=Organisation(name="甲"),
    )


OPEN_NEEDS = {NeedStatus.PUBLISHED, NeedStatus.SOLVED}
NO_NEEDS = {NeedStatus.DRAFT, NeedStatus.WITHDRAWN}


def expected_audiences(status, secrecy):
    """The table of the brief, written out once more and by hand."""
    if status in NO_NEEDS:
        return set()
    if status not in OPEN_NEEDS or secrecy is Secrecy.RESTRICTED:
        return {INSIDE}
    return {EVERYONE} if secrecy is Secrecy.PUBLIC else {OUTSIDE, INSIDE}


@pytest.mark.parametrize("secrecy", list(Secrecy))
@pytest.mark.parametrize("status", list(NeedStatus))
def test_a_need_is_for_those_its_state_and_secrecy_allow(status, secrecy):
    assert set(sources(need(status, secrecy))) == expected_audiences(status, secrecy)


def test_outsiders_get_the_public_words_of_a_masked_need_only():
    found = sources(need(secrecy=Secrecy.MASKED))

    assert found[OUTSIDE] == Source("掘进设备监测", "掘进设备的部件磨损。", ("精度高",))
    assert found[INSIDE] == Source(
        "盾构刀盘磨损监测", "某标段刀盘磨损严重。", ("精度≤1 mm",)
    )


@pytest.mark.parametrize("status", list(AchievementStatus))
def test_an_achievement_is_for_those_its_state_allows(status):
    item = Achievement(status=status, title="题", abstract="摘要", indicators=["一"])
    expected = {
        AchievementStatus.DRAFT: set(),
        AchievementStatus.WITHDRAWN: set(),
        AchievementStatus.PUBLISHED: {EVERYONE},
        AchievementStatus.TRANSFERRED: {EVERYONE},
    }.get(status, {INSIDE})

    assert set(sources(item)) == expected


@pytest.mark.parametrize("status", list(CallStatus))
def test_a_call_is_for_those_its_state_allows(status):
    item = Call(status=status, title="题", background="背景", goals=["一"])
    found = set(sources(item))

    if status is CallStatus.DRAFT:
        assert found == set()
    else:
        assert found == ({EVERYONE} if status in PUBLIC_CALL_STATES else {INSIDE})
    assert (EVERYONE in found) == (status in PUBLIC_CALL_STATES)


# -- When a text is another ------------------------------------------------------

SOURCE = Source("热失控预警", "提前10.5 min报警。误报率低", ("误报率≤1%",))


@pytest.mark.parametrize(
    "changed",
    [
        replace(SOURCE, body="提前10.5 min报警,误报率低。"),
        replace(SOURCE, body="提前 10.5 min 报警!\n误报率低"),
        replace(SOURCE, body="提前10.5 min报警. 误报率低."),
        replace(SOURCE, title="「热失控」预警"),
        replace(SOURCE, body="提前10.5 MIN报警。误报率低"),
        replace(SOURCE, points=("误报率≤1%。",)),
        replace(SOURCE, points=("误报率≤１％",)),
    ],
)
def test_punctuation_and_spacing_change_the_hash_and_not_the_meaning(changed):
    assert changed.hash != SOURCE.hash
    assert changed.meaning_hash == SOURCE.meaning_hash


@pytest.mark.parametrize(
    "changed",
    [
        replace(SOURCE, body="提前105 min报警。误报率低"),
        replace(SOURCE, body="提前1.05 min报警。误报率低"),
        replace(SOURCE, body="提前10.5 min报警。误报率高"),
        replace(SOURCE, points=("误报率≥1%",)),
        replace(SOURCE, points=("误报率≤1‰",)),
        replace(SOURCE, points=("误报率≤1%", "寿命10 年")),
        replace(SOURCE, points=()),
    ],
)
def test_a_word_or_a_figure_changes_the_meaning(changed):
    assert changed.hash != SOURCE.hash
    assert changed.meaning_hash != SOURCE.meaning_hash


def test_words_that_move_to_another_part_change_the_hash():
    assert Source("甲乙", "丙", ()).hash != Source("甲", "乙丙", ()).hash
    assert Source("甲", "乙", ("丙", "丁")).hash != Source("甲", "乙", ("丙丁",)).hash
