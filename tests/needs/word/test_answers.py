"""Each kind of answer as people write it, and what is not guessed from it."""

import pytest

from matchmaker.needs.word.answers import value_of
from matchmaker.sheets.cells import CellError


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("secrecy", "□ 公开√　□ 脱敏公开　□ 定向", "public"),
        ("secrecy", "√ □ 公开　□ 脱敏公开", "public"),
        ("secrecy", "√□公开 □脱敏公开", "public"),
        ("secrecy", "□√ 定向 □ 公开", "restricted"),
        ("secrecy", "公开□ 脱敏公开☑ 定向□", "masked"),
        ("secrecy", "请选择：□公开 ☑定向", "restricted"),
        ("secrecy", "☐ 公开 ☒ 脱敏公开 ☐ 定向", "masked"),
        ("field", "□ 新材料 √\n□ 生物医药", "NM"),
        ("field", "□ 新材料\n☑ 汽车、智能网联与轨道交通", "AT"),
        ("field", "新 材 料", "NM"),
        ("cooperation", "√委托开发 √合作开发", ["commissioned", "joint"]),
        ("cooperation", "委托开发√ 合作开发√ 技术转让", ["commissioned", "joint"]),
        ("cooperation", "委托开发（√） 合作开发（ ）", ["commissioned"]),
        ("cooperation", "[x]委托开发 [ ]合作开发", ["commissioned"]),
        ("cooperation", "委托开发、技术转让", ["commissioned", "transfer"]),
        ("cooperation", "委托开发或合作开发均可", ["commissioned", "joint"]),
        ("cooperation", "□ 委托开发　□ 合作开发", []),
        ("ip_wish", "归解决方，本单位获得使用许可", "solver"),
        ("ip_wish", "没有要求", ""),
        ("trl_expected", "□ 1 级　☑ 7 级", "7"),
        ("trl_expected", "TRL 7", "7"),
        ("trl_expected", "第七级（样机）及以上", "7"),
        ("district", "湖南省长沙市长沙县星沙街道", "长沙县"),
        ("district", "长沙市岳麓", "岳麓区"),
        ("deadline", "２０２７年６月３０日", "2027-06-30"),
        ("deadline", "2027.6.30前", "2027-06-30"),
        ("deadline", "2028年2月底前", "2028-02-29"),
        ("deadline", "2027 年底", "2027-12-31"),
        ("deadline", "长期有效", ""),
        ("budget", "２６０", "260"),
        ("budget", "260万元", "260"),
        ("budget", "人民币贰佰陆拾万元整", "260"),
        ("budget", "2600000元", "260"),
        ("budget", "面议", ""),
    ],
)
def test_an_answer_is_read_as_it_is_meant(code, text, value):
    found = value_of(code, "", text)
    assert sorted(found) == sorted(value) if isinstance(value, list) else found == value


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("secrecy", "不公开", "不在可选范围"),
        ("secrecy", "公开名称，不公开全文", "不在可选范围"),
        ("secrecy", "□ 公开 √ □ 脱敏公开 □ 定向", "看不出打勾的是哪一项"),
        ("secrecy", "☑ 公开 ☑ 定向", "只能选一项"),
        ("field", "□ 新材料\n填新材料", "都没有打勾"),
        ("field", "新材料、生物医药", "不在可选范围"),
        ("field", "非新材料", "不在可选范围"),
        ("cooperation", "委托开发或共建实验室", "共建实验室"),
        ("cooperation", "□委托开发 ☑其他：共建", "其他：共建"),
        ("trl_expected", "6-7级", "不在可选范围"),
        ("district", "长沙", "不在可选范围"),
        ("deadline", "尽快", "看不懂这个日期"),
        ("deadline", "2027年2月30日", "没有这一天"),
        ("deadline", "2027年13月底", "没有这个月份"),
        ("budget", "100-200万", "不要写范围"),
        ("budget", "260万美元", "人民币"),
        ("budget", "2600000", "没有写单位"),
    ],
)
def test_what_is_not_clear_is_not_guessed(code, text, said):
    with pytest.raises(CellError, match=said):
        value_of(code, "", text)


def test_the_heading_says_the_unit_of_an_amount():
    assert value_of("budget", "yuan", "2600000") == "260"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1、摆幅 ≤350 mm\n2．效率下降 ≤3%\n\n", ["摆幅 ≤350 mm", "效率下降 ≤3%"]),
        ("（1）摆幅 ≤350 mm\n②效率下降 ≤3%", ["摆幅 ≤350 mm", "效率下降 ≤3%"]),
        ("摆幅 ≤350 mm；效率下降 ≤3%。", ["摆幅 ≤350 mm", "效率下降 ≤3%。"]),
        ("1.5 mm 以内\n-5 ℃ 以上", ["1.5 mm 以内", "-5 ℃ 以上"]),
    ],
)
def test_targets_come_line_by_line_without_their_numbers(text, lines):
    assert value_of("targets", "", text) == lines
