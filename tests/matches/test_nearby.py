"""What lies near a record, for the owner, for staff and for everybody else."""

import json

import pytest

from index.approval import shipped
from matchmaker.matches.nearby import as_question, candidates, nearby, readable
from models import Achievement, Need
from models.outbox import RecordType
from models.states import AchievementStatus, NeedStatus, Role, Secrecy

from ..conftest import NOW

NEED, ACHIEVEMENT, CALL = RecordType.NEED, RecordType.ACHIEVEMENT, RecordType.CALL

# Words of the full text that stand in no public text.
SECRET = "三一七号盾构"
FULL = {
    "title": f"{SECRET}电池热失控提前预警",
    "problem": f"{SECRET}的电池在热失控前需要提前给出预警,现有报警太晚。",
    "targets": [f"{SECRET}预警提前时间≥10 min"],
}
MASKED = FULL | {
    "secrecy": Secrecy.MASKED,
    "public_title": "某储能设备安全预警",
    "public_problem": "储能电站的电池在热失控前需要提前给出预警,现有报警太晚。",
    "public_targets": ["预警提前时间≥10 min"],
}
RESTRICTED = FULL | {"secrecy": Secrecy.RESTRICTED}


@pytest.fixture
def index(app):
    return app.extensions["live_index"]


@pytest.fixture
def look(session, index):
    """What the person is shown near the record, afresh."""

    def see(user, item, kind, **options):
        session.rollback()
        return nearby(session, index, user, item, kind, now=NOW, **options)

    return see


@pytest.fixture
def viewers(make):
    """Everybody but the owner and the staff."""
    return {
        "visitor": None,
        "another enterprise": make.user(),
        "a university": make.user(Role.UNIVERSITY),
    }


def ids(found):
    return [near.item.id for near in found]


def words(found):
    return json.dumps([near.evidence for near in found], ensure_ascii=False)


# -- Finding ---------------------------------------------------------------------


def test_the_record_that_answers_is_shown_with_its_reasons(
    make, indexed, look, session, index
):
    need, answer = make.need(), make.achievement()
    indexed()
    [near] = look(None, need, ACHIEVEMENT)

    assert near.item.id == answer.id
    [candidate] = candidates(session, index, None, need, ACHIEVEMENT, now=NOW).found
    assert candidate.rating.probability >= shipped().least
    assert near.item.organisation.name
    assert [row["asked"] for row in near.evidence["indicators"]] == need.targets
    assert near.evidence["terms"]
    assert near.evidence["facts"]


def test_a_pair_has_one_score_from_either_side(make, indexed, look):
    need, answer = make.need(), make.achievement()
    indexed()
    [one] = look(None, need, ACHIEVEMENT)
    [other] = look(None, answer, NEED)

    assert other.item.id == need.id
    assert one.score == pytest.approx(other.score, abs=1e-4)
    # Whoever has the problem stands on the left, from wherever one looks.
    assert one.evidence["indicators"] == other.evidence["indicators"]
    assert one.evidence["pairs"] == other.evidence["pairs"]
    assert one.evidence["facts"] == other.evidence["facts"]


def test_calls_are_near_needs_and_achievements(make, indexed, look):
    call, need, answer = make.call(), make.need(), make.achievement()
    indexed()
    assert ids(look(None, need, CALL)) == [call.id]
    assert ids(look(None, answer, CALL)) == [call.id]
    assert ids(look(None, call, ACHIEVEMENT)) == [answer.id]
    assert ids(look(None, call, NEED)) == [need.id]


def test_no_more_than_the_limit_are_shown_best_first(make, indexed, look):
    make.fillers(60)
    for number in range(4):
        make.achievement(title=f"电池热失控提前预警第{number}型")
    need = make.need()
    indexed()
    everything = look(None, need, ACHIEVEMENT, limit=10)
    scores = [near.score for near in everything]

    assert len(everything) == 4
    assert scores == sorted(scores, reverse=True)
    assert ids(look(None, need, ACHIEVEMENT, limit=2)) == ids(everything)[:2]


def test_what_speaks_of_something_else_is_not_shown(make, indexed, look):
    need = make.need()
    indexed()
    assert look(None, need, ACHIEVEMENT) == []


@pytest.mark.parametrize("status", [s for s in AchievementStatus if s != "published"])
def test_only_what_is_published_is_shown_even_to_staff(make, indexed, look, status):
    need = make.need()
    make.achievement(status=status)
    indexed()
    for user in (None, make.staff()):
        assert look(user, need, ACHIEVEMENT) == []


# -- Before the worker ran -------------------------------------------------------


def test_a_need_just_posted_is_answered_at_once(make, indexed, look, session):
    answer = make.achievement()
    indexed()
    owner = make.user()
    need = make.need(status=NeedStatus.PENDING, organisation_id=owner.organisation_id)

    assert ids(look(owner, need, ACHIEVEMENT)) == [answer.id]


def test_the_first_need_of_all_is_answered(make, indexed, look):
    """There is no other need yet to compare its sentences with."""
    answer = make.achievement()
    indexed()
    owner = make.user()
    need = make.need(status=NeedStatus.PENDING, organisation_id=owner.organisation_id)
    [near] = look(owner, need, ACHIEVEMENT)

    assert near.item.id == answer.id
    assert near.evidence["pairs"]


def test_the_first_achievement_of_all_finds_its_takers(make, indexed, look):
    need = make.need()
    indexed()
    owner = make.user(Role.UNIVERSITY)
    draft = make.achievement(
        status=AchievementStatus.PENDING, organisation_id=owner.organisation_id
    )
    assert ids(look(owner, draft, NEED)) == [need.id]


def test_the_same_is_found_before_and_after_the_worker(make, indexed, look):
    make.achievement()
    indexed()
    need = make.need()
    before = look(None, need, ACHIEVEMENT)
    indexed()
    after = look(None, need, ACHIEVEMENT)

    assert ids(before) == ids(after)
    assert before[0].score == pytest.approx(after[0].score, abs=1e-3)


def test_words_just_edited_ask_not_the_ones_of_before(
    make, indexed, look, session, index
):
    need = make.need()
    make.achievement()
    indexed()
    session.get_one(Need, need.id).title = "黄桃采后保鲜"
    session.get_one(Need, need.id).problem = "黄桃采后冷藏运输损耗大。"
    session.get_one(Need, need.id).targets = []
    session.commit()

    assert ids(look(None, need, ACHIEVEMENT)) == []


# -- Who reads what --------------------------------------------------------------


@pytest.mark.parametrize("given", [MASKED, RESTRICTED], ids=["masked", "restricted"])
@pytest.mark.parametrize("worked", [True, False], ids=["indexed", "not yet"])
def test_hidden_words_of_a_need_one_looks_at_are_in_no_evidence(
    make, indexed, look, viewers, given, worked
):
    make.achievement(title=f"{SECRET}电池热失控早期识别")  # titles are not quoted
    if not worked:
        indexed()
    need = make.need(**given)
    if worked:
        indexed()
    for name, user in viewers.items():
        found = look(user, need, ACHIEVEMENT)
        if given is RESTRICTED:
            assert found == [], name
        assert SECRET not in words(found), name


@pytest.mark.parametrize("given", [MASKED, RESTRICTED], ids=["masked", "restricted"])
def test_hidden_words_of_a_need_that_is_found_are_in_no_evidence(
    make, indexed, look, viewers, given
):
    answer = make.achievement(
        title="电池热失控提前预警",
        abstract="储能电站的电池在热失控前提前给出预警。现有报警太晚。",
    )
    need = make.need(**given)
    indexed()
    for name, user in viewers.items():
        found = look(user, answer, NEED)
        assert SECRET not in words(found), name
        assert ids(found) == ([] if given is RESTRICTED else [need.id]), name


@pytest.mark.parametrize("given", [MASKED, RESTRICTED], ids=["masked", "restricted"])
def test_staff_and_the_owner_look_with_the_full_words(make, indexed, look, given):
    answer = make.achievement()
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id, **given)
    indexed()
    for user in (owner, make.staff()):
        found = look(user, need, ACHIEVEMENT)
        assert ids(found) == [answer.id]
        assert SECRET in words(found)


def test_staff_find_a_restricted_need_by_its_full_words(make, indexed, look):
    answer, need = make.achievement(), make.need(**RESTRICTED)
    indexed()
    found = look(make.staff(), answer, NEED)
    assert ids(found) == [need.id]
    assert SECRET in words(found)


@pytest.mark.parametrize(
    ("given", "full", "public"),
    [
        ({}, True, True),
        (MASKED, True, False),
        (RESTRICTED, True, None),
    ],
    ids=["public", "masked", "restricted"],
)
def test_each_reads_the_words_meant_for_them(
    make, viewers, session, index, given, full, public
):
    owner = make.user()
    need = make.need(organisation_id=owner.organisation_id, **given)
    for user in (owner, make.staff()):
        assert readable(user, need).title == need.title
    for user in viewers.values():
        text = readable(user, need)
        if public is None:
            assert text is None
            assert as_question(session, index, user, need) is None
        else:
            assert (text.title == need.title) is public
            assert as_question(session, index, user, need).text_hash == text.hash


def test_everybody_reads_the_whole_achievement(make, viewers):
    item: Achievement = make.achievement()
    assert all(readable(user, item).body == item.abstract for user in viewers.values())
