"""Needs that one solution could serve, for programs."""

from collections.abc import Sequence

from index.groups import Group
from models import Need

from ..accounts.current import signed_in
from ..api.answers import Output, Place, Slice
from ..api.operations import Operations
from ..db import db
from ..matches.answers import PairSide, side
from ..search.live import live_index
from . import service
from .schema import GroupQuery

operations = Operations("groups", "需求归并")


class AlikeSentences(Output):
    """What two members say to each other, by their numbers."""

    left: int
    right: int
    left_words: str
    right_words: str
    nearness: str


class SharedAnswer(Output):
    """An achievement among the best of ``needs`` of the members."""

    achievement: PairSide
    needs: int


class NeedGroup(Output):
    """Needs of several organisations that one solution could serve.

    ``budget_fen`` is the sum of what is named; ``open_budgets`` members name none.
    """

    name: str
    needs: list[PairSide]
    organisations: int
    districts: list[str]
    budget_fen: int
    open_budgets: int
    terms: list[str]
    sentences: list[AlikeSentences]
    answers: list[SharedAnswer]


def _told(one: service.Alike) -> NeedGroup:
    return NeedGroup(
        name=one.name,
        needs=[side(need) for need in one.needs],
        organisations=one.organisations,
        districts=one.districts,
        budget_fen=_budget(one.needs),
        open_budgets=one.open_budgets,
        terms=one.terms,
        sentences=[
            AlikeSentences(
                left=pair.left.id,
                right=pair.right.id,
                left_words=pair.quotes[0],
                right_words=pair.quotes[1],
                nearness=pair.words,
            )
            for pair in one.pairs
        ],
        answers=[
            SharedAnswer(achievement=side(item), needs=number)
            for item, number in one.answers
        ],
    )


def _budget(needs: Sequence[Need]) -> int:
    return sum(need.budget_fen or 0 for need in needs)


@operations.get("/need-groups", "groups.proposals", "可以归并的需求")
def proposals(query: GroupQuery, place: Place) -> Slice[NeedGroup]:
    """最相近的在前；依据是全文，只供平台工作人员参考。"""
    session, index, user = db.session, live_index(), signed_in()
    found = service.compare(session, index, user, query)
    # A need is a member of one group, so its first member names it.
    groups: dict[int, Group] = {one.members[0]: one for one in found.groups}

    def load(ids: Sequence[int]) -> list[service.Alike]:
        some = [groups[id_] for id_ in ids]
        return service.as_seen(session, index, user, found, some)

    return place.among(list(groups), load, _told)
