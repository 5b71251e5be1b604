"""Mails: written with the action, sent later, never lost."""

import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from matchmaker.errors import Conflict, Forbidden
from matchmaker.mail import letters, service
from models import Mail, transaction
from models.states import MailState, Role

from ..conftest import NOW

FACTS = {"title": "有新需求", "words": "电池热失控预警", "path": "/needs/1"}


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Handler:
    """A mail server that answers as the test says."""

    def __init__(self):
        self.letters, self.answer = [], "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def server():
    handler = Handler()
    with socket.create_server(("127.0.0.1", 0)) as free:
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def by_server(settings, server):
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_security": "none",
            "public_url": "https://tech.example/",
        }
    )


@pytest.fixture
def in_folder(settings, tmp_path):
    return settings.model_copy(update={"instance_dir": tmp_path})


def post(session, to="li@example.com", kind="notice", **more):
    with transaction(session):
        mail = service.queue(session, to, kind, now=NOW, **FACTS | more)
        session.flush()
        return mail.id


def read(session, mail_id):
    session.rollback()
    return session.get_one(Mail, mail_id)


def test_a_mail_goes_with_the_action_that_causes_it(session):
    def failing():
        with transaction(session):
            service.queue(session, "li@example.com", "notice", now=NOW, **FACTS)
            raise RuntimeError("the action failed")

    with pytest.raises(RuntimeError, match="action"):
        failing()
    assert session.scalar(select(func.count(Mail.id))) == 0


def test_an_unknown_kind_is_our_own_mistake(session):
    with pytest.raises(ValueError, match="unknown kind"):
        service.queue(session, "li@example.com", "nonsense", now=NOW)


def test_the_worker_is_woken_after_the_commit(app, session):
    queue = app.extensions["queue"]
    queue.flush()
    post(session)
    assert queue.pending_count() == 1
    queue.flush()


def test_a_mail_is_sent_with_its_link_and_forgets_its_secret(
    session, by_server, server, clock
):
    mail_id = post(session, token="s3cret")
    assert service.deliver(session, by_server, clock=clock) == 1

    [letter] = server.letters
    assert letter["Subject"] == "有新需求"
    assert letter["To"] == "li@example.com"
    link = "https://tech.example/needs/1?token=s3cret"
    assert link in letter.get_body(("plain",)).get_content()
    assert f'href="{link}"' in letter.get_body(("html",)).get_content()
    mail = read(session, mail_id)
    assert (mail.state, mail.done_at) == (MailState.SENT, NOW)
    assert "token" not in mail.facts
    assert service.deliver(session, by_server, clock=clock) == 0


def test_while_the_server_is_away_mails_wait_longer_each_time(
    session, by_server, server, clock
):
    away = by_server.model_copy(update={"smtp_port": 1})
    ids = [post(session), post(session)]
    for minutes in (1, 2, 4):
        assert service.deliver(session, away, clock=clock) == 0
        mails = [read(session, each) for each in ids]
        assert {m.state for m in mails} == {MailState.WAITING}
        assert {m.retry_at for m in mails} == {clock.now + timedelta(minutes=minutes)}
        assert "refused" in mails[0].last_error.casefold()
        assert service.deliver(session, by_server, clock=clock) == 0, "not due yet"
        clock.now += timedelta(minutes=minutes)
    assert service.deliver(session, by_server, clock=clock) == 2
    assert len(server.letters) == 2


def test_the_wait_is_an_hour_at_most(session, by_server, clock):
    mail_id = post(session)
    away = by_server.model_copy(update={"smtp_port": 1})
    for _ in range(12):
        service.deliver(session, away, clock=clock)
        mail = read(session, mail_id)
        assert mail.retry_at - clock.now <= timedelta(hours=1)
        clock.now = mail.retry_at
    assert mail.state is MailState.WAITING


def test_an_address_refused_for_good_fails_and_holds_up_no_other(
    session, by_server, server, clock
):
    odd = post(session, to="not an address")
    server.answer = "550 no such user"
    gone = post(session, to="gone@example.com")
    service.deliver(session, by_server, clock=clock)
    server.answer = "250 OK"
    good = post(session)
    service.deliver(session, by_server, clock=clock)

    assert read(session, odd).state is MailState.FAILED
    failed = read(session, gone)
    assert (failed.state, failed.last_error) == (MailState.FAILED, "550 no such user")
    assert read(session, good).state is MailState.SENT


def test_a_refusal_for_now_is_tried_again(session, by_server, server, clock):
    server.answer = "451 try later"
    mail_id = post(session)
    service.deliver(session, by_server, clock=clock)
    assert read(session, mail_id).state is MailState.WAITING
    server.answer = "250 OK"
    clock.now += timedelta(minutes=1)
    assert service.deliver(session, by_server, clock=clock) == 1


def test_a_mail_whose_facts_are_missing_fails_alone(session, in_folder, clock):
    with transaction(session):
        bad = service.queue(session, "li@example.com", "notice", now=NOW)
    good = post(session)
    assert service.deliver(session, in_folder, clock=clock) == 1
    assert read(session, bad.id).state is MailState.FAILED
    assert read(session, good).state is MailState.FILED


def test_a_mail_lost_in_the_hands_of_a_killed_worker_is_sent_later(
    session, by_server, server, clock, monkeypatch
):
    mail_id = post(session)

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(service, "_send", killed)
        with pytest.raises(KeyboardInterrupt):
            service.deliver(session, by_server, clock=clock)
    assert service.deliver(session, by_server, clock=clock) == 0
    clock.now += service.IN_HAND
    assert service.deliver(session, by_server, clock=clock) == 1
    assert read(session, mail_id).state is MailState.SENT


def test_without_a_server_mails_are_files(session, in_folder, clock):
    mail_id = post(session, token="s3cret")
    service.deliver(session, in_folder, clock=clock)
    assert read(session, mail_id).state is MailState.FILED
    [path] = in_folder.outbox_dir.iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert path.name == f"{mail_id:06}-notice.eml"
    assert "token=s3cret" in letter.get_body(("plain",)).get_content()
    assert in_folder.outbox_dir.stat().st_mode & 0o077 == 0


def test_an_admin_sends_a_failed_mail_again_and_nobody_else_does(session, make):
    mail_id = post(session)
    mail = read(session, mail_id)
    with transaction(session):
        read_again = session.get_one(Mail, mail_id)
        read_again.state = MailState.FAILED
    with pytest.raises(Forbidden):
        service.retry(session, make.staff(), mail_id, now=NOW)
    admin = make.user(Role.ADMIN)
    service.retry(session, admin, mail_id, now=NOW)
    assert read(session, mail_id).state is MailState.WAITING
    with transaction(session):
        session.get_one(Mail, mail_id).state = MailState.SENT
    with pytest.raises(Conflict):
        service.retry(session, admin, mail.id, now=NOW)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_fact_breaks_a_letter_or_adds_a_header(settings_of_letters, title, words):
    mail = Mail(
        id=1,
        recipient="li@example.com",
        kind="notice",
        facts={"title": title, "words": words, "path": "/"},
        created_at=NOW,
    )
    made = letters.message(mail, settings_of_letters)
    assert "Bcc" not in made
    assert "\n" not in made["Subject"]
    assert "<script" not in made.get_body(("html",)).get_content()


@pytest.fixture(scope="module")
def settings_of_letters():
    from matchmaker.config import Settings

    return Settings(secret_key="test", database_url="sqlite:///:memory:")
