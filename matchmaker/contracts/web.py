"""Pages of contracts: lists, one contract with its steps, its form, its exports."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from models import Achievement, Award, Contract, Introduction
from models.base import utcnow
from models.fields import CONTRACT_WORDS, FIELDS, Vocabulary
from models.regions import region_name
from models.states import (
    CompleterPriority,
    ContractState,
    ContractType,
    Flow,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
)

from .. import labels, policies
from ..accounts.current import signed_in
from ..attachments import content
from ..attachments import web as attachments
from ..awards import contracting
from ..db import db
from ..errors import Conflict, Invalid
from ..history import service as history
from ..history.words import entries
from ..money import in_yuan
from ..posting import merge
from ..schema import parse
from ..sheets.web import download
from . import (
    amendments,
    complete,
    cuts,
    export,
    listing,
    payments,
    registering,
    service,
    text,
)
from . import page as pages
from .schema import (
    MOST_LINES,
    AmendmentInput,
    Cancellation,
    Confirmation,
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
    from_form,
)
from .words import (
    COLUMN_LABELS,
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

bp = Blueprint("contracts", __name__)

MOST_KEY = 64
SPARE_LINES = 2


@bp.url_value_preprocessor
def _allow_proofs(endpoint: str | None, _values: object) -> None:
    if endpoint == "contracts.report":
        attachments.take_upload()


# -- lists -------------------------------------------------------------------


@bp.get("/contracts")
@login_required
def browse() -> ResponseReturnValue:
    policies.require(signed_in(), "ledger.read")
    return _list("技术合同台账", own=False)


@bp.get("/contracts/mine")
@login_required
def mine() -> ResponseReturnValue:
    return _list("我的合同", own=True)


def _list(heading: str, *, own: bool) -> ResponseReturnValue:
    query, errors = read_query(request.args)
    found = listing.browse(db.session, signed_in(), query)
    page = render_template(
        "contracts/list.html",
        heading=heading,
        own=own,
        found=found,
        query=query,
        values=query.model_dump(exclude={"page"}) | request.args.to_dict(),
        errors=errors,
        address=query.address(),
        chosen=_cut_chips(query, own=own),
        board_year=_board_year(query),
        tabs=_state_tabs(query, found),
        types=_members(ContractType),
        flows=_members(Flow),
        kinds=_members(PartyKind),
        fields=listing.fields_offered(),
        regions=listing.regions_offered(),
        sorts=[(sort.value, words) for sort, words in listing.SORT_LABELS.items()],
        labels_of=listing.QUERY_LABELS,
        waited=_waited_days,
        in_yuan=in_yuan,
    )
    return page, 422 if errors else 200


def _cut_chips(query: listing.ContractQuery, *, own: bool) -> list[tuple[str, str]]:
    """What the figure of a board stands for, with the address without each cut."""
    here = url_for(".mine" if own else ".browse")

    def without(cut: cuts.Cut) -> str:
        gone = ("cut", str(cut))
        return f"{here}?{urlencode([pair for pair in query.address() if pair != gone])}"

    found = cuts.words(db.session, query.cut) if query.cut else []
    return [(words, without(cut)) for cut, words in found]


def _board_year(query: listing.ContractQuery) -> int | None:
    """The year of the board the list was opened from, for who may go back to it."""
    if not policies.may(signed_in(), "board.read"):
        return None
    return cuts.year_of(query.cut, *cuts.Standing)


def _waited_days(contract: Contract) -> int:
    return max(0, (utcnow() - contract.state_since).days)


def _state_tabs(
    query: listing.ContractQuery, found: listing.Listing
) -> list[dict[str, Any]]:
    """Every state with how many rows it has, as links that choose it alone."""
    others = [pair for pair in query.address() if pair[0] != "state"]
    everything = {
        "label": "全部",
        "count": sum(found.states.values()),
        "selected": not query.state,
        "pairs": others,
    }
    return [everything] + [
        {
            "label": labels.label(state),
            "count": found.states.get(state, 0),
            "selected": state in query.state,
            "pairs": [*others, ("state", state.value)],
        }
        for state in ContractState
        if found.states.get(state) or state in query.state
    ]


def read_query(
    args: MultiDict[str, str],
) -> tuple[listing.ContractQuery, dict[str, str]]:
    """The list that is asked for, and what of the address makes no sense.

    What makes no sense is left out, so that the rest can still be shown.
    """
    given = MultiDict(
        (name, value) for name, value in args.items(multi=True) if value.strip()
    )
    try:
        return parse(listing.ContractQuery, given), {}
    except Invalid as invalid:
        for name in invalid.fields:
            given.poplist(name)
        return parse(listing.ContractQuery, given), invalid.fields


@bp.post("/contracts/export")
@login_required
def export_rows() -> ResponseReturnValue:
    query, errors = read_query(request.form)
    if errors:
        raise Invalid(errors)
    now = utcnow()
    file = export.ledger(db.session, signed_in(), query, now=now)
    return download(file, f"技术合同-{labels.day(now)}.xlsx")


# -- one contract ------------------------------------------------------------


@bp.get("/contracts/<int:contract_id>")
@login_required
def show(contract_id: int) -> ResponseReturnValue:
    return _page(contract_id)


def _page(
    contract_id: int, *, errors: dict[str, str] | None = None, failed: str = ""
) -> ResponseReturnValue:
    """The page of a contract; ``failed`` is the step whose form was wrong."""
    user, today = signed_in(), labels.today(utcnow())
    contract = service.find_contract(db.session, user, contract_id)
    policies.require(user, "contract.read", contract)
    view = pages.view(user, contract, today)
    page = render_template(
        "contracts/show.html",
        view=view,
        contract=contract,
        award=contracting.of_contract(db.session, user, contract),
        errors=errors or {},
        failed=failed,
        values=request.form if failed else {},
        sections=export.sections(contract),
        steps=pages.STEPS,
        here=pages.PLACES.get(contract.state, ""),
        counts=pages.is_counted(contract),
        sides=SIDES,
        confirmed=lambda side: service.confirmed(contract, side),
        party_rows=lambda side: export.party_rows(contract, side),
        refused_words=registering.refused_words,
        refusals=CONTRACT_WORDS["contract_refused"].offered(),
        change_rows=lambda changes: _change_rows(changes),
        files=attachments.cards(contract),
        files_url=url_for("attachments.of_contract", record_id=contract.id)
        if "files" in view.may
        else "",
        accept=content.ACCEPT,
        taken=content.TAKEN,
        labels_of=LABELS | STEP_LABELS,
        today=today.isoformat(),
        timeline=entries(history.of_record(db.session, contract), COLUMN_LABELS),
    )
    return page, 422 if errors else 200


def _change_rows(changes: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(field, before, after) in words of an amendment."""
    return [
        (
            COLUMN_LABELS.get(name, name),
            labels.in_words(name, before),
            labels.in_words(name, after),
        )
        for name, (before, after) in changes.items()
    ]


@bp.get("/contract-payments/<int:payment_id>")
@login_required
def payment(payment_id: int) -> ResponseReturnValue:
    """The line of a plan, where its contract shows it."""
    line = payments.find_line(db.session, signed_in(), payment_id)
    place = url_for(".show", contract_id=line.contract_id, _anchor="plan")
    return redirect(place)


@bp.get("/contracts/<int:contract_id>/registration")
@login_required
def registration(contract_id: int) -> ResponseReturnValue:
    user = signed_in()
    contract = service.find_contract(db.session, user, contract_id)
    policies.require(user, "contract.read", contract)
    return render_template(
        "contracts/registration.html",
        contract=contract,
        sections=export.sections(contract),
        printed=labels.day(utcnow()),
    )


@bp.post("/contracts/<int:contract_id>/registration.xlsx")
@login_required
def registration_sheet(contract_id: int) -> ResponseReturnValue:
    contract, file = export.registration_form(
        db.session, signed_in(), contract_id, now=utcnow()
    )
    return download(file, f"技术合同登记表-{contract.code}.xlsx")


# -- the form ----------------------------------------------------------------


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
    if talks is not None and (there := service.draft_of(db.session, talks)) is not None:
        flash("这次对接已有合同草稿，请在原草稿上修改。", "info")
        return redirect(url_for(".edit", contract_id=there.id), 303)
    if award is not None and contracting.has_contract(award):
        return redirect(url_for(".show", contract_id=award.contract_id), 303)
    if award is not None:
        proposal = service.award_proposal(db.session, user, award)
    else:
        side = own_side if own_side in SIDES else ""
        proposal = service.proposal(db.session, user, talks, side)
    if request.method == "GET":
        form = Form(introduction=talks, award=award, key=secrets.token_urlsafe(16))
        values = proposal.values | {"own_side": own_side}
        return _form(form, values, proposed=proposal.proposed)
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    form = Form(introduction=talks, award=award, key=key)
    try:
        contract = service.create_contract(
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
    return service.find_introduction(db.session, signed_in(), number)


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
    contract = service.find_contract(db.session, user, contract_id)
    policies.require(user, "contract.edit", contract)
    service.require_editable(contract)
    stored = text.form_values(contract)
    if request.method == "GET":
        known = service.own_details(db.session, user, contract)
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
    contract = service.find_contract(db.session, user, contract_id)
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
        amendments.amend(
            db.session,
            user,
            contract_id,
            service.read_form(request.form, contract),
            parse(AmendmentInput, request.form, _context(contract_id)),
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
    return redirect(url_for(".show", contract_id=contract_id), 303)


def _saved(contract: Contract) -> ResponseReturnValue:
    missing = len(service.todo(contract))
    words = f"还需填写 {missing} 项。" if missing else "内容已齐，请双方确认。"
    total = contract.total_fen
    read = "" if total is None else f"成交额读作 {in_yuan(total)}。"
    flash(f"合同已保存。{read}{words}", "success")
    return redirect(url_for(".show", contract_id=contract.id), 303)


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


SHAPE = merge.Shape(_words)


def _merged(stored: dict[str, Any]) -> dict[str, Any]:
    kept = {name: request.form.get(name, "") for name in ("amended_on", "reason")}
    return kept | merge.chosen(SHAPE, _typed(), stored, request.form)


def _merge(contract_id: int, endpoint: str = "edit") -> ResponseReturnValue:
    """Both texts field by field; the person chooses, then sees the form again."""
    contract = service.find_contract(db.session, signed_in(), contract_id)
    typed = _typed()
    skip = [name for name in typed if name.startswith("plan")]
    posted = merge.hidden(typed, [*skip, "seen"])
    for line in typed["plan"]:
        posted += [(f"plan_{part}", str(line.get(part, ""))) for part in line]
    page = render_template(
        "posting/merge.html",
        title=contract.name,
        noun="合同",
        back=url_for(".show", contract_id=contract.id),
        action=url_for(f".{endpoint}", contract_id=contract.id),
        seen=("seen", text.mark(contract)),
        used=False,
        rows=merge.rows(SHAPE, LABELS, text.form_values(contract), typed, request.form),
        typed=posted,
        last=merge.last_change(history.of_record(db.session, contract)),
    )
    return page, 409


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
        types=_members(ContractType),
        subtypes=_offered(CONTRACT_WORDS["contract_subtype"], values.get("subtype")),
        words={
            name: _offered(CONTRACT_WORDS[name], values.get(name))
            for name in ("technology_field", "ip_kind", "plan_source", "aim")
        },
        fields=_offered(FIELDS, values.get("field")),
        manners=[
            (one.value, labels.label(one), MANNER_HINTS[one]) for one in PaymentManner
        ],
        triggers=_members(PaymentTrigger),
        priorities=_members(CompleterPriority),
        kinds=_members(PartyKind),
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


def _members(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, labels.label(member)) for member in enum]


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


# -- steps -------------------------------------------------------------------


def _context(contract_id: int) -> dict[str, Any]:
    today = labels.today(utcnow())
    return registering.context(db.session, signed_in(), contract_id, today)


def _step(
    contract_id: int,
    action: str,
    failed: str,
    do: Callable[[], object],
    done: str,
) -> ResponseReturnValue:
    """Take a step, or show the page again with what was wrong with its form."""
    user = signed_in()
    contract = service.find_contract(db.session, user, contract_id)
    policies.require(user, action, contract)
    try:
        do()
    except Invalid as invalid:
        return _page(contract_id, errors=invalid.fields, failed=failed)
    flash(done, "success")
    return redirect(url_for(".show", contract_id=contract_id), 303)


def _registering(
    contract_id: int, action: str, step: str, model: Any, done: str
) -> ResponseReturnValue:
    def do() -> None:
        data = parse(model, request.form, _context(contract_id))
        take = getattr(registering, step)
        take(db.session, signed_in(), contract_id, data, now=utcnow())

    return _step(contract_id, action, step, do, done)


@bp.post("/contracts/<int:contract_id>/confirm")
@login_required
def confirm(contract_id: int) -> ResponseReturnValue:
    def do() -> None:
        data = parse(Confirmation, request.form)
        service.confirm(db.session, signed_in(), contract_id, data, now=utcnow())

    done = "已确认合同文本。文本有任何改动，都需要双方重新确认。"
    return _step(contract_id, "contract.confirm", "confirm", do, done)


@bp.post("/contracts/<int:contract_id>/confirm-for")
@login_required
def confirm_for(contract_id: int) -> ResponseReturnValue:
    def do() -> None:
        data = parse(ConfirmationFor, request.form)
        service.confirm_for(db.session, signed_in(), contract_id, data, now=utcnow())

    done = "已代为确认，说明记入合同的经过。"
    return _step(contract_id, "contract.confirm_for", "confirm_for", do, done)


@bp.post("/contracts/<int:contract_id>/sign")
@login_required
def sign(contract_id: int) -> ResponseReturnValue:
    done = "已登记签订。请卖方在有效期内向登记机构提交认定登记。"
    return _registering(contract_id, "contract.sign", "sign", Signing, done)


@bp.post("/contracts/<int:contract_id>/submit")
@login_required
def submit(contract_id: int) -> ResponseReturnValue:
    done = "已登记提交。登记机构作出决定后，由平台工作人员登记结果。"
    return _registering(contract_id, "contract.submit", "submit", Submission, done)


@bp.post("/contracts/<int:contract_id>/correct")
@login_required
def correct(contract_id: int) -> ResponseReturnValue:
    done = "已登记补正要求，并通知当事人。"
    return _registering(contract_id, "contract.register", "correct", Correction, done)


@bp.post("/contracts/<int:contract_id>/recognise")
@login_required
def recognise(contract_id: int) -> ResponseReturnValue:
    done = "已登记认定，按认定日期计入年度成交额。"
    return _registering(
        contract_id, "contract.register", "recognise", Recognition, done
    )


@bp.post("/contracts/<int:contract_id>/refuse")
@login_required
def refuse(contract_id: int) -> ResponseReturnValue:
    done = "已登记不予登记，并把原因通知当事人。"
    return _registering(contract_id, "contract.register", "refuse", Refusal, done)


@bp.post("/contracts/<int:contract_id>/cancel")
@login_required
def cancel(contract_id: int) -> ResponseReturnValue:
    done = "已登记注销，不再计入成交额。"
    return _registering(contract_id, "contract.register", "cancel", Cancellation, done)


@bp.post("/contracts/<int:contract_id>/void")
@login_required
def void(contract_id: int) -> ResponseReturnValue:
    return _registering(contract_id, "contract.edit", "void", Voiding, "合同已作废。")


@bp.post("/contracts/<int:contract_id>/report")
@login_required
def report(contract_id: int) -> ResponseReturnValue:
    def do() -> None:
        data = parse(Happening, request.form, _context(contract_id))
        payments.report(
            db.session,
            attachments.store(),
            signed_in(),
            contract_id,
            data,
            attachments.sent("proof"),
            now=utcnow(),
        )

    done = "已登记支付条件成就，并通知对方。"
    return _step(contract_id, "contract.pay", "report", do, done)


@bp.post("/contracts/<int:contract_id>/receive")
@login_required
def receive(contract_id: int) -> ResponseReturnValue:
    def do() -> None:
        data = parse(ReceiptInput, request.form, _context(contract_id))
        payments.receive(db.session, signed_in(), contract_id, data, now=utcnow())

    return _step(contract_id, "contract.pay", "receive", do, "已登记到账。")


@bp.post("/contracts/<int:contract_id>/take-back")
@login_required
def take_back(contract_id: int) -> ResponseReturnValue:
    def do() -> None:
        data = parse(ReceiptRemoval, request.form)
        payments.take_back(
            db.session, signed_in(), contract_id, data.receipt_id, now=utcnow()
        )

    done = "已删除这笔到账登记，经过里保留记录。"
    return _step(contract_id, "contract.pay", "take_back", do, done)
