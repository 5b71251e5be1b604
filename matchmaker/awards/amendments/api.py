"""Changes of a task book that is carried out, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar

from models import AwardAmendment, utcnow
from models.states import AmendmentState

from ... import policies
from ...accounts.current import signed_in
from ...api.answers import Output, Place, Slice
from ...api.operations import Operations
from ...db import db
from .. import finding
from ..api import AwardOut, BookConfirmationFor, BookSeen, shown
from ..schema import LABELS, AmendmentEnd, AmendmentInput
from . import page, plan, service
from .page import Shown

operations = Operations("awards", "任务书变更")


class BookAmendment(AmendmentInput):
    """A change; amounts are in 分. ``seen`` is that of the plan that was read.

    ``milestones`` are all that is left to deliver: what is not among them is dropped,
    what has no ``id`` is new and stands last.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS


class BookAmendmentEnd(AmendmentEnd):
    """Why the change comes to nothing; ``seen`` is that of the change."""


class PlannedMilestone(Output):
    """What is left to deliver; ``payment`` is in 分."""

    id: int
    title: str
    deliverable: str
    due_on: date
    payment: int


class PlanOut(Output):
    """The plan a change begins with, as it is sent back; ``seen`` marks it."""

    seen: str
    amount: int
    milestones: list[PlannedMilestone]


class AmendmentDifference(Output):
    """One thing that changes, in words."""

    what: str
    before: str
    after: str


class BookAmendmentOut(Output):
    """A change of the task book; ``seen`` marks it for who confirms or ends it."""

    id: int
    award: int
    number: int
    state: AmendmentState
    seen: str
    amended_on: date | None
    reason: str
    changes: list[AmendmentDifference]
    created_at: datetime
    decided_at: datetime | None
    end_words: str
    issuer_confirmed_at: datetime | None
    bidder_confirmed_at: datetime | None


def _shown(one: Shown) -> BookAmendmentOut:
    it: AwardAmendment = one.amendment
    values = {name: getattr(it, name, None) for name in BookAmendmentOut.model_fields}
    changes = [AmendmentDifference.model_validate(change) for change in one.changes]
    return BookAmendmentOut.model_validate(
        values | {"award": it.award_id, "seen": one.mark, "changes": changes}
    )


@operations.get("/awards/<int:award_id>/amendments", "awards.show", "任务书的各次变更")
def amendments(award_id: int, place: Place) -> Slice[BookAmendmentOut]:
    """新的在前。"""
    award = finding.find(db.session, signed_in(), award_id)
    policies.require(signed_in(), "award.read", award)
    return place.whole(page.view(db.session, signed_in(), award).items, _shown)


@operations.get(
    "/awards/<int:award_id>/plan", "award_amendments.propose", "变更前的计划"
)
def current_plan(award_id: int) -> PlanOut:
    award = finding.find(db.session, signed_in(), award_id)
    policies.require(signed_in(), "award.govern", award)
    service.require_amendable(award)
    left = plan.of_award(award)
    return PlanOut(
        seen=plan.mark(left),
        amount=left["amount_fen"],
        milestones=[
            PlannedMilestone.model_validate(one | {"payment": one["payment_fen"]})
            for one in left["milestones"]
        ],
    )


@operations.post(
    "/awards/<int:award_id>/amendments",
    "award_amendments.propose",
    "提出任务书变更",
    status=201,
)
def propose(award_id: int, body: BookAmendment) -> AwardOut:
    """双方都确认后生效。"""
    service.propose(db.session, signed_in(), award_id, body, now=utcnow())
    return _award(award_id)


def _award(award_id: int) -> AwardOut:
    return shown(finding.find(db.session, signed_in(), award_id))


@operations.post(
    "/awards/<int:award_id>/amendment/confirm", "award_amendments.confirm", "确认变更"
)
def confirm_amendment(award_id: int, body: BookSeen) -> AwardOut:
    service.confirm(db.session, signed_in(), award_id, body, now=utcnow())
    return _award(award_id)


@operations.post(
    "/awards/<int:award_id>/amendment/confirm-for",
    "award_amendments.confirm_for",
    "代一方确认变更",
)
def confirm_amendment_for(award_id: int, body: BookConfirmationFor) -> AwardOut:
    """只用于在平台上没有账号的一方。"""
    service.confirm_for(db.session, signed_in(), award_id, body, now=utcnow())
    return _award(award_id)


@operations.post(
    "/awards/<int:award_id>/amendment/decline",
    "award_amendments.decline",
    "不同意变更",
)
def decline(award_id: int, body: BookAmendmentEnd) -> AwardOut:
    service.decline(db.session, signed_in(), award_id, body, now=utcnow())
    return _award(award_id)


@operations.post(
    "/awards/<int:award_id>/amendment/withdraw",
    "award_amendments.withdraw",
    "撤回变更",
)
def withdraw_amendment(award_id: int, body: BookAmendmentEnd) -> AwardOut:
    service.withdraw(db.session, signed_in(), award_id, body, now=utcnow())
    return _award(award_id)
