"""Begin a contract: its form as far as it fills itself, and the first draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Award, Contract, Introduction, Organisation, User, transaction
from models.session import lock
from models.states import ContractSource, ContractState

from .. import policies
from ..awards import contracting
from ..errors import Conflict, Invalid
from ..history import service as history
from ..introductions import moves, sight
from ..labels import today
from . import parties, prefill, text
from .finding import draft_of, find_contract, find_introduction
from .plan import replace_plan
from .prefill import Known, Party, Prefilled
from .schema import ContractDraft
from .tell import tell


def proposal(
    session: Session, actor: User, introduction: Introduction | None, own_side: str = ""
) -> Prefilled:
    """The form of a new contract, as far as the platform can fill it in."""
    if introduction is None:
        known = Known()
        if own_side:
            party = _party(session, actor.organisation, actor, None)
            known = known.with_party(own_side, party)
        return prefill.prefill(known)
    return prefill.prefill(
        Known(
            title=sight.shown(actor, introduction).title,
            need=introduction.need,
            achievement=introduction.achievement,
            buyer=_party(session, introduction.seeker, actor, introduction),
            seller=_party(session, introduction.provider, actor, introduction),
        )
    )


def award_proposal(session: Session, actor: User, award: Award) -> Prefilled:
    """The form for an accepted award: its issuer buys, its winner sells."""
    return prefill.prefill(
        Known(
            buyer=_party(session, award.call.issuer, actor, None),
            seller=_party(session, award.bidder, actor, None),
            given=contracting.form_values(award),
        )
    )


def own_details(session: Session, actor: User, contract: Contract) -> dict[str, str]:
    """What the actor's side has not filled in and the platform knows already."""
    side = parties.side_of(contract, actor)
    if not side:
        return {}
    party = _party(session, actor.organisation, actor, contract.introduction)
    return prefill.own_details(side, party, text.form_values(contract))


def _party(
    session: Session,
    home: Organisation | None,
    actor: User,
    introduction: Introduction | None,
) -> Party:
    """A side as this person may have it filled in.

    Whom to call at the other side is known from the contacts opened in the talks only.
    """
    if home is None:
        return Party()
    last = dict(_last_form(session, home.id))
    own = home.id == actor.organisation_id
    if not own and not actor.is_staff:
        last.pop("contact", None)
        last.pop("phone", None)
    contact = phone = ""
    for grant in introduction.contacts if introduction else ():
        if grant.user.organisation_id == home.id and grant.revoked_at is None:
            contact, phone = grant.user.name, grant.phone
    if own and not contact and not last.get("contact"):
        contact = actor.name
    return Party(home, last, contact, phone)


def _last_form(session: Session, organisation_id: int) -> Mapping[str, Any]:
    """What the last contract of the organisation said of it."""
    query = (
        select(Contract)
        .where(
            or_(
                Contract.buyer_id == organisation_id,
                Contract.seller_id == organisation_id,
            ),
            Contract.state != ContractState.VOID,
            Contract.source == ContractSource.PLATFORM,
        )
        .order_by(Contract.id.desc())
    )
    last = session.scalars(query.limit(1)).first()
    if last is None:
        return {}
    return last.buyer_form if last.buyer_id == organisation_id else last.seller_form


def create_contract(
    session: Session,
    actor: User,
    data: ContractDraft,
    *,
    introduction_id: int | None = None,
    award_id: int | None = None,
    own_side: str = "",
    form_key: str,
    now: datetime,
) -> Contract:
    """Keep a draft, from talks, an award or neither; talks move to «合同拟定».

    The same form never makes two. Raises `Conflict` «contract.draft_exists» where the
    other side began one from the same talks, `Invalid` where a party that begins
    without talks does not say on which side it stands.
    """
    with transaction(session):
        policies.require(actor, "contract.create")
        lock(session, actor)
        made = history.made_before(
            session, actor, "contract.created", form_key, now=now
        )
        if made is not None:
            return find_contract(session, actor, made)
        contract = Contract(
            code=uuid4().hex,
            source=ContractSource.PLATFORM,
            state=ContractState.DRAFT,
            state_since=now,
            author_id=actor.id,
            created_at=now,
            updated_at=now,
            **data.columns(),
        )
        if introduction_id is not None:
            _from_talks(session, actor, contract, introduction_id, now=now)
        elif award_id is None:
            _by_itself(session, actor, contract, own_side)
        session.add(contract)
        session.flush()
        if award_id is not None:
            contracting.link(session, actor, award_id, contract, now=now)
        contract.code = f"HT{today(now):%Y}-{contract.id:06d}"
        replace_plan(session, contract, data)
        changes: dict[str, Any] = {"form": form_key}
        history.record(
            session, actor, "contract.created", contract, now=now, changes=changes
        )
        tell(session, contract, "contract_drafted", now=now, actor=actor)
    return contract


def _from_talks(
    session: Session,
    actor: User,
    contract: Contract,
    introduction_id: int,
    *,
    now: datetime,
) -> None:
    introduction = find_introduction(session, actor, introduction_id)
    moves.note_drafting(session, introduction, actor, now=now)
    if (other := draft_of(session, introduction)) is not None:
        raise Conflict("contract.draft_exists", id=other.id)
    contract.introduction_id = introduction.id
    contract.need_id = introduction.need_id
    contract.achievement_id = introduction.achievement_id
    contract.manager_id = introduction.manager_id
    contract.buyer_id = introduction.seeker_id
    contract.seller_id = introduction.provider_id
    contract.is_demo = introduction.is_demo


def _by_itself(
    session: Session, actor: User, contract: Contract, own_side: str
) -> None:
    if actor.is_staff:
        parties.link(session, contract, ("buyer", "seller"))
        return
    if own_side not in parties.OTHER:
        raise Invalid({"own_side": "请选择本单位是买方还是卖方"})
    setattr(contract, f"{own_side}_id", actor.organisation_id)
    parties.link(session, contract, (parties.OTHER[own_side],))
