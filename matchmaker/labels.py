"""The words on screen for every enum member, and for money and time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from models import states as s
from models.fields import CONTRACT_WORDS, district_name, field_name
from models.outbox import RecordType
from models.regions import region_name

from .contracts.words import INDUSTRIES, SIDES, SIZES
from .needs.measures import words as measure_words

CITY = ZoneInfo("Asia/Shanghai")
FEN_PER_WAN = 1_000_000
FEN_PER_YI = 10_000_000_000

# Pairs, not a dict: members of two enums with one value would be one key.
_WORDS: list[tuple[StrEnum, str]] = [
    (s.Role.ENTERPRISE, "企业"),
    (s.Role.UNIVERSITY, "高校技术转移机构"),
    (s.Role.MANAGER, "技术经理人"),
    (s.Role.STAFF, "平台工作人员"),
    (s.Role.ADMIN, "管理员"),
    (s.Role.EXPERT, "评审专家"),
    (s.OrganisationKind.ENTERPRISE, "企业"),
    (s.OrganisationKind.UNIVERSITY, "高校"),
    (s.OrganisationKind.INSTITUTE, "科研院所"),
    (s.OrganisationKind.SERVICE_BODY, "服务机构"),
    (s.OrganisationKind.PARK, "园区"),
    (s.NodeKind.PLATFORM, "总平台"),
    (s.NodeKind.BRANCH, "分平台"),
    (s.NodeKind.BODY, "服务机构"),
    (s.OrganisationRole.MANAGER, "管理员"),
    (s.OrganisationRole.OPERATOR, "经办人"),
    (s.OrganisationRole.READER, "只读"),
    (s.RegistrationState.UNCONFIRMED, "邮箱未确认"),
    (s.RegistrationState.PENDING, "待审"),
    (s.RegistrationState.RETURNED, "已退回"),
    (s.RegistrationState.APPROVED, "已通过"),
    (s.RegistrationState.REPLACED, "已被新的登记取代"),
    (s.Secrecy.PUBLIC, "公开"),
    (s.Secrecy.MASKED, "脱敏公开"),
    (s.Secrecy.RESTRICTED, "定向"),
    (s.IpWish.BUYER, "归本单位所有"),
    (s.IpWish.SHARED, "双方共有"),
    (s.IpWish.SOLVER, "归解决方，本单位获得使用许可"),
    (s.IpWish.OPEN, "可以商量"),
    (s.NeedStatus.DRAFT, "草稿"),
    (s.NeedStatus.PENDING, "待审"),
    (s.NeedStatus.PUBLISHED, "已发布"),
    (s.NeedStatus.RETURNED, "已退回"),
    (s.NeedStatus.SOLVED, "已解决"),
    (s.NeedStatus.EXPIRED, "已过期"),
    (s.NeedStatus.WITHDRAWN, "已撤回"),
    (s.AchievementStatus.DRAFT, "草稿"),
    (s.AchievementStatus.PENDING, "待审"),
    (s.AchievementStatus.PUBLISHED, "已发布"),
    (s.AchievementStatus.RETURNED, "已退回"),
    (s.AchievementStatus.TRANSFERRED, "已转化"),
    (s.AchievementStatus.EXPIRED, "已过期"),
    (s.AchievementStatus.WITHDRAWN, "已撤回"),
    (s.CallStatus.DRAFT, "草稿"),
    (s.CallStatus.ARGUED, "论证"),
    (s.CallStatus.WITHDRAWN, "已撤回"),
    (s.CallStatus.OPEN, "揭榜中"),
    (s.CallStatus.IN_REVIEW, "评审中"),
    (s.CallStatus.ANNOUNCED, "公示"),
    (s.CallStatus.AWARDED, "已立项"),
    (s.CallStatus.FAILED, "流榜"),
    (s.CallStatus.RUNNING, "实施中"),
    (s.CallStatus.ACCEPTED, "已验收"),
    (s.CallStatus.STOPPED, "已终止"),
    (s.BidState.DRAFT, "草稿"),
    (s.BidState.SUBMITTED, "已提交"),
    (s.BidState.WITHDRAWN, "已撤回"),
    (s.BidState.RELEASED, "已启封"),
    (s.CallPhase.DRAFT, "草稿"),
    (s.CallPhase.ARGUED, "论证"),
    (s.CallPhase.WITHDRAWN, "已撤回"),
    (s.CallPhase.UPCOMING, "未开始"),
    (s.CallPhase.OPEN, "揭榜中"),
    (s.CallPhase.CLOSED, "已截止"),
    (s.CallPhase.IN_REVIEW, "评审中"),
    (s.CallPhase.ANNOUNCED, "公示"),
    (s.CallPhase.AWARDED, "已立项"),
    (s.CallPhase.FAILED, "流榜"),
    (s.CallPhase.RUNNING, "实施中"),
    (s.CallPhase.ACCEPTED, "已验收"),
    (s.CallPhase.STOPPED, "已终止"),
    (s.CallMode.SINGLE, "单一揭榜"),
    (s.CallMode.RACE, "赛马制"),
    (s.Stage.LAB, "实验室"),
    (s.Stage.SMALL, "小试"),
    (s.Stage.PILOT, "中试"),
    (s.Stage.INDUSTRIAL, "产业化"),
    (s.Mode.COMMISSIONED, "委托开发"),
    (s.Mode.JOINT, "合作开发"),
    (s.Mode.TRANSFER, "技术转让"),
    (s.Mode.LICENCE, "技术许可"),
    (s.Mode.OPEN_LICENCE, "开放许可"),
    (s.Mode.CONSULTING, "技术咨询"),
    (s.Mode.SERVICE, "技术服务"),
    (s.Mode.EQUITY, "作价入股"),
    (s.Mode.PAY_AFTER_USE, "先用后付"),
    (s.Mode.INVEST_THEN_SHARE, "先投后股"),
    (s.Ownership.UNIT, "单位所有"),
    (s.Ownership.SHARED, "单位与完成人共有"),
    (s.Ownership.RESEARCHERS, "赋予科研人员所有权"),
    (s.Ownership.LONG_TERM_USE, "赋予长期使用权"),
    (s.ProofKind.EVALUATION, "成熟度评价报告"),
    (s.ProofKind.TEST, "检测（试验）报告"),
    (s.ProofKind.USE, "用户使用证明"),
    (s.ProofKind.CONTRACT, "合同"),
    (s.ProofKind.INVOICE, "发票"),
    (s.ProofKind.ACCOUNTS, "财务报表"),
    (s.ValuationMethod.COST, "成本法"),
    (s.ValuationMethod.INCOME, "收益法"),
    (s.ValuationMethod.MARKET, "市场法"),
    (s.ValuationMethod.OTHER, "其他方法"),
    (s.Frequency.INSTANT, "有新的就通知"),
    (s.Frequency.DAILY, "每天一次"),
    (s.Frequency.WEEKLY, "每周一次"),
    (s.SuggestionKind.NEED_ACHIEVEMENT, "需求—成果"),
    (s.SuggestionKind.NEED_CALL, "需求—榜单"),
    (s.SuggestionKind.CALL_ACHIEVEMENT, "榜单—成果"),
    (s.SuggestionStatus.PENDING, "待审"),
    (s.SuggestionStatus.APPROVED, "通过"),
    (s.SuggestionStatus.REJECTED, "驳回"),
    (s.SuggestionStatus.SNOOZED, "暂缓"),
    (s.Decision.APPROVE, "通过"),
    (s.Decision.REJECT, "驳回"),
    (s.Decision.SNOOZE, "暂缓"),
    (s.Decision.UNDO, "撤销决定"),
    (s.RejectReason.OTHER_PROBLEM, "解决的不是同一个问题"),
    (s.RejectReason.WRONG_CONDITIONS, "工况或对象不符"),
    (s.RejectReason.TARGET_MISSED, "关键指标达不到"),
    (s.RejectReason.NOT_READY, "成熟度不足"),
    (s.RejectReason.PRICE, "价格不合"),
    (s.RejectReason.TIMING, "时间不合"),
    (s.RejectReason.CAPACITY, "团队或产能不足"),
    (s.RejectReason.DUPLICATE, "重复建议"),
    (s.RejectReason.OTHER, "其他原因"),
    (s.MailState.WAITING, "待发送"),
    (s.MailState.SENT, "已发送"),
    (s.MailState.FILED, "已存发件箱"),
    (s.MailState.FAILED, "发送失败"),
    (s.RankerState.CANDIDATE, "候选"),
    (s.RankerState.ACTIVE, "使用中"),
    (s.RankerState.RETIRED, "已停用"),
    (s.IntroductionOrigin.SUGGESTION, "匹配建议"),
    (s.IntroductionOrigin.REQUEST, "主动申请"),
    (s.IntroductionOrigin.EVENT, "对接会"),
    (s.IntroductionOrigin.MANUAL, "平台撮合"),
    (s.IntroductionStatus.WAITING, "待响应"),
    (s.IntroductionStatus.TALKING, "洽谈中"),
    (s.IntroductionStatus.DRAFTING, "合同拟定"),
    (s.IntroductionStatus.SIGNED, "已签约"),
    (s.IntroductionStatus.FAILED, "未成"),
    (s.Side.SEEKER, "需求方"),
    (s.Side.PROVIDER, "供给方"),
    (s.Interest.INTERESTED, "有意向"),
    (s.Interest.DECLINED, "无意向"),
    (s.TalkRoute.DIRECT, "直接洽谈"),
    (s.TalkRoute.MEETING, "参加对接会"),
    (s.TalkRoute.MANAGER, "技术经理人撮合"),
    (s.TalkRoute.OPEN_CALL, "揭榜挂帅"),
    (s.TalkEventKind.MEETING, "会谈"),
    (s.TalkEventKind.VISIT, "现场考察"),
    (s.TalkEventKind.PHONE, "电话沟通"),
    (s.TalkEventKind.DOCUMENT, "文件往来"),
    (s.TalkEventKind.NOTE, "备注"),
    (s.ContractType.DEVELOPMENT, "技术开发"),
    (s.ContractType.TRANSFER, "技术转让"),
    (s.ContractType.LICENCE, "技术许可"),
    (s.ContractType.CONSULTING, "技术咨询"),
    (s.ContractType.SERVICE, "技术服务"),
    (s.ContractState.DRAFT, "草拟"),
    (s.ContractState.SIGNED, "已签订"),
    (s.ContractState.SUBMITTED, "提交登记"),
    (s.ContractState.CORRECTING, "补正"),
    (s.ContractState.RECOGNISED, "认定"),
    (s.ContractState.REFUSED, "不予登记"),
    (s.ContractState.AMENDED, "变更"),
    (s.ContractState.CANCELLED, "注销"),
    (s.ContractState.VOID, "作废"),
    (s.ContractSource.PLATFORM, "平台促成"),
    (s.ContractSource.IMPORTED, "台账导入"),
    (s.PaymentManner.LUMP_SUM, "一次总付"),
    (s.PaymentManner.INSTALMENTS, "分期支付"),
    (s.PaymentManner.ROYALTY, "提成支付"),
    (s.PaymentManner.ENTRY_ROYALTY, "入门费加提成"),
    (s.PaymentManner.PAY_AFTER_USE, "先用后付"),
    (s.PaymentManner.INVEST_THEN_SHARE, "先投后股"),
    (s.PaymentTrigger.SIGNING, "合同签订"),
    (s.PaymentTrigger.DATE, "到约定日期"),
    (s.PaymentTrigger.TEST_PASSED, "测试通过"),
    (s.PaymentTrigger.LISTING, "产品上市"),
    (s.PaymentTrigger.SALES, "实现销售"),
    (s.PaymentTrigger.ACCEPTANCE, "验收合格"),
    (s.PaymentTrigger.CONVERSION, "转为股权"),
    (s.CompleterPriority.OBSERVED, "已征询完成人，完成人行使优先权"),
    (s.CompleterPriority.WAIVED, "已征询完成人，完成人放弃优先权"),
    (s.CompleterPriority.NOT_APPLICABLE, "不涉及职务成果转让"),
    (s.PartyKind.GOVERNMENT, "政府机关"),
    (s.PartyKind.UNIVERSITY, "高等院校"),
    (s.PartyKind.INSTITUTE, "科研机构"),
    (s.PartyKind.HOSPITAL, "医疗卫生机构"),
    (s.PartyKind.ENTERPRISE, "企业"),
    (s.PartyKind.FOREIGN, "境外机构"),
    (s.PartyKind.PERSON, "自然人"),
    (s.PartyKind.OTHER, "其他"),
    (s.Flow.LOCAL, "本地转化"),
    (s.Flow.OUT, "流向外地"),
    (s.Flow.IN, "引进外地"),
    (s.Flow.ELSEWHERE, "双方都在外地"),
    (s.Flow.UNKNOWN, "地区未填"),
    (s.TargetIndicator.TURNOVER, "技术合同成交额"),
    (s.TargetIndicator.GDP_SHARE, "成交额占 GDP 比重"),
    (s.TargetIndicator.THREE_KINDS_GROWTH, "三技合同增长率"),
    (s.TargetIndicator.LOCAL_CONVERSION, "本地转化率"),
    (s.TargetIndicator.NEEDS, "征集重点需求"),
    (s.TargetIndicator.BREAKTHROUGHS, "突破关键核心技术"),
    (s.TargetIndicator.PILOT_BASES, "新增中试基地"),
    (s.TargetIndicator.EVENTS, "举办对接会"),
    (s.TieKind.EMPLOYER, "在该单位任职"),
    (s.TieKind.FORMER, "三年内曾在该单位任职"),
    (s.TieKind.PROJECT, "有项目或合同往来"),
    (s.TieKind.SHARES, "持股或有其他经济利益"),
    (s.TieKind.FAMILY, "近亲属在该单位任职或持股"),
    (s.TieKind.OTHER, "其他利害关系"),
    (s.ReviewState.ASSIGNED, "待评审"),
    (s.ReviewState.SUBMITTED, "已提交"),
    (s.ReviewState.RETURNED, "退回修改"),
    (s.ReviewState.RECUSED, "已回避"),
    (s.ReviewState.REMOVED, "已取消分派"),
    (s.ResultState.DRAFT, "拟定中"),
    (s.ResultState.ANNOUNCED, "公示中"),
    (s.ResultState.FINAL, "已生效"),
    (s.ResultState.WITHDRAWN, "已撤销"),
    (s.ObjectionState.OPEN, "待答复"),
    (s.ObjectionState.UPHELD, "成立"),
    (s.ObjectionState.DISMISSED, "不成立"),
    (s.AwardState.DRAFT, "任务书待确认"),
    (s.AwardState.CONFIRMED, "任务书已确认"),
    (s.AwardState.RUNNING, "实施中"),
    (s.AwardState.ACCEPTING, "待验收"),
    (s.AwardState.ACCEPTED, "已验收"),
    (s.AwardState.ELIMINATED, "已淘汰"),
    (s.AwardState.STOPPED, "已终止"),
    (s.MilestoneState.OPEN, "待交付"),
    (s.MilestoneState.DELIVERED, "已交付，待判断"),
    (s.MilestoneState.REWORK, "整改中"),
    (s.MilestoneState.PASSED, "通过"),
    (s.MilestoneState.FAILED, "不通过"),
    (s.MilestoneState.DROPPED, "不再执行"),
    (s.Judgement.PASS, "通过"),
    (s.Judgement.REWORK, "整改"),
    (s.Judgement.FAIL, "不通过"),
    (s.GoalVerdict.REACHED, "达到"),
    (s.GoalVerdict.PARTLY, "部分达到"),
    (s.GoalVerdict.MISSED, "未达到"),
    (s.Liability.EXCUSED, "尽职免责"),
    (s.Liability.LIABLE, "承担单位负责，不予免责"),
    (s.Liability.NOT_CONCERNED, "责任不在承担单位"),
    (s.ImportState.CHECKING, "正在检查"),
    (s.ImportState.CHECKED, "待确认"),
    (s.ImportState.RUNNING, "正在导入"),
    (s.ImportState.DONE, "已完成"),
    (s.ImportState.CANCELLED, "已取消"),
    (s.ImportState.FAILED, "失败"),
    (RecordType.NEED, "技术需求"),
    (RecordType.ACHIEVEMENT, "科技成果"),
    (RecordType.CALL, "揭榜榜单"),
]
_LABELS = {(type(member), member): words for member, words in _WORDS}

# «待审», «通过» … each with a tone of the badge: state is icon, word and colour.
TONES: dict[str, str] = {
    "draft": "unknown",
    "pending": "wait",
    "published": "done",
    "returned": "late",
    "solved": "done",
    "expired": "unknown",
    "withdrawn": "unknown",
    "transferred": "done",
    "argued": "wait",
    "upcoming": "wait",
    "open": "info",
    "closed": "unknown",
    "in_review": "wait",
    "announced": "info",
    "awarded": "done",
    "failed": "late",
    "running": "info",
    "accepted": "done",
    "stopped": "late",
    "approved": "done",
    "rejected": "late",
    "snoozed": "unknown",
    "waiting": "wait",
    "sent": "done",
    "filed": "info",
    "talking": "info",
    "drafting": "info",
    "signed": "done",
    "submitted": "wait",
    "correcting": "late",
    "recognised": "done",
    "refused": "late",
    "amended": "done",
    "cancelled": "unknown",
    "void": "unknown",
    "interested": "done",
    "declined": "late",
    "checking": "info",
    "checked": "wait",
    "done": "done",
    "assigned": "wait",
    "recused": "unknown",
    "removed": "unknown",
    "final": "done",
    "upheld": "late",
    "dismissed": "unknown",
    "released": "done",
    "confirmed": "done",
    "accepting": "wait",
    "eliminated": "unknown",
    "delivered": "wait",
    "rework": "partial",
    "passed": "done",
    "dropped": "unknown",
    "reached": "done",
    "partly": "partial",
    "missed": "late",
}

ACTIONS: dict[str, str] = {
    "need.created": "新建需求",
    "need.edited": "修改需求",
    "need.submitted": "提交审核",
    "need.published": "审核通过并发布",
    "need.returned": "退回修改",
    "need.withdrawn": "撤回需求",
    "need.expired": "到期，不再公开征集",
    "need.renewed": "续期",
    "attachment.added": "添加附件",
    "attachment.removed": "删除附件",
    "attachment.opened": "公开附件",
    "attachment.closed": "取消公开附件",
    "achievement.created": "登记成果",
    "achievement.edited": "修改成果",
    "achievement.submitted": "提交审核",
    "achievement.published": "审核通过并发布",
    "achievement.returned": "退回修改",
    "achievement.withdrawn": "撤回成果",
    "achievement.expired": "到期，不再公开推荐",
    "achievement.renewed": "续期",
    "achievement.transferred": "标记为已转化",
    "call.created": "新建榜单",
    "call.edited": "修改榜单",
    "call.submitted": "提交论证",
    "call.heard": "记录专家意见",
    "call.returned": "论证退回",
    "call.approved": "论证通过",
    "call.opened": "发布榜单",
    "call.amended": "修改已发布的榜单",
    "call.withdrawn": "撤回榜单",
    "call.stopped": "终止榜单",
    "call.began": "开始揭榜",
    "call.closed": "揭榜截止",
    "call.invited": "邀请揭榜",
    "question.asked": "提问",
    "question.answered": "答复提问",
    "suggestion.approved": "通过匹配建议",
    "suggestion.rejected": "驳回匹配建议",
    "suggestion.snoozed": "暂缓匹配建议",
    "suggestion.undone": "撤销决定",
    "suggestion.proposed": "人工提出配对",
    "suggestion.reopened": "文本变化，重新待审",
    "introduction.requested": "申请对接",
    "introduction.created": "发起对接",
    "introduction.joined": "同样申请了对接",
    "introduction.answered": "答复对接",
    "introduction.moved": "对接进入新阶段",
    "introduction.assigned": "指派技术经理人",
    "introduction.routed": "更改对接方式",
    "introduction.logged": "记录对接经过",
    "introduction.need_read": "查看需求全文",
    "contact.opened": "公开联系方式",
    "contact.revoked": "收回联系方式",
    "contact.read": "查看联系方式",
    "need.solved": "标记为已解决",
    "contract.created": "新建合同草稿",
    "contract.edited": "修改合同",
    "contract.confirmed": "确认合同文本",
    "contract.signed": "登记签订",
    "contract.submitted": "提交认定登记",
    "contract.correcting": "登记机构要求补正",
    "contract.recognised": "登记认定",
    "contract.refused": "不予登记",
    "contract.amended": "登记变更",
    "contract.cancelled": "登记注销",
    "contract.voided": "作废合同",
    "contract.happened": "登记支付条件成就",
    "contract.received": "登记到账",
    "contract.receipt_removed": "删除到账登记",
    "contract.exported": "导出登记表",
    "contract.list_exported": "导出合同列表",
    "ranker.trained": "训练匹配模型",
    "ranker.activated": "启用匹配模型",
    "ranker.rolled_back": "恢复上一匹配模型",
    "user.created": "开通账号",
    "user.password_changed": "修改密码",
    "user.activated": "启用账号",
    "user.renamed": "修改姓名",
    "user.password_reset": "通过邮件重置密码",
    "user.two_step_on": "开启两步验证",
    "user.two_step_off": "关闭两步验证",
    "user.codes_renewed": "更换恢复码",
    "user.sessions_ended": "结束登录",
    "user.exported": "导出个人数据",
    "user.erased": "注销账号",
    "user.organisation_role_changed": "修改单位内角色",
    "organisation.registered": "单位登记通过",
    "registration.submitted": "提交登记",
    "registration.approved": "登记审核通过",
    "registration.returned": "退回登记",
    "invitation.sent": "邀请成员",
    "invitation.withdrawn": "撤回邀请",
    "invitation.accepted": "接受邀请",
    "user.deactivated": "停用账号",
    "user.role_changed": "更改角色",
    "node.created": "新增节点",
    "node.edited": "修改节点",
    "node.moved": "移动节点",
    "node.retired": "停用节点",
    "node.restored": "恢复节点",
    "mandate.created": "登记委托",
    "mandate.ended": "结束委托",
    "dictionary.added": "新增字典条目",
    "dictionary.renamed": "修改字典条目",
    "dictionary.moved": "调整字典顺序",
    "dictionary.retired": "停用字典条目",
    "dictionary.restored": "恢复字典条目",
    "holiday.added": "登记节假日",
    "holiday.removed": "删除节假日",
    "audit.exported": "导出审计日志",
    "index.repaired": "补做索引",
    "task.retried": "重试后台任务",
    "mail.retried": "重新发送邮件",
    "demo.loaded": "载入演示数据",
    "expert.invited": "邀请评审专家",
    "expert.joined": "接受邀请，开通专家账号",
    "expert.edited": "修改专家资料",
    "expert.tie_added": "申报利害关系",
    "expert.tie_ended": "结束利害关系",
    "panel.formed": "组建评审组",
    "panel.assigned": "补派专家",
    "panel.dismissed": "专家退出评审组",
    "panel.minutes_exported": "导出评审纪要",
    "review.submitted": "提交评分表",
    "review.returned": "退回评分表",
    "review.recused": "因利害关系回避",
    "review.removed": "取消分派",
    "view.given": "发榜单位给出意见",
    "result.drafted": "拟定评审结果",
    "result.announced": "公示评审结果",
    "result.closed": "公示期满，确认立项",
    "result.failed": "流榜",
    "result.withdrawn": "异议成立，重新评审",
    "objection.made": "提出异议",
    "objection.answered": "答复异议",
    "award.begun": "立项，拟定任务书",
    "award.drafted": "发出任务书",
    "award.edited": "修改任务书",
    "award.confirmed": "确认任务书",
    "milestone.delivered": "交付里程碑",
    "milestone.viewed": "发榜单位判断里程碑",
    "milestone.judged": "里程碑结论",
    "award.paid": "登记拨款",
    "award.payment_removed": "删除拨款登记",
    "award.applied": "申请验收",
    "award.tested": "发榜单位测试",
    "award.accepted": "通过验收",
    "award.returned": "验收退回整改",
    "award.eliminated": "赛马淘汰",
    "award.stopped": "终止项目",
    "award.contracted": "起草技术合同",
    "call.running": "任务书都已确认，进入实施",
    "call.accepted": "验收完成",
    "call.ended": "没有通过验收的项目，榜单终止",
    "import.uploaded": "上传台账",
    "import.started": "开始导入",
    "import.cancelled": "停止导入",
    "bid.created": "开始填写揭榜书",
    "bid.begun_anew": "重新填写揭榜书",
    "bid.submitted": "提交揭榜书",
    "bid.changes_dropped": "放弃未提交的修改",
    "bid.withdrawn": "撤回揭榜书",
    "bid.draft_destroyed": "放弃揭榜书草稿",
    "bid.file_added": "添加揭榜书附件",
    "bid.file_removed": "删除揭榜书附件",
    "bid.released": "启封揭榜书",
    "bid.destroyed": "销毁揭榜书",
    "call.release_approved": "批准启封",
    "call.released": "启封并进入评审",
    "call.release_retried": "再次启封",
    "call.without_bids": "无人揭榜，流榜",
    "contract.imported": "台账导入",
    "contract.linked": "关联平台单位",
    "target.set": "录入年度目标",
    "target.removed": "删除年度目标",
    "fact.set": "录入年度数据",
    "fact.removed": "删除年度数据",
    "definition.added": "新增指标口径",
    "board.exported": "导出看板",
}


def ranker_name(name: str) -> str:
    """A ranker as people call it; what is no ranker's name stays as it is."""
    kind, _, number = name.partition("-")
    words = {"judged": "平台自带模型", "learned": "学习模型"}.get(kind)
    if words is None or not number.isdigit():
        return name
    return words if kind == "judged" else f"{words} {number}"


def label(member: StrEnum | str | None) -> str:
    """The Chinese word for an enum member; empty for nothing."""
    if member is None:
        return ""
    return _LABELS[type(member), member] if isinstance(member, StrEnum) else str(member)


def mode_label(code: str) -> str:
    """The Chinese word for a stored mode of cooperation."""
    return label(s.Mode(code))


def money(fen: int | None) -> tuple[str, str]:
    """An amount of fen as (number, unit): 万元 below one 亿, then 亿元."""
    if fen is None:
        return "面议", ""
    if fen >= FEN_PER_YI:
        return f"{fen / FEN_PER_YI:.2f}", "亿元"
    return f"{fen / FEN_PER_WAN:,.2f}".rstrip("0").rstrip("."), "万元"


def wan(fen: int | None) -> str:
    """An amount as one types it: plain 万元, nothing for «面议»."""
    if fen is None:
        return ""
    text = f"{Decimal(fen) / FEN_PER_WAN:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def file_size(size: int) -> str:
    """A size in bytes as people read it: 820 KB, 1.5 MB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} KB"
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"


def odds(probability: float) -> str:
    """A probability as people say it, in tenths: «约 7 成»; never a percentage."""
    tenths = round(probability * 10)
    if tenths < 1:
        return "不到 1 成"
    return f"约 {tenths} 成" if tenths < 10 else "9 成以上"


LEVELS: list[tuple[str, str]] = [(str(level), f"{level} 级") for level in range(1, 10)]
SCALES: dict[int, str] = {9: "九级制", 13: "十三级制"}
CODED: dict[str, type[StrEnum]] = {
    "review_state": s.ReviewState,
    "objection_state": s.ObjectionState,
    "ip_wish": s.IpWish,
    "secrecy": s.Secrecy,
    "stage": s.Stage,
    "trl_proof": s.ProofKind,
    "valuation_method": s.ValuationMethod,
    "ownership": s.Ownership,
    "cooperation": s.Mode,
    "modes": s.Mode,
    "role": s.Role,
    "interest": s.Interest,
    "type": s.ContractType,
    "payment_manner": s.PaymentManner,
    "completer_priority": s.CompleterPriority,
    "buyer_kind": s.PartyKind,
    "seller_kind": s.PartyKind,
    "trigger": s.PaymentTrigger,
    "state": s.ContractState,
    "mode": s.CallMode,
}
# Codes of lists that are no enums, by the column that holds them.
LISTED: dict[str, Mapping[str, str]] = {
    "subtype": CONTRACT_WORDS["contract_subtype"],
    "refused_code": CONTRACT_WORDS["contract_refused"],
    **{
        name: CONTRACT_WORDS[name]
        for name in ("technology_field", "ip_kind", "plan_source", "aim")
    },
    **{
        f"{side}_{name}": words
        for side in ("buyer", "seller")
        for name, words in (("size", SIZES), ("industry", INDUSTRIES))
    },
    "side": SIDES,
}


def in_words(name: str, value: Any) -> str:
    """A column, or what was typed for it, as a person reads it in a comparison."""
    if value is None or value == "" or value == []:
        return "(未填写)"
    if isinstance(value, list):
        parts = [in_words(name, part) for part in value]
        return "；".join(part for part in parts if part) or "(未填写)"
    if isinstance(value, dict) and "comparator" in value:
        told = measure_words(value)
        return f"{told}（期望）" if told and not value.get("must", True) else told
    if isinstance(value, dict):
        return " ".join(
            f"{part:g}" if isinstance(part, float) else str(part)
            for part in value.values()
            if part
        )
    if isinstance(value, bool):
        return "是" if value else "否"
    if name.endswith("_fen"):
        return " ".join(money(value)).strip()
    if name in ("opens_at", "closes_at", "questions_until"):
        return minute(datetime.fromisoformat(str(value)))
    if name in ("field", "fields"):
        return field_name(value)
    if name in ("district", "districts"):
        return district_name(value)
    if name in ("buyer_region", "seller_region"):
        return region_name(value)
    if name in LISTED:
        return LISTED[name].get(str(value), str(value))
    known = {str(member): label(member) for member in CODED.get(name, ())}
    return known.get(str(value), str(value))


def day(moment: datetime | date | None) -> str:
    """The date in the city, as 2026-11-23."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        moment = moment.astimezone(CITY).date()
    return moment.isoformat()


def minute(moment: datetime | None) -> str:
    """Date and time in the city, as 2026-11-23 09:30."""
    return "" if moment is None else f"{moment.astimezone(CITY):%Y-%m-%d %H:%M}"


def second(moment: datetime | None) -> str:
    """Date and time in the city to the second, as 2026-11-23 09:30:05."""
    return "" if moment is None else f"{moment.astimezone(CITY):%Y-%m-%d %H:%M:%S}"


def until(end: datetime) -> str:
    """The end of a window, which itself is out: 2026年12月1日 17:00 前, or 24:00 前.

    What ends as a day begins ends, for people, with the day before.
    """
    local = end.astimezone(CITY)
    clock = f"{local:%H:%M}"
    if clock == "00:00" and not local.second:
        local, clock = local - timedelta(days=1), "24:00"
    elif local.second:
        clock = f"{local:%H:%M:%S}"
    return f"{local.year}年{local.month}月{local.day}日 {clock} 前"


def since(begin: datetime | None) -> str:
    """The beginning of a window: 2026年11月1日 09:00."""
    if begin is None:
        return ""
    local = begin.astimezone(CITY)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def left(end: datetime, now: datetime) -> str:
    """How long until then, in the two largest units: 2 天 4 小时, 59 分 8 秒.

    Of three days and more the days alone.
    """
    seconds = max(0, int((end - now).total_seconds()))
    if seconds >= 3 * 86400:
        return f"{seconds // 86400} 天"
    units = ((86400, "天"), (3600, "小时"), (60, "分"), (1, "秒"))
    found: list[str] = []
    for size, unit in units:
        number, seconds = divmod(seconds, size)
        if number or found or size == 1:
            found.append(f"{number} {unit}")
    return " ".join(found[:2])


def last_day(end: datetime) -> date:
    """The last day in the city on which a window that ends then is still open."""
    return (end - timedelta(microseconds=1)).astimezone(CITY).date()


def ago(moment: datetime, now: datetime) -> str:
    """How long since, in the largest unit that fits."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return "刚刚"
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}前"
    raise AssertionError("unreachable: a minute or more has a unit")


def today(now: datetime) -> date:
    """The calendar day in the city."""
    return now.astimezone(CITY).date()
