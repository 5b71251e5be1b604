"""The audit log: filtered, masked, exported, never changed."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from matchmaker.audit import export, service
from matchmaker.audit.schema import AuditQuery
from matchmaker.errors import Forbidden
from matchmaker.history import service as history
from matchmaker.needs import service as needs
from matchmaker.sheets.tables import Form
from models import History, User, transaction
from models.states import NeedStatus, Role, Secrecy

from ..conftest import NOW
from ..test_architecture import MODULES

SECRET = "玄铁重剑淬火开裂"


def taken(session, user, **asked):
    """The log as a table of text, as this person takes it along."""
    query = AuditQuery(**asked)
    with export.write(session, user, query, Form.CSV, now=NOW) as file:
        return file.read().decode("utf-8-sig")


@pytest.fixture
def admin(make) -> User:
    return make.user(Role.ADMIN, name="管理员甲")


def note(session, item, action="need.edited", actor=None, at=NOW, **changes):
    with transaction(session):
        history.record(session, actor, action, item, now=at, changes=changes)


def read(session, admin, **query):
    return service.read(session, admin, AuditQuery(**query)).items


def test_who_what_object_and_days_narrow(session, make, admin):
    staff, need, other = make.staff(name="李四"), make.need(), make.need()
    note(session, need, "need.edited", staff)
    note(session, other, "need.published", admin, at=NOW + timedelta(days=2))
    note(session, staff, "user.created")
    assert len(read(session, admin)) == 3
    assert [e.who for e in read(session, admin, who="李四")] == ["李四"]
    assert [e.who for e in read(session, admin, who=staff.email)] == ["李四"]
    assert [e.what for e in read(session, admin, who="平台")] == ["开通账号"]
    assert len(read(session, admin, action="need.published")) == 1
    assert len(read(session, admin, record="needs")) == 2
    assert len(read(session, admin, record="needs", number=other.id)) == 1
    # The day is the city's, and both ends count.
    assert len(read(session, admin, from_on=date(2026, 11, 25))) == 1
    assert len(read(session, admin, until_on=date(2026, 11, 23))) == 2
    day = date(2026, 11, 23)
    assert len(read(session, admin, from_on=day, until_on=day)) == 2


@pytest.mark.parametrize("secrecy", [Secrecy.MASKED, Secrecy.RESTRICTED])
def test_no_text_of_a_need_that_is_not_public(session, make, admin, secrecy):
    masked = {
        "public_title": "一种金属件的热处理",
        "public_problem": "金属坯料冷却后有裂纹。",
        "public_targets": ["裂纹减少"],
    }
    need = make.need(
        secrecy=secrecy, title=SECRET, **(masked if secrecy == "masked" else {})
    )
    changes = {
        "title": ["旧", SECRET],
        "problem": ["旧", SECRET],
        "targets": [[], [SECRET]],
        "reason": [None, SECRET],
        "budget_fen": [None, 100_000_000],
    }
    note(session, need, **changes)
    [entry] = read(session, admin)
    assert SECRET not in entry.detail
    assert service.MASKED in entry.detail
    assert "100" not in entry.detail
    assert SECRET not in taken(session, admin)


def test_the_texts_of_a_public_need_are_told_and_of_a_draft_not(session, make, admin):
    public = make.need()
    draft = make.need(status=NeedStatus.DRAFT)
    for need in (public, draft):
        note(session, need, title=["旧名称", SECRET])
    hidden, shown = read(session, admin)
    assert SECRET in shown.detail
    assert SECRET not in hidden.detail


def test_codes_are_told_in_words(session, make, admin):
    note(session, make.need(), status=["pending", "published"], field=["ES", "NM"])
    note(session, make.staff(), "user.role_changed", role=["admin", "staff"])
    role, need = read(session, admin)
    assert need.detail == "状态：待审 → 已发布\n领域：先进储能与新能源 → 新材料"
    assert role.detail == "角色：管理员 → 平台工作人员"


def test_a_record_that_is_gone_tells_no_text(session, make, admin):
    need = make.need()
    note(session, need, title=["旧名称", SECRET])
    with transaction(session):
        session.delete(need)
    [entry] = read(session, admin)
    assert SECRET not in entry.detail


def test_a_pair_quotes_nobody(session, make, admin):
    pair = make.suggestion()
    note(session, pair, "suggestion.rejected", reason=[None, SECRET])
    [entry] = read(session, admin)
    assert SECRET not in entry.detail


def test_what_really_happens_is_told_in_words(session, make, admin):
    user = make.user()
    need = make.need(organisation_id=user.organisation_id)
    needs.withdraw_need(session, user, need.id, now=NOW)
    [entry] = read(session, admin)
    assert (entry.what, entry.record) == ("撤回需求", f"技术需求 #{need.id}")


def test_the_export_is_a_table_and_is_noted(session, make, admin):
    staff = make.user(Role.STAFF, name='=HYPERLINK("x")')
    for number in range(1200):
        note(session, staff, "user.created", staff, at=NOW + timedelta(seconds=number))
    rows = list(csv.reader(io.StringIO(taken(session, admin, record="users"))))
    assert rows[0] == [column.heading for column, _ in export.COLUMNS]
    assert len(rows) == 1202  # the note of this very export is in it
    assert {row[1] for row in rows[2:]} == {"'" + '=HYPERLINK("x")'}
    noted = session.scalars(
        select(History).where(History.action == "audit.exported")
    ).one()
    assert noted.actor == admin
    assert noted.changes == {"record": [None, "users"], "format": [None, "csv"]}


def test_a_copy_that_is_cut_says_so(session, make, admin, monkeypatch):
    monkeypatch.setattr(service, "MOST_ROWS", 2)
    note(session, admin, "user.created", at=NOW)
    whole = list(csv.reader(io.StringIO(taken(session, admin))))
    assert whole[0] == [column.heading for column, _ in export.COLUMNS]
    assert len(whole) == 3
    cut = list(csv.reader(io.StringIO(taken(session, admin))))
    assert cut[0] == ["只列出最近 2 条，请按日期分几次导出"]
    assert [row[3] for row in cut[2:]] == ["导出审计日志"] * 2


def test_only_an_admin_reads_or_takes_it_along(session, make):
    for role in (Role.STAFF, Role.MANAGER, Role.ENTERPRISE, Role.UNIVERSITY):
        user = make.user(role)
        with pytest.raises(Forbidden):
            service.read(session, user, AuditQuery())
        with pytest.raises(Forbidden):
            taken(session, user)
    assert session.scalar(select(func.count(History.id))) == 0


def test_no_code_changes_or_deletes_what_is_noted():
    for module, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        changes = re.search(r"\b(update|delete)\(History\b", text)
        # What the demonstration invented goes with the demonstration.
        assert bool(changes) == (module == "matchmaker.demo.past"), module


def test_the_log_speaks_of_talks_in_their_words_and_not_in_the_sides(session, make):
    admin, talks = make.user(Role.ADMIN), make.introduction()
    changes = {"status": ["talking", "failed"], "reason": ["", "他们的原话"]}
    with transaction(session):
        history.record(
            session, admin, "introduction.moved", talks, now=NOW, changes=changes
        )
    (entry,) = service.read(session, admin, AuditQuery()).items
    assert "洽谈中 → 未成" in entry.detail
    assert "他们的原话" not in entry.detail
    assert entry.record == f"对接 #{talks.id}"
