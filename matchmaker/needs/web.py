"""Pages of needs: lists, one need, the form, taking it back."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic_core import PydanticCustomError

from models import Need
from models.base import utcnow
from models.fields import DISTRICTS, FIELDS
from models.needs import fingerprint
from models.outbox import RecordType
from models.states import IpWish, NeedStatus, Secrecy

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..calls.service import calls_from
from ..config import Settings
from ..db import db
from ..differences import Piece, pieces
from ..duplicates import service as duplicates
from ..errors import Conflict, Invalid
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..matches.supply import Shortfall, shortfall
from ..posting import expiry
from ..posting.service import is_editable
from ..posting.terms import Terms
from ..schema import clean
from ..search import rows
from ..search.live import live_index
from ..search.web import list_page, near_cards, searches
from . import budgets, merge, service
from .hints import Hint, seen_mark
from .schema import (
    COLUMN_LABELS,
    LABELS,
    NEED_MODES,
    NeedDraft,
    from_form,
    measure_mark,
)
from .targets import COMPARATOR_WORDS, complete, words

bp = Blueprint("needs", __name__)

LISTS = ("public_targets", "cooperation")
FULL_TEXTS = ("title", "problem", "targets")
PUBLIC_TEXTS = ("public_title", "public_problem", "public_targets")
# Those whose owner waits for an answer.
LOOKING = frozenset({NeedStatus.PENDING, NeedStatus.PUBLISHED})
UNMATCHED = frozenset({NeedStatus.DRAFT, NeedStatus.WITHDRAWN})
MOST_KEY = 64


@bp.get("/needs")
@searches
def browse() -> ResponseReturnValue:
    return list_page("needs/browse.html", RecordType.NEED)


@bp.get("/needs/mine")
@login_required
def mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.NEED)
    return list_page("needs/mine.html", RecordType.NEED, base=own, own=True)


@bp.get("/needs/<int:need_id>")
def show(need_id: int) -> ResponseReturnValue:
    user, session = current(), db.session
    now = utcnow()
    today = labels.today(now)
    need = service.find_need(session, user, need_id)
    full = policies.reads_full_text(user, need)
    matched = full and need.status not in UNMATCHED
    near = _near(need, RecordType.ACHIEVEMENT) if matched else None
    read_history = policies.may(user, "history.read", need)
    return render_template(
        "needs/show.html",
        need=need,
        text=service.text_for(user, need),
        card=rows.card(user, need, now),
        state=rows.state(need, now),
        full=full,
        owner=policies.may(user, "need.edit", need),
        editable=is_editable(need),
        withdrawable=service.may_withdraw(need),
        solvable=service.may_be_solved(need),
        submitted=full and "submitted" in request.args,
        achievements=near,
        shortfall=_shortfall(need) if near == [] else None,
        calls=_near(need, RecordType.CALL) if matched else None,
        covering=calls_from(session, user, need),
        budget=budgets.seen(user, need),
        public_budget=budgets.seen(None, need),
        measures=service.measures_of(need) if full or shows_all(need) else [],
        all_told=full or shows_all(need),
        renewable=expiry.may_renew(need, _terms(), today),
        last_day=expiry.last_day(need, _terms()),
        files=attachments.cards(need),
        files_url=_files_url(need),
        similar=duplicates.find(session, live_index(), user, need),
        timeline=entries(history.of_record(session, need), COLUMN_LABELS)
        if read_history
        else None,
    )


def _terms() -> Terms:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.terms


def shows_all(need: Need) -> bool:
    """Whether the public text is the full one."""
    return need.secrecy is Secrecy.PUBLIC


def _files_url(need: Need) -> str:
    """Where this reader changes the files of the need; nowhere for most."""
    changes = policies.may(current(), "attachment.change", need)
    if not changes or not is_editable(need):
        return ""
    return url_for("attachments.of_need", record_id=need.id)


def _shortfall(need: Need) -> Shortfall | None:
    if need.status not in LOOKING:
        return None
    return shortfall(db.session, live_index(), signed_in(), need, now=utcnow())


def _near(need: Need, kind: RecordType) -> list[dict[str, Any]]:
    found = nearby(
        db.session, live_index(), current(), need, kind, limit=5, now=utcnow()
    )
    return near_cards(found)


@bp.route("/needs/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "need.create")
    if request.method == "GET":
        organisation = user.organisation
        values = {
            "secrecy": "public",
            "district": organisation and organisation.district,
        }
        return _form(values, shown=Shown(key=secrets.token_urlsafe(16)))
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    now = utcnow()
    shown = Shown(key=key)
    try:
        if (page := _before_saving(shown, now)) is not None:
            return page
        data = _data(_submitting(), now)
        need = service.create_need(db.session, user, data, form_key=key, now=now)
    except Invalid as invalid:
        return _refused(invalid, shown)
    except Conflict as conflict:
        if conflict.code != "form_used":
            raise
        made = service.find_need(db.session, user, int(str(conflict.facts["id"])))
        return _merge(made, used=True)
    return _done(need)


@bp.route("/needs/<int:need_id>/edit", methods=["GET", "POST"])
@login_required
def edit(need_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    need = service.find_need(db.session, user, need_id)
    policies.require(user, "need.edit", need)
    service.require_editable(need)
    if request.method == "GET":
        return _form(form_values(need), need=need)
    shown = Shown(need=need, version=_version())
    if _action() == "merge":
        return _form(merge.chosen(request.form, form_values(need)), shown=shown)
    try:
        if (page := _before_saving(shown, now)) is not None:
            return page
        submit = _submitting() or need.status is not NeedStatus.DRAFT
        need = service.edit_need(
            db.session,
            user,
            need_id,
            _data(submit, now),
            version=_version(),
            now=now,
        )
    except Invalid as invalid:
        return _refused(invalid, shown)
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        return _merge(service.find_need(db.session, user, need_id))
    return _done(need)


@dataclass(frozen=True)
class Shown:
    """Which form is on the page: that of a need, or a new one with its key."""

    need: Need | None = None
    key: str = ""
    version: int | None = None


def _data(submit: bool, now: datetime) -> NeedDraft:
    return service.read_form(
        signed_in(), request.form, submit=submit, today=labels.today(now)
    )


def _before_saving(shown: Shown, now: datetime) -> ResponseReturnValue | None:
    """The form again, nothing saved: asked for, or because there is more to see.

    Raises `Invalid` for what is not well formed.
    """
    action = _action()
    if action in ("draft", "autosave"):
        return None
    asks = action in ("check", "mask")
    drafts = action == "mask" or (not asks and _wants_public_text())
    if not asks and not drafts:
        _data(True, now)  # what is wrong comes before what could be better
    data = _data(False, now)
    values = _typed()
    if drafts:
        asks = True
        values |= service.public_draft(db.session, signed_in(), data)
        values |= {"secrecy": Secrecy.MASKED.value, "public_approved": ""}
        data = data.model_copy(
            update={"secrecy": Secrecy.MASKED}
            | {name: values[name] for name in PUBLIC_TEXTS}
        )
    if not asks and shown.key and _made_before(shown.key, now):
        return None  # sent twice: its own first copy is no duplicate
    advice = _advice(data, shown.need, now)
    if not asks and (advice.nothing or request.form.get("hints_seen") == advice.mark):
        return None
    return _form(values, shown=shown, advice=advice, drafted=drafts)


def _made_before(key: str, now: datetime) -> bool:
    made = history.made_before(db.session, signed_in(), "need.created", key, now=now)
    return made is not None


def _wants_public_text() -> bool:
    """Whether the need is to be masked and nobody wrote a public text yet."""
    written = (line for name in PUBLIC_TEXTS for line in request.form.getlist(name))
    masked = request.form.get("secrecy") == Secrecy.MASKED.value
    return masked and not any(line.strip() for line in written)


@dataclass(frozen=True)
class Advice:
    """What the author should see before submitting."""

    hints: list[Hint]
    similar: duplicates.Finding | None
    mark: str

    @property
    def nothing(self) -> bool:
        return not self.hints and not (self.similar and self.similar.rows)


def _advice(data: NeedDraft, need: Need | None, now: datetime) -> Advice:
    user, session = signed_in(), db.session
    found = service.hints_for(session, user, data, today=labels.today(now))
    similar = None
    # The script asks at every pause; encoding the text each time would be dear.
    quick = "quick" in request.form
    if data.problem and not quick and (need is None or need.status is NeedStatus.DRAFT):
        item = service.unsaved(user, data, need)
        similar = duplicates.find(session, live_index(), user, item)
    rows = similar.rows if similar else []
    return Advice(
        found, similar, seen_mark(found, ",".join(str(row.item.id) for row in rows))
    )


def _refused(invalid: Invalid, shown: Shown) -> ResponseReturnValue:
    if _action() == "autosave":
        return {"errors": invalid.fields}, 422
    return _form(_typed(), errors=invalid.fields, shown=shown)


def _merge(stored: Need, *, used: bool = False) -> ResponseReturnValue:
    """Both versions field by field; the person chooses, then sees the form again."""
    if _action() == "autosave":
        return {"conflict": url_for(".edit", need_id=stored.id)}, 409
    page = render_template(
        "posting/merge.html",
        title=stored.title,
        noun="需求",
        back=url_for(".show", need_id=stored.id),
        action=url_for(".edit", need_id=stored.id),
        seen=("version", stored.version),
        used=used,
        rows=merge.rows(LABELS, form_values(stored), _typed(), request.form),
        typed=merge.posted(_typed()),
        last=merge.last_change(history.of_record(db.session, stored)),
    )
    return page, 409


@bp.post("/needs/<int:need_id>/renew")
@login_required
def renew(need_id: int) -> ResponseReturnValue:
    terms = _terms()
    need = service.renew_need(
        db.session, signed_in(), need_id, terms=terms, now=utcnow()
    )
    flash(f"已续期到 {labels.day(expiry.last_day(need, terms))}。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


@bp.post("/needs/<int:need_id>/solved")
@login_required
def solved(need_id: int) -> ResponseReturnValue:
    service.mark_solved(db.session, signed_in(), need_id, now=utcnow())
    flash("已标记为已解决。页面按原来的公开范围保留，不再参与匹配。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


@bp.post("/needs/<int:need_id>/withdraw")
@login_required
def withdraw(need_id: int) -> ResponseReturnValue:
    service.withdraw_need(db.session, signed_in(), need_id, now=utcnow())
    flash("需求已撤回，不再出现在任何列表和检索中。", "success")
    return redirect(url_for(".show", need_id=need_id), 303)


def _action() -> str:
    return request.form.get("action", "")


def _submitting() -> bool:
    return _action() not in ("draft", "autosave")


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _typed() -> dict[str, Any]:
    """What was typed, as it was typed; rows without a sentence are left out."""
    values: dict[str, Any] = request.form.to_dict()
    together = from_form(request.form)
    lists = {name: request.form.getlist(name) for name in LISTS}
    return values | lists | {n: together[n] for n in ("targets", "measures")}


def form_values(need: Need) -> dict[str, Any]:
    """The need as its own form would post it."""
    return {
        "title": need.title,
        "field": need.field,
        "district": need.district,
        "problem": need.problem,
        "tried": need.tried,
        "scene": need.scene,
        "targets": need.targets,
        "measures": service.measures_of(need),
        "trl_expected": str(need.trl_expected or ""),
        "budget": labels.wan(need.budget_fen),
        "cooperation": need.cooperation,
        "ip_wish": need.ip_wish or "",
        "solver_conditions": need.solver_conditions,
        "deadline": labels.day(need.deadline),
        "contact": need.contact,
        "park": need.park,
        "secrecy": str(need.secrecy),
        "public_title": need.public_title or "",
        "public_problem": need.public_problem or "",
        "public_targets": need.public_targets or [],
        "public_approved": need.public_approved or "",
    }


def _form(
    values: dict[str, Any],
    *,
    errors: dict[str, str] | None = None,
    need: Need | None = None,
    shown: Shown | None = None,
    advice: Advice | None = None,
    drafted: bool = False,
) -> ResponseReturnValue:
    """The form, with what was typed or what is stored."""
    shown = shown or Shown(need=need)
    need = shown.need or need
    version = shown.version
    rows = list(values.get("targets") or [])
    page = render_template(
        "needs/edit.html",
        values=values,
        errors=errors or {},
        need=need,
        form_key=shown.key or (request.form.get("form_key", "") if not need else ""),
        version=need.version if need and version is None else version,
        base=_base(need, version),
        advice=advice,
        drafted=drafted,
        targets=targets_of(rows, values.get("measures")),
        comparators=list(COMPARATOR_WORDS.items()),
        public=public_pieces(values),
        full_mark=fingerprint_of(values),
        labels_of=LABELS,
        fields=FIELDS.offered(),
        districts=DISTRICTS.offered(),
        levels=labels.LEVELS,
        modes=[(mode.value, labels.label(mode)) for mode in NEED_MODES],
        wishes=[(wish.value, labels.label(wish)) for wish in IpWish],
        drafting=need is None or need.status is NeedStatus.DRAFT,
    )
    return page, 422 if errors else 200


def _base(need: Need | None, version: int | None) -> str:
    """The need as it was when the form was opened, for telling who changed what."""
    if need is not None and version in (None, need.version):
        return merge.base(form_values(need))
    return request.form.get("base", "")


def targets_of(sentences: list[str], measures: Any) -> list[dict[str, Any]]:
    """Each row of the targets with its measure, proposed where none was typed."""
    typed = [dict(one) for one in measures or []]
    plain = [None if one.get("proposed") else one for one in typed]
    read = complete(sentences, plain)
    for place, one in enumerate(read):
        if place < len(typed):
            one["must"] = typed[place].get("must", True)
    return [
        {
            "text": text,
            **one,
            "words": words(one),
            "mark": measure_mark(one) if one.get("proposed") else "",
        }
        for text, one in zip(sentences, read, strict=True)
    ]


def public_pieces(values: dict[str, Any]) -> list[tuple[str, list[Piece]]]:
    """How the public text differs from the full one, part by part."""
    texts = {name: _as_text(values.get(name)) for name in (*FULL_TEXTS, *PUBLIC_TEXTS)}
    if not any(texts[name] for name in PUBLIC_TEXTS):
        return []
    return [
        (LABELS[full], pieces(texts[full], texts[public]))
        for full, public in zip(FULL_TEXTS, PUBLIC_TEXTS, strict=True)
    ]


def fingerprint_of(values: dict[str, Any]) -> str:
    """Of the full text on the page, as it will be read when it is posted."""
    try:
        title, problem = (clean(_as_text(values.get(n))) for n in FULL_TEXTS[:2])
        lines = [clean(line) for line in values.get("targets") or []]
    except PydanticCustomError:
        return ""
    return fingerprint(title, problem, [line for line in lines if line])


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(line for line in value if line)
    return str(value or "").replace("\r\n", "\n")


def _done(need: Need) -> ResponseReturnValue:
    if _action() == "autosave":
        return {
            "edit": url_for(".edit", need_id=need.id),
            "version": need.version,
            "base": merge.base(form_values(need)),
            "saved": labels.minute(need.updated_at)[-5:],
        }
    if need.status is not NeedStatus.DRAFT:
        flash("已提交审核。审核通过后发布，结果会在通知里告诉您。", "success")
        return redirect(url_for(".show", need_id=need.id, submitted=1), 303)
    flash("草稿已保存，只有本单位能看到。", "success")
    return redirect(url_for(".show", need_id=need.id), 303)
