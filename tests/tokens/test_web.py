"""The page of access tokens."""

import re

import pytest
from sqlalchemy import select

from matchmaker.accounts.secret import secret_hash
from matchmaker.organisations import service as organisations
from matchmaker.organisations.schema import RoleInput
from matchmaker.users import service as users
from matchmaker.users.schema import Closing, RoleChange
from models import ApiToken, History, User, UserSession
from models.states import OrganisationRole, Role

from ..conftest import NOW

FORM = {
    "name": "单位门户同步需求",
    "days": "90",
    "scopes": ["needs:read", "needs:write"],
}


@pytest.fixture
def leader(make):
    return make.user(
        organisation_id=make.organisation().id, org_role=OrganisationRole.MANAGER
    )


def kept(session):
    session.rollback()
    return session.scalars(select(ApiToken)).all()


def only_token(session):
    (token,) = kept(session)
    return token


def secret_in(page: str) -> str:
    return re.search(r"mmt_[A-Za-z0-9_-]{43}", page)[0]


def test_a_token_is_made_told_once_and_works(app, client, login, leader, session):
    page = login(leader).post("/tokens", data=FORM)
    secret = secret_in(page.text)
    row = only_token(session)
    assert row.token_hash == secret_hash(secret)
    assert secret.startswith(row.hint)
    assert secret not in login(leader).get("/tokens").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/needs/mine", headers=headers).status_code == 200
    assert only_token(session).used_at is not None


def test_a_revoked_token_is_over_at_once(client, login, leader, session):
    secret = secret_in(login(leader).post("/tokens", data=FORM).text)
    token = only_token(session)
    login(leader).post(f"/tokens/{token.id}/revoke")
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/needs", headers=headers).status_code == 401
    session.rollback()
    actions = session.scalars(select(History.action).order_by(History.id)).all()
    assert actions[-2:] == ["token.made", "token.revoked"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "名称"),
        ({"name": "x" * 61}, "60"),
        ({"scopes": []}, "权限"),
        ({"scopes": ["everything:write"]}, "权限范围"),
        ({"days": "9999"}, "365"),
        ({"days": "soon"}, "整数"),
    ],
)
def test_a_wrong_form_is_told_and_keeps_nothing(login, leader, session, change, told):
    page = login(leader).post("/tokens", data=FORM | change)
    assert page.status_code == 422
    assert told in page.text
    assert kept(session) == []


def test_only_who_leads_an_organisation_lets_programs_speak_for_it(login, make, leader):
    home = leader.organisation_id
    for role in (OrganisationRole.OPERATOR, OrganisationRole.READER):
        member = make.user(organisation_id=home, org_role=role)
        assert login(member).get("/tokens").status_code == 403
    for person in (make.staff(), make.user(Role.ADMIN), make.user(Role.EXPERT)):
        assert login(person).get("/tokens").status_code == 200


def test_one_sees_and_ends_the_tokens_of_ones_own_organisation_only(
    login, make, leader, session
):
    other = make.user(
        organisation_id=make.organisation().id, org_role=OrganisationRole.MANAGER
    )
    login(other).post("/tokens", data=FORM | {"name": "另一家单位的令牌"})
    token = only_token(session)
    assert "另一家单位的令牌" not in login(leader).get("/tokens").text
    assert login(leader).post(f"/tokens/{token.id}/revoke").status_code == 404
    second = make.user(
        organisation_id=other.organisation_id, org_role=OrganisationRole.MANAGER
    )
    assert login(second).post(f"/tokens/{token.id}/revoke").status_code == 303


def test_twenty_tokens_are_enough(login, leader):
    for _ in range(20):
        assert login(leader).post("/tokens", data=FORM).status_code == 200
    refused = login(leader).post("/tokens", data=FORM)
    assert refused.status_code == 409
    assert "20" in refused.text


def test_an_expired_token_is_shown_as_such(login, leader, session, make):
    login(leader).post("/tokens", data=FORM)
    only_token(session).expires_at = NOW.replace(year=2020)
    session.commit()
    assert "已过期" in login(leader).get("/tokens").text


@pytest.mark.parametrize(
    "change",
    [
        lambda session, boss, user: organisations.set_role(
            session, boss, user.id, RoleInput(org_role="operator"), now=NOW
        ),
        lambda session, boss, user: organisations.close(
            session, boss, user.id, now=NOW
        ),
    ],
)
def test_who_is_closed_or_leads_no_more_lets_no_program_speak(
    client, login, leader, make, session, change
):
    secret = secret_in(login(leader).post("/tokens", data=FORM).text)
    headers = {"Authorization": f"Bearer {secret}"}
    boss = make.user(
        organisation_id=leader.organisation_id, org_role=OrganisationRole.MANAGER
    )
    assert client.get("/api/v1/needs", headers=headers).status_code == 200
    change(session, boss, session.get(User, leader.id))
    organisations.reopen(session, boss, leader.id, now=NOW)
    assert client.get("/api/v1/needs", headers=headers).status_code == 401
    assert only_token(session).revoked_at == NOW


def test_a_token_of_staff_does_not_become_an_administrators(
    client, login, make, session
):
    person, admin = make.staff(), make.user(Role.ADMIN)
    secret = secret_in(login(person).post("/tokens", data=FORM).text)
    change = RoleChange(role=Role.ADMIN, reason="接替离任的管理员")
    users.change_role(session, admin, person.id, change, now=NOW)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/needs", headers=headers).status_code == 401


def test_an_account_that_was_closed_comes_back_with_nothing_open(make, session):
    person, admin = make.staff(), make.user(Role.ADMIN)
    make.user_session(person)
    users.close(session, admin, person.id, Closing(reason="离职交接"), now=NOW)
    users.reopen(session, admin, person.id, now=NOW)
    assert session.scalars(select(UserSession.ended_at)).all() == [NOW]


def test_the_token_of_who_left_is_shown_as_such(login, leader, make, session):
    login(leader).post("/tokens", data=FORM)
    boss = make.user(
        organisation_id=leader.organisation_id, org_role=OrganisationRole.MANAGER
    )
    session.get(User, leader.id).active = False
    session.commit()
    assert "已失效" in login(boss).get("/tokens").text
