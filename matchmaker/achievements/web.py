"""Pages of achievements: lists, one of them, who needs it, what its owner does."""

from typing import Any

from flask import (
    Blueprint,
    Response,
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
from models.outbox import RecordType

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..attachments import web as attachments
from ..config import Settings
from ..db import db
from ..duplicates import service as duplicates
from ..feeds.web import ATOM_TYPE, base_url, told
from ..history import service as history
from ..history.words import entries
from ..matches.nearby import nearby
from ..posting import expiry
from ..posting import service as posting
from ..posting.terms import Terms
from ..search import rows
from ..search.live import live_index
from ..search.newest import newest
from ..search.web import export_list, list_page, near_cards, searches
from ..sheets.web import exports
from ..subscriptions import service as subscriptions
from . import feeds, service
from .buyers import UNMATCHED, by_organisation, seek
from .merge import MONEY
from .schema import LABELS

bp = Blueprint("achievements", __name__)

COLUMN_LABELS = LABELS | {f"{name}_fen": LABELS[name] for name in MONEY}


@bp.get("/achievements")
@searches
def browse() -> ResponseReturnValue:
    return list_page("achievements/browse.html", RecordType.ACHIEVEMENT)


@bp.post("/achievements/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    return export_list(RecordType.ACHIEVEMENT)


@bp.get("/achievements/mine")
@login_required
def mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.ACHIEVEMENT)
    return list_page(
        "achievements/mine.html", RecordType.ACHIEVEMENT, base=own, own=True
    )


@bp.post("/achievements/mine/export")
@login_required
@exports
def export_mine() -> ResponseReturnValue:
    own = policies.owned(signed_in(), RecordType.ACHIEVEMENT)
    return export_list(RecordType.ACHIEVEMENT, base=own, own=True)


@bp.get("/achievements/feed.atom")
def feed() -> Response:
    found = newest(db.session, RecordType.ACHIEVEMENT, now=utcnow())
    return told(feeds.atom(found, base_url()), ATOM_TYPE)


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
    sought = seek(db.session, live_index(), user, achievement_id, now=utcnow())
    return render_template(
        "achievements/buyers.html",
        item=sought.item,
        matched=sought.is_matched,
        needs=near_cards(sought.needs),
        organisations=by_organisation(user, sought.needs),
        watched=subscriptions.running(db.session, user, sought.item.id),
        watchable=sought.item.status in subscriptions.SEEKING,
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
