"""The reasons for a return: coded words that the administrator keeps."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import DictionaryEntry

from ..errors import Invalid


def dictionary(kind: str) -> str:
    """The name of the dictionary of reasons for this kind of submission."""
    return f"{kind}_return"


def offered(session: Session, kinds: Iterable[str]) -> list[DictionaryEntry]:
    """The reasons in use that fit every one of the kinds, as the first words them."""
    return fitting(list(every(session, list(kinds)).values()))


def fitting(found: Sequence[Sequence[DictionaryEntry]]) -> list[DictionaryEntry]:
    """Those in use of the first whose codes all of them have in use."""
    common = [{entry.code for entry in entries if entry.active} for entries in found]
    if not common:
        return []
    shared = set.intersection(*common)
    return [entry for entry in found[0] if entry.code in shared]


def every(session: Session, kinds: Sequence[str]) -> dict[str, list[DictionaryEntry]]:
    """The reasons of each kind, in use or not, in the order of the dictionary."""
    if not kinds:
        return {}
    query = (
        select(DictionaryEntry)
        .where(DictionaryEntry.dictionary.in_([dictionary(kind) for kind in kinds]))
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    rows = session.scalars(query).all()
    return {
        kind: [row for row in rows if row.dictionary == dictionary(kind)]
        for kind in kinds
    }


def named(session: Session, kind: str, codes: Sequence[str]) -> list[DictionaryEntry]:
    """The entries of these codes, in the order of the dictionary, in use or not."""
    return [entry for entry in every(session, [kind])[kind] if entry.code in codes]


def require(session: Session, kind: str, codes: Sequence[str]) -> list[DictionaryEntry]:
    """The entries of these codes; raises `Invalid` if one is not offered."""
    return require_of(session, dictionary(kind), codes)


def of_dictionary(session: Session, name: str) -> list[DictionaryEntry]:
    """The entries in use of any dictionary of reasons, in their order."""
    query = (
        select(DictionaryEntry)
        .where(DictionaryEntry.dictionary == name, DictionaryEntry.active)
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    return list(session.scalars(query))


def require_of(
    session: Session, name: str, codes: Sequence[str]
) -> list[DictionaryEntry]:
    """The same for any dictionary of reasons."""
    entries = [one for one in of_dictionary(session, name) if one.code in codes]
    if len(entries) < len(set(codes)):
        raise Invalid({"codes": "所选原因不适用于这条信息或已停用，请刷新后重选"})
    return entries


def in_words(entries: Sequence[DictionaryEntry], words: str) -> str:
    """Reasons and words as one sentence, for a notice and the history."""
    labels = [entry.label for entry in entries if entry.code != "other" or not words]
    named_ = "；".join(labels)
    return f"{named_}。{words}" if named_ and words else named_ or words
