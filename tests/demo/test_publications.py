"""The lists of the demonstration: marked, entered once, taken out whole."""

import pytest
from sqlalchemy import func, select

from matchmaker.demo import publications, removal
from matchmaker.publications import contents, finding
from models import History, Notice, PublicationEntry, PublicationList, User
from models.states import OrganisationRole, PublicationState, Role

from ..publications.test_service import new_list, seen, service


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def scene(make):
    """A demonstration's staff, a real one's, and records in the fields of the lists."""
    owner = make.user(org_role=OrganisationRole.MANAGER, is_demo=True)
    for field in ("ES", "NM", "EM"):
        make.need(
            title=f"{field} 的需求",
            field=field,
            is_demo=True,
            organisation_id=owner.organisation_id,
            published_at=make.now.replace(month=1),
        )
    make.achievement(is_demo=True, published_at=make.now.replace(month=1))
    return make.user(Role.STAFF, is_demo=True)


def test_two_are_issued_and_one_is_a_draft_all_marked(session, make, scene):
    assert publications.load(session, now=make.now) == 3
    assert publications.load(session, now=make.now) == 0
    found = session.scalars(select(PublicationList).order_by(PublicationList.id)).all()
    assert [one.state for one in found] == [
        PublicationState.ISSUED,
        PublicationState.ISSUED,
        PublicationState.DRAFT,
    ]
    assert all(one.is_demo and "示例" in one.title for one in found)
    assert finding.code(found[0]) == "需求清单〔2026〕第1号"
    for one in found[:2]:
        assert contents.is_unaltered(one, contents.lines(session, one))
        assert all(entry.is_demo for entry in one.entries)


def test_without_staff_there_is_nothing_to_load(session, make):
    make.need()
    assert publications.load(session, now=make.now) == 0


def test_they_go_with_all_that_hangs_on_them(session, make, scene):
    publications.load(session, now=make.now)
    assert count(session, Notice) > 0
    removal.remove(session, now=make.now)
    assert count(session, PublicationList) == count(session, PublicationEntry) == 0
    assert (
        session.scalar(
            select(History.id).where(History.record_type == "publication_lists")
        )
        is None
    )
    assert count(session, Notice) == 0


def test_a_real_list_stays_and_keeps_who_acted_in_it(session, make, scene):
    make.need(title="真实的需求", field="AG")
    made = service.create(session, scene, new_list(field=["AG"]), now=make.now)
    made = service.issue(session, scene, made.id, seen(session, made), now=make.now)
    with session.begin_nested():
        made.is_demo = False  # as if a real person had composed it
    session.commit()
    publications.load(session, now=make.now)
    removal.remove(session, now=make.now)
    (kept,) = session.scalars(select(PublicationList)).all()
    assert kept.id == made.id
    assert [entry.title for entry in kept.entries] == ["真实的需求"]
    assert session.get(User, scene.id) is not None


def test_a_list_with_a_record_of_the_demonstration_is_one(session, make, scene):
    staff = make.staff()
    made = service.create(session, staff, new_list(), now=make.now)
    assert not made.is_demo
    made = service.issue(session, staff, made.id, seen(session, made), now=make.now)
    assert made.is_demo
