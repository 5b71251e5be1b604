"""One POST to one address: nothing followed, nothing endless, TLS as it should be."""

import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest
import trustme

from matchmaker.webhooks import hosts, wire

from .receiver import listening


def post(receiver, host="127.0.0.1", scheme="http", **given):
    aim = hosts.Target(scheme, host, receiver.port, "/in?a=1")
    return wire.post(aim, ["127.0.0.1"], {"X-Test": "1"}, b"{}", **given)


def test_it_posts_to_the_address_under_the_name(receiver):
    answer = post(receiver, host="hooks.example.com")
    assert answer == wire.Answer(200, b"")
    (got,) = receiver.got
    assert got.path == "/in?a=1"
    assert got.body == b"{}"
    assert got.headers["host"] == f"hooks.example.com:{receiver.port}"
    assert got.headers["x-test"] == "1"


def test_a_name_is_never_looked_up_again(receiver, monkeypatch):
    """Rebinding: what the name leads to by now is asked by nobody."""
    asked = []
    real = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        asked.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert post(receiver, host="rebound.example.com").status == 200
    assert set(asked) <= {"127.0.0.1"}


def test_no_redirect_is_followed(receiver):
    with listening() as inside:
        receiver.answer(307, Location=inside.url)
        assert post(receiver).status == 307
        assert inside.got == []


def test_no_proxy_of_the_environment_is_asked(receiver, monkeypatch):
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(receiver).status == 200
        assert proxy.got == []


def test_only_the_beginning_of_an_answer_is_read(receiver):
    receiver.answer(200, b"x" * 5_000_000)
    assert len(post(receiver).body) == wire.MOST_READ


def test_the_next_address_is_tried_where_none_listens(receiver):
    aim = hosts.Target("http", "h.example.com", receiver.port, "/")
    answer = wire.post(aim, ["127.0.0.2", "127.0.0.1"], {}, b"")
    assert answer.status == 200
    assert len(receiver.got) == 1


def test_nobody_listening_is_told_in_words():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    aim = hosts.Target("http", "h.example.com", port, "/")
    with pytest.raises(wire.Unreachable, match="连不上"):
        wire.post(aim, ["127.0.0.1"], {}, b"")


@pytest.mark.parametrize(
    "sent",
    [b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_who_drips_is_cut_off_at_the_deadline(monkeypatch, sent):
    """A byte now and then keeps every single wait short; the whole is bounded too.

    The status stands once it was said; before that there is no answer.
    """
    monkeypatch.setattr(wire, "DEADLINE", 0.6)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            line, _ = server.accept()
            with line:
                line.sendall(sent)
                for _ in range(100):
                    if ended.wait(0.05):
                        return
                    try:
                        line.sendall(b"0")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        aim = hosts.Target("http", "h.example.com", server.getsockname()[1], "/")
        began = time.monotonic()
        if b"\n" in sent:
            assert wire.post(aim, ["127.0.0.1"], {}, b"").status == 200
        else:
            with pytest.raises(wire.Unreachable):
                wire.post(aim, ["127.0.0.1"], {}, b"")
        assert 0.5 < time.monotonic() - began < 4
        ended.set()
        thread.join(5)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x03\x40\x00"])
def test_the_handshake_too_ends_by_the_deadline(monkeypatch, sent):
    """One that takes the connection and drips, or says nothing, before TLS is there."""
    monkeypatch.setattr(wire, "DEADLINE", 0.6)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(sent)
                while not ended.wait(0.05):
                    line.sendall(sent[:1])

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        aim = hosts.Target("https", "h.example.com", port, "/")
        began = time.monotonic()
        with pytest.raises(wire.Unreachable):
            wire.post(aim, ["127.0.0.1"], {}, b"")
        assert time.monotonic() - began < 3
        ended.set()
        thread.join(5)


def test_addresses_nobody_answers_at_share_one_deadline(monkeypatch):
    """A queue of connections that is full drops what knocks: no answer, no refusal."""
    monkeypatch.setattr(wire, "STEP", 0.4)
    monkeypatch.setattr(wire, "DEADLINE", 0.6)
    asked = []

    def nobody(address, timeout):
        asked.append(address[0])
        time.sleep(timeout)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", nobody)
    aim = hosts.Target("https", "h.example.com", 443, "/")
    began = time.monotonic()
    with pytest.raises(wire.Unreachable, match="连不上"):
        wire.post(aim, ["192.0.2.1", "192.0.2.2", "192.0.2.3"], {}, b"")
    assert time.monotonic() - began < 0.9
    assert asked == ["192.0.2.1", "192.0.2.2"]


def test_who_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(wire, "STEP", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        aim = hosts.Target("http", "h.example.com", server.getsockname()[1], "/")
        with pytest.raises(wire.Unreachable, match="答复"):
            wire.post(aim, ["127.0.0.1"], {}, b"")


def test_nonsense_for_an_answer_is_no_error_of_ours(receiver):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble():
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(b"\x00\xff nonsense\r\n\r\n")

        thread = threading.Thread(target=babble, daemon=True)
        thread.start()
        aim = hosts.Target("http", "h.example.com", server.getsockname()[1], "/")
        with pytest.raises(wire.Unreachable):
            wire.post(aim, ["127.0.0.1"], {}, b"")
        thread.join(5)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def serving(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_the_certificate_is_that_of_the_name_not_of_the_address(authority):
    asked = []
    context = serving(authority, "hooks.example.com")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with listening(context) as receiver:
        answer = post(
            receiver, "hooks.example.com", "https", context=trusting(authority)
        )
    assert answer.status == 200
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize("name", ["other.example.com", "127.0.0.1"])
def test_another_certificate_is_refused(authority, name):
    with listening(serving(authority, name)) as receiver:
        with pytest.raises(wire.Unreachable, match="证书"):
            post(receiver, "hooks.example.com", "https", context=trusting(authority))
        assert receiver.got == []


def test_a_certificate_nobody_vouches_for_is_refused(authority):
    with listening(serving(authority, "hooks.example.com")) as receiver:
        with pytest.raises(wire.Unreachable, match="证书"):
            post(receiver, "hooks.example.com", "https")
        assert receiver.got == []
