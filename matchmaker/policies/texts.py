"""How much one reads of a record one may know of: its text, its firm, its files."""

from collections.abc import Collection

from models import (
    Achievement,
    Attachment,
    Award,
    Contract,
    Introduction,
    Milestone,
    Need,
    User,
)
from models.conditions import Condition, Every, OneOf
from models.outbox import RecordType
from models.states import Secrecy

from .acts import is_own, may
from .records import values


def knows_firm(user: User | None, need: Need) -> bool:
    """Whether the person may know whose need it is."""
    return need.secrecy is Secrecy.PUBLIC or reads_full_text(user, need)


def reads_full_text(user: User | None, need: Need) -> bool:
    """Whether the person gets the full text of a need rather than the public one."""
    return may(user, "need.read_full", need)


def reads_budget(user: User | None, need: Need) -> bool:
    """Whether the person gets the budget of a need to the fen rather than its band."""
    return need.secrecy is Secrecy.PUBLIC or reads_full_text(user, need)


def speaks_for(
    user: User | None, item: Need | Achievement, represented: Collection[int]
) -> bool:
    """Whether it is of an organisation the person represents, as far as they know.

    A mandate opens nothing: whose a masked need is, its firm's own manager is not told
    either, and could else find out by trying.
    """
    known = not isinstance(item, Need) or knows_firm(user, item)
    return known and item.organisation_id in represented


def of_represented(kind: RecordType, represented: Collection[int]) -> Condition:
    """The same as a condition on the records that people may know of."""
    theirs = OneOf("organisation_id", tuple(sorted(represented)))
    if kind is not RecordType.NEED:
        return theirs
    return Every((theirs, OneOf("secrecy", values({Secrecy.PUBLIC}))))


FileHolder = Need | Achievement | Introduction | Contract | Award | Milestone


def may_show_attachments(item: FileHolder) -> bool:
    """Whether files of the record may be public at all: they may name the firm."""
    if isinstance(item, Introduction | Contract | Award | Milestone):
        return False
    return not isinstance(item, Need) or item.secrecy is Secrecy.PUBLIC


def reads_attachment(
    user: User | None, item: FileHolder, attachment: Attachment
) -> bool:
    """Whether the person gets this file of a record they may know of.

    A file is as secret as the full text, unless its owner marked it public; one of
    talks or a contract is for everybody who takes part.
    """
    inside = user is not None and (user.is_staff or is_own(user, item))
    return inside or (attachment.is_public and may_show_attachments(item))


def searches_inside(user: User | None) -> bool:
    """Whether a search by this person may be led by full texts (staff only)."""
    return user is not None and user.is_staff
