"""How two sides are best brought together: a proposal by rules, with its reason.

The rules, the first that holds:

1. open call   no achievement is in sight, and several firms ask for much the same:
               one call serves them all, and teams bid
2. manager     nothing asked for can be measured, or nothing is asked for at all: what
               is wanted must be worked out before two sides can talk about it
3. manager     staff seldom approve pairs like this one (`LOW_ODDS`)
4. direct      most of what is asked for is met, nothing is missed, and the technology
               is ready enough: there is nothing to prepare
5. meeting     otherwise: the open points are best asked face to face
"""

from dataclasses import dataclass

from models.states import TalkRoute

# Less likely than this to be approved by staff.
LOW_ODDS = 0.3
# The share of what is asked for that must be met; what is met in part counts half.
MOSTLY = 0.6
# The level from which a technology is ready where the other side names none.
READY_LEVEL = 6
# So many firms, the asking one among them, are several.
SEVERAL = 2


@dataclass(frozen=True)
class Facts:
    """What the rules look at.

    asked        what is asked for: targets of the need, goals of the call
    measurable   how many of them have a figure
    met, partial, unmet   verdicts on them, where the pair was compared
    gap          levels of readiness that are missing; none where unknown
    level        the level of what is offered, on nine
    odds         the probability of approval, where it is known
    has_answer   whether an achievement is among what is talked about
    firms        firms that ask for much the same, this one among them
    """

    asked: int = 0
    measurable: int = 0
    met: int = 0
    partial: int = 0
    unmet: int = 0
    gap: int | None = None
    level: int | None = None
    odds: float | None = None
    has_answer: bool = True
    firms: int = 1


@dataclass(frozen=True)
class Proposal:
    """The route, and why in words that both sides may read."""

    route: TalkRoute
    words: str


def propose(facts: Facts) -> Proposal:
    """The route that the rules above give."""
    if not facts.has_answer and facts.firms >= SEVERAL:
        return Proposal(
            TalkRoute.OPEN_CALL,
            f"有 {facts.firms} 家单位提出相近的需求，平台上还没有合适的成果，"
            "适合合并成榜单公开征集。",
        )
    if not facts.asked:
        return Proposal(
            TalkRoute.MANAGER,
            "申请没有附带具体的需求，先由技术经理人帮助把要求说清楚。",
        )
    if not facts.measurable:
        return Proposal(
            TalkRoute.MANAGER,
            "需求还没有可以衡量的指标，先由技术经理人帮助双方把指标定下来。",
        )
    if facts.odds is not None and facts.odds < LOW_ODDS:
        return Proposal(
            TalkRoute.MANAGER,
            "类似的配对较少通过审核，由技术经理人先判断能不能谈。",
        )
    if _mostly_met(facts) and _ready(facts):
        return Proposal(
            TalkRoute.DIRECT, "主要指标已经满足，成熟度也够，双方可以直接洽谈。"
        )
    return Proposal(TalkRoute.MEETING, _open_points(facts))


def _mostly_met(facts: Facts) -> bool:
    reached = facts.met + facts.partial / 2
    return facts.unmet == 0 and reached >= MOSTLY * facts.asked


def _ready(facts: Facts) -> bool:
    if facts.gap is not None:
        return facts.gap <= 0
    return facts.level is not None and facts.level >= READY_LEVEL


def _open_points(facts: Facts) -> str:
    points = []
    if facts.unmet:
        points.append(f"{facts.unmet} 项指标还达不到")
    elif not _mostly_met(facts):
        points.append("部分指标还没有说明")
    if not _ready(facts):
        points.append("成熟度还有差距" if facts.gap else "成熟度还要核实")
    return f"{'，'.join(points)}，适合在对接会上当面问清。"
