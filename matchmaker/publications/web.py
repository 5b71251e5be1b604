"""Pages of lists: for everybody those issued, for staff the drafts too."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import PublicationList, utcnow
from models.fields import DISTRICTS, FIELDS, district_name, field_name
from models.states import PublicationKind, PublicationState

from .. import documents, labels, policies
from ..accounts.current import current, signed_in
from ..db import db
from ..errors import Conflict, Invalid
from ..feeds.web import ATOM_TYPE, base_url, told
from ..history import service as history
from ..history.words import entries as timeline
from ..schema import parse
from ..sheets.tables import Form
from ..sheets.web import asked_form, download, download_table, exports
from . import contents, finding, paper, service
from . import export as lists_export
from . import feed as news
from .schema import (
    LABELS,
    PLATFORM,
    EditedList,
    ListArrangement,
    ListSeen,
    ListVersion,
    ListWithdrawal,
    NewList,
    PublicationQuery,
    SheetQuery,
)
from .view import view

bp = Blueprint("publications", __name__)

# The page of a record, by the kind of list.
PAGES = {
    PublicationKind.NEEDS: ("needs.show", "need_id"),
    PublicationKind.ACHIEVEMENTS: ("achievements.show", "achievement_id"),
    PublicationKind.SCENES: ("needs.show", "need_id"),
}
CHANGES = {"title": "名称", "number": "编号", "replaces": "代替", "words": "原因"}


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"list_code": finding.code}


@bp.get("/lists")
def index() -> ResponseReturnValue:
    query = parse(PublicationQuery, request.args)
    found = finding.listed(db.session, current(), query)
    return render_template(
        "publications/list.html",
        found=found,
        counts=finding.counts(db.session, found.items),
        query=query,
        kinds=[(kind.value, labels.label(kind)) for kind in PublicationKind],
        states=[
            (state.value, labels.label(state))
            for state in PublicationState
            if policies.may(current(), "publication.govern")
            or state is not PublicationState.DRAFT
        ],
        exported=query.filters(),
    )


@bp.post("/lists/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(PublicationQuery, request.form), asked_form(), utcnow()
    file = lists_export.write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"公开清单-{labels.day(now)}", form)


@bp.get("/lists/feed.atom")
def feed() -> Response:
    return told(news.atom(db.session, base_url()), ATOM_TYPE)


@bp.get("/lists/<int:list_id>")
def show(list_id: int) -> ResponseReturnValue:
    return _show(list_id)


def _show(
    list_id: int, errors: dict[str, str] | None = None, form: str = ""
) -> ResponseReturnValue:
    """The page of a list; ``errors`` are those of its ``form``."""
    user = current()
    seen = view(db.session, user, list_id)
    made = seen.made
    page = render_template(
        "publications/draft.html" if made.is_draft else "publications/show.html",
        made=made,
        lines=seen.lines,
        included=seen.included,
        gone=seen.gone,
        links=_links(made, seen.openable),
        readable=seen.readable,
        governs=seen.governs,
        digest=seen.digest,
        unaltered=seen.unaltered,
        chosen=_chosen(made),
        errors=errors or {},
        failed=form,
        values=request.form,
        labels_of=LABELS,
        timeline=log(made) if seen.governs else None,
    )
    return page, 422 if errors else 200


def log(made: PublicationList) -> list[dict[str, Any]]:
    """What was done with the list, in words; for staff."""
    return timeline(history.of_record(db.session, made), CHANGES)


def _links(made: PublicationList, shown: frozenset[int]) -> dict[int, str]:
    """The address of each record that the reader may open now."""
    endpoint, argument = PAGES[made.kind]
    values: dict[int, dict[str, Any]] = {id_: {argument: id_} for id_ in shown}
    return {id_: url_for(endpoint, **values[id_]) for id_ in shown}


def _chosen(made: PublicationList) -> list[tuple[str, str]]:
    """What the list was gathered by, in words."""
    kept = made.chosen
    told_ = [
        ("技术领域", "、".join(map(field_name, kept.get("field", []))) or "全部"),
        ("发布日期", _period(kept.get("from_on"), kept.get("until_on"))),
    ]
    if made.kind is not PublicationKind.ACHIEVEMENTS:
        places = "、".join(map(district_name, kept.get("district", [])))
        told_.insert(1, ("区县", places or "全部"))
    return told_


def _period(begin: str | None, end: str | None) -> str:
    if not begin and not end:
        return "不限"
    return f"{begin or '不限'} 到 {end or '今天'}"


@bp.get("/lists/<int:list_id>/word")
@exports
def word(list_id: int) -> Response:
    made, lines = _issued(list_id)
    file = paper.word(made, lines)
    return download(file, f"{paper.name(made)}.docx", documents.MEDIA_TYPE)


@bp.get("/lists/<int:list_id>/sheet")
def sheet(list_id: int) -> Response:
    query = parse(SheetQuery, request.args)
    file: Response = offer_sheet(list_id, query.format)
    return file


@exports
def offer_sheet(list_id: int, form: Form) -> Response:
    """The list as a table, for people and programs out of one allowance."""
    made, lines = _issued(list_id)
    return download_table(paper.sheet(made, lines, form), paper.name(made), form)


def _issued(list_id: int) -> tuple[PublicationList, list[contents.Line]]:
    """A list that this person may take away: issued, and not withdrawn for them."""
    made = finding.find(db.session, current(), list_id)
    if made.is_draft:
        raise Conflict("publication.not_issued")
    if not policies.reads_entries(current(), made):
        raise Conflict("publication.withdrawn")
    return made, contents.lines(db.session, made)


@bp.route("/lists/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    policies.require(signed_in(), "publication.govern")
    if request.method == "GET":
        return _form({"issuer": PLATFORM, "kind": PublicationKind.NEEDS.value})
    try:
        data = parse(NewList, request.form)
        made = service.create(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _form(_posted(), errors=invalid.fields)
    flash("清单草稿已保存。请核对条目和顺序，再发布。", "success")
    return redirect(url_for(".show", list_id=made.id), 303)


@bp.route("/lists/<int:list_id>/edit", methods=["GET", "POST"])
@login_required
def edit(list_id: int) -> ResponseReturnValue:
    made = _governed(list_id)
    if not made.is_draft:
        raise Conflict("publication.issued")
    if request.method == "GET":
        return _form(_values(made), made=made)
    try:
        data = parse(EditedList, request.form)
        service.edit(db.session, signed_in(), list_id, data, now=utcnow())
    except Invalid as invalid:
        made = _governed(list_id)
        return _form(_posted(), made=made, errors=invalid.fields)
    flash("已保存，并按现在的条件重新收集。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


def _governed(list_id: int) -> PublicationList:
    """The list, for whoever composes lists: asked before what the form says."""
    made = finding.find(db.session, signed_in(), list_id)
    policies.require(signed_in(), "publication.govern")
    return made


def _posted() -> dict[str, Any]:
    several = {name: request.form.getlist(name) for name in ("field", "district")}
    return request.form.to_dict() | several


def _values(made: PublicationList) -> dict[str, Any]:
    """The draft as its own form would post it."""
    return {
        "kind": made.kind.value,
        "title": made.title,
        "issuer": made.issuer,
        "foreword": made.foreword,
        "version": made.version,
    } | made.chosen


def _form(
    values: dict[str, Any],
    *,
    made: PublicationList | None = None,
    errors: dict[str, str] | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "publications/edit.html",
        made=made,
        values=values,
        errors=errors or {},
        kinds=[(kind.value, labels.label(kind)) for kind in PublicationKind],
        fields=list(FIELDS.items()),
        districts=list(DISTRICTS.items()),
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/lists/<int:list_id>/gather")
@login_required
def gather(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    version = parse(ListVersion, request.form).version
    number = service.gather(db.session, signed_in(), list_id, version, now=utcnow())
    flash(f"已重新收集，现有 {number} 条。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


@bp.post("/lists/<int:list_id>/entries")
@login_required
def arrange(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    try:
        data = parse(ListArrangement, request.form)
        service.arrange(db.session, signed_in(), list_id, data, now=utcnow())
    except Invalid as invalid:
        return _show(list_id, invalid.fields, "arrange")
    flash("条目和顺序已保存。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


@bp.post("/lists/<int:list_id>/issue")
@login_required
def issue(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    data = parse(ListSeen, request.form)
    made = service.issue(db.session, signed_in(), list_id, data, now=utcnow())
    flash(f"已发布：{finding.code(made)}。内容从现在起不再变动。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


@bp.post("/lists/<int:list_id>/discard")
@login_required
def discard(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    version = parse(ListVersion, request.form).version
    service.discard(db.session, signed_in(), list_id, version, now=utcnow())
    flash("草稿已放弃。", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/lists/<int:list_id>/withdraw")
@login_required
def withdraw(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    try:
        data = parse(ListWithdrawal, request.form)
        made = service.withdraw(db.session, signed_in(), list_id, data, now=utcnow())
    except Invalid as invalid:
        return _show(list_id, invalid.fields, "withdraw")
    flash(f"已撤回：{finding.code(made)}。编号和原因仍然公开。", "success")
    return redirect(url_for(".show", list_id=list_id), 303)


@bp.post("/lists/<int:list_id>/replace")
@login_required
def replace(list_id: int) -> ResponseReturnValue:
    _governed(list_id)
    made = service.replace(db.session, signed_in(), list_id, now=utcnow())
    flash("已按原清单起草更正清单；它发布时，原清单自动撤回。", "success")
    return redirect(url_for(".show", list_id=made.id), 303)
