"""The form of an achievement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import Achievement
from models.fields import FIELDS
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    Ownership,
    ProofKind,
    Stage,
    ValuationMethod,
)

from ... import labels, policies
from ...accounts.current import signed_in
from ...db import db
from ...posting import service as posting
from ...posting.web import Advice, PostedForm, similar_to
from .. import merge, service
from ..hints import hints
from ..rights import IP_TYPES
from ..schema import (
    ACHIEVEMENT_MODES,
    IP_STATES,
    LABELS,
    MOST_IP_ROWS,
    MOST_OWNERS,
    NINE,
    THIRTEEN,
    AchievementDraft,
)

bp = Blueprint("achievement_forms", __name__)

LEVELS = [
    (str(level), f"{level} 级" if level <= NINE else f"{level} 级（仅十三级制）")
    for level in range(1, THIRTEEN + 1)
]
SPARE_ROWS = 2


class AchievementForm(PostedForm[Achievement, AchievementDraft]):
    """An achievement as its holder posts it."""

    kind = RecordType.ACHIEVEMENT
    noun = "成果"
    template = "achievements/edit.html"
    names = LABELS
    shape = merge.SHAPE

    def find(self, record_id: int) -> Achievement:
        return service.find_achievement(db.session, signed_in(), record_id)

    def read(self, *, submit: bool, now: datetime) -> AchievementDraft:
        return service.read_form(request.form, submit=submit, today=labels.today(now))

    def create(
        self, data: AchievementDraft, *, form_key: str, now: datetime
    ) -> Achievement:
        return service.create_achievement(
            db.session, signed_in(), data, form_key=form_key, now=now
        )

    def change(
        self, item: Achievement, data: AchievementDraft, *, version: int, now: datetime
    ) -> Achievement:
        return service.edit_achievement(
            db.session, signed_in(), item.id, data, version=version, now=now
        )

    def stored(self, item: Achievement) -> dict[str, Any]:
        return merge.form_values(item)

    def typed(self) -> dict[str, Any]:
        return merge.typed(request.form)

    def advice(
        self, data: AchievementDraft, item: Achievement | None, now: datetime
    ) -> Advice:
        found = hints(data, today=labels.today(now))
        posted = item is not None and item.status is not AchievementStatus.DRAFT
        if posted or not data.abstract:
            return Advice(found)
        unsaved = service.unsaved(signed_in(), data, item)
        return Advice(found, similar_to(unsaved))

    def context(
        self, values: dict[str, Any], item: Achievement | None
    ) -> dict[str, Any]:
        return {
            "item": item,
            "fields": FIELDS.offered(),
            "stages": [(stage.value, labels.label(stage)) for stage in Stage],
            "ownerships": [(one.value, labels.label(one)) for one in Ownership],
            "ip_types": [(word, word) for word in IP_TYPES],
            "ip_states": [(word, word) for word in IP_STATES],
            "ip_rows": _with_blanks(values.get("ip") or [], MOST_IP_ROWS),
            "owner_rows": _with_blanks(values.get("owners") or [], MOST_OWNERS),
            "levels": LEVELS,
            "scales": [(str(scale), text) for scale, text in labels.SCALES.items()],
            "proofs": [(kind.value, labels.label(kind)) for kind in ProofKind],
            "methods": [(one.value, labels.label(one)) for one in ValuationMethod],
            "modes": [(mode.value, labels.label(mode)) for mode in ACHIEVEMENT_MODES],
        }

    def edit_url(self, item: Achievement) -> str:
        return url_for(".edit", achievement_id=item.id)

    def show_url(self, item: Achievement) -> str:
        return url_for("achievements.show", achievement_id=item.id)

    def done(self, item: Achievement) -> ResponseReturnValue:
        if item.status is AchievementStatus.DRAFT:
            flash("草稿已保存，只有本单位能看到。", "success")
            return redirect(self.show_url(item), 303)
        flash("已提交审核。审核通过后发布，结果会在通知里告诉您。", "success")
        url = url_for("achievements.show", achievement_id=item.id, submitted=1)
        return redirect(url, 303)


@bp.route("/achievements/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    form = AchievementForm()
    policies.require(signed_in(), "achievement.create")
    if request.method == "POST":
        return form.post_new()
    return form.blank({"trl_scale": str(NINE)})


@bp.route("/achievements/<int:achievement_id>/edit", methods=["GET", "POST"])
@login_required
def edit(achievement_id: int) -> ResponseReturnValue:
    form = AchievementForm()
    item = form.find(achievement_id)
    policies.require(signed_in(), "achievement.edit", item)
    posting.require_editable(item)
    return form.post_edit(item) if request.method == "POST" else form.opened(item)


def _with_blanks(rows: Sequence[dict[str, str]], most: int) -> list[dict[str, str]]:
    """The rows of the form, and a few empty ones while there is room."""
    return [*rows, *[{}] * max(0, min(SPARE_ROWS, most - len(rows)))]
