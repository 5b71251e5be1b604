"""The files of a record: the page to change them, and each to download."""

from dataclasses import dataclass
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

from models.attachments import FileOwner
from models.base import utcnow

from .. import labels, policies
from ..accounts.current import current, signed_in
from ..config import Settings
from ..db import db
from ..errors import Invalid, NotFound
from . import content, service
from .owners import AWARDS, DEALS, OWNERS
from .store import Store

bp = Blueprint("attachments", __name__)

# What a form takes besides the file itself.
FORM_BYTES = 100_000


@dataclass(frozen=True)
class Place:
    """Where a kind of record is shown, with its argument, and its files changed.

    ``readers`` says who gets files that are not public; ``why`` what they are good for.
    """

    show: str
    argument: str
    manage: str
    readers: str
    badge: str
    why: str


OWN = "附件和全文一样，只有本单位和平台工作人员能看到。"
HELPFUL = "图纸、检测报告、现场照片能帮助对方判断。"
DELIVERED = "发榜单位、承担单位和平台工作人员能看到，不对外公开，其他揭榜单位看不到。"
PLACES: dict[FileOwner, Place] = {
    FileOwner.NEED: Place(
        "needs.show", "need_id", "attachments.of_need", OWN, "本单位和平台", HELPFUL
    ),
    FileOwner.ACHIEVEMENT: Place(
        "achievements.show",
        "achievement_id",
        "attachments.of_achievement",
        OWN,
        "本单位和平台",
        HELPFUL,
    ),
    FileOwner.INTRODUCTION: Place(
        "introductions.show",
        "introduction_id",
        "attachments.of_introduction",
        "对接的附件，双方、负责的技术经理人和平台工作人员都能看到，不对外公开。",
        "对接双方和平台",
        "会谈纪要、技术方案、报价单放在这里，双方看到的是同一份。",
    ),
    FileOwner.CONTRACT: Place(
        "contracts.show",
        "contract_id",
        "attachments.of_contract",
        "合同的附件，双方当事人、负责的技术经理人和平台工作人员都能看到，不对外公开。",
        "当事人和平台",
        "签字盖章的合同、技术附件和验收、测试证明放在这里。",
    ),
    FileOwner.AWARD: Place(
        "awards.show",
        "award_id",
        "attachments.of_award",
        DELIVERED,
        "发榜单位、承担单位和平台",
        "验收报告、检测报告、用户使用证明放在这里。",
    ),
    FileOwner.MILESTONE: Place(
        "milestones.show",
        "milestone_id",
        "attachments.of_milestone",
        DELIVERED,
        "发榜单位、承担单位和平台",
        "样机照片、测试记录、阶段报告放在这里，供发榜单位和平台判断。",
    ),
}
UPLOADS = frozenset(place.manage for place in PLACES.values())


@bp.url_value_preprocessor
def _allow_larger(endpoint: str | None, _values: object) -> None:
    if endpoint in UPLOADS:
        take_upload()


def take_upload() -> None:
    """Only an upload by somebody signed in may be larger than other forms.

    Called before anything reads the body, so that what is larger is refused by its
    announced length, or cut off where it passes the limit, and never stored.
    """
    if request.method == "POST" and current() is not None:
        request.max_content_length = store().limit + FORM_BYTES


def store() -> Store:
    """Where this installation keeps its files."""
    settings: Settings = current_app.config["SETTINGS"]
    return Store(settings.attachment_dir, settings.attachment_bytes)


@bp.route("/needs/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_need(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.NEED, record_id)


@bp.route("/achievements/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_achievement(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.ACHIEVEMENT, record_id)


@bp.route("/introductions/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_introduction(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.INTRODUCTION, record_id)


@bp.route("/contracts/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_contract(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.CONTRACT, record_id)


@bp.route("/awards/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_award(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.AWARD, record_id)


@bp.route("/milestones/<int:record_id>/attachments", methods=["GET", "POST"])
@login_required
def of_milestone(record_id: int) -> ResponseReturnValue:
    return _manage(FileOwner.MILESTONE, record_id)


def _manage(kind: FileOwner, record_id: int) -> ResponseReturnValue:
    if request.method == "GET":
        return _page(kind, record_id)
    try:
        row = service.add(
            db.session, store(), signed_in(), kind, record_id, _sent(), now=utcnow()
        )
    except Invalid as invalid:
        return _page(kind, record_id, invalid.fields)
    flash(f"已添加附件：{row.name}", "success")
    return redirect(url_for(PLACES[kind].manage, record_id=record_id), 303)


def _sent() -> service.Upload:
    found = sent("file", is_public=request.form.get("is_public") == "1")
    if found is None:
        raise Invalid({"file": "请先选择一个文件"})
    return found


def sent(name: str, *, is_public: bool = False) -> service.Upload | None:
    """The file a form sent under this name, if one was chosen."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return None
    return service.Upload(file.filename, file.stream, is_public)  # type: ignore[arg-type]


def _page(
    kind: FileOwner, record_id: int, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    user = signed_in()
    item = service.owned_record(db.session, user, kind, record_id)
    page = render_template(
        "attachments/manage.html",
        title=OWNERS[kind].title(user, item),
        place=PLACES[kind],
        remove=_removal(kind),
        files=cards(item),
        back=_home(kind, record_id),
        action=url_for(PLACES[kind].manage, record_id=record_id),
        may_open=policies.may_show_attachments(item),
        checked_again=kind not in DEALS | AWARDS
        and item.status.value in ("published", "expired"),
        most=service.MOST,
        limit=labels.file_size(store().limit),
        limit_bytes=store().limit,
        taken=content.TAKEN,
        accept=content.ACCEPT,
        errors=errors or {},
        values=request.form,
    )
    return page, 422 if errors else 200


def cards(item: Any) -> list[dict[str, Any]]:
    """The files of a record that the reader of the page gets, for the macros."""
    return [
        {
            "id": row.id,
            "name": row.name,
            "kind": content.BY_CODE[row.kind].words,
            "size": labels.file_size(row.size),
            "added": labels.day(row.created_at),
            "is_public": row.is_public and policies.may_show_attachments(item),
        }
        for row in service.of_record(db.session, current(), item)
    ]


@bp.get("/attachments/<int:attachment_id>")
def download(attachment_id: int) -> Response:
    row, _ = service.find(db.session, current(), attachment_id)
    kind = content.BY_CODE[row.kind]
    path = store().path(row.sha256)
    if not path.is_file():
        current_app.logger.error("attachment %s has no file", row.id)
        raise NotFound("attachment")
    response: Response = send_file(
        path,
        mimetype=kind.media_type,
        as_attachment=True,
        download_name=row.name,
        etag=row.sha256,
        # Of the row: the stored file may be shared with a record of another firm.
        last_modified=row.created_at,
    )
    return response


@bp.post("/attachments/<int:attachment_id>/public")
@login_required
def set_public(attachment_id: int) -> ResponseReturnValue:
    wish = request.form.get("is_public") == "1"
    row = service.set_public(db.session, signed_in(), attachment_id, wish, now=utcnow())
    if row.is_public:
        flash(f"审核通过后，所有人都能下载：{row.name}", "success")
    else:
        flash(f"不再公开：{row.name}", "success")
    return redirect(
        url_for(PLACES[row.record_type].manage, record_id=row.record_id), 303
    )


@bp.post("/attachments/<int:attachment_id>/remove")
@login_required
def remove(attachment_id: int) -> ResponseReturnValue:
    return _remove(attachment_id, "attachments.remove")


@bp.post("/attachments/<int:attachment_id>/remove-from-deal")
@login_required
def remove_from_deal(attachment_id: int) -> ResponseReturnValue:
    return _remove(attachment_id, "attachments.remove_from_deal")


@bp.post("/attachments/<int:attachment_id>/remove-from-award")
@login_required
def remove_from_award(attachment_id: int) -> ResponseReturnValue:
    return _remove(attachment_id, "attachments.remove_from_award")


def _removal(kind: FileOwner) -> str:
    """Where a file is removed; who may differs by what it hangs on: see the matrix."""
    if kind in AWARDS:
        return "attachments.remove_from_award"
    return "attachments.remove_from_deal" if kind in DEALS else "attachments.remove"


def _remove(attachment_id: int, endpoint: str) -> ResponseReturnValue:
    user = signed_in()
    row, _ = service.find(db.session, user, attachment_id)
    kind, record_id, name = row.record_type, row.record_id, row.name
    if _removal(kind) != endpoint:
        raise NotFound("attachment")
    service.remove(db.session, store(), user, attachment_id, now=utcnow())
    flash(f"已删除附件：{name}", "success")
    return redirect(url_for(PLACES[kind].manage, record_id=record_id), 303)


def _home(kind: FileOwner, record_id: int) -> str:
    values: dict[str, Any] = {PLACES[kind].argument: record_id}
    return url_for(PLACES[kind].show, **values)
