"""Decisions on pairs: claimed, taken, taken back, and told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from index.catalogue import Catalogue
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.matches import queue, service
from matchmaker.matches.own import mine, show_mine
from matchmaker.matches.schema import OwnQuery, QueueFilters
from models import History, Notice, Review, Suggestion
from models.states import (
    AchievementStatus,
    Decision,
    NeedStatus,
    RejectReason,
    Role,
    SuggestionKind,
    SuggestionStatus,
)

from ..conftest import NOW
from ..factories import Factory

SOON = NOW.date() + timedelta(days=7)
DAY = timedelta(days=1)
OTHER_PROBLEM = RejectReason.OTHER_PROBLEM


def status_of(session: Session, pair_id: int) -> SuggestionStatus:
    session.expire_all()
    return session.get_one(Suggestion, pair_id).status


def look(session, user, now=NOW, **filters) -> queue.Queue:
    wanted = QueueFilters(**filters)
    return queue.look(session, Catalogue(), user, wanted, now, counted=True)


def queue_ids(session, user, now=NOW, **filters) -> list[int]:
    page = queue.load_page(session, user, look(session, user, now, **filters))
    return [pair.id for pair in page.items]


# -- Claims ----------------------------------------------------------------------


def test_a_claimed_pair_cannot_be_claimed_or_decided_by_a_colleague(session, make):
    pair, first, second = make.suggestion(), make.staff(name="周岚"), make.staff()
    assert service.claim(session, first, pair.id, minutes=15, now=NOW)

    for act in (
        lambda: service.claim(session, second, pair.id, minutes=15, now=NOW),
        lambda: service.approve(session, second, pair.id, now=NOW),
        lambda: service.reject(session, second, pair.id, OTHER_PROBLEM, now=NOW),
        lambda: service.snooze(session, second, pair.id, SOON, now=NOW),
    ):
        with pytest.raises(Conflict, match=r"suggestion\.claimed") as refused:
            act()
        assert refused.value.facts["holder"] == "周岚"
    assert status_of(session, pair.id) is SuggestionStatus.PENDING
    assert session.scalar(select(func.count(Review.id))) == 0


def test_an_expired_claim_is_free(session, make):
    pair, first, second = make.suggestion(), make.staff(), make.staff()
    service.claim(session, first, pair.id, minutes=15, now=NOW)
    later = NOW + timedelta(minutes=15)

    assert service.claim(session, second, pair.id, minutes=15, now=later)
    with pytest.raises(Conflict):
        service.approve(session, first, pair.id, now=later)


def test_opening_a_pair_again_prolongs_the_claim(session, make):
    pair, user = make.suggestion(), make.staff()
    service.claim(session, user, pair.id, minutes=15, now=NOW)
    service.claim(session, user, pair.id, minutes=15, now=NOW + timedelta(minutes=10))

    session.expire_all()
    assert pair.claimed_until == NOW + timedelta(minutes=25)


def test_a_released_pair_is_free_and_only_its_holder_releases_it(session, make):
    pair, first, second = make.suggestion(), make.staff(), make.staff()
    service.claim(session, first, pair.id, minutes=15, now=NOW)
    service.release(session, second, pair.id)
    with pytest.raises(Conflict):
        service.claim(session, second, pair.id, minutes=15, now=NOW)

    service.release(session, first, pair.id)
    assert service.claim(session, second, pair.id, minutes=15, now=NOW)


def test_turning_to_another_pair_frees_the_one_left(session, make):
    left, chosen = make.suggestion(), make.suggestion()
    first, second = make.staff(), make.staff()
    service.claim(session, first, left.id, minutes=15, now=NOW)
    service.claim(session, first, chosen.id, minutes=15, now=NOW, leaving=left.id)

    assert service.claim(session, second, left.id, minutes=15, now=NOW)


def test_one_cannot_free_a_colleagues_pair_by_leaving_it(session, make):
    held, chosen = make.suggestion(), make.suggestion()
    first, second = make.staff(), make.staff()
    service.claim(session, first, held.id, minutes=15, now=NOW)
    service.claim(session, second, chosen.id, minutes=15, now=NOW, leaving=held.id)

    with pytest.raises(Conflict):
        service.claim(session, second, held.id, minutes=15, now=NOW)


def test_a_decided_pair_is_not_claimed(session, make):
    pair, user = make.suggestion(), make.staff()
    service.approve(session, user, pair.id, now=NOW)

    assert not service.claim(session, user, pair.id, minutes=15, now=NOW)
    session.expire_all()
    assert pair.claimed_by_id is None


# -- Decisions -------------------------------------------------------------------


def test_an_approval_is_reviewed_recorded_and_told_to_the_needs_organisation(
    session, make: Factory
):
    member = make.user()
    make.user(organisation_id=member.organisation_id, active=False)
    need = make.need(organisation_id=member.organisation_id, title="电池预警")
    pair, user = make.suggestion(need), make.staff()
    service.claim(session, user, pair.id, minutes=15, now=NOW)

    service.approve(session, user, pair.id, now=NOW)

    session.expire_all()
    assert pair.status is SuggestionStatus.APPROVED
    assert (pair.decided_at, pair.claimed_by_id) == (NOW, None)
    review = session.scalars(select(Review)).one()
    assert (review.decision, review.to_status) == (Decision.APPROVE, pair.status)
    assert (review.reviewer_id, review.score, review.ranker) == (user.id, 0.8, "test")
    assert (review.probability, review.features) == (0.8, pair.features)
    notice = session.scalars(select(Notice)).one()
    assert (notice.user_id, notice.kind) == (member.id, "match_approved")
    assert notice.facts["title"] == "电池预警"
    assert notice.facts["suggestion_id"] == pair.id
    row = session.scalars(select(History)).one()
    assert (row.action, row.actor_id) == ("suggestion.approved", user.id)
    assert row.changes == {"status": ["pending", "approved"]}


def test_an_approved_call_achievement_pair_tells_nobody(session, make):
    pair = make.suggestion(
        kind=SuggestionKind.CALL_ACHIEVEMENT, need_id=None, call_id=make.call().id
    )
    service.approve(session, make.staff(), pair.id, now=NOW)

    assert status_of(session, pair.id) is SuggestionStatus.APPROVED
    assert session.scalar(select(func.count(Notice.id))) == 0


def test_a_pair_whose_achievement_is_gone_cannot_be_approved_but_rejected(
    session, make
):
    gone = make.achievement(status=AchievementStatus.WITHDRAWN)
    pair, user = make.suggestion(achievement=gone), make.staff()

    with pytest.raises(Conflict, match=r"suggestion\.side_closed"):
        service.approve(session, user, pair.id, now=NOW)
    service.reject(session, user, pair.id, RejectReason.TIMING, now=NOW)
    assert status_of(session, pair.id) is SuggestionStatus.REJECTED


def test_a_rejection_keeps_its_reason_and_words(session, make):
    pair, user = make.suggestion(), make.staff()
    service.reject(session, user, pair.id, RejectReason.OTHER, "对方已停产", now=NOW)

    review = session.scalars(select(Review)).one()
    assert (review.reason, review.words) == (RejectReason.OTHER, "对方已停产")
    assert session.scalar(select(func.count(Notice.id))) == 0


def test_a_decided_pair_is_not_decided_again(session, make):
    pair, first, second = make.suggestion(), make.staff(), make.staff()
    service.reject(session, first, pair.id, OTHER_PROBLEM, now=NOW)

    for act in (
        lambda: service.approve(session, second, pair.id, now=NOW),
        lambda: service.reject(session, second, pair.id, OTHER_PROBLEM, now=NOW),
        lambda: service.snooze(session, second, pair.id, SOON, now=NOW),
    ):
        with pytest.raises(Conflict, match=r"suggestion\.decided"):
            act()
    assert session.scalar(select(func.count(Review.id))) == 1


@pytest.mark.parametrize("days", [-400, -1, 0, 367, 4000])
def test_a_pair_is_not_put_off_to_a_past_or_far_day(session, make, days):
    pair, user = make.suggestion(), make.staff()
    with pytest.raises(Invalid) as refused:
        service.snooze(
            session, user, pair.id, NOW.date() + timedelta(days=days), now=NOW
        )
    assert "until" in refused.value.fields
    assert status_of(session, pair.id) is SuggestionStatus.PENDING


def test_a_pair_put_off_leaves_the_queue_and_comes_back_on_its_day(session, make):
    pair, user = make.suggestion(), make.staff()
    service.snooze(session, user, pair.id, SOON, now=NOW)

    assert queue_ids(session, user) == []
    assert queue_ids(session, user, status="snoozed") == [pair.id]
    assert queue_ids(session, user, now=NOW + 6 * DAY) == []
    assert queue_ids(session, user, now=NOW + 7 * DAY) == [pair.id]
    assert queue_ids(session, user, now=NOW + 7 * DAY, status="snoozed") == []


def test_only_staff_decide(session, make):
    pair = make.suggestion()
    for user in (make.user(), make.user(Role.UNIVERSITY)):
        for act in (
            lambda user: service.claim(session, user, pair.id, minutes=15, now=NOW),
            lambda user: service.approve(session, user, pair.id, now=NOW),
            lambda user: service.undo(session, user, pair.id, now=NOW),
            lambda user: service.release(session, user, pair.id),
            lambda user: service.bulk_reject(
                session, user, [pair.id], OTHER_PROBLEM, now=NOW
            ),
            lambda user: look(session, user),
            lambda user: queue.load(session, user, pair.id),
        ):
            with pytest.raises(Forbidden):
                act(user)


@pytest.mark.parametrize("unknown", [987654, 2**31, 2**63, 10**30])
def test_a_pair_that_does_not_exist_is_not_found(session, make, unknown):
    user = make.staff()
    for act in (queue.load, show_mine):
        reader = make.user() if act is show_mine else user
        with pytest.raises(NotFound):
            act(session, reader, unknown)
    with pytest.raises(NotFound):
        service.approve(session, user, unknown, now=NOW)


# -- Taking back -----------------------------------------------------------------


def test_an_undone_approval_waits_again_and_its_notice_is_gone(session, make):
    member = make.user()
    need = make.need(organisation_id=member.organisation_id)
    pair, user = make.suggestion(need), make.staff()
    service.approve(session, user, pair.id, now=NOW)
    assert show_mine(session, member, pair.id).id == pair.id

    service.undo(session, user, pair.id, now=NOW + DAY)

    assert status_of(session, pair.id) is SuggestionStatus.PENDING
    assert pair.decided_at is None
    assert session.scalar(select(func.count(Notice.id))) == 0
    with pytest.raises(NotFound):
        show_mine(session, member, pair.id)
    decisions = session.scalars(select(Review.decision).order_by(Review.id)).all()
    assert decisions == [Decision.APPROVE, Decision.UNDO]


def test_undo_withdraws_only_the_notice_of_its_own_pair(session, make):
    member = make.user()
    need = make.need(organisation_id=member.organisation_id)
    kept, undone, user = make.suggestion(need), make.suggestion(need), make.staff()
    for pair in (kept, undone):
        service.approve(session, user, pair.id, now=NOW)
    service.undo(session, user, undone.id, now=NOW)

    notice = session.scalars(select(Notice)).one()
    assert notice.facts["suggestion_id"] == kept.id


def test_an_undone_decision_on_a_pair_put_off_puts_it_off_to_the_same_day(
    session, make
):
    pair, user = make.suggestion(), make.staff()
    service.snooze(session, user, pair.id, SOON, now=NOW)
    service.approve(session, user, pair.id, now=NOW)
    service.undo(session, user, pair.id, now=NOW)

    assert status_of(session, pair.id) is SuggestionStatus.SNOOZED
    assert pair.snoozed_until == SOON

    service.undo(session, user, pair.id, now=NOW)
    assert status_of(session, pair.id) is SuggestionStatus.PENDING
    with pytest.raises(Conflict, match="nothing_to_undo"):
        service.undo(session, user, pair.id, now=NOW)


def test_a_decision_older_than_a_day_stands(session, make):
    pair, user = make.suggestion(), make.staff()
    service.approve(session, user, pair.id, now=NOW)
    with pytest.raises(Conflict, match="undo_too_late"):
        service.undo(session, user, pair.id, now=NOW + DAY + timedelta(seconds=1))
    assert status_of(session, pair.id) is SuggestionStatus.APPROVED


def test_a_colleague_may_not_undo_but_an_admin_may(session, make):
    pair, user = make.suggestion(), make.staff()
    service.approve(session, user, pair.id, now=NOW)
    with pytest.raises(Forbidden):
        service.undo(session, make.staff(), pair.id, now=NOW)

    service.undo(session, make.user(Role.ADMIN), pair.id, now=NOW)
    assert status_of(session, pair.id) is SuggestionStatus.PENDING


def test_nothing_is_undone_where_nothing_was_decided(session, make):
    pair = make.suggestion()
    with pytest.raises(Conflict, match="nothing_to_undo"):
        service.undo(session, make.staff(), pair.id, now=NOW)


def test_a_decision_the_platform_reopened_cannot_be_undone(session, make):
    pair, user = make.suggestion(), make.staff()
    service.reject(session, user, pair.id, OTHER_PROBLEM, now=NOW)
    session.expire_all()
    pair.move_to(SuggestionStatus.PENDING)
    session.commit()

    with pytest.raises(Conflict, match="nothing_to_undo"):
        service.undo(session, user, pair.id, now=NOW)
    assert queue.last_decision(session, user, NOW) is None


def test_a_waiting_pair_a_colleague_holds_is_not_undone(session, make):
    pair, first, second = make.suggestion(), make.staff(), make.staff()
    tomorrow = NOW.date() + DAY
    service.snooze(session, first, pair.id, tomorrow, now=NOW)
    later = NOW + timedelta(hours=20)
    service.claim(session, second, pair.id, minutes=15, now=later)
    with pytest.raises(Conflict, match=r"suggestion\.claimed"):
        service.undo(session, first, pair.id, now=later)


def test_the_last_decision_is_the_persons_own_newest_that_stands(session, make):
    one, two = make.suggestion(), make.suggestion()
    user, other = make.staff(), make.staff()
    assert queue.last_decision(session, user, NOW) is None
    service.approve(session, user, one.id, now=NOW)
    service.reject(session, user, two.id, OTHER_PROBLEM, now=NOW)

    assert queue.last_decision(session, other, NOW) is None
    assert queue.last_decision(session, user, NOW).suggestion_id == two.id
    service.undo(session, user, two.id, now=NOW)
    assert queue.last_decision(session, user, NOW).suggestion_id == one.id
    assert queue.last_decision(session, user, NOW + 2 * DAY) is None


# -- Many at once ----------------------------------------------------------------


def test_many_pairs_are_rejected_with_one_reason(session, make):
    pairs, user = [make.suggestion() for _ in range(3)], make.staff()
    ids = [pair.id for pair in pairs]
    assert (
        service.bulk_reject(session, user, [*ids, ids[0]], OTHER_PROBLEM, now=NOW) == 3
    )

    assert {status_of(session, pair_id) for pair_id in ids} == {
        SuggestionStatus.REJECTED
    }
    assert session.scalar(select(func.count(Review.id))) == 3


def test_many_pairs_are_rejected_all_or_none(session, make):
    free, held, decided = (make.suggestion() for _ in range(3))
    user, other = make.staff(), make.staff()
    service.claim(session, other, held.id, minutes=15, now=NOW)
    service.approve(session, other, decided.id, now=NOW)

    ids = [free.id, held.id, decided.id]
    with pytest.raises(Conflict, match="bulk_blocked") as refused:
        service.bulk_reject(session, user, ids, OTHER_PROBLEM, now=NOW)
    assert refused.value.facts == {"total": 3, "claimed": 1, "decided": 1}
    with pytest.raises(NotFound):
        service.bulk_reject(session, user, [free.id, 987654], OTHER_PROBLEM, now=NOW)
    assert status_of(session, free.id) is SuggestionStatus.PENDING


# -- The queue -------------------------------------------------------------------


def test_the_best_pair_comes_first_and_ties_go_by_id(session, make):
    low, tie_one, tie_two = (make.suggestion(probability=p) for p in (0.2, 0.9, 0.9))
    assert queue_ids(session, make.staff()) == [tie_one.id, tie_two.id, low.id]


def test_pairs_of_records_no_longer_open_do_not_wait(session, make):
    make.suggestion(make.need(status=NeedStatus.WITHDRAWN))
    make.suggestion(make.need(status=NeedStatus.PENDING))
    make.suggestion(achievement=make.achievement(status=AchievementStatus.TRANSFERRED))
    open_pair, user = make.suggestion(), make.staff()
    assert queue_ids(session, user) == [open_pair.id]
    counted = look(session, user).counts
    assert counted["status"][SuggestionStatus.PENDING] == 1


def test_each_filter_narrows_and_each_count_tells_what_it_would_show(session, make):
    user = make.staff()
    es = make.need(field="ES", district="岳麓区")
    em = make.need(field="EM", district="长沙县")
    first = make.suggestion(es, probability=0.9)
    second = make.suggestion(em, probability=0.5, created_at=NOW - 8 * DAY)
    call = make.call(field="ES")
    third = make.suggestion(
        kind=SuggestionKind.CALL_ACHIEVEMENT,
        need_id=None,
        call_id=call.id,
        probability=0.2,
    )
    service.claim(session, user, second.id, minutes=15, now=NOW)

    expected = {
        ("kind", "call_achievement"): [third.id],
        ("field", "ES"): [first.id, third.id],
        ("district", "长沙县"): [second.id],
        ("score", 0.4): [first.id, second.id],
        ("score", 0.7): [first.id],
        ("age", 7): [second.id],
        ("age", 14): [],
        ("mine", True): [second.id],
    }
    counted = look(session, user).counts
    for (name, value), ids in expected.items():
        several = name in ("kind", "field", "district")
        shown = queue_ids(session, user, **{name: [value] if several else value})
        assert shown == ids, name
        if name != "mine":
            assert counted[name].get(value, 0) == len(ids), name
    narrowed = look(session, user, field=["EM"], age=3).counts
    assert narrowed["kind"] == {SuggestionKind.NEED_ACHIEVEMENT: 1}
    assert narrowed["field"] == {"EM": 1}
    assert narrowed["score"] == {0.7: 0, 0.4: 1}


def test_the_next_pair_skips_those_held_by_others_and_goes_round(session, make):
    best, held, last = (make.suggestion(probability=p) for p in (0.9, 0.8, 0.7))
    user, other = make.staff(), make.staff()
    service.claim(session, other, held.id, minutes=15, now=NOW)

    found = look(session, user)
    assert found.next_pair() == best.id
    assert found.next_pair(best.id) == last.id
    assert found.next_pair(last.id) == best.id
    assert look(session, other).next_pair(best.id) == held.id
    assert found.neighbours(best.id) == (None, last.id)
    assert found.neighbours(last.id) == (best.id, None)


def test_a_pair_knows_its_place_and_the_length_of_the_queue(session, make):
    pairs = [make.suggestion(probability=p) for p in (0.9, 0.8, 0.8, 0.7)]
    user = make.staff()
    places = [look(session, user).place(pair.id) for pair in pairs]
    assert places == [queue.Place(n, 4) for n in (1, 2, 3, 4)]

    service.approve(session, user, pairs[1].id, now=NOW)
    assert look(session, user).place(pairs[1].id) == queue.Place(None, 3)
    approved = look(session, user, status="approved")
    assert approved.place(pairs[1].id) == queue.Place(1, 1)


def test_pages_do_not_overlap(session, make):
    need, user = make.need(), make.staff()
    for _ in range(queue.PER_PAGE + 2):
        make.suggestion(need)
    found = look(session, user)
    first = queue.load_page(session, user, found)
    second = queue.load_page(session, user, found, 2)
    assert (first.pages, first.total, len(second.items)) == (2, queue.PER_PAGE + 2, 2)
    assert not {p.id for p in first.items} & {p.id for p in second.items}


# -- The enterprise --------------------------------------------------------------


def test_an_enterprise_sees_the_approved_pairs_of_its_own_needs_only(session, make):
    user, stranger, staff = make.user(), make.user(), make.staff()
    own = make.need(organisation_id=user.organisation_id)
    also = make.need(organisation_id=user.organisation_id)
    approved, second, pending, rejected, snoozed = (
        make.suggestion(need) for need in (own, also, own, own, own)
    )
    foreign = make.suggestion()
    service.approve(session, staff, approved.id, now=NOW)
    service.approve(session, staff, second.id, now=NOW + DAY)
    service.approve(session, staff, foreign.id, now=NOW)
    service.reject(session, staff, rejected.id, OTHER_PROBLEM, now=NOW)
    service.snooze(session, staff, snoozed.id, SOON, now=NOW)

    page = mine(session, user, OwnQuery())
    shown = [(group.need.id, [p.id for p in group.pairs]) for group in page.groups]
    assert shown == [(also.id, [second.id]), (own.id, [approved.id])]
    assert page.total == 2
    one = mine(session, user, OwnQuery(need=own.id))
    assert [group.need.id for group in one.groups] == [own.id]
    assert mine(session, stranger, OwnQuery()).groups == []
    assert mine(session, user, OwnQuery(need=foreign.need_id)).groups == []

    for hidden in (pending, rejected, snoozed, foreign):
        with pytest.raises(NotFound):
            show_mine(session, user, hidden.id)
    with pytest.raises(NotFound):
        show_mine(session, stranger, approved.id)
    for other in (staff, make.user(Role.UNIVERSITY)):
        with pytest.raises(Forbidden):
            show_mine(session, other, approved.id)


def test_pages_of_own_pairs_cut_through_needs_and_lose_none(session, make, monkeypatch):
    monkeypatch.setattr("matchmaker.matches.own.PER_PAGE", 3)
    user, staff = make.user(), make.staff()
    expected = []
    for number, pairs in enumerate((1, 4, 2)):
        need = make.need(organisation_id=user.organisation_id)
        some = [make.suggestion(need).id for _ in range(pairs)]
        for place, pair_id in enumerate(some):
            at = NOW - number * DAY - timedelta(minutes=place)
            service.approve(session, staff, pair_id, now=at)
        expected += [(need.id, pair_id) for pair_id in some]

    pages = [mine(session, user, OwnQuery(page=page)) for page in (1, 2, 3, 4)]
    shown = [
        [(group.need.id, pair.id) for group in page.groups for pair in group.pairs]
        for page in pages
    ]
    assert shown == [expected[:3], expected[3:6], expected[6:], []]
    assert {(page.pages, page.total) for page in pages} == {(3, 7)}


def test_a_withdrawn_achievement_takes_its_approved_pairs_with_it(session, make):
    user = make.user()
    need = make.need(organisation_id=user.organisation_id)
    achievement = make.achievement()
    pair = make.suggestion(need, achievement)
    service.approve(session, make.staff(), pair.id, now=NOW)
    session.expire_all()
    achievement.move_to(AchievementStatus.WITHDRAWN)
    session.commit()

    assert mine(session, user, OwnQuery()).total == 0
    with pytest.raises(NotFound):
        show_mine(session, user, pair.id)


def test_the_day_of_the_queue_is_the_citys(session, make):
    pair, user = make.suggestion(), make.staff()
    tonight = NOW.replace(hour=17)  # one in the morning of the 24th in the city
    with pytest.raises(Invalid):
        service.snooze(session, user, pair.id, date(2026, 11, 24), now=tonight)
    service.snooze(session, user, pair.id, date(2026, 11, 25), now=tonight)
    assert queue_ids(session, user, now=tonight + timedelta(hours=23)) == [pair.id]
