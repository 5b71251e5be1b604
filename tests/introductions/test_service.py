"""Answers, stages, managers and the log of an introduction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.history import service as history
from matchmaker.introductions import assigning, moves, service, timeline
from matchmaker.introductions.schema import (
    AnswerInput,
    AssignInput,
    LogInput,
    MoveInput,
    RouteInput,
)
from matchmaker.notices import service as notices
from models import Introduction, Mail, Notice, User, transaction
from models.states import (
    IllegalMove,
    IntroductionStatus,
    Role,
    Secrecy,
    Side,
    TalkEventKind,
    TalkRoute,
)

from ..conftest import NOW

LATER = NOW + timedelta(days=3)
TALKING, DRAFTING = IntroductionStatus.TALKING, IntroductionStatus.DRAFTING
FAILED, SIGNED = IntroductionStatus.FAILED, IntroductionStatus.SIGNED


@pytest.fixture
def world(make):
    """Talks that wait; a person of each side."""
    firm, college = make.user(), make.user(Role.UNIVERSITY)
    need = make.need(organisation_id=firm.organisation_id)
    item = make.achievement(organisation_id=college.organisation_id)
    return make.introduction(need, item), firm, college


def yes(talks) -> AnswerInput:
    return AnswerInput(version=talks.version, interest="interested")


def no(talks, reason="price", words="预算差得太多") -> AnswerInput:
    return AnswerInput(
        version=talks.version, interest="declined", reason=reason, words=words
    )


def to(talks, status, **given) -> MoveInput:
    return MoveInput(version=talks.version, to=status, **given)


def line(**given) -> LogInput:
    values = {"kind": "meeting", "happened_on": "2026-11-20", "log_words": "见了面。"}
    return LogInput(**values | given)


def told(session, user: User) -> list[str]:
    rows = session.scalars(
        select(Notice).where(Notice.user_id == user.id).order_by(Notice.id)
    )
    return [notices.words(row) for row in rows]


def test_when_both_are_interested_they_talk(session, world):
    talks, firm, college = world
    title = talks.title
    service.answer(session, college, talks.id, yes(talks), now=NOW)
    assert talks.status is IntroductionStatus.WAITING
    assert told(session, firm) == [f"有一个对接等您答复：{title}"]
    service.answer(session, firm, talks.id, yes(talks), now=LATER)
    assert (talks.status, talks.status_since) == (TALKING, LATER)
    agreed = f"双方都有意向，可以洽谈了：{title}"
    assert told(session, college) == [agreed]
    assert told(session, firm)[1:] == []
    assert {mail.recipient for mail in session.scalars(select(Mail))} == {
        firm.email,
        college.email,
    }


def test_a_refusal_ends_it_and_the_reason_goes_back(session, world):
    talks, firm, college = world
    service.answer(session, college, talks.id, no(talks), now=NOW)
    assert (talks.status, talks.failed_code) == (FAILED, "declined")
    assert talks.failed_words == "预算差得太多"
    (words,) = told(session, firm)
    assert words.endswith("原因：价格或预算差距大。预算差得太多")
    assert told(session, college) == []
    with pytest.raises(Conflict, match="not_waiting"):
        service.answer(session, firm, talks.id, yes(talks), now=NOW)


@pytest.mark.parametrize(
    ("reason", "words", "fields"),
    [
        (None, "说明够长了吧", {"reason"}),
        ("price", "太贵", {"words"}),
        (None, "", {"reason", "words"}),
        ("no such reason", "说明够长了吧", {"reason"}),
        ("declined", "说明够长了吧", {"reason"}),
    ],
)
def test_a_refusal_says_why(session, world, reason, words, fields):
    talks, _, college = world
    with pytest.raises(Invalid) as refused:
        service.answer(session, college, talks.id, no(talks, reason, words), now=NOW)
    assert set(refused.value.fields) == fields
    session.rollback()
    assert session.get_one(Introduction, talks.id).answers == []


def test_each_side_answers_once_and_only_for_itself(session, make, world):
    talks, firm, college = world
    service.answer(session, college, talks.id, yes(talks), now=NOW)
    colleague = make.user(Role.UNIVERSITY, organisation_id=college.organisation_id)
    with pytest.raises(Conflict, match="answered"):
        service.answer(session, colleague, talks.id, no(talks), now=NOW)
    for user in (make.staff(), make.user(Role.ADMIN)):
        with pytest.raises(Forbidden):
            service.answer(session, user, talks.id, yes(talks), now=NOW)
    with pytest.raises(NotFound):
        service.answer(session, make.user(), talks.id, yes(talks), now=NOW)
    assert [one.side for one in talks.answers] == [Side.PROVIDER]
    assert firm.organisation_id == talks.seeker_id


def test_the_owner_of_a_restricted_need_decides_who_learns_of_it(session, make, world):
    _, firm, college = world
    need = make.need(organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED)
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item, provider_knows=False)
    with pytest.raises(NotFound):
        service.find(session, college, talks.id)
    staff, manager = make.staff(), make.user(Role.MANAGER)
    data = AssignInput(version=talks.version, manager=manager.id)
    with pytest.raises(Conflict, match="owner_first"):
        assigning.assign(session, staff, talks.id, data, now=NOW)
    service.answer(session, firm, talks.id, yes(talks), now=NOW)
    assert service.find(session, college, talks.id) is talks
    assert told(session, college) == [f"有一个对接等您答复：{need.title}"]


def test_a_provider_never_hears_of_a_restricted_need_whose_owner_declined(
    session, make, world
):
    _, firm, college = world
    need = make.need(organisation_id=firm.organisation_id, secrecy=Secrecy.RESTRICTED)
    item = make.achievement(organisation_id=college.organisation_id)
    talks = make.introduction(need, item, provider_knows=False)
    service.answer(session, firm, talks.id, no(talks), now=NOW)
    with pytest.raises(NotFound):
        service.find(session, college, talks.id)
    assert told(session, college) == []


def test_talks_go_to_drafting_and_back_and_end_with_a_reason(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    service.choose_stage(session, firm, talks.id, to(talks, DRAFTING), now=NOW)
    assert told(session, college) == [f"对接进入「合同拟定」：{talks.title}"]
    service.choose_stage(session, college, talks.id, to(talks, TALKING), now=NOW)
    with pytest.raises(Invalid):
        service.choose_stage(session, firm, talks.id, to(talks, FAILED), now=NOW)
    end = to(talks, FAILED, failed_code="rights", failed_words="专利归属谈不拢")
    service.choose_stage(session, firm, talks.id, end, now=NOW)
    assert (talks.status, talks.failed_code) == (FAILED, "rights")
    assert told(session, college)[-1].endswith("知识产权归属谈不拢。专利归属谈不拢")
    with pytest.raises(Conflict, match="closed"):
        service.choose_stage(session, firm, talks.id, to(talks, TALKING), now=NOW)
    moved = [
        row.changes["status"]
        for row in reversed(history.of_record(session, talks))
        if row.action == "introduction.moved"
    ]
    assert moved == [
        ["talking", "drafting"],
        ["drafting", "talking"],
        ["talking", "failed"],
    ]


def test_nobody_skips_the_answers_or_the_contract(session, make, world):
    talks, firm, _ = world
    staff = make.staff()
    with pytest.raises(Conflict, match="needs_answers"):
        service.choose_stage(session, staff, talks.id, to(talks, TALKING), now=NOW)
    end = {"failed_code": "no_answer", "failed_words": "两周没有答复"}
    with pytest.raises(Conflict, match="answer_first"):
        service.choose_stage(session, firm, talks.id, to(talks, FAILED, **end), now=NOW)
    make.agreed(talks)
    for user in (staff, firm):
        with pytest.raises(Conflict, match="needs_contract"):
            service.choose_stage(session, user, talks.id, to(talks, SIGNED), now=NOW)
    with pytest.raises(IllegalMove):
        service.choose_stage(session, staff, talks.id, to(talks, TALKING), now=NOW)
    declined = {"failed_code": "declined", "failed_words": "两周没有答复"}
    with pytest.raises(Invalid):
        service.choose_stage(
            session, staff, talks.id, to(talks, FAILED, **declined), now=NOW
        )


def test_staff_end_what_nobody_answers_and_whoever_asked_takes_it_back(
    session, make, world
):
    talks, firm, college = world
    words = {"failed_code": "no_answer", "failed_words": "两周没有答复"}
    staff = make.staff()
    service.choose_stage(session, staff, talks.id, to(talks, FAILED, **words), now=NOW)
    for user in (firm, college):
        assert told(session, user)[-1].startswith("对接未成")
    other = make.introduction(
        make.need(organisation_id=firm.organisation_id),
        make.achievement(organisation_id=college.organisation_id),
    )
    service.answer(session, firm, other.id, yes(other), now=NOW)
    assert service.stages(other, firm) == [FAILED]
    assert service.stages(other, college) == []
    back = {"failed_code": "withdrawn", "failed_words": "需求已经取消"}
    service.choose_stage(session, firm, other.id, to(other, FAILED, **back), now=NOW)
    assert other.status is FAILED


def test_a_page_that_is_old_changes_nothing(session, make, world):
    talks, firm, college = world
    make.agreed(talks)
    old = to(talks, DRAFTING)
    service.log(session, college, talks.id, line(), now=LATER)
    with pytest.raises(Conflict, match="stale"):
        service.choose_stage(session, firm, talks.id, old, now=NOW)
    assert talks.status is TALKING


def test_the_contract_moves_the_talks(session, make, world):
    talks, firm, college = world
    with pytest.raises(Conflict, match="not_talking"), transaction(session):
        moves.note_drafting(session, talks, firm, now=NOW)
    make.agreed(talks)
    with transaction(session):
        moves.note_drafting(session, talks, firm, now=NOW)
        moves.note_drafting(session, talks, firm, now=NOW)
    assert talks.status is DRAFTING
    with transaction(session):
        moves.note_signed(session, talks, firm, now=NOW)
        moves.note_signed(session, talks, firm, now=NOW)
        moves.note_drafting(session, talks, firm, now=NOW)
    assert talks.status is SIGNED
    assert told(session, college) == [
        f"对接进入「{words}」：{talks.title}" for words in ("合同拟定", "已签约")
    ]


def test_a_contract_signed_at_once_goes_through_drafting(session, make, world):
    talks, firm, _ = world
    make.agreed(talks)
    with transaction(session):
        moves.note_signed(session, talks, firm, now=NOW)
    rows = history.of_record(session, talks)
    assert [row.changes["status"][1] for row in reversed(rows)] == [
        "drafting",
        "signed",
    ]


def test_staff_assign_a_manager_those_with_a_mandate_first(session, make, world):
    talks, firm, college = world
    staff = make.staff()
    free = make.user(Role.MANAGER, name="甲")
    bound = make.user(Role.MANAGER, name="乙")
    gone = make.user(Role.MANAGER, active=False)
    make.mandate(bound, talks.seeker)
    make.mandate(free)
    day = date(2026, 11, 23)
    found = assigning.candidates(session, staff, talks, day)
    assert [(one.person, one.concerned) for one in found] == [
        (bound, True),
        (free, False),
    ]
    assert found[0].represents == (talks.seeker.name,)

    def assign(user: int | None):
        data = AssignInput(version=talks.version, manager=user)
        return assigning.assign(session, staff, talks.id, data, now=NOW)

    with pytest.raises(Invalid):
        assign(gone.id)
    assign(bound.id)
    assert told(session, bound) == [f"您被指派负责对接：{talks.title}"]
    assert told(session, firm) == [f"技术经理人 乙 将协助对接：{talks.title}"]
    assert service.find(session, bound, talks.id) is talks
    assert assigning.represents(session, talks, day) == [talks.seeker]
    assign(None)
    with pytest.raises(NotFound):
        service.find(session, bound, talks.id)
    with pytest.raises(Forbidden):
        assigning.assign(
            session, college, talks.id, AssignInput(version=talks.version), now=NOW
        )


def test_staff_change_the_route_with_words(session, make, world):
    talks, firm, _ = world
    data = RouteInput(
        version=talks.version, route="meeting", route_words="十二月有对接会"
    )
    assigning.change_route(session, make.staff(), talks.id, data, now=NOW)
    assert (talks.route, talks.route_words) == (TalkRoute.MEETING, "十二月有对接会")
    with pytest.raises(Forbidden):
        assigning.change_route(session, firm, talks.id, data, now=NOW)


def test_the_log_is_written_by_all_and_internal_lines_are_not_read_by_the_sides(
    session, make, world
):
    talks, firm, college = world
    manager, staff = make.user(Role.MANAGER), make.staff()
    with transaction(session):
        talks.manager_id = manager.id
    with pytest.raises(Conflict, match="not_talking"):
        service.log(session, firm, talks.id, line(), now=NOW)
    service.log(session, staff, talks.id, line(is_internal=True), now=NOW)
    make.agreed(talks)
    service.log(session, firm, talks.id, line(log_words="双方看得到"), now=LATER)
    service.log(
        session, manager, talks.id, line(is_internal=True, log_words="内部"), now=LATER
    )
    with pytest.raises(Forbidden):
        service.log(session, college, talks.id, line(is_internal=True), now=NOW)
    assert talks.updated_at == LATER

    def read(user: User) -> list[str]:
        entries = timeline.entries(session, user, talks)
        return [one["detail"] for one in entries if one["detail"]]

    assert read(college) == read(firm) == ["双方看得到"]
    assert (
        sorted(read(manager))
        == sorted(read(staff))
        == sorted(["双方看得到", "内部", "见了面。"])
    )
    assert told(session, college) == [f"对接有新的记录（会谈）：{talks.title}"]
    assert told(session, firm) == []
    words = "".join(str(row.changes) for row in history.of_record(session, talks))
    assert "双方看得到" not in words


def test_a_line_sent_twice_stands_once(session, make, world):
    talks, firm, _ = world
    make.agreed(talks)
    for _ in range(2):
        service.log(session, firm, talks.id, line(), form_key="k", now=NOW)
    assert len(talks.events) == 1
    assert talks.events[0].kind is TalkEventKind.MEETING


@pytest.mark.parametrize("act", ["answer", "move"])
def test_of_two_who_act_at_once_one_is_told_to_look_again(
    app, session, make, world, act
):
    """Each in a thread and a session of its own, as two requests are."""
    talks, firm, _ = world
    colleague = make.user(organisation_id=firm.organisation_id)
    if act == "move":
        make.agreed(talks)
    id_, version, people = talks.id, talks.version, (firm.id, colleague.id)
    answers = (
        AnswerInput(version=version, interest="interested"),
        AnswerInput(
            version=version, interest="declined", reason="price", words="预算差得太多"
        ),
    )
    stages = (
        MoveInput(version=version, to="drafting"),
        MoveInput(
            version=version, to="failed", failed_code="price", failed_words="谈不拢了啊"
        ),
    )
    barrier = Barrier(2, timeout=30)

    def go(place: int) -> str:
        with app.extensions["db_sessions"]() as own:
            user = own.get_one(User, people[place])
            own.rollback()
            barrier.wait()
            try:
                if act == "answer":
                    service.answer(own, user, id_, answers[place], now=NOW)
                else:
                    service.choose_stage(own, user, id_, stages[place], now=NOW)
            except Conflict as conflict:
                return conflict.code
            return "done"

    session.rollback()
    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(go, range(2)))
    assert outcomes in (
        ["done", "introduction.answered"],
        ["done", "introduction.not_waiting"],
        ["done", "stale"],
    )
    session.rollback()
    changed = session.get_one(Introduction, id_)
    rows = history.of_record(session, changed)
    acts = {"introduction.answered"} if act == "answer" else {"introduction.moved"}
    assert sum(row.action in acts for row in rows) == 1
