"""What is missing when nothing fits: said plainly, to those it concerns."""

import pytest

from matchmaker.matches.supply import shortfall
from models.states import AchievementStatus, NeedStatus, Role, Secrecy

from ..conftest import NOW

TITLE = "储能电站电池热失控提前预警"
FAR = {"title": "水稻抗病育种", "abstract": "分子标记辅助选择。", "field": "AG"}


@pytest.fixture
def look(app, session, indexed):
    def see(user, need, now=NOW):
        indexed()
        session.rollback()
        return shortfall(session, app.extensions["live_index"], user, need, now=NOW)

    return see


def test_where_an_achievement_is_likely_nothing_is_missing(make, look):
    need = make.need()
    make.achievement()
    assert look(make.staff(), need) is None


def test_without_any_achievement_that_is_said(make, look):
    found = look(make.staff(), make.need(targets=["尽量提前"]))
    assert (found.looked_at, found.unclaimed, found.figures) == (0, [], False)


def test_the_nearest_achievements_shortfalls_are_named(make, look):
    need = make.need()
    make.achievement(**FAR, indicators=[], trl=3, modes=["transfer"])
    make.achievement(
        title="果园巡检机器人",
        abstract="自主导航。",
        field="RB",
        indicators=[],
        trl=5,
        modes=["transfer"],
    )
    found = look(make.staff(), need)
    assert found.looked_at == 2
    assert found.unclaimed == need.targets
    assert found.missed == []
    assert found.readiness == (7, 5)
    assert found.modes == ["合作开发"]
    assert found.figures


def test_a_target_that_is_claimed_and_not_reached_is_missed(make, look):
    need = make.need(targets=["电池温度误报率≤1%", "预警提前时间≥10 min"])
    make.achievement(**FAR, indicators=["电池温度误报率5%"], trl=8, modes=["joint"])
    found = look(make.staff(), need)
    assert found.missed == ["电池温度误报率≤1%"]
    assert found.unclaimed == ["预警提前时间≥10 min"]
    assert found.readiness is None
    assert found.modes == []


def test_what_is_hidden_is_not_among_the_nearest(make, look):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id)
    make.achievement(status=AchievementStatus.DRAFT)
    make.achievement(status=AchievementStatus.TRANSFERRED)
    assert look(owner, need).looked_at == 0


# -- On the need's page ----------------------------------------------------------


@pytest.mark.parametrize("status", [NeedStatus.PUBLISHED, NeedStatus.PENDING])
def test_owner_and_staff_read_what_is_missing_and_what_to_do(
    make, login, indexed, status
):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id, status=status)
    make.achievement(**FAR, indicators=[], trl=3)
    indexed()
    for user in (owner, make.staff()):
        page = login(user).get(f"/needs/{need.id}").text
        assert "暂无合适成果" in page
        assert "要求不低于 7 级，最高的只有 3 级" in page
        assert "没有成果写明的指标" in page
        assert "发起揭榜" in page
        assert "可能合适的成果" not in page
    page = login(owner).get(f"/needs/{need.id}?submitted=1").text
    assert "还没有合适的" in page


def test_a_need_with_an_answer_says_nothing_of_the_kind(make, login, indexed):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id)
    make.achievement()
    indexed()
    page = login(owner).get(f"/needs/{need.id}").text
    assert "可能合适的成果" in page
    assert "暂无合适成果" not in page


@pytest.mark.parametrize("secrecy", [Secrecy.PUBLIC, Secrecy.MASKED])
def test_nobody_else_learns_that_a_need_has_no_answer(
    make, login, client, indexed, secrecy
):
    public = {
        "public_title": "某储能设备",
        "public_problem": "需要预警。",
        "public_targets": [],
    }
    need = make.need(secrecy=secrecy, **public if secrecy is Secrecy.MASKED else {})
    indexed()
    readers = (client, login(make.user()), login(make.user(Role.UNIVERSITY)))
    for reader in readers:
        assert "暂无合适成果" not in reader.get(f"/needs/{need.id}").text


def test_a_solved_need_is_not_looked_after(make, login, indexed):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id, status=NeedStatus.SOLVED)
    indexed()
    assert "暂无合适成果" not in login(owner).get(f"/needs/{need.id}").text
