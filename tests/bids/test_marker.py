"""A phrase in a sealed bid is nowhere before its release, and then where it belongs.

It stands in every field, in a file and in its name, and is looked for in every column
of every table, in every file of the instance, in the database's own files and a backup
of it, in the log, in mails, and on every page and export of everybody else.
"""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text, update

from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker.jobs.worker import Worker
from matchmaker.mail import service as mails
from models import Base, Bid, Call
from models.states import BidState, OrganisationRole, Role

from ..walk import address, may_ever, plain, rules
from .forms import form

PHRASE = "昆仑玄铁kunlunxuantie暗语"
ENCODED = {
    "utf-8": PHRASE.encode(),
    "utf-16": PHRASE.encode("utf-16-le"),
    "gb18030": PHRASE.encode("gb18030"),
    "escaped": json.dumps(PHRASE)[1:-1].encode(),
    "latin part": b"kunlunxuantie",
    "base64": base64.b64encode(PHRASE.encode())[:-4],
    "hex": PHRASE.encode().hex().encode(),
}


TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?")


def found_in(data: bytes) -> set[str]:
    return {name for name, words in ENCODED.items() if words in data}


def columns_with_it(connection: Connection) -> set[str]:
    """Every column of every table there is, as bytes: where the phrase stands."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in connection.execute(text(f'SELECT * FROM "{table.name}"')).mappings():
            for name, value in row.items():
                data = value if isinstance(value, bytes) else None
                if isinstance(value, memoryview):
                    data = bytes(value)
                if data is None:
                    plain_text = json.dumps(value, ensure_ascii=False, default=str)
                    data = plain_text.encode()
                if found_in(data):
                    found.add(f"{table.name}.{name}")
    return found


def files_with_it(*folders: Path) -> set[Path]:
    paths = (path for folder in folders for path in folder.rglob("*"))
    return {path for path in paths if path.is_file() and found_in(path.read_bytes())}


def everybody(make, issuer):
    """Everybody but the bidder."""
    leads = OrganisationRole.MANAGER
    return {
        "visitor": None,
        "issuer": make.user(organisation_id=issuer.id, org_role=leads),
        "university": make.user(Role.UNIVERSITY, org_role=leads),
        "manager": make.user(Role.MANAGER),
        "staff": make.staff(),
        "admin": make.user(Role.ADMIN),
    }


def pages(app: Flask, login, users, numbers) -> Iterator[tuple[tuple[str, str], str]]:
    """Every page of everybody, and what it says but for the time of day."""
    for name, user in users.items():
        client = login(user) if user else app.test_client()
        for rule in rules(app, "GET"):
            if may_ever(user, rule.endpoint, "GET"):
                for number in numbers if rule.arguments else (0,):
                    path = address(app, rule, number)
                    yield (name, path), TIME.sub("", plain(client.get(path).text))


def exports(app: Flask, login, users) -> Iterator[tuple[tuple[str, str], str]]:
    """Every copy that everybody may take."""
    for name, user in users.items():
        client = login(user) if user else app.test_client()
        for rule in rules(app, "POST"):
            if "export" in rule.endpoint and not rule.arguments:
                yield (name, rule.rule), client.post(address(app, rule, 0)).text


@pytest.fixture
def work(session, settings, make):
    """What goes on meanwhile: the worker indexes, letters leave, the index is saved."""

    def done():
        session.rollback()
        index = LiveIndex(HashingEncoder, settings.snapshot_dir)
        Worker(session, index, suggestions=3, clock=lambda: make.now).drain()
        index.save(session)
        mails.deliver(session, settings, clock=lambda: datetime.now(UTC))
        session.rollback()

    return done


def bid_with_it(client, call, session) -> Bid:
    """Write, attach, submit, change again; also what is refused goes by."""
    here = f"/calls/{call.id}/bid"
    leave(client.post(here, data=form(call, PHRASE, "save")))
    upload = (BytesIO(PHRASE.encode() * 9), f"{PHRASE}.txt")
    leave(client.post(f"{here}/files", data={"file": upload}))
    wrong = form(call, PHRASE, months="never", seen="0" * 32)
    assert client.post(here, data=wrong).status_code == 422
    assert client.post(here, data=form(call, "另写")).status_code == 409
    leave(client.post(here, data=form(call, PHRASE, seen=seen(client, here))))
    changed = form(call, f"再{PHRASE}", "save", seen=seen(client, here))
    leave(client.post(here, data=changed))
    session.rollback()
    bid = session.scalars(select(Bid)).one()
    assert (bid.state, bid.number) == (BidState.SUBMITTED, 1)
    assert bid.draft is not None
    return bid


def seen(client, here):
    return client.get(here).text.partition('name="seen" value="')[2][:32]


def leave(answer):
    assert answer.status_code == 303, answer.text
    return answer


def release(app, session, login, call, *staff):
    ends = datetime.now(UTC) - timedelta(seconds=1)
    session.rollback()
    session.execute(update(Call).values(questions_until=ends, closes_at=ends))
    session.commit()
    for one in staff:
        leave(login(one).post(f"/calls/{call.id}/release"))


def test_no_table_file_log_or_backup_holds_a_word_of_a_sealed_bid(
    app, make, session, login, settings, work, capfd
):
    call, client = make.call(), login(make.user())
    bid_with_it(client, call, session)
    work()
    engine = app.extensions["db_engine"]
    with engine.connect() as connection:
        assert columns_with_it(connection) == set()
    assert files_with_it(settings.instance_dir) == set()
    assert any(settings.outbox_dir.iterdir())  # the receipt went out
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database)
        with sqlite3.connect(path) as own, sqlite3.connect(f"{path}.bak") as copy:
            own.backup(copy)
        assert f"{path.name}-wal" in {each.name for each in path.parent.iterdir()}
        assert files_with_it(path.parent) == set()
    assert not found_in("".join(capfd.readouterr()).encode())

    release(app, session, login, call, make.staff(), make.staff())
    work()
    with engine.connect() as connection:
        assert columns_with_it(connection) == {"bids.content", "bid_files.name"}
    assert files_with_it(settings.instance_dir) == set()
    assert "再" not in json.dumps(session.scalars(select(Bid)).one().content)


@pytest.mark.one_database
def test_nobody_else_sees_a_word_or_that_there_is_a_bid_at_all(
    app, make, session, login, work
):
    issuer = make.organisation(name="湘江储能示范园")
    call = make.call(issuer_id=issuer.id)
    others, client = everybody(make, issuer), login(make.user())
    work()
    before = dict(pages(app, login, others, [call.id]))
    bid = bid_with_it(client, call, session)
    bid_id, file_id = bid.id, bid.files[0].id
    work()
    for place, said in pages(app, login, others, [call.id]):
        assert said == before[place], place
    for place, said in exports(app, login, others):
        assert not found_in(said.encode()), place
        assert "提交揭榜书" not in said, place
    own = (f"/bids/{bid_id}", f"/bids/{bid_id}/receipt", f"/bids/files/{file_id}")
    for name, user in others.items():
        reader = login(user) if user else app.test_client()
        for path in own:
            assert reader.get(path).status_code in (302, 403, 404), (name, path)
    assert PHRASE in client.get(own[0]).text
    assert client.get(own[2]).data == PHRASE.encode() * 9

    release(app, session, login, call, others["staff"], others["admin"])
    knowing = set()
    for (name, path), said in pages(app, login, others, [call.id, bid_id, file_id]):
        if found_in(said.encode()):
            knowing.add(name)
            # The issuer's page for its views has the bids it is about.
            views = f"/calls/{call.id}/views"
            assert path in (own[0], own[2], views), (name, path)
    assert knowing == {"issuer", "staff", "admin"}
    for place, said in exports(app, login, others):
        assert not found_in(said.encode()), place
