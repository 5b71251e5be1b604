"""The form of a need: what is asked, how it is read along, its public text."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic_core import PydanticCustomError

from models import Need, User
from models.fields import DISTRICTS, FIELDS
from models.needs import fingerprint
from models.outbox import RecordType
from models.states import IpWish, NeedStatus, Secrecy

from ... import labels, policies
from ...accounts.current import signed_in
from ...db import db
from ...differences import Piece, pieces
from ...posting import service as posting
from ...posting.web import (
    KEEPS,
    Advice,
    PostedForm,
    Shown,
    action,
    similar_to,
)
from ...schema import clean
from .. import merge, service
from ..schema import LABELS, NEED_MODES, NeedDraft, measure_mark
from ..targets import COMPARATOR_WORDS, complete, words

bp = Blueprint("need_forms", __name__)

FULL_TEXTS = ("title", "problem", "targets")
PUBLIC_TEXTS = ("public_title", "public_problem", "public_targets")


class NeedForm(PostedForm[Need, NeedDraft]):
    """A need as firms post it; of a masked one the platform drafts the public text."""

    kind = RecordType.NEED
    noun = "需求"
    template = "needs/edit.html"
    names = LABELS
    shape = merge.SHAPE

    def find(self, record_id: int) -> Need:
        return service.find_need(db.session, signed_in(), record_id)

    def read(self, *, submit: bool, now: datetime) -> NeedDraft:
        return service.read_form(
            signed_in(), request.form, submit=submit, today=labels.today(now)
        )

    def create(self, data: NeedDraft, *, form_key: str, now: datetime) -> Need:
        return service.create_need(
            db.session, signed_in(), data, form_key=form_key, now=now
        )

    def change(
        self, item: Need, data: NeedDraft, *, version: int, now: datetime
    ) -> Need:
        return service.edit_need(
            db.session, signed_in(), item.id, data, version=version, now=now
        )

    def stored(self, item: Need) -> dict[str, Any]:
        return merge.form_values(item)

    def typed(self) -> dict[str, Any]:
        return merge.typed(request.form)

    def merged(self, stored: dict[str, Any]) -> dict[str, Any]:
        # Another full text asks for another approval.
        return super().merged(stored) | {"public_approved": ""}

    def advice(self, data: NeedDraft, item: Need | None, now: datetime) -> Advice:
        user = signed_in()
        found = service.hints_for(db.session, user, data, today=labels.today(now))
        posted = item is not None and item.status is not NeedStatus.DRAFT
        if posted or not data.problem:
            return Advice(found)
        return Advice(found, similar_to(service.unsaved(user, data, item)))

    def before_saving(
        self, shown: Shown[Need], now: datetime
    ) -> ResponseReturnValue | None:
        sends = action() not in (*KEEPS, "check")
        if action() == "mask" or (sends and _wants_public_text()):
            return self._with_public_text(shown, now)
        return super().before_saving(shown, now)

    def _with_public_text(
        self, shown: Shown[Need], now: datetime
    ) -> ResponseReturnValue:
        """The form again with a public text drafted, for the author to approve."""
        data = self.read(submit=False, now=now)
        texts = service.public_draft(db.session, signed_in(), data)
        data = data.model_copy(update={"secrecy": Secrecy.MASKED} | texts)
        values = self.typed() | texts
        values |= {"secrecy": Secrecy.MASKED.value, "public_approved": ""}
        advice = self.advice(data, shown.item, now)
        return self.page(values, shown, advice=advice, drafted=True)

    def context(self, values: dict[str, Any], item: Need | None) -> dict[str, Any]:
        rows = list(values.get("targets") or [])
        return {
            "need": item,
            "targets": targets_of(rows, values.get("measures")),
            "comparators": list(COMPARATOR_WORDS.items()),
            "public": public_pieces(values),
            "full_mark": fingerprint_of(values),
            "fields": FIELDS.offered(),
            "districts": DISTRICTS.offered(),
            "levels": labels.LEVELS,
            "modes": [(mode.value, labels.label(mode)) for mode in NEED_MODES],
            "wishes": [(wish.value, labels.label(wish)) for wish in IpWish],
        }

    def edit_url(self, item: Need) -> str:
        return url_for(".edit", need_id=item.id)

    def show_url(self, item: Need) -> str:
        return url_for("needs.show", need_id=item.id)

    def done(self, item: Need) -> ResponseReturnValue:
        if item.status is NeedStatus.DRAFT:
            flash("草稿已保存，只有本单位能看到。", "success")
            return redirect(self.show_url(item), 303)
        flash("已提交审核。审核通过后发布，结果会在通知里告诉您。", "success")
        return redirect(url_for("needs.show", need_id=item.id, submitted=1), 303)


@bp.route("/needs/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    user, form = signed_in(), NeedForm()
    policies.require(user, "need.create")
    if request.method == "POST":
        return form.post_new()
    return form.blank(proposed(user))


@bp.route("/needs/<int:need_id>/edit", methods=["GET", "POST"])
@login_required
def edit(need_id: int) -> ResponseReturnValue:
    form = NeedForm()
    need = form.find(need_id)
    policies.require(signed_in(), "need.edit", need)
    posting.require_editable(need)
    return form.post_edit(need) if request.method == "POST" else form.opened(need)


def proposed(user: User) -> dict[str, Any]:
    """What stands in the form of a new need before anybody wrote in it."""
    home = user.organisation
    return {"secrecy": "public", "district": home and home.district}


def _wants_public_text() -> bool:
    """Whether the need is to be masked and nobody wrote a public text yet."""
    written = (line for name in PUBLIC_TEXTS for line in request.form.getlist(name))
    masked = request.form.get("secrecy") == Secrecy.MASKED.value
    return masked and not any(line.strip() for line in written)


def targets_of(sentences: list[str], measures: Any) -> list[dict[str, Any]]:
    """Each row of the targets with its measure, proposed where none was typed."""
    typed = [dict(one) for one in measures or []]
    plain = [None if one.get("proposed") else one for one in typed]
    read = complete(sentences, plain)
    for place, one in enumerate(read):
        if place < len(typed):
            one["must"] = typed[place].get("must", True)
    return [
        {
            "text": text,
            **one,
            "words": words(one),
            "mark": measure_mark(one) if one.get("proposed") else "",
        }
        for text, one in zip(sentences, read, strict=True)
    ]


def public_pieces(values: dict[str, Any]) -> list[tuple[str, list[Piece]]]:
    """How the public text differs from the full one, part by part."""
    texts = {name: _as_text(values.get(name)) for name in (*FULL_TEXTS, *PUBLIC_TEXTS)}
    if not any(texts[name] for name in PUBLIC_TEXTS):
        return []
    return [
        (LABELS[full], pieces(texts[full], texts[public]))
        for full, public in zip(FULL_TEXTS, PUBLIC_TEXTS, strict=True)
    ]


def fingerprint_of(values: dict[str, Any]) -> str:
    """Of the full text on the page, as it will be read when it is posted."""
    try:
        title, problem = (clean(_as_text(values.get(n))) for n in FULL_TEXTS[:2])
        lines = [clean(line) for line in values.get("targets") or []]
    except PydanticCustomError:
        return ""
    return fingerprint(title, problem, [line for line in lines if line])


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(line for line in value if line)
    return str(value or "").replace("\r\n", "\n")
