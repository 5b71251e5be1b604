"""The page of the release, for the staff."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models.base import utcnow

from ...accounts.current import signed_in
from ...db import db
from ...handlers import CONFLICTS
from ..listing import of_call
from ..service import closed_words
from ..web import safe
from . import service

bp = Blueprint("releases", __name__)


@bp.get("/calls/<int:call_id>/release")
@login_required
def show(call_id: int) -> ResponseReturnValue:
    now = utcnow()
    standing = service.standing(db.session, signed_in(), call_id, now)
    call = standing.call
    return render_template(
        "bids/release.html",
        call=call,
        standing=standing,
        release=standing.release,
        is_closed=call.is_closed_at(now),
        closes=closed_words(call),
        hindrance=CONFLICTS[standing.hindrance] if standing.hindrance else "",
        bids=of_call(db.session, signed_in(), call, now).released,
        fault_words=service.FAULTS,
        now=now,
    )


@bp.post("/calls/<int:call_id>/release")
@login_required
def approve(call_id: int) -> ResponseReturnValue:
    release = service.approve(db.session, safe(), signed_in(), call_id, clock=utcnow)
    if release.released_at is None:
        flash("已记录您的批准。另一位工作人员批准后启封。", "success")
    elif release.bids == 0:
        flash("没有揭榜书，榜单已转为流榜。", "success")
    else:
        flash(f"已启封 {release.bids} 份揭榜书，榜单进入评审。", "success")
    return redirect(url_for(".show", call_id=call_id), 303)


@bp.post("/calls/<int:call_id>/release/retry")
@login_required
def retry(call_id: int) -> ResponseReturnValue:
    release = service.retry(db.session, safe(), signed_in(), call_id, clock=utcnow)
    left = sum(fault["what"] == "unopened" for fault in release.faults)
    if left:
        flash(f"仍有 {left} 份打不开。", "error")
    else:
        flash("已全部启封。", "success")
    return redirect(url_for(".show", call_id=call_id), 303)
