"""What is kept about a person, handed over and taken out."""

import json

import pytest
from sqlalchemy import func, select

from matchmaker.accounts import personal, sessions
from matchmaker.accounts.passwords import hashed
from matchmaker.accounts.schema import PasswordOnly
from matchmaker.errors import Conflict, Invalid
from matchmaker.history import service as history
from matchmaker.mail import service as mail
from models import History, Mail, Notice, Registration, User, UserSession, transaction
from models.states import OrganisationRole, Role

from ..conftest import NOW
from ..walk import notify

GOOD = "horse battery 93"
PROOF = PasswordOnly(password=GOOD)


@pytest.fixture
def person(make, session):
    person = make.user(
        email="li@example.com", name="李四光", password_hash=hashed(GOOD)
    )
    need = make.need(organisation_id=person.organisation_id, author_id=person.id)
    notify(make, person.id, need.id)
    sessions.start(session, person, agent="Firefox", address="10.0.0.7", now=NOW)
    make.registration(email=person.email, name=person.name, user_id=person.id)
    with transaction(session):
        mail.queue(session, person.email, "notice", now=NOW, title="李四光", words="")
        history.record(session, person, "need.created", need, now=NOW)
    return person


def test_an_export_holds_everything_of_the_person_and_no_secret(session, make, person):
    other = make.user(organisation_id=person.organisation_id, email="wang@example.com")
    found = personal.export(session, person, now=NOW)
    text = json.dumps(found, ensure_ascii=False)
    assert found["account"]["email"] == "li@example.com"
    assert found["sessions"][0]["address"] == "10.0.0.7"
    assert [row["title"] for row in found["needs_written"]]
    assert [row["action"] for row in found["actions"]] == ["新建需求", "导出个人数据"]
    assert len(found["notices"]) == len(found["mails"]) == 1
    assert person.password_hash not in text
    assert other.email not in text


def test_an_export_is_a_file(login, person):
    answer = login(person).post("/profile/data/export")
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.get_json()["account"]["name"] == "李四光"


def test_who_leaves_is_nowhere_by_name_and_the_history_stays(session, person):
    number, before = person.id, session.scalar(select(func.count(History.id)))
    personal.erase(session, person, PROOF, now=NOW)
    user = session.get_one(User, number)
    assert (user.name, user.active) == ("已注销用户", False)
    for table in (User, Registration):
        rows = session.execute(select(table.__table__)).mappings().all()
        assert "李四光" not in str(rows)
        assert "li@example.com" not in str(rows)
    for table in (Mail, Notice, UserSession):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.scalar(select(func.count(History.id))) == before + 1
    assert session.scalars(select(History.actor_id)).all() == [number] * (before + 1)


def test_it_takes_the_password_to_leave(session, person, login):
    with pytest.raises(Invalid):
        personal.erase(session, person, PasswordOnly(password="guess"), now=NOW)
    client = login(person)
    refused = client.post("/profile/data/erase", data={"password": "guess"})
    assert refused.status_code == 422
    assert client.post("/profile/data/erase", data={"password": GOOD}).location == "/"
    assert client.get("/profile").status_code == 302


def test_the_last_in_charge_hands_over_first(session, make, person):
    with transaction(session):
        person.org_role = OrganisationRole.MANAGER
    colleague = make.user(organisation_id=person.organisation_id)
    with pytest.raises(Conflict, match="needed"):
        personal.erase(session, person, PROOF, now=NOW)
    with transaction(session):
        colleague.org_role = OrganisationRole.MANAGER
    personal.erase(session, person, PROOF, now=NOW)


def test_the_last_admin_stays(session, make):
    admin = make.user(Role.ADMIN, password_hash=hashed(GOOD))
    with pytest.raises(Conflict, match="needed"):
        personal.erase(session, admin, PROOF, now=NOW)
    make.user(Role.ADMIN)
    personal.erase(session, admin, PROOF, now=NOW)


def test_an_erased_email_may_come_again(session, make, person):
    personal.erase(session, person, PROOF, now=NOW)
    assert make.user(email="li@example.com").id


def test_a_name_is_changed_by_its_owner(login, session, person):
    client = login(person)
    assert client.post("/profile/details", data={"name": " "}).status_code == 422
    long = client.post("/profile/details", data={"name": "长" * 5000})
    assert long.status_code == 422
    assert "最多 64 个字" in long.text
    assert client.post("/profile/details", data={"name": "李 四"}).status_code == 303
    session.rollback()
    assert session.get_one(User, person.id).name == "李 四"
