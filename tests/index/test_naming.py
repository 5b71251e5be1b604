"""A group is called by nouns, and by what its titles have in common before all."""

import pytest

from index import evaluate
from index.groups import common_terms
from index.naming import FEWEST, NAME_TERMS, name
from index.text import Source
from models.outbox import RecordType

from . import corpus
from .test_duplicates import ROOT


def called(*texts: Source) -> list[str]:
    """The name of a group of these, among records of other things."""
    records = [corpus.record(number, text) for number, text in enumerate(texts, 1)]
    shelf = corpus.shelf_of(*records, *corpus.fillers(40, start=100))
    return [
        part for part in name(common_terms(shelf, records), records).split("、") if part
    ]


@pytest.fixture(scope="module")
def needs():
    return evaluate.read([ROOT / "data" / "sample"]).records[RecordType.NEED]


@pytest.mark.parametrize(
    ("group", "noun", "odd"),
    [
        (("N-MD-007", "N-NM-013"), "可吸收骨钉", {"先断", "没长", "吸收"}),
        (("N-EP-016", "N-NM-018"), "退役风机叶片", {"倒贴", "省内"}),
        (("N-BD-002", "N-CH-008"), "尾矿坝", {"去年", "三天", "十多"}),
        (("N-AG-009", "N-MD-014"), "核酸", {"copies/ml", "分清", "存放"}),
        (("N-AG-004", "N-AG-010"), "行距", {"必须", "千亩", "四成"}),
        (("N-AT-018", "N-RB-012"), "机器", {"全靠", "每根"}),
        (("N-AI-015", "N-EP-018"), "变频", {"机房", "年均", "退回", "常年"}),
    ],
)
def test_groups_of_the_sample_are_called_by_nouns(needs, group, noun, odd):
    found = called(*(needs[one] for one in group))
    assert noun in found
    assert not odd & set(found)
    assert FEWEST <= len(found) <= NAME_TERMS


def test_a_verb_names_a_group_only_from_a_title():
    bodies = ("焊缝开裂，要求检测。", "焊缝开裂后返修。")
    titled = [Source(f"焊缝开裂{n}", body, ()) for n, body in enumerate(bodies)]
    plain = [Source(f"焊缝问题{n}", body, ()) for n, body in enumerate(bodies)]
    assert "开裂" in called(*titled)
    assert "开裂" not in called(*plain)


def test_a_phrase_begins_where_a_word_does():
    one = Source("机房空调太冷", "空调。", ())
    other = Source("大楼制冷机房自控", "空调。", ())
    assert "机房" not in called(one, other)
    assert "机房空调" in called(one, Source("机房空调节能", "空调。", ()))


def test_a_latin_word_may_name_a_group_and_a_unit_may_not():
    texts = [
        Source(f"slam定位{n}", "slam建图，分辨率10 copies/ml。", ()) for n in range(2)
    ]
    found = called(*texts)
    assert "slam定位" in found
    assert "copies/ml" not in found


def test_nothing_in_common_gives_no_name():
    assert called(Source("甲", "乙。", ()), Source("丙", "丁。", ())) == []
