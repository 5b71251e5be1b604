"""The page of access tokens: one's own, and those of the organisation one leads."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from .. import policies
from ..accounts.current import signed_in
from ..api.registry import WAYS, kinds, scopes
from ..db import db
from ..errors import Conflict, Invalid
from ..handlers import conflict_words
from ..schema import parse
from . import service
from .schema import LABELS, PERIODS, TokenInput

bp = Blueprint("tokens", __name__)


@bp.route("/tokens", methods=["GET", "POST"])
@login_required
def index() -> ResponseReturnValue:
    policies.require(signed_in(), "token.make")
    if request.method == "GET":
        return _page()
    try:
        data = parse(TokenInput, request.form)
        made = service.make(db.session, signed_in(), data, now=utcnow())
    except Invalid as invalid:
        return _page(errors=invalid.fields, status=422)
    except Conflict as conflict:
        return _page(errors={"name": conflict_words(conflict)}, status=409)
    # The secret is told here and never again; it is in no address and no cookie.
    return _page(made=made)


def _page(
    *,
    errors: dict[str, str] | None = None,
    made: service.Made | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    user, now = signed_in(), utcnow()
    page = render_template(
        "tokens/index.html",
        tokens=service.listed(db.session, user),
        made=made,
        scopes=scopes(),
        kinds=kinds(),
        ways=WAYS,
        chosen=request.form.getlist("scopes") if errors else [],
        periods=[(str(days), f"{days} 天") for days in PERIODS],
        values=request.form if errors else {"days": "90"},
        errors=errors or {},
        labels_of=LABELS,
        now=now,
    )
    return page, status


@bp.post("/tokens/<int:token_id>/revoke")
@login_required
def revoke(token_id: int) -> ResponseReturnValue:
    policies.require(signed_in(), "token.make")
    token = service.revoke(db.session, signed_in(), token_id, now=utcnow())
    flash(f"访问令牌「{token.name}」已停用，用它的程序立即不能再访问。", "success")
    return redirect(url_for(".index"), 303)
