"""Accounts through the service: passwords, signing in, the demonstration's five."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from matchmaker.accounts import passwords, service
from matchmaker.accounts.schema import NewUser, PasswordChange, SignInInput, weakness
from matchmaker.errors import Invalid
from matchmaker.labels import ACTIONS
from matchmaker.schema import parse
from models import History, Mandate, Organisation, User, transaction
from models.states import OrganisationKind, Role

from ..conftest import NOW

GOOD = "horse battery 93"
WEAK = [
    ("short1!", "至少 10 个字符"),
    ("zhang.san@example.com", "不能是您的邮箱"),
    ("zhang.san2026", "不能是您的邮箱"),
    ("8402957316", "不能只有数字"),
    ("８４０２９５７３１６", "不能只有数字"),
    ("password123", "太常见"),
    ("qwertyuiop1", "太常见"),
    ("a123456789", "太常见"),
    ("aaaaaaaaaaaa", "太常见"),
    ("Changsha1234", "太常见"),
    ("usuckballz1", "太常见"),
    ("1qaz2wsx3edc", "太常见"),
]


def new_user(**given: str) -> NewUser:
    form = {
        "email": "zhang.san@example.com",
        "name": "张三",
        "role": "enterprise",
        "organisation": "湘江测试有限公司",
        "password": GOOD,
    }
    return parse(NewUser, form | given)


def change(current: str = GOOD, new: str = "another horse 12", repeated: str = ""):
    return PasswordChange(current=current, new=new, repeated=repeated or new)


def sign_in(session, email: str, password: str) -> User:
    data = SignInInput(email=email, password=password)
    return service.sign_in(session, data, now=NOW)


@pytest.fixture
def person(session) -> User:
    return service.add_user(session, new_user(), now=NOW)


@pytest.mark.parametrize(("password", "why"), WEAK)
def test_a_guessable_password_is_refused_with_its_reason(password, why):
    typed = parse(NewUser, new_user().model_dump() | {"password": password}).password
    assert why in (weakness(typed, "zhang.san@example.com") or "")


@pytest.mark.parametrize(
    "password", [GOOD, "岳麓山下橘子洲头看湘江", "x7#Kq2!mVp", service.DEMO_PASSWORD]
)
def test_a_password_of_ones_own_is_taken(password):
    assert weakness(password, "zhang.san@example.com") is None


def test_a_new_account_opens_its_organisation_once(session, person):
    other = service.add_user(session, new_user(email="li@example.com"), now=NOW)
    assert other.organisation_id == person.organisation_id
    assert person.organisation.kind is OrganisationKind.ENTERPRISE
    assert session.scalar(select(func.count(Organisation.id))) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a\x00b@example.com"}, "email"),
        ({"name": " "}, "name"),
        ({"role": "king"}, "role"),
        ({"password": "1234567890"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": "null\x00in the middle"}, "password"),
        ({"organisation": ""}, "organisation"),
        ({"kind": "university"}, "kind"),
    ],
)
def test_an_account_with_bad_facts_is_refused_whole(session, given, field):
    with pytest.raises(Invalid) as refusal:
        service.add_user(session, new_user(**given), now=NOW)
    assert field in refusal.value.fields
    assert session.scalar(select(func.count(User.id))) == 0
    assert session.scalar(select(func.count(Organisation.id))) == 0


def test_an_email_has_one_account_however_it_is_written(session, person):
    with pytest.raises(Invalid, match="invalid") as refusal:
        service.add_user(session, new_user(email="ZHANG.SAN@Example.com"), now=NOW)
    assert refusal.value.fields == {"email": "这个邮箱已有账号"}


def test_a_person_signs_in_by_email_in_any_case(session, person):
    assert sign_in(session, "Zhang.San@EXAMPLE.com", GOOD).id == person.id


def test_full_width_keys_are_the_same_keys(session, person):
    data = parse(
        SignInInput,
        {"email": person.email, "password": "horse battery ９３"},
    )
    assert service.sign_in(session, data, now=NOW).id == person.id


def test_every_refused_sign_in_reads_the_same(session, make, person):
    closed = service.add_user(session, new_user(email="closed@example.com"), now=NOW)
    service.set_active(session, closed.email, False, now=NOW)
    without = make.user()
    refusals = []
    for email, password in (
        ("nobody@example.com", GOOD),
        (person.email, "not the password"),
        (closed.email, GOOD),
        (without.email, "!"),
    ):
        with pytest.raises(Invalid) as refusal:
            sign_in(session, email, password)
        refusals.append(refusal.value.fields)
    assert refusals == [{"form": service.WRONG}] * 4


def test_every_refused_sign_in_does_the_same_work(session, make, person, monkeypatch):
    passwords.matches(None, "warm")  # the hash to compare with is made once
    without = make.user()
    seen = []
    real = passwords.hasher

    class Watching:
        def verify(self, stored, password):
            try:
                right = real.verify(stored, password)
            except Exception as error:
                if "InvalidHash" not in type(error).__name__:
                    seen[-1] += 1
                raise
            seen[-1] += 1
            return right

    monkeypatch.setattr(passwords, "hasher", Watching())
    for email in (person.email, "nobody@example.com", without.email):
        seen.append(0)
        with pytest.raises(Invalid):
            sign_in(session, email, "not the password")
    assert seen == [1, 1, 1]


def test_an_old_hash_is_made_anew_at_sign_in(session, person):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with transaction(session):
        person.password_hash = weak.hash(GOOD)
    assert passwords.is_outdated(person.password_hash)

    sign_in(session, person.email, GOOD)

    session.refresh(person)
    assert not passwords.is_outdated(person.password_hash)
    assert sign_in(session, person.email, GOOD).id == person.id


def test_a_changed_password_opens_the_account_and_the_old_one_does_not(session, person):
    before = person.get_id()
    service.change_password(session, person, change(), now=NOW)
    assert sign_in(session, person.email, "another horse 12").id == person.id
    assert person.get_id() != before, "sessions of the old password end"
    with pytest.raises(Invalid):
        sign_in(session, person.email, GOOD)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (change(current="not mine at all"), "current"),
        (change(new="password123"), "new"),
        (change(new=GOOD), "new"),
        (change(repeated="another horse 13"), "repeated"),
    ],
)
def test_a_refused_change_leaves_the_password(session, person, data, field):
    with pytest.raises(Invalid) as refusal:
        service.change_password(session, person, data, now=NOW)
    assert list(refusal.value.fields) == [field]
    assert sign_in(session, person.email, GOOD).id == person.id


def test_what_happens_to_an_account_is_in_its_history_with_words(session, person):
    service.change_password(session, person, change(), now=NOW)
    service.set_active(session, person.email, False, now=NOW)
    service.set_active(session, person.email, True, now=NOW)
    actions = session.scalars(select(History.action).order_by(History.id)).all()
    assert actions == [
        "user.created",
        "user.password_changed",
        "user.deactivated",
        "user.activated",
    ]
    assert set(actions) <= set(ACTIONS)


def test_the_demonstration_has_its_accounts_once(session, make):
    firm, university = make.organisation(), make.organisation()
    first = service.create_demo_accounts(session, firm.id, university.id, now=NOW)
    assert [user.email for user in first] == [a.email for a in service.DEMO_ACCOUNTS]
    assert all(user.is_demo for user in first)
    [manager] = [user for user in first if user.role is Role.MANAGER]
    assert manager.organisation.name == service.DEMO_BODY
    assert {user.organisation_id for user in first if not user.is_staff} == {
        firm.id,
        university.id,
        manager.organisation_id,
        None,  # an expert speaks for none
    }
    [mandate] = session.scalars(select(Mandate))
    assert (mandate.manager, mandate.organisation) == (manager, firm)
    assert [u.role for u in first].count(Role.STAFF) == 2

    assert service.create_demo_accounts(session, firm.id, university.id, now=NOW) == []
    for account in service.DEMO_ACCOUNTS:
        user = sign_in(session, account.email, service.DEMO_PASSWORD)
        assert user.role is account.role
