"""The proposal of a route: each rule, and that there is always one with its reason."""

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.introductions.facts import facts_of
from matchmaker.introductions.routes import LOW_ODDS, Facts, propose
from models.states import SuggestionKind, SuggestionStatus, TalkRoute

GOOD = Facts(asked=2, measurable=2, met=2, gap=0, level=7, odds=0.8)


def change(**given: object) -> Facts:
    return Facts(**{**GOOD.__dict__, **given})


def test_what_is_met_and_ready_is_talked_about_directly():
    assert propose(GOOD).route is TalkRoute.DIRECT
    assert propose(change(met=1, partial=1)).route is TalkRoute.DIRECT
    # Without a level asked for, the technology's own must do.
    assert propose(change(gap=None, level=6)).route is TalkRoute.DIRECT


def test_open_points_are_asked_at_a_meeting_and_named():
    for facts, words in (
        (change(met=1, unmet=1), "1 项指标还达不到"),
        (change(met=1), "部分指标还没有说明"),
        (change(gap=2), "成熟度还有差距"),
        (change(gap=None, level=5), "成熟度还要核实"),
        (change(gap=None, level=None), "成熟度还要核实"),
    ):
        proposal = propose(facts)
        assert proposal.route is TalkRoute.MEETING, facts
        assert words in proposal.words


def test_a_vague_need_or_low_odds_want_a_manager():
    assert propose(change(asked=0, measurable=0)).route is TalkRoute.MANAGER
    assert propose(change(measurable=0)).route is TalkRoute.MANAGER
    assert propose(change(odds=LOW_ODDS / 2)).route is TalkRoute.MANAGER
    assert propose(change(odds=None)).route is TalkRoute.DIRECT


def test_several_firms_without_an_achievement_want_a_call():
    wanted = change(has_answer=False, firms=3)
    assert propose(wanted).route is TalkRoute.OPEN_CALL
    assert "3 家" in propose(wanted).words
    assert propose(change(has_answer=False, firms=1)).route is not TalkRoute.OPEN_CALL
    assert propose(change(firms=3)).route is not TalkRoute.OPEN_CALL


@given(
    st.builds(
        Facts,
        asked=st.integers(0, 6),
        measurable=st.integers(0, 6),
        met=st.integers(0, 6),
        partial=st.integers(0, 6),
        unmet=st.integers(0, 6),
        gap=st.none() | st.integers(-8, 8),
        level=st.none() | st.integers(1, 9),
        odds=st.none() | st.floats(0, 1),
        has_answer=st.booleans(),
        firms=st.integers(1, 5),
    )
)
def test_there_is_always_a_route_with_a_reason(facts):
    proposal = propose(facts)
    assert proposal.route in TalkRoute
    assert proposal.words.endswith("。")
    assert not proposal.words.startswith("，")


def test_the_facts_are_read_from_the_pair(session, make):
    need, item = make.need(trl_expected=8), make.achievement(trl=6)
    rows = [{"verdict": "met"}, {"verdict": "unmet"}]
    make.suggestion(
        need, item, evidence={"indicators": rows}, status=SuggestionStatus.REJECTED
    )
    facts = facts_of(session, make.introduction(need, item))
    assert facts == Facts(
        asked=2, measurable=2, met=1, unmet=1, gap=2, level=6, odds=0.8
    )


def test_firms_near_the_same_call_are_counted(session, make):
    need, call = make.need(), make.call()
    pair = {"kind": SuggestionKind.NEED_CALL, "achievement_id": None}
    for one in (need, make.need(), make.need(organisation_id=need.organisation_id)):
        make.suggestion(one, call_id=call.id, **pair)
    refused = make.suggestion(make.need(), call_id=call.id, **pair)
    assert refused.call_id == call.id
    talks = make.introduction(
        need,
        achievement_id=None,
        call_id=call.id,
        subject="x",
        provider_id=call.issuer_id,
    )
    facts = facts_of(session, talks)
    assert (facts.firms, facts.has_answer) == (3, False)
    assert propose(facts).route is TalkRoute.OPEN_CALL
