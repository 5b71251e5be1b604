"""Contacts: opened person by person, read under a note, taken back at once."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from matchmaker.accounts import personal
from matchmaker.accounts.passwords import hashed
from matchmaker.accounts.schema import PasswordOnly
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.introductions import contacts
from matchmaker.introductions.schema import ContactInput
from models import ContactGrant, History, Mail, Notice, transaction
from models.states import (
    IntroductionStatus,
    OrganisationRole,
    Role,
    Secrecy,
)

from ..conftest import NOW

PHONE = "0731-88001234"
OPENED = ContactInput(phone=PHONE, by_mail=True, agreed=True)


@pytest.fixture
def world(make):
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    talks = make.introduction(
        make.need(organisation_id=firm.organisation_id),
        make.achievement(organisation_id=college.organisation_id),
    )
    return talks, firm, college


def read(session, user, talks):
    return [
        (one.name, one.phone, one.email)
        for one in contacts.read(session, user, talks.id, now=NOW)[1]
    ]


def notes(session):
    rows = session.scalars(
        select(History).where(History.action == "contact.read").order_by(History.id)
    )
    return [(row.actor_id, row.changes["person"][1]) for row in rows]


def test_a_contact_is_opened_after_both_agreed_to_the_other_side(session, make, world):
    talks, firm, college = world
    with pytest.raises(Conflict, match="not_talking"):
        contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    make.agreed(talks)
    contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    expected = [(firm.name, PHONE, firm.email)]
    colleague = make.user(organisation_id=firm.organisation_id)
    staff = make.staff()
    assert read(session, college, talks) == expected
    assert read(session, colleague, talks) == []
    assert read(session, firm, talks) == []
    assert read(session, staff, talks) == expected
    # Who read whose, at every reading.
    read(session, college, talks)
    who = [college.id, staff.id, college.id]
    assert notes(session) == [(one, firm.name) for one in who]
    seen = contacts.readings(session, firm, talks)
    assert [row.actor_id for row in seen] == list(reversed(who))
    assert contacts.readings(session, college, talks) == []
    assert len(contacts.readings(session, staff, talks)) == 3


def test_outsiders_and_readers_get_none(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    with pytest.raises(NotFound):
        contacts.read(session, make.user(), talks.id, now=NOW)
    reader = make.user(
        Role.UNIVERSITY,
        organisation_id=college.organisation_id,
        org_role=OrganisationRole.READER,
    )
    with pytest.raises(Forbidden):
        contacts.read(session, reader, talks.id, now=NOW)
    manager = make.user(Role.MANAGER)
    with pytest.raises(NotFound):
        contacts.read(session, manager, talks.id, now=NOW)
    with transaction(session):
        talks.manager_id = manager.id
    assert len(read(session, manager, talks)) == 1
    for user in (manager, make.staff()):
        with pytest.raises(Forbidden):
            contacts.open_own(session, user, talks.id, OPENED, now=NOW)


def test_what_is_taken_back_is_gone_at_once(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    grant = contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    contacts.revoke(session, firm, talks.id, now=NOW)
    assert read(session, college, talks) == []
    assert (grant.phone, grant.revoked_at) == ("", NOW)
    assert contacts.own(session, firm, talks) is None
    later = NOW + timedelta(days=1)
    by_mail = ContactInput(by_mail=True, agreed=True)
    contacts.open_own(session, firm, talks.id, by_mail, now=later)
    assert read(session, college, talks) == [(firm.name, "", firm.email)]
    assert len(session.scalars(select(ContactGrant)).all()) == 1


def test_talks_that_failed_close_the_contacts(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    with transaction(session):
        talks.move_to(IntroductionStatus.FAILED, now=NOW)
        talks.failed_code = "other"
    assert read(session, college, talks) == []
    # It may still be taken back, so that nothing lies there.
    contacts.revoke(session, firm, talks.id, now=NOW)


def test_no_phone_stands_in_a_notice_a_letter_or_the_history(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    read(session, college, talks)
    contacts.revoke(session, firm, talks.id, now=NOW)
    told = [row.facts for row in session.scalars(select(Notice))]
    assert told
    told += [row.facts for row in session.scalars(select(Mail))]
    told += [row.changes for row in session.scalars(select(History))]
    assert "88001234" not in str(told)


@pytest.mark.parametrize("phone", ["电话", "12", "<b>", "1" * 41, "13800000000;"])
def test_a_phone_is_a_number(phone):
    with pytest.raises(ValidationError):
        ContactInput(phone=phone, agreed=True)


def test_there_must_be_some_way_and_a_yes(session, make, world):
    talks, firm, _ = world
    make.agreed(talks)
    with pytest.raises(Invalid):
        contacts.open_own(session, firm, talks.id, ContactInput(agreed=True), now=NOW)
    with pytest.raises(ValidationError):
        ContactInput(phone=PHONE)


def test_an_erased_account_leaves_no_contact(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    with transaction(session):
        firm.password_hash = hashed("geheim-2026-x")
    contacts.open_own(session, firm, talks.id, OPENED, now=NOW)
    told = personal.export(session, firm, now=NOW)
    assert told["contacts_opened"][0]["phone"] == PHONE
    personal.erase(session, firm, PasswordOnly(password="geheim-2026-x"), now=NOW)
    assert read(session, college, talks) == []
    assert session.scalars(select(ContactGrant)).all() == []


def test_the_full_text_of_a_masked_need_is_read_under_a_note(session, make, world):
    _, firm, college = world
    need = make.need(
        organisation_id=firm.organisation_id,
        secrecy=Secrecy.MASKED,
        public_title="某产品",
        public_problem="某问题",
        public_targets=[],
    )
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item)
    with pytest.raises(Forbidden):
        contacts.read_need(session, college, talks.id, now=NOW)
    make.agreed(talks)
    contacts.read_need(session, college, talks.id, now=NOW)
    contacts.read_need(session, firm, talks.id, now=NOW)
    (note,) = contacts.readings(session, firm, talks)
    assert (note.action, note.actor_id) == ("introduction.need_read", college.id)
    with transaction(session):
        talks.move_to(IntroductionStatus.FAILED, now=NOW)
        talks.failed_code = "other"
    with pytest.raises(Forbidden):
        contacts.read_need(session, college, talks.id, now=NOW)
