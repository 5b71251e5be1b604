"""The record of the city's technology transactions: tables, states, constraints."""

from .accounts import Organisation, User
from .achievements import Achievement
from .base import Base, utcnow
from .calls import Call
from .dictionaries import DictionaryEntry, Holiday
from .history import History
from .matches import Review, Suggestion
from .needs import Need, NeedText
from .nodes import Mandate, Node, NodeStaff
from .notices import Notice
from .outbox import Embedding, IndexChange, OutboxTask, RecordType
from .rankers import Activation, Ranker
from .records import TABLES, Record, kind_of
from .reminders import Observation, Reminder
from .session import create_db_engine, session_factory, transaction

__all__ = [
    "TABLES",
    "Achievement",
    "Activation",
    "Base",
    "Call",
    "DictionaryEntry",
    "Embedding",
    "History",
    "Holiday",
    "IndexChange",
    "Mandate",
    "Need",
    "NeedText",
    "Node",
    "NodeStaff",
    "Notice",
    "Observation",
    "Organisation",
    "OutboxTask",
    "Ranker",
    "Record",
    "RecordType",
    "Reminder",
    "Review",
    "Suggestion",
    "User",
    "create_db_engine",
    "kind_of",
    "session_factory",
    "transaction",
    "utcnow",
]
