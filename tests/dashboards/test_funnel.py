"""How far pairs come, how long it takes, who sells, who is suggested."""

from datetime import UTC, date, datetime, timedelta

import pytest

from matchmaker.dashboards import funnel, leagues
from matchmaker.dashboards.schema import SellerKind, Step
from matchmaker.labels import today
from models import IntroductionAnswer, transaction
from models.states import (
    ContractState,
    ContractType,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    OrganisationKind,
    PartyKind,
    Role,
    Side,
    SuggestionStatus,
)

START = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten in the morning in the city


def after(days):
    return START + timedelta(days=days)


@pytest.fixture
def agree(session, make):
    """Both sides answer the introduction, on these days."""

    def answer(introduction, *days, interest=Interest.INTERESTED):
        user = make.staff().id
        with transaction(session):
            for side, day in zip(Side, days, strict=False):
                reason = "busy" if interest is Interest.DECLINED else None
                session.add(
                    IntroductionAnswer(
                        introduction_id=introduction.id,
                        side=side,
                        interest=interest,
                        reason=reason,
                        user_id=user,
                        at=after(day),
                    )
                )

    return answer


@pytest.fixture
def pairs(session, make, agree):
    """Five pairs of 2026 that came to every step in turn, and one of 2025."""
    holder = make.organisation(kind=OrganisationKind.UNIVERSITY, name="岳麓大学")
    made = []
    for place in range(6):
        achievement = make.achievement(organisation_id=holder.id)
        approved = place > 0
        made.append(
            make.suggestion(
                achievement=achievement,
                status=SuggestionStatus.APPROVED if approved else "pending",
                created_at=START,
                decided_at=after(place) if approved else None,
            )
        )
    introductions = [
        make.introduction(
            pair.need,
            pair.achievement,
            origin=IntroductionOrigin.SUGGESTION,
            suggestion_id=pair.id,
            created_at=after(10),
        )
        for pair in made[2:]
    ]
    agree(introductions[0], 11)  # one side only
    for one in introductions[1:]:
        agree(one, 12, 14)
    signed = {"signed_on": date(2026, 3, 26)}
    make.contract(introduction_id=introductions[2].id, **signed)
    make.contract(
        introduction_id=introductions[3].id,
        state=ContractState.RECOGNISED,
        recognised_on=date(2026, 4, 10),
        **signed,
    )
    make.suggestion(created_at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    return made


def steps(found):
    return [(one.step, one.count) for one in found]


def test_each_step_holds_a_part_of_the_one_before(session, make, pairs):
    found = funnel.funnel(session, make.staff(), 2026)
    assert steps(found.suggested) == list(zip(Step, (6, 5, 4, 3, 2, 1), strict=True))
    assert [one.of_before for one in found.suggested[1:]] == [
        5 / 6,
        0.8,
        0.75,
        2 / 3,
        0.5,
    ]
    assert found.suggested[-1].of_first == 1 / 6
    # Approved after 1 to 5 days; introduced on the tenth; talks from the second yes on.
    assert [one.days for one in found.suggested] == [None, 3, 6.5, 4, 10, 15]
    assert [one.timed for one in found.suggested] == [0, 5, 4, 3, 2, 1]
    assert steps(found.direct) == [(step, 0) for step in funnel.DIRECT_STEPS]


def test_a_year_begins_at_midnight_in_the_city(session, make):
    make.suggestion(created_at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    make.suggestion(created_at=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    staff = make.staff()
    assert funnel.funnel(session, staff, 2025).suggested[0].count == 1
    assert funnel.funnel(session, staff, 2026).suggested[0].count == 1


def test_every_count_opens_as_many_pairs(session, make, pairs):
    staff = make.staff()
    found = funnel.funnel(session, staff, 2026)
    for one in found.suggested:
        page = funnel.pairs_of(session, staff, 2026, one.step, direct=False, page=1)
        assert page.total == one.count == len(page.items)
        assert all(row.suggestion for row in page.items)


def test_talks_that_no_suggestion_led_to_are_counted_apart(session, make, agree):
    asked = make.introduction(created_at=START)
    agree(asked, 3, 5)
    make.introduction(created_at=START, status=IntroductionStatus.WAITING)
    staff = make.staff()
    found = funnel.funnel(session, staff, 2026)
    assert [one.count for one in found.direct] == [2, 1, 0, 0]
    assert found.direct[1].days == 5
    page = funnel.pairs_of(session, staff, 2026, Step.TALKS, direct=True, page=9)
    assert [row.introduction.id for row in page.items] == [asked.id]
    assert (page.page, page.pages) == (1, 1)


def test_a_refusal_is_no_talk_and_an_unsigned_draft_no_contract(session, make, agree):
    refused = make.introduction(created_at=START)
    agree(refused, 2, 3, interest=Interest.DECLINED)
    talks = make.introduction(created_at=START)
    agree(talks, 2, 3)
    make.contract(introduction_id=talks.id, state=ContractState.DRAFT)
    found = funnel.funnel(session, make.staff(), 2026)
    assert [one.count for one in found.direct] == [2, 1, 0, 0]


def test_a_pair_is_counted_once_however_many_contracts_it_led_to(session, make, agree):
    talks = make.introduction(created_at=START)
    agree(talks, 2, 3)
    for _ in range(3):
        make.contract(introduction_id=talks.id)
    found = funnel.funnel(session, make.staff(), 2026)
    assert [one.count for one in found.direct] == [1, 1, 1, 0]


@pytest.mark.parametrize("hour", range(24))
def test_a_day_of_a_step_is_the_day_in_the_city(hour):
    for day in (datetime(2026, 7, 31, hour, 59, tzinfo=UTC), START.replace(hour=hour)):
        assert funnel.city_day(day) == today(day)


def recognised(make, seller, fen, **given):
    values = {
        "state": ContractState.RECOGNISED,
        "seller_name": seller,
        "seller_kind": PartyKind.UNIVERSITY,
        "total_fen": fen,
        "technology_fen": fen,
    }
    return make.contract(**values | given)


def test_the_league_adds_up_each_seller_of_the_kind(session, make):
    recognised(make, "甲大学", 300)
    recognised(make, "甲大学", 200, type=ContractType.SERVICE, buyer_region="110000")
    recognised(make, "乙大学", 400)
    recognised(make, "丙公司", 900, seller_kind=PartyKind.ENTERPRISE)
    recognised(make, "丁大学", 900, state=ContractState.SIGNED)
    recognised(
        make,
        "戊大学",
        900,
        recognised_on=date(2025, 12, 31),
        signed_on=date(2025, 1, 2),
    )
    found = leagues.sellers(session, make.staff(), 2026, SellerKind.UNIVERSITY)
    assert [(one.name, one.sum.count, one.sum.total_fen) for one in found.sellers] == [
        ("甲大学", 2, 500),
        ("乙大学", 1, 400),
    ]
    first = found.sellers[0]
    assert (first.three_kinds.total_fen, first.local.total_fen) == (300, 300)
    assert (found.number, found.whole.total_fen) == (2, 900)


def test_managers_stand_by_the_contracts_they_brought_about(session, make):
    one, other = (make.user(Role.MANAGER) for _ in range(2))
    make.introduction(manager_id=one.id, created_at=START)
    make.introduction(
        manager_id=one.id, created_at=START, status=IntroductionStatus.SIGNED
    )
    make.introduction(manager_id=one.id, created_at=after(-400))
    recognised(make, "甲大学", 500, manager_id=other.id)
    make.user(Role.MANAGER)  # who did nothing has no line
    found = leagues.managers(session, make.staff(), 2026)
    assert [(row.user.id, row.assigned, row.signed, row.failed) for row in found] == [
        (other.id, 0, 0, 0),
        (one.id, 2, 1, 0),
    ]
    assert found[0].sum.total_fen == 500


def test_exposure_is_suggestions_beside_the_number_of_records(session, make):
    """Of two institutions with as many suggestions, the smaller is put forward more."""
    small = make.organisation(kind=OrganisationKind.UNIVERSITY, name="小学院")
    large = make.organisation(kind=OrganisationKind.UNIVERSITY, name="大学院")
    [only] = [make.achievement(organisation_id=small.id)]
    several = [make.achievement(organisation_id=large.id) for _ in range(3)]
    for achievement in (only, only, several[0], several[1]):
        make.suggestion(achievement=achievement, created_at=START)
    make.suggestion(achievement=several[2], created_at=after(-400))
    make.suggestion(
        achievement=several[1], created_at=START, status=SuggestionStatus.APPROVED
    )
    make.introduction(achievement=several[0], created_at=START)
    found = leagues.exposure(session, make.staff(), 2026)
    by_name = {row.organisation.name: row for row in found.rows}
    first, second = by_name["大学院"], by_name["小学院"]
    assert (first.records, first.shown, first.suggested, first.approved) == (3, 2, 3, 1)
    assert (first.introduced, second.introduced) == (1, 0)
    assert (second.per_record, first.per_record) == (2, 1)
    assert (found.records, found.suggested, found.per_record) == (4, 5, 1.25)
    assert (second.beside, first.beside) == (1.6, 0.8)
    assert first.approval == 1 / 3
