"""The record of the city's technology transactions: tables, states, constraints."""

from .accounts import Organisation, User
from .achievements import Achievement
from .attachments import Attachment
from .base import Base, utcnow
from .calls import Call
from .history import History
from .mail import Mail
from .matches import Review, Suggestion
from .needs import Need, NeedText
from .notices import Notice
from .outbox import Embedding, IndexChange, OutboxTask, RecordType
from .rankers import Activation, Ranker
from .records import TABLES, Record, kind_of
from .session import create_db_engine, session_factory, transaction
from .subscriptions import Finding, Subscription

__all__ = [
    "TABLES",
    "Achievement",
    "Activation",
    "Attachment",
    "Base",
    "Call",
    "Embedding",
    "Finding",
    "History",
    "IndexChange",
    "Mail",
    "Need",
    "NeedText",
    "Notice",
    "Organisation",
    "OutboxTask",
    "Ranker",
    "Record",
    "RecordType",
    "Review",
    "Subscription",
    "Suggestion",
    "User",
    "create_db_engine",
    "kind_of",
    "session_factory",
    "transaction",
    "utcnow",
]
