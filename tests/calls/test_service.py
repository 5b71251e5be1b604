"""What may be done with a call, by whom and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from matchmaker.calls import clock, followers, service
from matchmaker.calls.drafts import arguing
from matchmaker.calls.drafts import service as drafts
from matchmaker.calls.drafts.from_needs import drafted
from matchmaker.calls.drafts.hints import hints
from matchmaker.calls.drafts.schema import Opening
from matchmaker.calls.invitations.service import InvitationInput, invite
from matchmaker.calls.questions import service as questions
from matchmaker.calls.questions.schema import AnswerInput, QuestionInput
from matchmaker.calls.versions import service as versions
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.schema import parse
from models import Call, CallQuestion, CallVersion, History, Notice, transaction
from models.states import CallMode, CallStatus, OrganisationKind, Role, Secrecy

from ..conftest import NOW
from .forms import CRITERIA, typed

MOMENT = timedelta(microseconds=1)
CLOSES = datetime(2027, 1, 10, 9, tzinfo=UTC)
WORDS = QuestionInput(question="考核平台的环境温度范围是多少，由谁提供？")


def draft(**given):
    return drafts.read_form(typed(**given), submit=True)


def opening(call, **given):
    values = {"version": str(call.version), "closes_at": "2027-01-10 17:00"}
    return parse(Opening, values | given)


@pytest.fixture
def argued(session, make):
    """A call of a firm that passed the 论证, and somebody of the staff."""
    staff = make.staff()
    call = drafts.create_call(session, make.user(), draft(), form_key="k", now=NOW)
    call = arguing.approve(session, staff, call.id, call.version, now=NOW)
    return call, staff


def opened(session, argued, **given):
    call, staff = argued
    return arguing.open_call(
        session,
        staff,
        call.id,
        opening(call, **given),
        periods=arguing.Periods(),
        clock=lambda: NOW,
    )


# -- Drafts ----------------------------------------------------------------------


def refused(**given):
    with pytest.raises(Invalid) as error:
        draft(**given)
    return error.value.fields


@pytest.mark.parametrize(
    ("given", "name", "words"),
    [
        ({"criteria": [("技术方案", "60", "")]}, "criteria", "现在是 60"),
        ({"criteria": [*CRITERIA, ("前景", "1", "")]}, "criteria", "现在是 101"),
        ({"criteria": [("甲", "50", ""), ("甲", "50", "")]}, "criteria", "两次"),
        ({"criteria": [("甲", "100.5", "")]}, "criteria", "第 1 行"),
        ({"criteria": []}, "criteria", "至少写一条"),
        ({"goals": []}, "goals", "至少写一条"),
        ({"mode": "race"}, "max_awards", "至少立项 2 家"),
        ({"issuer_weight": "51"}, "issuer_weight", "不能大于 50"),
        ({"closes_at": "2027-01-10"}, "closes_at", "日期和时间"),
        (
            {"opens_at": "2027-01-10 17:00", "closes_at": "2027-01-10 17:00"},
            "closes_at",
            "须晚于揭榜开始",
        ),
        (
            {"closes_at": "2027-01-10 17:00", "questions_until": "2027-01-10 17:01"},
            "questions_until",
            "不能晚于揭榜截止",
        ),
        ({"promise": None}, "promise", "国家秘密"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_in_words(given, name, words):
    assert words in refused(**given)[name]


def test_hints_name_the_goals_that_cannot_be_judged():
    data = draft(
        goals=["误报率 ≤ 1%", "系统要稳定可靠"],
        funding="",
        closes_at="2026-12-01 17:00",
    )
    found = hints(data, window_days=30, now=NOW)
    assert [(one.field, "第 2 行" in one.text) for one in found] == [
        ("goals", True),
        ("funding", False),
        ("closes_at", False),
    ]
    assert "只有 8 天" in found[-1].text
    assert hints(draft(), window_days=30, now=NOW) == []


def test_a_form_sent_twice_is_one_call(session, make):
    actor = make.user()
    one = drafts.create_call(session, actor, draft(), form_key="k", now=NOW)
    again = drafts.create_call(session, actor, draft(), form_key="k", now=NOW)
    assert one.id == again.id
    with pytest.raises(Conflict, match="form_used"):
        drafts.create_call(
            session, actor, draft(title="另一个名称的榜单"), form_key="k", now=NOW
        )


def test_the_later_of_two_editors_is_told(session, make):
    actor = make.user()
    data = drafts.read_form(typed(), submit=False)
    call = drafts.create_call(session, actor, data, form_key="k", now=NOW)
    version = call.version
    changed = drafts.read_form(typed(title="换一个名称的榜单"), submit=False)
    drafts.edit_call(session, actor, call.id, changed, version=version, now=NOW)
    with pytest.raises(Conflict, match="stale"):
        drafts.edit_call(session, actor, call.id, data, version=version, now=NOW)


def test_staff_name_an_issuer_that_is_there(session, make):
    staff, firm = make.staff(), make.organisation(name="星沙湾创新中心")
    with pytest.raises(Invalid) as error:
        drafts.create_call(session, staff, draft(), form_key="a", now=NOW)
    assert "issuer" in error.value.fields
    with pytest.raises(Invalid, match="invalid"):
        drafts.create_call(
            session, staff, draft(issuer="没有的单位"), form_key="b", now=NOW
        )
    call = drafts.create_call(
        session, staff, draft(issuer=firm.name), form_key="c", now=NOW
    )
    assert (call.issuer_id, call.by_staff) == (firm.id, True)
    # A firm's call is its own, whatever its form says.
    actor = make.user()
    own = drafts.create_call(
        session, actor, draft(issuer=firm.name), form_key="d", now=NOW
    )
    assert own.issuer_id == actor.organisation_id


def test_a_draft_is_of_whoever_wrote_it(session, make):
    actor, staff = make.user(), make.staff()
    data = drafts.read_form(typed(issuer=actor.organisation.name), submit=False)
    own = drafts.create_call(session, actor, data, form_key="k", now=NOW).id
    desk = drafts.create_call(session, staff, data, form_key="k", now=NOW).id
    known = {
        "owner": (actor, {own, desk}),
        "staff": (staff, {desk}),
        "other firm": (make.user(), set()),
        "university": (make.user(Role.UNIVERSITY), set()),
        "visitor": (None, set()),
    }
    for name, (user, expected) in known.items():
        found = set()
        for call_id in (own, desk):
            try:
                found.add(service.find_call(session, user, call_id).id)
            except NotFound:
                continue
        assert found == expected, name
    with pytest.raises(NotFound):
        drafts.edit_call(session, staff, own, data, version=1, now=NOW)


def test_an_edit_takes_the_approval_back(session, argued):
    call, staff = argued
    changed = draft(issuer=call.issuer.name, goals=["提前预警时间 ≥ 20 min"])
    edited = drafts.edit_call(
        session, staff, call.id, changed, version=call.version, now=NOW
    )
    assert (edited.status, edited.approved_at) == (CallStatus.ARGUED, None)
    with pytest.raises(Conflict, match="not_approved"):
        opened(session, (edited, staff))


# -- The opening -----------------------------------------------------------------


def test_an_opened_call_has_its_window_and_its_first_version(session, argued):
    call = opened(session, argued)
    assert (call.status, call.opens_at, call.closes_at) == (
        CallStatus.OPEN,
        NOW,
        CLOSES,
    )
    assert call.questions_until == CLOSES - timedelta(days=7)
    first = session.get_one(CallVersion, (call.id, 1))
    assert first.text["closes_at"] == CLOSES.isoformat()
    assert (first.reason, call.revision) == ("", 1)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"closes_at": ""}, "closes_at"),
        ({"closes_at": "2026-11-23 12:00"}, "closes_at"),  # this very moment
        ({"closes_at": "2020-01-01 12:00"}, "closes_at"),
        ({"opens_at": "2027-02-01 09:00"}, "closes_at"),
        ({"questions_until": "2027-02-01 09:00"}, "questions_until"),
        ({"questions_until": "2026-11-01 09:00"}, "questions_until"),
    ],
)
def test_a_window_that_is_over_or_in_disorder_is_refused(session, argued, given, name):
    with pytest.raises(Invalid) as error:
        opened(session, argued, **given)
    assert list(error.value.fields) == [name]
    session.rollback()
    assert session.get_one(Call, argued[0].id).status is CallStatus.ARGUED


def test_a_short_window_leaves_its_whole_length_for_questions(session, argued):
    call = opened(session, argued, closes_at="2026-11-25 12:00")
    assert call.questions_until == call.opens_at


# -- Questions -------------------------------------------------------------------


def test_questions_are_taken_up_to_their_last_microsecond(session, make):
    until = CLOSES - timedelta(days=7)
    call = make.call(opens_at=NOW, closes_at=CLOSES, questions_until=until)
    asker = make.user(Role.UNIVERSITY)
    with pytest.raises(Conflict, match="not_asking"):
        questions.ask(session, asker, call.id, WORDS, clock=lambda: until)
    one = questions.ask(session, asker, call.id, WORDS, clock=lambda: until - MOMENT)
    again = questions.ask(session, asker, call.id, WORDS, clock=lambda: until - MOMENT)
    assert one.id == again.id
    assert session.scalar(select(func.count(CallQuestion.id))) == 1


def test_the_clock_is_read_once_the_row_is_held(session, make):
    """Who waited for the lock past the end is late."""
    call = make.call(opens_at=NOW, closes_at=CLOSES)
    asked = []

    def clock():
        asked.append(session.info["in_block"])
        return CLOSES

    with pytest.raises(Conflict):
        questions.ask(session, make.user(Role.UNIVERSITY), call.id, WORDS, clock=clock)
    assert asked == [True]


def test_an_answer_comes_before_the_end_or_not_at_all(session, make):
    call = make.call(opens_at=NOW, closes_at=CLOSES)
    question, staff = make.question(call), make.staff()
    data = AnswerInput(answer="由园区提供。")
    with pytest.raises(Forbidden):
        questions.answer(
            session, make.user(), question.id, data, clock=lambda: CLOSES - MOMENT
        )
    with pytest.raises(Conflict, match="not_open"):
        questions.answer(session, staff, question.id, data, clock=lambda: CLOSES)
    questions.answer(session, staff, question.id, data, clock=lambda: CLOSES - MOMENT)
    with pytest.raises(Conflict, match="answered"):
        questions.answer(session, staff, question.id, data, clock=lambda: NOW)
    shown = questions.of_call(session, None, call)
    assert [one.answer for one in shown] == ["由园区提供。"]


def test_how_many_bids_were_begun_is_told_after_the_end_only(session, make):
    call = make.call()
    make.question(call)
    make.invited(call, make.organisation().id)
    found = followers.interest(session, call.id, closed=False)
    assert found == {"questions": 1, "invitations": 1, "subscribers": 0}
    assert "bids" in followers.interest(session, call.id, closed=True)


# -- Versions --------------------------------------------------------------------


def amendment(call, **given):
    values = {
        "version": str(call.version),
        "reason": "应多家单位要求，延长揭榜时间。",
        "closes_at": "2027-01-20 17:00",
        "questions_until": "2027-01-10 17:00",
    }
    return versions.read_form(typed(**values | given))


def test_a_change_is_a_version_and_everybody_who_follows_is_told(session, make, argued):
    call = opened(session, argued)
    asker = make.user(Role.UNIVERSITY)
    questions.ask(session, asker, call.id, WORDS, clock=lambda: NOW)
    data = amendment(call, goals=["提前预警时间 ≥ 15 min", "误报率 ≤ 1%"])
    versions.amend(session, argued[1], call.id, data, clock=lambda: NOW)
    call = session.get_one(Call, call.id)
    newest, first = versions.of_call(session, call)
    assert (newest.version.number, call.revision, first.fields) == (2, 2, [])
    labels = dict(newest.fields)
    assert set(labels) == {"揭榜目标", "揭榜截止", "提问截止"}
    assert ("gone", "10") in labels["揭榜目标"]
    told = select(Notice.facts).where(
        Notice.user_id == asker.id, Notice.kind == "call_amended"
    )
    assert session.scalars(told).one()["reason"].startswith("应多家单位")


@pytest.mark.parametrize(
    ("given", "now", "refusal"),
    [
        ({}, CLOSES, Conflict),
        ({"closes_at": "2027-01-09 17:00", "questions_until": ""}, NOW, Invalid),
        ({"closes_at": "2027-01-10 16:59", "questions_until": "2027-01-03 17:00"},
         NOW, Invalid),
        ({"reason": "改"}, NOW, Invalid),
        ({"closes_at": "2027-01-10 17:00", "questions_until": "2027-01-03 17:00"},
         NOW, Invalid),
        ({"version": "99"}, NOW, Conflict),
    ],
)  # fmt: skip
def test_what_would_mislead_bidders_is_refused(session, argued, given, now, refusal):
    """Nothing changes after the end, nothing ends earlier, nothing without a reason."""
    call = opened(session, argued)

    def change():
        data = amendment(call, **given)
        versions.amend(session, argued[1], call.id, data, clock=lambda: now)

    with pytest.raises(refusal):
        change()
    session.rollback()
    assert session.scalar(select(func.count(CallVersion.number))) == 1


# -- Calls from needs ------------------------------------------------------------


def test_a_call_from_needs_keeps_its_links_and_no_hidden_word(session, make):
    masked = make.need(
        secrecy=Secrecy.MASKED,
        title="三一七号盾构电池预警",
        problem="三一七号盾构的电池在热失控前需要提前给出预警,现有报警太晚。",
        targets=["三一七号盾构提前≥10 min"],
        public_title="某储能设备预警",
        public_problem="储能电站的电池在热失控前需要提前给出预警,现有报警太晚。",
        public_targets=["提前预警≥10 min"],
    )
    restricted = make.need(
        secrecy=Secrecy.RESTRICTED, title="绝密电池组", problem="绝密" * 20
    )
    public = make.need(targets=["误报率≤1%", "提前预警≥10 min"])
    staff = make.staff()
    ids = [masked.id, restricted.id, public.id]
    needs = drafts.linkable(session, staff, ids)
    form = drafted(needs)
    text = str(form)
    assert "三一七" not in text
    assert "绝密" not in text
    assert form["goals"] == ["提前预警≥10 min", "误报率≤1%"]
    assert "某储能设备预警" in form["background"]

    values = typed(issuer=public.organisation.name, needs=[str(one) for one in ids])
    data = drafts.read_form(values, submit=False)
    call = drafts.create_call(session, staff, data, form_key="k", now=NOW)
    assert [one.need_id for one in call.sources] == ids
    with transaction(session):
        call = session.get_one(Call, call.id)
        call.status = CallStatus.OPEN
        call.opens_at, call.closes_at = NOW, CLOSES
        call.questions_until = CLOSES

    def behind(user):
        return [need.id for need in service.needs_behind(session, user, call)]

    owner = make.user(organisation_id=restricted.organisation_id)
    assert behind(staff) == ids
    assert behind(None) == behind(make.user()) == [public.id]
    assert behind(owner) == [restricted.id, public.id]
    assert service.calls_from(session, make.user(), masked) == []
    assert service.calls_from(session, None, public) == [call]


def test_nobody_makes_a_call_of_what_is_not_theirs(session, make):
    need, actor = make.need(), make.user()
    data = drafts.read_form(typed(needs=[str(need.id)]), submit=False)
    with pytest.raises(Invalid, match="invalid"):
        drafts.create_call(session, actor, data, form_key="k", now=NOW)
    with pytest.raises(Forbidden):
        drafts.create_call(
            session, make.user(Role.UNIVERSITY), data, form_key="k", now=NOW
        )


# -- Invitations and the clock ---------------------------------------------------


def test_the_issuer_is_not_invited_to_its_own_call(session, make):
    home = make.organisation(kind=OrganisationKind.UNIVERSITY)
    make.user(Role.UNIVERSITY, organisation_id=home.id)
    call = make.call(issuer_id=home.id)
    item = make.achievement(organisation_id=home.id)
    with pytest.raises(Conflict, match="not_invitable"):
        invite(
            session,
            make.staff(),
            call.id,
            InvitationInput(achievement=item.id),
            now=NOW,
        )


def test_the_worker_tells_once_of_what_the_clock_did(session, make):
    """However late it comes: the window itself was never its business."""
    firm = make.user()
    call = make.call(
        issuer_id=firm.organisation_id,
        opens_at=NOW,
        closes_at=CLOSES,
        noted_phase=None,
    )

    def told():
        query = select(Notice.kind).where(Notice.user_id == firm.id)
        return list(session.scalars(query.order_by(Notice.id)))

    assert clock.follow(session, now=NOW - MOMENT) == 0
    assert clock.follow(session, now=NOW) == 1
    assert clock.follow(session, now=CLOSES - MOMENT) == 0
    assert clock.follow(session, now=CLOSES + timedelta(days=3)) == 1
    assert clock.follow(session, now=CLOSES + timedelta(days=4)) == 0
    assert told() == ["call_began", "call_closed"]
    assert session.get_one(Call, call.id).status is CallStatus.OPEN
    # One that was away the whole time tells of the end alone.
    missed = make.call(opens_at=NOW, closes_at=CLOSES, noted_phase=None)
    assert clock.follow(session, now=CLOSES) == 1
    query = select(History.action).where(
        History.record_type == "calls", History.record_id == missed.id
    )
    assert list(session.scalars(query)) == ["call.closed"]


def test_a_race_takes_several_and_a_single_call_one(session, make):
    actor = make.user()
    race = draft(mode="race", max_awards="3")
    assert drafts.columns(race)["max_awards"] == 3
    call = drafts.create_call(session, actor, race, form_key="k", now=NOW)
    assert (call.mode, call.max_awards) == (CallMode.RACE, 3)
    assert drafts.columns(draft(max_awards="3"))["max_awards"] == 1
