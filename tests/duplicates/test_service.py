"""What a person is told of records that say the same, and what nobody is told."""

import pytest
from sqlalchemy import select

from benchmarks.copies import OF_ITSELF
from index.duplicates import Level
from matchmaker.duplicates import service
from matchmaker.duplicates.service import SHOWN, find
from models import Need
from models.states import AchievementStatus, NeedStatus, Role, Secrecy

from ..filler import filler

TEXT = {
    "title": "储能电站电池热失控提前预警",
    "problem": "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。"
    "希望在热失控前十分钟给出预警。",
    "targets": ["预警提前时间≥10 min", "误报率≤1%"],
}
OTHER = {
    "title": "黄桃采后冷藏运输保鲜",
    "problem": "黄桃采摘后三天变软,冷藏车里一路烂掉两成,需要不用药的保鲜办法。",
    "targets": ["常温货架期≥7 d"],
}
SECRET = "三一七号盾构"


@pytest.fixture
def index(app):
    return app.extensions["live_index"]


@pytest.fixture
def look(session, index):
    """What the person is told about the record, afresh."""

    def see(user, item, **options):
        session.rollback()
        return find(session, index, user, item, **options)

    return see


def ids(finding):
    return [row.item.id for row in finding.rows]


def test_the_author_is_told_of_a_public_copy_of_another_firm(make, indexed, look):
    copy = make.need(**TEXT)
    make.need(**OTHER)
    indexed()
    author = make.user()
    mine = make.need(
        **TEXT, organisation_id=author.organisation_id, status=NeedStatus.PENDING
    )
    found = look(author, mine)

    assert ids(found) == [copy.id]
    [row] = found.rows
    assert row.level is Level.SAME
    assert not row.same_organisation
    assert row.same_figures
    assert found.reason == "", "words for staff alone"


@pytest.mark.parametrize("status", [NeedStatus.PENDING, NeedStatus.DRAFT])
def test_what_a_firm_writes_in_each_of_its_needs_makes_no_copies(
    make, indexed, look, status
):
    author = make.user()
    firm = {"organisation_id": author.organisation_id, "status": status}
    home = make.organisation().id
    for number in range(100, 140):  # what is usual among farming needs
        title, body, points = filler(number)
        text = {"title": title, "problem": body, "targets": points}
        make.need(**text, organisation_id=home)
    made = []
    for number in range(4):
        title, body, points = filler(number * 13)
        text = {"title": title, "problem": OF_ITSELF + body, "targets": points}
        made.append(make.need(**text, **firm))
    again = make.need(**text, **firm | {"status": NeedStatus.PENDING})
    indexed()
    # Who asks is never a draft: a draft has no text for anybody yet.
    assert ids(look(author, again)) == [made[-1].id]
    if status is NeedStatus.PENDING:
        assert ids(look(make.staff(), again)) == [made[-1].id]
        assert look(author, made[0]).rows == []


def test_another_subject_is_no_copy(make, indexed, look):
    author = make.user()
    make.need(**OTHER)
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()

    assert look(author, mine).rows == []
    assert look(make.staff(), mine).total == 0


@pytest.mark.parametrize("worked", [True, False], ids=["indexed", "not yet"])
@pytest.mark.parametrize(
    "given",
    [
        {"status": NeedStatus.DRAFT},
        {"status": NeedStatus.PENDING},
        {"status": NeedStatus.RETURNED},
        {"secrecy": Secrecy.RESTRICTED},
    ],
    ids=["draft", "pending", "returned", "restricted"],
)
def test_the_author_is_told_of_ones_own_in_any_state(
    make, indexed, look, given, worked
):
    author = make.user()
    own = make.need(**TEXT, organisation_id=author.organisation_id, **given)
    if worked:
        indexed()
    mine = make.need(
        **TEXT, organisation_id=author.organisation_id, status=NeedStatus.PENDING
    )
    found = look(author, mine)

    assert ids(found) == [own.id]
    assert found.rows[0].same_organisation


def test_what_was_taken_back_is_not_compared(make, indexed, look):
    author = make.user()
    home = {"organisation_id": author.organisation_id}
    make.need(**TEXT, **home, status=NeedStatus.WITHDRAWN)
    mine = make.need(**TEXT, **home)
    gone = make.need(**TEXT, **home, status=NeedStatus.WITHDRAWN)
    indexed()

    assert look(author, mine).rows == []
    assert look(author, gone) is None


def test_a_restricted_need_is_told_to_staff_only(make, indexed, look):
    hidden = make.need(**TEXT, secrecy=Secrecy.RESTRICTED)
    author = make.user()
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()

    assert look(author, mine).rows == []
    found = look(make.staff(), mine)
    assert ids(found) == [hidden.id]
    assert not found.rows[0].same_organisation
    assert found.rows[0].quotes[0] == TEXT["title"]


def test_the_full_text_of_a_masked_need_gives_nothing_away(make, indexed, look):
    masked = make.need(
        **TEXT | {"title": f"{SECRET}{TEXT['title']}"},
        secrecy=Secrecy.MASKED,
        public_title="某设备安全问题",
        public_problem="某设备在运行时有安全问题,希望提前知道。",
        public_targets=["提前知道"],
    )
    author = make.user()
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()

    assert look(author, mine).rows == []
    found = look(make.staff(), mine)
    assert ids(found) == [masked.id]
    # The reason is read by the author, to whom the full title is nothing.
    assert SECRET not in found.reason
    assert "某设备安全问题" in found.reason


def test_the_public_text_of_a_masked_need_is_what_the_author_reads(make, indexed, look):
    make.need(
        **OTHER | {"title": SECRET},
        secrecy=Secrecy.MASKED,
        public_title=TEXT["title"],
        public_problem=TEXT["problem"],
        public_targets=TEXT["targets"],
    )
    author = make.user()
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()
    [row] = look(author, mine).rows

    assert row.title == TEXT["title"]
    assert row.organisation.startswith("岳麓区某")
    assert SECRET not in repr((row.title, row.organisation, row.quotes))


def test_the_reason_names_no_restricted_need(make, indexed, look):
    make.need(
        **TEXT | {"title": f"{SECRET}{TEXT['title']}"}, secrecy=Secrecy.RESTRICTED
    )
    mine = make.need(**TEXT, status=NeedStatus.PENDING)
    indexed()
    reason = look(make.staff(), mine).reason

    assert reason.startswith("重复：与平台上已有的需求")
    assert SECRET not in reason


def test_the_reason_names_a_need_the_author_may_read(make, indexed, look):
    make.need(**TEXT)
    mine = make.need(**TEXT, status=NeedStatus.PENDING)
    indexed()
    assert look(make.staff(), mine).reason.startswith(
        f"重复：与已公开的「{TEXT['title']}」"
    )


def test_a_draft_without_a_word_resembles_nothing(make, indexed, look):
    author = make.user()
    empty = {"title": "", "problem": "", "targets": []}
    draft = make.need(
        **empty, organisation_id=author.organisation_id, status=NeedStatus.DRAFT
    )
    indexed()
    assert look(author, draft) is None


def test_others_are_told_nothing(make, indexed, look):
    make.need(**TEXT)
    mine = make.need(**TEXT)
    indexed()
    for user in (None, make.user(), make.user(Role.UNIVERSITY)):
        assert look(user, mine) is None


def test_what_another_firm_hides_changes_nothing_an_author_is_told(make, indexed, look):
    make.need(**TEXT)
    author = make.user()
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()
    before = look(author, mine)
    for number in range(5):
        make.need(
            title=f"{TEXT['title']}{number}",
            problem=OTHER["problem"],
            secrecy=Secrecy.RESTRICTED,
        )
    indexed()

    assert repr(look(author, mine)) == repr(before)


def test_an_edit_is_compared_at_once(make, indexed, look, session):
    copy = make.need(**TEXT)
    author = make.user()
    mine = make.need(**OTHER, organisation_id=author.organisation_id)
    indexed()
    assert look(author, mine).rows == []
    row = session.get_one(Need, mine.id)
    row.title, row.problem, row.targets = TEXT.values()
    session.commit()

    assert ids(look(author, mine)) == [copy.id]


def test_staff_wait_for_the_worker_where_many_are_listed(make, indexed, look):
    make.need(**TEXT)
    indexed()
    new = make.need(**TEXT, status=NeedStatus.PENDING)
    staff = make.staff()

    assert look(staff, new, encode=False) is None
    indexed()
    assert look(staff, new, encode=False).total == 1


def test_achievements_are_compared_with_achievements(make, indexed, look):
    author = make.user(Role.UNIVERSITY)
    make.need()
    copy = make.achievement()
    mine = make.achievement(
        organisation_id=author.organisation_id, status=AchievementStatus.PENDING
    )
    indexed()
    assert ids(look(author, mine)) == [copy.id]
    assert look(make.staff(), mine).reason.startswith("重复：与已公开的「")


def test_one_need_pasted_many_times_is_counted_not_listed(
    make, indexed, look, monkeypatch
):
    monkeypatch.setattr(service, "CANDIDATES", 8)
    author = make.user()
    for _ in range(SHOWN + 4):
        make.need(**TEXT, organisation_id=author.organisation_id)
    mine = session_first(make)
    indexed()
    found = look(author, mine)

    assert len(found.rows) == SHOWN
    assert found.total == SHOWN + 3
    assert found.at_least
    assert ids(found) == sorted(ids(found)), "equal ones come in the order of their ids"


def session_first(make):
    return make.session.scalar(select(Need).order_by(Need.id))


def test_altered_figures_are_pointed_out(make, indexed, look):
    make.need(**TEXT | {"targets": ["预警提前时间≥25 min", "误报率≤3%"]})
    mine = make.need(**TEXT)
    indexed()
    [row] = look(make.staff(), mine).rows

    assert row.level is Level.SAME
    assert not row.same_figures
    assert "误报率≤1%" not in row.quotes
