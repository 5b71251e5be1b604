"""Where people are told of records that say the same."""

import re

import pytest

from matchmaker.duplicates.service import SHOWN
from models import Need
from models.states import AchievementStatus, NeedStatus, Role, Secrecy

from ..achievements.forms import typed as achievement_form
from ..needs.forms import typed as need_form
from .test_service import OTHER, SECRET, TEXT


@pytest.fixture
def author(make):
    return make.user()


@pytest.fixture
def staff(make, login):
    return login(make.staff())


def test_the_author_is_told_right_after_submitting(make, indexed, login, author):
    form = need_form()
    copy = make.need(
        title=form["title"], problem=form["problem"], targets=list(form["targets"])
    )
    indexed()
    client = login(author)
    before = client.post("/needs/new", data=form).text
    assert f'href="/needs/{copy.id}"' in before, "told before it is submitted"
    seen = re.search(r'name="hints_seen" value="(\w+)"', before)[1]
    answer = client.post("/needs/new", data=form | {"hints_seen": seen})
    page = client.get(answer.location).text

    assert "疑似重复：与下面的需求" in page
    assert f'href="/needs/{copy.id}"' in page


def test_the_author_is_told_right_after_an_edit(make, indexed, login, author, session):
    copy = make.need(**TEXT)
    mine = make.need(**OTHER, organisation_id=author.organisation_id)
    indexed()
    client = login(author)
    assert "疑似重复" not in client.get(f"/needs/{mine.id}").text
    form = need_form(**TEXT, version=mine.version)
    answer = client.post(f"/needs/{mine.id}/edit", data=form)
    page = client.get(answer.location).text

    assert "疑似重复" in page
    assert f'href="/needs/{copy.id}"' in page


def test_a_holder_is_told_of_a_copy_of_its_achievement(make, indexed, login):
    holder = make.user(Role.UNIVERSITY)
    form = achievement_form()
    client = login(holder)
    first = client.post("/achievements/new", data=form | {"form_key": ""})
    assert first.status_code == 303
    second = form | {"form_key": "", "title": form["title"] + "之二"}
    before = client.post("/achievements/new", data=second).text
    assert f'href="{first.location.partition("?")[0]}"' in before
    seen = re.search(r'name="hints_seen" value="(\w+)"', before)[1]
    answer = client.post("/achievements/new", data=second | {"hints_seen": seen})
    page = client.get(answer.location).text

    assert "疑似重复：与下面的成果" in page
    assert "本单位，待审，文字基本一样" in page


@pytest.mark.parametrize("role", ["visitor", "another"])
def test_others_read_the_page_without_the_notice(make, indexed, app, login, role):
    make.need(**TEXT)
    mine = make.need(**TEXT)
    indexed()
    client = app.test_client() if role == "visitor" else login(make.user())
    assert "疑似重复" not in client.get(f"/needs/{mine.id}").text


def test_a_copy_of_a_restricted_need_looks_to_its_author_like_no_copy(
    make, indexed, login, author
):
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()
    client = login(author)
    before = client.get(f"/needs/{mine.id}").text
    make.need(**TEXT | {"title": SECRET + TEXT["title"]}, secrecy=Secrecy.RESTRICTED)
    indexed()

    assert plain(client.get(f"/needs/{mine.id}").text) == plain(before)


def plain(page):
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def test_staff_are_told_of_a_restricted_copy_with_how(make, indexed, staff):
    hidden = make.need(**TEXT, secrecy=Secrecy.RESTRICTED)
    mine = make.need(**TEXT, status=NeedStatus.PENDING)
    indexed()
    for path in ("/verification", f"/needs/{mine.id}"):
        page = staff.get(path).text
        assert f'href="/needs/{hidden.id}"' in page
        assert "几乎相同" in page
        assert "（不同单位），已发布，文字基本一样" in page
        assert f'<blockquote class="similar-quote">{TEXT["title"]}' in page
        assert "按重复退回" in page


def test_staff_return_a_duplicate_with_the_words_proposed(
    make, indexed, staff, session
):
    make.need(**TEXT)
    mine = make.need(**TEXT, status=NeedStatus.PENDING)
    indexed()
    page = staff.get("/verification").text
    [reason] = re.findall(
        rf'id="reason-duplicate-need-{mine.id}"[^>]*>\n?([^<]+)<', page
    )
    answer = staff.post(
        f"/verification/needs/{mine.id}/return",
        data={"version": mine.version, "reason": reason},
    )

    assert answer.status_code == 303
    session.rollback()
    need = session.get_one(Need, mine.id)
    assert need.status is NeedStatus.RETURNED
    assert need.return_reason == reason
    assert reason.startswith("重复：与已公开的「")


def test_what_is_published_cannot_be_returned_from_its_page(make, indexed, staff):
    make.need(**TEXT)
    mine = make.need(**TEXT)
    indexed()
    page = staff.get(f"/needs/{mine.id}").text
    assert "疑似重复" in page
    assert "按重复退回" not in page


def test_the_queue_says_what_is_not_compared_yet(make, indexed, staff):
    indexed()
    make.need(**TEXT, status=NeedStatus.PENDING)
    assert "正在比对是否重复" in staff.get("/verification").text


def test_achievements_are_compared_in_the_queue(make, indexed, staff):
    copy = make.achievement()
    make.achievement(status=AchievementStatus.PENDING)
    indexed()
    page = staff.get("/verification").text
    assert f'href="/achievements/{copy.id}"' in page
    assert "按重复退回" in page


def test_many_copies_are_counted_not_listed(make, indexed, login, author):
    for _ in range(SHOWN + 3):
        make.need(**TEXT)
    mine = make.need(**TEXT, organisation_id=author.organisation_id)
    indexed()
    page = login(author).get(f"/needs/{mine.id}").text

    assert page.count("几乎相同") == SHOWN
    assert f'共 <span class="number">{SHOWN + 3}</span> 条' in page


def test_staff_decide_at_once_on_what_one_firm_posted_ten_times(
    make, indexed, staff, session
):
    """Slightly other words each: they stand together, ticked, and go back together."""
    firm = make.organisation()
    pending = {"status": NeedStatus.PENDING, "organisation_id": firm.id}
    same = [
        make.need(**TEXT | {"problem": f"{TEXT['problem']}第{number}次。"}, **pending)
        for number in range(10)
    ]
    other = make.need(**OTHER, status=NeedStatus.PENDING)
    published = make.need(**TEXT, organisation_id=firm.id)
    make.fillers(3)
    indexed()
    page = staff.get("/verification").text
    assert page.count("与另外 9 条待审的几乎相同") == 10
    assert f'href="/verification?like=need:{same[0].id}"' in page
    group = staff.get(f"/verification?like=need:{same[0].id}").text
    ticked = re.findall(r'name="items" value="([^"]+)"[^>]* checked', group)
    assert {item.split(":")[1] for item in ticked} == {str(one.id) for one in same}
    assert f"need:{other.id}:" not in group
    assert f"need:{published.id}:" not in group
    data = {"action": "return", "items": ticked[1:], "codes": "duplicate"}
    done = staff.post(f"/verification/batch?like=need:{same[0].id}", data=data).text
    assert "已退回 9 条" in done
    session.rollback()
    assert session.get_one(Need, other.id).status is NeedStatus.PENDING
    assert staff.get("/verification?like=need:999999").status_code == 404
    assert staff.get("/verification?like=call:1").status_code == 422
