"""A call under review: its issuer, three bidders, four experts, the staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from matchmaker.labels import today
from matchmaker.panels import assigning, views, writing
from matchmaker.panels.schema import PanelInput, SheetInput, ViewInput
from models import Bid, BidReview, Call, Expert, Organisation, User
from models.states import CallStatus, OrganisationKind

from ..conftest import NOW
from ..factories import Factory

CRITERIA = [
    {"name": "技术路线", "weight": 60, "words": "可行、先进"},
    {"name": "团队基础", "weight": 40, "words": ""},
]
NEEDED = 3
# Ten working days from `NOW`.
DUE = today(NOW) + timedelta(days=14)


@dataclass
class World:
    """What a review is made of."""

    session: Session
    make: Factory
    staff: User
    issuer: User
    call: Call
    homes: list[Organisation]
    bids: list[Bid]
    experts: list[Expert]

    def form(self, number: int = NEEDED) -> None:
        """Put so many experts on the panel."""
        ids = [one.id for one in self.experts[:number]]
        data = PanelInput(experts=ids, due_on=DUE)
        assigning.add(self.session, self.staff, self.call.id, data, now=NOW)

    def review(self, bid: int, expert: int) -> BidReview:
        """The review of this bid by this expert, by place."""
        # What requests wrote since, too.
        self.session.rollback()
        query = select(BidReview).where(
            BidReview.bid_id == self.bids[bid].id,
            BidReview.user_id == self.experts[expert].user_id,
        )
        return self.session.scalars(query).one()

    def submit(
        self, review: BidReview, points: tuple[int, ...], *, now: datetime = NOW
    ) -> BidReview:
        """The expert hands in these points with a reason for each."""
        data = SheetInput(
            version=review.version,
            overall="路线可行，指标逐条有依据。",
            independent=True,
        )
        lines = [
            {"score": one, "words": f"第 {place} 项有试验数据支持"}
            for place, one in enumerate(points, 1)
        ]
        return writing.submit(
            self.session,
            review.user,
            review.id,
            data,
            lines,
            needed=NEEDED,
            now=now,
        )

    def judge(self, *points: int) -> None:
        """All experts of the panel give each bid its points, on every criterion."""
        for bid, value in enumerate(points):
            for expert in range(NEEDED):
                self.submit(self.review(bid, expert), (value, value))

    def view(self, bid: int, score: int) -> None:
        """What the issuer thinks of a bid."""
        data = ViewInput(bid=self.bids[bid].id, score=score, words="能在本园区落地应用")
        views.give(self.session, self.issuer, self.call.id, data, now=NOW)


@pytest.fixture
def world(make: Factory, session: Session) -> World:
    return set_up(make, session)


def set_up(make: Factory, session: Session) -> World:
    """A call whose bids were opened, and nobody on its panel yet."""
    park = make.organisation(name="湘江储能产业园", kind=OrganisationKind.PARK)
    call = make.call(
        issuer_id=park.id,
        status=CallStatus.IN_REVIEW,
        criteria=CRITERIA,
        issuer_weight=20,
    )
    homes = [
        make.organisation(name=f"{name}大学", kind=OrganisationKind.UNIVERSITY)
        for name in ("岳麓", "麓南", "湘北")
    ]
    return World(
        session=session,
        make=make,
        staff=make.staff(),
        issuer=make.user(organisation_id=park.id),
        call=call,
        homes=homes,
        bids=[make.released_bid(call, home) for home in homes],
        experts=[make.expert() for _ in range(NEEDED + 1)],
    )
