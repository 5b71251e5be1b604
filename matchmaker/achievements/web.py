"""Pages of achievements: lists, one of them, who needs it, the form."""

import secrets
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

from models import Achievement
from models.base import utcnow
from models.fields import FIELDS
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    Ownership,
    ProofKind,
    Stage,
    ValuationMethod,
)

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..config import Settings
from ..db import db
from ..duplicates import service as duplicates
from ..errors import Conflict, Invalid
from ..history import service as history
from ..history.words import entries
from ..matches import service as matches
from ..matches.nearby import nearby
from ..posting import expiry
from ..posting import service as posting
from ..posting.terms import Terms
from ..search import rows
from ..search.live import live_index
from ..search.web import list_page, near_cards, searches
from ..subscriptions import service as subscriptions
from . import service
from .rights import IP_TYPES
from .schema import (
    ACHIEVEMENT_MODES,
    IP_STATES,
    LABELS,
    MOST_IP_ROWS,
    MOST_OWNERS,
    NINE,
    THIRTEEN,
    from_form,
)

bp = Blueprint("achievements", __name__)

LISTS = ("indicators", "modes")
MONEY = ("price", "valuation_low", "valuation_high")
COLUMN_LABELS = LABELS | {f"{name}_fen": LABELS[name] for name in MONEY}
LEVELS = [
    (str(level), f"{level} 级" if level <= NINE else f"{level} 级（仅十三级制）")
    for level in range(1, THIRTEEN + 1)
]
UNMATCHED = frozenset(
    {
        AchievementStatus.DRAFT,
        AchievementStatus.TRANSFERRED,
        AchievementStatus.WITHDRAWN,
    }
)
MOST_KEY = 64
MOST_BUYERS = 20
SPARE_IP_ROWS = 2


@bp.get("/achievements")
@searches
def browse() -> ResponseReturnValue:
    return list_page("achievements/browse.html", RecordType.ACHIEVEMENT)


@bp.get("/achievements/mine")
@login_required
def mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.ACHIEVEMENT)
    return list_page(
        "achievements/mine.html", RecordType.ACHIEVEMENT, base=own, own=True
    )


@bp.get("/achievements/<int:achievement_id>")
def show(achievement_id: int) -> ResponseReturnValue:
    user, session, now = current(), db.session, utcnow()
    today = labels.today(now)
    item = service.find_achievement(session, user, achievement_id)
    seeks = policies.may(user, "achievement.find_buyers", item)
    matched = item.status not in UNMATCHED
    read_history = policies.may(user, "history.read", item)
    return render_template(
        "achievements/show.html",
        item=item,
        card=rows.card(user, item, now),
        state=rows.state(item, now),
        seeks=seeks,
        owner=policies.may(user, "achievement.edit", item),
        editable=posting.is_editable(item),
        watchable=seeks and item.status in subscriptions.SEEKING,
        files=attachments.cards(item),
        files_url=_files_url(item),
        withdrawable=service.may_withdraw(item),
        transferable=service.may_be_transferred(item),
        renewable=expiry.may_renew(item, _terms(), today),
        last_day=expiry.last_day(item, _terms()),
        submitted=seeks and "submitted" in request.args,
        needs=_near(item, RecordType.NEED) if matched and seeks else None,
        calls=_near(item, RecordType.CALL) if matched else None,
        similar=duplicates.find(session, live_index(), user, item),
        timeline=entries(history.of_record(session, item), COLUMN_LABELS)
        if read_history
        else None,
    )


@bp.get("/achievements/<int:achievement_id>/buyers")
@login_required
def buyers(achievement_id: int) -> ResponseReturnValue:
    user = signed_in()
    item = service.find_achievement(db.session, user, achievement_id)
    policies.require(user, "achievement.find_buyers", item)
    matches.note_buyers_seen(db.session, user, item, now=utcnow())
    matched = item.status not in UNMATCHED
    near = (
        nearby(
            db.session,
            live_index(),
            user,
            item,
            RecordType.NEED,
            limit=MOST_BUYERS,
            now=utcnow(),
        )
        if matched
        else []
    )
    return render_template(
        "achievements/buyers.html",
        item=item,
        matched=matched,
        needs=near_cards(near),
        organisations=service.buyers(user, near),
        watched=subscriptions.running(db.session, user, item.id),
        watchable=item.status in subscriptions.SEEKING,
    )


def _terms() -> Terms:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.terms


def _files_url(item: Achievement) -> str:
    """Where this reader changes the files of the achievement; nowhere for most."""
    changes = policies.may(current(), "attachment.change", item)
    if not changes or not posting.is_editable(item):
        return ""
    return url_for("attachments.of_achievement", record_id=item.id)


def _near(item: Achievement, kind: RecordType) -> list[dict[str, Any]]:
    found = nearby(
        db.session, live_index(), current(), item, kind, limit=5, now=utcnow()
    )
    return near_cards(found)


@bp.route("/achievements/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "achievement.create")
    if request.method == "GET":
        return _form({"trl_scale": "9"}, key=secrets.token_urlsafe(16))
    key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
    submit, now = _submitting(), utcnow()
    try:
        data = service.read_form(request.form, submit=submit, today=labels.today(now))
        achievement = service.create_achievement(
            db.session, user, data, form_key=key, now=now
        )
    except Invalid as invalid:
        return _form(_typed(), errors=invalid.fields, key=key)
    except Conflict as conflict:
        if conflict.code != "form_used":
            raise
        made = service.find_achievement(
            db.session, user, int(str(conflict.facts["id"]))
        )
        return _form(_typed(), achievement=made, conflict="used")
    return _done(achievement, submit)


@bp.route("/achievements/<int:achievement_id>/edit", methods=["GET", "POST"])
@login_required
def edit(achievement_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    achievement = service.find_achievement(db.session, user, achievement_id)
    policies.require(user, "achievement.edit", achievement)
    service.require_editable(achievement)
    if request.method == "GET":
        return _form(form_values(achievement), achievement=achievement)
    submit = _submitting() or achievement.status is not AchievementStatus.DRAFT
    try:
        data = service.read_form(request.form, submit=submit, today=labels.today(now))
        achievement = service.edit_achievement(
            db.session, user, achievement_id, data, version=_version(), now=now
        )
    except Invalid as invalid:
        return _form(
            _typed(), errors=invalid.fields, achievement=achievement, version=_version()
        )
    except Conflict as conflict:
        if conflict.code != "stale":
            raise
        achievement = service.find_achievement(db.session, user, achievement_id)
        return _form(_typed(), achievement=achievement, conflict="stale")
    return _done(achievement, submit)


@bp.post("/achievements/<int:achievement_id>/renew")
@login_required
def renew(achievement_id: int) -> ResponseReturnValue:
    terms = _terms()
    item = service.renew_achievement(
        db.session, signed_in(), achievement_id, terms=terms, now=utcnow()
    )
    flash(f"已续期到 {labels.day(expiry.last_day(item, terms))}。", "success")
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


@bp.post("/achievements/<int:achievement_id>/withdraw")
@login_required
def withdraw(achievement_id: int) -> ResponseReturnValue:
    service.withdraw_achievement(db.session, signed_in(), achievement_id, now=utcnow())
    flash("成果已撤回，不再出现在任何列表和检索中。", "success")
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


@bp.post("/achievements/<int:achievement_id>/transferred")
@login_required
def transferred(achievement_id: int) -> ResponseReturnValue:
    service.mark_transferred(db.session, signed_in(), achievement_id, now=utcnow())
    flash("已标记为已转化。页面仍然公开，不再参与匹配。", "success")
    return redirect(url_for(".show", achievement_id=achievement_id), 303)


def _submitting() -> bool:
    return request.form.get("action") != "draft"


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _typed() -> dict[str, Any]:
    """What was typed, as it was typed."""
    values: dict[str, Any] = request.form.to_dict()
    lists = {name: request.form.getlist(name) for name in LISTS}
    read = from_form(request.form)
    return values | lists | {name: read[name] for name in ("ip", "owners")}


def form_values(item: Achievement) -> dict[str, Any]:
    """The achievement as its own form would post it."""
    return {
        "title": item.title,
        "field": item.field,
        "inventors": item.inventors,
        "abstract": item.abstract,
        "indicators": item.indicators,
        "applications": item.applications,
        "trl": str(item.level or ""),
        "trl_scale": str(item.trl_scale),
        "trl_proof": str(item.trl_proof or ""),
        "trl_proof_on": labels.day(item.trl_proof_on),
        "trl_proof_by": item.trl_proof_by or "",
        "stage": str(item.stage or ""),
        "ip": [{key: str(value) for key, value in row.items()} for row in item.ip],
        "ownership": str(item.ownership or ""),
        "owners": [
            {"name": row["name"], "share": f"{row['share']:g}"} for row in item.owners
        ],
        "use_until": labels.day(item.use_until),
        "modes": item.modes,
        "terms": item.terms,
        "price": labels.wan(item.price_fen),
        "valuation_low": labels.wan(item.valuation_low_fen),
        "valuation_high": labels.wan(item.valuation_high_fen),
        "valuation_method": str(item.valuation_method or ""),
        "valuation_on": labels.day(item.valuation_on),
        "pilot_wanted": "1" if item.pilot_wanted else "",
        "pilot_needs": item.pilot_needs,
    }


def _form(
    values: dict[str, Any],
    *,
    errors: dict[str, str] | None = None,
    achievement: Achievement | None = None,
    key: str = "",
    version: int | None = None,
    conflict: str = "",
) -> ResponseReturnValue:
    """The form; with a conflict, what is stored stands beside what was typed."""
    present = form_values(achievement) if achievement and conflict else {}
    page = render_template(
        "achievements/edit.html",
        values=values,
        errors=errors or {},
        item=achievement,
        form_key=key,
        version=achievement.version if achievement and version is None else version,
        conflict=conflict,
        differences=labels.differences(LABELS, present, values),
        labels_of=LABELS,
        fields=FIELDS.offered(),
        stages=[(stage.value, labels.label(stage)) for stage in Stage],
        ownerships=[(one.value, labels.label(one)) for one in Ownership],
        ip_types=[(word, word) for word in IP_TYPES],
        ip_states=[(word, word) for word in IP_STATES],
        ip_rows=_blank_rows(values.get("ip") or [], SPARE_IP_ROWS, MOST_IP_ROWS),
        owner_rows=_blank_rows(values.get("owners") or [], 2, MOST_OWNERS),
        levels=LEVELS,
        scales=[(str(scale), text) for scale, text in labels.SCALES.items()],
        proofs=[(kind.value, labels.label(kind)) for kind in ProofKind],
        methods=[(one.value, labels.label(one)) for one in ValuationMethod],
        modes=[(mode.value, labels.label(mode)) for mode in ACHIEVEMENT_MODES],
    )
    return page, 409 if conflict else 422 if errors else 200


def _blank_rows(
    rows: list[dict[str, str]], spare: int, most: int
) -> list[dict[str, str]]:
    """The rows of the form: those filled, and a few empty ones while there is room."""
    filled = [row for row in rows if any(row.values())]
    return filled + [{}] * max(0, min(spare, most - len(filled)))


def _done(achievement: Achievement, submit: bool) -> ResponseReturnValue:
    if submit:
        flash("已提交审核。审核通过后发布，结果会在通知里告诉您。", "success")
        return redirect(
            url_for(".show", achievement_id=achievement.id, submitted=1), 303
        )
    flash("草稿已保存，只有本单位能看到。", "success")
    return redirect(url_for(".show", achievement_id=achievement.id), 303)
