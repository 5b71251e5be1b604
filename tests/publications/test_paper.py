"""A list as Word, Excel and CSV."""

import csv
import io

from docx import Document
from openpyxl import load_workbook

from matchmaker.publications import contents, paper, service
from matchmaker.publications.finding import code
from matchmaker.sheets.tables import Form
from models.states import PublicationKind

from .test_service import new_list, seen

EVIL = '=HYPERLINK("//a","点")'


def issued(session, make, **given):
    staff = make.staff()
    made = service.create(session, staff, new_list(**given), now=make.now)
    made = service.issue(session, staff, made.id, seen(session, made), now=make.now)
    return made, contents.lines(session, made)


def test_word_opens_and_has_every_entry_under_number_and_day(session, make):
    wanted = [make.need(title=f"第{place}条需求", is_demo=True) for place in range(7)]
    made, lines = issued(session, make, foreword="第一段。\n第二段。")

    document = Document(paper.word(made, lines))

    said = [paragraph.text for paragraph in document.paragraphs]
    assert said[:3] == [
        made.title,
        "需求清单〔2026〕第1号",
        "长沙技术交易撮合平台　2026年11月23日",
    ]
    assert "第一段。" in said
    assert "第二段。" in said
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert [row[0] for row in rows] == ["序号", *map(str, range(1, 8))]
    titles = [row[1] for row in rows[1:]]
    assert sorted(titles)[0] == "第0条需求（示例）"
    assert {title.split("（")[0] for title in titles} == {one.title for one in wanted}
    assert all(wanted[0].problem in row for row in rows[1:])
    (section,) = document.sections
    assert section.page_width > section.page_height
    foot = section.footer.paragraphs[0]
    assert foot.text.startswith("需求清单〔2026〕第1号　2026年11月23日")
    fields = foot._p.xpath(".//w:instrText")
    assert [field.text for field in fields] == ["PAGE", "NUMPAGES"]
    # The headings stand on every page.
    assert document.tables[0].rows[0]._tr.xpath("./w:trPr/w:tblHeader")


def test_word_holds_what_no_xml_can(session, make):
    make.need(title="有控制字符\ufffe的需求")
    made, lines = issued(session, make)
    document = Document(paper.word(made, lines))
    assert document.tables[0].rows[1].cells[1].text == "有控制字符的需求"


def test_no_text_becomes_a_formula(session, make):
    make.achievement(title=EVIL, abstract="+1", indicators=["@SUM(A1)"], code="=1+1")
    head = {"title": f"{EVIL}清单", "issuer": "＝单位"}
    made, lines = issued(session, make, kind=PublicationKind.ACHIEVEMENTS, **head)

    with paper.sheet(made, lines, Form.XLSX) as file:
        page = load_workbook(io.BytesIO(file.read())).active
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert f"'{EVIL}" in [cell.value for cell in cells]
    with paper.sheet(made, lines, Form.CSV) as file:
        body = file.read()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert rows[0] == [f"'{EVIL}清单"]
    assert code(made) in rows[1][0]
    assert rows[3][:3] == ["序号", "名称", "编号"]
    assert rows[4][:3] == ["1", f"'{EVIL}", "'=1+1"]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@")]
