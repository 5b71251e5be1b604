"""The outbox: for staff, and for whoever waits in a demonstration."""

import pytest

from matchmaker.mail import service
from models import transaction
from models.states import Role

from ..conftest import NOW


@pytest.fixture
def mail_id(session):
    with transaction(session):
        facts = {"title": "重置链接", "words": "点开即可", "path": "/needs"}
        mail = service.queue(
            session, "li@example.com", "notice", now=NOW, token="s3cret", **facts
        )
        session.flush()
        return mail.id


def test_staff_see_where_mails_went_and_others_do_not(login, make, mail_id):
    page = login(make.staff()).get("/mail")
    assert "li@example.com" in page.text
    assert "重置链接" in page.text
    assert login(make.user()).get("/mail").status_code == 403
    assert login(make.user()).get(f"/mail/{mail_id}").status_code == 403


def test_a_mail_with_a_secret_is_read_by_an_admin_alone(login, make, mail_id):
    assert "s3cret" not in login(make.staff()).get(f"/mail/{mail_id}").text
    assert "s3cret" in login(make.user(Role.ADMIN)).get(f"/mail/{mail_id}").text


def test_only_a_demonstration_opens_its_outbox_to_visitors(app, client, monkeypatch):
    assert client.get("/mail/mine").status_code == 404
    open_ = app.config["SETTINGS"].model_copy(update={"open_outbox": True})
    monkeypatch.setitem(app.config, "SETTINGS", open_)
    assert client.get("/mail/mine").status_code == 200
    served = open_.model_copy(update={"smtp_host": "mail.example"})
    monkeypatch.setitem(app.config, "SETTINGS", served)
    assert client.get("/mail/mine").status_code == 404


def test_a_visitor_reads_only_what_its_own_browser_caused(
    app, client, session, mail_id, monkeypatch
):
    open_ = app.config["SETTINGS"].model_copy(update={"open_outbox": True})
    monkeypatch.setitem(app.config, "SETTINGS", open_)
    assert "s3cret" not in client.get("/mail/mine").text
    with client.session_transaction() as browser:
        browser["mails"] = [mail_id]
    assert "s3cret" in client.get("/mail/mine").text


def test_a_waiting_mail_is_sent_again_at_the_button(login, make, mail_id):
    client = login(make.user(Role.ADMIN))
    assert "立即重新发送" in client.get(f"/mail/{mail_id}").text
    assert client.post(f"/mail/{mail_id}/retry").status_code == 303
    assert login(make.staff()).post(f"/mail/{mail_id}/retry").status_code == 403
