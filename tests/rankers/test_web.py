"""«匹配质量»: what staff read about the matching, and that nobody else does."""

import re
from datetime import timedelta

import pytest

from index.catalogue import Catalogue
from matchmaker.errors import Forbidden
from matchmaker.matches import service as matches
from matchmaker.rankers import service
from matchmaker.rankers.quality import quality
from models.states import NeedStatus, RejectReason, Role, Secrecy

from ..conftest import NOW
from .world import BAD, FITS, GOOD, MISFITS, contrary, decided, judged

PRICE, OTHER = RejectReason.PRICE, RejectReason.OTHER_PROBLEM


@pytest.fixture
def user(make):
    return make.staff()


def test_only_staff_read_it(make, login, client, session):
    for role in (Role.STAFF, Role.ADMIN):
        assert login(make.user(role)).get("/desk/quality").status_code == 200
    for role in (Role.ENTERPRISE, Role.UNIVERSITY):
        outsider = make.user(role)
        assert login(outsider).get("/desk/quality").status_code == 403
        assert "/desk/quality" not in login(outsider).get("/").text
        with pytest.raises(Forbidden):
            quality(session, Catalogue(), outsider, now=NOW)
    assert client.get("/desk/quality").status_code == 302
    assert "/desk/quality" in login(make.staff()).get("/boards").text


def test_before_the_first_decision_it_says_what_to_do(make, login, user):
    page = login(user).get("/desk/quality").text
    assert "还没有审核决定" in page
    assert "平台自带模型" in page
    assert "平台自带" in page
    assert "每条已发布的需求都有可能合适的成果" in page


def test_rates_reasons_and_weeks_count_what_stands(session, make, user):
    earlier = NOW - timedelta(days=7)
    decided(make, user, "N-1", True, GOOD, now=earlier)
    decided(make, user, "N-2", False, GOOD, now=NOW, reason=PRICE)
    decided(make, user, "N-3", False, BAD, now=NOW, reason=OTHER)
    taken_back = decided(make, user, "N-4", True, GOOD, now=NOW)
    matches.undo(session, user, taken_back.id, now=NOW)
    put_off = make.suggestion()
    matches.snooze(session, user, put_off.id, NOW.date() + timedelta(days=5), now=NOW)

    found = quality(session, Catalogue(), user, now=NOW)
    assert [(r.name, r.approved, r.decided) for r in found.by_ranker] == [
        ("judged-1", 1, 3)
    ]
    assert found.total.low < 1 / 3 < found.total.high
    assert [(r.name, r.approved, r.decided) for r in found.by_week] == [
        ("2026-11-16", 1, 1),
        ("2026-11-23", 0, 2),
    ]
    assert dict(found.reasons.rows) == {PRICE: [1], OTHER: [1]}
    # The price says nothing about how well the two fit.
    assert found.compared == 2
    [told] = found.told.bins
    assert (told.predicted, told.observed, told.count) == (0.5, 0.5, 2)


def test_versions_stand_side_by_side_with_when_they_came(session, make, login, user):
    contrary(make, user, now=NOW - timedelta(days=30))
    name = service.train(session, now=NOW).name
    service.activate(session, name, judged(good=FITS, bad=MISFITS), now=NOW)
    pair = make.suggestion(ranker=name, probability=0.9)
    matches.reject(session, user, pair.id, OTHER, "", now=NOW)

    found = quality(session, Catalogue(), user, now=NOW)
    assert (found.active, found.since) == ("learned-1", NOW)
    assert [rate.name for rate in found.by_ranker] == ["learned-1", "judged-1"]
    assert found.reasons.rankers == ["learned-1", "judged-1"]
    assert dict(found.reasons.rows)[OTHER] == [1, 32]
    page = login(user).get("/desk/quality").text
    assert "2026-11-23 12:00" in page
    # Each bar has its figures in the same row.
    bars = re.findall(r"<tr>(?:(?!</tr>).)*<meter.*?</tr>", page, re.DOTALL)
    assert len(bars) >= 4
    assert all('<td class="numeric"' in row for row in bars)


def test_decisions_on_records_the_reader_may_not_know_are_not_counted(
    session, make, user
):
    pair = decided(make, user, "N-1", True, GOOD, now=NOW)
    need = make.session.get_one(type(pair.need), pair.need_id)
    need.status = NeedStatus.DRAFT
    make.session.commit()
    assert quality(session, Catalogue(), user, now=NOW).total.decided == 0


# -- Needs without supply --------------------------------------------------------


def test_needs_without_a_likely_achievement_are_listed(
    session, make, login, user, indexed
):
    has = make.need(title="有成果的需求")
    unlikely = make.need(title="成果不够的需求")
    refused = make.need(title="成果被驳回的需求")
    with_call = make.need(title="只有榜单的需求", secrecy=Secrecy.RESTRICTED)
    make.need(title="草稿", status=NeedStatus.DRAFT)
    make.need(title="已解决", status=NeedStatus.SOLVED)
    indexed()
    make.suggestion(has, probability=0.5)
    make.suggestion(unlikely, probability=0.01)
    pair = make.suggestion(refused, probability=0.9)
    matches.reject(session, user, pair.id, OTHER, "", now=NOW)
    make.suggestion(
        with_call,
        kind="need_call",
        achievement_id=None,
        call_id=make.call().id,
        probability=0.9,
    )

    found = quality(session, Catalogue(), user, now=NOW)
    assert {need.id for need in found.unsupplied} == {
        unlikely.id,
        refused.id,
        with_call.id,
    }
    assert found.unsupplied_total == 3
    page = login(user).get("/desk/quality").text
    assert "成果不够的需求" in page
    assert f"/needs/{with_call.id}" in page
    assert "有成果的需求" not in page


def test_a_need_the_worker_has_not_seen_is_not_said_to_lack_anything(
    session, make, user
):
    make.need()
    assert quality(session, Catalogue(), user, now=NOW).unsupplied_total == 0
