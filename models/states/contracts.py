"""Technology contracts, their parties and payments."""

from collections.abc import Mapping
from enum import StrEnum


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

# What counts towards the city's targets, in the year of recognition (DOMAIN §2).
COUNTED_CONTRACTS = frozenset({ContractState.RECOGNISED, ContractState.AMENDED})
# 三技: development, transfer, licence (DOMAIN §1).
THREE_KINDS = frozenset(
    {ContractType.DEVELOPMENT, ContractType.TRANSFER, ContractType.LICENCE}
)
