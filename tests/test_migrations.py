"""The tables a machine has are those the models describe."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from matchmaker.matches import service
from models import (
    Call,
    Review,
    Suggestion,
    Webhook,
    WebhookOldSecret,
    migrate,
    transaction,
    utcnow,
)
from models.states import CallStatus


def test_there_is_one_head():
    assert len(migrate.heads()) == 1


def test_an_upgrade_from_empty_equals_the_models(app: Flask):
    assert migrate.differences(app.extensions["db_engine"]) == []
    assert migrate.is_current(app.extensions["db_engine"])


def test_every_migration_can_be_taken_back_and_made_again(app: Flask):
    engine = app.extensions["db_engine"]
    migrate.downgrade(engine, "base")
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []


def test_pairs_from_before_the_probabilities_get_what_can_be_told(app, make, session):
    """Down and up again over filled tables: the evidence holds most features."""
    reviewed = make.suggestion(
        score=8.0,
        evidence={
            "indicators": [
                {"asked": "误报率≤1%", "claimed": "0.6%", "verdict": "met", "note": ""},
                {"asked": "提前10 min", "claimed": None, "verdict": "unknown"},
            ],
            "facts": [{"name": "技术领域", "left": "", "right": "", "verdict": "met"}],
            "parts": [
                {"name": "整体意思接近", "value": 3.2, "share": 0.4},
                {"name": "逐条内容对应", "value": 3.0, "share": 0.375},
                {"name": "共同专业用词", "value": 1.8, "share": 0.225},
            ],
        },
    )
    weak = make.suggestion(score=4.6)
    service.approve(session, make.staff(), reviewed.id, now=make.now)
    with transaction(session):
        review = session.scalars(select(Review)).one()
        review.score = 8.0
    reviewed_id, weak_id = reviewed.id, weak.id
    session.close()

    engine = app.extensions["db_engine"]
    migrate.downgrade(engine, "0001")
    assert "probability" not in columns(engine, "suggestions")
    migrate.upgrade(engine)

    with app.extensions["db_sessions"]() as again:
        pair = again.get_one(Suggestion, reviewed_id)
        assert pair.features["coverage"] == pytest.approx(4.0)
        assert pair.features["lexical"] == pytest.approx(45.0)
        assert (pair.features["met"], pair.features["same_field"]) == (0.5, 1)
        assert 0 < again.get_one(Suggestion, weak_id).probability < 0.5
        assert 0.5 < pair.probability < 1
        [review] = pair.reviews
        assert review.features == pair.features
        assert review.probability == pair.probability


def test_the_last_day_of_a_call_counts_whole(app, make):
    """Down and up again over filled tables: a deadline becomes the next midnight."""
    ids = {
        status: make.call(status=status, closes_at=closes, published_at=make.now).id
        for status, closes in (
            (CallStatus.OPEN, datetime(2027, 3, 31, 9, tzinfo=UTC)),
            (CallStatus.RUNNING, datetime(2027, 3, 31, 16, tzinfo=UTC)),
        )
    }
    ids[CallStatus.WITHDRAWN] = make.call(
        status=CallStatus.WITHDRAWN, opens_at=None, closes_at=None, questions_until=None
    ).id
    make.session.close()
    engine = app.extensions["db_engine"]
    migrate.downgrade(engine, "0013")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO calls (issuer_id, status, title, field, background, goals,"
            " is_demo, version, created_at, updated_at, published_at)"
            " SELECT issuer_id, 'open', 'E', field, background, goals, is_demo, 1,"
            " created_at, updated_at, published_at FROM calls WHERE status = 'open'"
        )
    migrate.upgrade(engine)
    with app.extensions["db_sessions"]() as again:
        for status in (CallStatus.OPEN, CallStatus.RUNNING):
            call = again.get_one(Call, ids[status])
            assert call.closes_at == datetime(2027, 3, 31, 16, tzinfo=UTC)
            assert call.opens_at == make.now
            assert sum(one["weight"] for one in call.criteria) == 100
        # What nobody said the end of goes on for a year.
        endless = again.scalars(select(Call).where(Call.title == "E")).one()
        assert endless.closes_at > utcnow() + timedelta(days=364)
        given_up = again.get_one(Call, ids[CallStatus.WITHDRAWN])
        assert (given_up.status, given_up.closes_at) == (CallStatus.DRAFT, None)


def columns(engine, table):
    return {column["name"] for column in inspect(engine).get_columns(table)}


def test_a_secret_on_its_way_out_still_signs_after_the_update(app, make, session):
    """Down and up again over filled tables: what a receiver holds is not forgotten."""
    hook = make.webhook(make.organisation().id)
    until = make.now + timedelta(hours=24)
    with transaction(session):
        for secret in ("first", "second"):
            row = WebhookOldSecret(webhook_id=hook.id, secret=secret, until=until)
            session.add(row)
    hook_id = hook.id
    session.close()

    engine = app.extensions["db_engine"]
    migrate.downgrade(engine, "0023")
    migrate.upgrade(engine)

    with app.extensions["db_sessions"]() as again:
        (old,) = again.get_one(Webhook, hook_id).old_secrets
        assert (old.secret, old.until) == ("second", until)
