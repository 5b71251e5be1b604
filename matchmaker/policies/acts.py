"""Who may do what: the table of the matrix, and what its words cannot say."""

from collections.abc import Callable
from typing import Any

from models import (
    Achievement,
    Award,
    Bid,
    BidOutcome,
    BidReview,
    Call,
    CallQuestion,
    Contract,
    Expert,
    ExpertTie,
    ImportRun,
    Introduction,
    Mandate,
    Milestone,
    Need,
    Notice,
    Objection,
    Organisation,
    Registration,
    Review,
    Subscription,
    User,
    Webhook,
    WebhookDelivery,
)
from models.states import OrganisationRole

from .. import matrix
from ..errors import Forbidden

# What a member that only reads may still do.
READING = frozenset(
    {
        "achievement.find_buyers",
        "award.read",
        "bid.read",
        "contract.read",
        "history.read",
        "introduction.read",
        "mandate.read",
        "need.read_full",
        "organisation.read_own",
        "outcome.read",
        "subscription.change",
        "subscription.create",
        "suggestion.read_own",
    }
)

# What makes a record one's own: its column, and that of the person; any of them.
OWNERS: dict[type, tuple[tuple[str, str], ...]] = {
    Need: (("organisation_id", "organisation_id"),),
    Achievement: (("organisation_id", "organisation_id"),),
    Call: (("issuer_id", "organisation_id"),),
    ImportRun: (("organisation_id", "organisation_id"),),
    Bid: (
        ("organisation_id", "organisation_id"),
        ("told_issuer_id", "organisation_id"),
    ),
    Award: (("issuer_id", "organisation_id"), ("bidder_id", "organisation_id")),
    Milestone: (("issuer_id", "organisation_id"), ("bidder_id", "organisation_id")),
    CallQuestion: (("organisation_id", "organisation_id"),),
    Review: (("reviewer_id", "id"),),
    Notice: (("user_id", "id"),),
    Mandate: (("manager_id", "id"),),
    Organisation: (("id", "organisation_id"),),
    Subscription: (("user_id", "id"),),
    Registration: (("organisation_id", "organisation_id"),),
    User: (("id", "id"),),
    Expert: (("user_id", "id"),),
    ExpertTie: (("user_id", "id"),),
    BidReview: (("user_id", "id"),),
    BidOutcome: (("told_bidder_id", "organisation_id"),),
    Objection: (("user_id", "id"),),
    Introduction: (
        ("seeker_id", "organisation_id"),
        ("told_provider_id", "organisation_id"),
        ("manager_id", "id"),
    ),
    Contract: (
        ("buyer_id", "organisation_id"),
        ("seller_id", "organisation_id"),
        ("manager_id", "id"),
    ),
    Webhook: (("organisation_id", "organisation_id"),),
    WebhookDelivery: (("organisation_id", "organisation_id"),),
}


def _keeps_hook(user: User, item: Any) -> bool:
    """Staff keep the platform's hooks, whoever manages an organisation that one's."""
    if user.is_staff:
        return item is None or item.organisation_id is None
    return user.manages


def _is_issuer_or_staff(user: User, item: Any) -> bool:
    return item is None or user.is_staff or item.issuer_id == user.organisation_id


def _is_import_of_platform(user: User, item: Any) -> bool:
    """Staff import for the platform; what a firm uploads is the firm's."""
    return item is None or not user.is_staff or item.organisation_id is None


# What the words of the matrix cannot say; it holds beside them.
RULES: dict[str, Callable[[User, Any], bool]] = {
    # Nobody shuts the door behind oneself.
    "user.govern": lambda user, item: item is None or item.id != user.id,
    # The issuer reads a released bid as its own, but never changes one.
    "bid.edit": lambda user, item: (
        item is None or item.organisation_id == user.organisation_id
    ),
    # Issuer and winner each act for their own side alone.
    "award.deliver": lambda user, item: (
        item is None or item.bidder_id == user.organisation_id
    ),
    "award.view": lambda user, item: _is_issuer_or_staff(user, item),
    "award.pay": lambda user, item: _is_issuer_or_staff(user, item),
    "organisation.read_own": lambda user, _: user.organisation_id is not None,
    "organisation.lead": lambda user, _: user.manages,
    # A program speaks for the whole organisation: whoever leads it lets it.
    "token.make": lambda user, _: (
        user.manages or user.is_staff or user.organisation_id is None
    ),
    "registration.decide": lambda user, _: user.is_staff or user.manages,
    "call.create": lambda user, _: user.is_staff or user.organisation_id is not None,
    "call.ask": lambda user, _: user.organisation_id is not None,
    "webhook.keep": _keeps_hook,
    "import.needs": _is_import_of_platform,
    "import.achievements": _is_import_of_platform,
    "import.calls": _is_import_of_platform,
}


def is_own(user: User, item: object) -> bool:
    """Whether the record is the person's own, or their organisation's."""
    pairs = ((getattr(item, c), getattr(user, p)) for c, p in OWNERS[type(item)])
    return any(mine is not None and value == mine for value, mine in pairs)


def belongs_to(item: object, organisation_id: int) -> bool:
    """Whether the record is the organisation's, not only that of one of its people."""
    return any(
        person == "organisation_id" and getattr(item, column) == organisation_id
        for column, person in OWNERS[type(item)]
    )


def may(user: User | None, action: str, item: object = None) -> bool:
    """Whether the person may do this to the record (None: to the kind at large)."""
    if user is None or not user.active:
        return False
    scope = matrix.actions[action][user.role]
    if scope == "-" or (scope == "own" and item is not None and not is_own(user, item)):
        return False
    rule = RULES.get(action)
    return (rule is None or rule(user, item)) and (_acts(user) or action in READING)


def _acts(user: User) -> bool:
    """Whether the person changes anything at all; some members only read."""
    return user.is_staff or user.org_role is not OrganisationRole.READER


def require(user: User | None, action: str, item: object = None) -> None:
    """Raise `Forbidden` unless the person may."""
    if not may(user, action, item):
        raise Forbidden(action)
