"""The page where a receipt is checked: by its file, or by its digest."""

from hashlib import sha256
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from models.base import utcnow

from ...accounts.current import current
from ...db import db
from ...errors import Invalid
from ...schema import parse
from ..check import submission_of
from ..schema import DigestInput

bp = Blueprint("receipts", __name__)


@bp.route("/receipts", methods=["GET", "POST"])
def check() -> ResponseReturnValue:
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    if request.method == "POST":
        digest = _digest(errors)
        if not errors:
            row = submission_of(db.session, current(), digest)
            found = {"digest": digest, "row": row}
    page = render_template(
        "bids/check.html",
        found=found,
        errors=errors,
        values=request.form,
        now=utcnow(),
    )
    return page, 422 if errors else 200


def _digest(errors: dict[str, str]) -> str:
    """The digest of the file that was sent, else the one that was typed."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return sha256(file.stream.read()).hexdigest()
    typed = "".join(request.form.get("digest", "").split())
    if not typed:
        errors["file"] = "请选择回执文件，或填写 SHA-256"
        return ""
    try:
        return parse(DigestInput, {"digest": typed}).digest
    except Invalid as invalid:
        errors.update(invalid.fields)
        return ""
