"""Draft a contract, change its text, have both sides confirm it.

What happens after the signing is in `registering`, payments in `payments`, changes of
a recognised one in `amendments`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import (
    Achievement,
    Award,
    Contract,
    Introduction,
    Organisation,
    User,
    transaction,
)
from models.accounts import name_key
from models.session import lock
from models.states import (
    ContractSource,
    ContractState,
    IntroductionStatus,
    Side,
)

from .. import policies
from ..awards import contracting
from ..errors import Conflict, Invalid, NotFound
from ..history import service as history
from ..introductions import moves, sight
from ..labels import today
from ..schema import parse
from . import prefill, text
from .complete import lacking
from .plan import replace_plan
from .prefill import Known, Party, Prefilled
from .schema import Confirmation, ConfirmationFor, ContractDraft, PlanLine, from_form
from .tell import tell, tell_staff

SIDE_NAMES: dict[Side, str] = {Side.SEEKER: "buyer", Side.PROVIDER: "seller"}
OTHER = {"buyer": "seller", "seller": "buyer"}
# While its text may be changed by its form; later only by an amendment.
EDITABLE = frozenset(
    {ContractState.DRAFT, ContractState.CORRECTING, ContractState.REFUSED}
)
TALKED = frozenset({IntroductionStatus.TALKING, IntroductionStatus.DRAFTING})
LARGEST_ID = 2**31 - 1


def find_contract(session: Session, user: User | None, contract_id: int) -> Contract:
    """The contract, if this person may know of it; raises `NotFound` if not."""
    if not 0 < contract_id <= LARGEST_ID:
        raise NotFound("contract")
    query = select(Contract).where(
        Contract.id == contract_id, policies.visible_contracts(user)
    )
    contract = session.scalar(query)
    if contract is None:
        raise NotFound("contract")
    return contract


def locked(session: Session, actor: User, contract_id: int, action: str) -> Contract:
    """The contract with its row locked, so that two people move it in turn."""
    contract = find_contract(session, actor, contract_id)
    policies.require(actor, action, contract)
    lock(session, contract)
    return contract


def find_introduction(
    session: Session, user: User, introduction_id: int
) -> Introduction:
    """The talks a contract begins from; raises `NotFound` or `Conflict`."""
    if not 0 < introduction_id <= LARGEST_ID:
        raise NotFound("introduction")
    query = select(Introduction).where(
        Introduction.id == introduction_id, policies.visible_introductions(user)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("introduction")
    if found.status not in TALKED:
        raise Conflict("introduction.not_talking")
    return found


def draft_of(session: Session, introduction: Introduction) -> Contract | None:
    """The contract that is being drafted from the talks already, if there is one."""
    query = select(Contract).where(
        Contract.introduction_id == introduction.id,
        Contract.state == ContractState.DRAFT,
    )
    return session.scalars(query.order_by(Contract.id)).first()


def of_talks(
    session: Session, user: User, introduction: Introduction
) -> Sequence[Contract]:
    """The contracts of the talks this person may know of, those given up left out."""
    query = select(Contract).where(
        Contract.introduction_id == introduction.id,
        Contract.state != ContractState.VOID,
        policies.visible_contracts(user),
    )
    return session.scalars(query.order_by(Contract.id)).all()


def side_of(contract: Contract, user: User) -> str:
    """«buyer», «seller», or nothing for who is neither."""
    side = contract.side_of(user.organisation_id)
    return SIDE_NAMES[side] if side else ""


def is_editable(contract: Contract) -> bool:
    """Whether its text may still be changed by its form."""
    return contract.state in EDITABLE


def read_form(form: Any, contract: Contract | None = None) -> ContractDraft:
    """The posted form; raises `Invalid` with a message a field.

    What the stored ``contract`` says already is taken again, in use or not.
    """
    kept = text.codes(contract) if contract is not None else frozenset()
    return parse(ContractDraft, from_form(form), {"kept": kept})


def todo(contract: Contract) -> dict[str, str]:
    """What is still to be filled in before the text can be confirmed, by field."""
    values, kept = text.form_values(contract), text.codes(contract)
    return todo_of(values, contract.achievement, kept)


def todo_of(
    values: Mapping[str, Any],
    achievement: Achievement | None,
    kept: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """The same for what stands in a form; an entry that is wrong counts as missing."""
    context = {"kept": kept}
    try:
        return lacking(parse(ContractDraft, values, context), achievement)
    except Invalid as invalid:
        rest = {name: one for name, one in values.items() if name not in invalid.fields}
        rest.setdefault("name", "（未命名）")
        draft = parse(ContractDraft, rest, context)
        return dict(invalid.fields) | lacking(draft, achievement)


# -- beginning ---------------------------------------------------------------


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
    side = side_of(contract, actor)
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
        replace_plan(session, contract, _with_first_line(data))
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
        _link(session, contract, ("buyer", "seller"))
        return
    if own_side not in OTHER:
        raise Invalid({"own_side": "请选择本单位是买方还是卖方"})
    setattr(contract, f"{own_side}_id", actor.organisation_id)
    _link(session, contract, (OTHER[own_side],))


def _link(session: Session, contract: Contract, sides: tuple[str, ...]) -> None:
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


def _fixed_sides(contract: Contract, actor: User, author: User | None) -> set[str]:
    """Whose side is settled: of talks, of who began, and of who writes."""
    if contract.introduction_id is not None:
        return {"buyer", "seller"}
    people = [one for one in (actor, author) if one is not None]
    return {side for one in people if (side := side_of(contract, one))}


# -- the text ----------------------------------------------------------------


def edit_contract(
    session: Session,
    actor: User,
    contract_id: int,
    data: ContractDraft,
    *,
    seen: str,
    now: datetime,
) -> Contract:
    """Replace the text; what either side confirmed is to be confirmed again.

    Raises `Conflict` «stale» when somebody saved since ``seen`` was the text's mark,
    «contract.not_editable» when only an amendment may change it.
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.edit")
        require_editable(contract)
        if text.mark(contract) != seen:
            raise Conflict("stale")
        changes = write_text(session, contract, data)
        if changes:
            if contract.state is ContractState.DRAFT:
                author = session.get(User, contract.author_id or 0)
                fixed = _fixed_sides(contract, actor, author)
                _link(
                    session,
                    contract,
                    tuple(side for side in OTHER if side not in fixed),
                )
            contract.updated_at = now
            was_confirmed = forget_confirmations(contract)
            history.record(
                session, actor, "contract.edited", contract, now=now, changes=changes
            )
            kind = "contract_reopened" if was_confirmed else "contract_edited"
            tell(session, contract, kind, now=now, actor=actor)
    return contract


def write_text(
    session: Session, contract: Contract, data: ContractDraft
) -> dict[str, list[Any]]:
    """Put the words of a form into the contract; says what changed, [before, after]."""
    values = data.columns()
    if contract.state is not ContractState.DRAFT:
        _require_terms(data)
    changes = history.difference(contract, values)
    for side in OTHER:
        if form := changes.pop(f"{side}_form", None):
            changes |= _form_changes(side, *form)
    for name, value in values.items():
        setattr(contract, name, value)
    if plan := replace_plan(session, contract, _with_first_line(data)):
        changes["plan"] = plan
    return changes


def _require_terms(data: ContractDraft) -> None:
    """What was signed keeps its sum and type; the table demands them too."""
    missing = {
        name: "已签订的合同不能没有这一项"
        for name, value in (("total", data.total), ("type", data.columns()["type"]))
        if value is None
    }
    if missing:
        raise Invalid(missing)


def _form_changes(
    side: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, list[Any]]:
    return {
        f"{side}_{name}": [before.get(name), after.get(name)]
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


def _with_first_line(data: ContractDraft) -> ContractDraft:
    """With the one line that goes without saying, where none was written."""
    if data.plan or not data.total or data.payment_manner not in prefill.FIRST_TRIGGERS:
        return data
    trigger = prefill.FIRST_TRIGGERS[data.payment_manner]
    return data.model_copy(
        update={"plan": [PlanLine(trigger=trigger, amount=data.total)]}
    )


def require_editable(contract: Contract) -> None:
    """Raise `Conflict` if the text is not changed by its form any more."""
    if not is_editable(contract):
        raise Conflict("contract.not_editable")


def forget_confirmations(contract: Contract) -> bool:
    """Empty both confirmations; says whether there was one."""
    was = confirmed(contract, "buyer") or confirmed(contract, "seller")
    for side in OTHER:
        setattr(contract, f"{side}_confirmed_by_id", None)
        setattr(contract, f"{side}_confirmed_at", None)
        setattr(contract, f"{side}_confirmed_words", "")
    return was


def confirmed(contract: Contract, side: str) -> bool:
    """Whether the side confirmed the text as it stands."""
    return getattr(contract, f"{side}_confirmed_at") is not None


def both_confirmed(contract: Contract) -> bool:
    return confirmed(contract, "buyer") and confirmed(contract, "seller")


def require_complete(contract: Contract) -> None:
    """Raise `Conflict` while anything is still to be filled in."""
    if missing := todo(contract):
        raise Conflict("contract.incomplete", number=len(missing))


def confirm(
    session: Session,
    actor: User,
    contract_id: int,
    data: Confirmation,
    *,
    now: datetime,
) -> Contract:
    """The actor's side agrees to the text that was read.

    Raises `Conflict` «changed_since_read» for another text, «contract.incomplete».
    """
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.confirm")
        _confirm(session, actor, contract, side_of(contract, actor), data.seen, "", now)
    return contract


def confirm_for(
    session: Session,
    actor: User,
    contract_id: int,
    data: ConfirmationFor,
    *,
    now: datetime,
) -> Contract:
    """Staff confirm for a party that is not on the platform, and say on what word."""
    with transaction(session):
        contract = locked(session, actor, contract_id, "contract.confirm_for")
        if getattr(contract, f"{data.side}_id") is not None:
            raise Conflict("contract.party_is_here")
        _confirm(session, actor, contract, data.side, data.seen, data.words, now)
    return contract


def _confirm(
    session: Session,
    actor: User,
    contract: Contract,
    side: str,
    seen: str,
    words: str,
    now: datetime,
) -> None:
    require_editable(contract)
    if text.mark(contract) != seen:
        raise Conflict("changed_since_read")
    require_complete(contract)
    if confirmed(contract, side):
        return
    setattr(contract, f"{side}_confirmed_by_id", actor.id)
    setattr(contract, f"{side}_confirmed_at", now)
    setattr(contract, f"{side}_confirmed_words", words)
    contract.updated_at = now
    changes = {"side": [None, side], "words": [None, words]} if words else {}
    history.record(
        session, actor, "contract.confirmed", contract, now=now, changes=changes
    )
    if not both_confirmed(contract):
        tell(session, contract, "contract_confirmed", now=now, actor=actor)
    elif contract.state is ContractState.DRAFT:
        tell(session, contract, "contract_to_sign", now=now, actor=actor)
    else:
        tell(session, contract, "contract_to_submit", now=now, actor=actor)
    if getattr(contract, f"{OTHER[side]}_id") is None and not both_confirmed(contract):
        tell_staff(session, contract, "contract_confirm_for", now=now, actor=actor)
