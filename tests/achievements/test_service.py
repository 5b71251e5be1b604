"""Writing achievements down, changing them, taking them back; who needs them."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from matchmaker.achievements import service
from matchmaker.achievements.buyers import by_organisation
from matchmaker.errors import Conflict, Forbidden
from matchmaker.matches.nearby import Near
from models import Achievement, History, IndexChange, Notice, User
from models.states import AchievementStatus, IllegalMove, Role, Secrecy

from ..conftest import NOW
from .forms import TODAY, typed


def read(*, submit: bool = True, **given: Any):
    form = MultiDict(typed(**given))
    return service.read_form(form, submit=submit, today=TODAY)


def create(session, actor: User, *, key: str = "k", **given: Any) -> Achievement:
    data = read(**given)
    return service.create_achievement(session, actor, data, form_key=key, now=NOW)


def edit(session, actor: User, item: Achievement, version: int, **given: Any):
    return service.edit_achievement(
        session, actor, item.id, read(**given), version=version, now=NOW
    )


def actions(session) -> list[str]:
    return list(session.scalars(select(History.action).order_by(History.id)))


def count(session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_submitted_achievement_waits_for_review(session, make):
    staff, actor = make.staff(), make.user(Role.UNIVERSITY)
    item = create(session, actor)
    assert item.status is AchievementStatus.PENDING
    assert item.organisation_id == actor.organisation_id
    assert item.ip == [{"type": "发明专利", "status": "授权", "count": 2}]
    assert actions(session) == ["achievement.created", "achievement.submitted"]
    assert count(session, IndexChange) == 1
    notice = session.scalars(select(Notice)).one()
    assert (notice.user_id, notice.kind) == (staff.id, "achievement_submitted")


def test_a_draft_may_be_incomplete(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = create(session, actor, submit=False, trl="", stage=None, ownership=None)
    assert (item.trl, item.stage, item.ownership) == (None, None, None)
    assert count(session, IndexChange) == 0


def test_only_a_draft_may_be_incomplete(session, make):
    with pytest.raises(IntegrityError):
        make.achievement(trl=None)


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.STAFF, Role.ADMIN])
def test_only_a_university_registers_achievements(session, make, role):
    with pytest.raises(Forbidden):
        create(session, make.user(role))
    assert count(session, Achievement) == 0


def test_a_form_sent_twice_makes_one_achievement(session, make):
    actor = make.user(Role.UNIVERSITY)
    assert create(session, actor).id == create(session, actor).id
    with pytest.raises(Conflict, match="form_used"):
        create(session, actor, title="同一张表单改了名称")
    assert count(session, Achievement) == 1


def test_the_same_words_from_a_fresh_form_make_one_achievement(session, make):
    actor = make.user(Role.UNIVERSITY)
    first = create(session, actor, key="first")
    assert create(session, actor, key="fresh").id == first.id
    assert create(session, actor, key="third", title="另一项成果的名称").id != first.id


def test_editing_a_published_achievement_sends_it_to_review_again(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    edit(session, actor, item, item.version)
    assert item.status is AchievementStatus.PENDING
    changes = session.scalars(select(History)).first().changes
    assert changes["price_fen"] == [80_000_000, 50_000_000]


def test_a_stale_edit_overwrites_nothing(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    seen = item.version
    edit(session, actor, item, seen, title="先保存的成果名称")
    with pytest.raises(Conflict, match="stale"):
        edit(session, actor, item, seen, title="后保存的成果名称")
    session.expire_all()
    assert item.title == "先保存的成果名称"


def test_another_university_may_not_touch_it(session, make):
    item, actor = make.achievement(), make.user(Role.UNIVERSITY)
    with pytest.raises(Forbidden):
        edit(session, actor, item, item.version)
    with pytest.raises(Forbidden):
        service.withdraw_achievement(session, actor, item.id, now=NOW)


def test_a_withdrawn_achievement_leaves_the_indexes(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    before = count(session, IndexChange)
    service.withdraw_achievement(session, actor, item.id, now=NOW)
    assert item.status is AchievementStatus.WITHDRAWN
    assert count(session, IndexChange) == before + 1


def test_needs_are_grouped_by_the_firm_that_may_be_named(make):
    firm = make.organisation(name="可以说出名字的公司")
    public = [make.need(organisation_id=firm.id) for _ in range(2)]
    hidden = [
        make.need(
            organisation_id=firm.id,
            secrecy=Secrecy.MASKED,
            public_title="公开名称",
            public_problem="公开描述",
        )
        for _ in range(2)
    ]
    near = [Near(need, 1.0, {}) for need in (public[0], *hidden, public[1])]
    found = by_organisation(make.user(Role.UNIVERSITY), near)
    assert [len(buyer.needs) for buyer in found] == [2, 1, 1]
    assert found[0].label == "可以说出名字的公司"
    assert {buyer.label for buyer in found[1:]} == {"岳麓区某先进储能与新能源企业"}
    for_staff = by_organisation(make.staff(), near)
    assert [len(buyer.needs) for buyer in for_staff] == [4]


def test_thirteen_levels_are_compared_on_the_nine(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = create(session, actor, trl="11", trl_scale="13")
    assert (item.trl, item.trl_scale, item.level) == (9, 13, 11)
    edit(session, actor, item, item.version, trl="8")
    assert (item.trl, item.trl_scale, item.trl_stated) == (8, 9, None)
    assert item.level == 8
    changes = session.scalars(
        select(History.changes).where(History.action == "achievement.edited")
    ).one()
    assert changes["trl_stated"] == [11, None]


@pytest.mark.parametrize(
    "given",
    [
        {"trl_scale": 7},
        {"trl_stated": 10},
        {"valuation_low_fen": 200, "valuation_high_fen": 100},
    ],
)
def test_the_table_refuses_what_makes_no_sense(make, given):
    with pytest.raises(IntegrityError):
        make.achievement(**given)


def test_what_found_its_taker_is_read_on_and_matched_no_more(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    before = count(session, IndexChange)
    with pytest.raises(Forbidden):
        service.mark_transferred(session, make.user(Role.UNIVERSITY), item.id, now=NOW)
    service.mark_transferred(session, actor, item.id, now=NOW)
    assert item.status is AchievementStatus.TRANSFERRED
    assert count(session, IndexChange) == before + 1
    assert actions(session) == ["achievement.transferred"]
    assert service.find_achievement(session, None, item.id) is item
    with pytest.raises(IllegalMove):
        service.mark_transferred(session, actor, item.id, now=NOW)
