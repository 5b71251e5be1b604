"""What a board may be asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ..contracts.cuts import FIRST_YEAR, LAST_YEAR, Cut, Cuts
from ..contracts.groupings import Grouping
from ..schema import Input, Optional, Paged

LABELS: dict[str, str] = {"year": "年度", "cut": "条件"}

Year = Annotated[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None, Optional]


class Narrowing(Input):
    """A year of the ledger, cut by some ways to group it."""

    year: Year = None
    cut: Cuts = []

    @field_validator("cut")
    @classmethod
    def _of_a_year(cls, some: list[Cut]) -> list[Cut]:
        if any(one.name not in set(Grouping) for one in some):
            raise PydanticCustomError("cut", "年度看板只能按构成分项筛选")
        return some

    def address(self, **changes: Any) -> dict[str, Any]:
        """The filters as an address repeats them, with some of them replaced."""
        given = {"year": self.year, "cut": [str(one) for one in self.cut]}
        return {name: value for name, value in (given | changes).items() if value}


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
