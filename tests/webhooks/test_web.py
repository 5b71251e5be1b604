"""The pages of hooks."""

import re

import pytest
from sqlalchemy import select

from models import Webhook, WebhookDelivery
from models.states import DeliveryState, OrganisationRole, Role, WebhookStop

FORM = {
    "name": "项目部系统",
    "format": "json",
    "address": "https://hooks.example.com/in?token=abcdefghij",
    "events": ["need_published", "contract_signed"],
}


@pytest.fixture
def lead(make):
    make.webhook_host("hooks.example.com")
    return make.user(org_role=OrganisationRole.MANAGER)


def secret_in(page):
    return re.search(r"whsec_[\w+/=]+", page.text)


def test_a_hook_is_made_its_secret_shown_once_and_tested(login, lead, session):
    client = login(lead)
    assert "新建推送" in client.get("/webhooks").text
    made = client.post("/webhooks/new", data=FORM)
    assert made.status_code == 200
    assert secret_in(made)
    assert "no-store" in made.headers["Cache-Control"]
    session.rollback()
    hook = session.scalars(select(Webhook)).one()
    page = client.get(f"/webhooks/{hook.id}")
    assert not secret_in(page)
    assert "abcdefghij" not in page.text
    assert "需求与成果：需求已发布" in page.text
    assert "技术合同：合同已签订" in page.text
    assert client.post(f"/webhooks/{hook.id}/test").status_code == 303
    page = client.get(f"/webhooks/{hook.id}")
    assert "测试消息" in page.text
    assert "待发送" in page.text
    assert 'data-refresh="2"' in page.text


def test_a_secret_is_replaced_on_a_page_of_its_own(login, lead, make):
    hook = make.webhook(lead.organisation_id)
    page = login(lead).post(f"/webhooks/{hook.id}/secret")
    assert secret_in(page)
    assert "24 小时内" in page.text


def test_what_was_typed_comes_back_with_what_is_wrong(login, lead, session):
    wrong = FORM | {"address": "https://elsewhere.example.net/in"}
    page = login(lead).post("/webhooks/new", data=wrong)
    assert page.status_code == 422
    assert "平台不允许推送到" in page.text
    assert "项目部系统" in page.text
    assert page.text.count(" checked") == 3  # the format and both kinds
    session.rollback()
    assert session.scalars(select(Webhook)).all() == []


def test_a_new_hook_hears_of_everything_unless_unticked(login, lead):
    client = login(lead)
    page = client.get("/webhooks/new").text
    assert page.count(" checked") == page.count('type="checkbox"') + 1 > 50
    none = {name: value for name, value in FORM.items() if name != "events"}
    page = client.post("/webhooks/new", data=none)
    assert page.status_code == 422
    assert "请至少选一种消息" in page.text
    assert page.text.count(" checked") == 1  # the format


def test_the_log_says_what_became_of_each_message(login, lead, make):
    hook = make.webhook(lead.organisation_id)
    make.message(
        hook,
        state=DeliveryState.FAILED,
        attempts=10,
        status_code=500,
        record_id=7,
        last_error="对方答复 HTTP 500",
        answer="<script>alert(1)</script>",
        title="不在记录里",
    )
    for _ in range(25):
        make.message(hook, state=DeliveryState.SENT, attempts=1, status_code=200)
    client = login(lead)
    first, second = (client.get(f"/webhooks/{hook.id}?page={n}").text for n in (1, 2))
    assert "第 <span" in first
    assert "已送达" in first
    assert second.count("HTTP 500") == 1
    assert '<a href="/needs/7">需求已发布</a>' in second
    assert "&lt;script&gt;alert" in second
    assert "<script>alert" not in second
    assert "不在记录里" not in first + second


def test_a_message_is_sent_again_from_the_log(login, lead, make, session):
    message = make.message(
        make.webhook(lead.organisation_id), state=DeliveryState.FAILED
    )
    answer = login(lead).post(f"/webhooks/messages/{message.id}/resend")
    assert answer.status_code == 303
    session.rollback()
    again = session.get(WebhookDelivery, message.id, populate_existing=True)
    assert again.state is DeliveryState.WAITING


def test_on_off_edit_and_delete(login, lead, make, session):
    hook = make.webhook(lead.organisation_id)
    client = login(lead)
    assert client.post(f"/webhooks/{hook.id}/off").status_code == 303
    assert "已停用" in client.get("/webhooks").text
    assert client.post(f"/webhooks/{hook.id}/on").status_code == 303
    assert (
        "现在是 https://hooks.example.com/in"
        in client.get(f"/webhooks/{hook.id}/edit").text
    )
    changed = {"name": "改过的名称", "events": ["need_expired"], "version": "1"}
    assert client.post(f"/webhooks/{hook.id}/edit", data=changed).status_code == 303
    assert "改过的名称" in client.get("/webhooks").text
    assert client.post(f"/webhooks/{hook.id}/edit", data=changed).status_code == 409
    assert client.post(f"/webhooks/{hook.id}/delete").status_code == 303
    session.rollback()
    assert session.scalars(select(Webhook)).all() == []


def test_the_menu_offers_hooks_to_who_keeps_them(login, make, lead):
    link = 'href="/webhooks"'
    assert link in login(lead).get("/organisation").text
    assert link in login(make.staff()).get("/notices").text
    assert link not in login(make.user()).get("/notices").text


def test_the_administrator_sees_whose_hooks_there_are_and_not_what_they_carry(
    login, make, lead
):
    hook = make.webhook(lead.organisation_id, address=FORM["address"], name="某推送")
    make.message(hook, title="不给管理员看", answer="也不看")
    admin = login(make.user(Role.ADMIN))
    page = admin.get("/admin/webhooks").text
    assert lead.organisation.name in page
    assert "某推送" in page
    assert "hooks.example.com" in page
    assert "oapi.dingtalk.com" in page
    for hidden in ("abcdefghij", "不给管理员看", "也不看"):
        assert hidden not in page
    assert admin.get(f"/webhooks/{hook.id}").status_code == 404
    assert login(make.staff()).get("/admin/webhooks").status_code == 403


def test_the_administrator_stops_and_releases_a_hook(login, make, lead, session):
    hook = make.webhook(lead.organisation_id)
    admin, owner = login(make.user(Role.ADMIN)), login(lead)
    assert admin.post(f"/admin/webhooks/{hook.id}/stop").status_code == 303
    assert "平台管理员停用" in owner.get("/webhooks").text
    assert owner.post(f"/webhooks/{hook.id}/on").status_code == 409
    assert admin.post(f"/admin/webhooks/{hook.id}/release").status_code == 303
    session.rollback()
    stopped = session.get(Webhook, hook.id, populate_existing=True)
    assert stopped.stopped_why is WebhookStop.OWNER


def test_the_administrator_allows_a_host_and_takes_it_back(login, make):
    admin = login(make.user(Role.ADMIN))
    wrong = admin.post("/admin/webhooks/hosts", data={"pattern": "*.com"})
    assert wrong.status_code == 422
    assert "至少两段" in wrong.text
    ticked = {"pattern": "10.1.2.3:8080", "allows_http": "1", "allows_private": "1"}
    assert admin.post("/admin/webhooks/hosts", data=ticked).status_code == 303
    page = admin.get("/admin/webhooks").text
    assert "10.1.2.3:8080" in page
    number = re.search(r"/admin/webhooks/hosts/(\d+)/remove", page)[1]
    gone = admin.post(f"/admin/webhooks/hosts/{number}/remove")
    assert gone.status_code == 303
    admin.get("/admin/webhooks")  # which says so once
    assert "10.1.2.3:8080" not in admin.get("/admin/webhooks").text


def test_the_audit_log_has_words_for_all_of_it(login, make, lead):
    login(lead).post("/webhooks/new", data=FORM)
    page = login(make.user(Role.ADMIN)).get("/admin/audit").text
    assert "新建消息推送" in page
    assert "abcdefghij" not in page
