"""Which talks and contracts one may know of, and what one reads of them."""

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from models import Contract, Introduction, Need, User
from models.states import IntroductionStatus, Secrecy, Side


def visible_introductions(user: User | None) -> ColumnElement[bool]:
    """The talks of one's own organisation, or that one manages; staff see all.

    A provider learns of talks about a restricted need once its owner agreed.
    """
    if user is None:
        return false()
    if user.is_staff:
        return true()
    told = and_(
        Introduction.provider_id == user.organisation_id, Introduction.provider_knows
    )
    sides = or_(Introduction.seeker_id == user.organisation_id, told)
    return or_(Introduction.manager_id == user.id, sides)


def is_inside_talks(user: User, introduction: Introduction) -> bool:
    """Whether the person reads the need of the talks as its owner does.

    That is its firm, the staff, and everybody where the need is public or none.
    """
    need = introduction.need
    return (
        need is None
        or need.secrecy is Secrecy.PUBLIC
        or user.is_staff
        or introduction.side_of(user.organisation_id) is Side.SEEKER
    )


def inside_talks(user: User) -> ColumnElement[bool]:
    """`is_inside_talks` as a condition on introductions and their needs."""
    if user.is_staff:
        return true()
    open_to_all = or_(Need.id.is_(None), Need.secrecy == Secrecy.PUBLIC)
    return or_(open_to_all, Introduction.seeker_id == user.organisation_id)


def talks_are_opened(introduction: Introduction) -> bool:
    """Whether the provider and the manager may read the full text and the firm's name.

    Of a masked need once both sides are interested. A restricted one has no public
    text on which to decide, so the agreement of its owner opens it. Talks that came to
    nothing are closed again.
    """
    status, need = introduction.status, introduction.need
    if status is IntroductionStatus.FAILED:
        return False
    if need is not None and need.secrecy is Secrecy.RESTRICTED:
        return introduction.provider_knows
    return status is not IntroductionStatus.WAITING


def opened_talks() -> ColumnElement[bool]:
    """`talks_are_opened` as a condition on introductions and their needs."""
    restricted = and_(Need.id.is_not(None), Need.secrecy == Secrecy.RESTRICTED)
    return and_(
        Introduction.status != IntroductionStatus.FAILED,
        or_(
            and_(restricted, Introduction.provider_knows),
            and_(not_(restricted), Introduction.status != IntroductionStatus.WAITING),
        ),
    )


def reads_internal_lines(user: User, introduction: Introduction) -> bool:
    """Whether the internal lines of the log are for the person: staff and manager."""
    return user.is_staff or introduction.manager_id == user.id


def visible_contracts(user: User | None) -> ColumnElement[bool]:
    """Those one's own organisation is a party of, or one manages; staff see all."""
    if user is None:
        return false()
    if user.is_staff:
        return true()
    # Who has no organisation would else see the contracts whose party is not here.
    if user.organisation_id is None:
        return Contract.manager_id == user.id
    return or_(
        Contract.manager_id == user.id,
        Contract.buyer_id == user.organisation_id,
        Contract.seller_id == user.organisation_id,
    )


def summed_contracts(user: User | None) -> ColumnElement[bool]:
    """Those whose sums may go into what this reader is told of the whole city.

    All of them, whoever asks: nobody is named, and `dashboards.public` gives outsiders
    no sum of so few that one could be guessed.
    """
    return true()
