"""Need forms as firms fill them in: the platform's own, and theirs."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from matchmaker.needs.schema import LABELS
from matchmaker.needs.word import reading, template
from models import User
from models.states import Role

FIRM = User(role=Role.ENTERPRISE, organisation_id=1, active=True)
W14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'


def filled(answers: Mapping[str, Any]) -> bytes:
    """The platform's form, its rows filled in by the code of their field.

    A list goes line by line into the rows of the targets; of choices («☑ 新材料») the
    box is ticked.
    """
    document = Document(template.document(FIRM))
    places: dict[str, list[Any]] = {}
    for row in document.tables[0].rows:
        label, value = row.cells
        words = label.text.split("\n")[0].removesuffix(" *").removesuffix("（万元）")
        places.setdefault(words, []).append(value)
    for code, answer in answers.items():
        cells = places[LABELS[code]]
        if isinstance(answer, list):
            for cell, line in zip(cells, answer, strict=False):
                cell.text = line
        elif answer.startswith("☑ "):
            assert f"□ {answer[2:]}" in cells[0].text, answer
            cells[0].text = cells[0].text.replace(f"□ {answer[2:]}", answer, 1)
        else:
            cells[0].text = answer
    return saved(document)


def own(*lines: str) -> bytes:
    """A form a firm made itself, of paragraphs."""
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    return saved(document)


def table(*rows: list[str], change: Callable[[Any], None] | None = None) -> bytes:
    """A form a firm made itself, a table; ``change`` gets it before it is saved."""
    document = Document()
    made = document.add_table(rows=0, cols=max(map(len, rows)))
    for row in rows:
        for cell, text in zip(made.add_row().cells, row, strict=False):
            cell.text = text
    if change is not None:
        change(made)
    return saved(document)


def with_xml(xml: str) -> bytes:
    """A document with one paragraph of this inner XML."""
    document = Document()
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')} {W14}>{xml}</w:p>"))
    return saved(document)


def saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def repacked(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The document with these parts added, or in the place of its own."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return buffer.getvalue()


def read(folder: Path, data: bytes, name: str = "需求表.docx") -> reading.Reading:
    path = folder / "incoming"
    path.write_bytes(data)
    return reading.read(path, name)
