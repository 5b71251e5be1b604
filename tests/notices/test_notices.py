"""A person's inbox: what is in it, in which order, and who may open it."""

import re
from datetime import timedelta

import pytest
from flask import url_for
from sqlalchemy import select

from matchmaker.errors import NotFound
from matchmaker.notices import service
from matchmaker.notices.words import BY_PAGE, WORDS
from models import Notice, transaction
from models.states import Role

from ..conftest import NOW
from ..walk import forms, notify, plain

LATER = NOW + timedelta(hours=1)


def ids(inbox) -> list[int]:
    return [notice.id for notice in inbox.notices]


@pytest.fixture
def three(make):
    """A person with three notices about a need of their firm."""
    person = make.user()
    need = make.need(organisation_id=person.organisation_id)
    for title in ("第一条", "第二条", "第三条"):
        notify(make, person.id, need.id, title)
    return person


def own(session, person) -> list[int]:
    query = select(Notice.id).where(Notice.user_id == person.id).order_by(Notice.id)
    return list(session.scalars(query))


def test_a_kind_of_notice_leads_to_one_page():
    assert sum(len(kinds) for kinds in BY_PAGE.values()) == len(WORDS)


def test_what_is_unread_comes_first_and_the_newest_of_it(session, three):
    first, second, third = own(session, three)
    service.mark_read(session, three, third, now=LATER)
    assert ids(service.inbox(session, three, 1)) == [second, first, third]
    assert service.unread(session, three) == 2


def test_the_first_reading_is_the_one_that_counts(session, three):
    number = own(session, three)[0]
    service.mark_read(session, three, number, now=LATER)
    again = service.mark_read(session, three, number, now=LATER + timedelta(days=1))
    assert again.read_at == LATER


def test_all_are_read_at_once_and_nobody_elses(session, make, three):
    other = make.user()
    notify(make, other.id, 1)
    assert service.mark_all_read(session, three, now=LATER) == 3
    assert service.mark_all_read(session, three, now=LATER) == 0
    assert service.unread(session, three) == 0
    assert service.unread(session, other) == 1


def test_a_long_inbox_has_pages(session, make, three):
    with transaction(session):
        for number in range(service.PER_PAGE):
            service.queue(
                session,
                [three.id],
                "need_published",
                now=NOW,
                title=str(number),
                need_id=1,
            )
    first, last = (service.inbox(session, three, page) for page in (1, 99))
    assert (len(first.notices), len(last.notices)) == (service.PER_PAGE, 3)
    assert (last.page, last.pages, last.total) == (2, 2, service.PER_PAGE + 3)


def test_anothers_notice_does_not_exist(session, make, three):
    number = own(session, three)[0]
    with pytest.raises(NotFound):
        service.mark_read(session, make.user(), number, now=LATER)
    session.expire_all()
    assert session.get_one(Notice, number).read_at is None


def test_every_kind_of_notice_leads_to_a_page(app):
    with app.test_request_context():
        for kind, (_, _, fact) in service.WORDS.items():
            notice = Notice(kind=kind, facts={fact: 5})
            endpoint, arguments = service.target(notice)
            assert re.search("[/=]5(/|$)", url_for(endpoint, **arguments))


def test_opening_a_notice_reads_it_and_goes_to_its_page(session, three, login):
    client = login(three)
    page = client.get("/notices").text
    assert "您的需求已发布:第三条" in page
    assert page.count("未读") >= 3
    notice = session.get_one(Notice, own(session, three)[2])

    answer = client.get(f"/notices/{notice.id}")

    assert answer.status_code == 303
    assert answer.location == f"/needs/{notice.facts['need_id']}"
    session.rollback()
    session.refresh(notice)
    assert notice.read_at is not None


def test_another_persons_notice_is_not_found(session, make, three, login):
    number = own(session, three)[0]
    for user in (make.user(), make.user(Role.ADMIN)):
        answer = login(user).get(f"/notices/{number}")
        assert answer.status_code == 404
        assert plain(answer.text) == plain(login(user).get("/notices/987654").text)


def test_one_click_reads_everything(three, login):
    client = login(three)
    (form,) = (f for f in forms(client.get("/notices").text) if "read-all" in f.action)
    assert client.post(form.action).location == "/notices"
    page = client.get("/notices").text
    assert "已将 3 条通知标为已读" in page
    assert "全部标为已读" not in page


def test_an_empty_inbox_says_what_will_come(make, login):
    assert "还没有通知" in login(make.user()).get("/notices").text


def test_the_number_of_unread_notices_is_on_every_page(three, login, client):
    assert '<span class="count number">3</span>' in login(three).get("/profile").text
    assert "条未读" not in client.get("/").text


def test_what_a_person_wrote_is_shown_as_text(make, login):
    person = make.user()
    need = make.need(organisation_id=person.organisation_id)
    notify(make, person.id, need.id, "<i>{reason}</i>")
    page = login(person).get("/notices").text
    assert "&lt;i&gt;{reason}&lt;/i&gt;" in page
