"""Pages of panels, for the staff: who judges what, the overview, the proposal."""

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import BidReview, Call, utcnow
from models.states import CallStatus, ReviewState

from .. import documents, labels, policies
from ..accounts.current import signed_in
from ..calendar.current import city_days
from ..config import Settings
from ..db import db
from ..errors import Invalid
from ..schema import page_number, parse
from ..sheets.web import asked_form, download_table, exports
from . import (
    assigning,
    due,
    finding,
    listing,
    minutes,
    objections,
    overview,
    results,
    scoring,
    writing,
)
from .export import write
from .schema import (
    LABELS,
    AnnounceInput,
    AssignInput,
    DismissInput,
    DueInput,
    PanelInput,
    ReasonInput,
    read_result,
)

bp = Blueprint("panels", __name__)


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"points": scoring.shown, "late_sheet": _late}


def _late(review: BidReview) -> str:
    return due.late_words(city_days(), review, utcnow())


@bp.get("/panels")
@login_required
def index() -> ResponseReturnValue:
    page = page_number(request.args)
    found = listing.under_review(db.session, signed_in(), page)
    return render_template(
        "panels/list.html",
        found=found,
        needed=settings().panel_size,
        now=utcnow(),
    )


@bp.post("/panels/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    form, now = asked_form(), utcnow()
    needed = settings().panel_size
    file = write(db.session, signed_in(), form, needed=needed, now=now)
    return download_table(file, f"揭榜评审-{labels.day(now)}", form)


@bp.get("/calls/<int:call_id>/panel")
@login_required
def show(call_id: int) -> ResponseReturnValue:
    return _show(call_id)


def _show(
    call_id: int, form: str = "", errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    actor = signed_in()
    policies.require(actor, "panel.read")
    call = finding.call(db.session, actor, call_id)
    found = overview.load(db.session, call, needed=settings().panel_size)
    result = results.current(db.session, call)
    now = utcnow()
    page = render_template(
        "panels/show.html",
        call=call,
        overview=found,
        in_review=call.status is CallStatus.IN_REVIEW,
        candidates=assigning.candidates(db.session, call) if found.lines else [],
        outlier_rule=scoring.OUTLIER_RULE,
        result=result,
        waiting=results.open_objections(db.session, result) if result else 0,
        is_over=bool(result and result.notice_until and now >= result.notice_until),
        objections=objections.of_call(db.session, call),
        notice_days=settings().notice_days,
        review_days=settings().review_days,
        proposed_day=due.proposed(city_days(), now, settings().review_days),
        today=labels.today(now),
        values=request.form,
        chosen=request.form.getlist("experts"),
        errors=errors or {},
        form=form,
        labels_of=LABELS,
        states=ReviewState,
    )
    return page, 422 if errors else 200


def _act(call_id: int, form: str, act: Callable[[], str]) -> ResponseReturnValue:
    """Do it and show the panel again; what was refused, beside its form."""
    try:
        words = act()
    except Invalid as invalid:
        return _show(call_id, form, invalid.fields)
    flash(words, "success")
    return redirect(url_for("panels.show", call_id=call_id), 303)


def _allowed(call_id: int, action: str) -> Call:
    """The call, found and allowed before a form is read: its mistakes come last."""
    policies.require(signed_in(), action)
    return finding.call(db.session, signed_in(), call_id)


@bp.post("/calls/<int:call_id>/panel")
@login_required
def add(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "panel.form")

    def act() -> str:
        data = parse(PanelInput, request.form)
        chosen = assigning.add(db.session, signed_in(), call_id, data, now=utcnow())
        names = "、".join(one.user.name for one in chosen)
        return f"已加入评审组：{names}。每人都收到了全部揭榜书。"

    return _act(call_id, "add", act)


@bp.post("/calls/<int:call_id>/panel/due")
@login_required
def move_due(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "panel.form")

    def act() -> str:
        data = parse(DueInput, request.form)
        call = due.move(db.session, signed_in(), call_id, data, now=utcnow())
        return f"评审截止改为 {call.sheets_due_on}，手上有评分表的专家都已告知。"

    return _act(call_id, "due", act)


@bp.post("/calls/<int:call_id>/panel/assign")
@login_required
def assign(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "panel.form")

    def act() -> str:
        data = parse(AssignInput, request.form)
        expert = assigning.assign(db.session, signed_in(), call_id, data, now=utcnow())
        return f"已补派给 {expert.user.name}。"

    return _act(call_id, f"assign-{request.form.get('bid', '')}", act)


@bp.post("/calls/<int:call_id>/panel/dismiss")
@login_required
def dismiss(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "panel.form")

    def act() -> str:
        data = parse(DismissInput, request.form)
        member = assigning.dismiss(db.session, signed_in(), call_id, data, now=utcnow())
        return f"{member.user.name} 已退出评审组；没有提交的评分表已收回。"

    return _act(call_id, f"dismiss-{request.form.get('member', '')}", act)


def review_of(review_id: int, action: str) -> BidReview:
    """A review, found and allowed before its form is read."""
    policies.require(signed_in(), action)
    return finding.review(db.session, signed_in(), review_id)


@bp.post("/reviews/<int:review_id>/take-away")
@login_required
def take_away(review_id: int) -> ResponseReturnValue:
    call_id = review_of(review_id, "review.govern").bid.call_id

    def act() -> str:
        data = parse(ReasonInput, request.form)
        review = assigning.take_away(
            db.session, signed_in(), review_id, data, now=utcnow()
        )
        return f"已取消分派给 {review.user.name} 的这份揭榜书。"

    return _act(call_id, f"review-{review_id}", act)


@bp.post("/reviews/<int:review_id>/hand-back")
@login_required
def hand_back(review_id: int) -> ResponseReturnValue:
    call_id = review_of(review_id, "review.govern").bid.call_id

    def act() -> str:
        data = parse(ReasonInput, request.form)
        review = writing.hand_back(
            db.session, signed_in(), review_id, data, now=utcnow()
        )
        return f"评分表已退回给 {review.user.name}，原因已告知。"

    return _act(call_id, f"review-{review_id}", act)


@bp.post("/calls/<int:call_id>/minutes", endpoint="minutes")
@login_required
def export_minutes(call_id: int) -> ResponseReturnValue:
    return sent_minutes(call_id)


def sent_minutes(call_id: int) -> Response:
    """The minutes as they stand, as a file."""
    _allowed(call_id, "panel.read")
    data, name = minutes.export(
        db.session, signed_in(), call_id, needed=settings().panel_size, now=utcnow()
    )
    answer: Response = send_file(
        data, mimetype=documents.MEDIA_TYPE, as_attachment=True, download_name=name
    )
    return answer


@bp.route("/calls/<int:call_id>/result/draft", methods=["GET", "POST"])
@login_required
def propose(call_id: int) -> ResponseReturnValue:
    call = _allowed(call_id, "result.write")
    needed = settings().panel_size
    found = overview.load(db.session, call, needed=needed)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            data = read_result(request.form, [one.bid.id for one in found.lines])
            results.propose(
                db.session, signed_in(), call_id, data, needed=needed, now=utcnow()
            )
        except Invalid as invalid:
            errors = invalid.fields
        else:
            flash("评审结果已拟定，请核对后公示。公示前没有任何人知道。", "success")
            return redirect(url_for(".show", call_id=call_id), 303)
    result = results.current(db.session, call)
    draft = results.drafted(found, result)
    reasons = {
        f"reason_{one.bid.id}": f"{one.bid.organisation.name} 的理由"
        for one in found.lines
    }
    page = render_template(
        "panels/propose.html",
        call=call,
        overview=found,
        in_review=call.status is CallStatus.IN_REVIEW,
        result=result,
        outdated=draft.outdated,
        values=request.form if errors else _values(draft),
        winners=request.form.getlist("winners")
        if errors
        else [str(id_) for id_ in draft.winners],
        errors=errors,
        labels_of=LABELS | reasons,
    )
    return page, 422 if errors else 200


def _values(draft: results.Drafted) -> dict[str, Any]:
    """The draft as its own form would post it."""
    values: dict[str, Any] = {f"reason_{k}": text for k, text in draft.reasons.items()}
    return values | {
        "version": draft.version,
        "failed_words": draft.failed_words,
        "without_issuer": draft.without_issuer,
    }


@bp.post("/calls/<int:call_id>/result/announce")
@login_required
def announce(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "result.write")

    def act() -> str:
        result = results.announce(
            db.session,
            signed_in(),
            call_id,
            parse(AnnounceInput, request.form),
            needed=settings().panel_size,
            notice_days=settings().notice_days,
            clock=utcnow,
        )
        assert result.notice_until is not None
        until = labels.until(result.notice_until)
        return f"已公示，{until}可以提出异议。每家揭榜单位都收到了结果和理由。"

    return _act(call_id, "announce", act)


@bp.post("/calls/<int:call_id>/result/close")
@login_required
def close(call_id: int) -> ResponseReturnValue:
    _allowed(call_id, "result.write")

    def act() -> str:
        result = results.close(db.session, signed_in(), call_id, clock=utcnow)
        return "已确认流榜。" if result.is_failure else "已确认立项。"

    return _act(call_id, "close", act)
