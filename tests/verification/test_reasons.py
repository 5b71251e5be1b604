"""Coded reasons: several at once, with words, and what the author gets of them."""

import pytest
from sqlalchemy import select

from matchmaker.errors import Invalid
from matchmaker.history import service as history
from matchmaker.notices import service as notices
from matchmaker.schema import parse
from matchmaker.verification import reasons, service
from matchmaker.verification.kinds import KINDS
from matchmaker.verification.schema import KIND_NAMES, Publication, Return
from models import DictionaryEntry, Notice, transaction
from models.states import AchievementStatus, NeedStatus

from ..conftest import NOW


@pytest.fixture
def need(make):
    firm = make.organisation()
    make.user(organisation_id=firm.id)
    return make.need(status=NeedStatus.PENDING, organisation_id=firm.id)


def give_back(session, make, need, codes, words=""):
    data = Return(version=need.version, codes=codes, reason=words)
    return service.return_need(session, make.staff(), need.id, data, now=NOW)


def test_several_reasons_are_kept_told_and_noted(session, make, need):
    give_back(session, make, need, ["budget", "no_figure"], "例如第二条指标")
    assert need.status is NeedStatus.RETURNED
    assert (need.return_codes, need.return_reason) == (
        ["budget", "no_figure"],
        "例如第二条指标",
    )
    told = notices.words(session.scalars(select(Notice)).one())
    assert "指标没有数值或单位；预算未填或明显不符。例如第二条指标" in told
    noted = history.of_record(session, need)[0].changes
    assert noted["codes"] == [None, ["budget", "no_figure"]]
    assert noted["status"] == ["pending", "returned"]


def test_a_reason_needs_no_words_but_the_other_one_does(session, make, need):
    with pytest.raises(Invalid):
        parse(Return, {"version": "1", "codes": ["other"], "reason": "四个字呀"})
    form = {"version": "1", "codes": ["no_target", "other"], "reason": ""}
    assert parse(Return, form).codes == ["no_target", "other"]
    give_back(session, make, need, ["no_target"])
    assert need.return_reason is None


def test_words_alone_count_as_the_other_reason(session, make, need):
    give_back(session, make, need, [], "请补充试验条件")
    assert need.return_codes == ["other"]
    assert "原因:请补充试验条件" in notices.words(session.scalars(select(Notice)).one())


@pytest.mark.parametrize("codes", [["nonsense"], ["no_target", "price"]])
def test_a_reason_of_no_or_another_dictionary_is_refused(session, make, need, codes):
    with pytest.raises(Invalid) as refusal:
        give_back(session, make, need, codes)
    assert list(refusal.value.fields) == ["codes"]
    session.refresh(need)
    assert need.status is NeedStatus.PENDING
    assert need.return_codes is None


def test_a_reason_out_of_use_is_offered_no_more_and_still_named(session, make, need):
    give_back(session, make, need, ["budget"])
    with transaction(session):
        entry = session.scalars(
            select(DictionaryEntry).where(
                DictionaryEntry.dictionary == "need_return",
                DictionaryEntry.code == "budget",
            )
        ).one()
        entry.active = False
    assert "budget" not in [one.code for one in reasons.offered(session, ["need"])]
    assert [one.code for one in reasons.named(session, "need", ["budget"])] == [
        "budget"
    ]
    other = make.need(status=NeedStatus.PENDING)
    with pytest.raises(Invalid):
        give_back(session, make, other, ["budget"])


def test_for_several_kinds_only_what_fits_all_is_offered(session):
    both = {one.code for one in reasons.offered(session, ["need", "achievement"])}
    assert {"no_figure", "duplicate", "other"} <= both
    assert not both & {"budget", "price"}
    assert reasons.offered(session, []) == []


def test_every_kind_has_its_dictionary_and_its_name_in_a_form(session):
    assert set(KINDS) == set(KIND_NAMES)
    for kind in KINDS:
        codes = [entry.code for entry in reasons.offered(session, [kind])]
        assert "other" in codes
        assert len(codes) > 5


def test_the_reasons_go_when_the_record_leaves_the_returned_state(session, make, need):
    give_back(session, make, need, ["budget"], "写明金额")
    with transaction(session):
        need.move_to(NeedStatus.PENDING)
    assert need.return_codes is None
    assert need.return_reason is None
    service.publish_need(
        session, make.staff(), need.id, Publication(version=need.version), now=NOW
    )
    assert need.status is NeedStatus.PUBLISHED


def test_the_author_reads_each_reason_with_its_advice(make, login, session):
    firm = make.user()
    need = make.need(
        status=NeedStatus.PENDING, organisation_id=firm.organisation_id, version=1
    )
    give_back(session, make, need, ["no_figure", "identifiable"], "第一条指标")
    page = login(firm).get(f"/needs/{need.id}").text
    assert "指标没有数值或单位" in page
    assert "给每条指标补上数值" in page
    assert "公开文字仍能认出单位" in page
    assert "第一条指标" in page


def test_a_returned_achievement_shows_its_advice_too(make, login, session):
    from models.states import Role

    college = make.user(Role.UNIVERSITY)
    item = make.achievement(
        status=AchievementStatus.PENDING, organisation_id=college.organisation_id
    )
    data = Return(version=item.version, codes=["no_proof"])
    service.return_achievement(session, make.staff(), item.id, data, now=NOW)
    page = login(college).get(f"/achievements/{item.id}").text
    assert "成熟度缺少依据" in page
    assert "写明试验的规模" in page
