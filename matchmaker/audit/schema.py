"""Which entries of the audit log are asked for."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ..schema import Day, Optional, Paged, Text

LABELS = {
    "who": "操作人",
    "action": "操作",
    "record": "对象",
    "number": "编号",
    "from_on": "从",
    "until_on": "到",
}


class AuditQuery(Paged):
    """Filters; each left empty does not narrow. Both days count."""

    who: Annotated[Text, Field(max_length=200)] = ""
    action: Annotated[Text, Field(max_length=64)] = ""
    record: Annotated[Text, Field(max_length=32)] = ""
    number: Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, Optional] = None
    from_on: Annotated[Day | None, Optional] = None
    until_on: Annotated[Day | None, Optional] = None

    @field_validator("from_on", "until_on")
    @classmethod
    def _in_reach(cls, day: date | None) -> date | None:
        if day is not None and not 2000 <= day.year <= 2100:
            raise PydanticCustomError("year", "请核对年份")
        return day

    def address(self) -> dict[str, Any]:
        """The filters as an address repeats them, the page left out."""
        given = self.model_dump(exclude={"page"}, exclude_none=True, mode="json")
        return {name: value for name, value in given.items() if value != ""}
