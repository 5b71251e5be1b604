"""When needs and achievements end: one rule for a record and for queries."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from matchmaker.achievements import service as achievements
from matchmaker.errors import Conflict, Forbidden, NotFound
from matchmaker.labels import today
from matchmaker.posting import expiry
from matchmaker.posting.terms import Terms, window
from matchmaker.verification import service as verification
from matchmaker.verification.schema import Publication
from models import Achievement, History, Need, Notice, OutboxTask, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus, Role

from ..conftest import NOW

TERMS = Terms(need_days=365, achievement_days=730)
TODAY = date(2026, 11, 23)
# Midnight in the city is 16:00 UTC: of these two moments one is a day later there.
BEFORE = datetime(2024, 11, 22, 15, 59, tzinfo=UTC)
AFTER = datetime(2024, 11, 22, 16, 0, tzinfo=UTC)


def columns_of(session, model, day: date, soon: date) -> dict[int, tuple]:
    """What the queries say of each record: its last day, over, about to end."""
    kind = RecordType(model.__tablename__.removesuffix("s"))
    query = select(
        model.id,
        expiry.last_days(model, TERMS.days(kind)).label("last"),
        expiry.is_over(model, day, TERMS).label("over"),
        expiry.ending(model, window(kind, day, soon, TERMS)).label("ending"),
    )
    return {
        row.id: (row.last, bool(row.over), bool(row.ending))
        for row in session.execute(query)
    }


@pytest.mark.parametrize("model", [Need, Achievement])
def test_record_and_queries_say_the_same(session, make, model):
    made = []
    for moment in (BEFORE, AFTER, NOW, NOW - timedelta(days=725), None):
        for renewed in (None, NOW - timedelta(days=360)):
            given = {"published_at": moment, "renewed_at": renewed}
            if model is Achievement:
                made.append(make.achievement(**given))
            else:
                for deadline in (None, TODAY - timedelta(days=1), TODAY):
                    made.append(make.need(deadline=deadline, **given))
    soon = TODAY + timedelta(days=14)
    told = columns_of(session, model, TODAY, soon)
    for item in made:
        last = expiry.last_day(item, TERMS)
        expected = (
            last,
            last is not None and last < TODAY,
            last is not None and TODAY <= last <= soon,
        )
        assert told[item.id] == expected, (item.published_at, item.renewed_at)


def test_the_day_is_that_of_the_city(session, make):
    one, next_one = (
        make.achievement(published_at=BEFORE),
        make.achievement(published_at=AFTER),
    )
    assert today(BEFORE) != today(AFTER)
    told = columns_of(session, Achievement, TODAY, TODAY)
    assert told[one.id][0] == date(2026, 11, 22)
    assert told[next_one.id][0] == TODAY
    assert expiry.expire(session, terms=TERMS, now=NOW) == 1
    assert (one.status, next_one.status) == (
        AchievementStatus.EXPIRED,
        AchievementStatus.PUBLISHED,
    )


def test_an_achievement_ends_by_the_clock_and_its_holder_is_told(session, make):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(
        organisation_id=person.organisation_id, published_at=NOW - timedelta(days=731)
    )
    before = session.scalars(select(OutboxTask.id)).all()
    assert expiry.expire(session, terms=TERMS, now=NOW) == 1
    assert item.status is AchievementStatus.EXPIRED
    (row,) = session.scalars(select(History)).all()
    assert (row.action, row.actor_id) == ("achievement.expired", None)
    (notice,) = session.scalars(select(Notice)).all()
    assert (notice.user_id, notice.kind) == (person.id, "achievement_expired")
    assert len(session.scalars(select(OutboxTask.id)).all()) == len(before) + 1
    assert expiry.expire(session, terms=TERMS, now=NOW) == 0


@pytest.mark.parametrize(
    "status", [s for s in AchievementStatus if s is not AchievementStatus.PUBLISHED]
)
def test_only_what_is_published_ends(session, make, status):
    make.achievement(status=status, published_at=NOW - timedelta(days=3000))
    assert expiry.expire(session, terms=TERMS, now=NOW) == 0


def renew(session, actor, item):
    return achievements.renew_achievement(session, actor, item.id, terms=TERMS, now=NOW)


def test_an_achievement_is_renewed_as_it_was(session, make):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(
        organisation_id=person.organisation_id,
        published_at=NOW - timedelta(days=800),
        status=AchievementStatus.EXPIRED,
    )
    assert expiry.may_renew(item, TERMS, TODAY)
    renew(session, person, item)
    assert (item.status, item.renewed_at) == (AchievementStatus.PUBLISHED, NOW)
    assert expiry.last_day(item, TERMS) == TODAY + timedelta(days=730)
    assert session.scalars(select(History.action)).all() == ["achievement.renewed"]
    assert expiry.expire(session, terms=TERMS, now=NOW) == 0
    with pytest.raises(Conflict, match=r"achievement\.not_renewable"):
        renew(session, person, item)


@pytest.mark.parametrize(("days", "may"), [(700, True), (699, False)])
def test_renewal_is_offered_a_month_before_the_end(make, days, may):
    item = make.achievement(published_at=NOW - timedelta(days=days))
    assert expiry.may_renew(item, TERMS, TODAY) is may
    need = make.need(deadline=None, published_at=NOW - timedelta(days=days - 365))
    assert expiry.may_renew(need, TERMS, TODAY) is may


def test_what_was_never_published_is_not_renewed_into_the_open(session, make):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(
        organisation_id=person.organisation_id,
        published_at=None,
        status=AchievementStatus.EXPIRED,
    )
    with pytest.raises(Conflict, match="not_renewable"):
        renew(session, person, item)


def test_only_its_owner_renews(session, make):
    item = make.achievement(status=AchievementStatus.EXPIRED)
    with pytest.raises(Forbidden):
        renew(session, make.staff(), item)
    with pytest.raises(NotFound):
        renew(session, make.user(Role.UNIVERSITY), item)


def test_published_anew_it_counts_from_then(session, make):
    """A renewal of the text before must not shorten the life of the new one."""
    need = make.need(
        deadline=None,
        status=NeedStatus.PENDING,
        published_at=NOW - timedelta(days=700),
        renewed_at=NOW - timedelta(days=360),
    )
    seen = Publication(version=need.version)
    verification.publish_need(session, make.staff(), need.id, seen, now=NOW)
    assert expiry.last_day(need, TERMS) == TODAY + timedelta(days=365)


def test_the_page_offers_the_renewal_and_says_until_when(session, make, login):
    person = make.user(Role.UNIVERSITY)
    published = datetime.now(UTC) - timedelta(days=725)
    item = make.achievement(
        organisation_id=person.organisation_id, published_at=published
    )
    last = today(published) + timedelta(days=730)
    client = login(person)
    page = client.get(f"/achievements/{item.id}").text
    assert f"公开到 {last}，即将到期" in page
    assert "即将到期的成果" in client.get("/work").text
    done = client.post(f"/achievements/{item.id}/renew", follow_redirects=True)
    assert "已续期到" in done.text
    assert "即将到期" not in client.get(f"/achievements/{item.id}").text
    assert client.post(f"/achievements/{item.id}/renew").status_code == 409
    with transaction(session):
        session.refresh(item)
        item.move_to(AchievementStatus.EXPIRED)
    page = client.get(f"/achievements/{item.id}").text
    assert "续期后立即重新公开" in page
    assert login(make.user()).get(f"/achievements/{item.id}").status_code == 404
