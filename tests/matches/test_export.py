"""Pairs as a file: what the desk's list, or the firm's own list, shows."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from models import History
from models.base import utcnow
from models.fields import field_name
from models.states import Role, Secrecy, SuggestionKind, SuggestionStatus

from ..conftest import cells

pytestmark = pytest.mark.one_database
APPROVED = SuggestionStatus.APPROVED


def lines(client, path, **sent):
    answer = client.post(f"{path}/export", data=sent | {"format": "csv"})
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf")
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def shown(html: str) -> list[str]:
    """The numbers of the pairs a page links to, in its order."""
    found = re.findall(r'href="/(?:desk|matches)/(\d+)[?"]', unescape(html))
    return list(dict.fromkeys(found))


@pytest.fixture
def pairs(make):
    """Pairs that wait, likelier ones first, some decided; of two firms."""
    verdicts = [
        {"verdict": "met", "must": True},
        {"verdict": "unknown", "must": None},
    ]
    for number in range(4):
        make.suggestion(
            make.need(title=f"需求{number}", field=("ES", "NM")[number % 2]),
            probability=0.9 - number / 10,
            evidence={"indicators": verdicts, "pairs": [], "terms": [], "parts": []},
        )
    make.suggestion(make.need(title="已驳回"), status=SuggestionStatus.REJECTED)
    return make


def test_the_desk_leaves_as_its_list_shows_it(pairs, login):
    client = login(pairs.staff())
    for query in ({}, {"field": "ES"}, {"status": "rejected"}, {"score": "0.75"}):
        page = client.get("/desk", query_string=query | {"view": "list"}).text
        found = lines(client, "/desk", **query)
        assert [one["编号"] for one in found] == shown(page)
        assert found
    [first, *_] = lines(client, "/desk", field="ES")
    assert (first["需求或榜单"], first["技术领域"]) == ("需求0", field_name("ES"))
    assert (first["指标（项）"], first["满足"], first["未说明"]) == ("2", "1", "1")
    assert first["状态"] == "待审"


def test_a_firm_gets_the_approved_pairs_of_its_own_needs(make, login):
    user, other = make.user(), make.user()
    own = {"organisation_id": user.organisation_id}
    for days, title in enumerate(("新的", "旧的")):
        need = make.need(title=title, secrecy=Secrecy.RESTRICTED, **own)
        for hours in range(2):
            make.suggestion(
                need,
                status=APPROVED,
                decided_at=utcnow() - timedelta(days=days, hours=hours),
            )
    make.suggestion(
        make.need(title="旧的"),
        make.achievement(title="别家的成果"),
        status=APPROVED,
        decided_at=utcnow(),
    )
    make.suggestion(make.need(title="没审", **own))
    client = login(user)
    found = lines(client, "/matches")
    assert [one["需求"] for one in found] == ["新的", "新的", "旧的", "旧的"]
    assert not any(one["成果或榜单"] == "别家的成果" for one in found)
    assert len(shown(client.get("/matches").text)) == 4
    assert len(lines(client, "/matches", need=need.id)) == 2
    assert lines(login(other), "/matches") == []


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_no_title_becomes_a_formula(make, login, form):
    user = make.user()
    need = make.need(title="=1+1", organisation_id=user.organisation_id)
    call = make.call(title="@SUM(A1)")
    make.suggestion(
        need,
        achievement_id=None,
        call_id=call.id,
        kind=SuggestionKind.NEED_CALL,
        status=APPROVED,
        decided_at=utcnow(),
    )
    for client, path in (
        (login(user), "/matches/export"),
        (login(make.staff()), "/desk/export"),
    ):
        answer = client.post(path, data={"format": form, "status": "approved"})
        told = cells(answer.data) if form == "xlsx" else answer.data.decode()
        assert "'=1+1" in told
        assert "'@SUM(A1)" in told


def test_it_is_for_those_of_the_list_and_noted(pairs, login, session):
    staff, firm = login(pairs.staff()), login(pairs.user())
    college = login(pairs.user(Role.UNIVERSITY))
    assert firm.post("/desk/export").status_code == 403
    assert college.post("/matches/export").status_code == 403
    session.rollback()
    assert not session.scalars(select(History)).all()
    lines(staff, "/desk", field=["ES", "NM"])
    session.rollback()
    [note] = session.scalars(select(History))
    assert note.action == "suggestion.list_exported"
    assert note.changes == {"field": [None, "ES；NM"], "format": [None, "csv"]}
    page = staff.get("/desk?view=list&field=ES").text
    form = page[page.index('action="/desk/export"') :]
    assert 'name="field" value="ES"' in form[: form.index("</form>")]
