"""Whatever anybody does in whatever order, a contract stays what it must be.

Random people take random steps; each is taken or refused in words, and after each the
rules of issue 5 hold: states follow the table, sums are exact, only an amendment
changes a recognised contract, and every change has its line in the history.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matchmaker.attachments.store import Store
from matchmaker.contracts import (
    amendments,
    begin,
    complete,
    confirming,
    parties,
    payments,
    registering,
    service,
    text,
)
from matchmaker.contracts.schema import ContractDraft
from matchmaker.contracts.steps.schema import (
    AmendmentInput,
    Cancellation,
    ConfirmationFor,
    Correction,
    Happening,
    ReceiptInput,
    ReceiptRemoval,
    Recognition,
    Refusal,
    Signing,
    Submission,
    Voiding,
)
from matchmaker.errors import Conflict, DomainError, Invalid
from matchmaker.schema import parse
from models import Contract, History, Receipt
from models.states import (
    CONTRACT_MOVES,
    COUNTED_CONTRACTS,
    ContractState,
    Role,
)

from ..conftest import NOW
from .conftest import TODAY, seen
from .forms import typed

ACTORS = ("buyer", "seller", "staff", "manager", "outsider")
# Steps that nobody but the platform's staff may ever take.
OF_STAFF = {"recognise", "refuse", "correct", "cancel", "amend", "confirm_for"}
STEPS = (
    "edit",
    "confirm",
    "confirm",
    "confirm_for",
    "sign",
    "submit",
    "correct",
    "recognise",
    "refuse",
    "amend",
    "cancel",
    "void",
    "report",
    "receive",
    "take_back",
)
amounts = st.integers(1, 10**13)
actions = st.tuples(st.sampled_from(ACTORS), st.sampled_from(STEPS), amounts)


@st.composite
def lives(draw: Any) -> list[tuple[str, str, int]]:
    """A usual life, cut short somewhere, with strange steps put in between."""
    usual = [
        ("buyer", "confirm"),
        ("seller", "confirm"),
        ("buyer", "sign"),
        ("seller", "submit"),
        ("staff", "recognise"),
        ("staff", "amend"),
        ("seller", "receive"),
        ("staff", "cancel"),
    ]
    found: list[tuple[str, str, int]] = []
    for actor, step in usual[: draw(st.integers(0, len(usual)))]:
        found += draw(st.lists(actions, max_size=2))
        found.append((actor, step, draw(amounts)))
    return found + draw(st.lists(actions, max_size=6))


@dataclass
class Life:
    """One contract, the people around it, and how to take each step."""

    session: Session
    store: Store
    contract: Contract
    people: dict[str, Any]
    number: int

    def form(self, fen: int) -> Any:
        """Another sum, split in two; now and then one that does not add up."""
        first = fen // 3
        second = fen - first + (fen % 11 == 0)
        lines = [str(line.id) for line in self.contract.payments]
        both = [first, second] if first else [fen]
        size = len(both)
        blank = [""] * size
        return typed(
            total=in_yuan(fen),
            technology=in_yuan(fen // 2 + (fen % 7 == 0) * fen),
            plan_amount=[in_yuan(one) for one in both],
            plan_id=(lines + blank)[:size],
            plan_trigger=["signing", "acceptance"][:size],
            plan_rate=blank,
            plan_base=blank,
            plan_due_on=blank,
            plan_words=blank,
        )

    def take(self, actor: str, step: str, fen: int) -> None:
        """Take the step; raises the refusal."""
        user, id_ = self.people[actor], self.contract.id
        context = {
            "today": TODAY,
            "signed_on": self.contract.signed_on,
            "recognised_on": self.contract.recognised_on,
            "total": self.contract.total_fen or 0,
        }
        mark = text.mark(self.contract)
        day = (TODAY - timedelta(days=fen % 4)).isoformat()
        go: dict[str, Any] = {"session": self.session, "actor": user}

        def registered(name: str, model: Any, form: dict[str, str]) -> None:
            data = parse(model, form, context)
            getattr(registering, name)(**go, contract_id=id_, data=data, now=NOW)

        if step == "edit":
            data = service.read_form(self.form(fen))
            service.edit_contract(**go, contract_id=id_, data=data, seen=mark, now=NOW)
        elif step == "confirm":
            confirming.confirm(**go, contract_id=id_, data=seen(self.contract), now=NOW)
        elif step == "confirm_for":
            given = {"side": "buyer", "words": "收到确认函", "seen": mark}
            data = parse(ConfirmationFor, given)
            confirming.confirm_for(**go, contract_id=id_, data=data, now=NOW)
        elif step == "sign":
            registered("sign", Signing, {"seen": mark, "signed_on": day})
        elif step == "submit":
            given = {"office": "登记处", "submitted_on": day}
            registered("submit", Submission, given)
        elif step == "correct":
            registered("correct", Correction, {"words": "请补充附件"})
        elif step == "recognise":
            given = {
                "registration_number": f"20264301{self.number:08d}",
                "recognised_on": day,
                "technology": in_yuan(fen % ((self.contract.total_fen or 0) + 2)),
            }
            registered("recognise", Recognition, given)
        elif step == "refuse":
            registered("refuse", Refusal, {"code": "papers_missing"})
        elif step == "cancel":
            registered("cancel", Cancellation, {"cancelled_on": day, "words": "重复"})
        elif step == "void":
            registered("void", Voiding, {"words": "不签了"})
        elif step == "amend":
            why = parse(
                AmendmentInput, {"amended_on": day, "reason": "调整价款"}, context
            )
            data = service.read_form(self.form(fen))
            amendments.amend(
                **go, contract_id=id_, data=data, why=why, seen=mark, now=NOW
            )
        elif step == "report":
            [*_, line] = self.contract.payments
            given = {"payment_id": str(line.id), "happened_on": day}
            data = parse(Happening, given, context)
            payments.report(self.session, self.store, user, id_, data, None, now=NOW)
        elif step == "receive":
            line = self.contract.payments[fen % len(self.contract.payments)]
            given = {"amount": in_yuan(fen), "received_on": day}
            given |= {"payment_id": str(line.id)} if fen % 2 else {}
            payments.receive(
                **go, contract_id=id_, data=parse(ReceiptInput, given, context), now=NOW
            )
        else:
            ids = [one.id for one in self.contract.receipts] or [1]
            payments.take_back(
                **go, contract_id=id_, data=ReceiptRemoval(receipt_id=ids[0]), now=NOW
            )

    def facts(self) -> dict[str, Any]:
        """What the record says now, read afresh."""
        self.session.rollback()
        contract = self.contract
        self.session.refresh(contract)
        history = select(func.count(History.id)).where(
            History.record_type == "contracts", History.record_id == contract.id
        )
        return {
            "state": contract.state,
            "text": text.mark(contract),
            "amendments": len(contract.amendments),
            "receipts": sorted(one.amount_fen for one in contract.receipts),
            "history": self.session.scalar(history),
            "confirmed": parties.both_confirmed(contract),
            "number": contract.registration_number,
            "recognised_on": contract.recognised_on,
            "version": contract.version,
        }


def in_yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}元"


def check(
    life: Life, actor: str, step: str, before: dict[str, Any], *, took: bool
) -> None:
    """What must hold after any step."""
    after, contract = life.facts(), life.contract
    place = (actor, step, before["state"], after["state"])
    if not took:
        assert after == before, place
    if took and step in OF_STAFF:
        assert actor == "staff", place
    assert actor != "outsider" or after == before, place
    moved = after["state"] is not before["state"]
    allowed = CONTRACT_MOVES[before["state"]]
    assert not moved or after["state"] in allowed, place
    # Sums.
    assert 0 <= (contract.technology_fen or 0) <= (contract.total_fen or 0), place
    received = select(func.coalesce(func.sum(Receipt.amount_fen), 0)).where(
        Receipt.contract_id == contract.id
    )
    assert life.session.scalar(received) == sum(after["receipts"]), place
    if after["receipts"] != before["receipts"]:
        assert after["text"] == before["text"], place
    # What was signed was complete and agreed by both, down to the last 分.
    if moved and after["state"] is ContractState.SIGNED:
        assert before["confirmed"], place
        draft = parse(ContractDraft, text.form_values(contract))
        assert complete.lacking(draft, contract.achievement) == {}, place
    # Edits empty the confirmations; a recognised text changes by amendment alone.
    if after["text"] != before["text"]:
        if before["state"] in COUNTED_CONTRACTS:
            assert after["amendments"] == before["amendments"] + 1, place
            assert after["state"] is ContractState.AMENDED, place
        elif step != "recognise":
            assert not after["confirmed"], place
    if before["state"] in COUNTED_CONTRACTS:
        assert after["number"] == before["number"], place
        assert after["recognised_on"] == before["recognised_on"], place
    # Counted: only what is recognised, with number and day.
    assert contract.counts == (after["state"] in COUNTED_CONTRACTS), place
    if contract.counts:
        assert contract.registration_number, place
        assert contract.recognised_on is not None, place
        assert contract.recognised_on >= (contract.signed_on or date.max), place
    # Audited: nothing changes without a line of history.
    if after["version"] != before["version"] or moved:
        assert after["history"] > before["history"], place


@settings(
    max_examples=25,
    # A shorter life tells no more than a long one, and finding it takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=lives())
def test_a_contract_stays_what_it_must_be_whatever_anybody_does(
    session, make, deal, settings_store, life
):
    number = next(make._numbers)
    contract = begin.create_contract(
        session,
        deal.buyer,
        service.read_form(typed()),
        own_side="buyer",
        form_key=f"life-{number}",
        now=NOW,
    )
    people = {name: getattr(deal, name) for name in ("buyer", "seller", "staff")}
    people |= {"outsider": deal.outsider, "manager": make.user(Role.MANAGER)}
    contract.manager_id = people["manager"].id
    session.commit()
    one = Life(session, settings_store, contract, people, number)
    for actor, step, fen in life:
        before = one.facts()
        check(one, actor, step, before, took=takes(one, actor, step, fen))


def takes(life: Life, actor: str, step: str, fen: int) -> bool:
    """Whether the step was taken; a refusal is one of ours, with words for it."""
    try:
        life.take(actor, step, fen)
    except DomainError:
        return False
    return True


@pytest.fixture
def settings_store(settings) -> Store:
    return Store(settings.attachment_dir, 10**6)


def test_the_usual_life_reaches_every_state_on_its_way(session, deal, reached):
    """So that the random lives are known to begin where they should."""
    contract = reached(ContractState.RECOGNISED)
    with pytest.raises(Conflict, match=r"^contract\.not_editable$"):
        service.edit_contract(
            session,
            deal.buyer,
            contract.id,
            service.read_form(typed()),
            seen=text.mark(contract),
            now=NOW,
        )
    with pytest.raises(Invalid):
        amendments.amend(
            session,
            deal.staff,
            contract.id,
            service.read_form(
                typed(plan_id=[str(line.id) for line in contract.payments])
            ),
            parse(
                AmendmentInput,
                {"amended_on": "2026-11-23", "reason": "没有变化"},
                {"today": TODAY, "recognised_on": contract.recognised_on},
            ),
            seen=text.mark(contract),
            now=NOW,
        )
