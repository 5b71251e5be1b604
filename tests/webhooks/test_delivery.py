"""The worker's part: tried again by the clock, given up, switched off, never lost."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Verifier

from matchmaker.webhooks import delivery, events, hosts, keeping, service, wire
from matchmaker.webhooks.schema import HookEdit
from models import (
    Need,
    Notice,
    Webhook,
    WebhookDelivery,
    transaction,
)
from models.states import (
    DeliveryState,
    OrganisationRole,
    Secrecy,
    WebhookFormat,
    WebhookStop,
)

from ..conftest import NOW

MINUTE = timedelta(minutes=1)


def read(session, message):
    session.rollback()
    return session.get_one(WebhookDelivery, message.id, populate_existing=True)


def hook_of(session, hook):
    session.rollback()
    return session.get_one(Webhook, hook.id, populate_existing=True)


def failing(*_, **__):
    return wire.Answer(500, b"down")


def arriving(*_, **__):
    return wire.Answer(200, b"")


@pytest.fixture
def hook(make, receiver, allowed):
    return make.webhook(make.organisation().id, address=receiver.url)


def test_a_message_arrives_signed(session, make, hook, receiver, courier, settings):
    secret = keeping.opened(hook.secret, settings.key())
    need = make.need()
    message = make.message(hook, record_id=need.id)
    assert courier().work_off() == 1
    (got,) = receiver.got
    said = json.loads(got.body)
    assert said["id"] == got.headers["webhook-id"] == message.reference
    assert said["link"] == f"{settings.base_url}/needs/{need.id}"
    # The clock of the test stands still; the verifier looks at the wall.
    verifier = Verifier(secret)
    mac = verifier.sign(message.reference, NOW, got.body.decode())
    assert got.headers["webhook-signature"] == mac
    sent = read(session, message)
    assert (sent.state, sent.attempts, sent.status_code) == ("sent", 1, 200)
    assert hook_of(session, hook).arrived_at == NOW
    assert courier().work_off() == 0


def test_every_kind_has_a_page_it_leads_to(make, hook, courier, receiver):
    """A kind whose link could not be made would stand in the way for ever."""
    kinds = sorted(events.WORDS)
    for kind in kinds:
        make.message(hook, event=kind)
    assert courier().work_off() == len(kinds)
    links = [json.loads(got.body)["link"] for got in receiver.got]
    assert all(link.startswith("http://") for link in links)


def test_a_failed_message_comes_again_at_longer_intervals(
    session, make, hook, courier, clock
):
    """Ten attempts in a little less than a day, under one id."""
    message, tries = make.message(hook), []

    def post(aim, addresses, headers, body):
        tries.append((clock.now, headers["webhook-id"]))
        return wire.Answer(503, b"busy")

    for _ in range(24 * 60):
        courier(post=post).work_off()
        clock.now += MINUTE
    assert {reference for _, reference in tries} == {message.reference}
    moments = [moment for moment, _ in tries]
    waits = [(b - a) / MINUTE for a, b in pairwise(moments)]
    assert waits == [1, 2, 5, 15, 30, 60, 180, 420, 720]
    assert moments[-1] - moments[0] < timedelta(hours=24)
    given_up = read(session, message)
    assert (given_up.state, given_up.attempts) == ("failed", 10)
    assert given_up.answer == "busy"
    assert "503" in given_up.last_error


@pytest.mark.parametrize(("chance", "seconds"), [(0, 48), (1, 72)])
def test_the_waits_are_spread(session, make, hook, courier, chance, seconds):
    message = make.message(hook)
    courier(post=failing, chance=lambda: chance).work_off()
    wait = read(session, message).retry_at - NOW
    assert abs(wait.total_seconds() - seconds) < 0.01


def test_a_worker_killed_before_it_noted_sends_again_under_the_same_id(
    session, make, hook, receiver, courier, clock
):
    message = make.message(hook)

    def killed(*args, **given):
        wire.post(*args, **given)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        courier(post=killed).work_off()
    assert read(session, message).state is DeliveryState.WAITING
    assert courier().work_off() == 0  # still in the hand of who was killed
    clock.now += delivery.IN_HAND
    assert courier().work_off() == 1
    assert len(receiver.got) == 2
    assert {got.headers["webhook-id"] for got in receiver.got} == {message.reference}


def test_a_message_in_hand_is_left_alone_by_another_worker(make, hook, courier):
    make.message(hook)
    other = []

    def meanwhile(*_, **__):
        other.append(courier(post=arriving)._taken_in_hand())
        return wire.Answer(200, b"")

    assert courier(post=meanwhile).work_off() == 1
    assert other == [[]]


def test_too_many_given_up_switch_the_hook_off_and_tell_its_managers(
    session, make, hook, courier, clock
):
    lead = make.user(
        organisation_id=hook.organisation_id, org_role=OrganisationRole.MANAGER
    )
    make.user(organisation_id=hook.organisation_id)
    for _ in range(delivery.MOST_FAILURES - 1):
        make.message(hook, attempts=9)
    courier(post=failing).work_off()
    assert hook_of(session, hook).is_on
    make.message(hook, attempts=9)
    waiting = make.message(hook, retry_at=NOW + timedelta(hours=1))
    courier(post=failing).work_off()
    assert hook_of(session, hook).stopped_why is WebhookStop.FAILURES
    assert read(session, waiting).state is DeliveryState.CANCELLED
    notice = session.scalars(select(Notice)).one()
    assert (notice.user_id, notice.kind) == (lead.id, "webhook_stopped")
    assert notice.facts["hook_id"] == hook.id


def test_the_platforms_hook_tells_the_staff(session, make, receiver, allowed, courier):
    staff = make.staff()
    hook = make.webhook(address=receiver.url, failures=delivery.MOST_FAILURES - 1)
    make.message(hook, attempts=9, event="need_submitted")
    courier(post=failing).work_off()
    assert session.scalars(select(Notice)).one().user_id == staff.id


def test_one_that_arrives_makes_up_for_those_before(session, make, hook, courier):
    with transaction(session):
        hook_of_session = session.get_one(Webhook, hook.id)
        hook_of_session.failures = delivery.MOST_FAILURES - 1
    make.message(hook)
    courier().work_off()
    assert hook_of(session, hook).failures == 0


def test_a_receiver_that_is_gone_is_asked_no_more(
    session, make, hook, receiver, courier
):
    receiver.answer(410)
    message = make.message(hook)
    courier().work_off()
    assert read(session, message).state is DeliveryState.FAILED
    assert hook_of(session, hook).stopped_why is WebhookStop.GONE


def test_a_redirect_is_a_failure(session, make, hook, receiver, courier):
    receiver.answer(302, Location=receiver.url)
    message = make.message(hook)
    courier().work_off()
    assert len(receiver.got) == 1
    failed = read(session, message)
    assert failed.state is DeliveryState.WAITING
    assert failed.status_code == 302
    assert "不跟随" in failed.last_error


def test_a_robot_that_refuses_under_200_is_a_failure(
    session, make, receiver, allowed, courier
):
    hook = make.webhook(address=receiver.url, format=WebhookFormat.WECOM)
    receiver.answer(200, b'{"errcode":93000,"errmsg":"invalid webhook url"}')
    message = make.message(hook)
    courier().work_off()
    failed = read(session, message)
    assert (failed.state, failed.status_code) == ("waiting", 200)
    assert "93000" in failed.last_error
    receiver.answer(200, b'{"errcode":0,"errmsg":"ok"}')
    with transaction(session):
        session.get_one(WebhookDelivery, message.id).retry_at = NOW
    assert courier().work_off() == 1


def test_a_robot_gets_no_more_than_it_takes_a_minute(
    make, receiver, allowed, courier, clock
):
    receiver.answer(200, b'{"errcode":0}')
    hook = make.webhook(address=receiver.url, format=WebhookFormat.DINGTALK)
    for _ in range(25):
        make.message(hook)
    assert courier().work_off() == delivery.ROBOT_RATE
    clock.now += 2 * MINUTE
    assert courier().work_off() == 25 - delivery.ROBOT_RATE


def test_a_silent_receiver_holds_up_no_other(session, make, hook, courier, receiver):
    silent = make.webhook(make.organisation().id, address=receiver.url + "/silent")
    first, second = make.message(silent), make.message(silent)
    make.message(hook)
    asked = []

    def post(aim, *args):
        asked.append(aim.path)
        if aim.path.endswith("silent"):
            raise wire.Unreachable("连不上对方的服务器")
        return wire.post(aim, *args)

    assert courier(post=post).work_off() == 1
    assert sorted(asked) == ["/in", "/in/silent"]
    assert read(session, first).attempts == 1
    put_off = read(session, second)
    assert (put_off.attempts, put_off.retry_at) == (0, NOW + MINUTE)


def test_a_silent_receiver_rests_from_one_round_to_the_next(
    session, make, hook, courier, clock
):
    """Every new message begins a round; each would wait for it once more."""
    turns, asked = delivery.Turns(), []

    def silent(aim, *_):
        asked.append(clock.now)
        raise wire.Unreachable("连不上对方的服务器")

    for _ in range(3):
        make.message(hook, retry_at=clock.now)
        courier(post=silent, turns=turns).work_off()
        clock.now += timedelta(seconds=10)
    assert asked == [NOW]
    clock.now += delivery.REST
    courier(post=silent, turns=turns).work_off()
    assert len(asked) == 2


def test_a_name_that_is_not_found_rests_too(session, make, hook, courier, monkeypatch):
    """A resolver that is silent keeps us for half a minute a message."""
    asked = []

    def addresses(aim, rule):
        asked.append(aim.host)
        raise hosts.Unresolved("域名解析不到地址")

    monkeypatch.setattr(hosts, "addresses", addresses)
    for _ in range(3):
        make.message(hook)
    courier().work_off()
    assert len(asked) == 1


def test_a_slow_receiver_takes_no_more_than_its_share(
    session, make, hook, receiver, courier, clock
):
    """A bulk of messages to one that answers late is not in front of all others."""
    other = make.webhook(make.organisation().id, address=receiver.url + "/quick")
    slow = [make.message(hook) for _ in range(12)]
    quick = make.message(other)
    asked = []

    def post(aim, *_):
        asked.append(aim.path)
        if not aim.path.endswith("quick"):
            clock.now += timedelta(seconds=8)
        return wire.Answer(200, b"")

    turns = delivery.Turns()
    courier(post=post, turns=turns).work_off()
    assert asked == ["/in"] * 3 + ["/in/quick"]
    assert read(session, quick).state is DeliveryState.SENT
    waits = {read(session, message).retry_at for message in slow[3:]}
    assert waits == {NOW + timedelta(seconds=24) + delivery.REST}
    for _ in range(5):
        clock.now += delivery.REST
        courier(post=post, turns=turns).work_off()
    assert {read(session, message).state for message in slow} == {DeliveryState.SENT}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, True),
        ({"secrecy": Secrecy.RESTRICTED}, False),
        ({"title": "另一个名称"}, False),
        ({"organisation_id": None}, False),
    ],
)
def test_a_title_goes_out_only_while_it_may_be_said(
    session, make, hook, receiver, courier, given, said
):
    """Between what happened and the attempt that arrives the need was made secret."""
    need = make.need(organisation_id=hook.organisation_id, title="玄铁剑脊")
    make.message(hook, record_id=need.id, title="玄铁剑脊")
    if "organisation_id" in given:
        given = {"organisation_id": make.organisation().id, "status": "pending"}
    with transaction(session):
        one = session.get_one(Need, need.id)
        for name, value in given.items():
            setattr(one, name, value)
    assert courier().work_off() == 1
    title = json.loads(receiver.got[0].body)["title"]
    assert title == ("需求已发布：玄铁剑脊" if said else "需求已发布")


@pytest.mark.parametrize(
    "given",
    [{"allows_http": False}, {"allows_private": False}, {"pattern": "x.example"}],
)
def test_a_host_no_longer_allowed_gets_nothing(
    session, make, hook, receiver, allowed, courier, given
):
    with transaction(session):
        line = session.merge(allowed)
        for name, value in given.items():
            setattr(line, name, value)
    message = make.message(hook)
    assert courier().work_off() == 0
    assert receiver.got == []
    assert read(session, message).state is DeliveryState.FAILED


def test_what_cannot_be_opened_any_more_is_told(session, make, hook, receiver, courier):
    with transaction(session):
        session.get_one(Webhook, hook.id).address = keeping.sealed("x", "another key")
    message = make.message(hook)
    courier().work_off()
    assert read(session, message).state is DeliveryState.FAILED
    assert "密钥" in read(session, message).last_error


def test_after_a_change_of_the_sites_key_address_and_secret_are_given_anew(
    session, make, receiver, allowed, courier, settings
):
    """As the message says: «修改» for the address, and another secret."""
    lead = make.user(org_role=OrganisationRole.MANAGER)
    hook = make.webhook(lead.organisation_id, address=receiver.url)
    with transaction(session):
        one = session.get_one(Webhook, hook.id)
        one.address = one.secret = keeping.sealed("x", "another key")
    data = {"name": hook.name, "events": hook.events, "version": hook.version}
    edit = HookEdit(**data, address=receiver.url)
    service.edit(session, lead, settings, hook.id, edit, now=NOW)
    service.rotate(session, lead, settings, hook.id, now=NOW)
    make.message(hook)
    assert courier().work_off() == 1
    assert receiver.got[0].headers["webhook-signature"].count("v1,") == 1


def test_a_fault_of_our_own_holds_up_no_other(session, make, hook, courier, capfd):
    broken, whole = make.message(hook, event="a_kind_of_old"), make.message(hook)
    assert courier().work_off() == 1
    assert read(session, whole).state is DeliveryState.SENT
    assert read(session, broken).attempts == 1
    assert "webhook.broken" in "".join(capfd.readouterr())


def test_a_test_is_tried_once_counts_for_nothing_and_goes_while_off(
    session, make, receiver, allowed, courier
):
    hook = make.webhook(address=receiver.url, stopped_why=WebhookStop.FAILURES)
    receiver.answer(500)
    message = make.message(hook, event=events.TEST, record_type="webhook")
    courier().work_off()
    assert read(session, message).state is DeliveryState.FAILED
    assert hook_of(session, hook).failures == 0
    assert len(receiver.got) == 1


def test_news_written_while_the_hook_went_off_is_cancelled(
    session, make, receiver, allowed, courier
):
    hook = make.webhook(address=receiver.url, stopped_why=WebhookStop.OWNER)
    message = make.message(hook)
    assert courier().work_off() == 0
    assert receiver.got == []
    assert read(session, message).state is DeliveryState.CANCELLED


def test_for_a_day_the_secret_before_signs_too(
    session, make, receiver, allowed, courier, settings, clock
):
    lead = make.user(org_role=OrganisationRole.MANAGER)
    hook = make.webhook(lead.organisation_id, address=receiver.url)
    service.rotate(session, lead, settings, hook.id, now=NOW)
    make.message(hook)
    courier().work_off()
    assert receiver.got[0].headers["webhook-signature"].count("v1,") == 2
    clock.now += timedelta(hours=24)
    make.message(hook)
    courier().work_off()
    assert receiver.got[1].headers["webhook-signature"].count("v1,") == 1
    delivery.tidy(session, days=90, now=clock.now)
    assert hook_of(session, hook).old_secrets == []


def test_a_secret_replaced_twice_loses_nobody(
    session, make, receiver, allowed, courier, settings
):
    """The receiver may hold any of the three: an answer was lost, a page reloaded."""
    lead = make.user(org_role=OrganisationRole.MANAGER)
    hook = make.webhook(lead.organisation_id, address=receiver.url)
    held = [keeping.opened(hook.secret, settings.key())]
    for _ in range(2):
        made = service.rotate(session, lead, settings, hook.id, now=NOW)
        held.append(made.secret)
    message = make.message(hook)
    courier().work_off()
    (got,) = receiver.got
    sent = got.headers["webhook-signature"].split()
    body = got.body.decode()
    made = [Verifier(one).sign(message.reference, NOW, body) for one in held]
    assert sent == made[::-1]


def test_the_log_is_kept_so_long_and_no_longer(session, make, hook):
    old = NOW - timedelta(days=91)
    make.message(hook, state=DeliveryState.SENT, created_at=old)
    kept = [
        make.message(hook, state=DeliveryState.SENT),
        make.message(hook, created_at=old),  # it still waits
    ]
    assert delivery.tidy(session, days=90, now=NOW) == 1
    assert set(session.scalars(select(WebhookDelivery.id))) == {m.id for m in kept}


def test_the_log_of_the_server_names_no_secret(make, hook, receiver, courier, capfd):
    receiver.answer(500, b"their-answer")
    make.message(hook, title="our-title")
    courier().work_off()
    said = "".join(capfd.readouterr())
    assert "webhook.failed" in said
    for secret in ("our-title", "their-answer", "whsec_", receiver.url):
        assert secret not in said


def test_the_worker_is_woken_after_the_commit(app, session, make, hook):
    from matchmaker.webhooks import telling

    queue = app.extensions["queue"]
    queue.flush()
    with transaction(session):
        one = session.get_one(Webhook, hook.id)
        telling.write(session, one, events.TEST, "", "webhook", one.id, NOW)
    assert queue.pending_count() == 1
    queue.flush()
