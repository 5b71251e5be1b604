"""The record of the city's technology transactions: tables, states, constraints."""

from .accounts import Organisation, User
from .achievements import Achievement
from .api import ApiAnswer, ApiToken
from .attachments import Attachment
from .awards import (
    Award,
    AwardAmendment,
    AwardGoal,
    AwardPayment,
    Milestone,
)
from .base import Base, utcnow
from .bids import Bid, BidFile, BidRelease, BidSubmission
from .calls import (
    Call,
    CallInvitation,
    CallNeed,
    CallOpinion,
    CallQuestion,
    CallVersion,
)
from .contracts import Amendment, Contract, Payment, Receipt
from .dictionaries import DictionaryEntry, Holiday
from .experts import Expert, ExpertTie
from .history import History
from .imports import ImportMapping, ImportRun
from .introductions import (
    ContactGrant,
    Introduction,
    IntroductionAnswer,
    TalkEvent,
)
from .mail import Mail
from .matches import Review, Suggestion, SuggestionChange
from .needs import Need, NeedText
from .nodes import Mandate, Node, NodeStaff
from .notices import Notice
from .outbox import Embedding, IndexChange, OutboxTask, RecordType
from .panels import BidReview, IssuerView, PanelMember
from .proposals import Proposal
from .publications import PublicationEntry, PublicationList
from .rankers import Activation, Ranker
from .records import TABLES, Record, kind_of
from .registrations import Invitation, Registration
from .reminders import Observation, Reminder
from .results import BidOutcome, CallResult, Objection
from .session import create_db_engine, session_factory, snapshot, transaction
from .signing import OneTimeToken, RecoveryCode, SignInFailure, UserSession
from .subscriptions import Finding, Subscription
from .targets import Definition, YearFact, YearTarget
from .webhooks import Webhook, WebhookDelivery, WebhookHost, WebhookOldSecret

__all__ = [
    "TABLES",
    "Achievement",
    "Activation",
    "Amendment",
    "ApiAnswer",
    "ApiToken",
    "Attachment",
    "Award",
    "AwardAmendment",
    "AwardGoal",
    "AwardPayment",
    "Base",
    "Bid",
    "BidFile",
    "BidOutcome",
    "BidRelease",
    "BidReview",
    "BidSubmission",
    "Call",
    "CallInvitation",
    "CallNeed",
    "CallOpinion",
    "CallQuestion",
    "CallResult",
    "CallVersion",
    "ContactGrant",
    "Contract",
    "Definition",
    "DictionaryEntry",
    "Embedding",
    "Expert",
    "ExpertTie",
    "Finding",
    "History",
    "Holiday",
    "ImportMapping",
    "ImportRun",
    "IndexChange",
    "Introduction",
    "IntroductionAnswer",
    "Invitation",
    "IssuerView",
    "Mail",
    "Mandate",
    "Milestone",
    "Need",
    "NeedText",
    "Node",
    "NodeStaff",
    "Notice",
    "Objection",
    "Observation",
    "OneTimeToken",
    "Organisation",
    "OutboxTask",
    "PanelMember",
    "Payment",
    "Proposal",
    "PublicationEntry",
    "PublicationList",
    "Ranker",
    "Receipt",
    "Record",
    "RecordType",
    "RecoveryCode",
    "Registration",
    "Reminder",
    "Review",
    "SignInFailure",
    "Subscription",
    "Suggestion",
    "SuggestionChange",
    "TalkEvent",
    "User",
    "UserSession",
    "Webhook",
    "WebhookDelivery",
    "WebhookHost",
    "WebhookOldSecret",
    "YearFact",
    "YearTarget",
    "create_db_engine",
    "kind_of",
    "session_factory",
    "snapshot",
    "transaction",
    "utcnow",
]
