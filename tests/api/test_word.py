"""A need form filled in Word, read through the interface."""

import io

import pytest
from sqlalchemy import func, select

from models import Need
from models.states import NeedStatus, Role

from ..needs.word.files import filled, own

pytestmark = pytest.mark.one_database
PATH = "/needs/word-form"


def sent(data: bytes, name="需求表.docx"):
    return {
        "data": {"file": (io.BytesIO(data), name)},
        "content_type": "multipart/form-data",
    }


def test_a_form_is_fetched_read_and_posted_as_a_draft(program, make, session):
    firm = program(make.user())
    blank = firm.get(PATH)
    assert (blank.status_code, blank.data[:2]) == (200, b"PK")
    form = filled(
        {
            "title": "泵车臂架末端软管摆动过大",
            "budget": "260",
            "trl_expected": "☑ 7 级",
            "targets": ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"],
            "deadline": "2027年6月",
        }
    )
    read = firm.post(PATH, **sent(form))
    assert read.status_code == 200, read.text
    body = read.json["body"]
    assert body["title"] == "泵车臂架末端软管摆动过大"
    assert body["budget"] == 260_0000_00
    assert body["targets"] == ["摆幅 ≤350 mm", "泵送效率下降 ≤3%"]
    assert "problem" in read.json["missing"]
    assert session.scalar(select(func.count()).select_from(Need)) == 0
    made = firm.post("/needs", json=body)
    assert made.status_code == 201, made.text
    assert made.json["status"] == NeedStatus.DRAFT


def test_what_is_doubtful_is_told_and_left_out(program, make):
    form = own("需求名称：泵车臂架末端软管摆动过大", "预算：很多很多")
    read = program(make.user()).post(PATH, **sent(form)).json
    assert "budget" not in read["body"]
    assert [doubt["field"] for doubt in read["doubts"]] == ["budget"]


def test_no_form_is_refused_and_so_is_who_may_not_post(program, make):
    firm = program(make.user())
    for data, name in ((b"no document", "需求表.docx"), (b"MZ", "需求表.exe")):
        answer = firm.post(PATH, **sent(data, name))
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json["errors"]] == ["file"]
    college = program(make.user(Role.UNIVERSITY))
    assert college.get(PATH).status_code == 403
    assert college.post(PATH, **sent(own("需求名称：一二三四五六"))).status_code == 403
