"""The two sides of a contract: who they are, and what they agreed to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Contract, Organisation, User
from models.accounts import name_key
from models.states import Side

from ..errors import Invalid

SIDE_NAMES: dict[Side, str] = {Side.SEEKER: "buyer", Side.PROVIDER: "seller"}
OTHER = {"buyer": "seller", "seller": "buyer"}


def side_of(contract: Contract, user: User) -> str:
    """«buyer», «seller», or nothing for who is neither."""
    side = contract.side_of(user.organisation_id)
    return SIDE_NAMES[side] if side else ""


def fixed_sides(contract: Contract, actor: User, author: User | None) -> set[str]:
    """Whose side is settled: of talks, of who began, and of who writes."""
    if contract.introduction_id is not None:
        return {"buyer", "seller"}
    people = [one for one in (actor, author) if one is not None]
    return {side for one in people if (side := side_of(contract, one))}


def link(session: Session, contract: Contract, sides: tuple[str, ...]) -> None:
    """Find the parties of these sides on the platform, by code or by whole name."""
    for side in sides:
        found = _organisation(
            session,
            getattr(contract, f"{side}_code"),
            getattr(contract, f"{side}_name"),
        )
        setattr(contract, f"{side}_id", found.id if found else None)
    if contract.buyer_id is not None and contract.buyer_id == contract.seller_id:
        raise Invalid({f"{sides[-1]}_name": "买方和卖方不能是同一家单位，请核对"})


def _organisation(session: Session, code: str | None, name: str) -> Organisation | None:
    if code:
        known = session.scalar(
            select(Organisation).where(Organisation.credit_code == code)
        )
        if known is not None:
            return known
    if not name:
        return None
    query = select(Organisation).where(Organisation.name_key == name_key(name))
    found = session.scalars(query.limit(2)).all()
    # Another code, or two of that name: not surely the one that is meant.
    sure = [one for one in found if not code or not one.credit_code]
    return sure[0] if len(found) == len(sure) == 1 else None


def confirmed(contract: Contract, side: str) -> bool:
    """Whether the side confirmed the text as it stands."""
    return getattr(contract, f"{side}_confirmed_at") is not None


def both_confirmed(contract: Contract) -> bool:
    return confirmed(contract, "buyer") and confirmed(contract, "seller")


def forget_confirmations(contract: Contract) -> bool:
    """Empty both confirmations; says whether there was one."""
    was = confirmed(contract, "buyer") or confirmed(contract, "seller")
    for side in OTHER:
        setattr(contract, f"{side}_confirmed_by_id", None)
        setattr(contract, f"{side}_confirmed_at", None)
        setattr(contract, f"{side}_confirmed_words", "")
    return was
