"""Read the audit log: filtered, masked. Nothing here writes to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from models import TABLES, Bid, BidRelease, History, Need, User
from models.base import Base
from models.outbox import RecordType
from models.states import (
    AchievementStatus,
    CallStatus,
    IntroductionStatus,
    NeedStatus,
    Secrecy,
    SuggestionStatus,
)

from .. import labels, policies
from ..contracts.words import COLUMN_LABELS
from ..paging import AT_ONCE, Page, turn
from .schema import AuditQuery

PER_PAGE = 50
MOST_ROWS = 100_000
LONGEST = 160
SYSTEM = "平台"
MASKED = "（内容不公开）"
# What a person wrote, in whatever record: shown only where it is public anyway.
TEXTS = frozenset(
    {
        "title",
        "name",
        "attachment",
        "problem",
        "targets",
        "public_title",
        "public_problem",
        "public_targets",
        "abstract",
        "indicators",
        "inventors",
        "background",
        "goals",
        "reason",
        "tried",
        "scene",
        "solver_conditions",
        "measures",
        "contact",
        "park",
        "applications",
        "terms",
        "pilot_needs",
        # No text, but what a masked need tells nobody to the fen.
        "budget_fen",
    }
)
# What a winner promised and delivered is between it, the issuer and the staff.
AWARDS = ("awards", "milestones")
AWARD_WORDS = frozenset({"words", "pledge", "values", "milestones", "amount_fen"})
# Records of others' business: pairs and talks quote needs, contracts are the parties'
# own.
QUOTING = frozenset({"suggestions", "introductions", "contracts", *AWARDS})
# What the log may say of a contract: its steps and days, no word and no sum.
CONTRACT_STEPS = frozenset(
    {
        "state",
        "signed_on",
        "submitted_on",
        "registration_number",
        "recognised_on",
        "refused_code",
        "amended_on",
        "cancelled_on",
        "happened_on",
        "side",
    }
)
RECORDS: dict[str, str] = {
    "needs": "技术需求",
    "achievements": "科技成果",
    "calls": "揭榜榜单",
    "call_questions": "榜单提问",
    "suggestions": "匹配建议",
    "introductions": "对接",
    "contact_grants": "联系方式",
    "rankers": "匹配模型",
    "users": "账号",
    "organisations": "单位",
    "nodes": "节点",
    "mandates": "委托",
    "dictionary_entries": "字典条目",
    "holidays": "节假日",
    "outbox_tasks": "后台任务",
    "contracts": "技术合同",
    "bids": "揭榜书",
    "experts": "评审专家",
    "bid_reviews": "评分表",
    "objections": "评审异议",
    "awards": "立项",
    "milestones": "里程碑",
    "publication_lists": "公开清单",
    "api_tokens": "访问令牌",
    "webhooks": "消息推送",
    "webhook_hosts": "推送主机",
    "import_runs": "文件导入",
    "year_targets": "年度目标",
    "year_facts": "年度数据",
    "indicator_definitions": "指标口径",
}
NAMES: dict[str, str] = {
    "status": "状态",
    "title": "名称",
    "field": "领域",
    "district": "区县",
    "role": "角色",
    "reason": "原因",
    "import": "导入批次",
    "row": "文件行号",
    "name": "名称",
    "scopes": "权限范围",
    "label": "名称",
    "code": "代码",
    "advice": "修改建议",
    "position": "顺序",
    "kind": "类型",
    "parent": "上级",
    "districts": "区县",
    "fields": "领域",
    "organisation": "单位",
    "staff": "工作人员",
    "manager": "技术经理人",
    "person": "本人",
    "interest": "答复",
    "route": "对接方式",
    "from_on": "开始",
    "until_on": "结束",
    "day": "日期",
    "secrecy": "公开范围",
    "problem": "问题",
    "background": "背景",
    "goals": "揭榜目标",
    "conditions": "揭榜要求",
    "issuer": "发榜单位",
    "funding_fen": "榜单金额",
    "mode": "揭榜方式",
    "max_awards": "最多立项数",
    "criteria": "评审标准",
    "issuer_weight": "发榜单位权重",
    "opens_at": "揭榜开始",
    "closes_at": "揭榜截止",
    "questions_until": "提问截止",
    "targets": "指标",
    "abstract": "摘要",
    "indicators": "指标",
    "public_title": "公开名称",
    "public_problem": "公开问题",
    "public_targets": "公开指标",
    "budget_fen": "预算",
    "price_fen": "价格",
    "deadline": "截止",
    "year": "年度",
    "value": "数值",
    "source": "来源",
    "indicator": "指标",
    "method": "方法",
    "words": "说明",
    "board": "看板",
    "filters": "条件",
    "format": "格式",
    "own": "只含本单位",
    "chosen": "收集条件",
    "foreword": "说明",
    "replaces": "代替",
    "q": "检索词",
    "number": "第几次",
    "digest": "回执 SHA-256",
    "bids": "揭榜书份数",
    "panel": "评审组",
    "bid": "揭榜书编号",
    "tie": "利害关系",
    "score": "发榜单位评分",
    "scores": "各项评分",
    "review_state": "评分表状态",
    "objection_state": "处理结论",
    "events": "推送的消息",
    "host": "主机",
    "pattern": "主机",
    "signing": "加签密钥",
    "allows_http": "允许 http",
    "allows_private": "允许内网地址",
    "message": "消息编号",
}
# The words of every state; where two kinds share one, they share its word, but for
# talks, whose «failed» is another than that of a call.
STATES: dict[str, str] = {
    state.value: labels.label(state)
    for states in (CallStatus, SuggestionStatus, AchievementStatus, NeedStatus)
    for state in states
}
TALKS = {state.value: labels.label(state) for state in IntroductionStatus}
# Machinery of a form or a ranker, of no interest to a reader.
SILENT = frozenset({"form"})


@dataclass(frozen=True)
class Entry:
    """One line of the log as this reader may see it."""

    row: History
    who: str
    email: str
    what: str
    record: str
    detail: str


def read(session: Session, user: User, query: AuditQuery) -> Page[Entry]:
    """The newest entries under the filters."""
    policies.require(user, "audit.read")
    total = total_of(session, query)
    here = turn(query.page, total, PER_PAGE)
    # The numbers first: what a deep page leaves out is not to be read in full.
    ids = session.scalars(
        here.rows(select(History.id).where(*_where(query)).order_by(History.id.desc()))
    ).all()
    rows = session.scalars(
        select(History)
        .where(History.id.in_(ids))
        .options(joinedload(History.actor))
        .order_by(History.id.desc())
    ).all()
    return Page(_entries(session, user, rows), total, here.page, here.pages)


def newest(
    session: Session, user: User, query: AuditQuery, before: int | None, most: int
) -> tuple[list[Entry], int]:
    """So many of the newest entries under the filters, and how many there are in all.

    ``before`` leaves only those with a smaller number, so that whoever reads on meets
    none twice while the log grows.
    """
    policies.require(user, "audit.read")
    rows = select(History).where(*_where(query)).options(joinedload(History.actor))
    if before is not None:
        rows = rows.where(History.id < before)
    found = session.scalars(rows.order_by(History.id.desc()).limit(most)).all()
    return _entries(session, user, found), total_of(session, query)


def total_of(session: Session, query: AuditQuery) -> int:
    """How many lines there are to read: all, less the few that are sealed.

    Each of the two is counted in an index; as one condition they read every line.
    """
    count = select(func.count(History.id)).where(*_asked(query))
    sealed = session.scalar(count.where(_sealed())) or 0
    return (session.scalar(count) or 0) - sealed


def actions(session: Session) -> list[tuple[str, str]]:
    """Every action that can stand in the log, by the words shown."""
    return sorted(labels.ACTIONS.items(), key=lambda pair: pair[0])


def _where(query: AuditQuery) -> list[ColumnElement[bool]]:
    """What is asked for, as far as it may be read."""
    return [*_asked(query), not_(_sealed())]


def _asked(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.who == SYSTEM:
        found.append(History.actor_id.is_(None))
    elif query.who:
        people = select(User.id).where(
            or_(
                User.name.icontains(query.who, autoescape=True),
                User.email.icontains(query.who, autoescape=True),
            )
        )
        found.append(History.actor_id.in_(people))
    if query.action:
        found.append(History.action == query.action)
    if query.record:
        found.append(History.record_type == query.record)
    if query.number is not None:
        found.append(History.record_id == query.number)
    if query.from_on is not None:
        found.append(History.at >= _morning(query.from_on))
    if query.until_on is not None:
        found.append(History.at < _morning(query.until_on + timedelta(days=1)))
    return found


def _sealed() -> ColumnElement[bool]:
    """The steps of bids until their call's release: they name the bidders."""
    opened = (
        select(Bid.id)
        .join(BidRelease, BidRelease.call_id == Bid.call_id)
        .where(BidRelease.released_at.is_not(None))
    )
    return and_(
        History.record_type == Bid.__tablename__, History.record_id.not_in(opened)
    )


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), labels.CITY)


def _entries(session: Session, user: User, rows: Sequence[History]) -> list[Entry]:
    open_ones = _open(session, user, rows)
    return [
        Entry(
            row=row,
            who=row.actor.name if row.actor else SYSTEM,
            email=row.actor.email if row.actor else "",
            what=labels.ACTIONS.get(row.action, row.action),
            record=f"{RECORDS.get(row.record_type, row.record_type)} #{row.record_id}",
            detail=_detail(row, (row.record_type, row.record_id) in open_ones),
        )
        for row in rows
    ]


def _open(
    session: Session, user: User, rows: Sequence[History]
) -> frozenset[tuple[str, int]]:
    """The records whose texts the log may show: the reader may read them.

    The log is copied and passed on, so it shows no text of a need that is masked or
    restricted, nor of a draft, nor of a record that is gone.
    """
    found: set[tuple[str, int]] = set()
    wanted: dict[str, set[int]] = {}
    for row in rows:
        wanted.setdefault(row.record_type, set()).add(row.record_id)
    kinds = {table.__tablename__: kind for kind, table in TABLES.items()}
    for name, ids in wanted.items():
        if name not in kinds:
            # Everything else is the administrator's own writing.
            if name not in QUOTING:
                found |= {(name, id_) for id_ in ids}
            continue
        kind = kinds[name]
        query = select(TABLES[kind].id).where(
            TABLES[kind].id.in_(ids),
            policies.where(policies.visible(user, kind), kind),
        )
        if kind is RecordType.NEED:
            query = query.where(Need.secrecy == Secrecy.PUBLIC)
        found |= {(name, id_) for id_ in session.scalars(query)}
    return frozenset(found)


def hidden(name: str) -> bool:
    """Whether the log keeps what this column says of a record that is not open."""
    is_contracts = name in COLUMN_LABELS and name not in CONTRACT_STEPS | NAMES.keys()
    return name in TEXTS or is_contracts


def _detail(row: History, is_open: bool) -> str:
    parts = []
    states = TALKS if row.record_type == "introductions" else STATES
    for name, pair in row.changes.items():
        if name in SILENT or not isinstance(pair, list) or len(pair) != 2:
            continue
        of_award = row.record_type in AWARDS and name in AWARD_WORDS
        is_told = is_open or not (hidden(name) or of_award)
        shown = _change(name, pair[0], pair[1], states) if is_told else MASKED
        label = NAMES.get(name) or COLUMN_LABELS.get(name, name)
        parts.append(f"{label}：{shown}")
    return "\n".join(parts)


def _change(name: str, before: Any, after: Any, states: Mapping[str, str]) -> str:
    if before is None:
        return _short(name, after, states)
    return f"{_short(name, before, states)} → {_short(name, after, states)}"


def _short(name: str, value: Any, states: Mapping[str, str]) -> str:
    text = states.get(value) if name == "status" and isinstance(value, str) else None
    text = text or labels.in_words(name, value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def every(session: Session, user: User, query: AuditQuery) -> Iterator[Entry]:
    """The entries of all pages, the newest first, read in portions.

    No more than `MOST_ROWS` of them.
    """
    policies.require(user, "audit.read")
    where = _where(query)
    last = (session.scalar(select(func.max(History.id))) or 0) + 1
    written = 0
    while written < MOST_ROWS:
        rows = session.scalars(
            select(History)
            .where(*where, History.id < last)
            .options(joinedload(History.actor))
            .order_by(History.id.desc())
            .limit(min(AT_ONCE, MOST_ROWS - written))
        ).all()
        if not rows:
            return
        yield from _entries(session, user, rows)
        last, written = rows[-1].id, written + len(rows)


def record_types() -> list[tuple[str, str]]:
    """Every kind of record that can stand in the log."""
    tables = set(Base.metadata.tables)
    return [(name, words) for name, words in RECORDS.items() if name in tables]
