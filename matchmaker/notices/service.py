"""Write notices and read them; the words of each kind are in `WORDS`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models import Notice, User, transaction
from models.states import Role

# kind: (words with the notice's facts, endpoint, fact that is its argument)
WORDS: dict[str, tuple[str, str, str]] = {
    "need_submitted": ("新需求待审:{title}", "needs.show", "need_id"),
    "need_published": ("您的需求已发布:{title}", "needs.show", "need_id"),
    "need_returned": ("您的需求被退回:{title}。原因:{reason}", "needs.show", "need_id"),
    "need_expired": (
        "您的需求已过期:{title}。如果还需要，打开后可一键续期。",
        "needs.show",
        "need_id",
    ),
    "achievement_expired": (
        "您的成果已过期:{title}。如果仍可转化，打开后可一键续期。",
        "achievements.show",
        "achievement_id",
    ),
    "achievement_submitted": (
        "新成果待审:{title}",
        "achievements.show",
        "achievement_id",
    ),
    "achievement_published": (
        "您的成果已发布:{title}",
        "achievements.show",
        "achievement_id",
    ),
    "achievement_returned": (
        "您的成果被退回:{title}。原因:{reason}",
        "achievements.show",
        "achievement_id",
    ),
    "registration_submitted": (
        "新的登记待审:{organisation},{name}",
        "registrations.show",
        "registration_id",
    ),
    "subscribed_need": ("订阅「{name}」有新需求：{title}", "needs.show", "need_id"),
    "subscribed_achievement": (
        "订阅「{name}」有新成果：{title}",
        "achievements.show",
        "achievement_id",
    ),
    "subscribed_call": ("订阅「{name}」有新榜单：{title}", "calls.show", "call_id"),
    "subscription_digest": (
        "订阅「{name}」有 {count} 条新信息",
        "subscriptions.show",
        "subscription_id",
    ),
    "match_approved": (
        "您的需求「{title}」有一条匹配建议经平台审核通过:{other}",
        "matches.show_mine",
        "suggestion_id",
    ),
    "call_submitted": ("新榜单待论证：{title}", "calls.show", "call_id"),
    "call_returned": (
        "榜单没有通过论证：{title}。原因：{reason}",
        "calls.show",
        "call_id",
    ),
    "call_approved": ("榜单通过论证：{title}", "calls.show", "call_id"),
    "call_opened": ("榜单已发布：{title}", "calls.show", "call_id"),
    "call_began": ("榜单开始揭榜：{title}", "calls.show", "call_id"),
    "call_closed": ("榜单已截止：{title}", "calls.show", "call_id"),
    "call_amended": (
        "榜单有修改（第 {number} 版）：{title}。原因：{reason}",
        "calls.show",
        "call_id",
    ),
    "call_stopped": ("榜单已终止：{title}。原因：{reason}", "calls.show", "call_id"),
    "call_asked": ("榜单有新的提问：{title}", "calls.show", "call_id"),
    "call_answered": ("榜单有新的答复：{title}", "calls.show", "call_id"),
    "call_invited": ("邀请您的单位揭榜：{title}", "calls.show", "call_id"),
    "introduction_asked": (
        "有一个对接等您答复：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_agreed": (
        "双方都有意向，可以洽谈了：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_declined": (
        "对方答复无意向：{title}。原因：{reason}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_managed": (
        "您被指派负责对接：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_manager": (
        "技术经理人 {name} 将协助对接：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_moved": (
        "对接进入「{state}」：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_failed": (
        "对接未成：{title}。原因：{reason}",
        "introductions.show",
        "introduction_id",
    ),
    "introduction_logged": (
        "对接有新的记录（{what}）：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "contact_opened": (
        "{name} 向您公开了联系方式：{title}",
        "introductions.show",
        "introduction_id",
    ),
    "contract_drafted": (
        "有一份合同草稿请您核对：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_edited": ("合同草稿有修改：{title}", "contracts.show", "contract_id"),
    "contract_reopened": (
        "合同文本有改动，双方需要重新确认：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_confirmed": (
        "一方已确认合同文本，请另一方确认：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_confirm_for": (
        "合同有一方不在平台上，需要工作人员代为确认：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_to_sign": (
        "双方都已确认，可以签订：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_signed": (
        "合同已签订，请卖方提交认定登记：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_to_submit": (
        "合同可以提交认定登记：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_submitted": (
        "合同已提交认定登记：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_correcting": (
        "登记机构要求补正：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_recognised": ("合同已认定登记：{title}", "contracts.show", "contract_id"),
    "contract_refused": (
        "合同不予登记，请查看原因：{title}",
        "contracts.show",
        "contract_id",
    ),
    "contract_amended": ("合同登记了变更：{title}", "contracts.show", "contract_id"),
    "contract_cancelled": ("合同登记已注销：{title}", "contracts.show", "contract_id"),
    "contract_void": ("合同已作废：{title}", "contracts.show", "contract_id"),
    "contract_due": (
        "支付条件已成就：{title}。{words}",
        "contracts.show",
        "contract_id",
    ),
    "contract_received": (
        "登记了一笔到账 {amount}：{title}",
        "contracts.show",
        "contract_id",
    ),
    "pair_proposed": (
        "{name}人工提出了一对配对，等待审核：{title}",
        "matches.pair",
        "suggestion_id",
    ),
    "proposal_approved": (
        "您提出的配对已通过：「{title}」与「{other}」",
        "proposals.mine",
        "state",
    ),
    "proposal_rejected": (
        "您提出的配对没有通过：「{title}」与「{other}」。原因可在「我提出的配对」查看",
        "proposals.mine",
        "state",
    ),
    "bid_submitted": (
        "揭榜书已收到（第 {number} 次提交，{at}）：{title}。回执 SHA-256：{digest}",
        "bids.receipt",
        "bid_id",
    ),
    "bid_withdrawn": (
        "揭榜书已撤回，内容已销毁（{at}）：{title}",
        "bids.receipt",
        "bid_id",
    ),
    "bid_released": ("揭榜书已启封，进入评审：{title}", "bids.receipt", "bid_id"),
    "bids_opened": (
        "榜单收到 {count} 份揭榜书，已启封：{title}",
        "calls.show",
        "call_id",
    ),
    "call_without_bids": ("没有单位揭榜，流榜：{title}", "calls.show", "call_id"),
    "release_approved": (
        "{name} 已批准启封，请另一位工作人员批准：{title}",
        "releases.show",
        "call_id",
    ),
    "release_faults": (
        "启封时有 {count} 处异常，请查看：{title}",
        "releases.show",
        "call_id",
    ),
    "review_assigned": (
        "有 {number} 份揭榜书请您评审{until}：{title}",
        "reviews.mine",
        "call",
    ),
    "review_due_moved": (
        "评审截止改为 {day}：{title}。原因：{reason}",
        "reviews.mine",
        "call",
    ),
    "review_returned": (
        "您的评分表被退回修改：{title}。原因：{reason}",
        "reviews.show",
        "review_id",
    ),
    "review_removed": ("有一份揭榜书不再由您评审：{title}", "reviews.mine", "call"),
    "review_conflict": (
        "有专家因利害关系回避，请补派专家：{title}",
        "panels.show",
        "call_id",
    ),
    "reviews_complete": (
        "评分表已收齐，可以拟定结果：{title}",
        "panels.show",
        "call_id",
    ),
    "view_wanted": ("请对揭榜书给出意见：{title}", "views.show", "call_id"),
    "outcome_announced": (
        "评审结果公示，请查看您单位的结果和理由：{title}",
        "results.outcome",
        "outcome_id",
    ),
    "outcome_final": ("评审结果已生效：{title}", "results.outcome", "outcome_id"),
    "result_announced": ("评审结果已公示：{title}", "results.show", "call_id"),
    "result_final": ("评审结果已生效：{title}", "results.show", "call_id"),
    "result_withdrawn": (
        "异议成立，公示的结果已撤销：{title}",
        "results.show",
        "call_id",
    ),
    "objection_made": (
        "收到对评审结果的异议：{title}",
        "results.objection",
        "objection_id",
    ),
    "objection_answered": (
        "您的异议已有答复：{title}",
        "results.objection",
        "objection_id",
    ),
    "award_begun": ("榜单已立项，请拟定任务书：{title}", "awards.of_call", "call_id"),
    "award_to_confirm": ("任务书请您核对和确认：{title}", "awards.show", "award_id"),
    "award_reopened": (
        "任务书有修改，请重新确认：{title}",
        "awards.show",
        "award_id",
    ),
    "award_confirmed": ("{side}已确认任务书：{title}", "awards.show", "award_id"),
    "amendment_to_confirm": (
        "任务书变更请您核对和确认：{title}",
        "awards.show",
        "award_id",
    ),
    "amendment_confirmed": (
        "{side}已确认任务书变更：{title}",
        "awards.show",
        "award_id",
    ),
    "amendment_in_force": ("任务书变更已生效：{title}", "awards.show", "award_id"),
    "amendment_ended": (
        "任务书变更{outcome}：{title}。{reason}",
        "awards.show",
        "award_id",
    ),
    "award_running": ("任务书已确认，进入实施：{title}", "awards.show", "award_id"),
    "milestone_delivered": (
        "{winner}已交付{milestone}：{title}",
        "awards.show",
        "award_id",
    ),
    "milestone_viewed": (
        "发榜单位已判断{milestone}（{winner}）：{title}",
        "awards.show",
        "award_id",
    ),
    "milestone_judged": ("{milestone}{verdict}：{title}", "awards.show", "award_id"),
    "award_paid": ("{milestone}已拨付 {amount}：{title}", "awards.show", "award_id"),
    "acceptance_asked": ("{winner}申请验收：{title}", "awards.show", "award_id"),
    "acceptance_tested": (
        "发榜单位已完成测试（{winner}）：{title}",
        "awards.show",
        "award_id",
    ),
    "acceptance_returned": (
        "验收退回整改（{winner}）：{title}",
        "awards.show",
        "award_id",
    ),
    "award_accepted": ("{winner}通过验收：{title}", "awards.show", "award_id"),
    "award_eliminated": (
        "{winner}在赛马中被淘汰：{title}",
        "awards.show",
        "award_id",
    ),
    "award_stopped": ("项目已终止（{winner}）：{title}", "awards.show", "award_id"),
    "call_accepted": ("榜单验收完成：{title}", "awards.of_call", "call_id"),
    "call_ended": ("没有项目通过验收，榜单终止：{title}", "awards.of_call", "call_id"),
    "work_waiting": (
        "有 {number} 条{label}已等待 {days} 个工作日以上，最久的是「{title}」",
        "work.index",
        "source",
    ),
    "work_due": ("有 {number} 条{label}，最早的是「{title}」", "work.index", "source"),
}

PER_PAGE = 20


@dataclass(frozen=True)
class Inbox:
    """One page of a person's notices; ``page`` is the one shown, not the one asked."""

    notices: Sequence[Notice]
    total: int
    page: int
    pages: int


def queue(
    session: Session,
    user_ids: Iterable[int],
    kind: str,
    *,
    now: datetime,
    **facts: Any,
) -> None:
    """Add one notice a user inside the running transaction."""
    if kind not in WORDS:
        raise ValueError(f"unknown kind of notice: {kind}")
    for user_id in sorted(set(user_ids)):
        session.add(Notice(user_id=user_id, kind=kind, facts=facts, created_at=now))


def withdraw(session: Session, kind: str, fact: str, value: int) -> None:
    """Take back, inside the running transaction, what no longer holds."""
    session.execute(
        delete(Notice).where(
            Notice.kind == kind, Notice.facts[fact].as_integer() == value
        )
    )


def members_of(session: Session, organisation_id: int) -> list[int]:
    """The active users of an organisation."""
    query = select(User.id).where(
        User.organisation_id == organisation_id, User.active.is_(True)
    )
    return list(session.scalars(query))


def staff(session: Session) -> list[int]:
    """The active users who work for the platform."""
    query = select(User.id).where(
        User.role.in_((Role.STAFF, Role.ADMIN)), User.active.is_(True)
    )
    return list(session.scalars(query))


def unread(session: Session, user: User) -> int:
    """How many notices the person has not opened yet."""
    query = select(func.count(Notice.id)).where(
        Notice.user_id == user.id, Notice.read_at.is_(None)
    )
    return session.scalar(query) or 0


def inbox(session: Session, user: User, page: int) -> Inbox:
    """The person's notices, those not opened first, each part newest first."""
    own = Notice.user_id == user.id
    total = session.scalar(select(func.count(Notice.id)).where(own)) or 0
    pages = max(1, ceil(total / PER_PAGE))
    page = min(page, pages)
    query = (
        select(Notice)
        .where(own)
        .order_by(Notice.read_at.is_not(None), Notice.id.desc())
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
    )
    return Inbox(session.scalars(query).all(), total, page, pages)


def target(notice: Notice) -> tuple[str, dict[str, Any]]:
    """The page a notice is about: its endpoint and the argument of its address."""
    _, endpoint, fact = WORDS[notice.kind]
    value = notice.facts[fact]
    return endpoint, {fact: value if isinstance(value, str) else int(value)}


def words(notice: Notice) -> str:
    """The notice as a sentence."""
    return WORDS[notice.kind][0].format_map(notice.facts)


def mark_read(session: Session, user: User, notice_id: int, *, now: datetime) -> Notice:
    """Note that the person opened it; raises `NotFound` for another's notice."""
    from ..errors import NotFound

    with transaction(session):
        # Larger ids do not fit the column; PostgreSQL would refuse the query itself.
        notice = session.get(Notice, notice_id) if notice_id < 2**31 else None
        if notice is None or notice.user_id != user.id:
            raise NotFound("notice")
        notice.read_at = notice.read_at or now
    return notice


def mark_all_read(session: Session, user: User, *, now: datetime) -> int:
    """Note that the person has seen everything; says how many were new."""
    with transaction(session):
        changed = session.scalars(
            update(Notice)
            .where(Notice.user_id == user.id, Notice.read_at.is_(None))
            .values(read_at=now)
            .returning(Notice.id)
        )
        return len(changed.all())
