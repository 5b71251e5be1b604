"""Who may judge which bid: interest, replacements, and what an expert gets to see."""

import pytest
from sqlalchemy import select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.experts import ties
from matchmaker.experts.schema import TieInput
from matchmaker.panels import assigning, finding, recusing
from matchmaker.panels.schema import (
    AssignInput,
    DismissInput,
    PanelInput,
    ReasonInput,
)
from matchmaker.work import service as work
from matchmaker.work.schema import WorkQuery
from models import BidReview, Mail, Notice, PanelMember, transaction
from models.states import CallStatus, ReviewState, Role, TieKind

from ..conftest import NOW
from ..factories import PERIODS
from .conftest import DUE

WORDS = ReasonInput(words="与项目负责人近三年合作发表论文")


def add(world, *experts, actor=None):
    data = PanelInput(experts=[one.id for one in experts], due_on=DUE)
    actor = actor or world.staff
    return assigning.add(world.session, actor, world.call.id, data, now=NOW)


def waiting(world, user):
    when = work.moment(NOW, PERIODS)
    found = work.work_list(world.session, user, WorkQuery(), when)
    return {item.source.name: item.id for item in found.items}


def test_everybody_on_the_panel_gets_every_bid_and_is_told(world, session):
    world.form()
    reviews = session.scalars(select(BidReview)).all()
    assert len(reviews) == 9
    assert {one.state for one in reviews} == {ReviewState.ASSIGNED}
    expert = world.experts[0].user
    told = session.scalars(select(Notice).where(Notice.user_id == expert.id)).one()
    assert told.facts["number"] == 3
    letter = session.scalars(select(Mail).where(Mail.recipient == expert.email)).one()
    assert letter.facts["path"] == "/reviews"
    assert "sheets_to_write" in waiting(world, expert)
    assert "views_to_give" in waiting(world, world.issuer)
    assert "panels_to_fill" not in waiting(world, world.staff)


@pytest.mark.parametrize("party", ["issuer", "bidder"])
@pytest.mark.parametrize("kind", [TieKind.EMPLOYER, TieKind.FAMILY])
def test_who_is_bound_to_a_party_is_refused_with_the_reason(
    world, session, party, kind
):
    """Nobody is added, not even those who are free."""
    bound, free = world.experts[:2]
    home = world.call.issuer if party == "issuer" else world.homes[1]
    world.make.tie(bound.user, name=home.name, kind=kind)
    with pytest.raises(Invalid) as refusal:
        add(world, free, bound)
    assert bound.user.name in refusal.value.fields["experts"]
    assert home.name in refusal.value.fields["experts"]
    assert session.scalars(select(PanelMember)).all() == []
    one = AssignInput(bid=world.bids[0].id, expert=bound.id)
    with pytest.raises(Invalid) as refusal:
        assigning.assign(session, world.staff, world.call.id, one, now=NOW)
    assert list(refusal.value.fields) == ["expert"]


def test_a_conflict_takes_the_bid_from_the_expert_and_asks_for_another(world, session):
    world.form()
    review = world.review(0, 0)
    world.submit(review, (80, 80))
    recusing.declare(session, review.user, review.id, WORDS, now=NOW)
    with pytest.raises(NotFound):
        finding.review(session, review.user, review.id)
    assert finding.review(session, world.staff, review.id).conflict_words == WORDS.words
    assert finding.review(session, review.user, world.review(1, 0).id)
    assert waiting(world, world.staff)["panels_to_fill"] == world.call.id
    asked = select(Notice).where(
        Notice.user_id == world.staff.id, Notice.kind == "review_conflict"
    )
    assert session.scalars(asked).one().facts["call_id"] == world.call.id
    # Not to the same expert again; to another, and all is well.
    data = AssignInput(bid=world.bids[0].id, expert=world.experts[0].id)
    with pytest.raises(Conflict, match=r"panel\.assigned"):
        assigning.assign(session, world.staff, world.call.id, data, now=NOW)
    data = AssignInput(bid=world.bids[0].id, expert=world.experts[3].id)
    assigning.assign(session, world.staff, world.call.id, data, now=NOW)
    assert "panels_to_fill" not in waiting(world, world.staff)


def test_a_tie_declared_in_the_middle_takes_every_bid_of_the_call(world, session):
    world.form()
    expert = world.experts[1]
    data = TieInput(organisation=world.homes[2].name, kind=TieKind.SHARES)
    ties.declare(session, expert.user, expert.id, data, now=NOW)
    states = session.scalars(
        select(BidReview.state).where(BidReview.user_id == expert.user_id)
    ).all()
    assert states == [ReviewState.RECUSED] * 3
    elsewhere = TieInput(organisation="无关公司", kind=TieKind.SHARES)
    other = world.experts[0]
    ties.declare(session, other.user, other.id, elsewhere, now=NOW)
    assert world.review(0, 0).state is ReviewState.ASSIGNED


def test_an_expert_sees_its_own_reviews_only_and_only_while_bids_are_judged(
    world, session
):
    world.form()
    mine, others = world.review(0, 0), world.review(0, 1)
    assert finding.review(session, mine.user, mine.id)
    with pytest.raises(NotFound):
        finding.review(session, mine.user, others.id)
    for status in (CallStatus.OPEN, CallStatus.AWARDED, CallStatus.FAILED):
        with transaction(session):
            world.call.status = status
        with pytest.raises(NotFound):
            finding.review(session, mine.user, mine.id)


def test_what_was_not_judged_can_be_taken_away_and_given_back(world, session):
    world.form()
    review = world.review(0, 0)
    late = ReasonInput(words="多次提醒没有评审")
    assigning.take_away(session, world.staff, review.id, late, now=NOW)
    with pytest.raises(NotFound):
        finding.review(session, review.user, review.id)
    data = AssignInput(bid=world.bids[0].id, expert=world.experts[0].id)
    assigning.assign(session, world.staff, world.call.id, data, now=NOW)
    world.submit(world.review(0, 0), (70, 70))
    with pytest.raises(Conflict, match=r"review\.not_held"):
        assigning.take_away(session, world.staff, review.id, late, now=NOW)


def test_who_leaves_the_panel_keeps_what_it_sent(world, session):
    world.form()
    world.submit(world.review(0, 0), (70, 70))
    data = DismissInput(member=world.experts[0].user_id, words="长期出差，不能评审")
    assigning.dismiss(session, world.staff, world.call.id, data, now=NOW)
    states = [world.review(place, 0).state for place in range(3)]
    assert states == [ReviewState.SUBMITTED, ReviewState.REMOVED, ReviewState.REMOVED]
    with pytest.raises(Conflict, match=r"panel\.no_member"):
        assigning.dismiss(session, world.staff, world.call.id, data, now=NOW)


def test_only_impartial_staff_form_a_panel_and_only_in_review(world, session):
    for person in (world.issuer, world.experts[0].user, world.make.user()):
        with pytest.raises(Forbidden):
            add(world, world.experts[1], actor=person)
    partial = world.make.user(Role.STAFF, organisation_id=world.call.issuer_id)
    with pytest.raises(Conflict, match=r"panel\.partial"):
        add(world, world.experts[1], actor=partial)
    with transaction(session):
        world.call.status = CallStatus.OPEN
    with pytest.raises(Conflict, match=r"panel\.not_in_review"):
        add(world, world.experts[1])
