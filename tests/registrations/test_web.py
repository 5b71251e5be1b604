"""From the form to the first sign-in, through the pages."""

import pytest
from sqlalchemy import select

from models import Mail, Registration
from models.states import RegistrationState

from .test_schema import CODE, form

GOOD = "horse battery 93"


def last_mail(session):
    session.rollback()
    return session.scalars(select(Mail).order_by(Mail.id.desc())).first()


def made(session):
    session.rollback()
    return session.scalars(select(Registration)).one()


def test_a_firm_registers_and_is_let_in(app, client, session, make, login):
    sent = client.post("/register", data=form(form_key="k"))
    assert sent.location == "/register/sent"
    secret = last_mail(session).facts["token"]
    page = client.get(f"/register/confirm?token={secret}").text
    assert "湘江电池有限公司" in page
    assert made(session).state is RegistrationState.UNCONFIRMED, (
        "a look changes nothing"
    )
    done = client.post("/register/confirm", data={"token": secret})
    assert done.location == "/register/confirmed"

    staff = login(make.staff())
    number = made(session).id
    assert f"/registrations/{number}" in staff.get("/registrations").text
    page = staff.get(f"/registrations/{number}").text
    assert CODE in page
    version = {"version": made(session).version}
    assert (
        staff.post(f"/registrations/{number}/approve", data=version).status_code == 303
    )

    answer = client.post("/sign-in", data={"email": "li@example.com", "password": GOOD})
    assert answer.status_code == 303
    assert "湘江电池有限公司" in client.get("/organisation").text


def test_a_used_link_says_so(client, session):
    client.post("/register", data=form(form_key="k"))
    secret = last_mail(session).facts["token"]
    client.post("/register/confirm", data={"token": secret})
    for answer in (
        client.post("/register/confirm", data={"token": secret}),
        client.get(f"/register/confirm?token={secret}"),
    ):
        assert answer.status_code == 404
        assert "已经用过" in answer.text
    assert "无效" in client.get("/register/confirm?token=nonsense").text


def test_a_known_firm_is_offered_instead_of_a_second_one(client, make):
    known = make.organisation(name="湘江电池有限责任公司", credit_code=CODE)
    answer = client.post("/register", data=form(form_key="k"))
    assert answer.status_code == 422
    assert "申请加入「湘江电池有限责任公司」" in answer.text
    assert "不是同一家" not in answer.text
    assert 'value="李四"' in answer.text
    assert GOOD not in answer.text
    joined = client.post("/register", data=form(form_key="k", join=str(known.id)))
    assert joined.status_code == 303


def test_a_firm_of_a_like_name_may_be_another(client, make):
    make.organisation(name="长沙湘江电池股份有限公司")
    answer = client.post("/register", data=form(form_key="k"))
    assert "不是同一家，登记为新单位" in answer.text
    another = client.post("/register", data=form(form_key="k", join="new"))
    assert another.status_code == 303


def test_the_answer_is_the_same_for_a_known_email(client, make, session):
    make.user(email="li@example.com")
    known = client.post("/register", data=form(form_key="k"))
    assert last_mail(session).kind == "account_exists"
    other = client.post("/register", data=form(form_key="n", email="wang@example.com"))
    assert (known.status_code, known.location) == (other.status_code, other.location)


def test_all_that_is_wrong_is_told_at_once(client, session):
    bad = form(credit_code="123", email="li", new="1", repeated="1", name="名" * 5000)
    answer = client.post("/register", data=bad)
    assert answer.status_code == 422
    for field in ("credit_code", "email", "name"):
        assert f'href="#{field}"' in answer.text
    assert session.scalar(select(Registration)) is None


def test_a_return_needs_its_reason(login, make):
    waiting = make.registration()
    staff = login(make.staff())
    data = {"version": waiting.version, "reason": "不"}
    refused = staff.post(f"/registrations/{waiting.id}/return", data=data)
    assert refused.status_code == 422
    assert "至少填写 5 个字" in refused.text


def test_a_returned_registration_is_opened_again_from_the_mail(
    client, login, make, session
):
    waiting = make.registration()
    data = {"version": waiting.version, "reason": "请填写执照上的全称"}
    login(make.staff()).post(f"/registrations/{waiting.id}/return", data=data)
    secret = last_mail(session).facts["token"]
    page = client.get(f"/register/correct?token={secret}").text
    assert "请填写执照上的全称" in page
    assert waiting.organisation_name in page
    sent = form(token=secret, organisation_name="湘江动力电池有限公司")
    assert client.post("/register/correct", data=sent).status_code == 303
    assert made(session).state is RegistrationState.PENDING


def test_the_waiting_room_shows_the_mail_of_a_demonstration(
    app, client, monkeypatch, session
):
    assert "/mail/mine" not in client.get("/register/sent").text
    open_ = app.config["SETTINGS"].model_copy(update={"open_outbox": True})
    monkeypatch.setitem(app.config, "SETTINGS", open_)
    client.post("/register", data=form(form_key="k"))
    assert "/mail/mine" in client.get("/register/sent").text
    secret = last_mail(session).facts["token"]
    assert secret in client.get("/mail/mine").text
    assert secret not in app.test_client().get("/mail/mine").text


@pytest.mark.parametrize("path", ["/registrations", "/registrations/1"])
def test_registrations_are_not_for_members(login, make, path):
    make.registration(id=1)
    assert login(make.user()).get(path).status_code in (403, 404)


def test_a_node_sees_the_registrations_of_its_districts(make, login):
    staff = make.staff()
    make.node(name="浏阳分平台", districts=["浏阳市"], fields=[], staff=[staff])
    make.registration(organisation_name="浏阳花炮有限公司", district="浏阳市")
    make.registration(organisation_name="岳麓仪器有限公司", district="岳麓区")
    make.registration(
        organisation_name="浏阳旧厂有限公司",
        district="浏阳市",
        state=RegistrationState.RETURNED,
        decided_at=make.now,
    )
    client = login(staff)
    page = client.get("/registrations?node=mine").text
    assert "浏阳花炮有限公司" in page
    assert "岳麓仪器有限公司" not in page
    assert "我的节点（浏阳分平台）" in page
    assert 'href="?node=mine&amp;state=returned"' in page
    page = client.get("/registrations?node=mine&state=returned").text
    assert "浏阳旧厂有限公司" in page
    assert "浏阳花炮有限公司" not in page
    assert client.get("/registrations?node=999999").status_code == 404
    assert client.get("/registrations?state=new").status_code == 422
