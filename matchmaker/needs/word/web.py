"""The need form in Word: to download, and to upload into the form on the page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_login import login_required

from ... import labels, policies
from ...accounts.current import current, signed_in
from ...attachments import web as attachments
from ...attachments.content import BY_CODE, harmless
from ...errors import Invalid
from ..writing.web import NeedForm, proposed
from . import service, template

bp = Blueprint("need_word", __name__)


@bp.url_value_preprocessor
def _allow_larger(endpoint: str | None, _values: object) -> None:
    if endpoint == "need_word.upload" and policies.may(current(), "need.create"):
        attachments.take_upload()


@bp.get("/needs/word-form")
@login_required
def download() -> Response:
    answer: Response = send_file(
        template.document(signed_in()),
        mimetype=BY_CODE["docx"].media_type,
        as_attachment=True,
        download_name=template.NAME,
    )
    return answer


@bp.route("/needs/from-word", methods=["GET", "POST"])
@login_required
def upload() -> ResponseReturnValue:
    user = signed_in()
    policies.require(user, "need.create")
    if request.method == "GET":
        return _page({})
    try:
        sent = attachments.sent("file")
        if sent is None:
            raise Invalid({"file": "请先选择一个文件"})
        found = service.read_upload(user, attachments.store(), sent)
    except Invalid as invalid:
        return _page(invalid.fields)
    return NeedForm().blank(
        proposed(user) | found.values, word=found, word_name=harmless(sent.name)
    )


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    page = render_template(
        "needs/from_word.html",
        errors=errors,
        limit=labels.file_size(attachments.store().limit),
    )
    return page, 422 if errors else 200
