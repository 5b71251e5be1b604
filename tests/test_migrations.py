"""The tables a machine has are those the models describe."""

from flask import Flask

from models import migrate


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
