"""`flask ledger check`: a sound ledger passes, and every broken rule is found."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from matchmaker.cli.ledger import check as command
from matchmaker.history import service as history
from matchmaker.ledger import check
from matchmaker.ledger.check import prove
from models import Amendment, Attachment, Payment, Receipt, transaction
from models.attachments import FileOwner
from models.states import (
    ContractState,
    IntroductionStatus,
    PaymentManner,
    PaymentTrigger,
)

from .sheets import row

S = ContractState


@pytest.fixture
def sound(imports, make, session):
    """Contracts in every state there is, with plans, money, changes and talks."""
    today = make.now.date()
    imports.through(row(1), row(2))
    imports.through(row(2, **{"合同成交总额(万元)": 200}))
    talks = make.introduction(status=IntroductionStatus.SIGNED)
    for number, state in enumerate(S, 1):
        registered = state in check.REGISTERED
        contract = make.contract(
            code=f"HT2026-{number:06d}",
            state=state,
            total_fen=100_000_000,
            technology_fen=80_000_000,
            signed_on=today - timedelta(days=9),
            payment_manner=PaymentManner.LUMP_SUM,
            registration_number=f"20264301999{number:05d}" if registered else None,
            recognised_on=today - timedelta(days=5) if registered else None,
            refused_code="other" if state is S.REFUSED else None,
            cancelled_on=today if state is S.CANCELLED else None,
            introduction_id=talks.id if state is S.SUBMITTED else None,
        )
        with transaction(session):
            _fill(session, make, contract, imports.actor)
    return today


def _fill(session, make, contract, actor):
    line = Payment(
        contract_id=contract.id,
        position=1,
        trigger=PaymentTrigger.SIGNING,
        amount_fen=100_000_000,
    )
    session.add(line)
    session.flush()
    if contract.state not in check.UNSIGNED:
        session.add(
            Receipt(
                contract_id=contract.id,
                payment_id=line.id,
                amount_fen=60_000_000,
                received_on=make.now.date(),
                author_id=actor.id,
                created_at=make.now,
            )
        )
    if contract.state is S.AMENDED:
        for number, pair in enumerate(([90, 95], [95, 100_000_000]), 1):
            session.add(
                Amendment(
                    contract_id=contract.id,
                    number=number,
                    amended_on=make.now.date(),
                    reason="增项",
                    changes={"total_fen": pair, "plan": [["旧"], ["新"]]},
                    author_id=actor.id,
                    created_at=make.now,
                )
            )
    session.add(
        Attachment(
            record_type=FileOwner.CONTRACT,
            record_id=contract.id,
            name="合同.pdf",
            kind="pdf",
            size=9,
            sha256="0" * 64,
            created_at=make.now,
        )
    )
    for before, after in zip(
        PATHS[contract.state], PATHS[contract.state][1:], strict=False
    ):
        history.record(
            session,
            actor,
            "contract.signed",
            contract,
            now=make.now,
            changes={"state": [before.value, after.value]},
        )


# How a contract gets into a state.
PATHS = {
    S.DRAFT: [S.DRAFT],
    S.SIGNED: [S.DRAFT, S.SIGNED],
    S.SUBMITTED: [S.DRAFT, S.SIGNED, S.SUBMITTED],
    S.CORRECTING: [S.DRAFT, S.SIGNED, S.SUBMITTED, S.CORRECTING],
    S.RECOGNISED: [S.DRAFT, S.SIGNED, S.SUBMITTED, S.RECOGNISED],
    S.REFUSED: [S.DRAFT, S.SIGNED, S.SUBMITTED, S.REFUSED],
    S.AMENDED: [S.DRAFT, S.SIGNED, S.SUBMITTED, S.RECOGNISED, S.AMENDED, S.AMENDED],
    S.CANCELLED: [S.DRAFT, S.SIGNED, S.SUBMITTED, S.RECOGNISED, S.CANCELLED],
    S.VOID: [S.DRAFT, S.VOID],
}


def wrong(session, today):
    found = prove(session, today=today).findings
    return {each.rule: each.named for each in found if each.number}


def test_a_sound_ledger_passes(sound, session):
    proof = prove(session, today=sound)
    assert {each.rule: each.named for each in proof.findings if each.number} == {}
    assert (proof.contracts, proof.recognised) == (11, 4)
    assert proof.total_fen == 100_000_000 * 2 + 120_500_000 + 200_000_000


def test_an_empty_ledger_passes(session, make):
    assert not prove(session, today=make.now.date()).differs


# What nothing of ours would write: each is the deed of another program.
DEEDS = {
    "sums.technology": "UPDATE contracts SET technology_fen = 200000000 {signed}",
    "sums.plan": "UPDATE contract_payments SET amount_fen = 100000001 {line}",
    "sums.received": "UPDATE contract_receipts SET amount_fen = 100000001 {receipt}",
    "sums.receipt_line": "UPDATE contract_receipts SET payment_id ="
    " (SELECT id FROM contract_payments WHERE contract_id = {draft}) {receipt}",
    "sums.receipt_signed": "UPDATE contract_receipts SET contract_id = {draft},"
    " payment_id = NULL {receipt}",
    "sums.amended": "UPDATE contracts SET total_fen = 100000001 WHERE code ="
    " 'HT2026-000007'",
    "sums.amendments": "UPDATE contract_amendments SET number = 4 WHERE number = 2",
    "states.registered": "UPDATE contracts SET registration_number = '2026X' {signed}",
    "states.signed": "UPDATE contracts SET type = NULL {signed}",
    "states.reasons": "UPDATE contracts SET cancelled_on = '2026-11-01' {signed}",
    "states.days": "UPDATE contracts SET recognised_on = '2031-01-01'"
    " WHERE code = 'HT2026-000005'",
    "states.amended": "UPDATE contracts SET state = 'amended'"
    " WHERE code = 'HT2026-000005'",
    "states.history": "UPDATE contracts SET state = 'submitted' {signed}",
    "states.orphans": "UPDATE history SET record_id = 999999 WHERE id ="
    " (SELECT max(id) FROM history WHERE record_type = 'contracts')",
    "states.talks": "UPDATE introductions SET status = 'talking'",
    "numbers.code": "UPDATE contracts SET code = 'HT2026-12' {signed}",
    "numbers.registration": "UPDATE contracts SET registration_number ="
    " '２０２６430100000001' WHERE registration_number = '2026430100000002'",
    "numbers.files": "UPDATE attachments SET record_id = 999999 WHERE id ="
    " (SELECT min(id) FROM attachments)",
}


def test_every_rule_has_a_deed(session, make):
    rules = [each.rule for each in prove(session, today=make.now.date()).findings]
    assert sorted(DEEDS) == sorted(rules)


@pytest.mark.parametrize("rule", DEEDS)
def test_each_broken_rule_is_found(app, sound, session, rule):
    signed = session.scalar(text("SELECT id FROM contracts WHERE state = 'signed'"))
    draft = session.scalar(text("SELECT id FROM contracts WHERE state = 'draft'"))
    session.rollback()
    deed = DEEDS[rule].format(
        signed=f"WHERE id = {signed}",
        draft=draft,
        line=f"WHERE contract_id = {signed}",
        receipt=f"WHERE contract_id = {signed}",
    )
    with app.extensions["db_engine"].connect() as connection:
        past_constraints(connection, deed)
        found = wrong(Session(connection), sound)
        connection.rollback()
    assert rule in found


def past_constraints(connection, statement):
    """Run SQL that the tables would refuse; undone when the connection rolls back."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    else:
        for table in ("contracts", "contract_payments"):
            checks = connection.exec_driver_sql(
                "SELECT conname FROM pg_constraint"
                f" WHERE contype = 'c' AND conrelid = '{table}'::regclass"
            )
            for (name,) in checks.all():
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} DROP CONSTRAINT {name}"
                )
    assert connection.exec_driver_sql(statement).rowcount, statement
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def test_the_command_says_what_differs_and_fails(app, sound, session):
    def run():
        with app.app_context():  # a session of its own, as each command has
            return app.test_cli_runner().invoke(command)

    done = run()
    assert done.exit_code == 0, done.output
    assert "contracts 11, recognised 4, turnover 5,205,000 元" in done.output
    with transaction(session):
        session.execute(text("UPDATE contracts SET code = 'X' WHERE state = 'signed'"))
    done = run()
    assert done.exit_code == 1
    assert "numbers.code          WRONG 1" in done.output
    assert "    X" in done.output
