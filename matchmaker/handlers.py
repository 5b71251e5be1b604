"""Every refusal, as a page or for a program: the one place that knows their words."""

import sys
from collections.abc import Mapping

from flask import Flask, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from index.loading import EncoderMissing
from models.states import IllegalMove

from . import labels
from .api import problems
from .api.caller import NoToken
from .api.reading import MatchNeeded
from .api.strict import Unreadable
from .errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unavailable

CONFLICTS: dict[str, str] = {
    "suggestion.claimed": "这一对正由 {holder} 审核，请先处理下一对。",
    "suggestion.decided": "这一对已有审核结论，您的决定没有保存。",
    "suggestion.side_closed": "其中一方已不再公开征集，这一对不能通过；"
    "可以驳回或暂缓。",
    "suggestion.nothing_to_undo": "这一对没有可以撤销的决定。",
    "suggestion.undo_too_late": "决定已超过 24 小时，不能再撤销。",
    "suggestion.in_talks": "双方已经因这一对开始对接，审核结论不能再撤销。",
    "suggestion.bulk_blocked": "没有驳回任何一对：所选 {total} 对中，"
    "{claimed} 对正由其他同事审核，{decided} 对已有结论。请去掉这些后重试。",
    "proposal.waiting": "这一对已经在审核台等待审核，不用再提。",
    "proposal.approved": "这一对已经审核通过，不用再提。",
    "proposal.closed": "其中一方目前没有公开征集，不能提出配对。",
    "ranker.nothing_to_learn": "还没有可供学习的审核结论，匹配模型没有训练。",
    "ranker.in_force": "该匹配模型正在使用中。",
    "ranker.not_better": "该匹配模型没有优于现用模型，没有启用。",
    "ranker.nothing_before": "现用的是平台自带的匹配模型，没有更早的可以恢复。",
    "need.not_editable": "该需求目前的状态不能修改。",
    "need.not_approved": "脱敏文本还没有按现在的全文确认，不能公开。"
    "请申报单位在修改页对照全文核对后勾选确认。",
    "need.not_renewable": "该需求没有到期，不需要续期。",
    "call.not_editable": "这个榜单目前的状态不能这样修改。"
    "已发布的请从「修改已发布的榜单」登记。",
    "call.not_approved": "这个榜单还没有通过论证，不能发布。",
    "call.no_goals": "这个榜单没有揭榜目标，不能继续。请退回修改。",
    "call.weights": "评审标准的权重相加不是 100，不能继续。请退回修改。",
    "call.not_open": "现在不在揭榜时间内，不能这样操作。",
    "call.not_asking": "提问已经截止，没有保存。",
    "call.own": "发榜单位不能向自己的榜单提问。",
    "call.answered": "这个问题已有答复。",
    "call.cannot_stop": "这个榜单目前的状态不能在这里终止。",
    "call.invited": "已经邀请过这家单位。",
    "call.not_invitable": "这家单位现在不能邀请：它是发榜单位，或没有在用的账号。",
    "achievement.not_renewable": "该成果没有到期，不需要续期。",
    "achievement.not_editable": "该成果目前的状态不能修改。",
    "contract.not_editable": "这份合同目前的状态不能直接修改；"
    "认定后的内容只能登记变更。",
    "contract.incomplete": "合同还有 {number} 项没有填写，填齐后才能确认和签订。",
    "contract.unconfirmed": "双方还没有都确认现在的文本，不能继续。",
    "contract.draft_exists": "这次对接已有一份合同草稿，请在原草稿上修改。",
    "contract.party_is_here": "这一方是平台的单位，请由它自己确认。",
    "contract.moved_on": "合同的状态已经变化，不能进行此操作。请刷新后再看。",
    "contract.seller_submits": "认定登记由卖方提交；"
    "卖方不在平台上的，由平台工作人员登记。",
    "contract.seller_receives": "到账由收款的卖方登记；"
    "卖方不在平台上的，由平台工作人员登记。",
    "contract.staff_voids": "已签订的合同由平台工作人员作废，"
    "请联系工作人员并说明原因。",
    "contract.not_recognised": "只有认定的合同登记变更；认定前请直接修改。",
    "contract.not_paying": "合同签订之后才登记支付情况。",
    "contract.reported": "这一行不需要登记条件，或已经登记过。",
    "contract.void": "这份合同已作废，附件不能再改。",
    "attachment.used": "这个文件是支付条件的证明，不能删除。",
    "node.is_platform": "总平台不能停用。",
    "node.has_parts": "该节点下面还有在用的节点，请先移走或停用它们。",
    "node.parent_retired": "上级节点已停用，请先恢复上级，或把该节点移到别处。",
    "user.last_admin": "这是最后一个在用的管理员账号，不能停用或更改角色。"
    "请先指定另一位管理员。",
    "dictionary.last": "字典里至少要有一个在用的条目，不能全部停用。",
    "holiday.past": "已经过去的日期关系到等待天数的计算，不能删除。",
    "link.unknown": "这个链接无效。请检查是否复制完整，或者重新申请一个。",
    "link.used": "这个链接已经用过，或已被后来寄出的链接取代。请重新申请一个。",
    "link.expired": "这个链接已过期。请重新申请一个。",
    "two_step.on": "两步验证已经开启。",
    "two_step.off": "两步验证没有开启。",
    "registration.sent": "这份登记已经提交，请查收邮件，不用重复提交。",
    "registration.too_many": "这个邮箱一小时内已发送 3 封邮件，请查收其中的链接，"
    "或一小时后再试。",
    "registration.email_taken": "这个邮箱已经有账号，不能再次开通。请退回并说明。",
    "registration.name_taken": "已有同名单位，但统一社会信用代码不同。"
    "请退回，让对方填写营业执照上的全称，或申请加入已有单位。",
    "member.last_manager": "单位至少要有一位管理员。请先把另一位成员设为管理员。",
    "member.not_yourself": "不能停用自己的账号。要离开平台，请在「个人数据」中注销。",
    "member.of_platform": "平台工作人员的账号由平台管理员办理，单位不能更改。",
    "member.erased": "这个账号已由本人注销，不能恢复。请重新邀请。",
    "invitation.closed": "这份邀请已被接受、撤回或过期。",
    "invitation.has_account": "这个邮箱已有账号，不能再次开通。"
    "要换到另一家单位，请联系平台工作人员。",
    "user.needed": "现在还不能注销：{why}",
    "mail.gone": "这封邮件已经发出，不能再次发送。",
    "webhook.too_many": "最多设置 {most} 个推送，请先删除不用的。",
    "webhook.too_many_tests": "一分钟内已发了 5 条测试消息，请稍等再试。",
    "webhook.no_secret": "机器人没有平台的签名密钥，不能更换；"
    "钉钉的加签密钥请在「修改」里填写。",
    "webhook.too_many_secrets": "24 小时内最多更换 {most} 次签名密钥，"
    "请用已显示的最新一个。",
    "webhook.stopped_by_admin": "这个推送由平台管理员停用，请联系管理员。",
    "webhook.off": "这个推送已停用，请先启用再重新发送。",
    "webhook.test_again": "测试消息不能重发，请再发一条测试。",
    "subscription.too_many": "最多 {most} 个订阅，请先在「我的订阅」里删除不用的。",
    "subscription.not_seeking": "这项成果目前没有在找需求方，提交审核后才能订阅。",
    "introduction.side_closed": "其中一方已不再公开征集，不能发起对接。",
    "introduction.not_approved": "这一对还没有审核通过，不能发起对接。",
    "introduction.same_side": "双方是同一家单位，不能发起对接。",
    "introduction.not_your_side": "成果由企业申请对接，需求由高校申请对接。",
    "introduction.answered": "您的单位已经答复过这个对接，不能重复答复。",
    "introduction.not_waiting": "这个对接已不在等待答复，您的答复没有保存。",
    "introduction.not_talking": "双方都有意向、对接还在进行时才能这样做。",
    "introduction.answer_first": "请先答复有意向或无意向。",
    "introduction.needs_contract": "「已签约」由技术合同的签订确定，请起草并签订合同。",
    "introduction.needs_answers": "双方都答复有意向后才进入洽谈。",
    "introduction.closed": "这个对接已经结束，不能再修改。",
    "introduction.owner_first": "定向需求的单位答复有意向之前，不能告知别人。",
    "expert.joined": "这位专家已经开通账号，不用再邀请。忘记密码可以在登录页重置。",
    "expert.closed": "这位专家的账号已停用，不能再邀请；请先由管理员启用。",
    "expert.none": "当前账号不是评审专家，没有本人的专家信息。",
    "expert.tie_known": "这条利害关系已经申报过。",
    "expert.last_employer": "请先补充现在的工作单位，再结束原来的任职。",
    "panel.not_in_review": "这个榜单现在不在评审中，不能这样操作。",
    "panel.partial": "发榜单位和揭榜单位的成员不能参与评审的组织和定标。",
    "panel.no_bids": "这个榜单还没有启封的揭榜书。",
    "panel.assigned": "这份揭榜书已经分派给这位专家，或者专家已经回避。",
    "panel.no_member": "这位专家现在不在评审组里。",
    "review.submitted": "这份评分表已经提交，不能再改。"
    "确需修改的，请联系平台工作人员退回。",
    "review.not_submitted": "这份评分表还没有提交，或已经退回。",
    "review.not_held": "这份评分表已经提交或不在专家手里，不能取消分派。",
    "result.sheets_missing": "评分还没有收齐：缺 {lacking} 位专家，"
    "还有 {awaited} 份评分表没有提交。",
    "result.none": "还没有拟定评审结果。",
    "result.outdated": "拟定结果之后评分有变化，请按现在的评分重新拟定。",
    "result.not_announced": "这个榜单现在没有公示中的结果。",
    "result.notice_running": "公示期还没有满，{until}不能确认结果。",
    "result.objections_open": "还有 {number} 条异议没有答复，不能确认结果。",
    "result.not_noticed": "现在不在公示期内，不能提出异议。",
    "award.book_closed": "任务书已经生效或项目已经结束，不能再改。",
    "award.not_amendable": "项目不在实施中，任务书不能变更。",
    "amendment.open": "已有一次变更在等双方确认，确认、撤回之后才能再提出。",
    "amendment.none": "这次变更已经生效、撤回或失效，请刷新页面。",
    "amendment.over_funding": "提出之后，其他单位的立项金额有变化，"
    "按这次变更会超过榜单金额，请平台撤回后重新提出。",
    "award.not_handed_out": "任务书还没有发出，请等平台拟定。",
    "award.party_is_here": "这一方在平台上有账号，请由它自己确认。",
    "award.issuer_is_here": "发榜单位在平台上有账号，请由它自己填写。",
    "award.not_ready": "还有里程碑没有判断，不能申请验收。",
    "award.not_accepting": "这个项目现在没有等待验收的申请。",
    "award.issuer_first": "发榜单位还没有给出测试结论，请等它测试后再作验收结论。",
    "award.no_race": "这个榜单不是赛马制，不能淘汰；需要结束的请终止。",
    "award.not_running": "这个项目现在不在实施中，不能淘汰。",
    "award.last_runner": "这是最后一家在实施的单位，不能淘汰；"
    "需要结束的请写明原因终止。",
    "award.ended": "这个项目已经结束。",
    "award.not_accepted": "通过验收的项目才能从这里起草技术合同。",
    "award.files_closed": "已经判断或结束，附件不能再改。",
    "milestone.not_open": "这个里程碑现在不能交付。",
    "milestone.not_delivered": "这个里程碑没有等待判断的交付。",
    "milestone.issuer_first": "发榜单位还没有判断，请等它判断后再作结论。",
    "milestone.not_passed": "里程碑通过之后才登记拨款。",
    "bid.own_call": "本单位发布的榜单，本单位不能揭榜。",
    "bid.too_late": "揭榜已于 {closed}截止，这次的内容没有保存。",
    "bid.too_early": "还没有到揭榜时间，{opens} 开始。",
    "bid.not_open": "这个榜单现在不接受揭榜。",
    "bid.stale": "另一个窗口或同事刚刚保存了这份揭榜书，您的修改没有保存。"
    "请刷新后重做。",
    "bid.nothing_submitted": "还没有提交过，没有可以退回的版本。"
    "不想继续时可以放弃草稿。",
    "release.not_waiting": "这个榜单现在没有等待启封的揭榜书。",
    "release.too_early": "还没有截止，任何人都不能启封。",
    "release.same_person": "您已经批准过，需要另一位工作人员批准。",
    "release.partial": "发榜单位和揭榜单位的成员不能启封。",
    "release.nothing_left": "没有还未启封的揭榜书。",
    "import.not_open": "这次导入目前的状态不能这样操作，请刷新页面查看进展。",
    "import.no_errors": "这次导入没有查出错误的行，没有错误表可以下载。",
    "import.expired": "上传的文件已过保存期限，请重新上传后再导入。",
    "import.not_checked": "文件还没有检查完，请等检查完成后再导入。",
    "import.has_errors": "有 {number} 行有错误，没有导入任何一行。"
    "请改正后重新上传，或跳过错误行、导入其余的行。",
    "target.changed": "其他管理员刚刚修改了这一年的数据，您的修改没有保存。",
    "target.nothing_to_copy": "这一年已有目标，或者更早的年份没有目标可以沿用。",
    "token.too_many": "最多同时有 {most} 个有效的访问令牌，请先停用不用的。",
    "api.key_running": "同一个 Idempotency-Key 的请求正在办理，请稍后再查询。",
    "api.key_reused": "这个 Idempotency-Key 已经用于另一个请求，请换一个新的。",
    "api.key_unanswered": "这个请求已经办理，但回答没有保存下来，请查询有关的记录。",
    "publication.issued": "这份清单已经发布，内容不再改动。需要更正时请另发一份清单。",
    "publication.not_issued": "这份清单现在不是已发布的状态，不能这样操作。",
    "publication.empty": "清单里没有可以发布的条目。请放宽条件重新收集，"
    "或勾选要列入的条目。",
    "publication.mixed": "清单里既有示例数据又有真实数据，不能一起发布。"
    "请去掉标着「示例」的条目。",
    "publication.changed": "您查看之后，清单里有信息被修改、撤回或改了公开范围，"
    "清单没有发布。请重新看一遍再发布。",
    "publication.number_taken": "编号刚刚被另一份清单使用，清单没有发布。"
    "请再发布一次。",
    "publication.has_successor": "这份清单已有一份更正清单，请在那一份上修改。",
    "publication.withdrawn": "这份清单已撤回，不再提供下载。",
    "stale": "其他人刚刚修改了同一条信息，您的修改没有保存。请刷新后重做。",
    "form_used": "这张表单已经提交过一次，请打开原记录修改。",
    "illegal_move": "该信息的状态已经变化，不能进行此操作。请刷新后再看。",
    "changed_since_read": "该信息在您打开页面后又有修改，请重新查看后再作决定。",
    "already_handled": "该信息已被处理，请刷新页面查看最新状态。",
}

UNAVAILABLE: dict[str, str] = {
    "bids.key_missing": "揭榜书的密钥文件不在，现在不能读写揭榜书。",
    "bids.key_open": "揭榜书的密钥文件权限过宽，现在不能读写揭榜书。",
    "bids.key_damaged": "揭榜书的密钥文件已损坏，现在不能读写揭榜书。",
    "bids.key_wrong": "揭榜书是用另一个密钥密封的，现在的密钥打不开。",
    "bids.damaged": "这份揭榜书的密文已损坏，打不开。",
}
UNAVAILABLE_HELP = "什么都没有改动。请联系平台管理员。"

HTTP_WORDS: dict[int, tuple[str, str]] = {
    400: ("请求无法识别", "请返回上一页，刷新后重试。"),
    401: ("请先登录", "登录后即可继续。"),
    403: ("没有权限", "当前账号不能进行此操作。如需开通，请联系平台工作人员。"),
    404: ("没有找到", "该页面或信息不存在，或者不对当前账号开放。"),
    405: ("操作方式不对", "请从页面上的按钮进行操作。"),
    413: ("内容过大", "提交的内容超过 {limit}，请精简后重试。"),
    415: ("格式不支持", "请使用页面上的表单提交。"),
    422: ("填写有误", "请按提示修改后重试。"),
    409: ("状态已变化", "请刷新后再看。"),
    412: ("状态已变化", "请重新读取后再改。"),
    428: ("缺少版本", "请带上读取时得到的 ETag。"),
    429: ("操作过于频繁", "请稍等一分钟后再试。"),
    500: ("系统出错", "错误已记录，您填写的内容没有保存。请稍后重试。"),
    503: ("服务暂不可用", "请稍后重试。"),
}


def register(app: Flask) -> None:
    """Attach every handler to the app."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(IllegalMove, lambda _: _conflict("illegal_move"))
    app.register_error_handler(StaleDataError, lambda _: _conflict("stale"))
    app.register_error_handler(EncoderMissing, _no_encoder)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(CSRFError, lambda _: _refuse(400, "csrf", CSRF_WORDS))
    app.register_error_handler(HTTPException, _http)


CONFLICTS_STATE = CONFLICTS["illegal_move"]
BUSY_WORDS = "系统正忙，您填写的内容没有保存。请返回上一页，稍后再提交一次。"
ENCODER_WORDS = "文本编码器没有装好，现在不能检索和匹配。请联系平台管理员。"
CSRF_WORDS = "页面停留过久或登录状态已变化，请返回上一页刷新后重新提交。"
# What only programs are told, or in other words than people at a page are.
API_WORDS = {
    "not_found": "没有这条记录，或者不对当前账号开放。",
    "forbidden": "当前账号不能进行此操作。",
    "busy": "系统正忙，什么都没有保存。请稍后重新发送。",
    "encoder_missing": ENCODER_WORDS,
    "http.400": "请求无法识别。",
    "http.401": "请在 Authorization 中带上有效的访问令牌：Bearer mmt_…",
    "http.404": "没有这个地址或这条记录，或者不对当前账号开放。",
    "http.405": "这个地址不支持此方法，支持的方法见 Allow。",
    "http.413": "请求超过 {limit}。",
    "http.415": "请发送 application/json；上传文件时用 multipart/form-data。",
    "http.429": "请求过于频繁，请等待 Retry-After 所示的秒数。",
    "http.500": "系统出错，错误已记录，什么都没有保存。",
    "http.503": "服务暂不可用，请稍后重试。",
    "api.second_step": "平台要求工作人员启用两步验证。请用浏览器登录，"
    "在「两步验证」里设置后再用访问令牌。",
    "api.scope": "这个访问令牌没有此项权限，请另建一个或换一个。",
    "api.if_match": "请在 If-Match 中带上读取时得到的 ETag。",
    "api.stale": "读取之后有人修改过，没有保存。请重新读取后再改。",
}


def codes() -> dict[str, str]:
    """Every stable code of a refusal with its words; facts stand in braces."""
    return API_WORDS | CONFLICTS | UNAVAILABLE


def conflict_words(error: Conflict) -> str:
    """What to tell the person whose action met another state."""
    return CONFLICTS[error.code].format_map(error.facts)


def _conflict(code: str) -> ResponseReturnValue:
    return _domain(Conflict(code))


def _domain(error: DomainError) -> ResponseReturnValue:
    if isinstance(error, NotFound):
        return _refuse(404, "not_found")
    if isinstance(error, Forbidden):
        return _refuse(403, error.code if error.code in API_WORDS else "forbidden")
    if isinstance(error, Invalid):
        words = ";".join(error.fields.values())
        return _refuse(422, "invalid", words, fields=error.fields)
    if isinstance(error, Unavailable):
        current_app.logger.error("unavailable: %s", error.code)
        return _refuse(503, error.code, UNAVAILABLE[error.code] + UNAVAILABLE_HELP)
    if isinstance(error, MatchNeeded):
        return _refuse(428, error.code)
    if isinstance(error, Unreadable):
        return _refuse(400, error.code, error.words)
    assert isinstance(error, Conflict)
    if error.code == "stale" and "If-Match" in request.headers:
        return _refuse(412, "api.stale")
    return _refuse(409, error.code, conflict_words(error), facts=error.facts)


def _no_encoder(error: EncoderMissing) -> ResponseReturnValue:
    current_app.logger.error("no encoder: %s", error)
    return _refuse(503, "encoder_missing", ENCODER_WORDS)


def _database(_error: OperationalError) -> ResponseReturnValue:
    """A database that is away, full or locked too long, or chose between two."""
    current_app.log_exception(sys.exc_info())
    response = current_app.make_response(_refuse(503, "busy", BUSY_WORDS))
    response.headers["Retry-After"] = "10"
    return response


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and 300 <= error.code < 400:
        return error.get_response()
    status, message, facts = error.code or 500, "", {}
    if status == 413:
        facts = {"limit": labels.file_size(request.max_content_length or 0)}
        message = HTTP_WORDS[413][1].format_map(facts)
    refused = _refuse(status, f"http.{status}", message, facts=facts)
    response = current_app.make_response(refused)
    # A wrong method names the right ones, a missing token how to bring one.
    if allowed := error.get_response().headers.get("Allow"):
        response.headers["Allow"] = allowed
    if isinstance(error, NoToken):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _refuse(
    status: int,
    code: str,
    message: str = "",
    *,
    facts: Mapping[str, object] | None = None,
    fields: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    """The refusal, nothing of the request kept."""
    heading, words = HTTP_WORDS.get(status, HTTP_WORDS[400 if status < 500 else 500])
    session = g.get("db_session")
    if session is not None:
        session.rollback()
    if problems.is_asked_for():
        told = API_WORDS.get(code, "").format_map(facts or {})
        words = told or message or words
        return problems.answer(status, code, heading, words, facts=facts, fields=fields)
    return _page(status, heading, message or words)


def _page(status: int, heading: str, message: str) -> tuple[str, int]:
    actions = [("返回首页", url_for("home.index"))]
    if status == 404:
        actions.append(("检索需求与成果", url_for("search.results")))
    html = render_template(
        "error.html",
        status=status,
        heading=heading,
        message=message,
        actions=actions,
        # The page of a failed request asks the database for nothing.
        bare=status >= 500,
    )
    return html, status
