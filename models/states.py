"""Every enum of the record, and which state may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class Role(StrEnum):
    ENTERPRISE = "enterprise"
    UNIVERSITY = "university"
    MANAGER = "manager"
    STAFF = "staff"
    ADMIN = "admin"
    EXPERT = "expert"


class OrganisationKind(StrEnum):
    ENTERPRISE = "enterprise"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    SERVICE_BODY = "service_body"
    PARK = "park"


class NodeKind(StrEnum):
    """The parts of «1+5+N»: the platform, its branches, the service bodies."""

    PLATFORM = "platform"
    BRANCH = "branch"
    BODY = "body"


class OrganisationRole(StrEnum):
    """What a member may do in the name of its organisation.

    MANAGER   also invites and closes members, decides who may join
    OPERATOR  writes and submits what the organisation offers or asks
    READER    reads what the organisation may read, and changes nothing
    """

    MANAGER = "manager"
    OPERATOR = "operator"
    READER = "reader"


class RegistrationState(StrEnum):
    """UNCONFIRMED: the link sent to the e-mail was not opened yet."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    RETURNED = "returned"
    APPROVED = "approved"
    REPLACED = "replaced"


class TokenPurpose(StrEnum):
    CONFIRM = "confirm"
    CORRECT = "correct"
    RESET = "reset"
    INVITE = "invite"
    EXPERT = "expert"


class Secrecy(StrEnum):
    """How much of a need others learn (PRODUCT: the two texts)."""

    PUBLIC = "public"
    MASKED = "masked"
    RESTRICTED = "restricted"


class IpWish(StrEnum):
    """Who a firm would have own what is developed for it."""

    BUYER = "buyer"
    SHARED = "shared"
    SOLVER = "solver"
    OPEN = "open"


class NeedStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    SOLVED = "solved"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class AchievementStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    PUBLISHED = "published"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class CallStatus(StrEnum):
    """States of an open call; «未开始» and «已截止» are told by the clock.

    See `Call.phase`. WITHDRAWN: given up before anybody else read it.
    """

    DRAFT = "draft"
    ARGUED = "argued"
    WITHDRAWN = "withdrawn"
    OPEN = "open"
    IN_REVIEW = "in_review"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    FAILED = "failed"
    RUNNING = "running"
    ACCEPTED = "accepted"
    STOPPED = "stopped"


class CallPhase(StrEnum):
    """Where a call stands for whoever looks at it at a moment: state and clock."""

    DRAFT = "draft"
    ARGUED = "argued"
    WITHDRAWN = "withdrawn"
    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    IN_REVIEW = "in_review"
    ANNOUNCED = "announced"
    AWARDED = "awarded"
    FAILED = "failed"
    RUNNING = "running"
    ACCEPTED = "accepted"
    STOPPED = "stopped"


class CallMode(StrEnum):
    """One solver, or several in parallel of whom the weaker are dropped."""

    SINGLE = "single"
    RACE = "race"


class BidState(StrEnum):
    """States of a bid; SUBMITTED: sealed. A draft that was never sent stays one."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


class Stage(StrEnum):
    LAB = "lab"
    SMALL = "small"
    PILOT = "pilot"
    INDUSTRIAL = "industrial"


class Mode(StrEnum):
    """How a technology changes hands; needs and achievements share the words."""

    COMMISSIONED = "commissioned"
    JOINT = "joint"
    TRANSFER = "transfer"
    LICENCE = "licence"
    OPEN_LICENCE = "open_licence"
    CONSULTING = "consulting"
    SERVICE = "service"
    EQUITY = "equity"
    PAY_AFTER_USE = "pay_after_use"
    INVEST_THEN_SHARE = "invest_then_share"


class Ownership(StrEnum):
    UNIT = "unit"
    SHARED = "shared"
    RESEARCHERS = "researchers"
    LONG_TERM_USE = "long_term_use"


class ProofKind(StrEnum):
    """What shows that a level of readiness was reached."""

    EVALUATION = "evaluation"
    TEST = "test"
    USE = "use"
    CONTRACT = "contract"
    INVOICE = "invoice"
    ACCOUNTS = "accounts"


class ValuationMethod(StrEnum):
    COST = "cost"
    INCOME = "income"
    MARKET = "market"
    OTHER = "other"


class Frequency(StrEnum):
    """How soon a subscriber learns of what is new."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"


class SuggestionKind(StrEnum):
    NEED_ACHIEVEMENT = "need_achievement"
    NEED_CALL = "need_call"
    CALL_ACHIEVEMENT = "call_achievement"


class SuggestionStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SNOOZED = "snoozed"


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SNOOZE = "snooze"
    UNDO = "undo"


class RejectReason(StrEnum):
    """Why staff refused a pair.

    The first four speak about the technology; the others (price, timing,
    capacity, duplicate) say nothing about likeness and must not be learnt from
    as «not similar».
    """

    OTHER_PROBLEM = "other_problem"
    WRONG_CONDITIONS = "wrong_conditions"
    TARGET_MISSED = "target_missed"
    NOT_READY = "not_ready"
    PRICE = "price"
    TIMING = "timing"
    CAPACITY = "capacity"
    DUPLICATE = "duplicate"
    OTHER = "other"


class MailState(StrEnum):
    """What became of a letter; ``filed``: kept in the outbox, for want of a server."""

    WAITING = "waiting"
    SENT = "sent"
    FILED = "filed"
    FAILED = "failed"


class IntroductionOrigin(StrEnum):
    SUGGESTION = "suggestion"
    REQUEST = "request"
    EVENT = "event"
    MANUAL = "manual"


class IntroductionStatus(StrEnum):
    """States of an introduction (对接); each but the last two has a clock."""

    WAITING = "waiting"
    TALKING = "talking"
    DRAFTING = "drafting"
    SIGNED = "signed"
    FAILED = "failed"


class Side(StrEnum):
    """Who asks for a technology and pays, and who provides it."""

    SEEKER = "seeker"
    PROVIDER = "provider"


class Interest(StrEnum):
    INTERESTED = "interested"
    DECLINED = "declined"


class TalkRoute(StrEnum):
    """How the two sides are best brought together (PRODUCT §2)."""

    DIRECT = "direct"
    MEETING = "meeting"
    MANAGER = "manager"
    OPEN_CALL = "open_call"


class TalkEventKind(StrEnum):
    """What a line of the log of an introduction is about."""

    MEETING = "meeting"
    VISIT = "visit"
    PHONE = "phone"
    DOCUMENT = "document"
    NOTE = "note"


class ContractType(StrEnum):
    """The five technology contracts of Civil Code art. 843."""

    DEVELOPMENT = "development"
    TRANSFER = "transfer"
    LICENCE = "licence"
    CONSULTING = "consulting"
    SERVICE = "service"


class ContractState(StrEnum):
    """States of a technology contract; AMENDED: recognised, with dated amendments.

    VOID: given up before anybody registered it.
    """

    DRAFT = "draft"
    SIGNED = "signed"
    SUBMITTED = "submitted"
    CORRECTING = "correcting"
    RECOGNISED = "recognised"
    REFUSED = "refused"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    VOID = "void"


class ContractSource(StrEnum):
    """Where the ledger has a contract from: prepared here, or read from a file."""

    PLATFORM = "platform"
    IMPORTED = "imported"


class PaymentManner(StrEnum):
    """How the price is paid (Civil Code art. 846, and the two of the city's plan)."""

    LUMP_SUM = "lump_sum"
    INSTALMENTS = "instalments"
    ROYALTY = "royalty"
    ENTRY_ROYALTY = "entry_royalty"
    PAY_AFTER_USE = "pay_after_use"
    INVEST_THEN_SHARE = "invest_then_share"


class PaymentTrigger(StrEnum):
    """What makes one line of a payment plan due."""

    SIGNING = "signing"
    DATE = "date"
    TEST_PASSED = "test_passed"
    LISTING = "listing"
    SALES = "sales"
    ACCEPTANCE = "acceptance"
    CONVERSION = "conversion"


class CompleterPriority(StrEnum):
    """Whether the completer's priority on equal terms was observed (art. 847)."""

    OBSERVED = "observed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


class PartyKind(StrEnum):
    """What a buyer or seller is; the first level of the registration form's tree."""

    GOVERNMENT = "government"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    HOSPITAL = "hospital"
    ENTERPRISE = "enterprise"
    FOREIGN = "foreign"
    PERSON = "person"
    OTHER = "other"


class Flow(StrEnum):
    """Where a technology went, by the regions of seller and buyer."""

    LOCAL = "local"
    OUT = "out"
    IN = "in"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


class TargetIndicator(StrEnum):
    """What the city set itself for a year (DOMAIN §0)."""

    TURNOVER = "turnover"
    GDP_SHARE = "gdp_share"
    THREE_KINDS_GROWTH = "three_kinds_growth"
    LOCAL_CONVERSION = "local_conversion"
    NEEDS = "needs"
    BREAKTHROUGHS = "breakthroughs"
    PILOT_BASES = "pilot_bases"
    EVENTS = "events"


class Unit(StrEnum):
    """In what a target is stored: whole 分, hundredths of a per cent, pieces."""

    FEN = "fen"
    BASIS_POINTS = "basis_points"
    COUNT = "count"


class TieKind(StrEnum):
    """How an expert is bound to an organisation, so that it must not judge it."""

    EMPLOYER = "employer"
    FORMER = "former"
    PROJECT = "project"
    SHARES = "shares"
    FAMILY = "family"
    OTHER = "other"


class ReviewState(StrEnum):
    """States of one expert's scoring sheet (评分表) of one bid.

    RETURNED: handed back by the staff to be changed. RECUSED: the expert has an
    interest in the bid. REMOVED: the staff took the bid from the expert.
    """

    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    RECUSED = "recused"
    REMOVED = "removed"


class ResultState(StrEnum):
    """States of the result of a review (评审结果).

    WITHDRAWN: an objection was upheld, and the bids are judged anew.
    """

    DRAFT = "draft"
    ANNOUNCED = "announced"
    FINAL = "final"
    WITHDRAWN = "withdrawn"


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class AwardState(StrEnum):
    """States of an award (立项): one winner's task book and its execution.

    CONFIRMED: both sides agreed to the task book, and the call's other winners are
    awaited. ACCEPTING: the winner asked for its acceptance.
    """

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    RUNNING = "running"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    ELIMINATED = "eliminated"
    STOPPED = "stopped"


class AmendmentState(StrEnum):
    """States of a change of a task book that is carried out (任务书变更).

    LAPSED: what it would have changed was delivered meanwhile, or the award went on
    to its acceptance or ended.
    """

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class MilestoneState(StrEnum):
    """States of a milestone; whether it is late the clock tells.

    DROPPED: the award ended before it was judged, or both sides agreed to drop it.
    """

    OPEN = "open"
    DELIVERED = "delivered"
    REWORK = "rework"
    PASSED = "passed"
    FAILED = "failed"
    DROPPED = "dropped"


class Judgement(StrEnum):
    """What is said of what was delivered."""

    PASS = "pass"
    REWORK = "rework"
    FAIL = "fail"


class GoalVerdict(StrEnum):
    """How much of a promised value was reached at the acceptance."""

    REACHED = "reached"
    PARTLY = "partly"
    MISSED = "missed"


class Liability(StrEnum):
    """Whether the winner answers for an award that was stopped."""

    EXCUSED = "excused"
    LIABLE = "liable"
    NOT_CONCERNED = "not_concerned"


class ImportState(StrEnum):
    """Of a file that is read into the tables row by row.

    CHECKING: the dry run; CHECKED: waits for somebody to say yes.
    """

    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RankerState(StrEnum):
    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"


NEED_MOVES: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.DRAFT: frozenset({NeedStatus.PENDING, NeedStatus.WITHDRAWN}),
    NeedStatus.PENDING: frozenset(
        {NeedStatus.PUBLISHED, NeedStatus.RETURNED, NeedStatus.WITHDRAWN}
    ),
    NeedStatus.RETURNED: frozenset({NeedStatus.PENDING, NeedStatus.WITHDRAWN}),
    NeedStatus.PUBLISHED: frozenset(
        {
            NeedStatus.PENDING,
            NeedStatus.SOLVED,
            NeedStatus.EXPIRED,
            NeedStatus.WITHDRAWN,
        }
    ),
    # A text that staff have checked comes back as it was; an edited one is checked.
    NeedStatus.EXPIRED: frozenset(
        {NeedStatus.PENDING, NeedStatus.PUBLISHED, NeedStatus.WITHDRAWN}
    ),
    NeedStatus.SOLVED: frozenset(),
    NeedStatus.WITHDRAWN: frozenset(),
}

ACHIEVEMENT_MOVES: Mapping[AchievementStatus, frozenset[AchievementStatus]] = {
    AchievementStatus.DRAFT: frozenset(
        {AchievementStatus.PENDING, AchievementStatus.WITHDRAWN}
    ),
    AchievementStatus.PENDING: frozenset(
        {
            AchievementStatus.PUBLISHED,
            AchievementStatus.RETURNED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.RETURNED: frozenset(
        {AchievementStatus.PENDING, AchievementStatus.WITHDRAWN}
    ),
    AchievementStatus.PUBLISHED: frozenset(
        {
            AchievementStatus.PENDING,
            AchievementStatus.TRANSFERRED,
            AchievementStatus.EXPIRED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.EXPIRED: frozenset(
        {
            AchievementStatus.PENDING,
            AchievementStatus.PUBLISHED,
            AchievementStatus.WITHDRAWN,
        }
    ),
    AchievementStatus.TRANSFERRED: frozenset(),
    AchievementStatus.WITHDRAWN: frozenset(),
}

# The window closes by the clock alone; OPEN is left when its bids are released, or
# when there are none.
CALL_MOVES: Mapping[CallStatus, frozenset[CallStatus]] = {
    CallStatus.DRAFT: frozenset({CallStatus.ARGUED, CallStatus.WITHDRAWN}),
    # Returned with reasons, it is a draft again.
    CallStatus.ARGUED: frozenset(
        {CallStatus.DRAFT, CallStatus.OPEN, CallStatus.WITHDRAWN}
    ),
    CallStatus.OPEN: frozenset(
        {CallStatus.IN_REVIEW, CallStatus.FAILED, CallStatus.STOPPED}
    ),
    CallStatus.IN_REVIEW: frozenset(
        {CallStatus.ANNOUNCED, CallStatus.FAILED, CallStatus.STOPPED}
    ),
    # An objection that is upheld sends the bids back to the panel.
    CallStatus.ANNOUNCED: frozenset(
        {
            CallStatus.IN_REVIEW,
            CallStatus.AWARDED,
            CallStatus.FAILED,
            CallStatus.STOPPED,
        }
    ),
    CallStatus.AWARDED: frozenset({CallStatus.RUNNING, CallStatus.STOPPED}),
    CallStatus.RUNNING: frozenset({CallStatus.ACCEPTED, CallStatus.STOPPED}),
    CallStatus.ACCEPTED: frozenset(),
    CallStatus.FAILED: frozenset(),
    CallStatus.STOPPED: frozenset(),
    CallStatus.WITHDRAWN: frozenset(),
}

# Before the call closes a bid may be replaced, taken back and begun anew.
BID_MOVES: Mapping[BidState, frozenset[BidState]] = {
    BidState.DRAFT: frozenset({BidState.SUBMITTED, BidState.WITHDRAWN}),
    BidState.SUBMITTED: frozenset(
        {BidState.SUBMITTED, BidState.WITHDRAWN, BidState.RELEASED}
    ),
    BidState.WITHDRAWN: frozenset({BidState.DRAFT}),
    BidState.RELEASED: frozenset(),
}

SUGGESTION_MOVES: Mapping[SuggestionStatus, frozenset[SuggestionStatus]] = {
    SuggestionStatus.PENDING: frozenset(
        {
            SuggestionStatus.APPROVED,
            SuggestionStatus.REJECTED,
            SuggestionStatus.SNOOZED,
        }
    ),
    SuggestionStatus.SNOOZED: frozenset(
        {
            SuggestionStatus.PENDING,
            SuggestionStatus.APPROVED,
            SuggestionStatus.REJECTED,
            SuggestionStatus.SNOOZED,
        }
    ),
    # A decision is taken back by «undo», to waiting or to the day it was put off
    # to; or to waiting when the text behind it changed.
    SuggestionStatus.APPROVED: frozenset(
        {SuggestionStatus.PENDING, SuggestionStatus.SNOOZED}
    ),
    SuggestionStatus.REJECTED: frozenset(
        {SuggestionStatus.PENDING, SuggestionStatus.SNOOZED}
    ),
}

# A person may register again before the first try was confirmed; the one that is
# confirmed replaces the others.
REGISTRATION_MOVES: Mapping[RegistrationState, frozenset[RegistrationState]] = {
    RegistrationState.UNCONFIRMED: frozenset(
        {RegistrationState.PENDING, RegistrationState.REPLACED}
    ),
    RegistrationState.PENDING: frozenset(
        {RegistrationState.APPROVED, RegistrationState.RETURNED}
    ),
    RegistrationState.RETURNED: frozenset(
        {RegistrationState.PENDING, RegistrationState.REPLACED}
    ),
    RegistrationState.APPROVED: frozenset(),
    RegistrationState.REPLACED: frozenset(),
}

INTRODUCTION_MOVES: Mapping[IntroductionStatus, frozenset[IntroductionStatus]] = {
    IntroductionStatus.WAITING: frozenset(
        {IntroductionStatus.TALKING, IntroductionStatus.FAILED}
    ),
    IntroductionStatus.TALKING: frozenset(
        {IntroductionStatus.DRAFTING, IntroductionStatus.FAILED}
    ),
    # Back to talks when the draft was given up.
    IntroductionStatus.DRAFTING: frozenset(
        {
            IntroductionStatus.TALKING,
            IntroductionStatus.SIGNED,
            IntroductionStatus.FAILED,
        }
    ),
    IntroductionStatus.SIGNED: frozenset(),
    IntroductionStatus.FAILED: frozenset(),
}

CONTRACT_MOVES: Mapping[ContractState, frozenset[ContractState]] = {
    ContractState.DRAFT: frozenset({ContractState.SIGNED, ContractState.VOID}),
    ContractState.SIGNED: frozenset({ContractState.SUBMITTED, ContractState.VOID}),
    ContractState.SUBMITTED: frozenset(
        {
            ContractState.CORRECTING,
            ContractState.RECOGNISED,
            ContractState.REFUSED,
        }
    ),
    ContractState.CORRECTING: frozenset({ContractState.SUBMITTED, ContractState.VOID}),
    # What was refused may be mended and submitted again.
    ContractState.REFUSED: frozenset({ContractState.SUBMITTED, ContractState.VOID}),
    ContractState.RECOGNISED: frozenset(
        {ContractState.AMENDED, ContractState.CANCELLED}
    ),
    ContractState.AMENDED: frozenset({ContractState.AMENDED, ContractState.CANCELLED}),
    ContractState.CANCELLED: frozenset(),
    ContractState.VOID: frozenset(),
}

# A conflict of interest may come to light after the sheet was sent.
REVIEW_MOVES: Mapping[ReviewState, frozenset[ReviewState]] = {
    ReviewState.ASSIGNED: frozenset(
        {ReviewState.SUBMITTED, ReviewState.RECUSED, ReviewState.REMOVED}
    ),
    ReviewState.SUBMITTED: frozenset({ReviewState.RETURNED, ReviewState.RECUSED}),
    ReviewState.RETURNED: frozenset(
        {ReviewState.SUBMITTED, ReviewState.RECUSED, ReviewState.REMOVED}
    ),
    ReviewState.RECUSED: frozenset(),
    ReviewState.REMOVED: frozenset({ReviewState.ASSIGNED, ReviewState.RECUSED}),
}

RESULT_MOVES: Mapping[ResultState, frozenset[ResultState]] = {
    ResultState.DRAFT: frozenset({ResultState.ANNOUNCED}),
    ResultState.ANNOUNCED: frozenset({ResultState.FINAL, ResultState.WITHDRAWN}),
    ResultState.FINAL: frozenset(),
    ResultState.WITHDRAWN: frozenset(),
}

OBJECTION_MOVES: Mapping[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.OPEN: frozenset({ObjectionState.UPHELD, ObjectionState.DISMISSED}),
    ObjectionState.UPHELD: frozenset(),
    ObjectionState.DISMISSED: frozenset(),
}

# An edited task book is confirmed anew; nothing of it changes once it is carried out.
AWARD_MOVES: Mapping[AwardState, frozenset[AwardState]] = {
    AwardState.DRAFT: frozenset({AwardState.CONFIRMED, AwardState.STOPPED}),
    AwardState.CONFIRMED: frozenset(
        {AwardState.DRAFT, AwardState.RUNNING, AwardState.STOPPED}
    ),
    AwardState.RUNNING: frozenset(
        {AwardState.ACCEPTING, AwardState.ELIMINATED, AwardState.STOPPED}
    ),
    # Sent back, it is worked on again.
    AwardState.ACCEPTING: frozenset(
        {AwardState.RUNNING, AwardState.ACCEPTED, AwardState.STOPPED}
    ),
    AwardState.ACCEPTED: frozenset(),
    AwardState.ELIMINATED: frozenset(),
    AwardState.STOPPED: frozenset(),
}

AMENDMENT_MOVES: Mapping[AmendmentState, frozenset[AmendmentState]] = {
    AmendmentState.PROPOSED: frozenset(AmendmentState) - {AmendmentState.PROPOSED},
    AmendmentState.IN_FORCE: frozenset(),
    AmendmentState.DECLINED: frozenset(),
    AmendmentState.WITHDRAWN: frozenset(),
    AmendmentState.LAPSED: frozenset(),
}
MILESTONE_MOVES: Mapping[MilestoneState, frozenset[MilestoneState]] = {
    MilestoneState.OPEN: frozenset({MilestoneState.DELIVERED, MilestoneState.DROPPED}),
    MilestoneState.DELIVERED: frozenset(
        {
            MilestoneState.PASSED,
            MilestoneState.REWORK,
            MilestoneState.FAILED,
            MilestoneState.DROPPED,
        }
    ),
    MilestoneState.REWORK: frozenset(
        {MilestoneState.DELIVERED, MilestoneState.DROPPED}
    ),
    MilestoneState.PASSED: frozenset(),
    MilestoneState.FAILED: frozenset(),
    MilestoneState.DROPPED: frozenset(),
}

# Nothing is entered before the end, so an import may be stopped and begun again; rows
# that went wrong since the check send it back to whoever decides.
IMPORT_MOVES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.CHECKING: frozenset(
        {ImportState.CHECKED, ImportState.CANCELLED, ImportState.FAILED}
    ),
    # Checked anew once the headings are said to stand for something else.
    ImportState.CHECKED: frozenset(
        {ImportState.CHECKING, ImportState.RUNNING, ImportState.CANCELLED}
    ),
    ImportState.RUNNING: frozenset(
        {
            ImportState.CHECKED,
            ImportState.DONE,
            ImportState.CANCELLED,
            ImportState.FAILED,
        }
    ),
    ImportState.DONE: frozenset(),
    ImportState.CANCELLED: frozenset({ImportState.CHECKING, ImportState.RUNNING}),
    ImportState.FAILED: frozenset({ImportState.CHECKING, ImportState.RUNNING}),
}

# A retired ranker comes back by a rollback.
RANKER_MOVES: Mapping[RankerState, frozenset[RankerState]] = {
    RankerState.CANDIDATE: frozenset({RankerState.ACTIVE}),
    RankerState.ACTIVE: frozenset({RankerState.RETIRED}),
    RankerState.RETIRED: frozenset({RankerState.ACTIVE}),
}

# What anybody may read, secrecy permitting; the rest is its owner's and the staff's.
# What the number of bids of a closed call counts.
COUNTED_BIDS = frozenset({BidState.SUBMITTED, BidState.RELEASED})
PUBLIC_NEED_STATES = frozenset({NeedStatus.PUBLISHED, NeedStatus.SOLVED})
PUBLIC_ACHIEVEMENT_STATES = frozenset(
    {AchievementStatus.PUBLISHED, AchievementStatus.TRANSFERRED}
)
# Nobody but its issuer and the staff reads of a call before it is opened.
UNOPENED_CALL_STATES = frozenset(
    {CallStatus.DRAFT, CallStatus.ARGUED, CallStatus.WITHDRAWN}
)
PUBLIC_CALL_STATES = frozenset(CallStatus) - UNOPENED_CALL_STATES

OPEN_INTRODUCTIONS = frozenset(
    {
        IntroductionStatus.WAITING,
        IntroductionStatus.TALKING,
        IntroductionStatus.DRAFTING,
    }
)
# Reviews that the expert still has in hand, and those that count.
HELD_REVIEWS = frozenset({ReviewState.ASSIGNED, ReviewState.RETURNED})
LIVE_REVIEWS = HELD_REVIEWS | {ReviewState.SUBMITTED}
# Awards that are not carried out yet, that are, and that may still become something.
UNBEGUN_AWARDS = frozenset({AwardState.DRAFT, AwardState.CONFIRMED})
RUNNERS = frozenset({AwardState.RUNNING, AwardState.ACCEPTING})
LIVE_AWARDS = UNBEGUN_AWARDS | RUNNERS
# Milestones the winner still has to deliver, and those that nobody judged yet.
UNDELIVERED = frozenset({MilestoneState.OPEN, MilestoneState.REWORK})
UNJUDGED = UNDELIVERED | {MilestoneState.DELIVERED}
# What counts towards the city's targets, in the year of recognition (DOMAIN §2).
COUNTED_CONTRACTS = frozenset({ContractState.RECOGNISED, ContractState.AMENDED})
# 三技: development, transfer, licence (DOMAIN §1).
THREE_KINDS = frozenset(
    {ContractType.DEVELOPMENT, ContractType.TRANSFER, ContractType.LICENCE}
)


class IllegalMove(ValueError):
    """A state was asked to follow one it may not follow."""


State = TypeVar("State", bound=StrEnum)


def move(moves: Mapping[State, frozenset[State]], old: State, new: State) -> None:
    """Raise `IllegalMove` unless ``new`` may follow ``old``."""
    if new not in moves[old]:
        raise IllegalMove(f"{old} -> {new}")
