"""Which work, registrations and mandates are whose."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, true

from models import Mandate, Registration, User
from models.states import RegistrationState

from .acts import may


def own_work(
    owner: ColumnElement[Any] | None,
    person: ColumnElement[Any] | None = None,
    *,
    is_staff: bool,
    home: Any,
    me: Any,
) -> ColumnElement[bool]:
    """What waits for a person: for their organisation, or for the platform's staff.

    ``owner`` is the column of the organisation it waits for, ``person`` that of the
    one person; where both are None it waits for the staff. ``home`` is the reader's
    organisation, None for one who has none, ``me`` the reader's number; both may be
    parameters.
    """
    if person is not None:
        mine: ColumnElement[bool] = person == me
        return mine
    if owner is None:
        return true() if is_staff else false()
    return false() if home is None else owner == home


def visible_registrations(user: User | None) -> ColumnElement[bool]:
    """Staff see every registration whose e-mail was confirmed.

    The managers of an organisation see who asks to join it.
    """
    if user is None or not (user.is_staff or user.manages):
        return false()
    confirmed = Registration.submitted_at.is_not(None)
    if user.is_staff:
        return confirmed
    return and_(
        confirmed,
        Registration.organisation_id == user.organisation_id,
        Registration.state == RegistrationState.PENDING,
    )


def visible_mandates(user: User | None) -> ColumnElement[bool]:
    """A technology manager's own mandates; staff see all."""
    if not may(user, "mandate.read") or user is None:
        return false()
    return true() if user.is_staff else Mandate.manager_id == user.id
