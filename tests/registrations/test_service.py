"""Registration: kept, confirmed, decided; nobody is let in on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matchmaker.accounts import service as accounts
from matchmaker.accounts.schema import SignInInput
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.labels import ACTIONS
from matchmaker.registrations import deciding, queue, service
from matchmaker.registrations.schema import (
    Approval,
    CorrectionInput,
    QueueQuery,
    RegistrationInput,
    RegistrationReturn,
)
from matchmaker.schema import parse
from models import (
    History,
    Mail,
    Notice,
    Organisation,
    Registration,
    User,
    transaction,
)
from models.states import OrganisationKind, OrganisationRole, RegistrationState, Role

from ..conftest import NOW
from .test_schema import CODE, form

GOOD = "horse battery 93"
OTHER_CODE = "914301007900000005"


@pytest.fixture(scope="module", autouse=True)
def _other_code():
    from stdnum.cn import uscc

    global OTHER_CODE
    OTHER_CODE = OTHER_CODE[:-1] + uscc.calc_check_digit(OTHER_CODE[:-1])


def register(session, key="form-1", now=NOW, **given):
    data = parse(RegistrationInput, form(**given))
    return service.register(session, data, form_key=key, now=now)


def confirmed(session, key="form-1", **given):
    mail = register(session, key, **given)
    return service.confirm(session, mail.facts["token"], now=NOW)


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


def approve(session, actor, made):
    data = Approval(version=made.version)
    return deciding.approve(session, actor, made.id, data, now=NOW)


def give_back(session, actor, made, reason="名称与执照不一致"):
    data = RegistrationReturn(version=made.version, reason=reason)
    return deciding.give_back(session, actor, made.id, data, now=NOW)


def test_an_organisation_comes_in_with_its_first_member(session, make):
    staff = make.staff()
    made = confirmed(session)
    assert count(session, Organisation) == 0, "nothing before approval"
    assert session.scalars(select(Notice.user_id)).all() == [staff.id]

    user = approve(session, staff, made)

    home = user.organisation
    assert (home.name, home.credit_code) == ("湘江电池有限公司", CODE)
    assert (user.role, user.org_role) == (Role.ENTERPRISE, OrganisationRole.MANAGER)
    data = SignInInput(email="li@example.com", password=GOOD)
    assert accounts.sign_in(session, data, now=NOW).id == user.id
    assert session.scalars(select(Mail.kind).order_by(Mail.id)).all() == [
        "registration_confirm",
        "registration_approved",
    ]
    assert count(session, Notice) == 0, "nothing waits any more"
    assert set(session.scalars(select(History.action))) <= set(ACTIONS)


def test_nobody_signs_in_before_approval(session, make):
    confirmed(session)
    data = SignInInput(email="li@example.com", password=GOOD)
    with pytest.raises(Invalid):
        accounts.sign_in(session, data, now=NOW)


def test_a_form_sent_twice_is_one_registration_and_one_mail(session):
    assert register(session) is not None
    assert register(session) is None
    assert count(session, Registration) == count(session, Mail) == 1


def test_a_password_mended_in_the_form_counts(session, make):
    mail = register(session)
    assert (
        register(session, new="another horse 12", repeated="another horse 12") is None
    )
    approve(
        session, make.staff(), service.confirm(session, mail.facts["token"], now=NOW)
    )
    data = SignInInput(email="li@example.com", password="another horse 12")
    assert accounts.sign_in(session, data, now=NOW).name == "李四"


def test_nobody_is_pestered_with_registrations(session):
    for number in range(3):
        register(session, f"form-{number}")
    with pytest.raises(Conflict, match="too_many"):
        register(session, "form-4")
    assert count(session, Registration) == count(session, Mail) == 3


def test_going_back_to_mend_the_email_replaces_the_first_try(session):
    first = register(session, email="lii@example.com")
    second = register(session)
    assert count(session, Registration) == 1
    with pytest.raises(Conflict, match=r"link\.used"):
        service.confirm(session, first.facts["token"], now=NOW)
    made = service.confirm(session, second.facts["token"], now=NOW)
    assert made.email == "li@example.com"
    with pytest.raises(Conflict, match=r"registration\.sent"):
        register(session, email="again@example.com")


def test_a_second_registration_while_one_waits_is_told_by_mail_alone(session):
    confirmed(session)
    assert register(session, "form-2").kind == "registration_waits"
    assert count(session, Registration) == 1


def test_a_known_email_is_told_by_mail_alone(session, make):
    make.user(email="li@example.com")
    assert register(session).kind == "account_exists"
    assert count(session, Registration) == 0


def test_the_confirmed_try_replaces_the_others(session):
    register(session, "form-1")
    made = confirmed(session, "form-2")
    states = dict(session.execute(select(Registration.id, Registration.state)).all())
    assert states.pop(made.id) is RegistrationState.PENDING
    assert list(states.values()) == [RegistrationState.REPLACED]


def test_a_link_expires_and_what_nobody_confirmed_is_forgotten(session):
    mail = register(session)
    later = NOW + timedelta(days=3)
    with pytest.raises(Conflict, match=r"link\.expired"):
        service.confirm(session, mail.facts["token"], now=later)
    register(session, "form-2", now=NOW + timedelta(days=15), email="wang@example.com")
    emails = session.scalars(select(Registration.email)).all()
    assert emails == ["wang@example.com"]


# -- the same organisation again ----------------------------------------------


def test_a_known_code_is_joined_and_never_entered_twice(session, make):
    known = make.organisation(name="湘江电池有限公司", credit_code=CODE)
    for join in ("", "new", "999", "x"):
        with pytest.raises(Invalid) as refusal:
            register(session, organisation_name="完全不同的名字", join=join)
        assert "申请加入" in refusal.value.fields["join"]
    made = confirmed(session, join=str(known.id))
    user = approve(session, make.staff(), made)
    assert user.organisation_id == known.id
    assert count(session, Organisation) == 1


def test_another_spelling_of_a_known_name_is_asked_about(session, make):
    known = make.organisation(name="湘江电池有限公司")
    name = "长沙湘江电池 有限责任公司"
    with pytest.raises(Invalid) as refusal:
        register(session, organisation_name=name)
    assert "join" in refusal.value.fields
    assert register(session, organisation_name=name, join="new") is not None
    joined = confirmed(session, "form-2", organisation_name=name, join=str(known.id))
    approve(session, make.staff(), joined)
    session.refresh(known)
    assert known.credit_code == CODE, "staff approved the code with it"


def test_the_very_same_name_is_never_entered_twice(session, make):
    make.organisation(name="湘江电池有限公司", credit_code=OTHER_CODE)
    with pytest.raises(Invalid) as refusal:
        register(session, join="new")
    assert "organisation_name" in refusal.value.fields


def test_two_who_register_one_code_end_in_one_organisation(session, make):
    first = confirmed(session, "form-1")
    second = confirmed(
        session, "form-2", email="wang@example.com", organisation_name="湘江电池公司"
    )
    staff = make.staff()
    assert [r.id for r in queue.also_waiting(session, first)] == [second.id]
    a, b = approve(session, staff, first), approve(session, staff, second)
    assert a.organisation_id == b.organisation_id
    assert (a.org_role, b.org_role) == (
        OrganisationRole.MANAGER,
        OrganisationRole.OPERATOR,
    )


def test_a_name_taken_meanwhile_refuses_whole(session, make):
    made = confirmed(session)
    make.organisation(name="湘江电池有限公司", credit_code=OTHER_CODE)
    with pytest.raises(Conflict, match="name_taken"):
        approve(session, make.staff(), made)
    session.rollback()
    assert session.get_one(Registration, made.id).state is RegistrationState.PENDING


def test_an_email_taken_meanwhile_refuses_whole(session, make):
    made = confirmed(session)
    make.user(email="li@example.com")
    before = count(session, Organisation)
    with pytest.raises(Conflict, match="email_taken"):
        approve(session, make.staff(), made)
    assert count(session, Organisation) == before


# -- decisions -----------------------------------------------------------------


def test_a_returned_registration_is_mended_through_the_mail(session, make):
    staff = make.staff()
    made = give_back(session, staff, confirmed(session))
    mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert mail.facts["reason"] == "名称与执照不一致"
    data = parse(CorrectionInput, form(organisation_name="湘江动力电池有限公司"))
    again = service.correct(session, mail.facts["token"], data, now=NOW)
    assert (again.id, again.state) == (made.id, RegistrationState.PENDING)
    assert again.reason is None
    with pytest.raises(Conflict, match=r"link\.used"):
        service.correct(session, mail.facts["token"], data, now=NOW)
    assert approve(session, staff, again).organisation.name == "湘江动力电池有限公司"


def test_a_manager_decides_who_joins_its_own_organisation_only(session, make):
    home, other = make.organisation(credit_code=CODE), make.organisation()
    boss = make.user(organisation_id=home.id, org_role=OrganisationRole.MANAGER)
    clerk = make.user(organisation_id=home.id)
    stranger = make.user(organisation_id=other.id, org_role=OrganisationRole.MANAGER)
    made = confirmed(session, join=str(home.id))
    assert boss.id in session.scalars(select(Notice.user_id)).all()
    for outsider in (clerk, stranger, None):
        with pytest.raises((NotFound, Forbidden)):
            approve(session, outsider, made)
    fresh = make.registration()
    with pytest.raises(NotFound):
        approve(session, boss, fresh)
    assert approve(session, boss, made).organisation_id == home.id


def test_a_manager_does_not_set_the_code_of_its_organisation(session, make):
    home = make.organisation(name="湘江电池有限公司")
    boss = make.user(organisation_id=home.id, org_role=OrganisationRole.MANAGER)
    approve(session, boss, confirmed(session, join=str(home.id)))
    session.refresh(home)
    assert home.credit_code is None


def test_a_decision_is_about_what_was_read_and_made_once(session, make):
    staff, colleague = make.staff(), make.staff()
    made = make.registration()
    old = Approval(version=made.version - 1)
    with pytest.raises(Conflict, match="changed_since_read"):
        deciding.approve(session, staff, made.id, old, now=NOW)
    data = Approval(version=made.version)
    deciding.approve(session, staff, made.id, data, now=NOW)
    with pytest.raises(Conflict, match="already_handled"):
        deciding.approve(session, colleague, made.id, data, now=NOW)


def test_the_queue_shows_confirmed_ones_longest_wait_first(session, make):
    staff = make.staff()
    register(session)
    late = make.registration(submitted_at=NOW - timedelta(days=1))
    later = make.registration(credit_code=OTHER_CODE)
    rows = queue.queue(session, staff, QueueQuery()).rows
    assert [row.id for row in rows] == [late.id, later.id]
    assert queue.count_pending(session, staff) == 2
    approve(session, staff, late)
    assert [
        r.id for r in queue.queue(session, staff, QueueQuery(state="approved")).rows
    ] == [late.id]
    with pytest.raises(Forbidden):
        queue.queue(session, make.user(), QueueQuery())


def test_no_hash_of_a_password_is_kept_twice(session, make):
    made = confirmed(session)
    approve(session, make.staff(), made)
    session.refresh(made)
    assert made.password_hash == "!"


def test_a_failure_at_the_end_leaves_nothing(session, make, monkeypatch):
    made = confirmed(session)

    def broken(*_args, **_facts):
        raise RuntimeError("no mail today")

    monkeypatch.setattr(deciding, "_tell_approved", broken)
    with pytest.raises(RuntimeError):
        approve(session, make.staff(), made)
    assert count(session, Organisation) == 0
    assert session.scalar(select(User).where(User.email == "li@example.com")) is None
    with transaction(session):
        pass


# -- every kind of organisation -------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("enterprise", Role.ENTERPRISE),
        ("park", Role.ENTERPRISE),
        ("university", Role.UNIVERSITY),
        ("institute", Role.UNIVERSITY),
        ("service_body", Role.MANAGER),
    ],
)
def test_members_of_each_kind_come_in_with_its_role(session, make, kind, role):
    staff = make.staff()
    made = confirmed(session, kind=kind)
    assert count(session, User) == 1, "nobody before approval"
    user = approve(session, staff, made)
    assert (user.role, user.org_role) == (role, OrganisationRole.MANAGER)
    assert user.organisation.kind == kind


def test_a_new_technology_manager_waits_for_staff_alone(session, make):
    other = make.user(Role.MANAGER, org_role=OrganisationRole.MANAGER)
    made = confirmed(session, kind="service_body")
    with pytest.raises(NotFound):
        approve(session, other, made)
    assert approve(session, make.staff(), made).role is Role.MANAGER


def test_who_works_for_the_platform_is_not_in_charge_of_a_service_body(session, make):
    body = make.organisation(
        name="湘江技术转移中心", kind=OrganisationKind.SERVICE_BODY, credit_code=CODE
    )
    leads = OrganisationRole.MANAGER
    staff = make.staff(organisation_id=body.id, org_role=leads)
    made = confirmed(session, kind="service_body", join=str(body.id))
    user = approve(session, staff, made)
    assert (user.organisation_id, user.org_role) == (body.id, leads)
