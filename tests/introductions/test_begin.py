"""How an introduction begins: by whom, about what, and never twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.introductions.begin import Subject, begin
from matchmaker.introductions.requests import service as requests
from matchmaker.introductions.schema import CreateInput, PairInput, RequestInput
from models import Introduction, Mail, Notice, User, transaction
from models.states import (
    AchievementStatus,
    IntroductionOrigin,
    IntroductionStatus,
    NeedStatus,
    OrganisationRole,
    Role,
    Secrecy,
    Side,
    SuggestionKind,
    SuggestionStatus,
)

from ..conftest import NOW

APPROVED = {"status": SuggestionStatus.APPROVED, "decided_at": NOW}
WANTS = RequestInput(message="想了解能不能用在储能舱。")
MASKED = {
    "secrecy": Secrecy.MASKED,
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": [],
}


def told(session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(
        select(Notice).where(Notice.user_id == user.id).order_by(Notice.id)
    )
    return [(row.kind, row.facts["title"]) for row in rows]


def number(session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Introduction.id)))


@pytest.fixture
def sides(make):
    """An enterprise and a university, a need and an achievement of theirs."""
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    need = make.need(organisation_id=firm.organisation_id)
    item = make.achievement(organisation_id=college.organisation_id)
    return firm, college, need, item


def test_an_enterprise_asks_from_an_approved_pair(session, make, sides):
    firm, college, need, item = sides
    pair = make.suggestion(need, item, **APPROVED)
    begun = requests.request_pair(
        session, firm, pair.id, PairInput(message=""), form_key="a", now=NOW
    )
    talks = begun.introduction
    assert begun.is_new
    assert (talks.origin, talks.suggestion_id) == (
        IntroductionOrigin.SUGGESTION,
        pair.id,
    )
    assert (talks.status, talks.provider_knows) == (IntroductionStatus.WAITING, True)
    assert talks.answer_of(Side.SEEKER).user_id == firm.id
    assert talks.answer_of(Side.PROVIDER) is None
    assert talks.route is not None
    assert talks.route_words
    assert told(session, college) == [("introduction_asked", need.title)]
    assert told(session, firm) == []
    (mail,) = session.scalars(select(Mail))
    assert mail.recipient == college.email


@pytest.mark.parametrize("status", [s for s in SuggestionStatus if s != "approved"])
def test_only_an_approved_pair_of_ones_own_begins_talks(session, make, sides, status):
    firm, _, need, item = sides
    until = NOW.date() if status == "snoozed" else None
    pair = make.suggestion(need, item, status=status, snoozed_until=until)
    with pytest.raises(NotFound):
        requests.request_pair(
            session, firm, pair.id, PairInput(), form_key="a", now=NOW
        )
    with pytest.raises(Conflict, match="not_approved"):
        requests.create_pair(session, make.staff(), pair.id, form_key="a", now=NOW)
    other = make.suggestion(**APPROVED)
    with pytest.raises(NotFound):
        requests.request_pair(
            session, firm, other.id, PairInput(), form_key="b", now=NOW
        )
    assert number(session) == 0


def test_staff_ask_both_sides(session, make, sides):
    firm, college, need, item = sides
    pair = make.suggestion(need, item, **APPROVED)
    begun = requests.create_pair(session, make.staff(), pair.id, form_key="a", now=NOW)
    assert begun.introduction.answers == []
    for user in (firm, college):
        assert told(session, user) == [("introduction_asked", need.title)]


def test_a_provider_learns_nothing_of_a_restricted_need_from_staff(
    session, make, sides
):
    firm, college, _, item = sides
    need = make.need(
        organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED, title="秘密"
    )
    pair = make.suggestion(need, item, **APPROVED)
    begun = requests.create_pair(session, make.staff(), pair.id, form_key="a", now=NOW)
    assert not begun.introduction.provider_knows
    assert told(session, college) == []
    assert told(session, firm) == [("introduction_asked", "秘密")]
    (mail,) = session.scalars(select(Mail))
    assert (mail.recipient, mail.facts["title"]) == (firm.email, "一条定向需求")


def test_the_owner_of_a_restricted_need_may_ask_for_itself(session, make, sides):
    firm, college, _, item = sides
    need = make.need(organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED)
    data = RequestInput(own=need.id, message="请看看这条需求。")
    begun = requests.request_achievement(
        session, firm, item.id, data, form_key="a", now=NOW
    )
    assert begun.introduction.provider_knows
    assert told(session, college) == [("introduction_asked", need.title)]


def test_a_masked_need_stays_masked_in_a_request(session, make, sides):
    firm, college, _, item = sides
    need = make.need(organisation_id=firm.organisation_id, title="全文标题", **MASKED)
    data = RequestInput(own=need.id, message="请看看这条需求。")
    requests.request_achievement(session, firm, item.id, data, form_key="a", now=NOW)
    assert told(session, college) == [("introduction_asked", "储能产品验收")]
    (mail,) = session.scalars(select(Mail))
    assert mail.facts["title"] == "储能产品验收"


def test_an_enterprise_asks_about_an_achievement_without_a_need(session, sides):
    firm, _, _, item = sides
    begun = requests.request_achievement(
        session, firm, item.id, WANTS, form_key="a", now=NOW
    )
    talks = begun.introduction
    assert (talks.need_id, talks.achievement_id) == (None, item.id)
    assert (talks.seeker_id, talks.provider_id) == (
        firm.organisation_id,
        item.organisation_id,
    )
    assert talks.origin is IntroductionOrigin.REQUEST
    assert talks.message == WANTS.message


def test_a_university_asks_about_a_need_with_an_achievement_or_without(session, sides):
    firm, college, need, item = sides
    for own in (None, item.id):
        data = RequestInput(own=own, message="我们有现成的方案。")
        begun = requests.request_need(
            session, college, need.id, data, form_key=f"{own}", now=NOW
        )
        assert begun.introduction.answer_of(Side.PROVIDER) is not None
        assert begun.introduction.achievement_id == own
    assert [kind for kind, _ in told(session, firm)] == ["introduction_asked"] * 2


def test_a_request_about_an_approved_pair_counts_as_one_from_it(session, make, sides):
    _, college, need, item = sides
    pair = make.suggestion(need, item, **APPROVED)
    data = RequestInput(own=item.id, message="我们有现成的方案。")
    begun = requests.request_need(
        session, college, need.id, data, form_key="a", now=NOW
    )
    assert begun.introduction.suggestion_id == pair.id


def test_each_asks_from_its_own_side_with_its_own_records(session, make, sides):
    firm, college, need, item = sides
    for act in (
        lambda: requests.request_need(
            session, firm, need.id, WANTS, form_key="a", now=NOW
        ),
        lambda: requests.request_achievement(
            session, college, item.id, WANTS, form_key="a", now=NOW
        ),
    ):
        with pytest.raises(Conflict, match="not_your_side"):
            act()
    foreign = RequestInput(own=make.need().id, message="想了解一下。")
    with pytest.raises(Invalid):
        requests.request_achievement(
            session, firm, item.id, foreign, form_key="a", now=NOW
        )
    for user in (make.user(Role.MANAGER), make.staff()):
        with pytest.raises(Forbidden):
            requests.request_need(session, user, need.id, WANTS, form_key="a", now=NOW)
    reader = make.user(
        organisation_id=firm.organisation_id, org_role=OrganisationRole.READER
    )
    with pytest.raises(Forbidden):
        requests.request_achievement(
            session, reader, item.id, WANTS, form_key="a", now=NOW
        )
    assert number(session) == 0


def test_a_hidden_or_closed_record_takes_no_request(session, make, sides):
    firm, college, _, _ = sides
    hidden = make.need(secrecy=Secrecy.RESTRICTED)
    with pytest.raises(NotFound):
        requests.request_need(session, college, hidden.id, WANTS, form_key="a", now=NOW)
    done = make.achievement(status=AchievementStatus.TRANSFERRED)
    with pytest.raises(Conflict, match="side_closed"):
        requests.request_achievement(
            session, firm, done.id, WANTS, form_key="a", now=NOW
        )
    own = make.need(organisation_id=firm.organisation_id, status=NeedStatus.PENDING)
    data = RequestInput(own=own.id, message="想了解一下。")
    with pytest.raises(Conflict, match="side_closed"):
        requests.request_achievement(
            session, firm, make.achievement().id, data, form_key="a", now=NOW
        )


def test_what_goes_on_already_is_shown_instead(session, make, sides):
    firm, college, need, item = sides
    data = RequestInput(own=need.id, message="想了解一下。")
    first = requests.request_achievement(
        session, firm, item.id, data, form_key="a", now=NOW
    )
    theirs = RequestInput(own=item.id, message="我们有现成的方案。")
    again = [
        requests.request_achievement(
            session, firm, item.id, data, form_key="b", now=NOW
        ),
        requests.request_need(session, college, need.id, theirs, form_key="c", now=NOW),
        requests.create(
            session,
            make.staff(),
            CreateInput(need=need.id, achievement=item.id),
            form_key="d",
            now=NOW,
        ),
    ]
    assert [(one.introduction.id, one.is_new) for one in again] == [
        (first.introduction.id, False)
    ] * 3
    assert number(session) == 1


def test_after_failed_talks_new_ones_may_begin_but_not_by_the_same_form(session, sides):
    firm, _, need, item = sides
    data = RequestInput(own=need.id, message="想了解一下。")

    def ask(key: str):
        return requests.request_achievement(
            session, firm, item.id, data, form_key=key, now=NOW
        )

    first = ask("a").introduction
    with transaction(session):
        first.move_to(IntroductionStatus.FAILED, now=NOW)
        first.failed_code = "other"
    assert not ask("a").is_new
    assert ask("b").is_new
    assert number(session) == 2


def test_a_provider_that_asks_for_what_is_public_now_learns_of_the_talks(
    session, make, sides
):
    firm, college, _, item = sides
    need = make.need(organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED)
    talks = requests.create(
        session,
        make.staff(),
        CreateInput(need=need.id, achievement=item.id),
        form_key="a",
        now=NOW,
    ).introduction
    with transaction(session):
        need.secrecy = Secrecy.PUBLIC
    data = RequestInput(own=item.id, message="我们有现成的方案。")
    begun = requests.request_need(
        session, college, need.id, data, form_key="b", now=NOW
    )
    assert (begun.introduction.id, begun.is_new) == (talks.id, False)
    assert begun.introduction.provider_knows


def test_staff_name_two_sides_by_their_numbers(session, make, sides):
    _, _, need, item = sides
    staff, call = make.staff(), make.call()

    def create(**numbers: int | None):
        return requests.create(
            session, staff, CreateInput(**numbers), form_key=str(numbers), now=NOW
        ).introduction

    by_hand = create(need=need.id, achievement=item.id)
    assert by_hand.origin is IntroductionOrigin.MANUAL
    assert by_hand.requested_by_id is None
    of_call = create(achievement=item.id, call=call.id)
    assert (of_call.seeker_id, of_call.provider_id) == (
        call.issuer_id,
        item.organisation_id,
    )
    of_need = create(need=need.id, call=call.id)
    assert (of_need.seeker_id, of_need.provider_id) == (
        need.organisation_id,
        call.issuer_id,
    )
    for wrong in ({"need": 2**31 - 1, "achievement": item.id},):
        with pytest.raises(Invalid):
            create(**wrong)
    with pytest.raises(Invalid):
        create(need=need.id, achievement=item.id, call=call.id)


def test_one_house_is_not_brought_together_with_itself(session, make):
    home = make.organisation()
    need, call = make.need(organisation_id=home.id), make.call(issuer_id=home.id)
    pair = make.suggestion(
        need,
        kind=SuggestionKind.NEED_CALL,
        achievement_id=None,
        call_id=call.id,
        **APPROVED,
    )
    with pytest.raises(Conflict, match="same_side"):
        requests.create_pair(session, make.staff(), pair.id, form_key="a", now=NOW)


def test_who_met_at_an_event_and_wants_to_talks_at_once(session, make, sides):
    firm, college, need, item = sides
    with transaction(session):
        begun = begin(
            session,
            make_actor := session.get_one(User, firm.id),
            Subject(need=need, achievement=item),
            IntroductionOrigin.EVENT,
            seeker_id=need.organisation_id,
            provider_id=item.organisation_id,
            interested=tuple(Side),
            now=NOW,
        )
    assert make_actor.id == firm.id
    assert begun.introduction.status is IntroductionStatus.TALKING
    assert begun.introduction.origin is IntroductionOrigin.EVENT
    assert told(session, college) == [("introduction_agreed", need.title)]


def test_two_presses_at_once_make_one(app, session, make, sides):
    """Each in a thread and a session of its own, as two requests are."""
    # The objects are the test's: no thread asks its session for what they hold.
    firm_id, college_id, need_id, item_id = (one.id for one in sides)
    barrier = Barrier(4, timeout=30)

    def ask(place: int) -> int:
        with app.extensions["db_sessions"]() as own:
            if place % 2:
                actor, act = firm_id, requests.request_achievement
                record, data = item_id, RequestInput(own=need_id, message="想了解。。")
            else:
                actor, act = college_id, requests.request_need
                record, data = need_id, RequestInput(own=item_id, message="有方案。。")
            user = own.get_one(User, actor)
            own.rollback()
            barrier.wait()
            begun = act(own, user, record, data, form_key=f"k{place}", now=NOW)
            return begun.introduction.id

    session.rollback()
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ask, range(4)))
    assert len(found) == 1
    assert number(session) == 1
