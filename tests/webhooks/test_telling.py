"""Which hooks hear of what, and that no message says more than a stranger may read."""

import json

import pytest
from sqlalchemy import select

from matchmaker.awards import tell as of_awards
from matchmaker.calls import tell as of_calls
from matchmaker.contracts import tell as of_contracts
from matchmaker.introductions import service as talks
from matchmaker.introductions.schema import AnswerInput
from matchmaker.matches import service as matches
from matchmaker.notices import service as notices
from matchmaker.notices.words import WORDS as NOTICES
from matchmaker.verification import service as verification
from matchmaker.verification.schema import Publication
from matchmaker.webhooks import delivery, events, telling
from models import Notice, Webhook, WebhookDelivery, transaction
from models.states import (
    CallStatus,
    NeedStatus,
    PublicationState,
    Role,
    Secrecy,
    WebhookFormat,
    WebhookStop,
)

from ..conftest import NOW

MASKED = {
    "secrecy": Secrecy.MASKED,
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间≤1 h"],
}
ALL = sorted(events.WORDS)


@pytest.fixture
def firm(make):
    return make.user()


@pytest.fixture
def hears(make):
    """A hook that hears of everything; of the organisation, or of the platform."""
    return lambda home=None, **given: make.webhook(
        home, **{"format": WebhookFormat.JSON, "events": ALL} | given
    )


def messages(session, hook=None):
    session.rollback()
    query = select(WebhookDelivery).order_by(WebhookDelivery.id)
    if hook is not None:
        query = query.where(WebhookDelivery.webhook_id == hook.id)
    return list(session.scalars(query))


def queue(session, users, kind, **facts):
    with transaction(session):
        notices.queue(session, [user.id for user in users], kind, now=NOW, **facts)


def publish(session, staff, need):
    data = Publication(version=need.version)
    verification.publish_need(session, staff, need.id, data, now=NOW)


def test_every_kind_of_notice_is_offered_or_kept():
    """A new kind must be decided upon: may it lie on servers of others?"""
    offered = set(events.WORDS) - {events.TEST}
    assert offered | events.KEPT == set(NOTICES)
    assert not offered & events.KEPT
    for kind in offered:
        assert NOTICES[kind][2] in telling.ABOUT, kind


def test_a_hook_hears_of_its_organisations_own_record(session, make, firm, hears):
    pending = {"status": NeedStatus.PENDING, "title": "储能预警"}
    need = make.need(organisation_id=firm.organisation_id, **pending)
    hook, other = hears(firm.organisation_id), hears(make.organisation().id)
    publish(session, make.staff(), need)
    (message,) = messages(session)
    assert message.webhook_id == hook.id != other.id
    assert (message.event, message.title) == ("need_published", "储能预警")
    assert (message.record_type, message.record_id) == ("need", need.id)


def test_it_goes_with_the_action_or_not_at_all(session, make, firm, hears):
    need = make.need(organisation_id=firm.organisation_id)
    hears(firm.organisation_id)
    facts = {"title": "x", "need_id": need.id}

    def failing():
        with transaction(session):
            notices.queue(session, [firm.id], "need_published", now=NOW, **facts)
            raise RuntimeError("the action failed")

    with pytest.raises(RuntimeError, match="action"):
        failing()
    assert messages(session) == []


@pytest.mark.parametrize("why", list(WebhookStop))
def test_a_hook_that_is_off_hears_nothing(session, make, firm, hears, why):
    need = make.need(organisation_id=firm.organisation_id)
    hears(firm.organisation_id, stopped_why=why)
    queue(session, [firm], "need_published", title="x", need_id=need.id)
    assert messages(session) == []


def test_a_hook_hears_only_of_what_was_ticked(session, make, firm, hears):
    need = make.need(organisation_id=firm.organisation_id)
    hears(firm.organisation_id, events=["need_expired"])
    queue(session, [firm], "need_published", title="x", need_id=need.id)
    assert messages(session) == []


def test_many_readers_and_two_rounds_are_one_message(session, make, firm, hears):
    other = make.user(organisation_id=firm.organisation_id)
    need = make.need(organisation_id=firm.organisation_id)
    hook, second = hears(firm.organisation_id), hears(firm.organisation_id)
    with transaction(session):
        for people in ([firm.id, other.id], [other.id]):
            facts = {"title": "x", "need_id": need.id}
            notices.queue(session, people, "need_published", now=NOW, **facts)
    assert [m.webhook_id for m in messages(session)] == [hook.id, second.id]
    assert len({m.reference for m in messages(session)}) == 2


def test_what_one_person_alone_is_told_stays_with_it(session, make, firm, hears):
    need = make.need()
    hears(firm.organisation_id)
    facts = {"title": "x", "name": "电池", "need_id": need.id, "subscription_id": 1}
    queue(session, [firm], "subscribed_need", **facts)
    queue(session, [firm], "work_due", source="x", label="x", number=1, title="机密")
    assert session.scalar(select(Notice.id)) is not None
    assert messages(session) == []


def test_the_talks_a_manager_leads_are_no_matter_of_its_organisation(
    session, make, hears
):
    manager = make.user(Role.MANAGER)
    introduction = make.introduction(make.need(), manager_id=manager.id)
    hears(manager.organisation_id)
    facts = {"title": "x", "state": "洽谈中", "introduction_id": introduction.id}
    queue(session, [manager], "introduction_moved", **facts)
    assert messages(session) == []


def test_staff_of_a_firm_are_told_as_staff(session, make, firm, hears):
    """A service body may have people who work for the platform."""
    staff = make.staff(organisation_id=firm.organisation_id)
    need = make.need(organisation_id=firm.organisation_id, status=NeedStatus.PENDING)
    hears(firm.organisation_id)
    platforms = hears()
    queue(session, [staff], "need_submitted", title="x", need_id=need.id)
    assert [m.webhook_id for m in messages(session)] == [platforms.id]


def test_a_call_that_anybody_knows_is_told_to_who_follows(session, make, firm, hears):
    call = make.call(status=CallStatus.OPEN, title="公开的榜单")
    hears(firm.organisation_id)
    with transaction(session):
        of_calls.members(session, call, firm.organisation_id, "call_invited", now=NOW)
    assert [m.title for m in messages(session)] == ["公开的榜单"]


def test_a_hidden_call_of_others_is_told_to_nobody(session, make, firm, hears):
    call = make.call(status=CallStatus.ARGUED, title="秘密")
    hears(firm.organisation_id)
    queue(session, [firm], "call_invited", title="秘密", call_id=call.id)
    assert messages(session) == []


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({}, "玄铁剑脊"),
        (MASKED, "储能产品验收"),
        ({"secrecy": Secrecy.RESTRICTED}, ""),
        ({"status": NeedStatus.RETURNED}, ""),
    ],
)
def test_a_need_goes_by_its_public_text_even_to_its_own_firm(
    session, make, firm, hears, given, title
):
    need = make.need(organisation_id=firm.organisation_id, title="玄铁剑脊", **given)
    hears(firm.organisation_id)
    facts = {"title": need.title, "need_id": need.id, "reason": "玄铁剑脊"}
    queue(session, [firm], "need_returned", **facts)
    assert [m.title for m in messages(session)] == [title]


@pytest.mark.parametrize(
    ("status", "given", "title"),
    [
        (NeedStatus.PENDING, {}, ""),
        (NeedStatus.PUBLISHED, {}, "玄铁剑脊"),
        (NeedStatus.PUBLISHED, MASKED, "储能产品验收"),
        (NeedStatus.PUBLISHED, {"secrecy": Secrecy.RESTRICTED}, ""),
    ],
)
def test_the_platforms_hook_says_what_is_public_already(
    session, make, hears, status, given, title
):
    need = make.need(title="玄铁剑脊", status=status, **given)
    hears()
    staff = make.staff()
    queue(session, [staff], "need_submitted", title=need.title, need_id=need.id)
    assert [m.title for m in messages(session)] == [title]


SECRETS = ("玄铁剑脊", "倚天有限公司", "屠龙合同")


def _needs(session, make, seeker, staff):
    need = make.need(
        organisation_id=seeker.organisation_id,
        title="玄铁剑脊",
        problem="玄铁剑脊开裂。" * 5,
        status=NeedStatus.PENDING,
        secrecy=Secrecy.RESTRICTED,
    )
    publish(session, staff, need)
    return need


def _talk(session, make, need, provider, seeker):
    item = make.achievement(organisation_id=provider.organisation_id)
    pair = make.suggestion(need, item)
    matches.approve(session, make.staff(), pair.id, now=NOW)
    talk = make.introduction(need, item, provider_knows=False)
    for user in (seeker, provider):
        session.rollback()
        answer = AnswerInput(version=talk.version, interest="interested")
        talks.answer(session, user, talk.id, answer, now=NOW)


def _contract(session, make, seeker, provider, actor):
    contract = make.contract(
        name="屠龙合同",
        buyer_id=seeker.organisation_id,
        seller_id=provider.organisation_id,
    )
    with transaction(session):
        of_contracts.tell(session, contract, "contract_signed", now=NOW, actor=None)
        of_contracts.tell_staff(
            session, contract, "contract_submitted", now=NOW, actor=actor
        )


@pytest.mark.parametrize("form", list(WebhookFormat))
def test_no_body_holds_a_secret_of_another_nor_ones_own(
    session, make, hears, courier, receiver, allowed, form
):
    """A restricted need from publication to contract, with every hook there is."""
    seeker = make.user(organisation_id=make.organisation(name="倚天有限公司").id)
    provider, staff = make.user(Role.UNIVERSITY), make.staff()
    address = receiver.url
    for home in (seeker.organisation_id, provider.organisation_id, None):
        hears(home, format=form, address=address)
    make.user(organisation_id=seeker.organisation_id)
    need = _needs(session, make, seeker, staff)
    _talk(session, make, need, provider, seeker)
    _contract(session, make, seeker, provider, make.user(Role.ADMIN))
    told = messages(session)
    assert len({message.webhook_id for message in told}) == 3
    heard = {message.event for message in told}
    assert heard >= {"need_published", "match_approved", "introduction_agreed"}
    receiver.answer(200, b'{"errcode":0}')
    assert courier().work_off() == len(told) > 6
    bodies = [got.body.decode() for got in receiver.got]
    for body in bodies:
        for secret in SECRETS:
            assert secret not in body
            assert json.dumps(secret).strip('"') not in body


def test_of_an_award_only_the_public_call_is_named(session, make, firm, hears):
    call = make.call(
        issuer_id=firm.organisation_id, status=CallStatus.AWARDED, title="公开的榜单"
    )
    award = make.award(make.bid(call))
    hears(firm.organisation_id)
    with transaction(session):
        of_awards.issuer(session, award, "acceptance_asked", now=NOW)
    assert [m.title for m in messages(session)] == ["公开的榜单"]


def test_a_bid_is_told_to_no_server_before_its_release():
    assert {"bid_submitted", "bid_withdrawn"} <= events.KEPT


def test_what_a_firm_submits_reaches_the_platforms_hook(session, make, hears):
    assert "need_submitted" in dict(
        pair for kinds in events.offered(platform=True).values() for pair in kinds
    )
    assert not events.may_hear(["need_submitted"], platform=False)
    assert not events.may_hear(["subscribed_need"], platform=True)
    assert not events.may_hear([events.TEST], platform=True)


def test_telling_many_costs_two_questions_and_no_hook_nothing(
    session, make, hears, app, firm
):
    from sqlalchemy import event

    asked = []
    engine = app.extensions["db_engine"]
    need = make.need(organisation_id=firm.organisation_id)
    people = [firm.id, *(make.user().id for _ in range(30))]
    facts = {"need_id": need.id, "title": "x"}

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    with transaction(session):
        event.listen(engine, "before_cursor_execute", note)
        try:
            telling.tell(session, people, "need_published", "need_id", facts, now=NOW)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 2


def test_a_hook_and_its_messages_go_with_the_demonstration(session, make, hears):
    from matchmaker.demo import removal

    home = make.organisation(is_demo=True)
    make.message(hears(home.id))
    kept = hears(make.organisation().id)
    removal.remove(session, now=NOW)
    assert list(session.scalars(select(Webhook.id))) == [kept.id]


def test_ten_attempts_are_what_the_page_says():
    assert len(delivery.WAITS) + 1 == 10


def test_a_list_is_told_of_to_those_whose_records_stand_in_it(
    session, make, firm, hears
):
    need = make.need(organisation_id=firm.organisation_id)
    made = make.publication(need, state=PublicationState.ISSUED)
    hook = hears(firm.organisation_id)
    hears(make.organisation().id)
    hears()
    facts = {"title": made.title, "code": "需求清单〔2026〕第1号", "number": 1}
    queue(session, [firm], "publication_issued", list_id=made.id, **facts)
    (message,) = messages(session)
    assert message.webhook_id == hook.id
    assert (message.record_type, message.record_id) == ("list", made.id)
    assert message.title == made.title
