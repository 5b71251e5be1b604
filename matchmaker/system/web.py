"""The page of index and jobs."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from ..accounts.current import signed_in
from ..db import db
from ..search.live import live_index
from . import service

bp = Blueprint("system", __name__)


@bp.get("/admin/system")
@login_required
def show() -> ResponseReturnValue:
    compare = request.args.get("check") == "1"
    found = service.state(db.session, live_index(), signed_in(), compare=compare)
    return render_template("system/show.html", found=found, now=utcnow())


@bp.post("/admin/system/tasks/<int:task_id>/retry")
@login_required
def retry(task_id: int) -> ResponseReturnValue:
    service.retry(db.session, signed_in(), task_id, now=utcnow())
    flash("已安排立即重试，结果稍后显示在本页。", "success")
    return redirect(url_for(".show"), 303)


@bp.post("/admin/system/repair")
@login_required
def repair() -> ResponseReturnValue:
    number = service.repair(db.session, live_index(), signed_in(), now=utcnow())
    words = (
        f"已安排重做 {number} 条记录的索引。"
        if number
        else "索引与数据一致，不需要补做。"
    )
    flash(words, "success")
    return redirect(url_for(".show"), 303)
