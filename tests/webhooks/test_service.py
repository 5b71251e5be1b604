"""Who keeps hooks, what they may be pointed at, and what becomes of their secrets."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.schema import parse
from matchmaker.webhooks import events, governing, keeping, service
from matchmaker.webhooks.schema import HookEdit, HookInput, HostInput
from models import History, Notice, Webhook, WebhookDelivery, WebhookHost
from models.states import (
    DeliveryState,
    OrganisationRole,
    Role,
    WebhookFormat,
    WebhookStop,
)

from ..conftest import NOW

WECOM_URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7abc"
DING_URL = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"


@pytest.fixture
def lead(make):
    return make.user(org_role=OrganisationRole.MANAGER)


@pytest.fixture
def ours(make):
    return make.webhook_host("hooks.example.com")


def hook_input(**given):
    values = {
        "name": "项目部系统",
        "format": "json",
        "address": "https://hooks.example.com/in?token=abcdefghij",
        "events": ["need_published"],
    }
    return parse(HookInput, values | given)


def edit_input(hook, **given):
    values = {"name": hook.name, "events": hook.events, "version": hook.version}
    return parse(HookEdit, values | given)


def create(session, actor, settings, **given):
    return service.create(session, actor, settings, hook_input(**given), now=NOW)


def stored(session):
    """All that the table of hooks holds, as a thief would read it."""
    session.rollback()
    return str(session.execute(text("SELECT * FROM webhooks")).all())


def test_a_manager_makes_a_hook_for_its_organisation(session, lead, settings, ours):
    made = create(session, lead, settings)
    assert made.hook.organisation_id == lead.organisation_id
    assert made.hook.shown == "https://hooks.example.com/in?token=…ghij"
    assert made.secret.startswith("whsec_")
    assert service.listed(session, lead) == [made.hook]


def test_staff_make_hooks_for_the_platform(session, make, settings, ours):
    staff = make.staff()
    made = create(session, staff, settings, events=["need_submitted"])
    assert made.hook.organisation_id is None
    assert service.listed(session, make.user(Role.ADMIN)) == [made.hook]


@pytest.mark.parametrize(
    "org_role", [OrganisationRole.OPERATOR, OrganisationRole.READER]
)
def test_others_of_the_organisation_keep_no_hooks(session, make, settings, org_role):
    actor = make.user(org_role=org_role)
    with pytest.raises(Forbidden):
        create(session, actor, settings)
    with pytest.raises(Forbidden):
        service.listed(session, actor)


def test_anothers_hook_is_not_found(session, make, lead, settings):
    for other in (make.webhook(make.organisation().id), make.webhook()):
        message = make.message(other)
        with pytest.raises(NotFound):
            service.find(session, lead, other.id)
        with pytest.raises(NotFound):
            service.test(session, lead, other.id, now=NOW)
        with pytest.raises(NotFound):
            service.resend(session, lead, message.id, now=NOW)
    for staff in (make.staff(), make.user(Role.ADMIN)):
        with pytest.raises(NotFound):
            service.find(session, staff, make.webhook(lead.organisation_id).id)


def test_neither_address_nor_secret_lies_open_in_the_tables(
    session, lead, settings, ours
):
    made = create(session, lead, settings)
    create(
        session,
        lead,
        settings,
        format="dingtalk",
        address=DING_URL,
        signing="SECverysecret",
    )
    held = stored(session) + str(
        [row.changes for row in session.scalars(select(History))]
    )
    for secret in ("abcdefghij", "0123456789abcdef", "SECverysecret", made.secret):
        assert secret not in held
    opened = keeping.opened(session.get(Webhook, made.hook.id).secret, settings.key())
    assert opened == made.secret


def test_a_form_sent_twice_makes_one_hook(session, lead, settings, ours):
    first = create(session, lead, settings, form_key="k")
    again = create(session, lead, settings, form_key="k")
    assert again.hook.id == first.hook.id
    assert again.secret == ""  # it was shown
    assert create(session, lead, settings, form_key="").hook.id != first.hook.id
    assert create(session, lead, settings, form_key="").hook.id != first.hook.id


def test_there_are_so_many_hooks_and_no_more(session, make, lead, settings, ours):
    for _ in range(service.MOST):
        make.webhook(lead.organisation_id)
        make.webhook()
    with pytest.raises(Conflict, match="too_many"):
        create(session, lead, settings)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "!!"}, "name"),
        ({"format": "slack"}, "format"),
        ({"address": ""}, "address"),
        ({"address": "ftp://hooks.example.com"}, "address"),
        ({"address": "https://127.0.0.1/in"}, "address"),
        ({"address": "https://elsewhere.example.net/in"}, "address"),
        ({"address": "http://hooks.example.com/in"}, "address"),
        ({"address": "https://hooks.example.com:8443/in"}, "address"),
        ({"address": "https://2130706433/"}, "address"),
        ({"format": "wecom", "address": DING_URL}, "address"),
        ({"format": "dingtalk", "address": WECOM_URL}, "address"),
        ({"events": []}, "events"),
        ({"events": ["need_submitted"]}, "events"),
        ({"events": ["nonsense"]}, "events"),
        ({"events": [events.TEST]}, "events"),
    ],
)
def test_what_cannot_be_is_refused_by_the_field(
    session, lead, settings, ours, given, field
):
    with pytest.raises(Invalid) as refused:
        create(session, lead, settings, **given)
    assert list(refused.value.fields) == [field]
    assert session.scalars(select(Webhook)).all() == []


def test_a_hook_is_not_resolved_when_it_is_entered(
    session, lead, settings, ours, monkeypatch
):
    """The answer of a form would tell who fills it in what names there are inside."""
    monkeypatch.setattr("socket.getaddrinfo", None)
    assert create(session, lead, settings).hook.id


@pytest.mark.parametrize(
    ("form", "address"), [("wecom", WECOM_URL), ("dingtalk", DING_URL)]
)
def test_the_robots_hosts_are_allowed_from_the_start(
    session, lead, settings, form, address
):
    made = create(session, lead, settings, format=form, address=address)
    assert made.secret == ""
    assert made.hook.secret is None


def test_what_is_left_blank_stays(session, lead, settings, ours):
    made = create(session, lead, settings)
    before = made.hook.address, made.hook.secret
    data = edit_input(made.hook, name="新名称", events=["need_expired"])
    hook = service.edit(session, lead, settings, made.hook.id, data, now=NOW)
    assert (hook.name, hook.events) == ("新名称", ["need_expired"])
    assert (hook.address, hook.secret) == before
    with pytest.raises(Conflict, match="stale"):
        service.edit(session, lead, settings, hook.id, data, now=NOW)


def test_an_address_is_judged_again_when_it_changes(session, lead, settings, ours):
    made = create(session, lead, settings)
    data = edit_input(made.hook, address="https://elsewhere.example.net/")
    with pytest.raises(Invalid):
        service.edit(session, lead, settings, made.hook.id, data, now=NOW)
    session.rollback()
    data = edit_input(made.hook, address="https://hooks.example.com/other")
    hook = service.edit(session, lead, settings, made.hook.id, data, now=NOW)
    opened = keeping.opened(hook.address, settings.key())
    assert opened == "https://hooks.example.com/other"


def test_a_secret_is_replaced_and_the_old_one_signs_for_a_day(
    session, lead, settings, ours
):
    made = create(session, lead, settings)
    again = service.rotate(session, lead, settings, made.hook.id, now=NOW)
    assert again.secret != made.secret
    (old,) = again.hook.old_secrets
    assert keeping.opened(old.secret, settings.key()) == made.secret
    assert old.until == NOW + timedelta(hours=24)


def test_a_secret_is_replaced_so_often_and_no_oftener(session, lead, settings, ours):
    """Each that still signs makes the headers of every message longer."""
    hook = create(session, lead, settings).hook
    for _ in range(service.MOST_REPLACED):
        service.rotate(session, lead, settings, hook.id, now=NOW)
    with pytest.raises(Conflict, match="too_many_secrets"):
        service.rotate(session, lead, settings, hook.id, now=NOW)
    later = NOW + service.OVERLAP
    assert service.rotate(session, lead, settings, hook.id, now=later).secret


def test_a_robot_has_no_secret_of_ours(session, make, lead, settings):
    hook = make.webhook(lead.organisation_id, format=WebhookFormat.WECOM)
    with pytest.raises(Conflict, match="no_secret"):
        service.rotate(session, lead, settings, hook.id, now=NOW)


def test_switched_off_what_waits_is_cancelled(session, make, lead):
    hook = make.webhook(lead.organisation_id)
    message = make.message(hook)
    service.turn_off(session, lead, hook.id, now=NOW)
    assert session.get(Webhook, hook.id).stopped_why is WebhookStop.OWNER
    session.expire_all()
    assert session.get(WebhookDelivery, message.id).state is DeliveryState.CANCELLED
    service.turn_on(session, lead, hook.id, now=NOW)
    assert session.get(Webhook, hook.id).is_on


def test_what_an_administrator_stopped_its_owner_does_not_start(session, make, lead):
    admin, hook = make.user(Role.ADMIN), make.webhook(lead.organisation_id)
    governing.stop(session, admin, hook.id, now=NOW)
    notice = session.scalars(select(Notice)).one()
    assert (notice.user_id, notice.kind) == (lead.id, "webhook_stopped")
    assert notice.facts["why"] == "平台管理员停用"
    for act in (service.turn_on, service.test):
        with pytest.raises(Conflict, match="stopped_by_admin"):
            act(session, lead, hook.id, now=NOW)
    governing.release(session, admin, hook.id, now=NOW)
    assert service.turn_on(session, lead, hook.id, now=NOW).is_on


def test_a_test_message_waits_for_the_worker(session, make, lead):
    hook = make.webhook(lead.organisation_id)
    message = service.test(session, lead, hook.id, now=NOW)
    assert (message.event, message.state) == (events.TEST, DeliveryState.WAITING)
    for _ in range(service.MOST_TESTS - 1):
        service.test(session, lead, hook.id, now=NOW)
    with pytest.raises(Conflict, match="too_many_tests"):
        service.test(session, lead, hook.id, now=NOW)
    service.test(session, lead, hook.id, now=NOW + service.TESTS_PERIOD)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_message_is_sent_again_under_its_old_id(session, make, lead, state):
    hook = make.webhook(lead.organisation_id)
    late = NOW + timedelta(hours=1)
    message = make.message(hook, state=state, attempts=3, retry_at=late)
    again = service.resend(session, lead, message.id, now=NOW)
    assert again.reference == message.reference
    assert (again.state, again.retry_at) == (DeliveryState.WAITING, NOW)


def test_a_test_and_a_hook_that_is_off_are_not_sent_again(session, make, lead):
    hook = make.webhook(lead.organisation_id)
    tested = make.message(hook, event=events.TEST, state=DeliveryState.FAILED)
    with pytest.raises(Conflict, match="test_again"):
        service.resend(session, lead, tested.id, now=NOW)
    off = make.webhook(lead.organisation_id, stopped_why=WebhookStop.OWNER)
    with pytest.raises(Conflict, match=r"webhook\.off"):
        service.resend(session, lead, make.message(off).id, now=NOW)


def test_a_hook_goes_with_its_log(session, make, lead):
    hook, kept = make.webhook(lead.organisation_id), make.message()
    make.message(hook)
    service.remove(session, lead, hook.id, now=NOW)
    assert session.get(Webhook, hook.id) is None
    assert list(session.scalars(select(WebhookDelivery.id))) == [kept.id]


def test_the_administrator_keeps_the_list_of_hosts(session, make, lead, settings):
    admin = make.user(Role.ADMIN)

    def allow(**given):
        data = parse(HostInput, {"pattern": "Hooks.Example.com"} | given)
        return governing.allow_host(session, admin, data, now=NOW)

    line = allow()
    assert (line.pattern, line.allows_private) == ("hooks.example.com", False)
    assert create(session, lead, settings).hook.id
    assert allow(allows_private="1").id == line.id
    assert session.get(WebhookHost, line.id).allows_private
    governing.remove_host(session, admin, line.id, now=NOW)
    with pytest.raises(Invalid):
        create(session, lead, settings)
    for who in (lead, make.staff()):
        with pytest.raises(Forbidden):
            governing.overview(session, who, 1)


def test_who_does_what_stands_in_the_history(session, make, lead, settings, ours):
    hook = create(session, lead, settings).hook
    service.edit(
        session, lead, settings, hook.id, edit_input(hook, name="别名"), now=NOW
    )
    service.rotate(session, lead, settings, hook.id, now=NOW)
    service.turn_off(session, lead, hook.id, now=NOW)
    service.turn_on(session, lead, hook.id, now=NOW)
    service.test(session, lead, hook.id, now=NOW)
    service.remove(session, lead, hook.id, now=NOW)
    query = select(History).where(History.record_type == "webhooks")
    rows = session.scalars(query.order_by(History.id)).all()
    assert [row.action.removeprefix("webhook.") for row in rows] == [
        "created",
        "edited",
        "secret_rotated",
        "turned_off",
        "turned_on",
        "tested",
        "deleted",
    ]
    assert {row.actor_id for row in rows} == {lead.id}
