"""Forms in and out: the platform's own, those of firms, and files that are none."""

import io
import unicodedata
import zipfile

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.errors import Forbidden, Invalid
from matchmaker.needs.word import template
from matchmaker.needs.word.paper import MOST_XML
from models import User
from models.states import Role

from .files import FIRM, filled, own, read, repacked, saved, table, with_xml

VALUES = {
    "title": "泵车臂架末端软管晃得厉害",
    "field": "EM",
    "district": "长沙县",
    "park": "长沙经开区",
    "problem": "泵送时软管上下摆幅超过一米。\n预算：不是这里\n\n工人扶不住。",
    "tried": "加蓄能器",
    "targets": ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"],
    "scene": "打灰",
    "trl_expected": "7",
    "budget": "260",
    "cooperation": ["joint"],
    "ip_wish": "shared",
    "solver_conditions": "接受外地",
    "deadline": "2027-06-30",
    "contact": "张三 0731-88880000",
    "secrecy": "restricted",
}
ON_PAPER = VALUES | {
    "field": "☑ 工程机械与智能制造装备",
    "district": "☑ 长沙县",
    "trl_expected": "☑ 7 级",
    "cooperation": "☑ 合作开发",
    "ip_wish": "☑ 双方共有",
    "secrecy": "☑ 定向",
}


# -- The platform's own form ---------------------------------------------------------


def test_the_form_filled_in_gives_every_value(tmp_path):
    found = read(tmp_path, filled(ON_PAPER))
    assert found.values == VALUES
    assert found.read == list(VALUES)
    aside = (found.doubts, found.unread, found.missing, found.remarks)
    assert not any(aside)


# What XML, `clean` and the joining of blanks leave as it is; no number before a target.
WORDS = st.text(
    st.characters(categories=["L", "Nd", "P", "Sm"], exclude_characters="；;"),
    min_size=1,
    max_size=40,
).map(lambda text: f"甲{text}")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=WORDS,
    problem=st.lists(WORDS, min_size=1, max_size=4).map("\n".join),
    targets=st.lists(WORDS, min_size=1, max_size=6),
    contact=WORDS,
)
def test_any_words_come_back_as_they_were_written(
    tmp_path, title, problem, targets, contact
):
    answers = {
        "title": title,
        "problem": problem,
        "targets": targets,
        "contact": contact,
    }
    found = read(tmp_path, filled(answers))
    same = {
        code: [unicodedata.normalize("NFC", each) for each in value]
        if isinstance(value, list)
        else unicodedata.normalize("NFC", value)
        for code, value in answers.items()
    }
    assert found.values == same
    assert not found.unread


def test_an_untouched_form_is_told_from_a_filled_one(tmp_path):
    with pytest.raises(Invalid, match="invalid") as refused:
        read(tmp_path, filled({}))
    assert "还没有填写" in refused.value.fields["file"]


def test_what_is_open_or_wrong_is_said_field_by_field(tmp_path):
    answers = {"title": "长" * 61, "budget": "一两百万", "deadline": "尽快"}
    found = read(tmp_path, filled(answers))
    assert found.values == {"title": "长" * 61}
    assert [code for code, _ in found.doubts] == ["budget", "deadline", "title"]
    assert "尽快" in dict(found.doubts)["deadline"]
    assert "problem" in found.missing
    assert "title" not in found.missing


def test_an_unreadable_wish_not_to_publish_does_not_become_public(tmp_path):
    found = read(tmp_path, own("需求名称：减振", "公开范围：不对外"))
    assert found.values["secrecy"] == ""
    assert found.doubts[0][0] == "secrecy"


def test_only_who_may_post_a_need_gets_the_form():
    template.document(FIRM)
    with pytest.raises(Forbidden):
        template.document(User(role=Role.UNIVERSITY, organisation_id=1, active=True))


# -- Forms firms make themselves -----------------------------------------------------


def test_paragraphs_with_other_words_are_read(tmp_path):
    found = read(
        tmp_path,
        own(
            "某公司技术需求",
            "一、项目名称：泵车臂架晃动",
            "二、所属领域：新材料　　所在区域：长沙市岳麓区",
            "企业规模：大型",
            "三、需求描述",
            "泵送频率接近每分钟二十次时，",
            "1. 晃得厉害",
            "四、企业简介",
            "我们是一家公司",
            "主要技术指标：摆幅≤350mm；效率下降≤3%",
            "资金预算（元）：2,600,000",
            "合作形式：委托开发、合作开发",
            "联系人：张三",
            "联系电话：13900000000",
            "有效期至：２０２７．６．３０",
        ),
    )
    assert found.values == {
        "title": "泵车臂架晃动",
        "field": "NM",
        "district": "岳麓区",
        "problem": "泵送频率接近每分钟二十次时，\n1. 晃得厉害",
        "targets": ["摆幅≤350mm", "效率下降≤3%"],
        "budget": "260",
        "cooperation": ["commissioned", "joint"],
        "contact": "张三，13900000000",
        "deadline": "2027-06-30",
    }
    assert found.unread == [
        "某公司技术需求",
        "企业规模：大型",
        "四、企业简介",
        "我们是一家公司",
    ]
    assert found.missing == ["secrecy"]


def test_a_table_of_four_columns_with_merged_cells(tmp_path):
    def merge(made):
        made.cell(0, 0).merge(made.cell(1, 0))
        made.cell(2, 1).merge(made.cell(2, 4))
        for row in (4, 5):
            made.cell(3, 0).merge(made.cell(row, 0))
        made.cell(6, 0).merge(made.cell(6, 4))
        made.cell(7, 0).merge(made.cell(7, 4))

    found = read(
        tmp_path,
        table(
            ["基本情况", "需求标题", "减振", "领域", "新材料"],
            ["", "企业规模", "大型", "园区", "高新区"],
            ["拟投入资金\n（万元）", "", "", "", ""],
            ["指标要求", "1", "摆幅", "≤350 mm", ""],
            ["", "2", "效率下降", "≤3%", ""],
            ["", "3", "寿命", "5 年", ""],
            ["问题描述（500 字以内）", "", "", "", ""],
            ["泵送时晃。\n工人扶不住。", "", "", "", ""],
            change=merge,
        ),
    )
    assert found.values == {
        "title": "减振",
        "field": "NM",
        "park": "高新区",
        "targets": ["摆幅 ≤350 mm", "效率下降 ≤3%", "寿命 5 年"],
        "problem": "泵送时晃。\n工人扶不住。",
    }
    assert found.unread == ["基本情况", "企业规模：大型"]


def test_headings_above_their_values_and_pairs_in_one_cell(tmp_path):
    across = table(["需求名称", "技术领域", "预算（万元）"], ["减振", "新材料", "80"])
    assert read(tmp_path, across).values == {
        "title": "减振",
        "field": "NM",
        "budget": "80",
    }
    pairs = table(["需求名称：减振", "预算：80 万"], ["企业人数", ""])
    found = read(tmp_path, pairs)
    assert found.values == {"title": "减振", "budget": "80"}
    assert not found.unread  # a question of theirs that nobody answered


def test_a_second_answer_and_pictures_are_not_dropped_silently(tmp_path):
    document = Document()
    document.add_paragraph("需求名称：减振")
    document.add_paragraph("项目名称：降噪")
    png = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde"
        b"\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\3\1\1\0\xc9\xfe\x92\xef"
        b"\0\0\0\0IEND\xaeB`\x82"
    )
    document.add_picture(io.BytesIO(png))
    found = read(tmp_path, saved(document))
    assert found.values == {"title": "减振"}
    assert found.unread == ["项目名称：降噪（前面已有这一项）"]
    assert "1 处图片" in found.remarks[0]


BOX = (
    "<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='{on}'/></w14:checkbox>"
    "</w:sdtPr><w:sdtContent><w:r><w:t>?</w:t></w:r></w:sdtContent></w:sdt>"
    "<w:r><w:t>{words} </w:t></w:r>"
)
LEGACY = (
    "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox>"
    "<w:default w:val='{on}'/></w:checkBox></w:ffData></w:fldChar></w:r>"
    "<w:r><w:t>{words} </w:t></w:r>"
)
SIGN = (
    "<w:r><w:sym w:font='Wingdings' w:char='{char}'/></w:r>"
    "<w:r><w:t xml:space='preserve'>{words} </w:t></w:r>"
)


@pytest.mark.parametrize("box", [BOX, LEGACY])
def test_boxes_that_word_itself_ticks_are_read(tmp_path, box):
    xml = "<w:r><w:t>合作方式：</w:t></w:r>"
    xml += box.format(on=0, words="委托开发") + box.format(on=1, words="合作开发")
    assert read(tmp_path, with_xml(xml)).values == {"cooperation": ["joint"]}


def test_signs_of_a_font_of_pictures_are_boxes(tmp_path):
    xml = "<w:r><w:t>公开范围：</w:t></w:r>"
    xml += SIGN.format(char="F0A8", words="公开") + SIGN.format(
        char="F0FE", words="定向"
    )
    assert read(tmp_path, with_xml(xml)).values == {"secrecy": "restricted"}


def test_what_was_struck_out_and_prompts_are_not_read_and_inserted_text_is(tmp_path):
    xml = (
        "<w:r><w:t>需求名称：</w:t></w:r>"
        "<w:del w:id='1' w:author='a'><w:r><w:delText>旧</w:delText></w:r></w:del>"
        "<w:ins w:id='2' w:author='a'><w:r><w:t>减振</w:t></w:r></w:ins>"
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
        "<w:r><w:t>单击此处输入文字</w:t></w:r></w:sdtContent></w:sdt>"
    )
    assert read(tmp_path, with_xml(xml)).values == {"title": "减振"}


def test_a_long_file_of_something_else_shows_so_much_and_says_how_much_more(tmp_path):
    lines = (
        "需求名称：减振",
        "预算：80万",
        *(f"{n} 号说明{'长' * 400}" for n in range(150)),
    )
    found = read(tmp_path, own(*lines))
    assert len(found.unread) == 101
    assert found.unread[-1] == "……还有 50 处"
    assert all(len(text) < 310 for text in found.unread)


# -- Files that are none ---------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)
GOOD = own("需求名称：减振")


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")
    return buffer.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """The archive with a first part that its directory says unpacks to ``size``."""
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + size.to_bytes(4, "little") + data[at + 28 :]


def types_of(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        return made.read("[Content_Types].xml")


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "打开密码"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.docx", "旧版 Word"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.doc", "旧版 Word"),
        (repacked(GOOD, {"word/vbaProject.bin": b"x"}), "a.docx", "宏"),
        (GOOD, "a.docm", "宏"),
        (
            repacked(
                GOOD,
                {
                    "[Content_Types].xml": types_of(GOOD).replace(
                        b"vnd.openxmlformats-officedocument.wordprocessingml"
                        b".document.main+xml",
                        b"vnd.ms-word.document.macroEnabled.main+xml",
                    )
                },
            ),
            "a.docx",
            "内容却不是",
        ),
        (GOOD, "a.pdf", "只能读入 .docx"),
        (GOOD, "需求表", "只能读入 .docx"),
        (b"%PDF-1.7", "a.docx", "内容却不是"),
        (b"<html>", "a.docx", "内容却不是"),
        (GOOD[: len(GOOD) // 2], "a.docx", "已损坏"),
        (b"PK\x03\x04 no archive", "a.docx", "已损坏"),
        (repacked(GOOD, {"word/document.xml": b"<w:document"}), "a.docx", "已损坏"),
        (
            repacked(
                GOOD, {"word/document.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}
            ),
            "a.docx",
            "已损坏",
        ),
        (archive("xl/workbook.xml"), "a.docx", "不是 Word 文档"),
        (archive("word/document.xml"), "a.docx", "内容却不是"),
        (archive(*(f"{n}.xml" for n in range(2001))), "a.docx", "部件过多"),
        (
            repacked(GOOD, {"word/media/a.bmp": bytes(120_000_000)}),
            "a.docx",
            "解压后过大",
        ),
        (
            repacked(GOOD, {"word/media/a.bmp": bytes(40_000_000)}),
            "a.docx",
            "解压后过大",
        ),
        (repacked(GOOD, {"word/a.xml": b" " * (MOST_XML + 1)}), "a.docx", "解压后过大"),
        (claiming(GOOD, 2_000_000_000), "a.docx", "解压后过大"),
        (own("今天天气很好"), "a.docx", "没有在文件里找到"),
        (own(*["第"] * 3001), "a.docx", "超过 3000 段"),
    ],
)
def test_a_file_that_is_no_form_says_what_to_do(tmp_path, data, name, said):
    with pytest.raises(Invalid) as refused:
        read(tmp_path, data, name)
    assert said in refused.value.fields["file"]
