"""What each reader of an introduction reads of it: titles, names, texts.

Who may read what is decided in `policies`; this puts it in words, for pages as for
notices, letters and exports.
"""

from __future__ import annotations

from dataclasses import dataclass

from models import Introduction, Need, User
from models.needs import NeedText
from models.states import Interest, Secrecy, Side

from .. import policies
from ..labels import label
from ..needs import budgets
from ..needs.budgets import Budget

HIDDEN_TITLE = "一条定向需求"
HIDDEN_FIRM = "一家企业（定向需求）"


@dataclass(frozen=True)
class Shown:
    """The words of an introduction for one reader.

    ``need`` is the text the reader gets without further ado: none for talks without a
    need, and none of a restricted need, whose text is on a page of its own; ``budget``
    is that of the need as it goes with this text.
    """

    title: str
    seeker: str
    provider: str
    need: NeedText | None
    budget: Budget | None = None

    def of(self, side: Side) -> str:
        """What that side is called."""
        return self.seeker if side is Side.SEEKER else self.provider


def shown(user: User, introduction: Introduction) -> Shown:
    """The introduction in the words this person reads."""
    return _shown(introduction, inside=policies.is_inside_talks(user, introduction))


def shown_to(introduction: Introduction, side: Side | None) -> Shown:
    """In the words of a side's members; None: of the technology manager."""
    return _shown(introduction, inside=side is Side.SEEKER)


def shown_outside(introduction: Introduction) -> str:
    """The title in public words, for what leaves the platform, such as a letter."""
    need = introduction.need
    if need is None:
        return introduction.title
    return need.public_text.title if need.public_text else HIDDEN_TITLE


def _shown(introduction: Introduction, *, inside: bool) -> Shown:
    provider = introduction.provider.name
    need = introduction.need
    if need is None:
        return Shown(introduction.title, introduction.seeker.name, provider, None)
    if inside or need.secrecy is Secrecy.PUBLIC:
        text = need.full_text
        money = budgets.exact(need)
        return Shown(need.title, introduction.seeker.name, provider, text, money)
    opened, money = policies.talks_are_opened(introduction), _outside(need)
    if need.secrecy is Secrecy.RESTRICTED:
        title = need.title if opened else HIDDEN_TITLE
        firm = introduction.seeker.name if opened else HIDDEN_FIRM
        return Shown(title, firm, provider, None, money)
    text = need.public_text or need.full_text
    firm = introduction.seeker.name if opened else text.organisation
    return Shown(text.title, firm, provider, text, money)


def _outside(need: Need) -> Budget:
    return budgets.shown(need, full=False)


def both_interested(introduction: Introduction) -> bool:
    """Whether each side said that it is interested."""
    answers = (introduction.answer_of(side) for side in Side)
    return all(
        one is not None and one.interest is Interest.INTERESTED for one in answers
    )


def who(reader: User, introduction: Introduction, actor: User | None) -> str:
    """What the reader is told of who did something; the platform itself: nothing.

    The members of the other side are named once both sides are interested, and a firm
    behind a masked need only to whom the talks are opened.
    """
    if actor is None:
        return ""
    side = introduction.side_of(actor.organisation_id)
    if side is None:
        return f"{actor.name}（{label(actor.role)}）"
    own = introduction.side_of(reader.organisation_id) is side
    if own or reader.is_staff:
        return f"{actor.name}（{label(side)}）"
    hidden = side is Side.SEEKER and not (
        policies.is_inside_talks(reader, introduction)
        or policies.talks_are_opened(introduction)
    )
    if hidden or not both_interested(introduction):
        return label(side)
    return f"{actor.name}（{label(side)}）"
