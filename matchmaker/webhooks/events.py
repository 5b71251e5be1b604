"""Which notices a hook may hear of, and what each is called outside.

Every kind of notice stands here: in `OFFERED`, with the words that may be said of it
anywhere, or in `KEPT`. What one person alone is told is no matter of its organisation;
that a bid was submitted lies on no server of others before its call's release; a notice
of several records at once has none to lead to.
"""

from collections.abc import Sequence

TEST = "webhook.test"
TEST_WORDS = "测试消息"

# Whom a kind is for: «o» the organisations it is about, «p» the platform, «op» both.
OFFERED: dict[str, dict[str, tuple[str, str]]] = {
    "需求与成果": {
        "need_submitted": ("p", "新需求待审"),
        "need_published": ("o", "需求已发布"),
        "need_returned": ("o", "需求被退回"),
        "need_expired": ("o", "需求已过期"),
        "achievement_submitted": ("p", "新成果待审"),
        "achievement_published": ("o", "成果已发布"),
        "achievement_returned": ("o", "成果被退回"),
        "achievement_expired": ("o", "成果已过期"),
        "registration_submitted": ("p", "新的登记待审"),
        "publication_issued": ("o", "本单位的信息列入已发布的清单"),
        "publication_withdrawn": ("o", "列有本单位信息的清单已撤回"),
    },
    "匹配与对接": {
        "match_approved": ("o", "需求有一条匹配建议经平台审核通过"),
        "pair_proposed": ("p", "人工提出的配对等待审核"),
        "introduction_asked": ("o", "有一个对接等待答复"),
        "introduction_agreed": ("o", "对接双方都有意向，可以洽谈"),
        "introduction_declined": ("o", "对接的对方答复无意向"),
        "introduction_manager": ("o", "对接有了技术经理人"),
        "introduction_moved": ("o", "对接进入新的阶段"),
        "introduction_failed": ("o", "对接未成"),
        "introduction_logged": ("o", "对接有新的记录"),
        "contact_opened": ("o", "对接的对方公开了联系方式"),
    },
    "技术合同": {
        "contract_drafted": ("o", "有一份合同草稿待核对"),
        "contract_edited": ("o", "合同草稿有修改"),
        "contract_reopened": ("o", "合同文本有改动，需要重新确认"),
        "contract_confirmed": ("o", "一方已确认合同文本"),
        "contract_confirm_for": ("p", "合同需要工作人员代为确认"),
        "contract_to_sign": ("o", "双方都已确认，合同可以签订"),
        "contract_signed": ("o", "合同已签订"),
        "contract_to_submit": ("op", "合同可以提交认定登记"),
        "contract_submitted": ("op", "合同已提交认定登记"),
        "contract_correcting": ("o", "登记机构要求补正"),
        "contract_recognised": ("o", "合同已认定登记"),
        "contract_refused": ("o", "合同不予登记"),
        "contract_amended": ("o", "合同登记了变更"),
        "contract_cancelled": ("o", "合同登记已注销"),
        "contract_void": ("o", "合同已作废"),
        "contract_due": ("o", "支付条件已成就"),
        "contract_received": ("o", "登记了一笔到账"),
    },
    "揭榜榜单": {
        "call_submitted": ("p", "新榜单待论证"),
        "call_returned": ("o", "榜单没有通过论证"),
        "call_approved": ("o", "榜单通过论证"),
        "call_opened": ("o", "榜单已发布"),
        "call_began": ("o", "榜单开始揭榜"),
        "call_closed": ("o", "榜单已截止"),
        "call_amended": ("o", "榜单有修改"),
        "call_stopped": ("o", "榜单已终止"),
        "call_asked": ("p", "榜单有新的提问"),
        "call_answered": ("o", "榜单有新的答复"),
        "call_invited": ("o", "邀请揭榜"),
        "bids_opened": ("op", "榜单收到的揭榜书已启封"),
        "bid_released": ("o", "本单位的揭榜书已启封，进入评审"),
        "call_without_bids": ("op", "没有单位揭榜，流榜"),
        "release_approved": ("p", "启封等待另一位工作人员批准"),
        "release_faults": ("p", "启封时有异常"),
    },
    "评审与公示": {
        "view_wanted": ("o", "请对揭榜书给出意见"),
        "review_conflict": ("p", "有专家回避，请补派专家"),
        "reviews_complete": ("p", "评分表已收齐，可以拟定结果"),
        "outcome_announced": ("o", "评审结果公示，请查看本单位的结果"),
        "outcome_final": ("o", "评审结果已生效，请查看本单位的结果"),
        "result_announced": ("o", "榜单的评审结果已公示"),
        "result_final": ("o", "榜单的评审结果已生效"),
        "result_withdrawn": ("o", "公示的结果已撤销"),
        "objection_made": ("p", "收到对评审结果的异议"),
    },
    "任务书与里程碑": {
        "award_begun": ("p", "榜单已立项，请拟定任务书"),
        "award_to_confirm": ("o", "任务书待核对和确认"),
        "award_reopened": ("o", "任务书有修改，请重新确认"),
        "award_confirmed": ("op", "一方已确认任务书"),
        "amendment_to_confirm": ("o", "任务书变更待核对和确认"),
        "amendment_confirmed": ("op", "一方已确认任务书变更"),
        "amendment_in_force": ("op", "任务书变更已生效"),
        "amendment_ended": ("op", "任务书变更没有生效"),
        "award_running": ("o", "任务书已确认，进入实施"),
        "milestone_delivered": ("op", "里程碑已交付"),
        "milestone_viewed": ("p", "发榜单位已判断里程碑"),
        "milestone_judged": ("o", "里程碑有了结论"),
        "award_paid": ("o", "登记了一笔拨款"),
        "acceptance_asked": ("op", "承担单位申请验收"),
        "acceptance_tested": ("p", "发榜单位已完成测试"),
        "acceptance_returned": ("o", "验收退回整改"),
        "award_accepted": ("o", "项目通过验收"),
        "award_eliminated": ("o", "赛马有了结果"),
        "award_stopped": ("o", "项目已终止"),
        "call_accepted": ("op", "榜单验收完成"),
        "call_ended": ("op", "没有项目通过验收，榜单终止"),
    },
}
KEPT = frozenset(
    {
        "subscribed_need",
        "subscribed_achievement",
        "subscribed_call",
        "subscription_digest",
        "introduction_managed",
        "proposal_approved",
        "proposal_rejected",
        "bid_submitted",
        "bid_withdrawn",
        "review_assigned",
        "review_due_moved",
        "review_removed",
        "review_returned",
        "objection_answered",
        "records_imported",
        "work_waiting",
        "work_due",
        "webhook_stopped",
    }
)
WORDS: dict[str, str] = {
    kind: words for kinds in OFFERED.values() for kind, (_, words) in kinds.items()
} | {TEST: TEST_WORDS}


def offered(*, platform: bool) -> dict[str, list[tuple[str, str]]]:
    """The kinds to choose from, with their words, group by group."""
    reader = "p" if platform else "o"
    groups = {
        group: [
            (kind, words) for kind, (whose, words) in kinds.items() if reader in whose
        ]
        for group, kinds in OFFERED.items()
    }
    return {group: kinds for group, kinds in groups.items() if kinds}


def may_hear(events: Sequence[str], *, platform: bool) -> bool:
    """Whether all of these are offered to such a hook."""
    kinds = offered(platform=platform).values()
    return set(events) <= {kind for some in kinds for kind, _ in some}
