"""A client of the interface for programs of the Changsha matchmaking platform.

One file, nothing but the standard library, Python 3.9 or later: copy it beside your
program. `docs/api.md` shows it in use.

    platform = Platform("https://platform.example", token)
    need = platform.post_need(title=…, field="ES", …)
    for found in platform.need_matches(need["id"])["achievements"]:
        print(found["title"], found["probability"])

What a request makes or changes is sent under an Idempotency-Key, so a connection that
breaks is tried again without anything being done twice. A refusal is a `Problem`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
    build_opener,
)

__all__ = ["Answer", "Platform", "Problem"]

PREFIX = "/api/v1"
READS = ("GET", "HEAD")
# What is not carried out, so it may be sent again.
NOT_NOW = (429, 503)
# Another request under the same key is being carried out; its answer will come.
RUNNING = "api.key_running"
STALE = 412


class Problem(Exception):
    """A refusal. ``code`` is stable; ``errors`` names each field that was wrong."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code", f"http.{status}"))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.errors: dict[str, str] = {
            one["pointer"]: one["detail"] for one in document.get("errors", [])
        }
        told = [f"{status} {self.code}: {self.detail or self.title}"]
        told += [f"{place}: {words}" for place, words in self.errors.items()]
        super().__init__("; ".join(told))


class Answer:
    """What came back: ``data`` (JSON, bytes of a file, or None) and its ``etag``."""

    def __init__(self, status: int, headers: Any, content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.etag: str = headers.get("ETag", "")
        kind = headers.get_content_type() if content else ""
        self.data: Any = content or None
        if kind.endswith("json"):
            self.data = json.loads(content)


class _NoRedirect(HTTPRedirectHandler):
    """The token goes to the address it was meant for and to no other."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class Platform:
    """The platform at ``url``, as the person whose ``token`` it is.

    tries         how often a request is sent before it is given up
    longest_wait  seconds to wait at most before it is sent again
    language      of the refusals: «en» or «zh-CN»
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        language: str = "en",
        tries: int = 5,
        timeout: float = 30,
        longest_wait: float = 60,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"no address of a platform: {url!r}")
        self.url = url.rstrip("/") + PREFIX
        self.tries, self.timeout, self.longest_wait = tries, timeout, longest_wait
        self._opener: OpenerDirector = build_opener(_NoRedirect())
        self._headers = {"Accept-Language": language, "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    # -- The verbs -----------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """What there is at the path: a record, a page of a list, or a file."""
        return self.send("GET", path, query=query).data

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Make or do something, once.

        Give the ``key`` yourself (8 to 64 visible ASCII characters) where your program
        may be started again in between: under the same key nothing is done twice.
        """
        return self.send("POST", path, body, key=key or str(uuid.uuid4())).data

    def put(self, path: str, body: Any, *, etag: str) -> Any:
        """Replace a record, if it is still what ``etag`` says; see `edit`."""
        return self.send("PUT", path, body, etag=etag).data

    def delete(self, path: str) -> Any:
        """Take something away."""
        return self.send("DELETE", path).data

    def edit(self, path: str, change: Callable[[Any], Any]) -> Any:
        """Read a record, send what ``change`` makes of it, and return the new one.

        ``change`` is asked again where somebody else was quicker.
        """
        for left in reversed(range(self.tries)):
            read = self.send("GET", path)
            try:
                return self.put(path, change(read.data), etag=read.etag)
            except Problem as problem:
                if problem.status != STALE or not left:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every record of a list, one after the other, to its end."""
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    # -- What most programs are for --------------------------------------------------

    def match(self, text: str, **given: Any) -> Any:
        """Achievements and open calls that may solve the problem; nothing is kept."""
        return self.post("/match", {"text": text, **given})

    def post_need(self, *, key: str | None = None, **fields: Any) -> Any:
        """Post a need for review, or put it aside with ``draft=True``."""
        return self.post("/needs", fields, key=key)

    def need_matches(self, need_id: int) -> Any:
        """What may solve a need of one's own, the likeliest first, with reasons."""
        return self.get(f"/needs/{need_id}/matches")

    def introductions(self, **query: Any) -> Iterator[Any]:
        """The introductions of one's own organisation; those that wait come first."""
        return self.pages("/introductions", **query)

    def answer_introduction(
        self,
        introduction: Any,
        interested: bool,
        *,
        reason: str | None = None,
        words: str = "",
    ) -> Any:
        """Answer an introduction as it was read; who declines gives reason and words.

        Raises `Problem` where it has changed since.
        """
        body = {
            "version": introduction["version"],
            "interest": "interested" if interested else "declined",
            "words": words,
        }
        if reason is not None:
            body["reason"] = reason
        return self.post(f"/introductions/{introduction['id']}/answer", body)

    # -- One request -----------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        key: str | None = None,
        etag: str = "",
    ) -> Answer:
        """The answer; raises `Problem`, or `URLError` where nobody answers.

        Tried again after 429 and 503, when Retry-After says, and after a broken
        connection if it only reads or has a key.
        """
        request = self._request(method, path, body, query or {}, key, etag)
        repeatable = method in READS or key is not None
        for left in reversed(range(self.tries)):
            pause = min(2.0 ** (self.tries - left - 2), self.longest_wait)
            try:
                return self._once(request)
            except HTTPError as refused:
                problem = _problem(refused)
                told = _seconds(refused.headers.get("Retry-After"))
                again = refused.code in NOT_NOW or problem.code == RUNNING
                if not again or not left or (told or 0) > self.longest_wait:
                    raise problem from None
                pause = pause if told is None else told
            except (URLError, HTTPException, OSError):
                if not repeatable or not left:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, request: Request) -> Answer:
        with self._opener.open(request, timeout=self.timeout) as response:
            return Answer(response.status, response.headers, response.read())

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        query: dict[str, Any],
        key: str | None,
        etag: str,
    ) -> Request:
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        if etag:
            headers["If-Match"] = etag
        given = {name: _text(value) for name, value in query.items()}
        asked = urlencode({k: v for k, v in given.items() if v is not None}, doseq=True)
        address = self.url + path + ("?" + asked if asked else "")
        return Request(address, data, headers, method=method)


def _text(value: Any) -> Any:
    """A parameter as an address has it; a list is repeated, None left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _problem(refused: HTTPError) -> Problem:
    """The refusal's document; whatever stands before the platform may send none."""
    with refused:
        content = refused.read()
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"title": refused.reason}
    return Problem(refused.code, document)


def _seconds(text: str | None) -> float | None:
    """How long Retry-After asks to wait: a number, or a moment."""
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
