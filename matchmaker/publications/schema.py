"""What staff say of a list: its head, what it is gathered by, its order."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from models.states import PublicationKind, PublicationState

from ..schema import AnyDistrict, AnyField, Day, Input, InWords, Optional, Paged, Text
from ..sheets.tables import Form

LARGEST = 2**31 - 1
MOST_ENTRIES = 500
PLATFORM = "长沙技术交易撮合平台"
LABELS = {
    "kind": "清单类别",
    "title": "清单名称",
    "issuer": "发布单位",
    "foreword": "说明",
    "field": "技术领域",
    "district": "区县",
    "from_on": "发布日期从",
    "until_on": "发布日期到",
    "places": "顺序",
    "words": "撤回原因",
}


def _likely(day: date) -> date:
    # Its morning and its end in the city must be moments that there are.
    if not 1990 <= day.year <= 2100:
        raise PydanticCustomError("year", "请核对年份")
    return day


LikelyDay = Annotated[Day, AfterValidator(_likely)]
Version = Annotated[int, Field(ge=1, le=LARGEST)]
Number = Annotated[int, Field(ge=1, le=LARGEST)]


class ListHead(Input):
    """The head of a list, and what its records have in common.

    The period is that of the days on which the records became public.
    """

    labels: ClassVar[Mapping[str, str]] = LABELS

    title: Annotated[Text, Field(min_length=4, max_length=120), InWords]
    issuer: Annotated[Text, Field(min_length=2, max_length=100), InWords]
    foreword: Annotated[Text, Field(max_length=2000)] = ""
    field: Annotated[list[AnyField], Field(max_length=100)] = []
    district: Annotated[list[AnyDistrict], Field(max_length=100)] = []
    from_on: Annotated[LikelyDay | None, Optional] = None
    until_on: Annotated[LikelyDay | None, Optional] = None

    @field_validator("until_on")
    @classmethod
    def _in_order(cls, until: date | None, info: ValidationInfo) -> date | None:
        begin = info.data.get("from_on")
        if until is not None and begin is not None and until < begin:
            raise PydanticCustomError("date_order", "不能早于开始的日期")
        return until

    def chosen(self) -> dict[str, Any]:
        """What the list is gathered by, as its row keeps it."""
        kept = {"field", "district", "from_on", "until_on"}
        return self.model_dump(mode="json", include=kept, exclude_defaults=True)


class NewList(ListHead):
    kind: PublicationKind


class EditedList(ListHead):
    """``version`` is that of the list the person read."""

    version: Version


class ListArrangement(Input):
    """The entries as a page showed them: each with its place; those to be kept."""

    version: Version
    entries: Annotated[list[Number], Field(max_length=MOST_ENTRIES)] = []
    places: Annotated[
        list[Annotated[int, Field(ge=0, le=9999)]],
        Field(max_length=MOST_ENTRIES, validate_default=True),
    ] = []
    keep: Annotated[list[Number], Field(max_length=MOST_ENTRIES)] = []

    @field_validator("places")
    @classmethod
    def _one_each(cls, places: list[int], info: ValidationInfo) -> list[int]:
        if len(places) != len(info.data.get("entries", places)):
            raise PydanticCustomError("places", "每一条都要有顺序号，请刷新后重做")
        return places


class ListSeen(Input):
    """The list as the person saw it; ``digest`` is of what would be issued."""

    version: Version
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ListVersion(Input):
    version: Version


class ListWithdrawal(Input):
    labels: ClassVar[Mapping[str, str]] = LABELS

    version: Version
    words: Annotated[Text, Field(min_length=5, max_length=500), InWords]


class SheetQuery(Input):
    """In which form the table leaves."""

    format: Form = Form.XLSX


class PublicationQuery(Paged):
    """Which lists; what is left empty does not narrow."""

    kind: Annotated[PublicationKind | None, Optional] = None
    state: Annotated[PublicationState | None, Optional] = None

    def filters(self) -> list[tuple[str, object]]:
        """What narrows the list, as the fields of a form."""
        told = self.model_dump(mode="json", exclude={"page"}, exclude_defaults=True)
        return list(told.items())
