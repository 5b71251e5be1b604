"""Subscriptions, for programs: what somebody wants to be told of, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import Finding, Subscription, utcnow
from models.outbox import RecordType
from models.states import Frequency

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..api.parts import numbered
from ..db import db
from ..search import rows
from . import service, words
from .schema import BuyersInput, FrequencyInput, SubscriptionInput

operations = Operations("subscriptions", "订阅")


class SubscriptionOut(Output):
    """A watched search, or one for who needs an achievement.

    ``query`` has the words and filters; ``stopped_at`` is null while it runs.
    """

    id: int
    name: str
    kind: RecordType | None
    query: dict[str, Any]
    achievement_id: int | None
    frequency: Frequency
    by_mail: bool
    created_at: datetime
    stopped_at: datetime | None


class WatchedOut(SubscriptionOut):
    """With how much it has found so far, and when last."""

    found: int
    last_found_at: datetime | None


class FindingOut(Output):
    """A record that answered a subscription, in the words this reader gets."""

    id: int
    kind: RecordType
    title: str
    organisation: str
    found_at: datetime
    demo: bool


def _fields(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": words.name(one),
        "kind": one.record_type,
        "query": one.query,
        "achievement_id": one.achievement_id,
        "frequency": one.frequency,
        "by_mail": one.by_mail,
        "created_at": one.created_at,
        "stopped_at": one.stopped_at,
    }


def shown(one: Subscription) -> SubscriptionOut:
    """The subscription as its owner sees it."""
    return SubscriptionOut.model_validate(_fields(one))


@operations.get(
    "/subscriptions", ("subscriptions.index", "subscriptions.export"), "我的订阅"
)
def index(place: Place) -> Slice[WatchedOut]:
    return place.whole(
        service.listed(db.session, signed_in()),
        lambda one: WatchedOut.model_validate(
            _fields(one.item) | {"found": one.found, "last_found_at": one.last}
        ),
    )


@operations.post("/subscriptions", "subscriptions.create", "订阅一个检索", status=201)
def create(body: SubscriptionInput) -> SubscriptionOut:
    """同样的检索已经订阅过的，改为这里的通知方式，并重新开始。"""
    one, _ = service.subscribe(db.session, signed_in(), body, now=utcnow())
    return shown(one)


@operations.post(
    "/achievements/<int:achievement_id>/subscription",
    ("achievements.buyers", "subscriptions.create"),
    "订阅一项成果的需求方",
    status=201,
)
def create_for_buyers(achievement_id: int, body: FrequencyInput) -> SubscriptionOut:
    """有新的需求需要这项成果时通知。"""
    # Checked already but for the number, which may be that of nothing.
    data = BuyersInput.model_construct(**dict(body), achievement_id=achievement_id)
    one, _ = service.subscribe_to_buyers(db.session, signed_in(), data, now=utcnow())
    return shown(one)


@operations.get(
    "/subscriptions/<int:subscription_id>", "subscriptions.show", "一个订阅"
)
def show(subscription_id: int) -> SubscriptionOut:
    return shown(service.find_subscription(db.session, signed_in(), subscription_id))


@operations.get(
    "/subscriptions/<int:subscription_id>/findings",
    "subscriptions.show",
    "一个订阅找到的信息",
)
def findings(subscription_id: int, place: Place) -> Slice[FindingOut]:
    user = signed_in()
    one = service.find_subscription(db.session, user, subscription_id)

    def read(part: Any) -> Any:
        found = service.findings(db.session, user, one, part)
        return found.rows, found.total

    return numbered(place, read, _found)


def _found(row: tuple[Finding, Any]) -> FindingOut:
    finding, item = row
    card = rows.card(signed_in(), item, utcnow())
    return FindingOut(
        id=item.id,
        kind=finding.record_type,
        title=card["title"],
        organisation=card["organisation_label"],
        found_at=finding.found_at,
        demo=item.is_demo,
    )


@operations.post(
    "/subscriptions/<int:subscription_id>", "subscriptions.change", "改变通知方式"
)
def change(subscription_id: int, body: FrequencyInput) -> SubscriptionOut:
    return shown(
        service.change(db.session, signed_in(), subscription_id, body, now=utcnow())
    )


@operations.post(
    "/subscriptions/<int:subscription_id>/stop", "subscriptions.stop", "停止订阅"
)
def stop(subscription_id: int) -> SubscriptionOut:
    return shown(service.stop(db.session, signed_in(), subscription_id, now=utcnow()))


@operations.post(
    "/subscriptions/<int:subscription_id>/resume", "subscriptions.resume", "恢复订阅"
)
def resume(subscription_id: int) -> SubscriptionOut:
    return shown(service.resume(db.session, signed_in(), subscription_id, now=utcnow()))


@operations.delete(
    "/subscriptions/<int:subscription_id>", "subscriptions.delete", "删除订阅"
)
def delete(subscription_id: int) -> None:
    service.remove(db.session, signed_in(), subscription_id)
