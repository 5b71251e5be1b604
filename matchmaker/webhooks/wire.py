"""One POST to one address, and nothing besides.

No redirect is followed, no proxy of the environment asked, no name looked up: the
connection goes to the address it is given, while certificate and `Host` are those of
the name. The whole of it ends within `DEADLINE`, however slowly the other side drips.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Timer

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

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
    connection = _connected(aim, addresses[:MOST_ADDRESSES], context)
    sent = {"Host": aim.authority, "Connection": "close", **headers}
    try:
        with _ended_in_time(connection):
            connection.request(
                "POST",
                aim.path,
                body,
                sent,
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
            return Answer(response.status, _beginning(response))
    except (HTTPError, HTTPException, OSError) as error:
        raise Unreachable(_words(error)) from error
    finally:
        connection.close()


def _connected(
    aim: Target, addresses: Sequence[str], context: ssl.SSLContext | None
) -> HTTPConnection:
    failed: Exception | None = None
    for address in addresses:
        connection = _connection(aim, address, context)
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failed = error
        else:
            return connection
    raise Unreachable(_words(failed)) from failed


def _connection(
    aim: Target, address: str, context: ssl.SSLContext | None
) -> HTTPConnection:
    if aim.scheme == "http":
        return HTTPConnection(address, aim.port, timeout=STEP)
    return HTTPSConnection(
        address,
        aim.port,
        timeout=STEP,
        server_hostname=aim.host,
        ssl_context=context or ssl.create_default_context(),
    )


@contextmanager
def _ended_in_time(connection: HTTPConnection) -> Iterator[None]:
    """Cut the line at the deadline: a time-out of each step alone never comes to one
    who sends a byte every few seconds.
    """
    line = socket.socket(fileno=os.dup(connection.sock.fileno()))
    timer = Timer(DEADLINE, _cut, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        line.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself
        line.shutdown(socket.SHUT_RDWR)


def _beginning(response: urllib3.BaseHTTPResponse) -> bytes:
    """The first bytes of the body; the status stands, whatever becomes of the rest."""
    try:
        return response.read(MOST_READ, decode_content=False)
    except (HTTPError, HTTPException, OSError):
        return b""


def _words(error: Exception | None) -> str:
    if isinstance(error, ssl.SSLError):
        return "没有建立安全连接：对方的 TLS 证书没有通过验证，或不支持 TLS"
    if isinstance(error, NewConnectionError):  # first: it is a time-out by its class
        return "连不上对方的服务器"
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return f"对方没有在 {STEP} 秒内答复"
    return "连接中断，没有收到完整的答复"
