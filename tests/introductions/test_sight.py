"""What each reader reads of talks: pages, lists, notices and the work list agree."""

from itertools import product

import pytest
from sqlalchemy import select

from matchmaker import policies
from matchmaker.introductions import lists, service, sight, timeline
from matchmaker.introductions.schema import (
    AnswerInput,
    IntroductionQuery,
    LogInput,
    MoveInput,
)
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models import Introduction, Need, Notice, transaction
from models.states import IntroductionStatus, NeedStatus, Role, Secrecy, Side

from ..conftest import NOW
from ..factories import PERIODS

FIRM, TITLE, PROBLEM = "昆仑玄铁重工", "玄铁淬火开裂", "玄铁坯料沿剑脊开裂。"
PUBLIC = {
    "public_title": "金属件热处理",
    "public_problem": "金属坯料有裂纹。",
    "public_targets": [],
}
WHEN = work.moment(NOW, PERIODS)


@pytest.fixture
def people(make):
    home = make.organisation(name=FIRM)
    return {
        "firm": make.user(organisation_id=home.id, name="欧冶"),
        "college": make.user(Role.UNIVERSITY),
        "manager": make.user(Role.MANAGER),
        "staff": make.staff(),
    }


def talks_about(make, people, secrecy, **given):
    masked = PUBLIC if secrecy is Secrecy.MASKED else {}
    need = make.need(
        organisation_id=people["firm"].organisation_id,
        secrecy=secrecy,
        title=TITLE,
        problem=PROBLEM,
        **masked,
    )
    item = make.achievement(organisation_id=people["college"].organisation_id)
    values = {
        "manager_id": people["manager"].id,
        "provider_knows": secrecy is not Secrecy.RESTRICTED,
    }
    return make.introduction(need, item, **values | given)


def failed(session, talks) -> None:
    with transaction(session):
        talks.move_to(IntroductionStatus.FAILED, now=NOW)
        talks.failed_code = "other"


def test_a_masked_need_opens_its_firm_when_both_agreed_and_closes_again(
    session, make, people
):
    talks = talks_about(make, people, Secrecy.MASKED)
    college, firm = people["college"], people["firm"]
    before = sight.shown(college, talks)
    assert (before.title, before.need.problem) == ("金属件热处理", "金属坯料有裂纹。")
    assert before.seeker == talks.need.public_text.organisation
    assert sight.shown(firm, talks).title == TITLE
    assert sight.shown(people["staff"], talks).seeker == FIRM
    make.agreed(talks)
    after = sight.shown(college, talks)
    # The name opens; the full text only on its own page, under a note.
    assert (after.seeker, after.title) == (FIRM, "金属件热处理")
    assert sight.shown(people["manager"], talks) == after
    failed(session, talks)
    assert sight.shown(college, talks) == before


def test_a_restricted_need_opens_with_the_word_of_its_owner(session, make, people):
    talks = talks_about(make, people, Secrecy.RESTRICTED)
    manager = people["manager"]
    assert sight.shown(manager, talks).title == sight.HIDDEN_TITLE
    assert sight.shown(manager, talks).seeker == sight.HIDDEN_FIRM
    data = AnswerInput(version=talks.version, interest="interested")
    service.answer(session, people["firm"], talks.id, data, now=NOW)
    told = sight.shown(people["college"], talks)
    assert (told.title, told.seeker, told.need) == (TITLE, FIRM, None)
    assert sight.shown_outside(talks) == sight.HIDDEN_TITLE
    failed(session, talks)
    assert sight.shown(people["college"], talks).title == sight.HIDDEN_TITLE


def test_people_of_the_other_side_are_named_once_both_agreed(session, make, people):
    talks = talks_about(make, people, Secrecy.MASKED)
    firm, college = people["firm"], people["college"]
    make.answer(talks, Side.SEEKER, user_id=firm.id)
    assert sight.who(college, talks, firm) == "需求方"
    assert sight.who(firm, talks, firm) == "欧冶（需求方）"
    assert sight.who(people["staff"], talks, firm) == "欧冶（需求方）"
    assert sight.who(firm, talks, college) == "供给方"
    assert sight.who(college, talks, people["staff"]).endswith("（平台工作人员）")
    assert sight.who(college, talks, None) == ""
    make.answer(talks, Side.PROVIDER, user_id=college.id)
    with transaction(session):
        talks.status = IntroductionStatus.TALKING
    session.refresh(talks)
    assert sight.who(college, talks, firm) == "欧冶（需求方）"
    assert sight.who(firm, talks, college).endswith("（供给方）")


def test_the_two_forms_of_the_rule_agree(session, make, people):
    """In Python for a page, in SQL for a list: of every need, stage and reader."""
    strangers = {"stranger": make.user(Role.UNIVERSITY)}
    for secrecy, status, knows in product(Secrecy, IntroductionStatus, (True, False)):
        code = "other" if status is IntroductionStatus.FAILED else None
        talks_about(
            make,
            people,
            secrecy,
            status=status,
            failed_code=code,
            provider_knows=knows,
        )
    item = make.achievement()
    make.introduction(
        need_id=None,
        achievement_id=item.id,
        subject="x",
        seeker_id=people["firm"].organisation_id,
    )

    def ids(rule) -> set[int]:
        query = select(Introduction.id).outerjoin(Need).where(rule)
        return set(session.scalars(query))

    every = session.scalars(select(Introduction)).all()
    assert len(every) == 31
    opened = {one.id for one in every if policies.talks_are_opened(one)}
    assert ids(policies.opened_talks()) == opened
    for user in (people | strangers).values():
        inside = {one.id for one in every if policies.is_inside_talks(user, one)}
        assert ids(policies.inside_talks(user)) == inside, user.role
        own = {one.id for one in every if policies.may(user, "introduction.read", one)}
        assert ids(policies.visible_introductions(user)) == own, user.role


def found(session, user, **asked) -> int:
    query = IntroductionQuery(**asked)
    return lists.page(session, user, query, WHEN.overdue).total


def test_hidden_words_find_nothing_for_whom_they_are_hidden(session, make, people):
    masked = talks_about(make, people, Secrecy.MASKED)
    college, firm, staff = people["college"], people["firm"], people["staff"]
    for asked in ({"q": "玄铁"}, {"q": FIRM}, {"organisation": FIRM}):
        assert found(session, college, **asked) == 0, asked
        assert found(session, firm, **asked) == 1, asked
        assert found(session, staff, **asked) == 1, asked
    for asked in ({"q": "热处理"}, {"q": str(masked.id)}, {"q": f"#{masked.id}"}):
        assert found(session, college, **asked) == 1, asked
    make.agreed(masked)
    assert found(session, college, organisation=FIRM) == 1
    assert found(session, college, q="淬火") == 0
    restricted = talks_about(make, people, Secrecy.RESTRICTED)
    assert found(session, college, q=str(restricted.id)) == 0
    assert found(session, people["manager"], q="淬火") == 0
    data = AnswerInput(version=restricted.version, interest="interested")
    service.answer(session, firm, restricted.id, data, now=NOW)
    assert found(session, college, q="淬火") == 1


def test_the_work_list_speaks_to_each_in_their_words(session, make, people):
    masked = talks_about(make, people, Secrecy.MASKED)

    def waiting(who: str) -> list[tuple[str, str, int]]:
        user = people[who]
        rows = work.work_list(session, user, WorkQuery(), WHEN).items
        return [(row.source.name, row.title, row.id) for row in rows]

    assert waiting("firm") == [("asked_talks", TITLE, masked.id)]
    assert waiting("college") == [("asked_talks", "金属件热处理", masked.id)]
    make.answer(masked, Side.SEEKER)
    assert waiting("firm") == []
    restricted = talks_about(make, people, Secrecy.RESTRICTED)
    assert waiting("college") == [("asked_talks", "金属件热处理", masked.id)]
    data = AnswerInput(version=restricted.version, interest="interested")
    service.answer(session, people["firm"], restricted.id, data, now=NOW)
    assert waiting("college")[1] == ("asked_talks", TITLE, restricted.id)


def test_no_notice_to_the_provider_names_what_is_masked(session, make, people):
    talks = talks_about(make, people, Secrecy.MASKED)
    make.agreed(talks)
    firm, college = people["firm"], people["college"]
    line = LogInput(kind="note", happened_on="2026-11-20", log_words="谈了谈")
    service.log(session, firm, talks.id, line, now=NOW)
    move = MoveInput(version=talks.version, to="drafting")
    service.choose_stage(session, firm, talks.id, move, now=NOW)
    for user in (college, people["manager"]):
        own = select(Notice).where(Notice.user_id == user.id)
        told = [row.facts for row in session.scalars(own)]
        assert len(told) == 2
        assert "玄铁" not in str(told)


def test_the_page_lives_when_a_record_is_gone(session, make, people, login):
    talks = talks_about(make, people, Secrecy.MASKED)
    with transaction(session):
        talks.need.status = NeedStatus.WITHDRAWN
    page = login(people["college"]).get(f"/introductions/{talks.id}")
    assert page.status_code == 200
    assert "金属件热处理" in page.text
    assert f'href="/needs/{talks.need_id}"' not in page.text
    assert timeline.entries(session, people["college"], talks) == []


@pytest.mark.parametrize("secrecy", list(Secrecy))
def test_the_budget_goes_with_the_text(make, people, login, session, secrecy):
    """The provider gets the band, and the amount with the full text of open talks."""
    talks = talks_about(make, people, secrecy, provider_knows=True)
    with transaction(session):
        session.get_one(Need, talks.need_id).budget_fen = 234_000_000
    plain, hidden = secrecy is Secrecy.PUBLIC, "数百万元"
    for who in ("firm", "staff"):
        page = login(people[who]).get(f"/introductions/{talks.id}").text
        assert "234 万元" in page
    page = login(people["college"]).get(f"/introductions/{talks.id}").text
    assert ("234" in page) is plain
    assert (hidden in page) is not plain
    with transaction(session):
        row = session.get_one(Introduction, talks.id)
        row.move_to(IntroductionStatus.TALKING, now=NOW)
    if not plain:
        college = login(people["college"])
        assert "234" not in college.get(f"/introductions/{talks.id}").text
        assert "234 万元" in college.get(f"/introductions/{talks.id}/need").text
