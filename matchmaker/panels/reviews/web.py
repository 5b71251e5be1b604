"""Pages of an expert: what waits for it, and the sheet of one bid."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import BidReview, utcnow
from models.states import CallStatus

from ... import policies
from ...accounts.current import signed_in
from ...db import db
from ...errors import Conflict, Invalid
from ...handlers import conflict_words
from ...posting import web as posting
from ...schema import parse
from .. import recusing, scoring, writing
from ..schema import LABELS, ReasonInput, SheetDraft, SheetInput, read_sheet
from ..web import review_of, settings

bp = Blueprint("reviews", __name__)


@bp.get("/reviews")
@login_required
def mine() -> ResponseReturnValue:
    reviews = writing.own(db.session, signed_in())
    return render_template(
        "panels/reviews.html",
        reviews=reviews,
        is_open=writing.is_open,
        total=_total,
        now=utcnow(),
    )


def _total(review: BidReview) -> str:
    points = writing.total(review)
    return "" if points is None else scoring.shown(points)


@bp.get("/reviews/<int:review_id>")
@login_required
def show(review_id: int) -> ResponseReturnValue:
    return _show(review_of(review_id, "review.read"))


def _show(
    review: BidReview, form: str = "", errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    user = signed_in()
    own = policies.may(user, "review.write", review)
    typed = form == "sheet"
    page = render_template(
        "panels/review.html",
        review=review,
        bid=review.bid,
        call=review.bid.call,
        criteria=review.bid.call.criteria,
        writes=own and writing.is_open(review),
        may_declare=policies.may(user, "review.declare", review)
        and review.is_live
        and review.bid.call.status is CallStatus.IN_REVIEW,
        values=request.form if typed else _values(review),
        said=request.form if form == "conflict" else {},
        total=_total(review),
        errors=errors or {},
        form=form,
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


def _values(review: BidReview) -> dict[str, Any]:
    """The sheet as its own form would post it."""
    values: dict[str, Any] = {"overall": review.overall, "version": review.version}
    for place, one in enumerate(review.scores):
        values[f"score_{place}"] = "" if one["score"] is None else one["score"]
        values[f"words_{place}"] = one["words"]
    return values


@bp.post("/reviews/<int:review_id>")
@login_required
def write(review_id: int) -> ResponseReturnValue:
    """«submit» hands it in; anything else keeps it, «autosave» without a page."""
    review = review_of(review_id, "review.write")
    try:
        return _written(review)
    except Invalid as invalid:
        if posting.autosaving():
            return posting.not_saved(invalid)
        return _show(review_of(review_id, "review.read"), "sheet", invalid.fields)
    except Conflict as conflict:
        if posting.autosaving():
            return posting.stopped(conflict_words(conflict))
        raise


def _written(review: BidReview) -> ResponseReturnValue:
    review_id, now = review.id, utcnow()
    names = [one["name"] for one in review.bid.call.criteria]
    data, lines = read_sheet(request.form, names, whole=posting.action() == "submit")
    if isinstance(data, SheetInput):
        writing.submit(
            db.session,
            signed_in(),
            review_id,
            data,
            lines,
            needed=settings().panel_size,
            now=now,
        )
        flash("评分表已提交。提交后不能自行修改。", "success")
        return redirect(url_for(".mine"), 303)
    assert isinstance(data, SheetDraft)
    saved = writing.save(db.session, signed_in(), review_id, data, lines, now=now)
    if posting.autosaving():
        said = f"草稿已自动保存（{posting.clock(now)}），只有您能看到。"
        return posting.autosaved(said, version=saved.version)
    flash("草稿已保存，只有您能看到。", "success")
    return redirect(url_for(".show", review_id=review_id), 303)


@bp.post("/reviews/<int:review_id>/conflict")
@login_required
def recuse(review_id: int) -> ResponseReturnValue:
    review = review_of(review_id, "review.declare")
    call_id, own = review.bid.call_id, review.user_id == signed_in().id
    try:
        data = parse(ReasonInput, request.form)
        recusing.declare(db.session, signed_in(), review_id, data, now=utcnow())
    except Invalid as invalid:
        return _show(review_of(review_id, "review.read"), "conflict", invalid.fields)
    if own:
        flash("已回避这份揭榜书，平台会另请专家评审。", "success")
        return redirect(url_for(".mine"), 303)
    flash("已按有利害关系处理，这份评分表不计入结果。请补派专家。", "success")
    return redirect(url_for("panels.show", call_id=call_id), 303)
