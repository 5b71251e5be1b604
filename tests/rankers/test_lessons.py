"""What a side's refusal of an approved pair teaches: want of fit, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from matchmaker.introductions import service
from matchmaker.introductions.requests import service as requests
from matchmaker.introductions.schema import AnswerInput, PairInput
from matchmaker.matches import service as matches
from matchmaker.rankers.lessons import DECLINED_TEACHES, lessons
from matchmaker.rankers.service import train
from models import DictionaryEntry, transaction
from models.states import Role, SuggestionStatus

from ..conftest import NOW
from .world import codes

LATER = NOW + timedelta(days=2)
# As the migrations enter them.
REASONS = (
    "not_fitting",
    "indicators",
    "readiness",
    "price",
    "timing",
    "solved",
    "transferred",
    "capacity",
    "other",
)


@pytest.fixture
def approved(session, make):
    """An approved pair in talks, and a person of the provider's side."""
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    pair = make.suggestion(
        make.need(
            organisation_id=firm.organisation_id, code=next(codes(held_out=False))
        ),
        make.achievement(organisation_id=college.organisation_id),
        status=SuggestionStatus.PENDING,
    )
    matches.approve(session, make.staff(), pair.id, now=NOW)
    talks = requests.request_pair(
        session, firm, pair.id, PairInput(), form_key="a", now=NOW
    ).introduction
    return talks, college


def decline(session, approved, reason: str) -> None:
    talks, college = approved
    data = AnswerInput(
        version=talks.version,
        interest="declined",
        reason=reason,
        words="原因写在这里",
    )
    service.answer(session, college, talks.id, data, now=LATER)


def test_the_reasons_are_those_of_the_dictionary(session):
    known = session.scalars(
        select(DictionaryEntry.code).where(
            DictionaryEntry.dictionary == "introduction_declined"
        )
    )
    assert set(known) == set(REASONS)
    assert set(DECLINED_TEACHES) < set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_only_want_of_fit_turns_the_approval_round(session, approved, reason):
    (before,) = lessons(session)
    assert before.approved
    decline(session, approved, reason)
    (after,) = lessons(session)
    assert after.approved is (reason not in DECLINED_TEACHES)
    assert after.features == before.features


def test_it_can_be_learnt_from(session, make, approved):
    decline(session, approved, "not_fitting")
    ranker = train(session, now=LATER)
    assert ranker.decisions == 1


def test_an_approval_after_the_refusal_counts_again(session, make, approved):
    """The text was changed, and the pair was approved once more."""
    decline(session, approved, "indicators")
    pair = approved[0].suggestion
    with transaction(session):
        pair.move_to(SuggestionStatus.PENDING)
    matches.approve(session, make.staff(), pair.id, now=LATER + timedelta(days=1))
    assert [one.approved for one in lessons(session)] == [False, True]
