"""What a board and the rows behind it may be asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from ..schema import Input, Optional, Paged, Text
from .groupings import TITLES, Grouping, is_key

FIRST_YEAR, LAST_YEAR = 1985, 2100
LABELS: dict[str, str] = {
    "year": "年度",
    **{grouping.value: title for grouping, title in TITLES.items()},
    "state": "状态",
    "seller": "卖方",
    "manager": "技术经理人",
}

Year = Annotated[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None, Optional]
Key = Annotated[Text, Field(max_length=32)]


class Standing(StrEnum):
    """Which contracts of a year are meant.

    COUNTED    recognised, in the year of recognition
    PENDING    signed by the end of the year, not recognised or refused to this day
    REFUSED    signed in the year, and refused
    CANCELLED  recognised in the year, and cancelled since
    PAID       money arrived in the year
    """

    COUNTED = "counted"
    PENDING = "pending"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PAID = "paid"


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    AMOUNT = "amount"


class Narrowing(Paged):
    """A year of the ledger, cut; each filter left empty does not narrow."""

    year: Year = None
    type: Key = ""
    month: Key = ""
    district: Key = ""
    buyer_district: Key = ""
    field: Key = ""
    technology_field: Key = ""
    buyer_kind: Key = ""
    seller_kind: Key = ""
    flow: Key = ""
    size: Key = ""
    source: Key = ""

    @field_validator(*(grouping.value for grouping in Grouping))
    @classmethod
    def _known(cls, key: str, info: ValidationInfo) -> str:
        if key and not is_key(Grouping(info.field_name or ""), key):
            raise PydanticCustomError("key", "没有这一项，请从看板或列表中选择")
        return key

    def keys(self) -> dict[Grouping, str]:
        """The filters in force."""
        every = {grouping: getattr(self, grouping.value) for grouping in Grouping}
        return {grouping: key for grouping, key in every.items() if key}

    def address(self, **changes: Any) -> dict[str, Any]:
        """The filters as an address repeats them, with some of them replaced."""
        given = self.model_dump(exclude={"page"}, exclude_none=True, mode="json")
        return {name: value for name, value in (given | changes).items() if value}


class RowsQuery(Narrowing):
    """The contracts behind a figure."""

    state: Standing = Standing.COUNTED
    seller: Annotated[Text, Field(max_length=200)] = ""
    manager: Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, Optional] = (
        None
    )
    sort: Sort = Sort.NEWEST


class SellerKind(StrEnum):
    """Whose league of sellers is shown."""

    UNIVERSITY = "university"
    INSTITUTE = "institute"
    HOSPITAL = "hospital"
    ENTERPRISE = "enterprise"


class YearQuery(Input):
    """A board of a year; this one if none is named."""

    year: Year = None


class LeagueQuery(YearQuery):
    kind: SellerKind = SellerKind.UNIVERSITY


class Step(StrEnum):
    """The steps from a suggestion to a recognised contract."""

    SUGGESTED = "suggested"
    APPROVED = "approved"
    INTRODUCED = "introduced"
    TALKS = "talks"
    SIGNED = "signed"
    RECOGNISED = "recognised"


class StepQuery(Paged):
    """The pairs of a step; ``direct``: of the talks no suggestion led to."""

    year: Year = None
    step: Step = Step.APPROVED
    direct: bool = False
