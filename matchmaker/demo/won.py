"""The calls of the demonstration that were won: their texts, bids and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from models import (
    Bid,
    BidOutcome,
    BidRelease,
    BidSubmission,
    Call,
    CallResult,
    User,
)
from models.states import BidState, CallMode, CallPhase, CallStatus, ResultState

from ..bids import content, receipt
from ..bids.schema import BidInput
from ..labels import CITY, FEN_PER_WAN, today
from ..schema import parse


class Cast(Protocol):
    """Who plays, and on what day."""

    session: Session
    issuer: User
    people: Mapping[str, User]
    staff: User
    second: User

    def ago(self, days: float) -> datetime: ...


@dataclass(frozen=True)
class Scene:
    """A call and how it went; all days are counted back from today.

    winners     which of «college» and «racer» won, best first, with budgets in 万元
    plan        milestones: title, what is delivered, its day, payment in 万元
    """

    code: str
    title: str
    field: str
    background: str
    goals: Sequence[str]
    values: Sequence[str]
    mode: CallMode
    wan: int
    opened: int
    winners: Mapping[str, int]
    plan: Sequence[tuple[str, str, int, tuple[int, int]]]


RACE = Scene(
    "SL-JB-0001",
    "储能电站电池簇热失控分级预警系统(示例)",
    "ES",
    "园区两座磷酸铁锂储能电站曾发生烟感报警滞后。希望在热失控发生前识别异常电芯，"
    "给出分级预警，并能接入现有的电站监控系统。(示例)",
    ("提前预警时间≥15 min", "误报率≤0.5%", "单簇检测成本≤3000 元"),
    ("18 min", "0.4%", "2600 元"),
    CallMode.RACE,
    500,
    260,
    {"college": 240, "racer": 230},
    (
        ("原理样机", "样机一套，第三方检测报告一份", 60, (90, 90)),
        ("现场挂网试用", "在一座电站连续试用 90 天的数据和报告", -25, (100, 90)),
        ("工程样机与验收材料", "工程样机两套，接口文件，验收报告", -150, (50, 50)),
    ),
)
DONE = Scene(
    "SL-JB-0002",
    "盾构刀盘磨损在线监测(示例)",
    "EM",
    "地铁施工中刀盘磨损只能停机检查。希望不停机判断磨损量，减少开舱次数。(示例)",
    ("磨损量检测误差≤2 mm", "连续工作时间≥1000 h"),
    ("1.5 mm", "1200 h"),
    CallMode.SINGLE,
    300,
    430,
    {"college": 260},
    (
        ("传感器与算法", "传感器样件十套，算法软件一套", 230, (100, 0)),
        ("工地试用", "两个区间的试用报告", 90, (160, 0)),
    ),
)


def call_of(scene: Scene, cast: Cast) -> Call:
    """The call as it stood when its result came into force."""
    opens, closes = (
        datetime.combine(today(cast.ago(days)), time(hour), CITY)
        for days, hour in ((scene.opened, 9), (scene.opened - 30, 17))
    )
    return Call(
        code=scene.code,
        issuer_id=cast.issuer.organisation_id,
        by_staff=True,
        author_id=cast.staff.id,
        status=CallStatus.AWARDED,
        title=scene.title,
        field=scene.field,
        background=scene.background,
        goals=list(scene.goals),
        funding_fen=scene.wan * FEN_PER_WAN,
        mode=scene.mode,
        max_awards=len(scene.winners),
        opens_at=opens,
        closes_at=closes,
        questions_until=closes - timedelta(days=7),
        approved_at=opens,
        noted_phase=CallPhase.CLOSED,
        is_demo=True,
        created_at=opens,
        updated_at=cast.ago(scene.opened - 90),
        published_at=opens,
    )


def bid_of(scene: Scene, cast: Cast, call: Call, who: str, wan: int) -> Bid:
    """A bid as it stands after its release, with the receipt that vouches for it."""
    user, at = cast.people[who], cast.ago(scene.opened - 28)
    fields = {
        "leader": "项目负责人(示例)",
        "contact": "0731-00000000",
        "team": "八人的研发团队，分算法、硬件和现场三组。(示例)",
        "approach": "多源信号融合，先在实验台标定，再到现场挂网验证。(示例)",
        "goals": [
            {"goal": goal, "value": value, "evidence": "实验台数据(示例)"}
            for goal, value in zip(scene.goals, scene.values, strict=True)
        ],
        "budget": f"{wan}万元",
        "budget_words": "设备和测试一半，人员一半。(示例)",
        "schedule": [f"{title}：{words}" for title, words, *_ in scene.plan],
        "months": "12",
        "readiness": "5",
        "readiness_words": "完成实验台验证。(示例)",
    }
    text = content.of_form(parse(BidInput, fields), call.goals)
    salt = receipt.fresh_salt()
    bid = Bid(
        call_id=call.id,
        organisation_id=user.organisation_id,
        user_id=user.id,
        state=BidState.RELEASED,
        number=1,
        submitted_at=at,
        content=text,
        salt=salt,
        is_demo=True,
        created_at=at,
        updated_at=at,
    )
    bid.digest = receipt.digest(receipt.statement(bid, at, text, [], salt))
    cast.session.add(bid)
    cast.session.flush()
    cast.session.add(
        BidSubmission(
            bid_id=bid.id, number=1, at=at, user_id=user.id, sha256=bid.digest
        )
    )
    return bid


def decide(scene: Scene, cast: Cast, call: Call, bids: Sequence[Bid]) -> CallResult:
    """The release by two, and the result in force after its notice period."""
    released = cast.ago(scene.opened - 31)
    result = CallResult(
        call_id=call.id,
        number=1,
        state=ResultState.FINAL,
        basis="demo",
        notice_from=cast.ago(scene.opened - 80),
        notice_until=cast.ago(scene.opened - 89),
        drafted_at=cast.ago(scene.opened - 79),
        drafted_by_id=cast.staff.id,
        closed_at=cast.ago(scene.opened - 90),
        outcomes=[
            BidOutcome(
                bid_id=bid.id,
                won=True,
                rank=place,
                points=8600 - 200 * place,
                reason="技术路线清楚，指标有实验数据支持。(示例)",
            )
            for place, bid in enumerate(bids, 1)
        ],
    )
    cast.session.add_all(
        [
            BidRelease(
                call_id=call.id,
                first_by_id=cast.staff.id,
                first_at=released,
                second_by_id=cast.second.id,
                second_at=released,
                released_at=released,
                bids=len(bids),
                faults=[],
            ),
            result,
        ]
    )
    cast.session.flush()
    return result
