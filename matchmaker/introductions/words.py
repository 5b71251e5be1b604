"""The reasons of the dictionaries of introductions, in words and checked."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import DictionaryEntry

from ..errors import Invalid
from .schema import DECLINED

ANSWERS, ENDS = "introduction_declined", "introduction_failed"


def offered(session: Session, dictionary: str) -> Sequence[DictionaryEntry]:
    """The reasons in use, in their order; «declined» is said by an answer alone."""
    return session.scalars(
        select(DictionaryEntry)
        .where(
            DictionaryEntry.dictionary == dictionary,
            DictionaryEntry.active,
            DictionaryEntry.code != DECLINED,
        )
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    ).all()


def require(session: Session, dictionary: str, code: str, field: str) -> str:
    """The words of an offered reason; raises `Invalid` for any other."""
    for entry in offered(session, dictionary):
        if entry.code == code:
            return entry.label
    raise Invalid({field: "这个原因已停用或不存在，请刷新后重选"})


def label_of(session: Session, dictionary: str, code: str | None) -> str:
    """The words of a reason, in use or not; the code itself where it is gone."""
    return labels_of(session, dictionary).get(code, code) if code else ""


def labels_of(session: Session, dictionary: str) -> dict[str, str]:
    """The words of every reason, in use or not, by code."""
    rows = session.execute(
        select(DictionaryEntry.code, DictionaryEntry.label).where(
            DictionaryEntry.dictionary == dictionary
        )
    )
    return {row[0]: row[1] for row in rows}


def sentence(label: str, words: str) -> str:
    """Reason and words as one sentence, for a notice and the history."""
    return f"{label}。{words}" if words else label
