"""The client in Python: what it sends again, and what it never sends twice."""

import ast
import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

FILE = Path(__file__).resolve().parents[2] / "client" / "changsha_matchmaker.py"
BREAK = object()


def _loaded() -> Any:
    spec = importlib.util.spec_from_file_location("changsha_matchmaker", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client = _loaded()


class Server(HTTPServer):
    """Answers with what `answers` holds, one after the other, and keeps what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Any] = []
        self.came: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        sent = self.rfile.read(length)
        self.server.came.append((self.command, self.path, dict(self.headers), sent))
        answer = self.server.answers.pop(0)
        if answer is BREAK:
            self.close_connection = True
            return
        status, data, headers = answer
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        kind = "text/html" if isinstance(data, bytes) else "application/json"
        self.send_response(status)
        for name, value in ({"Content-Type": kind} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """How long the client would have waited."""
    slept: list[float] = []
    monkeypatch.setattr(client.time, "sleep", slept.append)
    return slept


@pytest.fixture
def platform(server, pauses):
    return client.Platform(server.url, "mmt_secret")


def keys(server) -> set[str]:
    return {headers.get("Idempotency-Key") for _, _, headers, _ in server.came}


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_told(server, platform, pauses, status):
    server.answers = [(status, {}, {"Retry-After": "7"}), (200, {"id": 1}, {})]
    assert platform.get("/needs/1") == {"id": 1}
    assert pauses == [7]


def test_it_does_not_wait_for_longer_than_it_may(server, platform, pauses):
    server.answers = [(429, {"code": "http.429"}, {"Retry-After": "3600"})]
    with pytest.raises(client.Problem, match=r"http\.429"):
        platform.get("/needs/1")
    assert pauses == []


def test_it_gives_up_after_some_tries(server, platform, pauses):
    server.answers = [(503, {"code": "busy"}, {})] * 9
    with pytest.raises(client.Problem, match="busy"):
        platform.get("/needs/1")
    assert len(server.came) == 5
    assert pauses == [0.5, 1, 2, 4]


@pytest.mark.usefixtures("pauses")
def test_what_makes_something_is_sent_again_under_its_key(server, platform):
    server.answers = [BREAK, (503, {}, {}), (201, {"id": 1}, {})]
    assert platform.post_need(title="x") == {"id": 1}
    assert len(keys(server)) == 1
    assert None not in keys(server)
    assert {sent for *_, sent in server.came} == {b'{"title": "x"}'}


@pytest.mark.usefixtures("pauses")
def test_two_things_are_made_under_two_keys(server, platform):
    server.answers = [(201, {"id": 1}, {}), (201, {"id": 2}, {})]
    platform.post("/needs", {})
    platform.post("/needs", {})
    assert len(keys(server)) == 2


@pytest.mark.usefixtures("pauses")
def test_a_request_that_still_runs_is_waited_for(server, platform):
    server.answers = [(409, {"code": "api.key_running"}, {}), (201, {"id": 1}, {})]
    assert platform.post("/needs", {}) == {"id": 1}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_what_is_refused_is_not_sent_again(server, platform, pauses, status):
    server.answers = [(status, {"code": "x"}, {})]
    with pytest.raises(client.Problem) as refused:
        platform.post("/needs", {})
    assert (refused.value.status, refused.value.code) == (status, "x")
    assert (len(server.came), pauses) == (1, [])


@pytest.mark.parametrize(
    "act",
    [
        lambda platform: platform.put("/needs/1", {}, etag='"v1"'),
        lambda platform: platform.delete("/needs/1"),
    ],
)
def test_an_edit_whose_answer_was_lost_is_not_repeated(server, platform, pauses, act):
    server.answers = [BREAK]
    with pytest.raises((URLError, OSError)):
        act(platform)
    assert (len(server.came), pauses) == (1, [])


def test_a_reading_whose_answer_was_lost_is_repeated(server, platform, pauses):
    server.answers = [BREAK, (200, {"id": 1}, {})]
    assert platform.get("/needs/1") == {"id": 1}
    assert pauses == [0.5]


def test_an_edit_names_what_it_was_made_from(server, platform):
    read = (200, {"title": "a"}, {"ETag": '"v1.0"'})
    newer = (200, {"title": "b"}, {"ETag": '"v2.0"'})
    server.answers = [read, (412, {"code": "api.stale"}, {}), newer, (200, {}, {})]
    platform.edit("/needs/1", lambda old: {"title": old["title"] + "!"})
    put = [(headers["If-Match"], sent) for m, _, headers, sent in server.came
           if m == "PUT"]  # fmt: skip
    assert put == [('"v1.0"', b'{"title": "a!"}'), ('"v2.0"', b'{"title": "b!"}')]


def test_a_list_is_read_to_its_end(server, platform):
    server.answers = [
        (200, {"items": [1, 2], "next": "c"}, {}),
        (200, {"items": [3], "next": None}, {}),
    ]
    assert list(platform.pages("/needs", limit=2, overdue=True, q=None)) == [1, 2, 3]
    assert [path for _, path, *_ in server.came] == [
        "/api/v1/needs?limit=2&overdue=true",
        "/api/v1/needs?limit=2&overdue=true&cursor=c",
    ]


def test_the_token_goes_nowhere_else(server, platform):
    server.answers = [(302, {}, {"Location": server.url + "/api/v1/elsewhere"})]
    with pytest.raises(client.Problem) as refused:
        platform.get("/needs")
    assert refused.value.status == 302
    assert len(server.came) == 1


def test_who_answers_without_a_problem_document_is_told_as_well(server, platform):
    server.answers = [(502, b"<html>", {})]
    with pytest.raises(client.Problem, match=r"502 http\.502: Bad Gateway"):
        platform.get("/needs")


def test_a_file_comes_as_it_is(server, platform):
    server.answers = [(200, b"%PDF-1.7", {}), (204, b"", {})]
    assert platform.get("/files/1") == b"%PDF-1.7"
    assert platform.delete("/files/1") is None


def test_fields_that_were_wrong_are_named(server, platform):
    errors = [{"pointer": "title", "detail": "required"}]
    server.answers = [(422, {"code": "invalid", "detail": "no", "errors": errors}, {})]
    with pytest.raises(client.Problem, match="422 invalid: no; title: required") as no:
        platform.post_need()
    assert no.value.errors == {"title": "required"}


@pytest.mark.parametrize("url", ["platform.example", "file:///etc/passwd", ""])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="no address"):
        client.Platform(url)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("12", 12), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", None), (None, None)],
)
def test_both_forms_of_retry_after_are_read(told, seconds):
    assert client._seconds(told) == seconds


def test_the_file_is_python_3_9():
    ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 9))
