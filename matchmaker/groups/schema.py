"""Which groups of needs are asked for."""

from typing import Any

from pydantic import field_validator

from ..schema import AnyField, Paged


class GroupQuery(Paged):
    """Groups with a member of one of the fields; no field does not narrow."""

    field: list[AnyField] = []

    @field_validator("field", mode="before")
    @classmethod
    def _no_blanks(cls, values: Any) -> Any:
        """«全部» in a form of choices arrives as an empty value."""
        return [value for value in values if value]
