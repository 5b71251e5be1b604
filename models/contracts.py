"""Technology contracts (技术合同): the ledger, its payments and its amendments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .achievements import Achievement
from .attachments import Attachment
from .base import Base, Facts, Fen, Prose, Title, enum_column
from .introductions import Introduction
from .needs import Need
from .states import (
    CONTRACT_MOVES,
    COUNTED_CONTRACTS,
    CompleterPriority,
    ContractSource,
    ContractState,
    ContractType,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
    Side,
    move,
)

# States in which a contract bears the number and day of its recognition.
REGISTERED = "('recognised', 'amended', 'cancelled')"
UNSIGNED = "('draft', 'void')"


class Contract(Base):
    """A technology contract, prepared here or recognised elsewhere and imported.

    Money is whole fen. ``total_fen`` is 成交额, the whole sum; ``technology_fen`` is
    技术交易额, its technical part as the registering office fixes it (DOMAIN §2).

    buyer_, seller_  what statistics are cut by; ``region`` is the six-digit
                     administrative code. The organisation is known here or None
    buyer_form, seller_form  what else the registration form asks of the party:
                     ``{"address", "legal_representative", "contact", "phone",
                     "postcode", "is_transfer_body", "is_rd_body", "is_converted",
                     "in_high_tech_zone", "is_listed", "size", "industry"}``, each
                     may be missing
    buyer_confirmed_, seller_confirmed_  who confirmed the text for that side, when,
                     and on what word if staff did it; emptied by every edit
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("technology_fen >= 0", name="technology_not_negative"),
        CheckConstraint("technology_fen <= total_fen", name="technology_within_total"),
        CheckConstraint("ends_on >= starts_on", name="term_in_order"),
        CheckConstraint(
            f"(state IN {REGISTERED}) = (recognised_on IS NOT NULL)",
            name="recognised_on_a_day",
        ),
        CheckConstraint(
            f"state NOT IN {REGISTERED} OR registration_number IS NOT NULL",
            name="recognised_with_number",
        ),
        CheckConstraint(
            f"state IN {UNSIGNED} OR (signed_on IS NOT NULL"
            " AND total_fen IS NOT NULL AND type IS NOT NULL)",
            name="complete_when_signed",
        ),
        CheckConstraint("recognised_on >= signed_on", name="recognised_after_signing"),
        CheckConstraint(
            "(state = 'refused') = (refused_code IS NOT NULL)",
            name="refused_for_a_reason",
        ),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_on IS NOT NULL)",
            name="cancelled_on_a_day",
        ),
        CheckConstraint("buyer_id <> seller_id", name="two_parties"),
        # Covers the boards: they read a year of it without touching the wide rows.
        Index(
            "ix_contracts_recognised",
            "state",
            "recognised_on",
            "type",
            "source",
            "buyer_kind",
            "seller_kind",
            "field",
            "technology_field",
            "seller_region",
            "buyer_region",
            "is_demo",
            "total_fen",
            "technology_fen",
        ),
        Index(
            "ix_contracts_signed", "state", "signed_on", "total_fen", "technology_fen"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Given by the platform, for people to name it before it has a registration.
    code: Mapped[str] = mapped_column(String(32), unique=True)
    registration_number: Mapped[str | None] = mapped_column(String(40), unique=True)
    source: Mapped[ContractSource] = mapped_column(enum_column(ContractSource))
    state: Mapped[ContractState] = mapped_column(
        enum_column(ContractState), default=ContractState.DRAFT
    )
    state_since: Mapped[datetime]
    introduction_id: Mapped[int | None] = mapped_column(
        ForeignKey("introductions.id"), index=True
    )
    need_id: Mapped[int | None] = mapped_column(ForeignKey("needs.id"), index=True)
    achievement_id: Mapped[int | None] = mapped_column(
        ForeignKey("achievements.id"), index=True
    )
    # The technology manager who brought it about, where there was one.
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[Title]
    type: Mapped[ContractType | None] = mapped_column(enum_column(ContractType))
    # Of the dictionary «contract_subtype»: 委托开发, 专利实施许可 …
    subtype: Mapped[str | None] = mapped_column(String(32))
    total_fen: Mapped[Fen | None]
    technology_fen: Mapped[Fen | None]
    signed_on: Mapped[date | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    payment_manner: Mapped[PaymentManner | None] = mapped_column(
        enum_column(PaymentManner)
    )
    payment_words: Mapped[Prose] = mapped_column(default="")
    is_related_deal: Mapped[bool | None]
    completer_priority: Mapped[CompleterPriority | None] = mapped_column(
        enum_column(CompleterPriority)
    )
    # The platform's own field, and the registration form's (dictionaries
    # «technology_field», «ip_kind», «plan_source», «aim»).
    field: Mapped[str | None] = mapped_column(String(16))
    technology_field: Mapped[str | None] = mapped_column(String(32))
    ip_kind: Mapped[str | None] = mapped_column(String(32))
    plan_source: Mapped[str | None] = mapped_column(String(32))
    aim: Mapped[str | None] = mapped_column(String(32))
    content: Mapped[Prose] = mapped_column(default="")

    buyer_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    buyer_name: Mapped[str] = mapped_column(String(200))
    buyer_code: Mapped[str | None] = mapped_column(String(18))
    buyer_kind: Mapped[PartyKind | None] = mapped_column(
        enum_column(PartyKind, "buyer_kind")
    )
    buyer_region: Mapped[str | None] = mapped_column(String(6))
    buyer_form: Mapped[Facts] = mapped_column(default=dict)
    seller_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    seller_name: Mapped[str] = mapped_column(String(200))
    seller_code: Mapped[str | None] = mapped_column(String(18))
    seller_kind: Mapped[PartyKind | None] = mapped_column(
        enum_column(PartyKind, "seller_kind")
    )
    seller_region: Mapped[str | None] = mapped_column(String(6))
    seller_form: Mapped[Facts] = mapped_column(default=dict)

    buyer_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    buyer_confirmed_at: Mapped[datetime | None]
    buyer_confirmed_words: Mapped[str] = mapped_column(String(200), default="")
    seller_confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    seller_confirmed_at: Mapped[datetime | None]
    seller_confirmed_words: Mapped[str] = mapped_column(String(200), default="")

    office: Mapped[str] = mapped_column(String(120), default="")
    submitted_on: Mapped[date | None]
    correction_words: Mapped[Prose] = mapped_column(default="")
    recognised_on: Mapped[date | None]
    # Of the dictionary «contract_refused».
    refused_code: Mapped[str | None] = mapped_column(String(32))
    refused_words: Mapped[Prose] = mapped_column(default="")
    cancelled_on: Mapped[date | None]
    cancelled_words: Mapped[Prose] = mapped_column(default="")

    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    is_demo: Mapped[bool] = mapped_column(default=False, index=True)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    introduction: Mapped[Introduction | None] = relationship()
    need: Mapped[Need | None] = relationship()
    achievement: Mapped[Achievement | None] = relationship()
    manager: Mapped[User | None] = relationship(foreign_keys=[manager_id])
    buyer: Mapped[Organisation | None] = relationship(foreign_keys=[buyer_id])
    seller: Mapped[Organisation | None] = relationship(foreign_keys=[seller_id])
    payments: Mapped[list[Payment]] = relationship(
        back_populates="contract",
        order_by="Payment.position, Payment.id",
        cascade="all, delete-orphan",
    )
    receipts: Mapped[list[Receipt]] = relationship(
        back_populates="contract", order_by="Receipt.received_on, Receipt.id"
    )
    amendments: Mapped[list[Amendment]] = relationship(
        back_populates="contract", order_by="Amendment.number"
    )

    __mapper_args__ = {"version_id_col": version}

    def move_to(self, state: ContractState, *, now: datetime) -> None:
        """Take the next state and start its clock; raises `IllegalMove`."""
        move(CONTRACT_MOVES, self.state, state)
        if self.state is ContractState.REFUSED:
            self.refused_code, self.refused_words = None, ""
        self.state = state
        self.state_since = self.updated_at = now

    @property
    def counts(self) -> bool:
        """Whether it counts towards the targets of its year of recognition."""
        return self.state in COUNTED_CONTRACTS

    def side_of(self, organisation_id: int | None) -> Side | None:
        """The buyer seeks, the seller provides; None for neither."""
        if organisation_id is None:
            return None
        sides = {self.buyer_id: Side.SEEKER, self.seller_id: Side.PROVIDER}
        return sides.get(organisation_id)


class Payment(Base):
    """One line of the payment plan: so much, or such a share, once this happens.

    ``rate_bp`` is a share of ``base`` in hundredths of a per cent, where no sum is
    fixed. ``happened_on`` is when the trigger was reported to have happened; a line
    with a day (``due_on``) and no other trigger is due by the calendar. ``proof`` is
    the file that shows it.
    """

    __tablename__ = "contract_payments"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("rate_bp BETWEEN 1 AND 10000", name="rate_range"),
        CheckConstraint(
            "(amount_fen IS NULL) <> (rate_bp IS NULL)", name="sum_or_share"
        ),
        CheckConstraint("trigger <> 'date' OR due_on IS NOT NULL", name="day_if_dated"),
        Index("ix_contract_payments_due", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), index=True)
    position: Mapped[int]
    trigger: Mapped[PaymentTrigger] = mapped_column(enum_column(PaymentTrigger))
    amount_fen: Mapped[Fen | None]
    rate_bp: Mapped[int | None]
    base: Mapped[str] = mapped_column(String(120), default="")
    due_on: Mapped[date | None]
    happened_on: Mapped[date | None]
    proof_id: Mapped[int | None] = mapped_column(
        ForeignKey("attachments.id"), index=True
    )
    words: Mapped[str] = mapped_column(String(200), default="")

    contract: Mapped[Contract] = relationship(back_populates="payments")
    proof: Mapped[Attachment | None] = relationship()


class Receipt(Base):
    """Money that arrived; kept apart from 成交额, which is what was agreed."""

    __tablename__ = "contract_receipts"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(
        ForeignKey("contract_payments.id"), index=True
    )
    amount_fen: Mapped[Fen]
    received_on: Mapped[date]
    words: Mapped[str] = mapped_column(String(200), default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    contract: Mapped[Contract] = relationship(back_populates="receipts")
    payment: Mapped[Payment | None] = relationship()
    author: Mapped[User] = relationship()


class Amendment(Base):
    """A dated change of a recognised contract; rows are added and never touched.

    ``changes`` maps a column to [before, after].
    """

    __tablename__ = "contract_amendments"
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint("number > 0", name="numbered_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"))
    number: Mapped[int]
    amended_on: Mapped[date]
    reason: Mapped[Prose]
    changes: Mapped[Facts]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    contract: Mapped[Contract] = relationship(back_populates="amendments")
    author: Mapped[User] = relationship()
