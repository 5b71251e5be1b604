"""A bid is written, submitted, replaced and taken back by its bidder, in time."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from sqlalchemy import func, select

from matchmaker.attachments.service import Upload
from matchmaker.bids import check, files, receipt, sealing, service
from matchmaker.bids.vault import Vault, canonical, make_key_file
from matchmaker.calls import service as calls
from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from matchmaker.mail import service as mails
from matchmaker.verification.schema import Return
from models import (
    Bid,
    BidFile,
    BidSubmission,
    History,
    Mail,
    Notice,
    User,
)
from models.states import BidState, OrganisationRole, Role

from ..conftest import NOW
from .conftest import CLOSES, INSTANT


def stored(desk, bid):
    return sealing.content_of(desk.safe.vault, bid)


def test_a_draft_may_lack_everything_and_a_submission_nothing(desk):
    bid = desk.save(desk.firm, leader="", approach="", budget=None)
    assert bid.state is BidState.DRAFT
    assert bid.release_key is None
    with pytest.raises(Invalid) as refused:
        desk.submit(desk.firm, leader="", goals=[], budget=None, schedule=[])
    assert set(refused.value.fields) == {
        "leader",
        "goals.0",
        "goals.1",
        "budget",
        "schedule",
    }
    assert desk.session.scalar(select(func.count(BidSubmission.id))) == 0


def test_a_submission_gets_a_receipt_that_its_own_file_proves(desk):
    desk.attach(desk.firm, "检测数据".encode())
    bid = desk.submit(desk.firm)
    [row] = bid.submissions
    stated = sealing.statement_of(desk.safe.vault, bid)
    file = canonical(stated)
    assert sha256(file).hexdigest() == row.sha256 == bid.digest
    assert stated["files"][0]["sha256"] == sha256("检测数据".encode()).hexdigest()
    assert (row.number, row.at, row.user_id) == (1, NOW, desk.firm.id)
    assert stated["at"] == receipt.moment(NOW)
    told = desk.session.scalars(select(Notice).where(Notice.kind == "bid_submitted"))
    members = {desk.firm.id, desk.strangers["colleague"].id}
    assert {(n.user_id, n.facts["digest"]) for n in told} == {
        (member, bid.digest) for member in members
    }
    letters = desk.session.scalars(select(Mail).where(Mail.kind == "bid_receipt")).all()
    assert len(letters) == len(members)
    assert all(stated["salt"] not in str(letter.facts) for letter in letters)
    outbox = mails.outbox(desk.session, desk.staff, 1)
    assert outbox.total == outbox.waiting == 0  # nobody learns there that it bid
    with pytest.raises(NotFound):
        mails.find(desk.session, desk.staff, letters[0].id)


def test_a_submission_is_replaced_and_keeps_its_earlier_receipt(desk):
    first = desk.submit(desk.firm).digest
    bid = desk.save(desk.firm, "新")
    assert (bid.state, bid.digest) == (BidState.SUBMITTED, first)  # still in force
    assert stored(desk, bid)["leader"] == "张示例新"
    bid = desk.submit(desk.firm, "新")
    assert [row.number for row in bid.submissions] == [1, 2]
    assert bid.submissions[0].sha256 == first != bid.digest
    assert bid.draft is None


def test_a_form_sent_twice_is_one_submission(desk):
    seen = desk.mark(desk.firm)
    for _ in range(2):
        bid = desk.submit(desk.firm, seen=seen)
    assert bid.number == len(bid.submissions) == 1


def test_what_was_changed_back_is_no_change(desk):
    desk.submit(desk.firm)
    assert desk.save(desk.firm, "新").draft is not None
    assert desk.save(desk.firm).draft is None


def test_two_windows_of_one_bidder_do_not_overwrite_each_other(desk):
    seen = desk.mark(desk.firm)
    desk.save(desk.firm, "甲")
    for act in (desk.save, desk.submit):
        with pytest.raises(Conflict, match=r"bid\.stale"):
            act(desk.firm, "乙", seen=seen)
    bid = service.own_bid(desk.session, desk.firm, desk.call)
    assert stored(desk, bid)["leader"] == "张示例甲"


def test_an_organisation_has_one_bid_whoever_of_it_writes(desk):
    colleague = desk.make.user(organisation_id=desk.firm.organisation_id)
    one = desk.save(desk.firm, "甲")
    two = desk.submit(colleague, "乙")
    assert one.id == two.id
    assert two.submissions[-1].user_id == colleague.id


def test_withdrawal_destroys_all_but_the_receipt(desk):
    desk.attach(desk.firm, b"proof")
    bid = desk.submit(desk.firm)
    path = desk.safe.store.path(bid.files[0].stored)
    assert path.exists()
    bid = desk.withdraw(desk.firm, bid)
    assert bid.state is BidState.WITHDRAWN
    kept = (bid.draft, bid.draft_key, bid.sealed, bid.sealed_key, bid.release_key)
    assert kept == (None,) * 5
    assert bid.files == []
    assert not path.exists()
    assert len(bid.submissions) == 1
    assert service.count(desk.session, desk.call) == 0
    again = desk.submit(desk.firm)
    assert (again.id, again.number) == (bid.id, 2)


def test_changes_of_text_and_files_are_dropped_together(desk):
    desk.attach(desk.firm, b"one", "a.txt")
    bid = desk.submit(desk.firm)
    files.remove(desk.session, desk.safe, desk.firm, bid.files[0].id, clock=desk.clock)
    desk.attach(desk.firm, b"two", "b.txt")
    desk.save(desk.firm, "新")
    bid = service.drop_changes(
        desk.session, desk.safe, desk.firm, bid.id, clock=desk.clock
    )
    assert [sealing.facts_of(desk.safe.vault, f).name for f in bid.files] == ["a.txt"]
    assert bid.files[0].in_draft
    assert stored(desk, bid)["leader"] == "张示例"


def test_the_last_microsecond_is_in_time_and_the_closing_instant_is_not(desk):
    desk.clock.now = CLOSES - INSTANT
    bid = desk.submit(desk.firm)
    assert bid.submitted_at == CLOSES - INSTANT
    desk.clock.now = CLOSES
    for act in (
        lambda: desk.submit(desk.firm, "迟"),
        lambda: desk.save(desk.firm, "迟"),
        lambda: desk.attach(desk.firm, b"late"),
        lambda: desk.withdraw(desk.firm, bid),
    ):
        with pytest.raises(Conflict, match=r"bid\.too_late"):
            act()
    assert len(bid.submissions) == 1


def test_the_clock_is_read_after_the_call_is_locked(desk):
    """Who waited for the lock beyond the end is too late, whenever it came."""
    moments = iter((CLOSES - INSTANT, CLOSES))

    def clock():
        return next(moments)

    with pytest.raises(Conflict, match=r"bid\.too_late"):
        files.add(
            desk.session,
            desk.safe,
            desk.firm,
            desk.call.id,
            Upload("a.txt", BytesIO(b"x")),
            clock=clock,
        )
    assert desk.session.scalar(select(func.count(Bid.id))) == 0


def test_a_clock_set_back_does_not_open_a_call_again(desk):
    desk.submit(desk.firm)
    desk.clock.now = CLOSES
    desk.approve(desk.staff)
    desk.clock.now = CLOSES - timedelta(minutes=5)
    with pytest.raises(Conflict, match=r"bid\.too_late"):
        desk.submit(desk.college)


def test_before_the_opening_nothing_is_taken(desk):
    desk.clock.now = desk.call.opens_at - INSTANT
    with pytest.raises(Conflict, match=r"bid\.too_early"):
        desk.submit(desk.firm)


def test_the_issuer_and_readers_and_staff_do_not_bid(desk):
    own = desk.make.user(organisation_id=desk.call.issuer_id)
    with pytest.raises(Conflict, match=r"bid\.own_call"):
        desk.submit(own)
    for user in (
        desk.staff,
        desk.make.user(Role.MANAGER),
        desk.make.user(org_role=OrganisationRole.READER),
    ):
        with pytest.raises(Forbidden):
            desk.submit(user)


def test_only_the_bidder_finds_a_sealed_bid(desk):
    bid = desk.submit(desk.firm)
    reader = desk.make.user(
        organisation_id=desk.firm.organisation_id, org_role=OrganisationRole.READER
    )
    assert service.find_bid(desk.session, reader, bid.id) is bid
    issuer = desk.make.user(organisation_id=desk.call.issuer_id)
    admin = desk.make.user(Role.ADMIN)
    for user in (desk.staff, admin, issuer, desk.college, desk.make.user(Role.MANAGER)):
        with pytest.raises(NotFound):
            service.find_bid(desk.session, user, bid.id)


def _bomb() -> bytes:
    """A small archive whose directory alone takes long to read."""
    found = BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:060}", b"")
    return found.getvalue()


def test_files_are_checked_counted_and_kept_once(desk):
    for number in range(files.MOST):
        desk.attach(desk.firm, b"%d" % number)
    desk.attach(desk.firm, b"0", "again.txt")
    assert desk.session.scalar(select(func.count(BidFile.id))) == files.MOST
    for data, name in (
        (b"one more", "a.txt"),
        (b"", "a.txt"),
        (b"PK\x03\x04 no document", "a.docx"),
        (_bomb(), "a.docx"),
        (b"MZ", "a.exe"),
    ):
        with pytest.raises(Invalid):
            desk.attach(desk.firm, data, name)
    with pytest.raises(Invalid):
        desk.attach(desk.college, bytes(desk.safe.limit + 1))
    assert list((desk.safe.store.folder / "incoming").iterdir()) == []


def test_an_answer_follows_its_goal_and_not_its_place(desk):
    bid = desk.submit(desk.firm)
    asked = list(desk.call.goals)
    with_other = ["循环寿命≥6000 次", asked[1]]
    desk.call.goals = with_other
    desk.session.commit()
    with pytest.raises(Invalid) as refused:
        desk.submit(desk.firm, goals=stored(desk, bid)["goals"])
    assert set(refused.value.fields) == {"goals.0"}
    kept = desk.save(desk.firm, goals=stored(desk, bid)["goals"])
    assert [one["goal"] for one in stored(desk, kept)["goals"]] == with_other
    assert stored(desk, kept)["goals"][1]["value"] == "12 min"


def test_the_history_and_the_log_tell_no_word_of_it(desk):
    desk.submit(desk.firm, "昆仑")
    rows = desk.session.scalars(select(History).where(History.record_type == "bids"))
    assert {row.action for row in rows} == {"bid.created", "bid.submitted"}
    changes = [row.changes for row in desk.session.scalars(select(History))]
    assert "昆仑" not in str(changes)


def test_a_wrong_or_lost_key_is_said_and_nothing_changes(desk, tmp_path):
    bid = desk.submit(desk.firm)
    path = tmp_path / "other.key"
    lost = desk.safe.__class__(Vault(path), desk.safe.store, desk.safe.limit)
    data = desk.typed("新", seen=desk.mark(desk.firm))
    with pytest.raises(Unavailable, match=r"bids\.key_missing"):
        service.save(
            desk.session, lost, desk.firm, desk.call.id, data, clock=desk.clock
        )
    make_key_file(path)
    with pytest.raises(Unavailable, match=r"bids\.key_wrong"):
        service.save(
            desk.session, lost, desk.firm, desk.call.id, data, clock=desk.clock
        )
    with pytest.raises(Unavailable, match=r"bids\.key_wrong"):
        service.submit(
            desk.session,
            lost,
            desk.college,
            desk.call.id,
            desk.typed(),
            clock=desk.clock,
        )
    desk.session.refresh(bid)
    assert stored(desk, bid)["leader"] == "张示例"


def test_a_call_that_is_stopped_takes_its_bids_with_it(desk):
    desk.attach(desk.firm, b"x")
    bid = desk.submit(desk.firm)
    draft = desk.save(desk.college)
    reason = Return(codes=["issuer"], reason="", version=desk.call.version)
    calls.stop(desk.session, desk.staff, desk.call.id, reason, now=NOW)
    for one in (bid, draft):
        desk.session.refresh(one)
        assert (one.state, one.sealed, one.draft) == (BidState.WITHDRAWN, None, None)
    assert bid.files == []
    assert len(bid.submissions) == 1
    with pytest.raises(Conflict, match=r"bid\.not_open"):
        desk.submit(desk.firm)


def test_many_at_once_of_one_organisation_leave_one_bid(desk, app):
    """Each in a session of its own: one row, receipts without a gap, none lost."""
    colleagues = [
        desk.make.user(organisation_id=desk.firm.organisation_id).id for _ in range(4)
    ]

    def send(number):
        with app.extensions["db_sessions"]() as own:
            user = own.get_one(User, colleagues[number % 4])
            try:
                bid = service.submit(
                    own, desk.safe, user, call_id, forms[number], clock=desk.clock
                )
                return bid.number
            except Conflict as conflict:
                return conflict.code

    forms, call_id = [desk.typed(str(number)) for number in range(8)], desk.call.id
    desk.session.rollback()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    taken = [answer for answer in answers if isinstance(answer, int)]
    assert taken == [1]
    assert answers.count("bid.stale") == 7
    bid = desk.session.scalars(select(Bid)).one()
    assert [row.number for row in bid.submissions] == [1]
    assert not check.check_all(desk.session, desk.safe).found
