"""Feeds tell what a visitor may read; a calendar tells its owner their last days."""

from datetime import date
from xml.etree import ElementTree as Xml

import pytest
from icalendar import Calendar

from models import utcnow
from models.states import AchievementStatus, NeedStatus, Secrecy

pytestmark = pytest.mark.one_database
ATOM = "{http://www.w3.org/2005/Atom}"


def titles(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = Xml.fromstring(answer.data)
    return [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]


def test_the_feed_of_needs_has_public_texts_alone(client, make, login):
    make.need(title="公开的需求")
    masked = make.need(
        secrecy=Secrecy.MASKED,
        title="湘江三号的验收",
        public_title="储能产品验收",
        public_problem="需要在验收时判断电池状态。",
        public_targets=[],
        budget_fen=123_456_700,
    )
    make.need(title="定向的需求", secrecy=Secrecy.RESTRICTED)
    make.need(title="没有发布的需求", status=NeedStatus.PENDING)

    answer = client.get("/needs/feed.atom")

    assert sorted(titles(answer)) == ["储能产品验收", "公开的需求"]
    text = answer.data.decode()
    for secret in ("湘江三号", masked.organisation.name, "123.46", "123.45"):
        assert secret not in text
    # Whoever asks, it is the same: programs keep and pass it on.
    assert login(make.staff()).get("/needs/feed.atom").data == answer.data


def test_the_feed_of_achievements_has_those_of_the_public_list(client, make):
    make.achievement(title="公开的成果")
    make.achievement(title="草稿", status=AchievementStatus.DRAFT)
    make.achievement(title="已转化的", status=AchievementStatus.TRANSFERRED)
    assert titles(client.get("/achievements/feed.atom")) == ["公开的成果"]


def test_a_text_that_no_xml_holds_breaks_no_feed(client, make):
    make.need(title="有\ufffe的需求", problem="问题<b>&\x0b")
    assert titles(client.get("/needs/feed.atom")) == ["有的需求"]


def test_the_calendar_has_the_last_days_of_ones_own_public_needs(client, make, login):
    owner = make.user()
    home = owner.organisation_id
    make.need(title="自己的", organisation_id=home, deadline=date(2099, 6, 30))
    now = utcnow()
    make.need(
        title="没有截止日期的", organisation_id=home, deadline=None, published_at=now
    )
    make.need(title="自己的草稿", organisation_id=home, status=NeedStatus.DRAFT)
    make.need(title="过去的", organisation_id=home, deadline=date(2020, 1, 1))
    make.need(title="别家的")

    answer = login(owner).get("/needs/mine/deadlines.ics")

    found = Calendar.from_ical(answer.data).walk("VEVENT")
    said = {str(event["SUMMARY"]): event for event in found}
    assert set(said) == {"需求到期：自己的", "需求到期：没有截止日期的"}
    assert said["需求到期：自己的"]["DTSTART"].dt == date(2099, 6, 30)
    assert client.get("/needs/mine/deadlines.ics").status_code == 302
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_no_text_breaks_out_of_its_line_in_a_calendar(make, login):
    owner = make.user()
    title = "到期;的,\\n需求\nEND:VEVENT\x0b与后文"
    home, end = owner.organisation_id, date(2099, 6, 30)
    make.need(title=title, organisation_id=home, deadline=end)
    data = login(owner).get("/needs/mine/deadlines.ics").data
    assert b"\x0b" not in data
    assert b"\nEND:VEVENT\xe4" not in data
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"需求到期：{title}".replace("\x0b", "")


def test_who_has_no_organisation_gets_an_empty_calendar(make, login):
    make.need()
    answer = login(make.staff()).get("/needs/mine/deadlines.ics")
    assert not Calendar.from_ical(answer.data).walk("VEVENT")
