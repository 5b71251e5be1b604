"""Propose a pair by hand: it waits on the review desk as any other does.

Who proposes names only records it may see. A technology manager proposes for the
organisations it represents: one side must be theirs, as far as it may know whose the
record is; staff propose any pair. The evidence is computed as the matcher computes
it, from the full texts, and is read by staff alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from index.sync import LiveIndex
from index.text import full_source
from models import (
    Achievement,
    Need,
    Proposal,
    Suggestion,
    User,
    kind_of,
    transaction,
)
from models.conditions import Condition, Every
from models.outbox import RecordType
from models.session import lock
from models.states import SuggestionKind, SuggestionStatus

from .. import policies
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..history import service as history
from ..labels import today
from ..matches import suggest
from ..matches.nearby import as_indexed
from ..needs.service import text_for
from ..nodes import mandates
from ..notices import service as notices
from ..paging import streamed, turn
from ..rankers.active import active
from ..search.listing import Listing
from ..search.schema import ListQuery
from ..search.service import browse, find
from .schema import FEWEST_WORDS, OwnQuery, ProposalInput

Item = Need | Achievement
NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
PER_PAGE = 20
OFFERED = 10
TOLD = "pair_proposed"
# By the state a pair came to.
DECIDED_NOTICES = ("proposal_approved", "proposal_rejected")


@dataclass(frozen=True)
class Start:
    """One side of a pair, and whom the person may propose it for.

    ``represented`` are ids and names of organisations; None: any (staff).
    ``free`` is whether any other side will do, because this one is theirs.
    """

    item: Item
    represented: Mapping[int, str] | None
    free: bool

    @property
    def other_kind(self) -> RecordType:
        return ACHIEVEMENT if isinstance(self.item, Need) else NEED

    @property
    def hopeless(self) -> bool:
        """Whether no other side can be proposed: nobody is represented."""
        return not self.free and not self.represented


def start(
    session: Session, user: User, kind: RecordType, record_id: int, *, now: datetime
) -> Start:
    """The side from which the person begins.

    Raises `NotFound` for a record it may not know of, `Conflict` «proposal.closed»
    for one that is not open for business.
    """
    policies.require(user, "proposal.create")
    item: Item = find(session, user, kind, record_id)
    _require_open(item, now)
    represented = _represented(session, user, now)
    return Start(item, represented, _is_theirs(user, item, represented))


def _require_open(item: Item, now: datetime) -> None:
    if not policies.is_listed(item, now):
        raise Conflict("proposal.closed")


def _represented(
    session: Session, user: User, now: datetime
) -> Mapping[int, str] | None:
    if user.is_staff:
        return None
    found = mandates.represented(session, user, today(now))
    return {one.id: one.name for one in found}


def _is_theirs(user: User, item: Item, represented: Mapping[int, str] | None) -> bool:
    return represented is None or policies.speaks_for(user, item, represented)


def offered(
    session: Session,
    index: LiveIndex,
    user: User,
    begun: Start,
    words: str,
    *,
    now: datetime,
) -> Listing:
    """Records for the other side that answer the words, the best first."""
    kind = begun.other_kind
    base: Condition | None = None
    if not begun.free:
        theirs = policies.of_represented(kind, begun.represented or {})
        base = Every((policies.listed(kind), theirs))
    query = ListQuery(q=words)
    return browse(
        session,
        index,
        user,
        kind,
        query,
        base=base,
        facets=False,
        size=OFFERED,
        now=now,
    )


def known(
    session: Session, item: Item, others: Collection[int]
) -> dict[int, Suggestion]:
    """The pairs there are already of the record with these, by the other's id."""
    mine, theirs = _columns(item)
    query = select(Suggestion).where(mine == item.id, theirs.in_(others))
    return {
        (pair.achievement_id if isinstance(item, Need) else pair.need_id) or 0: pair
        for pair in session.scalars(query)
    }


def _columns(item: Item) -> tuple[Any, Any]:
    sides = (Suggestion.need_id, Suggestion.achievement_id)
    return sides if isinstance(item, Need) else sides[::-1]


def propose(
    session: Session,
    index: LiveIndex,
    user: User,
    kind: RecordType,
    record_id: int,
    data: ProposalInput,
    *,
    now: datetime,
) -> Suggestion:
    """Put the pair on the review desk, or say why it is not.

    Raises `Conflict` «proposal.waiting» or «proposal.approved» where there is such a
    pair already; one that was rejected comes back with what is different since. The
    same words of the same person twice are one proposal.
    """
    begun = start(session, user, kind, record_id, now=now)
    other: Item = find(session, user, begun.other_kind, data.other)
    _require_open(other, now)
    need, achievement = _in_order(begun.item, other)
    speaks = [i for i in (begun.item, other) if _is_theirs(user, i, begun.represented)]
    if not speaks:
        raise Forbidden("proposal.create")
    # Encoded before the transaction: a text that is new takes a moment.
    asking = as_indexed(session, index, need, full_source(need))
    found = as_indexed(session, index, achievement, full_source(achievement))
    held = index.caught_up(session)
    with transaction(session):
        for item in (need, achievement):
            lock(session, item)
            find(session, user, kind_of(item), item.id)  # it may be hidden by now
            _require_open(item, now)
        pair = known(session, need, [achievement.id]).get(achievement.id)
        if pair is not None and _says_it_again(pair, user, data):
            return pair
        _require_new(pair, data)
        model = active(session)
        judged = suggest.judge(
            held,
            SuggestionKind.NEED_ACHIEVEMENT,
            model,
            need,
            achievement,
            asking,
            found,
        )
        if pair is None:
            pair = suggest.new_pair(held, judged, model, now)
            session.add(pair)
        else:
            pair.move_to(SuggestionStatus.PENDING)
            pair.decided_at = pair.claimed_by_id = pair.claimed_until = None
            suggest.fill(pair, held, judged, model, now)
        _note(session, user, pair, data, None if user.is_staff else speaks[0], now)
    return pair


def _in_order(one: Item, other: Item) -> tuple[Need, Achievement]:
    if isinstance(one, Need) and isinstance(other, Achievement):
        return one, other
    if isinstance(one, Achievement) and isinstance(other, Need):
        return other, one
    raise NotFound("record")


def _says_it_again(pair: Suggestion, user: User, data: ProposalInput) -> bool:
    last = pair.proposals[-1] if pair.proposals else None
    waits = pair.status is SuggestionStatus.PENDING
    mine = last is not None and last.proposer_id == user.id
    return bool(waits and mine and last and last.why == data.why)


def _require_new(pair: Suggestion | None, data: ProposalInput) -> None:
    if pair is None:
        return
    if pair.status is SuggestionStatus.APPROVED:
        raise Conflict("proposal.approved")
    if pair.status is not SuggestionStatus.REJECTED:
        raise Conflict("proposal.waiting")
    if len(data.changed) < FEWEST_WORDS:
        words = f"这一对曾被驳回，请写明与上次有什么不同，至少 {FEWEST_WORDS} 个字"
        raise Invalid({"changed": words})


def _note(
    session: Session,
    user: User,
    pair: Suggestion,
    data: ProposalInput,
    speaks_for: Item | None,
    now: datetime,
) -> None:
    """Write down who proposed the pair and why, and tell the staff."""
    try:
        session.flush()
    except IntegrityError as error:
        # The matcher, or another person, was first.
        raise Conflict("proposal.waiting") from error
    proposal = Proposal(
        suggestion_id=pair.id,
        proposer_id=user.id,
        organisation_id=speaks_for.organisation_id if speaks_for else None,
        why=data.why,
        changed=data.changed,
        at=now,
    )
    session.add(proposal)
    history.record(session, user, "suggestion.proposed", pair, now=now)
    notices.queue(
        session,
        set(notices.staff(session)) - {user.id},
        TOLD,
        now=now,
        name=user.name,
        title=pair.need.title if pair.need else "",
        suggestion_id=pair.id,
    )


@dataclass(frozen=True)
class OwnPage:
    """One page of one's own proposals, the newest first; ``counts`` by state."""

    rows: Sequence[Proposal]
    counts: Mapping[SuggestionStatus, int]
    total: int
    page: int
    pages: int


def mine(session: Session, user: User, query: OwnQuery) -> OwnPage:
    """What the person proposed and what became of it.

    A pair stands there once, with the last proposal; one of whose sides the person
    may know no more is left out.
    """
    grouped = (
        own(user)
        .with_only_columns(Suggestion.status, func.count(Proposal.id).label("number"))
        .group_by(Suggestion.status)
    )
    counts = {row.status: row.number for row in session.execute(grouped)}
    wanted = list(SuggestionStatus) if query.state is None else [query.state]
    total = sum(counts.get(state, 0) for state in wanted)
    here = turn(query.page, total, PER_PAGE)
    newest = own(user, query).options(*shown_with()).order_by(Proposal.id.desc())
    rows = session.scalars(here.rows(newest)).all()
    return OwnPage(rows, counts, total, here.page, here.pages)


def every(session: Session, user: User, query: OwnQuery) -> Iterator[Proposal]:
    """The proposals of all pages, in their order."""
    newest = own(user, query).options(*shown_with()).order_by(Proposal.id.desc())
    return streamed(session, newest)


def own(user: User, query: OwnQuery | None = None) -> Select[Any]:
    """The proposals of `mine`, all of them or those the query asks for."""
    policies.require(user, "proposal.create")
    later = aliased(Proposal)
    again = exists().where(
        later.suggestion_id == Proposal.suggestion_id,
        later.proposer_id == Proposal.proposer_id,
        later.id > Proposal.id,
    )
    found = (
        select(Proposal)
        .join(Proposal.suggestion)
        .where(
            Proposal.proposer_id == user.id, policies.visible_proposals(user), ~again
        )
    )
    if query is not None and query.state is not None:
        found = found.where(Suggestion.status == query.state)
    return found


def shown_with() -> tuple[Any, ...]:
    """What a line of the list shows besides the proposal."""
    pair = joinedload(Proposal.suggestion)
    return (
        joinedload(Proposal.organisation),
        pair.joinedload(Suggestion.need).joinedload(Need.organisation),
        pair.joinedload(Suggestion.achievement).joinedload(Achievement.organisation),
        pair.selectinload(Suggestion.reviews),
    )


def tell_decided(session: Session, pair: Suggestion, now: datetime) -> None:
    """Tell whoever proposed the pair what became of it; inside a transaction."""
    if not pair.proposals or pair.need is None or pair.achievement is None:
        return
    proposer = pair.proposals[-1].proposer
    try:
        title = text_for(proposer, pair.need).title
    except NotFound:
        return  # it was hidden from them meanwhile
    state = pair.status.value
    notices.queue(
        session,
        [proposer.id],
        f"proposal_{state}",
        now=now,
        title=title,
        other=pair.achievement.title,
        state=state,
        suggestion_id=pair.id,
    )
