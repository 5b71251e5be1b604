"""Who is told what about a contract; written inside the running transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Contract, User

from ..mail import service as mail
from ..notices import service as notices

# What is worth a letter: somebody has to act, or the matter is settled. It lies on
# servers of others, so a letter names the contract by its number only.
LETTERS: dict[str, str] = {
    "contract_drafted": "有一份合同草稿请您核对",
    "contract_to_sign": "双方都已确认，合同可以签订",
    "contract_signed": "合同已签订，请卖方提交认定登记",
    "contract_correcting": "登记机构要求补正",
    "contract_recognised": "合同已认定登记",
    "contract_refused": "合同不予登记",
    "contract_due": "支付条件已成就",
}


def tell(
    session: Session,
    contract: Contract,
    kind: str,
    *,
    now: datetime,
    actor: User | None,
    sides: Iterable[str] = ("buyer", "seller"),
    **facts: Any,
) -> None:
    """Tell both parties, or one, and the manager; but nobody what they did."""
    homes = [getattr(contract, f"{side}_id") for side in sides]
    query = select(User.id).where(
        User.organisation_id.in_([home for home in homes if home is not None]),
        User.active,
    )
    people = set(session.scalars(query)) - {actor.id if actor else 0}
    if kind in LETTERS:
        mail.write_to(
            session,
            people,
            title=LETTERS[kind],
            words=f"合同 {contract.code}，请登录平台查看。",
            path=f"/contracts/{contract.id}",
            now=now,
        )
    if contract.manager_id is not None:
        people.add(contract.manager_id)
    _queue(session, contract, people, kind, now, actor, facts)


def tell_staff(
    session: Session,
    contract: Contract,
    kind: str,
    *,
    now: datetime,
    actor: User | None,
    **facts: Any,
) -> None:
    """Tell the platform's staff, who act next."""
    _queue(session, contract, set(notices.staff(session)), kind, now, actor, facts)


def _queue(
    session: Session,
    contract: Contract,
    people: set[int],
    kind: str,
    now: datetime,
    actor: User | None,
    facts: dict[str, Any],
) -> None:
    people.discard(actor.id if actor else 0)
    notices.queue(
        session,
        people,
        kind,
        now=now,
        title=contract.name,
        contract_id=contract.id,
        **facts,
    )
