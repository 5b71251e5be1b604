"""Telling: soon, once, only what the person may see, and only what answers."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker.jobs import outbox
from matchmaker.jobs.worker import Worker
from matchmaker.labels import CITY
from matchmaker.subscriptions import service, tell
from matchmaker.verification import service as verification
from matchmaker.verification.schema import Publication
from models import Finding, Mail, Notice, OutboxTask, transaction
from models.outbox import RecordType, TaskKind
from models.states import (
    AchievementStatus,
    CallStatus,
    Frequency,
    NeedStatus,
    Role,
    Secrecy,
)

from ..conftest import NOW

LATER = NOW + timedelta(minutes=5)
FARM = {
    "title": "水稻种子纯度快速检测",
    "field": "AG",
    "problem": "人工看种子太慢,想用图像一次分出杂粒。",
    "targets": ["每分钟≥200粒"],
}
BATTERY = {"q": "电池热失控提前预警"}


@pytest.fixture
def work(app, session):
    """Do all the worker's work, as of ``now``."""
    index = app.extensions["live_index"]

    def drain(now=NOW):
        session.rollback()
        Worker(session, index, suggestions=0, clock=lambda: now).drain()

    return drain


@pytest.fixture
def background(make, work):
    """Records about other things, from before: what near ones stand out from."""
    early = NOW - timedelta(days=30)
    for number in range(6):
        make.need(**FARM | {"title": f"{FARM['title']}{number}"}, published_at=early)
    make.fillers(6)
    work()


def told(session, user) -> list[tuple[str, str]]:
    session.rollback()
    query = select(Notice).where(Notice.user_id == user.id).order_by(Notice.id)
    return [
        (notice.kind, str(notice.facts.get("title", notice.facts.get("count"))))
        for notice in session.scalars(query)
        if notice.kind.startswith("subscri")
    ]


def publish(session, make, need, now=LATER):
    """As staff do: the request itself tells nobody."""
    staff = make.staff()
    session.refresh(need)
    data = Publication(version=need.version)
    verification.publish_need(session, staff, need.id, data, now=now)


def edit(session, need, **given):
    """The need goes to review with other words."""
    with transaction(session):
        for name, value in given.items():
            setattr(need, name, value)
        need.move_to(NeedStatus.PENDING)
        session.flush()
        outbox.touch(session, need, now=NOW)


@pytest.mark.usefixtures("background")
def test_a_published_need_is_told_by_the_worker_and_not_by_the_request(
    session, make, work
):
    one = make.subscription(query=BATTERY)
    need = make.need(status=NeedStatus.PENDING, published_at=None)
    work()
    assert told(session, one.user) == []
    publish(session, make, need)
    assert told(session, one.user) == []
    work(LATER)
    assert told(session, one.user) == [("subscribed_need", need.title)]
    [finding] = session.scalars(select(Finding)).all()
    assert (finding.record_id, finding.told_at) == (need.id, LATER)
    assert session.scalars(select(OutboxTask)).all() == []


@pytest.mark.usefixtures("background")
def test_it_is_told_once_however_often_it_is_edited(session, make, work):
    one = make.subscription(query=BATTERY)
    need = make.need()
    work()
    for number in range(3):
        edit(session, need, title=f"{need.title}，第 {number} 版")
        work()
        publish(session, make, need)
        work(LATER)
        work(LATER)
    assert len(told(session, one.user)) == 1


@pytest.mark.usefixtures("background")
def test_what_does_not_answer_is_not_told(session, make, work):
    battery = make.subscription(query=BATTERY)
    elsewhere = make.subscription(query=BATTERY | {"district": ["浏阳市"]})
    calls = make.subscription(record_type=RecordType.CALL, query=BATTERY)
    farm = make.subscription(query={"field": ["AG"], "trl": [3, 7]})
    make.need()
    make.need(**FARM)
    make.need(**FARM | {"title": "没有要求成熟度的需求"}, trl_expected=None)
    work()
    assert [title for _, title in told(session, battery.user)] == [
        "储能电站电池热失控提前预警"
    ]
    assert [title for _, title in told(session, farm.user)] == [FARM["title"]]
    assert told(session, elsewhere.user) == told(session, calls.user) == []


def test_every_kind_is_told_with_a_page_of_its_own(session, make, work):
    one = make.subscription(record_type=None)
    make.need()
    make.achievement()
    make.call()
    make.call(status=CallStatus.DRAFT)
    make.achievement(status=AchievementStatus.PENDING)
    work()
    assert {kind for kind, _ in told(session, one.user)} == {
        "subscribed_need",
        "subscribed_achievement",
        "subscribed_call",
    }
    assert len(told(session, one.user)) == 3


def test_only_what_was_published_since_is_news(session, make, work):
    before = NOW - timedelta(seconds=1)
    one = make.subscription()
    make.need(published_at=before)
    work()
    assert told(session, one.user) == []


def test_who_stopped_or_may_no_longer_sign_in_is_told_nothing(session, make, work):
    stopped = make.subscription(stopped_at=NOW)
    closed = make.subscription(make.user(active=False))
    make.need()
    work()
    assert told(session, stopped.user) == told(session, closed.user) == []
    assert session.scalars(select(Finding)).all() == []


def test_nobody_is_told_of_a_record_of_their_own(session, make, work):
    user = make.user()
    make.subscription(user)
    make.need(organisation_id=user.organisation_id)
    work()
    assert told(session, user) == []


@pytest.mark.usefixtures("background")
def test_a_restricted_need_is_told_to_nobody_outside(session, make, work):
    """Not even by a search that says its very words."""
    outside = make.subscription(query=BATTERY, by_mail=True)
    staff = make.subscription(make.staff(), query=BATTERY, by_mail=True)
    need = make.need(secrecy=Secrecy.RESTRICTED)
    work()
    assert told(session, outside.user) == []
    assert told(session, staff.user) == [("subscribed_need", need.title)]
    [mail] = session.scalars(select(Mail)).all()
    assert mail.recipient == staff.user.email
    assert need.title not in str(mail.facts)
    assert need.problem[:8] not in str(mail.facts)


@pytest.mark.usefixtures("background")
def test_a_masked_need_is_found_and_told_by_its_public_words(session, make, work):
    secret = make.subscription(query=BATTERY, by_mail=True)
    public = make.subscription(query={"q": "水稻种子纯度检测"}, by_mail=True)
    firm = make.organisation(name="湘江锂电有限公司")
    make.need(
        secrecy=Secrecy.MASKED,
        organisation_id=firm.id,
        public_title=FARM["title"],
        public_problem=FARM["problem"],
        public_targets=FARM["targets"],
    )
    work()
    assert told(session, secret.user) == []
    assert told(session, public.user) == [("subscribed_need", FARM["title"])]
    [mail] = session.scalars(select(Mail)).all()
    assert "湘江锂电" not in str(mail.facts)
    assert "热失控" not in str(mail.facts)
    assert mail.facts["organisation"] == "岳麓区某先进储能与新能源企业"
    assert mail.facts["quote"]


def test_hidden_again_before_the_worker_came_it_is_told_to_nobody(session, make, work):
    one = make.subscription()
    need = make.need()
    with transaction(session):
        need.move_to(NeedStatus.WITHDRAWN)
        session.flush()
        outbox.touch(session, need, now=NOW)
    work()
    assert told(session, one.user) == []


def test_hidden_while_the_match_is_worked_out_it_is_told_to_nobody(
    app, session, make, work, monkeypatch
):
    """What one may see is decided with the row locked, when it is told."""
    one = make.subscription()
    need = make.need()
    found = tell.matches

    def then_hidden(*args, **given):
        result = found(*args, **given)
        with app.extensions["db_sessions"]() as other, transaction(other):
            other.get_one(type(need), need_id).secrecy = Secrecy.RESTRICTED
        return result

    need_id = need.id
    monkeypatch.setattr(tell, "matches", then_hidden)
    work()
    assert told(session, one.user) == []
    [task] = session.scalars(select(OutboxTask)).all()
    assert (task.kind, task.last_error) == (TaskKind.NOTIFY, "StaleDataError")
    monkeypatch.setattr(tell, "matches", found)
    work(LATER)
    assert told(session, one.user) == []
    assert session.scalars(select(OutboxTask)).all() == []


def test_a_record_that_only_changed_meanwhile_is_told_a_little_later(
    app, session, make, work, monkeypatch
):
    one = make.subscription()
    need = make.need()
    found, need_id, model = tell.matches, need.id, type(need)

    def then_touched(*args, **given):
        result = found(*args, **given)
        with app.extensions["db_sessions"]() as other, transaction(other):
            other.get_one(model, need_id).updated_at = LATER
        return result

    monkeypatch.setattr(tell, "matches", then_touched)
    work()
    assert told(session, one.user) == []
    monkeypatch.setattr(tell, "matches", found)
    work(LATER)
    assert told(session, one.user) == [("subscribed_need", need.title)]


def test_two_subscriptions_tell_one_thing_once(session, make, work):
    user = make.user(Role.UNIVERSITY)
    daily = make.subscription(user, frequency=Frequency.DAILY)
    make.subscription(user, query={"field": ["ES"]})
    make.subscription(user, query={"district": ["岳麓区"]})
    make.need()
    work()
    assert len(told(session, user)) == 1
    assert len(session.scalars(select(Finding)).all()) == 3
    send(session, NOW + timedelta(days=8))
    assert len(told(session, user)) == 1
    make.subscription(user, query={"trl": [7]})
    assert service.listed(session, user)[-1].item.id == daily.id


@pytest.mark.usefixtures("background")
def test_new_needs_are_told_to_whom_could_solve_them(session, make, work):
    holder = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=holder.organisation_id)
    one = make.subscription(holder, achievement_id=item.id, by_mail=True)
    make.need(**FARM)
    need = make.need()
    work()
    assert told(session, one.user) == [("subscribed_need", need.title)]
    [mail] = session.scalars(select(Mail)).all()
    assert mail.facts["name"] == "谁需要「基于气体与电压融合的锂电池热失控早期识别」"
    assert mail.facts["quote"].rstrip("。") in f"{need.problem}{need.targets}"


@pytest.mark.usefixtures("background")
def test_an_achievement_that_is_gone_looks_for_nobody(session, make, work):
    holder = make.user(Role.UNIVERSITY)
    for status in (AchievementStatus.TRANSFERRED, AchievementStatus.WITHDRAWN):
        item = make.achievement(organisation_id=holder.organisation_id, status=status)
        make.subscription(holder, achievement_id=item.id)
    moved = make.achievement()
    make.subscription(holder, achievement_id=moved.id)
    make.need()
    work()
    assert told(session, holder) == []


def test_nothing_is_promised_where_nobody_waits(session, make):
    make.subscription(record_type=RecordType.CALL)
    make.need()
    session.rollback()
    index = LiveIndex(HashingEncoder)
    Worker(session, index, suggestions=0, clock=lambda: NOW).encode_some()
    kinds = set(session.scalars(select(OutboxTask.kind)))
    assert kinds == {TaskKind.MATCH}


# -- digests ------------------------------------------------------------


def send(session, now) -> int:
    return tell.send_digests(session, hour=8, now=now)


def there(day: int, hour: int) -> datetime:
    """A moment of November 2026 in the city; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, 30, tzinfo=CITY)


@pytest.mark.parametrize(
    ("frequency", "now", "expected"),
    [
        (Frequency.DAILY, there(24, 9), (24, 8)),
        (Frequency.DAILY, there(24, 7), (23, 8)),
        (Frequency.WEEKLY, there(24, 9), (23, 8)),
        (Frequency.WEEKLY, there(29, 23), (23, 8)),
        (Frequency.WEEKLY, there(23, 7), (16, 8)),
    ],
)
def test_when_digests_last_went_out(frequency, now, expected):
    at = tell.last_round(frequency, now, 8)
    assert (at.day, at.hour, at.minute) == (*expected, 0)


def test_a_daily_digest_comes_at_its_hour_and_once(session, make, work):
    one = make.subscription(frequency=Frequency.DAILY, by_mail=True)
    first, second = make.need(), make.need(title="另一条关于电池的需求")
    work()  # noon of the 23rd
    assert told(session, one.user) == []
    assert send(session, there(23, 22)) == 0
    assert send(session, there(24, 8)) == 1
    assert send(session, there(24, 9)) == 0
    assert told(session, one.user) == [("subscription_digest", "2")]
    [mail] = session.scalars(select(Mail)).all()
    assert [record["title"] for record in mail.facts["records"]] == [
        first.title,
        second.title,
    ]
    assert send(session, there(25, 9)) == 0


def test_a_weekly_digest_waits_for_monday(session, make, work):
    one = make.subscription(frequency=Frequency.WEEKLY)
    make.need()
    work()
    assert send(session, there(29, 9)) == 0
    assert send(session, there(30, 9)) == 1
    assert told(session, one.user) == [("subscription_digest", "1")]


def test_a_digest_names_only_what_may_be_seen_when_it_goes_out(session, make, work):
    one = make.subscription(frequency=Frequency.DAILY)
    hidden, shown = make.need(), make.need(title="仍然公开的需求")
    work()
    with transaction(session):
        hidden.secrecy = Secrecy.RESTRICTED
    assert send(session, there(24, 9)) == 1
    assert told(session, one.user) == [("subscription_digest", "1")]
    assert session.scalars(select(Finding.record_id)).all() == [shown.id]


def test_a_record_in_two_digests_is_told_in_the_first(session, make, work):
    user = make.user(Role.UNIVERSITY)
    make.subscription(user, frequency=Frequency.DAILY)
    make.subscription(user, frequency=Frequency.WEEKLY, query={"field": ["ES"]})
    make.need()
    work()
    assert send(session, there(24, 9)) == 1
    assert send(session, there(30, 9)) == 0


def test_who_now_wants_it_at_once_gets_what_waited(session, make, work):
    one = make.subscription(frequency=Frequency.WEEKLY)
    make.need()
    work()
    with transaction(session):
        one.frequency = Frequency.INSTANT
    assert send(session, LATER) == 1
