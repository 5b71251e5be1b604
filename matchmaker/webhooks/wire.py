"""One POST to one address, and nothing besides.

No redirect is followed, no proxy of the environment asked, no name looked up: the
connection goes to the address it is given, while certificate and `Host` are those of
the name. The whole of it ends within `DEADLINE`, however slowly the other side drips:
connecting, the handshake of TLS, what is sent and what is read.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from time import monotonic

from .hosts import Target

# Seconds for each step, and for all of them.
STEP, DEADLINE = 8, 15
# What is read of an answer; a robot's error fits, and the log shows less.
MOST_READ = 4096
MOST_ADDRESSES = 3


class Unreachable(Exception):
    """No answer came; the text says why, for the owner of the hook."""


@dataclass(frozen=True)
class Answer:
    """What the other side said: the beginning of its body."""

    status: int
    body: bytes


def post(
    aim: Target,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Post the body to the first of the addresses that takes a connection.

    Raises `Unreachable`. Where nothing was connected nothing was sent, so the next
    address may be tried; after that, never within one attempt.
    """
    ends = monotonic() + DEADLINE
    line = _connected(aim, addresses[:MOST_ADDRESSES], ends)
    connection = HTTPConnection(aim.host, aim.port)
    sent = {"Host": aim.authority, "Connection": "close", **headers}
    try:
        with _ended_in_time(line, ends):
            connection.sock = line
            if aim.scheme == "https":
                connection.sock = _secured(line, aim.host, context)
            connection.request("POST", aim.path, body, sent)
            with connection.getresponse() as response:
                return Answer(response.status, _beginning(response))
    except (HTTPException, OSError) as error:
        raise Unreachable(_words(error)) from error
    finally:
        connection.close()
        line.close()


def _connected(aim: Target, addresses: Sequence[str], ends: float) -> socket.socket:
    failed: OSError | None = None
    for address in addresses:
        left = ends - monotonic()
        if left <= 0:
            break
        try:
            line = socket.create_connection((address, aim.port), min(STEP, left))
        except OSError as error:
            failed = error
        else:
            line.settimeout(STEP)
            return line
    raise Unreachable("连不上对方的服务器") from failed


def _secured(
    line: socket.socket, name: str, context: ssl.SSLContext | None
) -> ssl.SSLSocket:
    context = context or ssl.create_default_context()
    return context.wrap_socket(line, server_hostname=name)


@contextmanager
def _ended_in_time(line: socket.socket, ends: float) -> Iterator[None]:
    """Cut the line at the deadline: a time-out of each step alone never comes to one
    who sends a byte every few seconds.
    """
    # A handle of its own: TLS takes the first one over, and closes it.
    handle = socket.socket(fileno=os.dup(line.fileno()))
    timer = Timer(max(0.0, ends - monotonic()), _cut, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself
        line.shutdown(socket.SHUT_RDWR)


def _beginning(response: HTTPResponse) -> bytes:
    """The first bytes of the body; the status stands, whatever becomes of the rest."""
    try:
        return response.read(MOST_READ)
    except (HTTPException, OSError):
        return b""


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"对方没有在 {STEP} 秒内答复"
    # An end in the middle of the handshake says nothing of certificates.
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return "没有建立安全连接：对方的 TLS 证书没有通过验证，或不支持 TLS"
    return "连接中断，没有收到完整的答复"
