"""Experts are invited, say what binds them, and speak for no organisation."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from matchmaker.accounts.schema import SignInInput
from matchmaker.accounts.service import sign_in
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.experts import conflicts, service, ties
from matchmaker.experts.schema import ExpertInput, ExpertQuery, Joining, TieInput
from matchmaker.users.schema import RoleChange
from matchmaker.users.service import change_role
from models import Mail
from models.states import Role, TieKind

from ..conftest import NOW

PASSWORD = "评审-2026-密码很长"


def invited(session, make, **given):
    values = {"email": "yu@example.com", "name": "余专家", "employer": "岳麓大学"}
    data = ExpertInput(**values | given)
    return service.invite(session, make.staff(), data, now=NOW)


def test_an_invited_expert_chooses_a_password_and_signs_in(session, make):
    expert, mail = invited(session, make)
    assert expert.user.organisation_id is None
    assert expert.employer == "岳麓大学"
    secret = mail.facts["token"]
    data = Joining(name="余真名", new=PASSWORD, repeated=PASSWORD)
    service.join(session, secret, data, now=NOW)
    typed = SignInInput(email="yu@example.com", password=PASSWORD)
    assert sign_in(session, typed, now=NOW).name == "余真名"
    with pytest.raises(Conflict, match=r"link\.used"):
        service.join(session, secret, data, now=NOW)


def test_another_invitation_ends_the_link_before_until_somebody_joined(session, make):
    expert, mail = invited(session, make)
    again = service.invite_again(session, make.staff(), expert.id, now=NOW)
    data = Joining(name="余专家", new=PASSWORD, repeated=PASSWORD)
    with pytest.raises(Conflict, match=r"link\.used"):
        service.join(session, mail.facts["token"], data, now=NOW)
    service.join(session, again.facts["token"], data, now=NOW)
    with pytest.raises(Conflict, match=r"expert\.joined"):
        service.invite_again(session, make.staff(), expert.id, now=NOW)


def test_only_staff_invite_and_an_email_has_one_account(session, make):
    known = make.user()
    with pytest.raises(Invalid) as refusal:
        invited(session, make, email=known.email)
    assert list(refusal.value.fields) == ["email"]
    assert session.scalar(select(Mail)) is None
    data = ExpertInput(email="a@example.com", name="甲", employer="某大学")
    for person in (make.user(), make.user(Role.EXPERT)):
        with pytest.raises(Forbidden):
            service.invite(session, person, data, now=NOW)


def test_a_tie_is_known_by_name_before_and_after_the_firm_is_here(session, make):
    firm = make.organisation(name="湖南湘江电池有限公司")
    expert = make.expert()
    data = TieInput(organisation="湘江电池", kind=TieKind.SHARES, words="持股 2%")
    tie = ties.declare(session, expert.user, expert.id, data, now=NOW)
    assert tie.organisation_id == firm.id
    ties.declare(
        session,
        make.staff(),
        expert.id,
        TieInput(organisation="后来科技有限公司", kind=TieKind.FAMILY),
        now=NOW,
    )
    later = make.organisation(name="湖南后来科技有限公司")
    session.refresh(expert)
    found = conflicts.conflicts(expert.ties, [firm, later, make.organisation()])
    assert [one.organisation for one in found] == [firm, later]
    assert found[0].words == "湖南湘江电池有限公司：持股或有其他经济利益（持股 2%）"


def test_a_tie_is_declared_once_and_an_employer_stays_until_there_is_another(
    session, make
):
    expert = make.expert()
    [employer] = expert.ties
    with pytest.raises(Conflict, match=r"expert\.last_employer"):
        ties.end(session, expert.user, employer.id, now=NOW)
    data = TieInput(organisation=employer.name, kind=TieKind.EMPLOYER)
    with pytest.raises(Conflict, match=r"expert\.tie_known"):
        ties.declare(session, expert.user, expert.id, data, now=NOW)
    other = TieInput(organisation="另一家研究院", kind=TieKind.EMPLOYER)
    ties.declare(session, expert.user, expert.id, other, now=NOW)
    ties.end(session, expert.user, employer.id, now=NOW)
    session.refresh(expert)
    assert expert.employer == "另一家研究院"


def test_the_ties_of_another_do_not_exist_for_an_expert(session, make):
    mine, other = make.expert(), make.expert()
    data = TieInput(organisation="某公司", kind=TieKind.OTHER)
    with pytest.raises(NotFound):
        ties.declare(session, mine.user, other.id, data, now=NOW)
    with pytest.raises(NotFound):
        ties.end(session, mine.user, other.ties[0].id, now=NOW)
    with pytest.raises(NotFound):
        service.find(session, mine.user, other.id)


def test_experts_are_found_by_where_they_are_bound(session, make):
    expert = make.expert()
    make.expert()
    make.tie(expert.user, name="湘江电池有限公司")
    found = service.search(session, make.staff(), ExpertQuery(q="湘江电池"))
    assert [one.id for one in found.items] == [expert.id]


def test_an_expert_stays_an_expert(session, make):
    admin, expert, staff = make.user(Role.ADMIN), make.expert(), make.staff()
    for user, role in ((expert.user, Role.STAFF), (staff, Role.EXPERT)):
        with pytest.raises(Invalid):
            change_role(
                session,
                admin,
                user.id,
                RoleChange(role=role, reason="换岗"),
                now=NOW,
            )
    firm = make.organisation()
    with pytest.raises(IntegrityError):
        make.user(Role.EXPERT, organisation_id=firm.id)
