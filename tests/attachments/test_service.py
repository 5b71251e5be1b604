"""Who adds, reads and removes files, and what that does to the record."""

import io

import pytest
from sqlalchemy import func, select

from matchmaker.attachments import service
from matchmaker.attachments.service import Upload
from matchmaker.attachments.store import Store
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from models import Attachment, History
from models.outbox import RecordType
from models.states import NeedStatus, Role, Secrecy

from ..conftest import NOW
from .files import HTML, PDF, PNG

NEED = RecordType.NEED


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "attachments", 100_000)


@pytest.fixture
def owner(make):
    return make.user()


@pytest.fixture
def add(session, store):
    def run(actor, item, name="方案.pdf", data=PDF, public=False, kind=NEED):
        upload = Upload(name, io.BytesIO(data), public)
        return service.add(session, store, actor, kind, item.id, upload, now=NOW)

    return run


def own(make, owner, **given):
    return make.need(organisation_id=owner.organisation_id, **given)


def count(session) -> int:
    return session.scalar(select(func.count(Attachment.id))) or 0


def actions(session):
    return list(session.scalars(select(History.action).order_by(History.id)))


def test_a_file_is_kept_under_its_hash_with_a_harmless_name(
    session, store, make, owner, add
):
    row = add(owner, own(make, owner), "../../x.pdf")
    assert (row.name, row.kind, row.size) == ("x.pdf", "pdf", len(PDF))
    assert store.path(row.sha256).read_bytes() == PDF
    assert actions(session) == ["attachment.added"]


@pytest.mark.parametrize("name", ["page.pdf", "../../x.svg"])
def test_a_refused_file_leaves_nothing(session, store, make, owner, add, name):
    need = own(make, owner)
    with pytest.raises(Invalid):
        add(owner, need, name, HTML)
    assert count(session) == 0
    assert store.held() == set()
    assert list((store.folder / "incoming").iterdir()) == []


def test_the_same_file_sent_twice_is_there_once(session, make, owner, add):
    need = own(make, owner)
    assert add(owner, need).id == add(owner, need, "again.pdf").id
    assert count(session) == 1


def test_there_is_an_end_to_the_files_of_a_record(session, make, owner, add):
    need = own(make, owner)
    for number in range(service.MOST):
        add(owner, need, data=PDF + b"%" * number)
    with pytest.raises(Invalid) as error:
        add(owner, need, data=PDF + b"one too many")
    assert "最多 10 个" in error.value.fields["file"]
    assert count(session) == service.MOST


def test_another_firm_adds_nothing(make, add):
    with pytest.raises(Forbidden):
        add(make.user(), make.need())
    with pytest.raises(NotFound):
        add(make.user(), make.need(status=NeedStatus.DRAFT))
    with pytest.raises(Forbidden):
        add(make.staff(), make.need())


def test_a_university_adds_to_its_own_achievement(make, add):
    actor = make.user(Role.UNIVERSITY)
    item = make.achievement(organisation_id=actor.organisation_id)
    assert add(actor, item, kind=RecordType.ACHIEVEMENT).record_id == item.id
    with pytest.raises(Forbidden):
        add(make.user(), item, kind=RecordType.ACHIEVEMENT)


@pytest.mark.parametrize("status", [NeedStatus.WITHDRAWN, NeedStatus.SOLVED])
def test_what_is_over_takes_no_files(make, owner, add, status):
    with pytest.raises(Conflict, match=r"need\.not_editable"):
        add(owner, own(make, owner, status=status))


def reads(session, user, row) -> bool:
    try:
        service.find(session, user, row.id)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize(
    ("secrecy", "public", "outsiders"),
    [
        (Secrecy.PUBLIC, True, True),
        (Secrecy.PUBLIC, False, False),
        (Secrecy.MASKED, True, False),
        (Secrecy.MASKED, False, False),
        (Secrecy.RESTRICTED, True, False),
    ],
)
def test_a_file_is_read_by_those_who_read_the_full_text(
    session, make, secrecy, public, outsiders
):
    texts = (
        {"public_title": "某类设备", "public_problem": "问题", "public_targets": ["好"]}
        if secrecy is Secrecy.MASKED
        else {}
    )
    need = make.need(secrecy=secrecy, **texts)
    member = make.user(organisation_id=need.organisation_id)
    row = make.attachment(need, is_public=public)
    assert reads(session, member, row)
    assert reads(session, make.staff(), row)
    for reader in (None, make.user(), make.user(Role.UNIVERSITY)):
        assert reads(session, reader, row) is outsiders


@pytest.mark.parametrize(
    "status", [NeedStatus.DRAFT, NeedStatus.PENDING, NeedStatus.RETURNED]
)
def test_a_public_file_of_a_hidden_record_is_hidden(session, make, status):
    row = make.attachment(make.need(status=status), is_public=True)
    assert not reads(session, None, row)
    assert not reads(session, make.user(), row)
    assert reads(session, make.staff(), row) is (status is not NeedStatus.DRAFT)


def test_a_masked_need_has_no_public_files(session, make, owner, add):
    need = own(make, owner, secrecy=Secrecy.RESTRICTED)
    with pytest.raises(Invalid):
        add(owner, need, public=True)
    row = add(owner, need)
    with pytest.raises(Invalid):
        service.set_public(session, owner, row.id, True, now=NOW)
    assert not row.is_public


def test_a_public_file_sends_what_was_published_to_review(session, make, owner, add):
    need = own(make, owner)
    row = add(owner, need)
    assert need.status is NeedStatus.PUBLISHED
    service.set_public(session, owner, row.id, True, now=NOW)
    assert need.status is NeedStatus.PENDING
    other = own(make, owner)
    add(owner, other, public=True)
    assert other.status is NeedStatus.PENDING


def test_staff_decide_on_the_files_they_have_seen(make, owner, add):
    need = own(make, owner, status=NeedStatus.PENDING)
    seen = need.version
    add(owner, need)
    assert need.version > seen


def test_files_of_a_draft_are_noted_without_their_names(session, make, owner, add):
    need = own(make, owner, status=NeedStatus.DRAFT)
    add(owner, need)
    assert session.scalars(select(History)).one().changes == {}


def test_a_removed_file_is_gone_from_disk(session, store, make, owner, add):
    row = add(owner, own(make, owner))
    path = store.path(row.sha256)
    service.remove(session, store, owner, row.id, now=NOW)
    assert count(session) == 0
    assert not path.exists()
    assert actions(session) == ["attachment.added", "attachment.removed"]


def test_a_file_two_records_share_stays_for_the_other(session, store, make, owner, add):
    one, two = add(owner, own(make, owner)), add(owner, own(make, owner))
    assert one.sha256 == two.sha256
    service.remove(session, store, owner, one.id, now=NOW)
    assert store.path(two.sha256).exists()


def test_another_firm_removes_nothing(session, store, make, owner, add):
    row = add(owner, own(make, owner), public=True)
    for other in (make.user(), make.staff()):
        with pytest.raises((Forbidden, NotFound)):
            service.remove(session, store, other, row.id, now=NOW)
    assert count(session) == 1


def test_a_sweep_clears_only_what_no_row_names(session, store, make, owner, add):
    row = add(owner, own(make, owner))
    with store.staged(io.BytesIO(PNG)) as staged, store.keeping(staged):
        pass
    assert service.sweep(session, store) == 1
    assert store.held() == {row.sha256}
