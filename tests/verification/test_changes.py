"""What changed since a return: from the history, shown as one text."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.history import service as history
from matchmaker.needs.schema import NeedInput
from matchmaker.needs.service import edit_need
from matchmaker.schema import parse
from matchmaker.verification import service
from matchmaker.verification.changes import compare, since_return
from matchmaker.verification.schema import Return
from models import transaction
from models.states import NeedStatus

from ..conftest import NOW
from ..needs.forms import typed as form

TEXTS = st.text(st.sampled_from("电池过充 12.5≥%ab\n。误报"), max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_hold_both_texts_whole(before, after):
    pieces = compare(before, after)
    assert "".join(text for text, what in pieces if what != "new") == before
    assert "".join(text for text, what in pieces if what != "gone") == after
    assert all(text for text, _ in pieces)


@given(TEXTS)
def test_a_text_that_stayed_has_one_piece(text):
    assert compare(text, text) == ([(text, "same")] if text else [])


def test_a_number_changes_as_a_whole():
    assert compare("误报率≤1.5%", "误报率≤1.2%") == [
        ("误报率≤", "same"),
        ("1.5", "gone"),
        ("1.2", "new"),
        ("%", "same"),
    ]


def test_very_long_texts_are_set_one_after_the_other():
    assert compare("电" * 3000, "池" * 3000) == [
        ("电" * 3000, "gone"),
        ("池" * 3000, "new"),
    ]


def resubmit(session, author, need, **typed):
    data = parse(
        NeedInput, form(**typed), {"today": NOW.date(), "organisation": "某单位(示例)"}
    )
    edit_need(session, author, need.id, data, version=need.version, now=NOW)
    session.refresh(need)


def returned(session, staff, need, codes, words=""):
    data = Return(version=need.version, codes=codes, reason=words)
    service.return_need(session, staff, need.id, data, now=NOW - timedelta(days=1))


def test_staff_see_what_was_asked_for_and_what_was_done(session, make, login):
    author, staff = make.user(), make.staff()
    need = make.need(status=NeedStatus.PENDING, organisation_id=author.organisation_id)
    returned(session, staff, need, ["no_figure"], "请写明误报率")
    title = need.title
    resubmit(session, author, need, title=title + "与定位")
    assert need.status is NeedStatus.PENDING

    told = since_return(session, "need", [need])[need.id]

    assert [entry.code for entry in told.entries] == ["no_figure"]
    assert told.words == "请写明误报率"
    changed = {change.label: change.pieces for change in told.changes}
    assert changed["需求名称"] == [(title, "same"), ("与定位", "new")]
    for path in ("/verification", f"/needs/{need.id}"):
        page = login(staff).get(path).text
        assert "退回后再次提交" in page
        assert "</span>与定位</ins>" in page
    assert "退回后再次提交" not in login(author).get(f"/needs/{need.id}").text


def test_only_the_last_return_counts_and_what_was_undone_is_no_change(session, make):
    author, staff = make.user(), make.staff()
    need = make.need(status=NeedStatus.PENDING, organisation_id=author.organisation_id)
    with transaction(session):
        for action, changes in (
            ("need.edited", {"title": ["甲", "乙"]}),
            ("need.returned", {"reason": [None, "旧的原因"]}),
            ("need.edited", {"title": ["乙", "丙"], "district": ["岳麓区", "天心区"]}),
            ("need.edited", {"title": ["丙", "乙"]}),
        ):
            history.record(session, staff, action, need, now=NOW, changes=changes)
    told = since_return(session, "need", [need])[need.id]
    assert (told.words, told.entries) == ("旧的原因", [])
    assert [change.label for change in told.changes] == ["所在区县"]


def test_a_first_submission_has_no_return(session, make):
    need = make.need(status=NeedStatus.PENDING)
    assert since_return(session, "need", [need]) == {}
    assert since_return(session, "need", []) == {}
