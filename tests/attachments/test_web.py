"""Files over HTTP."""

import io
import os

import pytest
from sqlalchemy import select

from matchmaker.attachments.store import Store
from models import Attachment
from models.states import NeedStatus, Secrecy

from ..walk import plain
from .files import HTML, PDF


def send(client, need, name="方案.pdf", data=PDF, **more):
    form = {"file": (io.BytesIO(data), name), **more}
    url = f"/needs/{need.id}/attachments"
    return client.post(url, data=form, content_type="multipart/form-data")


@pytest.fixture
def actor(make):
    return make.user()


@pytest.fixture
def need(make, actor):
    return make.need(organisation_id=actor.organisation_id, status=NeedStatus.PENDING)


def stored(session) -> Attachment:
    session.rollback()
    return session.scalars(select(Attachment)).one()


def test_an_uploaded_file_comes_back_as_a_download(login, session, actor, need):
    client = login(actor)
    answer = send(client, need)
    assert (answer.status_code, answer.location) == (
        303,
        f"/needs/{need.id}/attachments",
    )
    row = stored(session)
    assert "方案.pdf" in client.get(answer.location).text
    assert "方案.pdf" in client.get(f"/needs/{need.id}").text
    answer = client.get(f"/attachments/{row.id}")
    assert answer.data == PDF
    heads = answer.headers
    assert heads["Content-Disposition"].startswith("attachment; filename")
    assert heads["X-Content-Type-Options"] == "nosniff"
    assert heads["Content-Type"] == "application/pdf"
    assert "sandbox" in heads["Content-Security-Policy"]
    assert heads["Cache-Control"] == "private, no-store"


def test_html_called_pdf_is_refused_in_words(login, session, actor, need):
    answer = send(login(actor), need, "page.pdf", HTML)
    assert answer.status_code == 422
    assert "内容却不是PDF" in answer.text
    assert session.scalars(select(Attachment)).all() == []


def test_no_file_chosen_is_said(login, actor, need):
    answer = login(actor).post(f"/needs/{need.id}/attachments", data={})
    assert answer.status_code == 422
    assert "请先选择一个文件" in answer.text


class Announced(io.BytesIO):
    """A body whose length is announced and of which nothing may be read."""

    def read(self, size: int | None = -1) -> bytes:
        pytest.fail("the body was read")


def test_two_gigabytes_are_refused_unread(login, actor, need):
    answer = login(actor).post(
        f"/needs/{need.id}/attachments",
        input_stream=Announced(),
        environ_overrides={"CONTENT_LENGTH": "2000000000"},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "20.1 MB" in answer.text


def test_a_file_larger_than_a_form_is_taken(login, session, actor, need):
    data = PDF + b"x" * 3_000_000
    assert send(login(actor), need, data=data).status_code == 303
    assert stored(session).size == len(data)


def test_a_file_over_the_limit_is_refused(login, actor, need):
    client = login(actor)
    data = PDF + b"x" * 20_000_000
    answer = send(client, need, data=data)
    assert answer.status_code == 422
    assert "超过 20 MB" in answer.text


def test_a_visitor_uploads_nothing_large(app, client, need):
    app.config["WTF_CSRF_ENABLED"] = True  # so that the body is read at all
    try:
        answer = send(client, need, data=PDF + b"x" * 3_000_000)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 413


def test_a_hidden_file_answers_like_one_that_is_not_there(app, login, make):
    need = make.need(secrecy=Secrecy.RESTRICTED)
    row = make.attachment(need, name="秘密.txt", is_public=True)
    for client in (app.test_client(), login(make.user())):
        hidden = client.get(f"/attachments/{row.id}")
        absent = client.get("/attachments/999999")
        assert hidden.status_code == absent.status_code == 404
        assert plain(hidden.text) == plain(absent.text)


def test_an_outsider_gets_public_files_only(app, login, session, make):
    need = make.need()
    make.attachment(need, name="内部.txt")
    make.attachment(need, name="公开.txt", is_public=True)
    page = app.test_client().get(f"/needs/{need.id}").text
    assert "公开.txt" in page
    assert "内部.txt" not in page


def test_files_are_opened_closed_and_removed_from_their_page(
    login, session, actor, need
):
    client = login(actor)
    send(client, need)
    row = stored(session)
    url = f"/attachments/{row.id}"
    assert client.post(f"{url}/public", data={"is_public": "1"}).status_code == 303
    assert stored(session).is_public
    client.post(f"{url}/public", data={"is_public": "0"})
    assert not stored(session).is_public
    answer = client.post(f"{url}/remove")
    assert "已删除附件" in client.get(answer.location).text
    assert client.get(url).status_code == 404


def test_a_file_lost_from_disk_is_not_found(login, make, actor, need):
    row = make.attachment(need, sha256="0" * 64)
    assert login(actor).get(f"/attachments/{row.id}").status_code == 404


def test_another_firms_copy_of_the_same_file_does_not_show(login, make, actor, need):
    """The bytes are shared; when the other one came must not be told."""
    row = make.attachment(need)
    client = login(actor)
    before = client.get(f"/attachments/{row.id}").headers["Last-Modified"]
    store = Store(make.files, 0)
    os.utime(store.path(row.sha256), (1, 1))
    make.attachment(make.need())
    assert client.get(f"/attachments/{row.id}").headers["Last-Modified"] == before
    os.utime(store.path(row.sha256), (1, 1))
    assert client.get(f"/attachments/{row.id}").headers["Last-Modified"] == before
