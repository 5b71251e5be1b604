"""A call, its bidders, the staff, and a clock that stands where a test puts it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy.orm import Session

from matchmaker.attachments.service import Upload
from matchmaker.bids import content as texts
from matchmaker.bids import files, sealing, service
from matchmaker.bids.opening import service as opening
from matchmaker.bids.safe import Safe
from matchmaker.bids.schema import BidSubmission
from models import Bid, Call, User
from models.states import OrganisationRole, Role

from ..conftest import NOW
from ..factories import Factory, bid_content

CLOSES = NOW + timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


@dataclass
class Clock:
    """What the services take for the time."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    """Everything a test does with bids, in a line each."""

    session: Session
    safe: Safe
    make: Factory
    call: Call
    firm: User
    college: User
    staff: User
    second: User
    strangers: dict[str, User]
    clock: Clock = field(default_factory=Clock)

    def typed(self, words: str = "", seen: str | None = None, **more: Any) -> Any:
        """The form filled in whole; ``seen`` None: as it is stored for nobody."""
        content = bid_content(self.call, words)
        data = texts.form_values(content, self.call.goals)
        data["goals"] = content["goals"]
        return BidSubmission(**data | {"promise": True, "seen": seen or ""} | more)

    def mark(self, user: User) -> str:
        """What a form opened now would say it began with."""
        bid = service.own_bid(self.session, user, self.call)
        stored = None if bid is None else sealing.content_of(self.safe.vault, bid)
        return texts.mark(stored)

    def save(self, user: User, words: str = "", **more: Any) -> Bid:
        data = self.typed(words, seen=more.pop("seen", self.mark(user)), **more)
        return service.save(
            self.session, self.safe, user, self.call.id, data, clock=self.clock
        )

    def submit(self, user: User, words: str = "", **more: Any) -> Bid:
        data = self.typed(words, seen=more.pop("seen", self.mark(user)), **more)
        return service.submit(
            self.session, self.safe, user, self.call.id, data, clock=self.clock
        )

    def attach(self, user: User, data: bytes, name: str = "报告.txt") -> Any:
        upload = Upload(name, BytesIO(data))
        return files.add(
            self.session, self.safe, user, self.call.id, upload, clock=self.clock
        )

    def withdraw(self, user: User, bid: Bid) -> Bid:
        return service.withdraw(self.session, self.safe, user, bid.id, clock=self.clock)

    def approve(self, user: User) -> Any:
        return opening.approve(
            self.session, self.safe, user, self.call.id, clock=self.clock
        )

    def retry(self, user: User) -> Any:
        return opening.retry(
            self.session, self.safe, user, self.call.id, clock=self.clock
        )

    def release(self) -> Any:
        """Both press, after the end."""
        self.clock.now = CLOSES
        self.approve(self.staff)
        return self.approve(self.second)


@pytest.fixture
def desk(session: Session, make: Factory, settings: Any) -> Desk:
    issuer = make.organisation(name="湘江储能示范园")
    call = make.call(
        issuer_id=issuer.id,
        opens_at=NOW - timedelta(days=1),
        closes_at=CLOSES,
        questions_until=NOW,
        goals=["提前预警时间≥10 min", "误报率≤1%"],
    )
    leads = OrganisationRole.MANAGER
    firm = make.user(org_role=leads)
    home = firm.organisation_id
    strangers = {
        "colleague": make.user(organisation_id=home),
        "issuer": make.user(organisation_id=issuer.id),
        "outsider": make.user(Role.MANAGER),
        # Staff that belong to a bidder open nothing.
        "inside": make.staff(organisation_id=issuer.id),
    }
    return Desk(
        session,
        Safe.of(settings),
        make,
        call,
        firm,
        make.user(Role.UNIVERSITY, org_role=leads),
        make.staff(),
        make.staff(),
        strangers,
    )
