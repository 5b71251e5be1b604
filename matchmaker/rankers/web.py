"""The page «匹配质量» of the staff."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from ..accounts.current import signed_in
from ..db import db
from ..search.live import live_index
from .quality import quality

bp = Blueprint("rankers", __name__)


@bp.get("/desk/quality")
@login_required
def show() -> ResponseReturnValue:
    found = quality(db.session, live_index().catalogue, signed_in(), now=utcnow())
    return render_template("rankers/quality.html", found=found)
