"""The approved pairs of an enterprise's own needs, as it reads them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from models import Achievement, Call, Need, Suggestion, User

from .. import policies
from ..errors import NotFound
from .schema import LARGEST_ID, OwnQuery

PER_PAGE = 20


@dataclass(frozen=True)
class OwnNeed:
    """A need with the approved pairs of it that a page shows."""

    need: Need
    pairs: list[Suggestion]


@dataclass(frozen=True)
class OwnPage:
    """One page of an enterprise's approved pairs.

    ``choices`` are all its needs that have some, with title and number.
    """

    groups: list[OwnNeed]
    choices: Sequence[tuple[int, str, int]]
    page: int
    pages: int
    total: int


def mine(session: Session, user: User, query: OwnQuery) -> OwnPage:
    """The approved pairs of the enterprise's own needs, the newest need first."""
    policies.require(user, "suggestion.read_own")
    approved = policies.visible_suggestions(user)
    choices = _choices(session, approved)
    shown = [c for c in choices if query.need in (None, c[0])]
    total = sum(number for _, _, number in shown)
    groups = _on_page(session, approved, shown, (query.page - 1) * PER_PAGE)
    pages = max(1, ceil(total / PER_PAGE))
    return OwnPage(groups, choices, query.page, pages, total)


def every(session: Session, user: User, query: OwnQuery) -> Iterator[Suggestion]:
    """The pairs of all pages, in their order, read a few needs at a time."""
    policies.require(user, "suggestion.read_own")
    approved = policies.visible_suggestions(user)
    choices = _choices(session, approved)
    shown = [need_id for need_id, _, _ in choices if query.need in (None, need_id)]
    for start in range(0, len(shown), PER_PAGE):
        some = shown[start : start + PER_PAGE]
        for pairs in _by_need(session, approved, some).values():
            yield from pairs


def ids(session: Session, user: User, query: OwnQuery) -> list[int]:
    """The pairs of all pages, in their order, by their numbers."""
    policies.require(user, "suggestion.read_own")
    approved = policies.visible_suggestions(user)
    places = {
        need_id: place
        for place, (need_id, *_) in enumerate(_choices(session, approved))
        if query.need in (None, need_id)
    }
    rows = session.execute(
        select(Suggestion.id, Suggestion.need_id)
        .where(approved)
        .order_by(Suggestion.decided_at.desc(), Suggestion.id)
    )
    found = [(places[need_id], id_) for id_, need_id in rows if need_id in places]
    found.sort(key=lambda pair: pair[0])  # stable: the newest first within a need
    return [id_ for _, id_ in found]


def load(session: Session, user: User, ids: Sequence[int]) -> list[Suggestion]:
    """Those of these pairs that the enterprise may read, in this order."""
    query = (
        select(Suggestion)
        .where(Suggestion.id.in_(ids), policies.visible_suggestions(user))
        .options(*_own_sides())
    )
    found = {pair.id: pair for pair in session.scalars(query)}
    return [found[id_] for id_ in ids if id_ in found]


def _choices(
    session: Session, approved: ColumnElement[bool]
) -> list[tuple[int, str, int]]:
    """The needs that have approved pairs, the newest first: id, title, how many."""
    newest = func.max(Suggestion.decided_at)
    rows = session.execute(
        select(Need.id, Need.title, func.count(Suggestion.id))
        .join(Suggestion, Suggestion.need_id == Need.id)
        .where(approved)
        .group_by(Need.id, Need.title)
        .order_by(newest.desc(), Need.id.desc())
    )
    return [(need_id, title, number) for need_id, title, number in rows]


def _by_need(
    session: Session, approved: ColumnElement[bool], need_ids: Iterable[int]
) -> dict[int, list[Suggestion]]:
    """The approved pairs of these needs, in the order of the needs."""
    by_need: dict[int, list[Suggestion]] = {need_id: [] for need_id in need_ids}
    query = (
        select(Suggestion)
        .where(approved, Suggestion.need_id.in_(by_need))
        .options(*_own_sides())
        .order_by(Suggestion.decided_at.desc(), Suggestion.id)
    )
    for pair in session.scalars(query):
        by_need[pair.need_id or 0].append(pair)
    return by_need


def _on_page(
    session: Session,
    approved: ColumnElement[bool],
    shown: Sequence[tuple[int, str, int]],
    first: int,
) -> list[OwnNeed]:
    """The pairs from the ``first`` on, of the needs that reach into the page."""
    begins = accumulate((number for _, _, number in shown), initial=0)
    last = first + PER_PAGE
    reach = {
        need_id: begin
        for begin, (need_id, _, number) in zip(begins, shown, strict=False)
        if begin < last and begin + number > first
    }
    return [
        OwnNeed(need, some)
        for need_id, pairs in _by_need(session, approved, reach).items()
        if (some := pairs[max(0, first - reach[need_id]) : last - reach[need_id]])
        and (need := some[0].need) is not None
    ]


def show_mine(session: Session, user: User, suggestion_id: int) -> Suggestion:
    """An approved pair of the enterprise's own; any other is `NotFound`."""
    policies.require(user, "suggestion.read_own")
    if suggestion_id > LARGEST_ID:
        raise NotFound("suggestion")
    query = (
        select(Suggestion)
        .where(Suggestion.id == suggestion_id, policies.visible_suggestions(user))
        .options(*_own_sides())
    )
    pair = session.scalar(query)
    if pair is None:
        raise NotFound("suggestion")
    return pair


def _own_sides() -> tuple[Any, ...]:
    return (
        joinedload(Suggestion.need).joinedload(Need.organisation),
        joinedload(Suggestion.achievement).joinedload(Achievement.organisation),
        joinedload(Suggestion.call).joinedload(Call.issuer),
    )
