"""Two of the staff open all bids of a call together, after its end; nobody else."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from matchmaker.bids import check, files, sealing, service
from matchmaker.bids.opening import key
from matchmaker.bids.opening import service as opening
from matchmaker.bids.safe import Safe
from matchmaker.bids.vault import Vault, make_key_file
from matchmaker.errors import Conflict, Forbidden, NotFound, Unavailable
from models import Bid, BidRelease, History, Notice, transaction
from models.states import BidState, CallStatus, Role

from .conftest import CLOSES, INSTANT


def test_both_press_and_all_bids_are_opened_at_once(desk):
    desk.attach(desk.firm, "曲线".encode(), "曲线.txt")
    one, two = desk.submit(desk.firm), desk.submit(desk.college, "乙")
    digests = (one.digest, two.digest)
    desk.clock.now = CLOSES
    half = desk.approve(desk.staff)
    assert half.released_at is None
    assert desk.call.status is CallStatus.OPEN
    assert one.content is None
    done = desk.approve(desk.second)
    assert (done.released_at, done.bids, done.faults) == (CLOSES, 2, [])
    assert desk.call.status is CallStatus.IN_REVIEW
    for bid, digest in zip((one, two), digests, strict=True):
        assert bid.state is BidState.RELEASED
        assert bid.digest == digest
        assert bid.sealed is bid.release_key is bid.key_id is None
    assert two.content["leader"] == "张示例乙"
    [row] = one.files
    assert (row.name, row.kind) == ("曲线.txt", "txt")
    assert b"".join(files.opened(desk.safe, row)) == "曲线".encode()
    assert check.check_all(desk.session, desk.safe).found == []
    actions = set(desk.session.scalars(select(History.action)))
    assert {"call.release_approved", "call.released", "bid.released"} <= actions
    told = desk.session.scalars(select(Notice).where(Notice.kind == "bid_released"))
    colleague = desk.strangers["colleague"]
    assert {one.user_id for one in told} == {
        desk.firm.id,
        desk.college.id,
        colleague.id,
    }


def test_nobody_opens_before_the_end_or_alone_or_without_being_staff(desk):
    desk.submit(desk.firm)
    desk.clock.now = CLOSES - INSTANT
    with pytest.raises(Conflict, match=r"release\.too_early"):
        desk.approve(desk.staff)
    desk.clock.now = CLOSES
    desk.approve(desk.staff)
    with pytest.raises(Conflict, match=r"release\.same_person"):
        desk.approve(desk.staff)
    for user in (desk.firm, desk.college, desk.make.user(Role.MANAGER)):
        with pytest.raises(Forbidden):
            desk.approve(user)
    inside = desk.make.staff(organisation_id=desk.call.issuer_id)
    bidder = desk.make.staff(organisation_id=desk.firm.organisation_id)
    for user in (inside, bidder):
        with pytest.raises(Conflict, match=r"release\.partial"):
            desk.approve(user)
    assert desk.session.scalars(select(Bid)).one().content is None
    desk.approve(desk.make.user(Role.ADMIN))
    assert desk.call.status is CallStatus.IN_REVIEW
    with pytest.raises(Conflict, match=r"release\.not_waiting"):
        desk.approve(desk.second)


@pytest.mark.parametrize("amiss", ["early", "alone", "same", "other_call"])
def test_the_key_itself_asks_for_the_end_and_two_people(desk, amiss):
    """Whoever should come to it by another way still gets nothing."""
    desk.submit(desk.firm)
    release = BidRelease(
        call_id=desk.call.id, first_by_id=desk.staff.id, second_by_id=desk.second.id
    )
    now = CLOSES
    if amiss == "early":
        now = CLOSES - INSTANT
    elif amiss == "alone":
        release.second_by_id = None
    elif amiss == "same":
        release.second_by_id = desk.staff.id
    else:
        release.call_id += 1
    with pytest.raises(Forbidden):
        key.Opener(desk.safe.vault, desk.call, release, now)


def test_where_nobody_bid_one_press_ends_the_call(desk):
    bid = desk.submit(desk.firm)
    desk.withdraw(desk.firm, bid)
    draft = desk.save(desk.college)
    desk.clock.now = CLOSES
    release = desk.approve(desk.staff)
    assert (release.bids, release.second_by_id) == (0, None)
    assert desk.call.status is CallStatus.FAILED
    assert draft.draft is None
    assert draft.state is BidState.DRAFT


def test_drafts_and_unsent_changes_are_destroyed(desk):
    desk.attach(desk.firm, b"sent", "sent.txt")
    bid = desk.submit(desk.firm)
    desk.attach(desk.firm, b"not sent", "late.txt")
    desk.save(desk.firm, "没有提交")
    draft = desk.save(desk.college)
    desk.attach(desk.college, b"never sent", "never.txt")
    gone = [row.stored for row in (*draft.files, *bid.files) if not row.in_submission]
    assert len(gone) == 2
    desk.release()
    assert draft.draft is None
    assert draft.files == []
    assert [row.name for row in bid.files] == ["sent.txt"]
    assert "没有提交" not in json.dumps(bid.content, ensure_ascii=False)
    assert not any(desk.safe.store.path(name).exists() for name in gone)


def _tamper(desk, bid, **values):
    desk.session.execute(update(Bid).where(Bid.id == bid.id).values(**values))
    desk.session.commit()


def test_a_damaged_bid_is_told_and_keeps_no_other_closed(desk):
    bad, good = desk.submit(desk.firm), desk.submit(desk.college)
    kept = bad.sealed
    _tamper(desk, bad, sealed=kept[:-1] + bytes([kept[-1] ^ 1]))
    release = desk.release()
    assert [(f["bid_id"], f["what"]) for f in release.faults] == [(bad.id, "unopened")]
    assert good.state is BidState.RELEASED
    assert bad.state is BidState.SUBMITTED
    assert desk.call.status is CallStatus.IN_REVIEW
    told = desk.session.scalars(select(Notice).where(Notice.kind == "release_faults"))
    assert {one.user_id for one in told} >= {desk.staff.id, desk.second.id}

    _tamper(desk, bad, sealed=kept)  # from a backup
    release = opening.retry(
        desk.session, desk.safe, desk.staff, desk.call.id, clock=desk.clock
    )
    assert (release.faults, release.bids) == ([], 2)
    assert bad.state is BidState.RELEASED
    with pytest.raises(Conflict, match=r"release\.nothing_left"):
        opening.retry(
            desk.session, desk.safe, desk.staff, desk.call.id, clock=desk.clock
        )


def test_what_was_swapped_between_bids_does_not_open(desk):
    one, two = desk.submit(desk.firm), desk.submit(desk.college)
    _tamper(
        desk,
        one,
        sealed=two.sealed,
        sealed_key=two.sealed_key,
        release_key=two.release_key,
    )
    release = desk.release()
    assert [(f["bid_id"], f["what"]) for f in release.faults] == [(one.id, "unopened")]


def test_an_earlier_submission_put_back_does_not_open(desk):
    first = desk.submit(desk.firm)
    old = {
        name: getattr(first, name)
        for name in ("sealed", "sealed_key", "release_key", "digest", "submitted_at")
    }
    bid = desk.submit(desk.firm, "新")
    desk.submit(desk.college)
    _tamper(desk, bid, **old)
    assert [f["what"] for f in desk.release().faults] == ["unopened"]


@pytest.mark.parametrize("what", ["digest", "file_missing", "file_changed"])
def test_what_does_not_agree_with_its_receipt_is_told(desk, what):
    desk.attach(desk.firm, b"data")
    bid = desk.submit(desk.firm)
    [row] = bid.files
    if what == "digest":
        with transaction(desk.session):
            bid.submissions[-1].sha256 = "0" * 64
    elif what == "file_missing":
        desk.safe.store.path(row.stored).write_bytes(b"else")
    else:
        with transaction(desk.session):
            desk.session.delete(row)
    release = desk.release()
    assert [fault["what"] for fault in release.faults] == [what]
    assert bid.state is BidState.RELEASED
    found = [each.words for each in check.check_all(desk.session, desk.safe).found]
    assert found


def test_with_another_key_nothing_is_released(desk, tmp_path):
    bid = desk.submit(desk.firm)
    make_key_file(tmp_path / "other.key")
    other = Safe(Vault(tmp_path / "other.key"), desk.safe.store, desk.safe.limit)
    desk.clock.now = CLOSES
    desk.approve(desk.staff)
    with pytest.raises(Unavailable, match=r"bids\.key_wrong"):
        opening.approve(
            desk.session, other, desk.second, desk.call.id, clock=desk.clock
        )
    desk.session.refresh(bid)
    assert bid.state is BidState.SUBMITTED
    assert desk.call.status is CallStatus.OPEN
    desk.approve(desk.second)
    assert bid.state is BidState.RELEASED


def test_a_released_bid_is_read_by_staff_issuer_and_bidder_alone(desk):
    bid = desk.submit(desk.firm)
    desk.submit(desk.college)
    desk.release()
    issuer = desk.make.user(organisation_id=desk.call.issuer_id)
    for user in (desk.staff, desk.make.user(Role.ADMIN), issuer, desk.firm):
        assert service.find_bid(desk.session, user, bid.id) is bid
    for user in (desk.college, desk.make.user(), desk.make.user(Role.MANAGER)):
        with pytest.raises(NotFound):
            service.find_bid(desk.session, user, bid.id)
    with pytest.raises(NotFound):
        service.find_own(desk.session, issuer, bid.id)


def test_a_receipt_is_checked_by_its_bidder_and_once_released_by_anybody(desk):
    bid = desk.submit(desk.firm)
    first = bid.digest
    assert check.submission_of(desk.session, desk.firm, first).bid is bid
    for user in (None, desk.college, desk.staff):
        assert check.submission_of(desk.session, user, first) is None
    last = desk.submit(desk.firm, "新").digest
    desk.release()
    for user in (None, desk.college, desk.staff):
        assert check.submission_of(desk.session, user, last).bid is bid
        assert check.submission_of(desk.session, user, first) is None
    assert check.submission_of(desk.session, desk.firm, first).number == 1


def test_a_later_deadline_of_the_clock_alone_closes_a_call(desk):
    """Whatever the worker does: the end is a moment, and nothing else is asked."""
    desk.submit(desk.firm)
    desk.clock.now = CLOSES + timedelta(days=400)
    desk.approve(desk.staff)
    assert desk.approve(desk.second).bids == 1


def test_the_check_finds_a_changed_text(desk):
    bid = desk.submit(desk.firm)
    desk.release()
    _tamper(desk, bid, content=bid.content | {"leader": "别人"})
    [found] = check.check_all(desk.session, desk.safe).found
    assert found.bid_id == bid.id
    assert sealing.statement_of(desk.safe.vault, bid)["content"]["leader"] == "别人"
