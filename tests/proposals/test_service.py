"""Pairs proposed by hand: who may, for whom, and what becomes of them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from index.catalogue import Catalogue
from index.hashing import HashingEncoder
from index.sync import LiveIndex
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.jobs import outbox
from matchmaker.jobs.worker import Worker
from matchmaker.matches import service as matches
from matchmaker.matches import suggest
from matchmaker.notices import service as notices
from matchmaker.proposals import service
from matchmaker.proposals.schema import OwnQuery, ProposalInput
from matchmaker.rankers.quality import quality
from models import History, Notice, Proposal, Suggestion, User, transaction
from models.outbox import RecordType
from models.states import (
    NeedStatus,
    OrganisationKind,
    OrganisationRole,
    RejectReason,
    Role,
    Secrecy,
    SuggestionStatus,
)

from ..conftest import NOW

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
WHY = "这家企业的电池舱和他们试验过的型号相同。"
CHANGED = "成果今年补做了中试，有了新的检测报告。"
MASKED = {
    "secrecy": Secrecy.MASKED,
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间尽量短"],
}


@pytest.fixture
def index(session, make):
    """The index as the worker left it; `work` lets it go on."""
    return LiveIndex(HashingEncoder)


def work(session, index) -> None:
    Worker(session, index, suggestions=5, clock=lambda: NOW).drain()


def said(other, why=WHY, changed="") -> ProposalInput:
    return ProposalInput(other=other.id, why=why, changed=changed)


def propose(session, index, user, need, achievement, **given) -> Suggestion:
    data = said(achievement, **given)
    return service.propose(session, index, user, NEED, need.id, data, now=NOW)


@pytest.fixture
def manager(make) -> User:
    return make.user(Role.MANAGER)


@pytest.fixture
def need(make, manager):
    """A public need of a firm the manager represents."""
    firm = make.organisation(name="湘江电池有限公司")
    make.mandate(manager, firm)
    return make.need(organisation_id=firm.id)


def test_a_manager_proposes_and_the_desk_gets_the_pair_with_its_evidence(
    session, make, index, manager, need
):
    # Too unlikely for the matcher: that is why somebody has to think of it.
    far = make.achievement(
        title="水稻育秧基质", abstract="用秸秆做基质。", indicators=[], field="AG"
    )
    make.fillers(3)
    work(session, index)
    assert session.scalar(select(func.count(Suggestion.id))) == 0
    pair = propose(session, index, manager, need, far)
    assert (pair.need_id, pair.achievement_id) == (need.id, far.id)
    assert pair.status is SuggestionStatus.PENDING
    assert set(pair.evidence) == {"indicators", "pairs", "terms", "facts", "parts"}
    assert pair.evidence["facts"]
    assert pair.features
    assert pair.ranker
    (proposal,) = pair.proposals
    assert (proposal.proposer, proposal.why) == (manager, WHY)
    assert proposal.organisation_id == need.organisation_id
    told = session.scalars(select(History).where(History.record_id == pair.id))
    assert "suggestion.proposed" in {row.action for row in told}


def test_the_evidence_is_the_matchers(session, make, index, manager, need):
    near = make.achievement()
    make.fillers(8)
    work(session, index)
    # Once more: what is usual on the shelf changed while the others came in.
    suggest.refresh(session, index, NEED, need.id, limit=5, now=NOW)
    automatic = session.scalars(select(Suggestion)).one()
    evidence, score = automatic.evidence, automatic.score
    features = automatic.features
    with transaction(session):
        session.delete(automatic)
    pair = propose(session, index, manager, need, near)
    assert pair.evidence == evidence
    assert pair.score == pytest.approx(score, abs=1e-5)
    assert pair.features == pytest.approx(features, abs=1e-5)


def test_a_text_the_worker_has_not_come_to_is_judged_all_the_same(
    session, make, index, manager, need
):
    pair = propose(session, index, manager, need, make.achievement())
    assert pair.evidence["pairs"]


def test_staff_are_told_and_staff_propose_any_pair(session, make, index, need):
    staff, colleague = make.staff(), make.staff()
    secret = make.need(secrecy=Secrecy.RESTRICTED)
    pair = propose(session, index, staff, secret, make.achievement())
    assert pair.proposals[0].organisation_id is None
    told = session.scalars(select(Notice).where(Notice.kind == service.TOLD)).all()
    assert [notice.user_id for notice in told] == [colleague.id]
    assert notices.target(told[0]) == ("matches.pair", {"suggestion_id": pair.id})


def test_one_side_is_of_an_organisation_the_manager_represents(
    session, make, index, manager, need
):
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    make.mandate(manager, college)
    theirs = make.achievement(organisation_id=college.id)
    # From either side, and by either side.
    propose(session, index, manager, make.need(), theirs)
    data = said(make.need())
    service.propose(session, index, manager, ACHIEVEMENT, theirs.id, data, now=NOW)
    with pytest.raises(Forbidden):
        propose(session, index, manager, make.need(), make.achievement())
    assert session.scalar(select(func.count(Proposal.id))) == 2


@pytest.mark.parametrize(
    "days",
    [
        {"from_on": date(2026, 11, 24)},
        {"from_on": date(2026, 1, 1), "until_on": date(2026, 11, 22)},
    ],
)
def test_a_mandate_counts_from_its_first_to_its_last_day(session, make, index, days):
    manager, firm = make.user(Role.MANAGER), make.organisation()
    make.mandate(manager, firm, **days)
    with pytest.raises(Forbidden):
        propose(
            session,
            index,
            manager,
            make.need(organisation_id=firm.id),
            make.achievement(),
        )


def test_a_mandate_opens_nothing_that_is_hidden(session, make, index, manager, need):
    """Neither the restricted needs of the firm, nor that a masked one is theirs."""
    home = {"organisation_id": need.organisation_id}
    item = make.achievement()
    hidden = [
        make.need(secrecy=Secrecy.RESTRICTED, **home),
        make.need(status=NeedStatus.DRAFT, **home),
        make.need(status=NeedStatus.PENDING, **home),
    ]
    for one in hidden:
        with pytest.raises(NotFound):
            propose(session, index, manager, one, item)
        with pytest.raises(NotFound):
            service.propose(
                session, index, manager, ACHIEVEMENT, item.id, said(one), now=NOW
            )
    theirs, others = make.need(**MASKED, **home), make.need(**MASKED)
    for masked in (theirs, others):
        with pytest.raises(Forbidden):
            propose(session, index, manager, masked, item)
        begun = service.start(session, manager, NEED, masked.id, now=NOW)
        assert not begun.free
    assert session.scalar(select(func.count(Proposal.id))) == 0


def test_a_masked_need_may_be_the_other_side(session, make, index, manager):
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    make.mandate(manager, college)
    theirs = make.achievement(organisation_id=college.id)
    pair = propose(session, index, manager, make.need(**MASKED), theirs)
    assert pair.proposals[0].organisation_id == college.id
    (row,) = service.mine(session, manager, OwnQuery()).rows
    assert row.suggestion_id == pair.id


def test_the_offered_other_sides_are_those_that_may_be_chosen(
    session, make, index, manager, need
):
    home = {"organisation_id": need.organisation_id}
    make.need(**MASKED, **home)
    make.need(secrecy=Secrecy.RESTRICTED, **home)
    make.need(status=NeedStatus.WITHDRAWN, **home)
    make.need()
    item = make.achievement()
    make.fillers(3)
    work(session, index)
    begun = service.start(session, manager, ACHIEVEMENT, item.id, now=NOW)
    found = service.offered(session, index, manager, begun, item.title, now=NOW)
    assert [row.item.id for row in found.rows] == [need.id]
    free = service.start(session, manager, NEED, need.id, now=NOW)
    assert free.free
    found = service.offered(session, index, manager, free, need.title, now=NOW)
    assert found.rows[0].item.id == item.id
    nobody = service.start(session, make.user(Role.MANAGER), NEED, need.id, now=NOW)
    assert nobody.hopeless


@pytest.mark.parametrize("status", [SuggestionStatus.PENDING, SuggestionStatus.SNOOZED])
def test_a_pair_that_waits_is_told_and_not_doubled(
    session, make, index, manager, need, status
):
    item = make.achievement()
    until = date(2026, 12, 1) if status is SuggestionStatus.SNOOZED else None
    make.suggestion(need, item, status=status, snoozed_until=until)
    with pytest.raises(Conflict, match=r"proposal\.waiting"):
        propose(session, index, manager, need, item)
    assert session.scalar(select(func.count(Suggestion.id))) == 1


def test_an_approved_pair_is_told(session, make, index, manager, need):
    item = make.achievement()
    make.suggestion(need, item, status=SuggestionStatus.APPROVED)
    with pytest.raises(Conflict, match=r"proposal\.approved"):
        propose(session, index, manager, need, item)


def test_a_rejected_pair_comes_back_only_with_what_is_different(
    session, make, index, manager, need
):
    item, staff = make.achievement(), make.staff()
    old = make.suggestion(need, item)
    matches.reject(session, staff, old.id, RejectReason.NOT_READY, now=NOW)
    with pytest.raises(Invalid) as refusal:
        propose(session, index, manager, need, item)
    assert list(refusal.value.fields) == ["changed"]
    pair = propose(session, index, manager, need, item, changed=CHANGED)
    assert pair.id == old.id
    assert (pair.status, pair.decided_at) == (SuggestionStatus.PENDING, None)
    assert pair.proposals[-1].changed == CHANGED
    # The earlier decision stays where the desk shows it.
    assert [review.reason for review in pair.reviews] == [RejectReason.NOT_READY]
    assert pair.evidence["facts"]


def test_the_same_words_twice_are_one_proposal(session, make, index, manager, need):
    item = make.achievement()
    first = propose(session, index, manager, need, item)
    assert propose(session, index, manager, need, item).id == first.id
    with pytest.raises(Conflict, match=r"proposal\.waiting"):
        propose(session, index, manager, need, item, why=WHY + "再说一遍。")
    assert session.scalar(select(func.count(Proposal.id))) == 1


def test_a_side_that_is_closed_is_not_proposed(session, make, index, manager, need):
    gone = make.achievement(status="transferred")
    with pytest.raises(Conflict, match=r"proposal\.closed"):
        propose(session, index, manager, need, gone)


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY])
def test_others_do_not_propose(session, make, index, need, role):
    with pytest.raises(Forbidden):
        propose(session, index, make.user(role), need, make.achievement())


def test_a_reader_of_a_service_body_does_not_propose(session, make, index):
    reader = make.user(Role.MANAGER, org_role=OrganisationRole.READER)
    firm = make.organisation()
    make.mandate(reader, firm)
    mine = make.need(organisation_id=firm.id)
    with pytest.raises(Forbidden):
        propose(session, index, reader, mine, make.achievement())


def test_the_matcher_keeps_what_a_person_proposed(session, make, index, manager, need):
    """It follows the texts, but no low score and no closed side takes it away."""
    far = make.achievement(
        title="水稻育秧基质", abstract="用秸秆做基质。", indicators=[], field="AG"
    )
    make.fillers(3)
    work(session, index)
    pair = propose(session, index, manager, need, far)
    before = pair.right_hash
    with transaction(session):
        far.abstract = "用秸秆和菌渣做水稻育秧基质，出苗整齐。"
        session.flush()
        outbox.touch(session, far, now=NOW)
    work(session, index)
    session.refresh(pair)
    assert pair.status is SuggestionStatus.PENDING
    assert pair.right_hash != before
    with transaction(session):
        need.move_to(NeedStatus.WITHDRAWN)
        session.flush()
        outbox.touch(session, need, now=NOW)
    work(session, index)
    assert session.get(Suggestion, pair.id) is not None


def test_whoever_proposed_is_told_what_became_of_it(
    session, make, index, manager, need
):
    item, staff = make.achievement(), make.staff()
    pair = propose(session, index, manager, need, item)

    def told() -> list[str]:
        own = select(Notice).where(Notice.user_id == manager.id).order_by(Notice.id)
        return [notice.kind for notice in session.scalars(own)]

    matches.approve(session, staff, pair.id, now=NOW)
    assert told() == ["proposal_approved"]
    matches.undo(session, staff, pair.id, now=NOW)
    assert told() == []
    matches.reject(session, staff, pair.id, RejectReason.PRICE, now=NOW)
    assert told() == ["proposal_rejected"]
    notice = session.scalars(
        select(Notice).where(Notice.kind == "proposal_rejected")
    ).one()
    assert need.title in notices.words(notice)
    assert notices.target(notice) == ("proposals.mine", {"state": "rejected"})


def test_a_masked_need_is_told_of_by_its_public_title(session, make, index, manager):
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    make.mandate(manager, college)
    masked = make.need(title="湘江电池客户验收", **MASKED)
    pair = propose(
        session, index, manager, masked, make.achievement(organisation_id=college.id)
    )
    matches.reject(session, make.staff(), pair.id, RejectReason.PRICE, now=NOW)
    notice = session.scalars(select(Notice).where(Notice.user_id == manager.id)).one()
    assert "储能产品验收" in notices.words(notice)
    assert "湘江" not in str(notice.facts)


def test_ones_own_list_shows_each_pair_once_and_only_what_may_be_known(
    session, make, index, manager, need
):
    item, staff = make.achievement(), make.staff()
    pair = propose(session, index, manager, need, item)
    matches.reject(session, staff, pair.id, RejectReason.PRICE, now=NOW)
    later = NOW + timedelta(days=1)
    service.propose(
        session, index, manager, NEED, need.id, said(item, changed=CHANGED), now=later
    )
    make.proposal()  # somebody else's
    found = service.mine(session, manager, OwnQuery())
    assert [(row.suggestion_id, row.changed) for row in found.rows] == [
        (pair.id, CHANGED)
    ]
    assert found.counts == {SuggestionStatus.PENDING: 1}
    assert service.mine(session, manager, OwnQuery(state="approved")).total == 0
    with transaction(session):
        need.secrecy = Secrecy.RESTRICTED
    assert service.mine(session, manager, OwnQuery()).total == 0


def test_decisions_on_what_people_proposed_do_not_measure_the_ranker(
    session, make, index, manager, need
):
    staff = make.staff()
    pair = propose(session, index, manager, need, make.achievement())
    matches.approve(session, staff, pair.id, now=NOW + timedelta(minutes=1))
    assert quality(session, Catalogue(), staff, now=NOW).total.decided == 0
    other = make.suggestion()
    matches.approve(session, staff, other.id, now=NOW)
    assert quality(session, Catalogue(), staff, now=NOW).total.decided == 1
