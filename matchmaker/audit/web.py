"""The audit log as a page and as a file."""

from flask import (
    Blueprint,
    Response,
    render_template,
    request,
    stream_with_context,
)
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from ..accounts.current import signed_in
from ..db import db
from ..errors import Invalid
from ..labels import day
from ..schema import parse
from . import service
from .schema import LABELS, AuditQuery

bp = Blueprint("audit", __name__)


@bp.get("/admin/audit")
@login_required
def log() -> ResponseReturnValue:
    errors: dict[str, str] = {}
    try:
        query = parse(AuditQuery, request.args)
    except Invalid as invalid:
        query, errors = AuditQuery(), invalid.fields
    page = render_template(
        "audit/log.html",
        found=service.read(db.session, signed_in(), query),
        query=query,
        values=request.args if errors else query.address(),
        errors=errors,
        actions=service.actions(db.session),
        records=service.record_types(),
        labels_of=LABELS,
    )
    return page, 422 if errors else 200


@bp.post("/admin/audit/export")
@login_required
def export() -> ResponseReturnValue:
    query = parse(AuditQuery, request.form)
    lines = service.export(db.session, signed_in(), query, now=utcnow())
    name = f"audit-{day(utcnow())}.csv"
    return Response(
        stream_with_context(lines),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
