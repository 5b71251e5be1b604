"""Accounts, organisations and nodes, and how one is let in."""

from collections.abc import Mapping
from enum import StrEnum


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
