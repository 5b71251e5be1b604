"""What a manager may type about the members of its organisation."""

from models.states import OrganisationRole

from ..accounts.schema import Email, GivenPassword, PersonName
from ..schema import Input


class InvitationInput(Input):
    """Whom to invite, and as what."""

    email: Email
    org_role: OrganisationRole


class RoleInput(Input):
    """What a member may do from now on."""

    org_role: OrganisationRole


class Acceptance(Input):
    """The account of an invited person."""

    name: PersonName
    new: GivenPassword
    repeated: GivenPassword
