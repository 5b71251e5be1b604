"""Who may see what, and who may do what. There is no second place.

The tables stand in `matrix`; this is how they are carried out. What one may see is
a `Condition`, so the same rule filters a query, a search, a count and a page. A
record outside it is «not found», never «forbidden».
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true
from sqlalchemy.orm import aliased

from index.facts import Facts
from index.text import facts
from models import (
    TABLES,
    Achievement,
    Attachment,
    Award,
    Bid,
    BidOutcome,
    BidReview,
    Call,
    CallQuestion,
    CallResult,
    Contract,
    Expert,
    ExpertTie,
    Introduction,
    Mandate,
    Milestone,
    Need,
    Notice,
    Objection,
    Organisation,
    Proposal,
    Record,
    Registration,
    Review,
    Subscription,
    Suggestion,
    User,
    kind_of,
)
from models.conditions import (
    NOTHING,
    After,
    AtLeastOne,
    Between,
    Condition,
    Every,
    OneOf,
)
from models.outbox import RecordType
from models.states import (
    LIVE_REVIEWS,
    PUBLIC_ACHIEVEMENT_STATES,
    PUBLIC_CALL_STATES,
    PUBLIC_NEED_STATES,
    AchievementStatus,
    BidState,
    CallStatus,
    IntroductionStatus,
    NeedStatus,
    OrganisationRole,
    RegistrationState,
    ResultState,
    Role,
    Secrecy,
    Side,
    SuggestionStatus,
)

from . import matrix
from .errors import Forbidden


def _values(states: Any) -> tuple[str, ...]:
    return tuple(sorted(state.value for state in states))


def visible(user: User | None, kind: RecordType) -> Condition:
    """The records of ``kind`` this person (None: a visitor) may know of."""
    return {
        RecordType.NEED: _visible_needs,
        RecordType.ACHIEVEMENT: _visible_achievements,
        RecordType.CALL: _visible_calls,
    }[kind](user)


def _visible_needs(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        # A draft is its author's alone until it is submitted.
        return OneOf("status", _values(set(NeedStatus) - {NeedStatus.DRAFT}))
    public = Every(
        (
            OneOf("status", _values(PUBLIC_NEED_STATES)),
            OneOf("secrecy", _values({Secrecy.PUBLIC, Secrecy.MASKED})),
        )
    )
    return _or_own(user, public, "organisation_id")


def _visible_achievements(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        states = set(AchievementStatus) - {AchievementStatus.DRAFT}
        return OneOf("status", _values(states))
    public = OneOf("status", _values(PUBLIC_ACHIEVEMENT_STATES))
    return _or_own(user, public, "organisation_id")


def _visible_calls(user: User | None) -> Condition:
    if user is not None and user.is_staff:
        submitted = OneOf("status", _values(set(CallStatus) - {CallStatus.DRAFT}))
        # A firm's draft is its own until it is submitted.
        return AtLeastOne((submitted, OneOf("by_staff", (True,))))
    return _or_own(user, OneOf("status", _values(PUBLIC_CALL_STATES)), "issuer_id")


def _or_own(user: User | None, public: Condition, owner: str) -> Condition:
    if user is None or user.organisation_id is None:
        return public
    return AtLeastOne((public, OneOf(owner, (user.organisation_id,))))


def owned(user: User, kind: RecordType) -> Condition:
    """The records of the person's own organisation, in any state."""
    if user.organisation_id is None:
        return NOTHING
    owner = "issuer_id" if kind is RecordType.CALL else "organisation_id"
    return OneOf(owner, (user.organisation_id,))


def listed(kind: RecordType, now: Any = None) -> Condition:
    """What a public list shows and a match may propose: open for business now.

    A call is so inside its window, whatever anybody has done or not done by then.
    ``now`` may be a parameter of a query, and be left out for needs and achievements,
    which are open by their state alone.
    """
    status: dict[RecordType, str] = {
        RecordType.NEED: NeedStatus.PUBLISHED,
        RecordType.ACHIEVEMENT: AchievementStatus.PUBLISHED,
        RecordType.CALL: CallStatus.OPEN,
    }
    state = OneOf("status", (str(status[kind]),))
    if kind is not RecordType.CALL:
        return state
    if now is None:
        raise ValueError("whether a call is open depends on the moment")
    return Every((state, Between("opens_at", high=now), After("closes_at", now)))


def holds(condition: Condition, item: Record) -> bool:
    """Whether the condition holds for this one record, as it is now."""
    table = Facts()
    table.put(0, facts(item, kind_of(item)))
    return bool(condition.mask(table)[0])


def is_listed(item: Record, now: datetime) -> bool:
    """Whether the record is open for business at this moment."""
    return holds(listed(kind_of(item), now), item)


def where(condition: Condition, kind: RecordType) -> ColumnElement[bool]:
    """The condition as a WHERE clause on the table of ``kind``."""
    model = TABLES[kind]
    return condition.sql(lambda fact: getattr(model, fact))


def known_to_all(kind: RecordType) -> ColumnElement[bool]:
    """What anybody may know of: so no list can tell of anything hidden."""
    return where(visible(None, kind), kind)


def visible_suggestions(
    user: User | None, *, open_at: datetime | None = None
) -> ColumnElement[bool]:
    """Staff see every pair; an enterprise the approved ones of its own needs.

    Whoever reads, both sides are records the person may know of: a withdrawn
    achievement takes its pairs with it. ``open_at``: both are open for business then.
    """
    if user is None:
        return false()
    sides = sides_meet(side_rule(user, open_at=open_at))
    if user.is_staff:
        return sides
    if not may(user, "suggestion.read_own"):
        return false()
    own = select(Need.id).where(where(owned(user, RecordType.NEED), RecordType.NEED))
    approved = Suggestion.status == SuggestionStatus.APPROVED
    return and_(approved, Suggestion.need_id.in_(own), sides)


def side_rule(
    user: User | None, *, open_at: datetime | None = None
) -> Callable[[RecordType], Condition]:
    """What a record must meet, by its kind, for the person to know of its pairs."""

    def condition(kind: RecordType) -> Condition:
        known = visible(user, kind)
        return known if open_at is None else Every((known, listed(kind, open_at)))

    return condition


def sides_meet(condition: Callable[[RecordType], Condition]) -> ColumnElement[bool]:
    """Whether each side of a pair is a record that meets the condition of its kind.

    Asked pair by pair: a list of all such records would be made for every query, and
    a query may want a few pairs only.
    """
    return and_(
        *(
            column.is_(None) | _is_there(kind, column, condition(kind))
            for kind, column in (
                (RecordType.NEED, Suggestion.need_id),
                (RecordType.ACHIEVEMENT, Suggestion.achievement_id),
                (RecordType.CALL, Suggestion.call_id),
            )
        )
    )


def _is_there(
    kind: RecordType, column: Any, condition: Condition
) -> ColumnElement[bool]:
    side = _side(kind)
    rule = condition.sql(lambda fact: getattr(side, fact))
    found: ColumnElement[bool] = (
        select(side.id).where(side.id == column, rule).correlate(Suggestion).exists()
    )
    return found


@cache
def _side(kind: RecordType) -> Any:
    """The table of the kind under a name of its own; made once.

    A fresh one would have to find each of its columns anew, at every page.
    """
    return aliased(TABLES[kind])


def own_work(
    owner: ColumnElement[Any] | None,
    person: ColumnElement[Any] | None = None,
    *,
    is_staff: bool,
    home: Any,
    me: Any,
) -> ColumnElement[bool]:
    """What waits for a person: for their organisation, or for the platform's staff.

    ``owner`` is the column of the organisation it waits for, ``person`` that of the
    one person; where both are None it waits for the staff. ``home`` is the reader's
    organisation, None for one who has none, ``me`` the reader's number; both may be
    parameters.
    """
    if person is not None:
        mine: ColumnElement[bool] = person == me
        return mine
    if owner is None:
        return true() if is_staff else false()
    return false() if home is None else owner == home


def visible_questions(user: User | None) -> ColumnElement[bool]:
    """Answered questions are everybody's; the others the asker's and the staff's."""
    if user is not None and user.is_staff:
        return true()
    answered = CallQuestion.answered_at.is_not(None)
    if user is None or user.organisation_id is None:
        return answered
    return or_(answered, CallQuestion.organisation_id == user.organisation_id)


def shown_sources(user: User | None) -> ColumnElement[bool]:
    """The needs behind a call that this reader is told of, among those one may know of.

    Outsiders only public ones: that a masked need grew into a firm's own call would
    say whose it is.
    """
    known = where(visible(user, RecordType.NEED), RecordType.NEED)
    if user is not None and user.is_staff:
        return known
    own = where(owned(user, RecordType.NEED), RecordType.NEED) if user else false()
    return and_(known, or_(Need.secrecy == Secrecy.PUBLIC, own))


def visible_mandates(user: User | None) -> ColumnElement[bool]:
    """A technology manager's own mandates; staff see all."""
    if not may(user, "mandate.read") or user is None:
        return false()
    return true() if user.is_staff else Mandate.manager_id == user.id


def visible_introductions(user: User | None) -> ColumnElement[bool]:
    """The talks of one's own organisation, or that one manages; staff see all.

    A provider learns of talks about a restricted need once its owner agreed.
    """
    if user is None:
        return false()
    if user.is_staff:
        return true()
    told = and_(
        Introduction.provider_id == user.organisation_id, Introduction.provider_knows
    )
    sides = or_(Introduction.seeker_id == user.organisation_id, told)
    return or_(Introduction.manager_id == user.id, sides)


def is_inside_talks(user: User, introduction: Introduction) -> bool:
    """Whether the person reads the need of the talks as its owner does.

    That is its firm, the staff, and everybody where the need is public or none.
    """
    need = introduction.need
    return (
        need is None
        or need.secrecy is Secrecy.PUBLIC
        or user.is_staff
        or introduction.side_of(user.organisation_id) is Side.SEEKER
    )


def talks_are_opened(introduction: Introduction) -> bool:
    """Whether the provider and the manager may read the full text and the firm's name.

    Of a masked need once both sides are interested. A restricted one has no public
    text on which to decide, so the agreement of its owner opens it. Talks that came to
    nothing are closed again.
    """
    status, need = introduction.status, introduction.need
    if status is IntroductionStatus.FAILED:
        return False
    if need is not None and need.secrecy is Secrecy.RESTRICTED:
        return introduction.provider_knows
    return status is not IntroductionStatus.WAITING


def reads_internal_lines(user: User, introduction: Introduction) -> bool:
    """Whether the internal lines of the log are for the person: staff and manager."""
    return user.is_staff or introduction.manager_id == user.id


def opened_talks() -> ColumnElement[bool]:
    """`talks_are_opened` as a condition on introductions and their needs."""
    restricted = and_(Need.id.is_not(None), Need.secrecy == Secrecy.RESTRICTED)
    return and_(
        Introduction.status != IntroductionStatus.FAILED,
        or_(
            and_(restricted, Introduction.provider_knows),
            and_(not_(restricted), Introduction.status != IntroductionStatus.WAITING),
        ),
    )


def inside_talks(user: User) -> ColumnElement[bool]:
    """`is_inside_talks` as a condition on introductions and their needs."""
    if user.is_staff:
        return true()
    open_to_all = or_(Need.id.is_(None), Need.secrecy == Secrecy.PUBLIC)
    return or_(open_to_all, Introduction.seeker_id == user.organisation_id)


def visible_contracts(user: User | None) -> ColumnElement[bool]:
    """Those one's own organisation is a party of, or one manages; staff see all."""
    if user is None:
        return false()
    if user.is_staff:
        return true()
    # Who has no organisation would else see the contracts whose party is not here.
    if user.organisation_id is None:
        return Contract.manager_id == user.id
    return or_(
        Contract.manager_id == user.id,
        Contract.buyer_id == user.organisation_id,
        Contract.seller_id == user.organisation_id,
    )


def visible_bids(user: User | None) -> ColumnElement[bool]:
    """Bids of one's own organisation; once released also those of one's own calls.

    Staff see released ones only: before, they do not learn who bids. An expert sees
    those that it judges.
    """
    if user is None or not may(user, "bid.read"):
        return false()
    released = Bid.state == BidState.RELEASED
    if user.is_staff:
        return released
    if user.role is Role.EXPERT:
        own = select(BidReview.bid_id).where(visible_reviews(user))
        return and_(released, Bid.id.in_(own))
    home = user.organisation_id
    issued = select(Call.id).where(Call.issuer_id == home)
    return or_(Bid.organisation_id == home, and_(released, Bid.call_id.in_(issued)))


def summed_contracts(user: User | None) -> ColumnElement[bool]:
    """Those whose sums may go into what this reader is told of the whole city.

    All of them, whoever asks: nobody is named, and `dashboards.public` gives outsiders
    no sum of so few that one could be guessed.
    """
    return true()


def visible_proposals(user: User | None) -> ColumnElement[bool]:
    """Pairs one proposed oneself; staff see all. Both sides must be known to them."""
    if user is None:
        return false()
    sides = sides_meet(lambda kind: visible(user, kind))
    pair = select(Suggestion.id).where(Suggestion.id == Proposal.suggestion_id, sides)
    known = pair.correlate(Proposal).exists()
    if user.is_staff:
        return known
    if not may(user, "proposal.create"):
        return false()
    return and_(Proposal.proposer_id == user.id, known)


def visible_experts(user: User | None) -> ColumnElement[bool]:
    """Staff see every expert, an expert itself."""
    return _own_or_staff(user, Expert.user_id)


def visible_ties(user: User | None) -> ColumnElement[bool]:
    """What binds experts to organisations is for the staff and the expert itself."""
    return _own_or_staff(user, ExpertTie.user_id)


def visible_reviews(user: User | None) -> ColumnElement[bool]:
    """Staff see every review of a bid; an expert its own, while bids are judged.

    What it stood aside from, or what was taken from it, is out of its hands.
    """
    if user is None:
        return false()
    if user.is_staff:
        return true()
    return and_(
        BidReview.user_id == user.id,
        BidReview.state.in_(LIVE_REVIEWS),
        BidReview.bid_id.in_(_bids_in(CallStatus.IN_REVIEW, CallStatus.ANNOUNCED)),
    )


def _bids_in(*states: CallStatus) -> Any:
    return select(Bid.id).join(Bid.call).where(Call.status.in_(states))


def visible_outcomes(user: User | None) -> ColumnElement[bool]:
    """What became of a bid is for its bidder and the staff, once it is announced."""
    if user is None:
        return false()
    told = (ResultState.ANNOUNCED, ResultState.FINAL)
    public = BidOutcome.result_id.in_(
        select(CallResult.id).where(CallResult.state.in_(told))
    )
    if user.is_staff:
        return public
    if user.organisation_id is None:
        return false()
    own = select(Bid.id).where(Bid.organisation_id == user.organisation_id)
    return and_(public, BidOutcome.bid_id.in_(own))


def visible_awards(user: User | None) -> ColumnElement[bool]:
    """What one won oneself, and the awards of one's own calls; staff see all.

    A runner never learns of what another does, nor do other bidders.
    """
    if user is None or not may(user, "award.read"):
        return false()
    if user.is_staff:
        return true()
    home = user.organisation_id
    won = select(Bid.id).where(Bid.organisation_id == home)
    issued = select(Call.id).where(Call.issuer_id == home)
    return or_(Award.bid_id.in_(won), Award.call_id.in_(issued))


def visible_milestones(user: User | None) -> ColumnElement[bool]:
    """The milestones of the awards one may know of."""
    return Milestone.award_id.in_(select(Award.id).where(visible_awards(user)))


def visible_objections(user: User | None) -> ColumnElement[bool]:
    """An objection is for who made it, and for the staff."""
    return _own_or_staff(user, Objection.user_id)


def _own_or_staff(user: User | None, person: Any) -> ColumnElement[bool]:
    if user is None:
        return false()
    mine: ColumnElement[bool] = person == user.id
    return true() if user.is_staff else mine


def knows_firm(user: User | None, need: Need) -> bool:
    """Whether the person may know whose need it is."""
    return need.secrecy is Secrecy.PUBLIC or reads_full_text(user, need)


def speaks_for(
    user: User | None, item: Need | Achievement, represented: Collection[int]
) -> bool:
    """Whether it is of an organisation the person represents, as far as they know.

    A mandate opens nothing: whose a masked need is, its firm's own manager is not told
    either, and could else find out by trying.
    """
    known = not isinstance(item, Need) or knows_firm(user, item)
    return known and item.organisation_id in represented


def of_represented(kind: RecordType, represented: Collection[int]) -> Condition:
    """The same as a condition on the records that people may know of."""
    theirs = OneOf("organisation_id", tuple(sorted(represented)))
    if kind is not RecordType.NEED:
        return theirs
    return Every((theirs, OneOf("secrecy", _values({Secrecy.PUBLIC}))))


def reads_full_text(user: User | None, need: Need) -> bool:
    """Whether the person gets the full text of a need rather than the public one."""
    return may(user, "need.read_full", need)


def reads_budget(user: User | None, need: Need) -> bool:
    """Whether the person gets the budget of a need to the fen rather than its band."""
    return need.secrecy is Secrecy.PUBLIC or reads_full_text(user, need)


FileHolder = Need | Achievement | Introduction | Contract | Award | Milestone


def may_show_attachments(item: FileHolder) -> bool:
    """Whether files of the record may be public at all: they may name the firm."""
    if isinstance(item, Introduction | Contract | Award | Milestone):
        return False
    return not isinstance(item, Need) or item.secrecy is Secrecy.PUBLIC


def reads_attachment(
    user: User | None, item: FileHolder, attachment: Attachment
) -> bool:
    """Whether the person gets this file of a record they may know of.

    A file is as secret as the full text, unless its owner marked it public; one of
    talks or a contract is for everybody who takes part.
    """
    inside = user is not None and (user.is_staff or is_own(user, item))
    return inside or (attachment.is_public and may_show_attachments(item))


def searches_inside(user: User | None) -> bool:
    """Whether a search by this person may be led by full texts (staff only)."""
    return user is not None and user.is_staff


def visible_registrations(user: User | None) -> ColumnElement[bool]:
    """Staff see every registration whose e-mail was confirmed.

    The managers of an organisation see who asks to join it.
    """
    if user is None or not (user.is_staff or user.manages):
        return false()
    confirmed = Registration.submitted_at.is_not(None)
    if user.is_staff:
        return confirmed
    return and_(
        confirmed,
        Registration.organisation_id == user.organisation_id,
        Registration.state == RegistrationState.PENDING,
    )


# What a member that only reads may still do.
READING = frozenset(
    {
        "achievement.find_buyers",
        "award.read",
        "bid.read",
        "contract.read",
        "history.read",
        "introduction.read",
        "mandate.read",
        "need.read_full",
        "organisation.read_own",
        "outcome.read",
        "subscription.change",
        "subscription.create",
        "suggestion.read_own",
    }
)

# What makes a record one's own: its column, and that of the person; any of them.
OWNERS: dict[type, tuple[tuple[str, str], ...]] = {
    Need: (("organisation_id", "organisation_id"),),
    Achievement: (("organisation_id", "organisation_id"),),
    Call: (("issuer_id", "organisation_id"),),
    Bid: (
        ("organisation_id", "organisation_id"),
        ("told_issuer_id", "organisation_id"),
    ),
    Award: (("issuer_id", "organisation_id"), ("bidder_id", "organisation_id")),
    Milestone: (("issuer_id", "organisation_id"), ("bidder_id", "organisation_id")),
    CallQuestion: (("organisation_id", "organisation_id"),),
    Review: (("reviewer_id", "id"),),
    Notice: (("user_id", "id"),),
    Mandate: (("manager_id", "id"),),
    Organisation: (("id", "organisation_id"),),
    Subscription: (("user_id", "id"),),
    Registration: (("organisation_id", "organisation_id"),),
    User: (("id", "id"),),
    Expert: (("user_id", "id"),),
    ExpertTie: (("user_id", "id"),),
    BidReview: (("user_id", "id"),),
    BidOutcome: (("told_bidder_id", "organisation_id"),),
    Objection: (("user_id", "id"),),
    Introduction: (
        ("seeker_id", "organisation_id"),
        ("told_provider_id", "organisation_id"),
        ("manager_id", "id"),
    ),
    Contract: (
        ("buyer_id", "organisation_id"),
        ("seller_id", "organisation_id"),
        ("manager_id", "id"),
    ),
}


def _is_issuer_or_staff(user: User, item: Any) -> bool:
    return item is None or user.is_staff or item.issuer_id == user.organisation_id


# What the words of the matrix cannot say; it holds beside them.
RULES: dict[str, Callable[[User, Any], bool]] = {
    # Nobody shuts the door behind oneself.
    "user.govern": lambda user, item: item is None or item.id != user.id,
    # The issuer reads a released bid as its own, but never changes one.
    "bid.edit": lambda user, item: (
        item is None or item.organisation_id == user.organisation_id
    ),
    # Issuer and winner each act for their own side alone.
    "award.deliver": lambda user, item: (
        item is None or item.bidder_id == user.organisation_id
    ),
    "award.view": lambda user, item: _is_issuer_or_staff(user, item),
    "award.pay": lambda user, item: _is_issuer_or_staff(user, item),
    "organisation.read_own": lambda user, _: user.organisation_id is not None,
    "organisation.lead": lambda user, _: user.manages,
    "registration.decide": lambda user, _: user.is_staff or user.manages,
    "call.create": lambda user, _: user.is_staff or user.organisation_id is not None,
    "call.ask": lambda user, _: user.organisation_id is not None,
}


def is_own(user: User, item: object) -> bool:
    """Whether the record is the person's own, or their organisation's."""
    pairs = ((getattr(item, c), getattr(user, p)) for c, p in OWNERS[type(item)])
    return any(mine is not None and value == mine for value, mine in pairs)


def may(user: User | None, action: str, item: object = None) -> bool:
    """Whether the person may do this to the record (None: to the kind at large)."""
    if user is None or not user.active:
        return False
    scope = matrix.actions[action][user.role]
    if scope == "-" or (scope == "own" and item is not None and not is_own(user, item)):
        return False
    rule = RULES.get(action)
    return (rule is None or rule(user, item)) and (_acts(user) or action in READING)


def _acts(user: User) -> bool:
    """Whether the person changes anything at all; some members only read."""
    return user.is_staff or user.org_role is not OrganisationRole.READER


def require(user: User | None, action: str, item: object = None) -> None:
    """Raise `Forbidden` unless the person may."""
    if not may(user, action, item):
        raise Forbidden(action)
