"""Every refusal as a page: the one place that knows statuses and their words."""

from flask import Flask, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from index.loading import EncoderMissing
from models.states import IllegalMove

from . import labels
from .errors import Conflict, DomainError, Forbidden, Invalid, NotFound

CONFLICTS: dict[str, str] = {
    "suggestion.claimed": "这一对正由 {holder} 审核，请先处理下一对。",
    "suggestion.decided": "这一对已有审核结论，您的决定没有保存。",
    "suggestion.side_closed": "其中一方已不再公开征集，这一对不能通过；"
    "可以驳回或暂缓。",
    "suggestion.nothing_to_undo": "这一对没有可以撤销的决定。",
    "suggestion.undo_too_late": "决定已超过 24 小时，不能再撤销。",
    "suggestion.bulk_blocked": "没有驳回任何一对：所选 {total} 对中，"
    "{claimed} 对正由其他同事审核，{decided} 对已有结论。请去掉这些后重试。",
    "ranker.nothing_to_learn": "还没有可供学习的审核结论，匹配模型没有训练。",
    "ranker.in_force": "该匹配模型正在使用中。",
    "ranker.not_better": "该匹配模型没有优于现用模型，没有启用。",
    "ranker.nothing_before": "现用的是平台自带的匹配模型，没有更早的可以恢复。",
    "need.not_editable": "该需求目前的状态不能修改。",
    "need.not_renewable": "该需求没有到期，不需要续期。",
    "achievement.not_editable": "该成果目前的状态不能修改。",
    "stale": "其他人刚刚修改了同一条信息，您的修改没有保存。请刷新后重做。",
    "form_used": "这张表单已经提交过一次，请打开原记录修改。",
    "changed_since_read": "该信息在您打开页面后又有修改，请重新查看后再作决定。",
    "already_handled": "该信息已被处理，请刷新页面查看最新状态。",
}

HTTP_WORDS: dict[int, tuple[str, str]] = {
    400: ("请求无法识别", "请返回上一页，刷新后重试。"),
    401: ("请先登录", "登录后即可继续。"),
    403: ("没有权限", "当前账号不能进行此操作。如需开通，请联系平台工作人员。"),
    404: ("没有找到", "该页面或信息不存在，或者不对当前账号开放。"),
    405: ("操作方式不对", "请从页面上的按钮进行操作。"),
    413: ("内容过大", "提交的内容超过 {limit}，请精简后重试。"),
    415: ("格式不支持", "请使用页面上的表单提交。"),
    422: ("填写有误", "请按提示修改后重试。"),
    429: ("操作过于频繁", "请稍等一分钟后再试。"),
    500: ("系统出错", "错误已记录，您填写的内容没有保存。请稍后重试。"),
    503: ("服务暂不可用", "请稍后重试。"),
}


def register(app: Flask) -> None:
    """Attach every handler to the app."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(IllegalMove, lambda _: _page(409, CONFLICTS_STATE))
    app.register_error_handler(StaleDataError, lambda _: _page(409, CONFLICTS_EDIT))
    app.register_error_handler(EncoderMissing, lambda e: _page(503, str(e)))
    app.register_error_handler(CSRFError, lambda _: _page(400, CSRF_WORDS))
    app.register_error_handler(HTTPException, _http)


CONFLICTS_STATE = "该信息的状态已经变化，不能进行此操作。请刷新后再看。"
CONFLICTS_EDIT = "其他人刚刚修改了同一条信息，您的修改没有保存。请刷新后重做。"
CSRF_WORDS = "页面停留过久或登录状态已变化，请返回上一页刷新后重新提交。"


def conflict_words(error: Conflict) -> str:
    """What to tell the person whose action met another state."""
    return CONFLICTS[error.code].format_map(error.facts)


def _domain(error: DomainError) -> ResponseReturnValue:
    if isinstance(error, NotFound):
        return _page(404)
    if isinstance(error, Forbidden):
        return _page(403)
    if isinstance(error, Invalid):
        return _page(422, ";".join(error.fields.values()))
    assert isinstance(error, Conflict)
    return _page(409, conflict_words(error))


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and 300 <= error.code < 400:
        return error.get_response()
    message = ""
    if error.code == 413:
        limit = labels.file_size(request.max_content_length or 0)
        message = HTTP_WORDS[413][1].format(limit=limit)
    response = _page(error.code or 500, message)
    if error.code == 405 and error.get_response().headers.get("Allow"):
        return *response, {"Allow": error.get_response().headers["Allow"]}
    return response


def _page(status: int, message: str = "") -> tuple[str, int]:
    heading, words = HTTP_WORDS.get(status, HTTP_WORDS[400 if status < 500 else 500])
    if status == 409:
        heading = "状态已变化"
    session = g.get("db_session")
    if session is not None:
        session.rollback()
    actions = [("返回首页", url_for("home.index"))]
    if status == 404:
        actions.append(("检索需求与成果", url_for("search.results")))
    html = render_template(
        "error.html",
        status=status,
        heading=heading,
        message=message or words,
        actions=actions,
        # The page of a failed request asks the database for nothing.
        bare=status >= 500,
    )
    return html, status
