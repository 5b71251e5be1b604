"""Pairs, decisions and judged data for tests of rankers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count, islice

from index.evaluate import is_held_out
from matchmaker.matches import service as matches
from matchmaker.rankers.judged import Judged, JudgedPair
from models import Achievement, Need, Suggestion, User
from models.states import RejectReason, SuggestionKind

from ..factories import Factory

# Under the shipped model one is as good as sure, the other as good as lost.
GOOD = {"whole": 5.0, "coverage": 5.0, "lexical": 60.0, "same_field": 1.0}
BAD = {"whole": 0.5, "coverage": 0.5, "lexical": 2.0, "same_field": 0.0}
# A feature by which the staff of these tests decide, whatever the texts say.
FITS, MISFITS = BAD | {"modes_fit": 1.0}, GOOD | {"modes_fit": 0.0}


def codes(*, held_out: bool) -> Iterator[str]:
    """Codes of needs that are, or are not, of the held-out fifth."""
    names = (f"N-{number}" for number in count())
    return (name for name in names if is_held_out(name) is held_out)


def decided(
    make: Factory,
    user: User,
    code: str,
    good: bool,
    features: dict[str, float],
    *,
    now: datetime,
    reason: RejectReason = RejectReason.OTHER_PROBLEM,
    need: Need | None = None,
    achievement: Achievement | None = None,
) -> Suggestion:
    """A pair of a new need of this code, approved or refused by the user."""
    pair = make.suggestion(
        need or make.need(code=code),
        achievement,
        features=features,
        probability=0.5,
        ranker="judged-1",
    )
    if good:
        matches.approve(make.session, user, pair.id, now=now)
    else:
        matches.reject(make.session, user, pair.id, reason, "", now=now)
    return pair


def contrary(make: Factory, user: User, *, now: datetime, held_out: int = 12) -> None:
    """Decisions that go against the shipped model, to learn from and to compare on."""
    names = (
        *islice(codes(held_out=False), 20),
        *islice(codes(held_out=True), held_out),
    )
    decided_on(make, user, names, good=FITS, bad=MISFITS, now=now)


def decided_on(
    make: Factory,
    user: User,
    names: Iterable[str],
    *,
    good: dict[str, float],
    bad: dict[str, float],
    now: datetime,
) -> None:
    """Needs of one firm, of each a pair approved and a pair refused.

    The same two achievements every time: what is learnt from are the features.
    """
    firm = make.organisation()
    fitting, other = make.achievement(), make.achievement()
    for name in names:
        need = make.need(code=name, organisation_id=firm.id)
        for item, approve, features in ((fitting, True, good), (other, False, bad)):
            decided(
                make,
                user,
                name,
                approve,
                features,
                now=now,
                need=need,
                achievement=item,
            )


def judged(*, good: dict[str, float], bad: dict[str, float], needs: int = 8) -> Judged:
    """Held-out needs, each with an achievement that solves it and one that does not."""
    found = Judged()
    for code, _ in zip(codes(held_out=True), range(needs), strict=False):
        found.grades[code] = {"A-good": 3, "A-bad": 0}
        for name, grade, features in (("A-good", 3, good), ("A-bad", 0, bad)):
            found.pairs.append(
                JudgedPair(
                    SuggestionKind.NEED_ACHIEVEMENT,
                    code,
                    name,
                    grade,
                    True,
                    5.0,
                    features,
                )
            )
    return found
