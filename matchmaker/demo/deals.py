"""Take out the demonstration contracts, and what real ones say of records that go."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Amendment,
    Attachment,
    Contract,
    Need,
    Organisation,
    Payment,
    Receipt,
    User,
)
from models.attachments import FileOwner

from .past import forget

# Whoever has a part in a contract that stays is kept by name.
PEOPLE = (
    Contract.author_id,
    Contract.manager_id,
    Contract.buyer_confirmed_by_id,
    Contract.seller_confirmed_by_id,
    Receipt.author_id,
    Amendment.author_id,
)
HOMES = (Contract.buyer_id, Contract.seller_id)


def remove(session: Session) -> set[int]:
    """Demonstration contracts with their payments, changes and files.

    A real contract about a demonstration record stays, and no longer names it.
    """
    demo = select(Contract.id).where(Contract.is_demo)
    ids = set(session.scalars(demo))
    session.execute(delete(Receipt).where(Receipt.contract_id.in_(demo)))
    session.execute(delete(Payment).where(Payment.contract_id.in_(demo)))
    session.execute(delete(Amendment).where(Amendment.contract_id.in_(demo)))
    session.execute(
        delete(Attachment).where(
            Attachment.record_type == FileOwner.CONTRACT,
            Attachment.record_id.in_(demo),
        )
    )
    forget(session, Contract, ids)
    session.execute(delete(Contract).where(Contract.is_demo))
    for table, column in (
        (Need, Contract.need_id),
        (Achievement, Contract.achievement_id),
    ):
        gone = column.in_(select(table.id).where(table.is_demo))
        session.execute(update(Contract).where(gone).values({column: None}))
    return ids


def names_person() -> ColumnElement[bool]:
    """Whether a contract that stays names the person."""
    return or_(
        *(User.id.in_(select(column).where(column.is_not(None))) for column in PEOPLE)
    )


def names_home() -> ColumnElement[bool]:
    """Whether a contract that stays names the organisation."""
    return or_(
        *(
            Organisation.id.in_(select(column).where(column.is_not(None)))
            for column in HOMES
        )
    )
