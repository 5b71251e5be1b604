"""Introductions as a program reads them: in the words its person reads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from models import Achievement, Call, Introduction, Need, User
from models.states import (
    ContractState,
    Interest,
    IntroductionOrigin,
    IntroductionStatus,
    Mode,
    Side,
    Stage,
    TalkRoute,
)

from .. import policies
from ..api.answers import Output
from ..matches.answers import Evidence
from ..needs.budgets import Budget
from . import service, sight
from .clock import Clock
from .sight import Shown


class TalksWait(Output):
    """How long the talks wait, in working days, and for whose answers."""

    since: datetime
    working_days: int
    turn: list[Side]


class TalksLine(Output):
    """An introduction as a line of a list.

    ``stages`` are those this person may choose next.
    """

    id: int
    version: int
    status: IntroductionStatus
    title: str
    seeker: str
    provider: str
    side: Side | None
    origin: IntroductionOrigin
    route: TalkRoute | None
    manager: str | None
    status_since: datetime
    wait: TalksWait | None
    stages: list[IntroductionStatus]
    created_at: datetime
    updated_at: datetime
    demo: bool


class TalksBegun(TalksLine):
    """The talks, and whether they are new rather than found going on already."""

    is_new: bool


class TalksColumn(Output):
    """A stage of the board: its first cards, of ``total``."""

    status: IntroductionStatus
    total: int
    talks: list[TalksLine]


class TalksBoard(Output):
    columns: list[TalksColumn]


class TalksNeed(Output):
    """The need in the words this person reads.

    ``id`` is null where its own page is closed to the person, ``problem`` and
    ``targets`` where its text is not to be read here; ``opened``: the full text may be
    read at /introductions/{id}/need.
    """

    id: int | None
    title: str
    problem: str | None
    targets: list[str] | None
    field: str
    district: str
    budget_low: int | None
    budget_high: int | None
    trl_expected: int | None
    cooperation: list[Mode]
    deadline: date | None
    opened: bool
    demo: bool


class TalksAchievement(Output):
    """``id`` is null where its own page is closed to the person."""

    id: int | None
    title: str
    abstract: str
    indicators: list[str]
    field: str
    trl: int | None
    trl_scale: int | None
    stage: Stage | None
    modes: list[Mode]
    price_fen: int | None
    demo: bool


class TalksCall(Output):
    """``id`` is null where its own page is closed to the person."""

    id: int | None
    title: str
    issuer: str
    background: str
    goals: list[str]
    field: str
    funding_fen: int | None
    closes_at: datetime | None
    demo: bool


class TalksAnswer(Output):
    """What a side answered; why, where it declined, stands in the log."""

    side: Side
    interest: Interest
    at: datetime


class TalksLogLine(Output):
    """Something that happened, or was written down."""

    at: datetime
    who: str
    what: str
    detail: str


class TalksReading(Output):
    """Who read what was opened in the talks."""

    at: datetime
    who: str | None
    what: str
    person: str | None


class TalksContract(Output):
    id: int
    name: str
    state: ContractState


class TalksOut(TalksLine):
    """An introduction with all that its page shows this person.

    ``answering``: it is this person's turn to answer. ``contacts`` is how many people's
    contacts the person may read, ``contact_open`` whether its own lies open.
    """

    need: TalksNeed | None
    achievement: TalksAchievement | None
    call: TalksCall | None
    message: str
    asked_for: bool
    route_words: str
    failed_code: str | None
    failed_reason: str | None
    failed_words: str | None
    answers: list[TalksAnswer]
    answering: bool
    may_log: bool
    may_open_contact: bool
    contact_open: bool
    contacts: int
    represented: list[Side]
    may_draft_contract: bool
    contracts: list[TalksContract]
    evidence: Evidence | None
    log: list[TalksLogLine]
    readings: list[TalksReading]


class TalksNeedText(Output):
    """The full text of the need, opened by the talks; each reading is noted."""

    id: int
    title: str
    organisation: str
    field: str
    district: str
    problem: str
    targets: list[str]
    tried: str
    scene: str
    solver_conditions: str
    budget_fen: int | None
    trl_expected: int | None
    cooperation: list[Mode]
    deadline: date | None
    evidence: Evidence | None
    demo: bool


class TalksContact(Output):
    """A person's contact as it was read just now."""

    name: str
    side: Side
    phone: str
    email: str
    granted_at: datetime


class TalksContacts(Output):
    contacts: list[TalksContact]


class OwnContact(Output):
    """What the person itself has open in the talks; all null if nothing."""

    phone: str | None
    by_mail: bool | None
    granted_at: datetime | None


class TalksManager(Output):
    """A technology manager that may be given the talks.

    ``represents`` names whom it speaks for today; ``concerned``: a side is of them.
    """

    id: int
    name: str
    organisation: str | None
    represents: list[str]
    concerned: bool


class TalksManagers(Output):
    managers: list[TalksManager] = Field(description="代表其中一方的在前")


def line(user: User, talks: Introduction, wait: Clock | None) -> dict[str, Any]:
    """The fields of `TalksLine` for this reader."""
    shown = sight.shown(user, talks)
    may_move = policies.may(user, "introduction.move", talks)
    return {
        "id": talks.id,
        "version": talks.version,
        "status": talks.status,
        "title": shown.title,
        "seeker": shown.seeker,
        "provider": shown.provider,
        "side": talks.side_of(user.organisation_id),
        "origin": talks.origin,
        "route": talks.route,
        "manager": talks.manager.name if talks.manager else None,
        "status_since": talks.status_since,
        "wait": TalksWait(
            since=wait.since, working_days=wait.days, turn=list(wait.turn)
        )
        if wait
        else None,
        "stages": service.stages(talks, user) if may_move else [],
        "created_at": talks.created_at,
        "updated_at": talks.updated_at,
        "demo": talks.is_demo,
    }


def need_of(
    need: Need, shown: Shown, *, sees: bool, inside: bool, opened: bool
) -> TalksNeed:
    """The need as `sight` shows it."""
    text, budget = shown.need, shown.budget or Budget(None, None, "")
    return TalksNeed(
        id=need.id if sees else None,
        title=text.title if text else shown.title,
        problem=text.problem if text else None,
        targets=list(text.targets) if text else None,
        field=need.field,
        district=need.district,
        budget_low=budget.low,
        budget_high=budget.high,
        trl_expected=need.trl_expected,
        cooperation=[Mode(one) for one in need.cooperation],
        deadline=need.deadline,
        opened=opened and not inside,
        demo=need.is_demo,
    )


def achievement_of(item: Achievement, *, sees: bool) -> TalksAchievement:
    return TalksAchievement(
        id=item.id if sees else None,
        title=item.title,
        abstract=item.abstract,
        indicators=list(item.indicators),
        field=item.field,
        trl=item.level,
        trl_scale=item.trl_scale,
        stage=item.stage,
        modes=[Mode(one) for one in item.modes],
        price_fen=item.price_fen,
        demo=item.is_demo,
    )


def call_of(call: Call, *, sees: bool) -> TalksCall:
    return TalksCall(
        id=call.id if sees else None,
        title=call.title,
        issuer=call.issuer.name,
        background=call.background,
        goals=list(call.goals),
        field=call.field,
        funding_fen=call.funding_fen,
        closes_at=call.closes_at,
        demo=call.is_demo,
    )
