"""Small files of each kind, and some that pretend."""

import io
import zipfile


def office(main: str, *, macros: bool = False) -> bytes:
    """An Office file reduced to its list of parts."""
    types = f'<Types><Override ContentType="application/vnd.{main}.main+xml"/></Types>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        if macros:
            archive.writestr("word/vbaProject.bin", b"\0" * 40)
    return buffer.getvalue()


WORD = "openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "openxmlformats-officedocument.spreadsheetml.sheet"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPG = b"\xff\xd8\xff\xe0" + b"\0" * 40
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>'
GOOD: dict[str, bytes] = {
    "方案.pdf": PDF,
    "方案.docx": office(WORD),
    "参数.xlsx": office(EXCEL),
    "照片.PNG": PNG,
    "照片.jpg": JPG,
    "照片.jpeg": JPG,
    "数据.csv": "指标,数值\n摆幅,350\n".encode("gb18030"),
    "说明.txt": "现场记录：小于 5 < 6\n".encode(),
}
BAD: dict[str, bytes] = {
    "page.pdf": HTML,
    "page.txt": HTML,
    "page.csv": b"\xef\xbb\xbf  <!-- x --> <script>alert(1)</script>",
    "picture.svg": SVG,
    "picture.png": SVG,
    "picture.jpg": PNG,
    "report.docx": PDF,
    "report.pdf": office(WORD),
    "macros.docx": office(WORD, macros=True),
    "table.docx": office(EXCEL),
    "archive.zip": office(WORD),
    "program.exe": b"MZ" + b"\0" * 40,
    "program.txt": b"MZ\x00\x01" + b"\0" * 40,
    "broken.docx": b"PK\x03\x04 no archive",
    "no-ending": PDF,
    "double.pdf.html": PDF,
    "": PDF,
    ".pdf": HTML,
}
