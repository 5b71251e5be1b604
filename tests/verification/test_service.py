"""The verification queue and its decisions, through the service."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import event, func, select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.history import service as history
from matchmaker.notices import service as notices
from matchmaker.schema import parse
from matchmaker.verification import queue, service
from matchmaker.verification.schema import Publication, QueueQuery, Return
from models import IndexChange, Notice, OutboxTask, User, transaction
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus, Role, Secrecy

from ..conftest import NOW

PENDING = NeedStatus.PENDING
REASON = "请补充指标的数值和单位"
LATER = NOW + timedelta(days=1)
FIRST = QueueQuery()


def waiting_need(make, days: int = 0, **given):
    since = NOW - timedelta(days=days)
    return make.need(status=PENDING, updated_at=since, published_at=None, **given)


def waiting_achievement(make, days: int = 0, **given):
    return make.achievement(
        status=AchievementStatus.PENDING,
        updated_at=NOW - timedelta(days=days),
        published_at=None,
        **given,
    )


def seen(item) -> Publication:
    return Publication(version=item.version)


def with_reason(item) -> Return:
    return Return(version=item.version, reason=REASON)


def test_the_longest_wait_comes_first(session, make):
    staff = make.staff()
    young = waiting_need(make, 1)
    old = waiting_achievement(make, 9)
    secret = waiting_need(make, 4, secrecy=Secrecy.RESTRICTED)
    make.need(status=NeedStatus.DRAFT)
    make.need()

    found = queue.queue(session, staff, FIRST)

    assert [(row.kind, row.item.id) for row in found.rows] == [
        ("achievement", old.id),
        ("need", secret.id),
        ("need", young.id),
    ]
    assert [(NOW - row.since).days for row in found.rows] == [9, 4, 1]
    assert found.total == queue.count_pending(session, staff) == 3


def test_the_wait_begins_with_the_submission_not_with_the_last_edit(session, make):
    need = waiting_need(make, 0)
    submitted = NOW - timedelta(days=3)
    with transaction(session):
        history.record(session, None, "need.submitted", need, now=submitted)
    (row,) = queue.queue(session, make.staff(), FIRST).rows
    assert row.since == submitted


def test_a_page_after_the_last_is_the_last(session, make):
    for _ in range(queue.PER_PAGE + 1):
        waiting_need(make)
    staff = make.staff()
    assert len(queue.queue(session, staff, FIRST).rows) == queue.PER_PAGE
    last = queue.queue(session, staff, QueueQuery(page=99))
    assert (last.page, last.pages, len(last.rows)) == (2, 2, 1)


def test_the_queue_asks_the_same_few_queries_however_long_it_is(session, make):
    for _ in range(6):
        waiting_need(make)
        waiting_achievement(make)
    staff = make.staff()
    asked = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = queue.queue(session, staff, FIRST)
    assert [row.item.organisation.name for row in found.rows]
    assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 5


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_the_queue_is_for_staff(session, make, role):
    with pytest.raises(Forbidden):
        queue.queue(session, make.user(role), FIRST)


def test_a_published_need_is_public_noted_and_given_to_the_worker(session, make):
    firm = make.organisation()
    author, colleague = (make.user(organisation_id=firm.id) for _ in range(2))
    make.user(organisation_id=firm.id, active=False)
    need = waiting_need(make, 2, organisation_id=firm.id, return_reason="旧原因")
    changes = session.scalar(select(func.count(IndexChange.id))) or 0

    service.publish_need(session, make.staff(), need.id, seen(need), now=LATER)

    session.refresh(need)
    assert need.status is NeedStatus.PUBLISHED
    assert need.published_at == LATER
    assert need.return_reason is None
    assert history.of_record(session, need)[0].action == "need.published"
    told = session.scalars(select(Notice).order_by(Notice.user_id)).all()
    assert [notice.user_id for notice in told] == [author.id, colleague.id]
    assert notices.words(told[0]) == f"您的需求已发布:{need.title}"
    assert session.scalar(select(func.count(IndexChange.id))) == changes + 1
    newest = session.scalars(select(OutboxTask).order_by(OutboxTask.id.desc())).first()
    assert newest is not None
    assert (newest.record_type, newest.record_id) == (RecordType.NEED, need.id)


def test_a_returned_need_tells_its_firm_why(session, make):
    firm = make.organisation()
    make.user(organisation_id=firm.id)
    need = waiting_need(make, organisation_id=firm.id)

    service.return_need(session, make.staff(), need.id, with_reason(need), now=LATER)

    session.refresh(need)
    assert (need.status, need.return_reason) == (NeedStatus.RETURNED, REASON)
    assert need.published_at is None
    (told,) = session.scalars(select(Notice)).all()
    assert REASON in notices.words(told)


def test_an_achievement_is_published_and_returned_alike(session, make):
    college = make.organisation()
    make.user(Role.UNIVERSITY, organisation_id=college.id)
    staff = make.staff()
    good, vague = (
        waiting_achievement(make, organisation_id=college.id) for _ in range(2)
    )
    service.publish_achievement(session, staff, good.id, seen(good), now=LATER)
    service.return_achievement(session, staff, vague.id, with_reason(vague), now=LATER)

    session.refresh(good)
    session.refresh(vague)
    assert good.status is AchievementStatus.PUBLISHED
    assert good.published_at == LATER
    assert vague.status is AchievementStatus.RETURNED
    assert vague.return_reason == REASON
    kinds = session.scalars(select(Notice.kind).order_by(Notice.id)).all()
    assert kinds == ["achievement_published", "achievement_returned"]


def test_the_second_of_two_decisions_is_refused(session, make):
    need = waiting_need(make)
    data = with_reason(need)
    staff = make.staff()
    service.publish_need(session, make.staff(), need.id, seen(need), now=LATER)

    with pytest.raises(Conflict, match="already_handled"):
        service.return_need(session, staff, need.id, data, now=LATER)

    session.refresh(need)
    assert need.status is NeedStatus.PUBLISHED
    assert need.return_reason is None


def test_of_two_people_deciding_at_once_one_is_refused(app, session, make):
    need = waiting_need(make)
    staff = [make.staff().id for _ in range(2)]
    number, data = need.id, with_reason(need)
    session.rollback()
    start = Barrier(2, timeout=30)

    def decide(user_id: int, work) -> str:
        with app.extensions["db_sessions"]() as own:
            actor = own.get_one(User, user_id)
            start.wait(10)
            try:
                work(own, actor, number, data, now=LATER)
            except Conflict as refusal:
                return refusal.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ends = pool.map(decide, staff, [service.publish_need, service.return_need])

    assert sorted(ends) == ["already_handled", "done"]
    actions = [entry.action for entry in history.of_record(session, need)]
    assert len(actions) == 1


def test_a_text_that_changed_since_it_was_read_is_not_published(session, make):
    need = waiting_need(make)
    data = seen(need)
    with transaction(session):
        need.problem = "另一段没有审过的文字,内容完全不同。"

    with pytest.raises(Conflict, match="changed_since_read"):
        service.publish_need(session, make.staff(), need.id, data, now=LATER)

    session.refresh(need)
    assert need.status is PENDING
    assert session.scalar(select(func.count(Notice.id))) == 0


@pytest.mark.parametrize("status", [s for s in NeedStatus if s is not PENDING])
def test_only_what_waits_is_decided(session, make, status):
    need = make.need(status=status)
    refusal = NotFound if status is NeedStatus.DRAFT else Conflict
    with pytest.raises(refusal):
        service.publish_need(session, make.staff(), need.id, seen(need), now=LATER)


def test_who_submitted_it_may_not_publish_it(session, make):
    author = make.user()
    need = waiting_need(make, organisation_id=author.organisation_id)
    with pytest.raises(Forbidden):
        service.publish_need(session, author, need.id, seen(need), now=LATER)
    with pytest.raises(Forbidden):
        service.return_need(session, author, need.id, with_reason(need), now=LATER)


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_what_waits_does_not_exist_for_others(session, make, role):
    need, item = waiting_need(make), waiting_achievement(make)
    other = make.user(role)
    with pytest.raises(NotFound):
        service.publish_need(session, other, need.id, seen(need), now=LATER)
    with pytest.raises(NotFound):
        service.publish_achievement(session, other, item.id, seen(item), now=LATER)


@pytest.mark.parametrize(
    "reason", [None, "", "   ", "四个字呀", "x" * 1001, "a\x00bcdef"]
)
def test_a_return_without_a_usable_reason_is_refused(reason):
    form = {"version": "1"} | ({"reason": reason} if reason is not None else {})
    with pytest.raises(Invalid) as refusal:
        parse(Return, form)
    assert list(refusal.value.fields) == ["reason"]


def test_a_masked_need_is_not_published_before_its_firm_approves_the_text(
    session, make
):
    masked = {
        "secrecy": Secrecy.MASKED,
        "public_title": "储能产品验收",
        "public_problem": "需要在验收时判断电池状态。",
        "public_targets": ["判断时间尽量短"],
    }
    need = waiting_need(make, public_approved=None, **masked)
    with pytest.raises(Conflict, match=r"need\.not_approved"):
        service.publish_need(session, make.staff(), need.id, seen(need), now=NOW)
    session.refresh(need)
    assert need.status is PENDING
    approved = waiting_need(make, **masked)
    service.publish_need(session, make.staff(), approved.id, seen(approved), now=NOW)
    assert approved.status is NeedStatus.PUBLISHED
