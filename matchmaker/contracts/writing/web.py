"""The form of a contract: a new one, its changes, the amendment of a recognised one."""

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Achievement, Award, Contract, Introduction
from models.base import utcnow
from models.fields import CONTRACT_WORDS, FIELDS, Vocabulary
from models.regions import region_name
from models.states import (
    CompleterPriority,
    ContractType,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from ... import labels, policies
from ...accounts.current import signed_in
from ...awards import contracting
from ...db import db
from ...errors import Conflict, Invalid
from ...money import in_yuan
from ...posting import merge
from ...posting import web as posting
from ...schema import parse
from .. import amendments, begin, complete, finding, registering, service, text
from ..page import members
from ..schema import MOST_LINES, PLAN, from_form
from ..steps.schema import AmendmentInput
from ..words import (
    FIRM_LISTS,
    FIRM_TICKS,
    INDUSTRIES,
    LABELS,
    MANNER_HINTS,
    PARTY_TICKS,
    REGIONS,
    SIDES,
    SIZES,
    STEP_LABELS,
    YES_NO,
)

bp = Blueprint("contract_forms", __name__)

MOST_KEY = 64
SPARE_LINES = 2


@dataclass(frozen=True)
class Form:
    """Which form is on the page: of a contract, or a new one from talks or without.

    ``key`` makes a form that is sent twice one contract; ``seen`` is the mark of the
    text when the form was opened.
    """

    contract: Contract | None = None
    introduction: Introduction | None = None
    award: Award | None = None
    key: str = ""
    seen: str = ""
    amending: bool = False

    @property
    def kept(self) -> frozenset[str]:
        return text.codes(self.contract) if self.contract else frozenset()

    @property
    def achievement(self) -> Achievement | None:
        about = self.contract or self.introduction
        return about.achievement if about else None


@bp.route("/contracts/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    policies.require(user, "contract.create")
    talks, award = _talks(), _award()
    own_side = request.values.get("own_side", "")
    if talks is not None and (there := finding.draft_of(db.session, talks)) is not None:
        flash("这次对接已有合同草稿，请在原草稿上修改。", "info")
        return redirect(url_for(".edit", contract_id=there.id), 303)
    if award is not None and contracting.has_contract(award):
        return redirect(url_for("contracts.show", contract_id=award.contract_id), 303)
    if award is not None:
        proposal = begin.award_proposal(db.session, user, award)
    else:
        side = own_side if own_side in SIDES else ""
        proposal = begin.proposal(db.session, user, talks, side)
    if request.method == "GET":
        form = Form(introduction=talks, award=award, key=secrets.token_urlsafe(16))
        values = proposal.values | {"own_side": own_side}
        return _form(form, values, proposed=proposal.proposed)
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    form = Form(introduction=talks, award=award, key=key)
    try:
        contract = begin.create_contract(
            db.session,
            user,
            service.read_form(request.form),
            introduction_id=talks.id if talks else None,
            award_id=award.id if award else None,
            own_side=own_side,
            form_key=key,
            now=now,
        )
    except Invalid as invalid:
        still = frozenset(
            name
            for name in proposal.proposed
            if request.form.get(name) == proposal.values[name]
        )
        return _form(form, _typed(), errors=invalid.fields, proposed=still)
    return _saved(contract)


def _talks() -> Introduction | None:
    """The talks the address names; those that are nobody's business are not there."""
    number = _number("introduction")
    if number is None:
        return None
    return finding.find_introduction(db.session, signed_in(), number)


def _award() -> Award | None:
    """Likewise the award."""
    number = _number("award")
    if number is None:
        return None
    return contracting.find_accepted(db.session, signed_in(), number)


def _number(name: str) -> int | None:
    """What the address begins from; 0 for what is no number."""
    given = request.values.get(name, "")
    if not given:
        return None
    return int(given) if given.isascii() and given.isdigit() and len(given) < 11 else 0


@bp.route("/contracts/<int:contract_id>/edit", methods=["GET", "POST"])
@login_required
def edit(contract_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    contract = finding.find_contract(db.session, user, contract_id)
    policies.require(user, "contract.edit", contract)
    service.require_editable(contract)
    stored = text.form_values(contract)
    if request.method == "GET":
        known = begin.own_details(db.session, user, contract)
        form = Form(contract, seen=text.mark(contract))
        return _form(
            form, stored | known, proposed=frozenset(known), base=merge.base(stored)
        )
    form = Form(contract, seen=request.form.get("seen", ""))
    if request.form.get("action") == "merge":
        return _form(form, _merged(stored))
    try:
        contract = service.edit_contract(
            db.session,
            user,
            contract_id,
            service.read_form(request.form, contract),
            seen=form.seen,
            now=now,
        )
    except Invalid as invalid:
        return _form(form, _typed(), errors=invalid.fields)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _merge(contract_id)
    return _saved(contract)


@bp.route("/contracts/<int:contract_id>/amend", methods=["GET", "POST"])
@login_required
def amend(contract_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    contract = finding.find_contract(db.session, user, contract_id)
    policies.require(user, "contract.register", contract)
    if not amendments.may_amend(user, contract):
        raise Conflict("contract.not_recognised")
    stored = text.form_values(contract)
    if request.method == "GET":
        form = Form(contract, seen=text.mark(contract), amending=True)
        values = stored | {"amended_on": labels.day(now)}
        return _form(form, values, base=merge.base(stored))
    form = Form(contract, seen=request.form.get("seen", ""), amending=True)
    if request.form.get("action") == "merge":
        return _form(form, _merged(stored))
    try:
        context = registering.context(db.session, user, contract_id, labels.today(now))
        amendments.amend(
            db.session,
            user,
            contract_id,
            service.read_form(request.form, contract),
            parse(AmendmentInput, request.form, context),
            seen=form.seen,
            now=now,
        )
    except Invalid as invalid:
        return _form(form, _typed(), errors=invalid.fields)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _merge(contract_id, "amend")
    flash("变更已登记，原内容和变更内容都保留在合同里。", "success")
    return redirect(url_for("contracts.show", contract_id=contract_id), 303)


def _saved(contract: Contract) -> ResponseReturnValue:
    missing = len(service.todo(contract))
    words = f"还需填写 {missing} 项。" if missing else "内容已齐，请双方确认。"
    total = contract.total_fen
    read = "" if total is None else f"成交额读作 {in_yuan(total)}。"
    flash(f"合同已保存。{read}{words}", "success")
    return redirect(url_for("contracts.show", contract_id=contract.id), 303)


def _typed() -> dict[str, Any]:
    """What was typed, as it was typed, with the lines of the plan put together."""
    return from_form(request.form)


def _words(name: str, values: Any) -> str:
    """A field of the form as a person reads it in a comparison."""
    value = values.get(name)
    if name == "plan":
        return "\n".join(text.line_words(line) for line in value or [])
    if value in ("yes", "no"):
        return dict(YES_NO)[value]
    return labels.in_words(name, str(value).strip()) if value else ""


SHAPE = merge.Shape(
    _words, unchosen=frozenset({"amended_on", "reason"}), columns={"plan": PLAN}
)


def _merged(stored: dict[str, Any]) -> dict[str, Any]:
    return merge.chosen(SHAPE, _typed(), stored, request.form)


def _merge(contract_id: int, endpoint: str = "edit") -> ResponseReturnValue:
    """Both texts field by field; the person chooses, then sees the form again."""
    contract = finding.find_contract(db.session, signed_in(), contract_id)
    return posting.choices(
        contract,
        SHAPE,
        LABELS,
        text.form_values(contract),
        _typed(),
        title=contract.name,
        noun="合同",
        back=url_for("contracts.show", contract_id=contract.id),
        action=url_for(f".{endpoint}", contract_id=contract.id),
        seen=("seen", text.mark(contract)),
        used=False,
    )


def _form(
    form: Form,
    values: dict[str, Any],
    *,
    errors: dict[str, str] | None = None,
    proposed: frozenset[str] = frozenset(),
    base: str = "",
) -> ResponseReturnValue:
    lines = [line for line in values.get("plan") or [] if any(line.values())]
    spare = max(0, min(SPARE_LINES, MOST_LINES - len(lines)))
    page = render_template(
        "contracts/edit.html",
        form=form,
        contract=form.contract,
        values=values,
        errors=errors or {},
        proposed=proposed,
        missing=service.todo_of(values, form.achievement, form.kept),
        base=base or request.form.get("base", ""),
        lines=lines + [{}] * spare,
        asks_priority=complete.asks_priority(ContractType.TRANSFER, form.achievement),
        types=members(ContractType),
        subtypes=_offered(CONTRACT_WORDS["contract_subtype"], values.get("subtype")),
        words={
            name: _offered(CONTRACT_WORDS[name], values.get(name))
            for name in ("technology_field", "ip_kind", "plan_source", "aim")
        },
        fields=_offered(FIELDS, values.get("field")),
        manners=[
            (one.value, labels.label(one), MANNER_HINTS[one]) for one in PaymentManner
        ],
        triggers=members(PaymentTrigger),
        priorities=members(CompleterPriority),
        kinds=members(PartyKind),
        regions=_regions(values),
        sizes=list(SIZES.items()),
        industries=list(INDUSTRIES.items()),
        ticks=PARTY_TICKS,
        firm_ticks=FIRM_TICKS,
        firm_lists=FIRM_LISTS,
        yes_no=YES_NO,
        sides=SIDES,
        labels_of=LABELS | STEP_LABELS,
        today=labels.day(utcnow()),
    )
    return page, 422 if errors else 200


def _regions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """The districts and provinces, and what a file said more exactly."""
    known = {code for code, _ in REGIONS}
    chosen = {str(values.get(f"{side}_region") or "") for side in SIDES}
    exact = sorted(code for code in chosen - known if code)
    return REGIONS + [(code, f"{region_name(code)}（{code}）") for code in exact]


def _offered(words: Vocabulary, chosen: Any) -> list[tuple[str, str]]:
    """What the list offers, and what is chosen though it is out of use."""
    return [
        (code, label if words.is_offered(code) else f"{label}（已停用）")
        for code, label in words.items()
        if words.is_offered(code) or code == chosen
    ]
