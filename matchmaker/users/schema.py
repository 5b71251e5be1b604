"""What is typed to find accounts and to change them."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from models.states import Role

from ..schema import Input, Optional, Paged, Text

LABELS = {"role": "角色", "reason": "原因"}


class UserQuery(Paged):
    """Which accounts are listed."""

    q: Annotated[Text, Field(max_length=200)] = ""
    role: Annotated[Role | None, Optional] = None
    state: Annotated[Literal["active", "closed"] | None, Optional] = None

    @field_validator("q", mode="before")
    @classmethod
    def _first(cls, value: Any) -> Any:
        return value or ""

    def filters(self) -> list[tuple[str, object]]:
        """What narrows the list, as the fields of a form."""
        told = self.model_dump(mode="json", exclude={"page"}, exclude_defaults=True)
        return list(told.items())


Reason = Annotated[Text, Field(min_length=2, max_length=200)]


class RoleChange(Input):
    """Another role, and why."""

    role: Role
    reason: Reason


class Closing(Input):
    """Why an account is closed."""

    reason: Reason
