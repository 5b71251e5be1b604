"""Who waits to be let in, as rows for the work list."""

from __future__ import annotations

from sqlalchemy import func, literal, select

from models import Organisation, Registration
from models.states import RegistrationState

from ..work.source import STAFF, AnySelect, Days, Source, columns


def _registrations(_days: Days) -> AnySelect:
    """Who registers an organisation or asks to join one; its e-mail is confirmed."""
    name = func.coalesce(Organisation.name, Registration.organisation_name)
    return (
        select(
            *columns(
                Registration.id,
                name,
                Registration.submitted_at,
                is_demo=literal(False),
                context=Registration.name,
                district=func.coalesce(Organisation.district, Registration.district),
            )
        )
        .outerjoin(Organisation, Registration.organisation_id == Organisation.id)
        .where(
            Registration.state == RegistrationState.PENDING,
            Registration.submitted_at.is_not(None),
        )
    )


SOURCES: tuple[Source, ...] = (
    Source(
        "registrations",
        "待审的单位与成员",
        "去审核",
        STAFF,
        _registrations,
        {"": ("registrations.show", "registration_id")},
        local=True,
    ),
)
