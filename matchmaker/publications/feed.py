"""The issued lists for programs (Atom); what was withdrawn is said to be."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from models import PublicationList
from models.states import PublicationState

from .. import feeds, labels
from ..feeds import MOST, News
from .finding import code, newest


def atom(session: Session, base: str) -> bytes:
    """A feed of what visitors know of; ``base`` is the address of the site."""
    found = newest(session, None, MOST)
    return feeds.atom("公开清单", "/lists", _news(found), base)


def _news(found: Sequence[PublicationList]) -> list[News]:
    return [
        News(
            page=f"/lists/{made.id}",
            title=f"{made.title}（{code(made)}）",
            author=made.issuer,
            published=made.issued_at or made.created_at,
            updated=made.updated_at,
            summary=_summary(made),
            category=(made.kind.value, labels.label(made.kind)),
        )
        for made in found
    ]


def _summary(made: PublicationList) -> str:
    if made.state is PublicationState.WITHDRAWN:
        return feeds.shortened(f"已撤回：{made.withdrawn_words}")
    return feeds.shortened(made.foreword) or labels.label(made.kind)
