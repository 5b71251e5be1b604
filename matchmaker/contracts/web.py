"""Pages of contracts: the lists and their export, one contract and its print view."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.datastructures import MultiDict

from models import Contract
from models.base import utcnow
from models.fields import CONTRACT_WORDS
from models.states import ContractState, ContractType, Flow, PartyKind

from .. import labels, policies
from ..accounts.current import signed_in
from ..attachments import content
from ..attachments import web as attachments
from ..awards import contracting
from ..db import db
from ..errors import Invalid
from ..history import service as history
from ..history.words import entries
from ..money import in_yuan
from ..schema import parse
from ..sheets.web import asked_form, download, download_table, exports
from . import cuts, export, finding, listing, parties, payments, registering
from . import page as pages
from .words import COLUMN_LABELS, LABELS, SIDES, STEP_LABELS

bp = Blueprint("contracts", __name__)


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
        types=pages.members(ContractType),
        flows=pages.members(Flow),
        kinds=pages.members(PartyKind),
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
@exports
def export_rows() -> ResponseReturnValue:
    query, errors = read_query(request.form)
    if errors:
        raise Invalid(errors)
    now, form = utcnow(), asked_form()
    file = export.ledger(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"技术合同-{labels.day(now)}", form)


@bp.get("/contracts/<int:contract_id>")
@login_required
def show(contract_id: int) -> ResponseReturnValue:
    return show_page(contract_id)


def show_page(
    contract_id: int, *, errors: dict[str, str] | None = None, failed: str = ""
) -> ResponseReturnValue:
    """The page of a contract; ``failed`` is the step whose form was wrong."""
    user, today = signed_in(), labels.today(utcnow())
    contract = finding.find_contract(db.session, user, contract_id)
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
        confirmed=lambda side: parties.confirmed(contract, side),
        party_rows=lambda side: export.party_rows(contract, side),
        refused_words=registering.refused_words,
        refusals=CONTRACT_WORDS["contract_refused"].offered(),
        change_rows=pages.change_rows,
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
    contract = finding.find_contract(db.session, user, contract_id)
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
