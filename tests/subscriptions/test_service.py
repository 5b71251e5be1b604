"""Saving a search, changing it, stopping it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.schema import parse
from matchmaker.subscriptions import service, words
from matchmaker.subscriptions.schema import (
    BuyersInput,
    FrequencyInput,
    SubscriptionInput,
)
from models import Finding, Subscription, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, Frequency, Role

from ..conftest import NOW

LATER = NOW + timedelta(hours=1)


def subscribe(session, actor, now=NOW, **given):
    data = parse(SubscriptionInput, given)
    return service.subscribe(session, actor, data, now=now)


def count(session, model):
    return session.scalar(select(func.count(model.id)))


def finding(session, one, record_id, told_at=NOW):
    with transaction(session):
        session.add(
            Finding(
                subscription_id=one.id,
                user_id=one.user_id,
                record_type=RecordType.NEED,
                record_id=record_id,
                found_at=NOW,
                told_at=told_at,
            )
        )


def test_a_search_is_kept_with_its_words_and_filters(session, make):
    actor = make.user()
    one, new = subscribe(
        session,
        actor,
        kind="need",
        q=" 电池过充 ",
        district=["岳麓区", "岳麓区"],
        trl=["7", "3"],
        stage=["lab"],
        frequency="daily",
        by_mail="1",
    )
    assert new
    assert one.query == {"q": "电池过充", "district": ["岳麓区"], "trl": [3, 7]}
    assert (one.frequency, one.by_mail) == (Frequency.DAILY, True)
    assert words.name(one) == "电池过充 · 需求 · 岳麓区 · 3 级 · 7 级"


def test_the_same_search_is_one_subscription(session, make):
    actor = make.user()
    first, _ = subscribe(session, actor, kind="need", field=["ES", "NM"])
    again, new = subscribe(
        session, actor, kind="need", field=["NM", "ES"], frequency="weekly"
    )
    assert (again.id, new, again.frequency) == (first.id, False, Frequency.WEEKLY)
    subscribe(session, actor, kind="achievement", field=["ES", "NM"])
    subscribe(session, make.user(), kind="need", field=["ES", "NM"])
    assert count(session, Subscription) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "先输入要找什么"),
        ({"q": "怎么办？"}, "太笼统"),
        ({"kind": "contract", "q": "电池"}, "所列选项"),
        ({"kind": "need", "field": ["ZZ"]}, "没有这个技术领域"),
        ({"kind": "need", "q": "电池", "frequency": "hourly"}, "所列选项"),
        ({"kind": "need", "q": "字" * 2001}, "最多 2000 个字"),
        ({"kind": "need", "trl": ["x"]}, "整数"),
    ],
)
def test_what_cannot_be_watched_is_refused_in_words(session, make, given, message):
    with pytest.raises(Invalid) as error:
        subscribe(session, make.user(), **given)
    assert message in "".join(error.value.fields.values())
    assert count(session, Subscription) == 0


def test_a_person_has_so_many_and_no_more(session, make, monkeypatch):
    monkeypatch.setattr(service, "MOST", 2)
    actor = make.user()
    for field in ("ES", "NM"):
        subscribe(session, actor, kind="need", field=[field])
    with pytest.raises(Conflict, match="too_many"):
        subscribe(session, actor, kind="need", field=["AI"])
    subscribe(session, actor, kind="need", field=["NM"], frequency="daily")


def test_buyers_are_watched_by_who_may_look_for_them(session, make):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    data = BuyersInput(achievement_id=item.id)
    one, _ = service.subscribe_to_buyers(session, actor, data, now=NOW)
    assert (one.record_type, one.achievement_id) == (RecordType.NEED, item.id)
    assert words.name(one) == f"谁需要「{item.title}」"
    assert service.running(session, actor, item.id) is not None
    with pytest.raises(Forbidden):
        service.subscribe_to_buyers(session, make.user(Role.UNIVERSITY), data, now=NOW)
    draft = make.achievement(status=AchievementStatus.DRAFT)
    hidden = BuyersInput(achievement_id=draft.id)
    with pytest.raises(NotFound):
        service.subscribe_to_buyers(session, actor, hidden, now=NOW)
    gone = make.achievement(
        organisation_id=actor.organisation_id, status=AchievementStatus.TRANSFERRED
    )
    with pytest.raises(Conflict, match="not_seeking"):
        service.subscribe_to_buyers(
            session, actor, BuyersInput(achievement_id=gone.id), now=NOW
        )


def test_anothers_subscription_does_not_exist(session, make):
    one, other = make.subscription(), make.user()
    for act in (service.stop, service.resume):
        with pytest.raises(NotFound):
            act(session, other, one.id, now=NOW)
    with pytest.raises(NotFound):
        service.change(session, other, one.id, FrequencyInput(), now=NOW)
    with pytest.raises(NotFound):
        service.remove(session, other, one.id)
    with pytest.raises(NotFound):
        service.find_subscription(session, make.staff(), one.id)


def test_stopping_drops_what_waits_and_starting_again_looks_ahead(session, make):
    one = make.subscription(frequency=Frequency.DAILY)
    told, waiting = make.need(), make.need()
    finding(session, one, told.id)
    finding(session, one, waiting.id, told_at=None)
    service.stop(session, one.user, one.id, now=NOW)
    service.stop(session, one.user, one.id, now=LATER)
    assert one.stopped_at == NOW
    assert session.scalars(select(Finding.record_id)).all() == [told.id]
    service.resume(session, one.user, one.id, now=LATER)
    assert (one.stopped_at, one.since) == (None, LATER)


def test_what_was_found_is_shown_while_it_may_be_seen(session, make):
    one = make.subscription()
    shown = make.need()
    hidden = make.need(secrecy="restricted")
    for need in (shown, hidden):
        finding(session, one, need.id)
    found = service.findings(session, one.user, one, 9)
    assert [item.id for _, item in found.rows] == [shown.id]
    assert (found.total, found.page, found.pages) == (1, 1, 1)


def test_the_list_has_what_runs_first(session, make):
    user = make.user()
    stopped = make.subscription(user, stopped_at=NOW)
    first, second = make.subscription(user), make.subscription(user)
    make.subscription()
    finding(session, first, make.need().id)
    listed = service.listed(session, user)
    assert [one.item.id for one in listed] == [second.id, first.id, stopped.id]
    assert [one.found for one in listed] == [0, 1, 0]


def test_deleting_leaves_nothing(session, make):
    one = make.subscription()
    finding(session, one, make.need().id)
    service.remove(session, one.user, one.id)
    assert (count(session, Finding), count(session, Subscription)) == (0, 0)
