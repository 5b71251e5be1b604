"""The verification queue, and the decision on each submission."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow
from models.outbox import RecordType

from ..accounts.current import signed_in
from ..db import db
from ..duplicates import service as duplicates
from ..errors import Invalid
from ..schema import page_number, parse
from ..search.live import live_index
from . import service
from .schema import Publication, Return

bp = Blueprint("verification", __name__)


@bp.get("/verification")
@login_required
def queue() -> ResponseReturnValue:
    user = signed_in()
    found = service.queue(db.session, user, page_number(request.args))
    similar = [
        duplicates.find(db.session, live_index(), user, row.item, encode=False)
        for row in found.rows
    ]
    return render_template(
        "verification/queue.html", queue=found, similar=similar, now=utcnow()
    )


@bp.post("/verification/needs/<int:need_id>/publish")
@login_required
def publish_need(need_id: int) -> ResponseReturnValue:
    return _publish(RecordType.NEED, need_id, service.publish_need)


@bp.post("/verification/needs/<int:need_id>/return")
@login_required
def return_need(need_id: int) -> ResponseReturnValue:
    return _return(RecordType.NEED, need_id, service.return_need)


@bp.post("/verification/achievements/<int:achievement_id>/publish")
@login_required
def publish_achievement(achievement_id: int) -> ResponseReturnValue:
    return _publish(RecordType.ACHIEVEMENT, achievement_id, service.publish_achievement)


@bp.post("/verification/achievements/<int:achievement_id>/return")
@login_required
def return_achievement(achievement_id: int) -> ResponseReturnValue:
    return _return(RecordType.ACHIEVEMENT, achievement_id, service.return_achievement)


def _publish(
    kind: RecordType, item_id: int, publish: Callable[..., Any]
) -> ResponseReturnValue:
    service.find(db.session, signed_in(), kind, item_id)
    data = parse(Publication, request.form)
    item = publish(db.session, signed_in(), item_id, data, now=utcnow())
    flash(f"已发布：{item.title}。系统正在为它寻找匹配。", "success")
    return redirect(url_for(".queue"), 303)


def _return(
    kind: RecordType, item_id: int, give_back: Callable[..., Any]
) -> ResponseReturnValue:
    item = service.find(db.session, signed_in(), kind, item_id)
    try:
        data = parse(Return, request.form)
    except Invalid as invalid:
        page = render_template(
            "verification/return.html",
            kind=kind.value,
            item=item,
            values=request.form,
            errors=invalid.fields,
        )
        return page, 422
    give_back(db.session, signed_in(), item_id, data, now=utcnow())
    flash(f"已退回：{item.title}。申报单位已收到退回原因。", "success")
    return redirect(url_for(".queue"), 303)
