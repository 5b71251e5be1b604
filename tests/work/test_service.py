"""What waits for whom: each role its own, nothing of anybody else, oldest first."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from matchmaker.errors import NotFound
from matchmaker.history import service as history
from matchmaker.matches import service as matches
from matchmaker.work import service
from matchmaker.work.schema import WorkQuery
from matchmaker.work.sources import BY_NAME, SOURCES
from models import OutboxTask, transaction
from models.outbox import RecordType, TaskKind
from models.states import (
    AchievementStatus,
    NeedStatus,
    RegistrationState,
    Role,
    Secrecy,
    SuggestionStatus,
)

from ..conftest import NOW
from ..factories import PERIODS

WHEN = service.moment(NOW, PERIODS)
ALL = WorkQuery()
APPROVED = {"status": SuggestionStatus.APPROVED, "decided_at": NOW}


def ago(days: float) -> dict:
    return {"updated_at": NOW - timedelta(days=days)}


def waiting(session, user, query=ALL, when=WHEN) -> list[tuple[str, int]]:
    found = service.work_list(session, user, query, when)
    assert found.total == sum(found.counts.values()) or query.source
    assert service.count(session, user, when) == sum(found.counts.values())
    return [(item.source.name, item.id) for item in found.items]


def test_an_enterprise_has_its_own_needs_and_results(session, make):
    person = make.user()
    own = {"organisation_id": person.organisation_id}
    returned = make.need(status=NeedStatus.RETURNED, **own, **ago(9))
    draft = make.need(status=NeedStatus.DRAFT, title="", **own, **ago(3))
    ending = make.need(deadline=date(2026, 12, 1), **own)
    published = make.need(secrecy=Secrecy.RESTRICTED, **own)
    pair = make.suggestion(published, **APPROVED)
    make.need(status=NeedStatus.PENDING, **own)
    make.suggestion(published)
    # Nothing of others, whatever its state.
    for status in NeedStatus:
        make.need(status=status, deadline=date(2026, 12, 1))
    make.suggestion(**APPROVED)

    assert waiting(session, person) == [
        ("ending_needs", ending.id),
        ("returned_needs", returned.id),
        ("draft_needs", draft.id),
        ("approved_pairs", pair.id),
    ]


def test_a_university_has_its_own_achievements_and_buyers(session, make):
    person = make.user(Role.UNIVERSITY)
    own = {"organisation_id": person.organisation_id}
    returned = make.achievement(status=AchievementStatus.RETURNED, **own, **ago(2))
    draft = make.achievement(status=AchievementStatus.DRAFT, **own, **ago(5))
    item = make.achievement(**own)
    for _ in range(2):
        make.suggestion(achievement=item, **APPROVED)
    make.suggestion(**APPROVED)
    make.achievement(status=AchievementStatus.RETURNED)

    found = service.work_list(session, person, ALL, WHEN)
    assert waiting(session, person) == [
        ("draft_achievements", draft.id),
        ("returned_achievements", returned.id),
        ("new_buyers", item.id),
    ]
    assert found.items[-1].context == "2 条需求经审核与它匹配"


def test_a_hidden_need_is_no_buyer(session, make):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=person.organisation_id)
    make.suggestion(make.need(secrecy=Secrecy.RESTRICTED), item, **APPROVED)
    make.suggestion(make.need(status=NeedStatus.WITHDRAWN), item, **APPROVED)
    assert waiting(session, person) == []


def test_a_pair_with_a_withdrawn_side_waits_for_nobody(session, make):
    person = make.user()
    need = make.need(organisation_id=person.organisation_id)
    gone = make.achievement(status=AchievementStatus.WITHDRAWN)
    make.suggestion(need, gone, **APPROVED)
    make.suggestion(achievement=gone)
    assert waiting(session, person) == []
    assert waiting(session, make.staff()) == []


def test_staff_have_what_waits_for_the_platform_the_longest_wait_first(session, make):
    young = make.need(status=NeedStatus.PENDING, **ago(1))
    old = make.achievement(status=AchievementStatus.PENDING, **ago(8))
    pair = make.suggestion(created_at=NOW - timedelta(days=3))
    snoozed = {"status": SuggestionStatus.SNOOZED}
    due = make.suggestion(snoozed_until=date(2026, 11, 23), **snoozed)
    make.suggestion(snoozed_until=date(2026, 11, 24), **snoozed)
    make.need(status=NeedStatus.DRAFT)
    make.need(status=NeedStatus.RETURNED)

    assert waiting(session, make.staff()) == [
        ("put_off_pairs", due.id),
        ("submitted_achievements", old.id),
        ("pairs", pair.id),
        ("submitted_needs", young.id),
    ]


def fail(make, record_id, attempts, kind=RecordType.NEED, task=TaskKind.ENCODE):
    with transaction(make.session):
        make.session.add(
            OutboxTask(
                kind=task,
                record_type=kind,
                record_id=record_id,
                attempts=attempts,
                last_error="ValueError",
                created_at=NOW,
                retry_at=NOW,
            )
        )


def test_an_administrator_has_the_jobs_that_fail_besides(session, make):
    admin = make.user(Role.ADMIN)
    need, draft, item = (
        make.need(),
        make.need(status=NeedStatus.DRAFT),
        (make.achievement()),
    )
    fail(make, need.id, 3)
    fail(make, need.id, 7, task=TaskKind.MATCH)
    fail(make, item.id, 2, RecordType.ACHIEVEMENT)
    fail(make, draft.id, 9)
    fail(make, 987654, 9)
    (one,) = service.work_list(session, admin, ALL, WHEN).items
    assert (one.source.name, one.id, one.page) == (
        "failed_jobs",
        need.id,
        "needs.show",
    )
    assert one.context == "已失败 7 次：ValueError"
    assert waiting(session, make.staff()) == []


def test_a_wait_begins_with_what_caused_it_not_with_the_last_change(session, make):
    person = make.user()
    need = make.need(status=NeedStatus.RETURNED, organisation_id=person.organisation_id)
    moment = NOW - timedelta(days=6)
    with transaction(session):
        history.record(session, None, "need.returned", need, now=moment)
    (item,) = service.work_list(session, person, ALL, WHEN).items
    assert item.since == moment


@pytest.mark.parametrize(
    ("days", "listed"), [(-1, False), (0, True), (14, True), (15, False)]
)
def test_a_need_is_about_to_end_within_the_days_of_the_setting(
    session, make, days, listed
):
    person = make.user()
    make.need(
        organisation_id=person.organisation_id,
        deadline=WHEN.today + timedelta(days=days),
    )
    assert bool(waiting(session, person)) is listed


def test_what_was_looked_at_waits_no_more(session, make):
    person = make.user()
    pair = make.suggestion(
        make.need(organisation_id=person.organisation_id), **APPROVED
    )
    version = pair.version
    matches.note_seen(session, make.user(), pair.id, now=NOW)
    assert waiting(session, person) == [("approved_pairs", pair.id)]
    matches.note_seen(session, person, pair.id, now=NOW)
    matches.note_seen(session, person, pair.id, now=NOW + timedelta(days=1))
    assert waiting(session, person) == []
    session.refresh(pair)
    assert (pair.seen_at, pair.version) == (NOW, version)


def test_only_the_holder_takes_the_buyers_off_the_list(session, make):
    person = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=person.organisation_id)
    make.suggestion(achievement=item, **APPROVED)
    matches.note_buyers_seen(session, make.staff(), item, now=NOW)
    assert waiting(session, person) == [("new_buyers", item.id)]
    matches.note_buyers_seen(session, person, item, now=NOW)
    assert waiting(session, person) == []


def test_a_list_has_pages_and_one_kind_can_be_asked_for(session, make):
    person = make.user()
    own = {"organisation_id": person.organisation_id}
    for days in range(service.PER_PAGE + 1):
        make.need(status=NeedStatus.RETURNED, **own, **ago(days))
    make.need(status=NeedStatus.DRAFT, **own)
    last = service.work_list(session, person, WorkQuery(page=9), WHEN)
    assert (last.page, last.pages, len(last.items)) == (2, 2, 2)
    drafts = service.work_list(session, person, WorkQuery(source="draft_needs"), WHEN)
    assert (len(drafts.items), drafts.total) == (1, 1)


def test_the_work_of_another_role_is_not_found(session, make):
    with pytest.raises(NotFound):
        service.work_list(session, make.user(), WorkQuery(source="pairs"), WHEN)


def test_a_staff_member_of_an_organisation_gets_none_of_its_work(session, make):
    """Roles, not membership alone: an enterprise's drafts are no work of staff."""
    firm = make.organisation()
    make.need(status=NeedStatus.DRAFT, organisation_id=firm.id)
    staff = make.user(Role.STAFF, organisation_id=firm.id)
    assert waiting(session, staff) == []


def test_the_number_stops_at_a_hundred_of_a_kind(session, make, monkeypatch):
    monkeypatch.setattr(service, "MOST_COUNTED", 3)
    for _ in range(5):
        make.need(status=NeedStatus.PENDING)
    assert service.count(session, make.staff(), WHEN) == 3


# Nothing of these waits for a technology manager, nor for an expert.
@pytest.mark.parametrize(
    "role", [role for role in Role if role not in (Role.MANAGER, Role.EXPERT)]
)
def test_however_much_waits_the_list_asks_two_queries_and_the_number_one(
    session, make, role
):
    """Staff may choose a node besides, for one more."""
    user = make.user(role)
    own = {"organisation_id": user.organisation_id} if user.organisation_id else {}
    for _ in range(4):
        make.need(status=NeedStatus.RETURNED, **own)
        make.need(status=NeedStatus.PENDING)
        make.achievement(status=AchievementStatus.RETURNED, **own)
        make.suggestion()
    session.refresh(user)
    asked = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert service.work_list(session, user, ALL, WHEN).items
    assert len(asked) == 2 + user.is_staff
    service.count(session, user, WHEN)
    assert len(asked) == 3 + user.is_staff


def test_every_source_has_a_name_of_its_own_that_a_table_can_hold():
    assert len(BY_NAME) == len(SOURCES)
    assert all(len(name) <= 48 for name in BY_NAME)


@given(st.text(max_size=20))
def test_only_known_kinds_of_work_can_be_asked_for(name):
    from matchmaker.errors import Invalid
    from matchmaker.schema import parse

    if name.strip() and name.strip() not in BY_NAME:
        with pytest.raises(Invalid):
            parse(WorkQuery, {"source": name})


def test_a_node_has_its_part_of_the_work_of_the_staff(session, make):
    staff = make.staff()
    make.node(districts=["浏阳市"], fields=["NM"], staff=[staff])
    pending = {"status": NeedStatus.PENDING}
    here = make.need(district="浏阳市", **pending)
    make.need(district="岳麓区", field="ES", **pending)
    pair = make.suggestion(make.need(field="NM", district="岳麓区"))
    make.suggestion()
    home = make.organisation(district="浏阳市")
    joins = make.registration(organisation_id=home.id, district="岳麓区")
    make.registration(district="岳麓区")
    mine = WorkQuery(node="mine")
    found = service.work_list(session, staff, mine, WHEN)
    assert {(item.source.name, item.id) for item in found.items} == {
        ("submitted_needs", here.id),
        ("pairs", pair.id),
        ("registrations", joins.id),
    }
    assert found.total == sum(found.counts.values()) == 3
    assert service.work_list(session, staff, ALL, WHEN).total == 6
    only = WorkQuery(node="mine", source="pairs")
    assert service.work_list(session, staff, only, WHEN).total == 1


def test_jobs_are_of_no_node_and_members_know_of_none(session, make):
    admin = make.user(Role.ADMIN)
    node = make.node(districts=["岳麓区"], staff=[admin])
    fail(make, make.need().id, 3)
    at = WorkQuery(node=str(node.id), source="failed_jobs")
    assert service.work_list(session, admin, at, WHEN).total == 0
    for role in (Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER):
        with pytest.raises(NotFound):
            service.work_list(session, make.user(role), WorkQuery(node="mine"), WHEN)
        assert not service.work_list(session, make.user(role), ALL, WHEN).nodes.offered


def test_staff_have_the_registrations_whose_mail_is_confirmed(session, make):
    waits = make.registration(organisation_name="湘江泵业有限公司")
    make.registration(state=RegistrationState.UNCONFIRMED, submitted_at=None)
    make.registration(state=RegistrationState.APPROVED)
    staff = make.staff()
    assert waiting(session, staff) == [("registrations", waits.id)]
    (item,) = service.work_list(session, staff, ALL, WHEN).items
    assert (item.title, item.context) == ("湘江泵业有限公司", waits.name)
    assert waiting(session, make.user()) == []


PUBLIC = {
    "secrecy": Secrecy.MASKED,
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间尽量短"],
}


def test_a_masked_text_that_nobody_approved_waits_for_its_firm(session, make):
    person = make.user()
    own = PUBLIC | {"organisation_id": person.organisation_id}
    imported = make.need(public_approved=None, status=NeedStatus.PENDING, **own)
    old = make.need(public_approved=None, **own, **ago(4))
    make.need(**own)  # approved
    make.need(public_approved=None, **PUBLIC)  # of another firm
    for status in (NeedStatus.WITHDRAWN, NeedStatus.SOLVED, NeedStatus.EXPIRED):
        make.need(public_approved=None, status=status, **own)
    found = service.work_list(session, person, ALL, WHEN)
    assert [(item.source.name, item.id, item.page) for item in found.items] == [
        ("unapproved_needs", old.id, "need_forms.edit"),
        ("unapproved_needs", imported.id, "need_forms.edit"),
    ]


def test_an_approval_goes_with_the_text_it_was_given_for(session, make):
    person = make.user()
    need = make.need(organisation_id=person.organisation_id, **PUBLIC)
    assert need.public_is_approved
    assert waiting(session, person) == []
    with transaction(session):
        need.problem += "还要说明原因。"
    assert need.public_approved is None
    assert not need.public_is_approved
    assert waiting(session, person) == [("unapproved_needs", need.id)]


def test_a_draft_waits_once_as_a_draft(session, make):
    person = make.user()
    own = PUBLIC | {"organisation_id": person.organisation_id}
    draft = make.need(public_approved=None, status=NeedStatus.DRAFT, **own)
    assert waiting(session, person) == [("draft_needs", draft.id)]


def test_what_has_no_deadline_is_about_to_end_too(session, make):
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    need = make.need(
        organisation_id=firm.organisation_id,
        deadline=None,
        published_at=NOW - timedelta(days=360),
    )
    item = make.achievement(
        organisation_id=college.organisation_id,
        published_at=NOW - timedelta(days=900),
        renewed_at=NOW - timedelta(days=720),
    )
    for person, source, record, days in (
        (firm, "ending_needs", need, 5),
        (college, "ending_achievements", item, 10),
    ):
        make.need(deadline=None)
        make.achievement()
        (one,) = service.work_list(session, person, ALL, WHEN).items
        assert (one.source.name, one.id) == (source, record.id)
        assert one.due == WHEN.today + timedelta(days=days)
