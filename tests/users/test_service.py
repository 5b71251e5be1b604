"""Accounts as the administrator governs them."""

import pytest
from sqlalchemy import select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.schema import parse
from matchmaker.users import service
from matchmaker.users.schema import Closing, RoleChange, UserQuery
from models import History, User
from models.states import OrganisationKind, Role

from ..conftest import NOW

WHY = "岗位调整"


@pytest.fixture
def admin(make) -> User:
    return make.user(Role.ADMIN, name="管理员甲")


def found(session, admin, **query) -> list[str]:
    page = service.search(session, admin, parse(UserQuery, query))
    return [user.name for user in page.items]


def change(role) -> RoleChange:
    return RoleChange(role=role, reason=WHY)


def test_accounts_are_found_by_name_mail_organisation_role_and_state(
    session, make, admin
):
    firm = make.organisation(name="湘江电池有限公司")
    make.user(name="张三", organisation_id=firm.id, email="zhang@example.com")
    make.staff(name="李四", active=False)
    assert found(session, admin, q="张三") == ["张三"]
    assert found(session, admin, q="ZHANG@") == ["张三"]
    assert found(session, admin, q="湘江 张") == ["张三"]
    assert found(session, admin, q="湘江 李") == []
    assert found(session, admin, q="%") == []
    assert found(session, admin, role="staff") == ["李四"]
    assert found(session, admin, state="closed") == ["李四"]
    assert set(found(session, admin, state="active")) == {"张三", "管理员甲"}


def test_another_role_is_given_and_noted(session, make, admin):
    user = make.staff()
    service.change_role(session, admin, user.id, change(Role.ADMIN), now=NOW)
    assert user.role is Role.ADMIN
    [row] = session.scalars(select(History))
    assert (row.action, row.actor, row.record_id) == (
        "user.role_changed",
        admin,
        user.id,
    )
    assert row.changes == {"role": ["staff", "admin"], "reason": [None, WHY]}


def test_a_role_must_fit_the_organisation(session, make, admin):
    body = make.organisation(kind=OrganisationKind.SERVICE_BODY)
    for user, role in (
        (make.user(), Role.UNIVERSITY),
        (make.user(), Role.STAFF),
        (make.staff(), Role.ENTERPRISE),
        (make.staff(), Role.MANAGER),
    ):
        with pytest.raises(Invalid) as refusal:
            service.change_role(session, admin, user.id, change(role), now=NOW)
        assert list(refusal.value.fields) == ["role"]
    user = make.staff(organisation_id=body.id)
    service.change_role(session, admin, user.id, change(Role.MANAGER), now=NOW)
    assert user.role is Role.MANAGER


def test_nobody_changes_their_own_account(session, make, admin):
    make.user(Role.ADMIN)
    for work in (
        lambda: service.change_role(
            session, admin, admin.id, change(Role.STAFF), now=NOW
        ),
        lambda: service.close(session, admin, admin.id, Closing(reason=WHY), now=NOW),
        lambda: service.reopen(session, admin, admin.id, now=NOW),
    ):
        with pytest.raises(Forbidden):
            work()
    assert admin.active


def test_the_last_admin_stays(app, session, make, admin):
    """As when two close each other at once: the one who came second was closed."""
    other = make.user(Role.ADMIN)
    with app.extensions["db_sessions"]() as elsewhere:
        second = elsewhere.get_one(User, other.id)
        elsewhere.expunge(second)  # read before it was closed
        service.close(session, admin, other.id, Closing(reason=WHY), now=NOW)
        closing = Closing(reason=WHY)
        with pytest.raises(Conflict, match=r"user\.last_admin"):
            service.close(elsewhere, second, admin.id, closing, now=NOW)
        with pytest.raises(Conflict, match=r"user\.last_admin"):
            service.change_role(
                elsewhere, second, admin.id, change(Role.STAFF), now=NOW
            )
    session.refresh(admin)
    assert admin.active
    assert admin.role is Role.ADMIN


def test_an_account_is_closed_with_a_reason_and_opened_again(session, make, admin):
    user = make.user()
    service.close(session, admin, user.id, Closing(reason=WHY), now=NOW)
    service.close(session, admin, user.id, Closing(reason=WHY), now=NOW)
    assert not user.active
    service.reopen(session, admin, user.id, now=NOW)
    assert user.active
    assert [row.action for row in session.scalars(select(History))] == [
        "user.deactivated",
        "user.activated",
    ]


def test_what_is_not_there_is_not_found_and_others_may_not(session, make, admin):
    for number in (0, 999_999, 10**12):
        with pytest.raises(NotFound):
            service.find(session, admin, number)
    user = make.user()
    for role in (Role.STAFF, Role.MANAGER, Role.ENTERPRISE, Role.UNIVERSITY):
        with pytest.raises(Forbidden):
            service.find(session, make.user(role), user.id)
