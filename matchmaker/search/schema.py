"""What a list or a search may be asked for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.states import (
    AchievementStatus,
    CallStatus,
    Mode,
    NeedStatus,
    Stage,
)

from ..schema import AnyDistrict, AnyField, Paged, Text

LONGEST_QUERY = 2000


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    DEADLINE = "deadline"
    AMOUNT = "amount"
    TRL = "trl"


Trl = Annotated[int, Field(ge=1, le=9)]


class ListQuery(Paged):
    """A list of one kind of record: words, facets, order, page."""

    q: Annotated[Text, Field(max_length=LONGEST_QUERY)] = ""
    field: list[AnyField] = []
    district: list[AnyDistrict] = []
    trl: list[Trl] = []
    mode: list[Mode] = []
    stage: list[Stage] = []
    status: list[NeedStatus | AchievementStatus | CallStatus] = []
    sort: Sort | None = None
