"""Writing needs down, changing them, taking them back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from matchmaker.errors import Conflict, Forbidden, NotFound
from matchmaker.labels import today
from matchmaker.needs import service
from matchmaker.needs.schema import NeedDraft
from models import History, IndexChange, Need, Notice, OutboxTask, User
from models.needs import NeedText
from models.states import IllegalMove, NeedStatus, Role, Secrecy

from ..conftest import NOW
from .forms import MASKED, typed


def read(actor: User, *, submit: bool = True, **given: Any) -> NeedDraft:
    form = MultiDict(typed(**given))
    return service.read_form(actor, form, submit=submit, today=today(NOW))


def create(session, actor: User, *, key: str = "k", submit: bool = True, **given: Any):
    data = read(actor, submit=submit, **given)
    return service.create_need(session, actor, data, form_key=key, now=NOW)


def actions(session) -> list[str]:
    return list(session.scalars(select(History.action).order_by(History.id)))


def count(session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_submitted_need_waits_for_review(session, make):
    actor = make.user()
    need = create(session, actor)
    assert need.status is NeedStatus.PENDING
    assert need.organisation_id == actor.organisation_id
    assert need.author_id == actor.id
    assert need.budget_fen == 260_000_000
    assert (need.public_title, need.published_at) == (None, None)
    assert actions(session) == ["need.created", "need.submitted"]
    assert count(session, IndexChange) == count(session, OutboxTask) == 1


def test_active_staff_learn_of_a_submission(session, make):
    staff, admin = make.staff(), make.user(Role.ADMIN)
    make.staff(active=False)
    need = create(session, make.user())
    notices = session.scalars(select(Notice)).all()
    assert {notice.user_id for notice in notices} == {staff.id, admin.id}
    assert notices[0].kind == "need_submitted"
    assert notices[0].facts == {"need_id": need.id, "title": need.title}


def test_a_draft_stays_with_its_author(session, make):
    make.staff()
    need = create(session, make.user(), submit=False, problem="", cooperation=[])
    assert need.status is NeedStatus.DRAFT
    assert actions(session) == ["need.created"]
    assert count(session, Notice) == count(session, IndexChange) == 0


@pytest.mark.parametrize("role", [Role.UNIVERSITY, Role.STAFF, Role.ADMIN])
def test_only_an_enterprise_posts_needs(session, make, role):
    actor, firm = make.user(role), make.user()
    data = read(firm)
    with pytest.raises(Forbidden):
        service.create_need(session, actor, data, form_key="k", now=NOW)
    assert count(session, Need) == 0


def test_a_form_sent_twice_makes_one_need(session, make):
    actor = make.user()
    first, second = create(session, actor), create(session, actor)
    assert first.id == second.id
    assert count(session, Need) == 1
    assert count(session, IndexChange) == 1


def test_the_same_words_from_a_fresh_form_make_one_need(session, make):
    """The back button brings a new key and the words of before."""
    actor = make.user()
    first = create(session, actor, key="first")
    assert create(session, actor, key="fresh").id == first.id
    other = make.user(organisation_id=actor.organisation_id)
    assert create(session, other, key="other").id != first.id
    service.withdraw_need(session, actor, first.id, now=NOW)
    assert create(session, actor, key="anew").id != first.id


def test_two_clicks_at_once_make_one_need(app, session, make):
    """Each in a session of its own, as two requests are."""
    actor_id = make.user().id
    session.rollback()

    def send(_: int) -> int:
        with app.extensions["db_sessions"]() as own:
            return create(own, own.get_one(User, actor_id)).id

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(send, range(4)))
    assert len(set(made)) == 1
    assert count(session, Need) == 1


def test_two_forms_make_two_needs(session, make):
    actor = make.user()
    other = create(session, actor, key="other", title="泵车臂架振动的在线抑制")
    assert create(session, actor).id != other.id


def test_the_key_of_one_person_says_nothing_about_another(session, make):
    firm = make.organisation()
    one, two = (make.user(organisation_id=firm.id) for _ in range(2))
    assert create(session, one).id != create(session, two).id


def test_a_form_sent_again_with_other_words_is_refused(session, make):
    actor = make.user()
    need = create(session, actor)
    with pytest.raises(Conflict, match="form_used") as error:
        create(session, actor, title="同一张表单改了名称")
    assert error.value.facts == {"id": need.id}


def test_a_saved_draft_may_be_submitted_from_the_same_form(session, make):
    actor = make.user()
    create(session, actor, submit=False)
    need = create(session, actor)
    assert need.status is NeedStatus.PENDING
    assert count(session, Need) == 1


def edit(session, actor: User, need: Need, *, version: int | None = None, **given: Any):
    submit = given.pop("submit", True)
    return service.edit_need(
        session,
        actor,
        need.id,
        read(actor, submit=submit, **given),
        version=need.version if version is None else version,
        now=NOW + timedelta(hours=1),
    )


def test_editing_a_published_need_sends_it_to_review_again(session, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    before = count(session, IndexChange)
    edit(session, actor, need)
    assert need.status is NeedStatus.PENDING
    assert actions(session) == ["need.edited", "need.submitted"]
    assert count(session, IndexChange) == before + 1


def test_history_keeps_what_changed(session, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    edit(session, actor, need)
    changes = session.scalars(select(History)).first().changes
    assert changes["budget_fen"] == [200_000_000, 260_000_000]
    assert changes["field"] == ["ES", "EM"]
    assert "secrecy" not in changes


def test_what_a_draft_said_is_not_kept(session, make):
    actor = make.user()
    need = create(session, actor, submit=False, problem="还不想让人看到的话")
    edit(session, actor, need)
    edited = select(History).where(History.action == "need.edited")
    assert session.scalars(edited).one().changes == {}


def test_editing_what_waits_keeps_its_place(session, make):
    make.staff()
    actor = make.user()
    need = create(session, actor)
    edit(session, actor, need, title="等待审核时改的名称")
    assert need.status is NeedStatus.PENDING
    assert actions(session).count("need.submitted") == 1
    assert count(session, Notice) == 1


def test_a_returned_need_comes_back_without_the_old_reason(session, make):
    actor = make.user()
    need = make.need(
        organisation_id=actor.organisation_id,
        status=NeedStatus.RETURNED,
        return_reason="指标没有单位",
    )
    edit(session, actor, need)
    assert (need.status, need.return_reason) == (NeedStatus.PENDING, None)


def test_only_a_draft_is_saved_unchecked(session, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    with pytest.raises(Conflict, match=r"need\.not_editable"):
        edit(session, actor, need, submit=False, problem="")
    assert need.status is NeedStatus.PUBLISHED


def test_a_stale_edit_overwrites_nothing(session, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    seen = need.version
    edit(session, actor, need, title="先保存的人写的名称")
    with pytest.raises(Conflict, match="stale"):
        edit(session, actor, need, version=seen, title="后保存的人写的名称")
    session.expire_all()
    assert need.title == "先保存的人写的名称"


@pytest.mark.parametrize("status", [NeedStatus.SOLVED, NeedStatus.WITHDRAWN])
def test_what_is_over_is_not_edited(session, make, status):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id, status=status)
    with pytest.raises(Conflict, match=r"need\.not_editable"):
        edit(session, actor, need)


def test_another_firm_may_not_touch_a_visible_need(session, make):
    need, actor = make.need(), make.user()
    with pytest.raises(Forbidden):
        edit(session, actor, need)
    with pytest.raises(Forbidden):
        service.withdraw_need(session, actor, need.id, now=NOW)


def test_another_firm_learns_nothing_of_a_hidden_need(session, make):
    need, actor = make.need(secrecy=Secrecy.RESTRICTED), make.user()
    with pytest.raises(NotFound):
        edit(session, actor, need)
    with pytest.raises(NotFound):
        service.withdraw_need(session, actor, need.id, now=NOW)


def test_staff_do_not_edit_needs(session, make):
    need, staff = make.need(), make.staff()
    with pytest.raises(Forbidden):
        service.withdraw_need(session, staff, need.id, now=NOW)


def test_a_withdrawn_need_leaves_the_indexes(session, make):
    actor = make.user()
    need = make.need(organisation_id=actor.organisation_id)
    before = count(session, IndexChange)
    service.withdraw_need(session, actor, need.id, now=NOW)
    assert need.status is NeedStatus.WITHDRAWN
    assert actions(session) == ["need.withdrawn"]
    assert count(session, IndexChange) == before + 1
    with pytest.raises(IllegalMove):
        service.withdraw_need(session, actor, need.id, now=NOW)


def test_a_withdrawn_draft_is_noted_for_lists_and_never_encoded(session, make):
    actor = make.user()
    need = create(session, actor, submit=False)
    service.withdraw_need(session, actor, need.id, now=NOW)
    assert count(session, IndexChange) == 1
    assert count(session, OutboxTask) == 0


def test_who_reads_which_text(session, make):
    owner, staff, other = make.user(), make.staff(), make.user()
    data = read(owner, **MASKED)
    need = service.create_need(session, owner, data, form_key="k", now=NOW)
    for reader in (owner, staff):
        assert service.text_for(reader, need) == need.full_text
    public = NeedText(
        MASKED["public_title"],
        MASKED["public_problem"],
        MASKED["public_targets"],
        "长沙县某工程机械与智能制造装备企业",
    )
    for reader in (other, None):
        assert service.text_for(reader, need) == public


def test_nobody_else_reads_a_restricted_need(make):
    need = make.need(secrecy=Secrecy.RESTRICTED)
    with pytest.raises(NotFound):
        service.text_for(make.user(), need)


def test_no_id_is_too_strange(session):
    for need_id in (0, -1, 999, 2**31, 2**70):
        with pytest.raises(NotFound):
            service.find_need(session, None, need_id)
