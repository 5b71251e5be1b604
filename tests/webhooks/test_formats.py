"""The bytes that are posted, and what an answer means."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from matchmaker.webhooks import formats, hosts, keeping
from matchmaker.webhooks.wire import Answer
from models.states import WebhookFormat

from ..conftest import NOW

JSON, WECOM, DINGTALK = WebhookFormat
MESSAGE = formats.Message(
    reference="msg_1",
    event="need_published",
    words="需求已发布",
    title="储能预警",
    record_type="need",
    record_id=7,
    occurred_at=NOW,
    link="https://tech.example/needs/7",
)
AIM = hosts.target("https://oapi.example.com/robot/send?access_token=abc")


def request(form, secrets=(), message=MESSAGE, now=NOW):
    return formats.request(form, AIM, secrets, message, now=now)


def test_the_json_says_what_happened_and_where():
    made = request(JSON, [keeping.new_secret()])
    assert json.loads(made.body) == {
        "id": "msg_1",
        "event": "need_published",
        "occurred_at": "2026-11-23T04:00:00+00:00",
        "record": {"type": "need", "id": 7},
        "title": "需求已发布：储能预警",
        "link": "https://tech.example/needs/7",
    }
    assert made.headers["Content-Type"] == "application/json"
    assert made.aim == AIM


def test_the_signature_is_what_others_verify():
    """By the reference implementation of Standard Webhooks."""
    secret, now = keeping.new_secret(), datetime.now(UTC)
    made = request(JSON, [secret], now=now)
    assert Verifier(secret).verify(made.body, made.headers)["id"] == "msg_1"
    for other in (
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(now.timestamp()) + 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(secret).verify(made.body, made.headers | other)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(made.body + b" ", made.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(keeping.new_secret()).verify(made.body, made.headers)


def test_while_a_secret_is_replaced_either_verifies():
    new, old = keeping.new_secret(), keeping.new_secret()
    made = request(JSON, [new, old], now=datetime.now(UTC))
    for secret in (new, old):
        assert Verifier(secret).verify(made.body, made.headers)


def test_a_signature_known_beforehand():
    """The example that the specification gives."""
    signed = formats._signed(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        replace(MESSAGE, reference="msg_p5jXN8AQM9LWM0D4loKWxJek"),
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    mac = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed["webhook-signature"] == f"v1,{mac}"


def test_a_dingtalk_robot_is_signed_in_its_address():
    made = request(DINGTALK, ["SEC0123"])
    asked = parse_qs(urlsplit(made.aim.path).query)
    moment = str(int(NOW.timestamp() * 1000))
    mac = hmac.new(b"SEC0123", f"{moment}\nSEC0123".encode(), hashlib.sha256)
    assert asked == {
        "access_token": ["abc"],
        "timestamp": [moment],
        "sign": [base64.b64encode(mac.digest()).decode()],
    }
    assert json.loads(made.body) == {
        "msgtype": "markdown",
        "markdown": {
            "title": "需求已发布",
            "text": "### 需求已发布\n\n> 储能预警\n\n"
            "[打开平台查看](https://tech.example/needs/7)",
        },
    }
    assert "webhook-signature" not in made.headers


def test_a_dingtalk_robot_without_a_secret_keeps_its_address():
    assert request(DINGTALK).aim == AIM


def test_a_wecom_robot_gets_markdown():
    made = request(WECOM)
    assert made.aim == AIM
    assert json.loads(made.body) == {
        "msgtype": "markdown",
        "markdown": {
            "content": "### 需求已发布\n\n> 储能预警\n\n"
            "[打开平台查看](https://tech.example/needs/7)"
        },
    }


@pytest.mark.parametrize("form", [WECOM, DINGTALK])
def test_somebodys_title_is_no_link_and_no_markup(form):
    title = "[点我](https://evil.example)\n# <font color='red'>x</font> https://evil.example"
    message = replace(MESSAGE, title=title)
    text = request(form, message=message).body.decode()
    assert text.count("](") == 1
    assert "https://evil" not in text
    assert "<font" not in text
    assert "\\n# " not in text


def test_the_longest_title_fits_what_a_robot_takes():
    message = replace(MESSAGE, title="长" * 5000)
    content = json.loads(request(WECOM, message=message).body)
    assert len(content["markdown"]["content"].encode()) <= 4096


@pytest.mark.parametrize(
    ("form", "status", "body", "why"),
    [
        (JSON, 200, b"", ""),
        (JSON, 204, b"", ""),
        (JSON, 200, b'{"errcode": 1}', ""),
        (JSON, 302, b"", "转向"),
        (JSON, 404, b"", "HTTP 404"),
        (JSON, 500, b"", "HTTP 500"),
        (WECOM, 200, b'{"errcode":0,"errmsg":"ok"}', ""),
        (WECOM, 200, b'{"errcode":45009,"errmsg":"api freq out of limit"}', "45009"),
        (DINGTALK, 200, b'{"errcode":310000,"errmsg":"sign not match"}', "310000"),
        (DINGTALK, 200, b"<html>", "无法识别"),
        (DINGTALK, 200, b"[]", "无法识别"),
        (DINGTALK, 200, b'{"errcode":"0"}', "无法识别"),
        (DINGTALK, 200, b"[" * 4000, "无法识别"),
        (DINGTALK, 502, b'{"errcode":0}', "HTTP 502"),
    ],
)
def test_what_an_answer_means(form, status, body, why):
    found = formats.failure(form, Answer(status, body))
    assert bool(found) == bool(why)
    assert why in found


def test_of_an_answer_the_log_keeps_the_beginning():
    assert formats.shown("好".encode() * 1000) == "好" * 300
    assert formats.shown(b"\xff\x00\x1b[31m\nx") == "\ufffd  [31m\nx"


def test_what_is_kept_opens_with_the_sites_key_alone():
    sealed = keeping.sealed("https://a.example/?key=1", "key of the site")
    assert "key=1" not in sealed
    assert keeping.opened(sealed, "key of the site") == "https://a.example/?key=1"
    with pytest.raises(keeping.Lost):
        keeping.opened(sealed, "another key")
