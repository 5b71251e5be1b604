"""Somebody at a browser: pages, forms and cookies over one address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

SECONDS = 30


@dataclass(frozen=True)
class Page:
    status: int
    text: str
    location: str

    def hidden(self, name: str) -> str:
        """The value of a form's hidden field, as the server put it there."""
        found = re.search(rf'name="{name}"\s+value="([^"]*)"', self.text)
        if found is None:
            raise LookupError(f"the page has no field {name}")
        return unescape(found[1])


class Visitor:
    """Keeps cookies, but no connection: each request may meet another process."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._ask("GET", path, None)

    def post(self, path: str, form: Mapping[str, Any], token: str) -> Page:
        """Send a form; ``token`` is the hidden field of the page it stood on."""
        fields = dict(form) | {"csrf_token": token}
        return self._ask("POST", path, urlencode(fields, doseq=True))

    def sign_in(self, email: str, password: str) -> None:
        token = self.get("/sign-in").hidden("csrf_token")
        form = {"email": email, "password": password}
        page = self.post("/sign-in", form, token)
        if page.status != 303:
            raise RuntimeError(f"{email} is not let in: {page.status}")

    def _ask(self, method: str, path: str, body: str | None) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies} if cookies else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        location = response.getheader("Location") or ""
        return Page(response.status, text, location)
