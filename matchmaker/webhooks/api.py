"""Hooks, for the programs of those who keep them, and of the administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from models import Webhook, WebhookDelivery, WebhookHost, utcnow
from models.states import DeliveryState, WebhookFormat, WebhookStop

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..config import Settings
from ..db import db
from . import events as kinds
from . import governing, hosts, service
from .schema import LABELS, HookChange, HookEdit, HookInput, HostInput, NewHook

operations = Operations("webhooks", "消息推送")


class HookOut(Output):
    """A hook; ``address`` has of the values in its query only the last letters.

    ``stopped_why`` is null while it is on; ``arrived_at`` is when a message last
    reached the receiver.
    """

    labels = LABELS

    id: int
    version: int
    name: str
    format: WebhookFormat
    address: str
    host: str
    events: list[str]
    stopped_why: WebhookStop | None
    arrived_at: datetime | None


class HookMade(HookOut):
    """A hook with its ``secret``, which is told this once.

    It is null of a robot, and where the hook had been made before.
    """

    secret: str | None


class HookMessage(Output):
    """What became of one message.

    ``reference`` is its id for the receiver, the same at every attempt; ``retry_at``
    is null unless it failed and will be tried again. ``answer`` is the beginning of
    what the receiver said.
    """

    id: int
    hook_id: int
    reference: str
    event: str
    state: DeliveryState
    attempts: int
    status_code: int | None
    last_error: str | None
    answer: str | None
    created_at: datetime
    retry_at: datetime | None


class HookEvent(Output):
    """A kind of message to choose, in its ``group``, with its words."""

    event: str
    group: str
    words: str


class HookAtLarge(Output):
    """Anybody's hook, as the administrator sees it; one of the platform has no home."""

    id: int
    organisation_id: int | None
    organisation: str | None
    name: str
    format: WebhookFormat
    host: str
    stopped_why: WebhookStop | None


class HookHost(Output):
    """A host hooks may name; one that the settings give has no ``id``."""

    labels = LABELS

    id: int | None
    pattern: str
    allows_http: bool
    allows_private: bool


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def _fields(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "version": hook.version,
        "name": hook.name,
        "format": hook.format,
        "address": hook.shown,
        "host": hook.host,
        "events": hook.events,
        "stopped_why": hook.stopped_why,
        "arrived_at": hook.arrived_at,
    }


def shown(hook: Webhook) -> HookOut:
    """The hook as those see it who keep it."""
    return HookOut.model_validate(_fields(hook))


def _made(made: service.Made) -> HookMade:
    return HookMade.model_validate(_fields(made.hook) | {"secret": made.secret or None})


def _message(message: WebhookDelivery) -> HookMessage:
    is_tried_again = message.state is DeliveryState.WAITING and message.attempts
    return HookMessage(
        id=message.id,
        hook_id=message.webhook_id,
        reference=message.reference,
        event=message.event,
        state=message.state,
        attempts=message.attempts,
        status_code=message.status_code,
        last_error=message.last_error,
        answer=message.answer,
        created_at=message.created_at,
        retry_at=message.retry_at if is_tried_again else None,
    )


def _at_large(hook: Webhook) -> HookAtLarge:
    home = hook.organisation
    return HookAtLarge(
        id=hook.id,
        organisation_id=hook.organisation_id,
        organisation=home.name if home else None,
        name=hook.name,
        format=hook.format,
        host=hook.host,
        stopped_why=hook.stopped_why,
    )


def _host(line: WebhookHost | hosts.Rule) -> HookHost:
    return HookHost(
        id=line.id if isinstance(line, WebhookHost) else None,
        pattern=line.pattern,
        allows_http=line.allows_http,
        allows_private=line.allows_private,
    )


# -- Of those who keep them ----------------------------------------------------------


@operations.get("/webhooks", "webhooks.index", "本单位的消息推送")
def index(place: Place) -> Slice[HookOut]:
    """工作人员读到的是平台的。"""
    return place.whole(service.listed(db.session, signed_in()), shown)


@operations.get("/webhooks/events", "webhooks.new", "可以推送的消息")
def events(place: Place) -> Slice[HookEvent]:
    groups = kinds.offered(platform=signed_in().is_staff)
    rows = [
        HookEvent(event=event, group=group, words=words)
        for group, some in groups.items()
        for event, words in some
    ]
    return place.whole(rows, lambda row: row)


# Their answers would be kept under a key, and there is a secret in them.
@operations.post("/webhooks", "webhooks.new", "新建推送", status=201, keyed=False)
def create(body: NewHook, key: str) -> HookMade:
    """secret 是签名密钥，只在这一次的回答里。"""
    data = HookInput.model_construct(**dict(body), form_key=key)
    made = service.create(db.session, signed_in(), _settings(), data, now=utcnow())
    return _made(made)


@operations.post(
    "/webhooks/<int:hook_id>/secret", "webhooks.rotate", "更换签名密钥", keyed=False
)
def rotate(hook_id: int) -> HookMade:
    """新密钥只在这次的回答里；换下的 24 小时内仍一起签名。再发一次就再换一次。"""
    made = service.rotate(db.session, signed_in(), _settings(), hook_id, now=utcnow())
    return _made(made)


@operations.get("/webhooks/<int:hook_id>", "webhooks.show", "一个推送")
def show(hook_id: int) -> HookOut:
    return shown(service.find(db.session, signed_in(), hook_id))


@operations.get("/webhooks/<int:hook_id>/messages", "webhooks.show", "推送记录")
def messages(hook_id: int, place: Place) -> Slice[HookMessage]:
    """由新到旧；保留多少天由平台设置。"""
    hook = service.find(db.session, signed_in(), hook_id)
    query = service.messages(signed_in(), hook)
    return place.newest(db.session, query, WebhookDelivery.id, _message)


@operations.put("/webhooks/<int:hook_id>", "webhooks.edit", "修改推送")
def edit(hook_id: int, body: HookChange, version: int) -> HookOut:
    """address 和 signing 不写出就保持原样；格式不能改。"""
    # Checked already but for the version, which may be none that ever was.
    data = HookEdit.model_construct(**dict(body), version=version)
    hook = service.edit(
        db.session, signed_in(), _settings(), hook_id, data, now=utcnow()
    )
    return shown(hook)


@operations.delete("/webhooks/<int:hook_id>", "webhooks.delete", "删除推送")
def delete(hook_id: int) -> None:
    """推送和它的全部记录都会删除，不能恢复。"""
    service.remove(db.session, signed_in(), hook_id, now=utcnow())


@operations.post(
    "/webhooks/<int:hook_id>/test", "webhooks.test", "发送测试消息", status=201
)
def test(hook_id: int) -> HookMessage:
    """结果几秒后出现在推送记录里。"""
    return _message(service.test(db.session, signed_in(), hook_id, now=utcnow()))


@operations.post("/webhooks/<int:hook_id>/on", "webhooks.turn_on", "启用推送")
def turn_on(hook_id: int) -> HookOut:
    return shown(service.turn_on(db.session, signed_in(), hook_id, now=utcnow()))


@operations.post("/webhooks/<int:hook_id>/off", "webhooks.turn_off", "停用推送")
def turn_off(hook_id: int) -> HookOut:
    """等待中的消息会取消。"""
    return shown(service.turn_off(db.session, signed_in(), hook_id, now=utcnow()))


@operations.post(
    "/webhooks/messages/<int:message_id>/resend", "webhooks.resend", "重新发送消息"
)
def resend(message_id: int) -> HookMessage:
    """等待重试的，马上再试。"""
    return _message(service.resend(db.session, signed_in(), message_id, now=utcnow()))


# -- Of the administrator ------------------------------------------------------------


@operations.get("/webhooks/all", "webhooks.everybodys", "全部单位的推送")
def everybodys(place: Place) -> Slice[HookAtLarge]:
    """启用的在前；只有推送到哪个主机，没有推送的内容。"""

    def read(part: Any) -> Any:
        found = governing.everybodys(db.session, signed_in(), part)
        return found.items, found.total

    return numbered(place, read, _at_large)


@operations.post("/webhooks/<int:hook_id>/stop", "webhooks.stop", "停用一个单位的推送")
def stop(hook_id: int) -> HookAtLarge:
    """设置它的单位不能自行启用。"""
    hook = governing.stop(db.session, signed_in(), hook_id, now=utcnow())
    return _at_large(hook)


@operations.post(
    "/webhooks/<int:hook_id>/release", "webhooks.release", "准许单位重新启用推送"
)
def release(hook_id: int) -> HookAtLarge:
    hook = governing.release(db.session, signed_in(), hook_id, now=utcnow())
    return _at_large(hook)


@operations.get("/webhooks/hosts", "webhooks.everybodys", "允许推送到的主机")
def allowed_hosts(place: Place) -> Slice[HookHost]:
    """没有 id 的由平台设置给定，不能移除。"""
    added = governing.added_hosts(db.session, signed_in())
    given = hosts.rules(_settings().webhook_hosts, ())
    lines: list[WebhookHost | hosts.Rule] = [*given, *added]
    return place.whole(lines, _host)


@operations.post("/webhooks/hosts", "webhooks.allow_host", "允许一个主机", status=201)
def allow_host(body: HostInput) -> HookHost:
    """已经允许的，改为这里所选。"""
    return _host(governing.allow_host(db.session, signed_in(), body, now=utcnow()))


@operations.delete(
    "/webhooks/hosts/<int:host_id>", "webhooks.remove_host", "移除一个主机"
)
def remove_host(host_id: int) -> None:
    """推送到它的消息不再发出。"""
    governing.remove_host(db.session, signed_in(), host_id, now=utcnow())
