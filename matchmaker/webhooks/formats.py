"""A message in the format its hook wants, and what the answer to it means.

JSON       signed as Standard Webhooks says: HMAC-SHA256 over «id.timestamp.body»
企业微信    markdown of a group's robot; the address is its password
钉钉        markdown of a group's robot, with timestamp and sign in its address
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from models.states import WebhookFormat

from .hosts import Target
from .keeping import PREFIX
from .wire import Answer

AGENT = "changsha-matchmaker-webhooks/1"
LONGEST_TITLE = 500
SHOWN_OF_ANSWER = 300
# Marks of markdown, and what makes an address: somebody's title is no link of ours.
PLAIN = str.maketrans("[]()<>*_#`~!|\\\n\r", "［］（）＜＞＊＿＃｀～！｜＼  ")


@dataclass(frozen=True)
class Message:
    """What there is to tell."""

    reference: str
    event: str
    words: str
    title: str
    record_type: str
    record_id: int
    occurred_at: datetime
    link: str

    @property
    def line(self) -> str:
        """All of it as one line."""
        return f"{self.words}：{self.title}" if self.title else self.words


@dataclass(frozen=True)
class Request:
    """What is posted, and where."""

    aim: Target
    headers: dict[str, str]
    body: bytes


def request(
    form: WebhookFormat,
    aim: Target,
    secrets: Sequence[str],
    message: Message,
    *,
    now: datetime,
) -> Request:
    """The message as the format wants it; ``now`` is the moment of this attempt."""
    headers = {"Content-Type": "application/json", "User-Agent": AGENT}
    if form is WebhookFormat.JSON:
        body = _bytes(_content(message))
        return Request(aim, headers | _signed(secrets, message, body, now), body)
    if form is WebhookFormat.WECOM:
        content = {"msgtype": "markdown", "markdown": {"content": _markdown(message)}}
        return Request(aim, headers, _bytes(content))
    markdown = {"title": message.words, "text": _markdown(message)}
    content = {"msgtype": "markdown", "markdown": markdown}
    return Request(_with_sign(aim, secrets, now), headers, _bytes(content))


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _content(message: Message) -> dict[str, Any]:
    return {
        "id": message.reference,
        "event": message.event,
        "occurred_at": message.occurred_at.isoformat(timespec="seconds"),
        "record": {"type": message.record_type, "id": message.record_id},
        "title": message.line[:LONGEST_TITLE],
        "link": message.link,
    }


def _signed(
    secrets: Sequence[str], message: Message, body: bytes, now: datetime
) -> dict[str, str]:
    """The three headers; while a secret is being replaced both sign."""
    moment = str(int(now.timestamp()))
    plain = f"{message.reference}.{moment}.".encode() + body
    return {
        "webhook-id": message.reference,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{_mac(_key(s), plain)}" for s in secrets),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


def _mac(key: bytes, plain: bytes) -> str:
    return base64.b64encode(hmac.digest(key, plain, "sha256")).decode()


def _with_sign(aim: Target, secrets: Sequence[str], now: datetime) -> Target:
    """The address with the robot's 加签, made anew: it is in force for an hour."""
    if not secrets:
        return aim
    moment, secret = str(int(now.timestamp() * 1000)), secrets[0]
    sign = quote(_mac(secret.encode(), f"{moment}\n{secret}".encode()), safe="")
    joint = "&" if "?" in aim.path else "?"
    return replace(aim, path=f"{aim.path}{joint}timestamp={moment}&sign={sign}")


def _markdown(message: Message) -> str:
    title = message.title[:LONGEST_TITLE].translate(PLAIN).replace("://", "：//")
    told = [
        f"### {message.words}",
        f"> {title}" if title else "",
        f"[打开平台查看]({message.link})",
    ]
    return "\n\n".join(part for part in told if part)


def failure(form: WebhookFormat, answer: Answer) -> str:
    """Why the message did not arrive, in words; empty if it did.

    A robot that refuses says so in a body, under a status of 200.
    """
    if 300 <= answer.status < 400:
        return f"对方要求转到别的地址（HTTP {answer.status}），平台不跟随转向"
    if not 200 <= answer.status < 300:
        return f"对方答复 HTTP {answer.status}"
    if form is WebhookFormat.JSON:
        return ""
    code = _errcode(answer.body)
    if code is None:
        return "机器人的答复无法识别"
    return "" if code == 0 else f"机器人拒绝了消息（errcode {code}）"


def _errcode(body: bytes) -> int | None:
    try:
        code = json.loads(body)["errcode"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) else None


def shown(body: bytes) -> str:
    """The beginning of an answer, as the log keeps it."""
    text = body.decode("utf-8", "replace")[:SHOWN_OF_ANSWER]
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
