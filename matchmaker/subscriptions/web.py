"""Pages of subscriptions: mine, what one found, and the link that stops one."""

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

from models import Subscription, utcnow
from models.states import Frequency

from .. import csrf, labels
from ..accounts.current import current, signed_in
from ..db import db
from ..errors import NotFound
from ..schema import page_number, parse
from ..search import rows
from ..search.web import ENDPOINTS
from ..sheets.web import asked_form, download_table, exports
from . import links, service, words
from .export import write
from .schema import BuyersInput, FrequencyInput, SubscriptionInput

bp = Blueprint("subscriptions", __name__)

PROMISES = {
    Frequency.INSTANT: "有符合的新信息发布，几秒内就会出现在通知里。",
    Frequency.DAILY: "每天汇总一次。",
    Frequency.WEEKLY: "每周一汇总一次。",
}


@bp.get("/subscriptions")
@login_required
def index() -> ResponseReturnValue:
    user = signed_in()
    found = service.listed(db.session, user)
    return render_template(
        "subscriptions/list.html",
        running=[one for one in found if one.item.stopped_at is None],
        stopped=[one for one in found if one.item.stopped_at is not None],
        name=words.name,
        frequencies=frequencies(),
        email=user.email,
        now=utcnow(),
    )


@bp.post("/subscriptions/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    form, now = asked_form(), utcnow()
    file = write(db.session, signed_in(), form, now=now)
    return download_table(file, f"我的订阅-{labels.day(now)}", form)


@bp.post("/subscriptions")
@login_required
def create() -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    if "achievement_id" in request.form:
        buyers = parse(BuyersInput, request.form)
        one, new = service.subscribe_to_buyers(db.session, user, buyers, now=now)
    else:
        search = parse(SubscriptionInput, request.form)
        one, new = service.subscribe(db.session, user, search, now=now)
    done = "已订阅" if new else "您已经订阅过，通知方式已更新："
    flash(f"{done}「{words.name(one)}」。{PROMISES[one.frequency]}", "success")
    return redirect(url_for(".index"), 303)


@bp.get("/subscriptions/<int:subscription_id>")
@login_required
def show(subscription_id: int) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    one = service.find_subscription(db.session, user, subscription_id)
    found = service.findings(db.session, user, one, page_number(request.args))
    cards = []
    for finding, item in found.rows:
        card = rows.card(user, item, now)
        badge = {"state": rows.state(item, now), "parts": []}
        snippet = {"snippet": [(card["lead"], False)]}
        cards.append(card | badge | snippet | {"found_at": finding.found_at})
    return render_template(
        "subscriptions/show.html",
        item=one,
        name=words.name(one),
        found=found,
        cards=cards,
        results_url=results_url(one),
        frequencies=frequencies(),
    )


@bp.post("/subscriptions/<int:subscription_id>")
@login_required
def change(subscription_id: int) -> ResponseReturnValue:
    data = parse(FrequencyInput, request.form)
    one = service.change(db.session, signed_in(), subscription_id, data, now=utcnow())
    flash(f"「{words.name(one)}」的通知方式已保存。", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/subscriptions/<int:subscription_id>/stop")
@login_required
def stop(subscription_id: int) -> ResponseReturnValue:
    one = service.stop(db.session, signed_in(), subscription_id, now=utcnow())
    flash(f"已停止「{words.name(one)}」，不再通知。需要时可以恢复。", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/subscriptions/<int:subscription_id>/resume")
@login_required
def resume(subscription_id: int) -> ResponseReturnValue:
    one = service.resume(db.session, signed_in(), subscription_id, now=utcnow())
    flash(f"已恢复「{words.name(one)}」，从现在起有新的就通知。", "success")
    return redirect(url_for(".index"), 303)


@bp.post("/subscriptions/<int:subscription_id>/delete")
@login_required
def delete(subscription_id: int) -> ResponseReturnValue:
    service.remove(db.session, signed_in(), subscription_id)
    flash("订阅已删除。", "success")
    return redirect(url_for(".index"), 303)


@bp.route(links.STOP_PATH, methods=["GET", "POST"])
@csrf.exempt
def stop_by_link() -> ResponseReturnValue:
    """Stop at once, whoever holds the link; a mail program may send it as a POST.

    The signed token takes the place of the form's own.
    """
    number = _by_token()
    if request.method != "HEAD":
        one = service.stop_by_link(db.session, number, now=utcnow())
    else:
        one = service.by_link(db.session, number)
    return _stopped_page(one)


@bp.post("/subscriptions/restart")
def restart_by_link() -> ResponseReturnValue:
    one = service.resume_by_link(db.session, _by_token(), now=utcnow())
    return _stopped_page(one)


def _by_token() -> int:
    key = current_app.config["SETTINGS"].key()
    number = links.read(request.values.get("token", ""), key)
    if number is None:
        if request.method == "POST" and current_app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()
        raise NotFound("subscription")
    return number


def _stopped_page(one: Subscription) -> ResponseReturnValue:
    return render_template(
        "subscriptions/stopped.html",
        item=one,
        name=words.name(one),
        token=request.values["token"],
        signed_in=current() is not None,
    )


def frequencies() -> list[tuple[str, str]]:
    """The choices of a form."""
    return [(one.value, labels.label(one)) for one in Frequency]


def results_url(one: Subscription) -> str:
    """Where the search stands as it is now."""
    if one.achievement_id is not None:
        return url_for("achievements.buyers", achievement_id=one.achievement_id)
    if one.record_type is None:
        return url_for("search.results", q=one.words)
    return url_for(ENDPOINTS[one.record_type], **one.query)
