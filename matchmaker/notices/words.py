"""The words of each kind of notice, and the page it leads to."""

# By the endpoint of the page and the fact that is the argument of its address: what
# the kinds that lead there say, with their facts.
BY_PAGE: dict[tuple[str, str], dict[str, str]] = {
    ("needs.show", "need_id"): {
        "need_submitted": "新需求待审:{title}",
        "need_published": "您的需求已发布:{title}",
        "need_returned": "您的需求被退回:{title}。原因:{reason}",
        "need_expired": "您的需求已过期:{title}。如果还需要，打开后可一键续期。",
        "subscribed_need": "订阅「{name}」有新需求：{title}",
    },
    ("achievements.show", "achievement_id"): {
        "achievement_expired": (
            "您的成果已过期:{title}。如果仍可转化，打开后可一键续期。"
        ),
        "achievement_submitted": "新成果待审:{title}",
        "achievement_published": "您的成果已发布:{title}",
        "achievement_returned": "您的成果被退回:{title}。原因:{reason}",
        "subscribed_achievement": "订阅「{name}」有新成果：{title}",
    },
    ("verification.queue", "kind"): {
        "records_imported": "{organisation}从文件提交了 {count} 条{noun}，待审",
    },
    ("registrations.show", "registration_id"): {
        "registration_submitted": "新的登记待审:{organisation},{name}",
    },
    ("calls.show", "call_id"): {
        "subscribed_call": "订阅「{name}」有新榜单：{title}",
        "call_submitted": "新榜单待论证：{title}",
        "call_returned": "榜单没有通过论证：{title}。原因：{reason}",
        "call_approved": "榜单通过论证：{title}",
        "call_opened": "榜单已发布：{title}",
        "call_began": "榜单开始揭榜：{title}",
        "call_closed": "榜单已截止：{title}",
        "call_amended": "榜单有修改（第 {number} 版）：{title}。原因：{reason}",
        "call_stopped": "榜单已终止：{title}。原因：{reason}",
        "call_asked": "榜单有新的提问：{title}",
        "call_answered": "榜单有新的答复：{title}",
        "call_invited": "邀请您的单位揭榜：{title}",
        "bids_opened": "榜单收到 {count} 份揭榜书，已启封：{title}",
        "call_without_bids": "没有单位揭榜，流榜：{title}",
    },
    ("subscriptions.show", "subscription_id"): {
        "subscription_digest": "订阅「{name}」有 {count} 条新信息",
    },
    ("matches.show_mine", "suggestion_id"): {
        "match_approved": "您的需求「{title}」有一条匹配建议经平台审核通过:{other}",
    },
    ("introductions.show", "introduction_id"): {
        "introduction_asked": "有一个对接等您答复：{title}",
        "introduction_agreed": "双方都有意向，可以洽谈了：{title}",
        "introduction_declined": "对方答复无意向：{title}。原因：{reason}",
        "introduction_managed": "您被指派负责对接：{title}",
        "introduction_manager": "技术经理人 {name} 将协助对接：{title}",
        "introduction_moved": "对接进入「{state}」：{title}",
        "introduction_failed": "对接未成：{title}。原因：{reason}",
        "introduction_logged": "对接有新的记录（{what}）：{title}",
        "contact_opened": "{name} 向您公开了联系方式：{title}",
    },
    ("contracts.show", "contract_id"): {
        "contract_drafted": "有一份合同草稿请您核对：{title}",
        "contract_edited": "合同草稿有修改：{title}",
        "contract_reopened": "合同文本有改动，双方需要重新确认：{title}",
        "contract_confirmed": "一方已确认合同文本，请另一方确认：{title}",
        "contract_confirm_for": "合同有一方不在平台上，需要工作人员代为确认：{title}",
        "contract_to_sign": "双方都已确认，可以签订：{title}",
        "contract_signed": "合同已签订，请卖方提交认定登记：{title}",
        "contract_to_submit": "合同可以提交认定登记：{title}",
        "contract_submitted": "合同已提交认定登记：{title}",
        "contract_correcting": "登记机构要求补正：{title}",
        "contract_recognised": "合同已认定登记：{title}",
        "contract_refused": "合同不予登记，请查看原因：{title}",
        "contract_amended": "合同登记了变更：{title}",
        "contract_cancelled": "合同登记已注销：{title}",
        "contract_void": "合同已作废：{title}",
        "contract_due": "支付条件已成就：{title}。{words}",
        "contract_received": "登记了一笔到账 {amount}：{title}",
    },
    ("matches.pair", "suggestion_id"): {
        "pair_proposed": "{name}人工提出了一对配对，等待审核：{title}",
    },
    ("proposals.mine", "state"): {
        "proposal_approved": "您提出的配对已通过：「{title}」与「{other}」",
        "proposal_rejected": (
            "您提出的配对没有通过：「{title}」与「{other}」。原因可在「我提出的配对」查看"
        ),
    },
    ("bids.receipt", "bid_id"): {
        "bid_submitted": (
            "揭榜书已收到（第 {number} 次提交，{at}）：{title}。回执 SHA-256：{digest}"
        ),
        "bid_withdrawn": "揭榜书已撤回，内容已销毁（{at}）：{title}",
        "bid_released": "揭榜书已启封，进入评审：{title}",
    },
    ("releases.show", "call_id"): {
        "release_approved": "{name} 已批准启封，请另一位工作人员批准：{title}",
        "release_faults": "启封时有 {count} 处异常，请查看：{title}",
    },
    ("reviews.mine", "call"): {
        "review_assigned": "有 {number} 份揭榜书请您评审{until}：{title}",
        "review_due_moved": "评审截止改为 {day}：{title}。原因：{reason}",
        "review_removed": "有一份揭榜书不再由您评审：{title}",
    },
    ("reviews.show", "review_id"): {
        "review_returned": "您的评分表被退回修改：{title}。原因：{reason}",
    },
    ("panels.show", "call_id"): {
        "review_conflict": "有专家因利害关系回避，请补派专家：{title}",
        "reviews_complete": "评分表已收齐，可以拟定结果：{title}",
    },
    ("views.show", "call_id"): {
        "view_wanted": "请对揭榜书给出意见：{title}",
    },
    ("results.outcome", "outcome_id"): {
        "outcome_announced": "评审结果公示，请查看您单位的结果和理由：{title}",
        "outcome_final": "评审结果已生效：{title}",
    },
    ("results.show", "call_id"): {
        "result_announced": "评审结果已公示：{title}",
        "result_final": "评审结果已生效：{title}",
        "result_withdrawn": "异议成立，公示的结果已撤销：{title}",
    },
    ("results.objection", "objection_id"): {
        "objection_made": "收到对评审结果的异议：{title}",
        "objection_answered": "您的异议已有答复：{title}",
    },
    ("awards.of_call", "call_id"): {
        "award_begun": "榜单已立项，请拟定任务书：{title}",
        "call_accepted": "榜单验收完成：{title}",
        "call_ended": "没有项目通过验收，榜单终止：{title}",
    },
    ("awards.show", "award_id"): {
        "award_to_confirm": "任务书请您核对和确认：{title}",
        "award_reopened": "任务书有修改，请重新确认：{title}",
        "award_confirmed": "{side}已确认任务书：{title}",
        "amendment_to_confirm": "任务书变更请您核对和确认：{title}",
        "amendment_confirmed": "{side}已确认任务书变更：{title}",
        "amendment_in_force": "任务书变更已生效：{title}",
        "amendment_ended": "任务书变更{outcome}：{title}。{reason}",
        "award_running": "任务书已确认，进入实施：{title}",
        "milestone_delivered": "{winner}已交付{milestone}：{title}",
        "milestone_viewed": "发榜单位已判断{milestone}（{winner}）：{title}",
        "milestone_judged": "{milestone}{verdict}：{title}",
        "award_paid": "{milestone}已拨付 {amount}：{title}",
        "acceptance_asked": "{winner}申请验收：{title}",
        "acceptance_tested": "发榜单位已完成测试（{winner}）：{title}",
        "acceptance_returned": "验收退回整改（{winner}）：{title}",
        "award_accepted": "{winner}通过验收：{title}",
        "award_eliminated": "{winner}在赛马中被淘汰：{title}",
        "award_stopped": "项目已终止（{winner}）：{title}",
    },
    ("webhooks.show", "hook_id"): {
        "webhook_stopped": "消息推送「{name}」已停用：{why}",
    },
    ("publications.show", "list_id"): {
        "publication_issued": (
            "您单位有 {number} 条信息列入已发布的清单：{title}（{code}）"
        ),
        "publication_withdrawn": "列有您单位信息的清单已撤回：{title}（{code}）",
    },
    ("work.index", "source"): {
        "work_waiting": (
            "有 {number} 条{label}已等待 {days} 个工作日以上，最久的是「{title}」"
        ),
        "work_due": "有 {number} 条{label}，最早的是「{title}」",
    },
}
# kind: (words, endpoint, fact that is its argument)
WORDS: dict[str, tuple[str, str, str]] = {
    kind: (words, *page)
    for page, kinds in BY_PAGE.items()
    for kind, words in kinds.items()
}
