"""The page of the audit log and its file."""

import pytest

from matchmaker.history import service as history
from models import transaction
from models.states import Role

from ..test_bad_input import BAD, SCRIPT, is_plain_refusal


@pytest.fixture
def admin(make, login):
    return login(make.user(Role.ADMIN))


def test_the_page_shows_and_the_file_holds_the_same(admin, make, session):
    need, staff = make.need(), make.staff(name="李四")
    with transaction(session):
        history.record(session, staff, "need.published", need, now=make.now)
        history.record(session, None, "user.created", staff, now=make.now)
    page = admin.get("/admin/audit?action=need.published").text
    assert "李四" in page
    assert f"技术需求 #{need.id}" in page
    assert '共 <span class="number">1</span> 条' in page
    answer = admin.post(
        "/admin/audit/export", data={"action": "need.published", "format": "csv"}
    )
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "李四" in answer.text
    assert "开通账号" not in answer.text


@pytest.mark.parametrize("name", BAD)
def test_no_filter_breaks_it(admin, name):
    for field in ("who", "action", "record", "number", "from_on", "until_on"):
        try:
            answer = admin.get("/admin/audit", query_string={field: BAD[name]})
        except UnicodeEncodeError:
            continue
        assert is_plain_refusal(answer), (field, answer.status_code)
        assert SCRIPT not in answer.text


def test_a_wrong_date_is_named(admin):
    answer = admin.get("/admin/audit?from_on=昨天")
    assert answer.status_code == 422
    assert "请填写日期" in answer.text
    refused = admin.post("/admin/audit/export", data={"from_on": "昨天"})
    assert refused.status_code == 422
