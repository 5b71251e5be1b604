"""Which lists for publication one may know of."""

from sqlalchemy import ColumnElement, true

from models import PublicationList, User
from models.states import PublicationState

from .acts import may


def visible_publications(user: User | None) -> ColumnElement[bool]:
    """Everybody knows of what was issued, withdrawn since or not; drafts are staff's.

    That a list was withdrawn is public too: others have cited it by its number.
    """
    if may(user, "publication.govern"):
        return true()
    return PublicationList.state != PublicationState.DRAFT


def reads_entries(user: User | None, made: PublicationList) -> bool:
    """Whether the person reads what stands in a list they know of.

    What was withdrawn is told of by its name, number and reason alone.
    """
    is_withdrawn = made.state is PublicationState.WITHDRAWN
    return not is_withdrawn or may(user, "publication.govern")
