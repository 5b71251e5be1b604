"""What a file is, and what it may be called."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.attachments import content
from matchmaker.errors import Invalid

from .files import BAD, GOOD


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_taken_that_is_what_it_says(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(GOOD[name])
    ending = name.rpartition(".")[2].lower()
    assert ending in content.kind_of(path, name).endings


@pytest.mark.parametrize("name", BAD)
def test_a_file_is_refused_that_is_something_else(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(BAD[name])
    with pytest.raises(Invalid) as error:
        content.kind_of(path, name)
    assert set(error.value.fields) == {"file"}


def test_an_archive_of_a_million_entries_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "bomb"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:060}", b"")

    def opened(*_: object) -> None:
        pytest.fail("the directory was read")

    monkeypatch.setattr(zipfile, "ZipFile", opened)
    with pytest.raises(Invalid):
        content.kind_of(path, "bomb.docx")


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("../../x.svg", "x.svg"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("/etc/passwd", "passwd"),
        ("C:\\a\\报告.docx", "报告.docx"),
        ("报告\u202efdp.exe", "报告fdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("...", "附件"),
        (".pdf", "附件.pdf"),
        ("", "附件"),
        ("con|aux?.txt", "con_aux_.txt"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("\ud800.pdf", "_.pdf"),
    ],
)
def test_a_name_is_made_harmless(name, harmless):
    assert content.harmless(name) == harmless


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name):
    clean = content.harmless(name)
    assert clean
    assert len(clean) <= content.LONGEST_NAME
    assert Path(clean).name == clean
    assert clean not in (".", "..")
    assert not set(clean) & set('\r\n"\\/\0;%')
    clean.encode()
