"""Members, roles and invitations of one's own organisation."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matchmaker import policies
from matchmaker.accounts import personal
from matchmaker.accounts.passwords import hashed
from matchmaker.accounts.schema import PasswordOnly
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.organisations import service
from matchmaker.organisations.schema import Acceptance, InvitationInput, RoleInput
from models import Invitation, Mail, User, transaction
from models.states import OrganisationKind, OrganisationRole, Role

from ..conftest import NOW

GOOD = "horse battery 93"
MANAGER, OPERATOR, READER = OrganisationRole


@pytest.fixture
def boss(make):
    return make.user(org_role=MANAGER)


@pytest.fixture
def clerk(make, boss):
    return make.user(organisation_id=boss.organisation_id)


def invite(session, actor, email="wang@example.com", role=OPERATOR, now=NOW):
    data = InvitationInput(email=email, org_role=role)
    return service.invite(session, actor, data, now=now)


def accept(session, secret, now=NOW, new=GOOD):
    data = Acceptance(name="王五", new=new, repeated=new)
    return service.accept(session, secret, data, now=now)


def test_an_invited_person_becomes_a_member_with_the_role(session, boss):
    mail = invite(session, boss, role=READER)
    assert mail.facts["role"] == "只读"
    user = accept(session, mail.facts["token"])
    assert user.email == "wang@example.com"
    assert (user.organisation_id, user.org_role) == (boss.organisation_id, READER)
    assert user.role is Role.ENTERPRISE
    with pytest.raises(Conflict, match=r"link\.used"):
        accept(session, mail.facts["token"])


def test_a_member_of_a_university_gets_its_role(session, make):
    home = make.organisation(kind=OrganisationKind.INSTITUTE)
    boss = make.user(Role.UNIVERSITY, organisation_id=home.id, org_role=MANAGER)
    user = accept(session, invite(session, boss).facts["token"])
    assert user.role is Role.UNIVERSITY


def test_only_managers_invite_and_only_for_their_own(session, make, clerk):
    for actor in (clerk, make.user(org_role=READER)):
        with pytest.raises(Forbidden):
            invite(session, actor)
    with pytest.raises(Forbidden):
        invite(session, make.staff())
    assert session.scalar(select(func.count(Mail.id))) == 0


def test_an_invitation_sent_again_ends_the_first_link(session, boss):
    first = invite(session, boss).facts["token"]
    second = invite(session, boss).facts["token"]
    assert session.scalar(select(func.count(Invitation.id))) == 1
    with pytest.raises(Conflict, match=r"link\.used"):
        accept(session, first)
    assert accept(session, second)


def test_an_invitation_ends_with_its_week_or_when_taken_back(session, boss):
    secret = invite(session, boss).facts["token"]
    with pytest.raises(Conflict, match=r"link\.expired"):
        accept(session, secret, NOW + timedelta(days=7))
    number = session.scalars(select(Invitation.id)).one()
    service.withdraw(session, boss, number, now=NOW)
    with pytest.raises(Conflict, match=r"link\.used"):
        accept(session, secret)
    with pytest.raises(Conflict, match="closed"):
        service.withdraw(session, boss, number, now=NOW)


def test_a_member_is_not_invited_and_an_account_elsewhere_is_not_opened_twice(
    session, make, boss, clerk
):
    with pytest.raises(Invalid):
        invite(session, boss, clerk.email)
    make.user(email="wang@example.com")
    mail = invite(session, boss)
    with pytest.raises(Conflict, match="has_account"):
        accept(session, mail.facts["token"])


def test_a_refused_password_leaves_the_invitation_open(session, boss):
    secret = invite(session, boss).facts["token"]
    with pytest.raises(Invalid):
        accept(session, secret, new="12345")
    assert accept(session, secret)


def test_somebody_stays_in_charge(session, boss, clerk):
    for act in (
        lambda: service.set_role(
            session, boss, boss.id, RoleInput(org_role=READER), now=NOW
        ),
        lambda: service.close(session, boss, boss.id, now=NOW),
    ):
        with pytest.raises(Conflict):
            act()
    service.set_role(session, boss, clerk.id, RoleInput(org_role=MANAGER), now=NOW)
    service.set_role(session, boss, boss.id, RoleInput(org_role=READER), now=NOW)
    assert (boss.org_role, clerk.org_role) == (READER, MANAGER)


def test_a_closed_member_is_signed_out_and_may_come_back(session, login, boss, clerk):
    client = login(clerk)
    assert client.get("/profile").status_code == 200
    service.close(session, boss, clerk.id, now=NOW)
    assert client.get("/profile").status_code == 302
    service.reopen(session, boss, clerk.id, now=NOW)
    assert session.get_one(User, clerk.id).active


def test_who_left_for_good_does_not_come_back(session, make, boss, clerk):
    with transaction(session):
        clerk.password_hash = hashed(GOOD)
    personal.erase(session, clerk, PasswordOnly(password=GOOD), now=NOW)
    with pytest.raises(Conflict, match="erased"):
        service.reopen(session, boss, clerk.id, now=NOW)


def test_members_of_others_are_not_there(session, make, boss):
    stranger = make.user()
    for act in (service.close, service.reopen):
        with pytest.raises(NotFound):
            act(session, boss, stranger.id, now=NOW)
    with pytest.raises(NotFound):
        service.set_role(
            session, boss, stranger.id, RoleInput(org_role=READER), now=NOW
        )


def test_a_reader_reads_and_changes_nothing(make):
    reader = make.user(org_role=READER)
    need = make.need(organisation_id=reader.organisation_id)
    assert policies.may(reader, "history.read", need)
    for action in ("need.create", "need.edit", "need.withdraw"):
        assert not policies.may(reader, action, need)


def test_a_reader_is_offered_no_button_that_refuses(login, make):
    client = login(make.user(org_role=READER))
    for path in ("/", "/needs", "/needs/mine", "/organisation"):
        assert 'href="/needs/new"' not in client.get(path).text
    assert client.post("/needs/new", data={}).status_code in (403, 422)


def test_the_page_shows_a_manager_more_than_a_member(login, session, make, boss, clerk):
    invite(session, boss)
    make.registration(organisation_id=boss.organisation_id, email="asks@example.com")
    page = login(boss).get("/organisation").text
    for words in ("asks@example.com", "wang@example.com", "发出邀请", clerk.email):
        assert words in page
    page = login(clerk).get("/organisation").text
    assert boss.email in page
    for words in ("asks@example.com", "wang@example.com", "发出邀请"):
        assert words not in page


def test_an_invitation_is_sent_and_accepted_through_the_pages(
    app, login, session, boss, client
):
    manager = login(boss)
    bad = manager.post("/organisation/invitations", data={"email": "x"})
    assert bad.status_code == 422
    data = {"email": "Wang＠example.com", "org_role": "operator"}
    assert manager.post("/organisation/invitations", data=data).status_code == 303
    session.rollback()
    secret = session.scalars(select(Mail)).one().facts["token"]
    assert "wang@example.com" in client.get(f"/invitation?token={secret}").text
    form = {"token": secret, "name": "王五", "new": GOOD, "repeated": GOOD}
    weak = client.post("/invitation", data=form | {"repeated": "other"})
    assert weak.status_code == 422
    assert client.post("/invitation", data=form).location == "/"
    assert "王五" in client.get("/profile").text
    assert client.get(f"/invitation?token={secret}").status_code == 404


def test_roles_are_changed_on_the_page(login, boss, clerk, session):
    client = login(boss)
    path = f"/organisation/members/{clerk.id}/role"
    assert client.post(path, data={"org_role": "king"}).status_code == 422
    assert client.post(path, data={"org_role": "reader"}).status_code == 303
    session.rollback()
    assert session.get_one(User, clerk.id).org_role is READER


def test_service_bodies_and_parks_invite_into_their_roles(session, make):
    for kind, role in (
        (OrganisationKind.SERVICE_BODY, Role.MANAGER),
        (OrganisationKind.PARK, Role.ENTERPRISE),
    ):
        home = make.organisation(kind=kind)
        boss = make.user(role, organisation_id=home.id, org_role=MANAGER)
        email = f"{kind.value}@example.com"
        user = accept(session, invite(session, boss, email=email).facts["token"])
        assert (user.role, user.organisation_id) == (role, home.id)


def test_who_works_for_the_platform_is_nobodys_to_close(session, make, login):
    home = make.organisation(kind=OrganisationKind.SERVICE_BODY)
    boss = make.user(Role.MANAGER, organisation_id=home.id, org_role=MANAGER)
    staff = make.staff(organisation_id=home.id, name="沈审核")
    client = login(boss)
    page = client.get("/organisation").text
    assert "由平台管理员办理" in page
    assert f"/members/{staff.id}/" not in page
    for work in (
        lambda: service.close(session, boss, staff.id, now=NOW),
        lambda: service.set_role(
            session, boss, staff.id, RoleInput(org_role=READER), now=NOW
        ),
    ):
        with pytest.raises(Conflict, match=r"member\.of_platform"):
            work()
