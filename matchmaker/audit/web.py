"""The audit log as a page and as a file."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import utcnow

from ..accounts.current import signed_in
from ..db import db
from ..errors import Invalid
from ..labels import day
from ..schema import parse
from ..sheets.web import asked_form, download_table, exports
from . import service
from .export import write
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
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(AuditQuery, request.form), asked_form(), utcnow()
    file = write(db.session, signed_in(), query, form, now=now)
    return download_table(file, f"审计日志-{day(now)}", form)
