"""What the review desk may be asked for, and what a decision must say."""

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError, core_schema

from models.states import RejectReason, SuggestionKind, SuggestionStatus

from ..schema import AnyDistrict, AnyField, Input, Optional, Paged, Text

MOST_AT_ONCE = 100
LARGEST_ID = 2**31 - 1
FEWEST_WORDS = 5


class QueueFilters(Input):
    """Which pairs; what is left empty does not narrow.

    ``score`` and ``age`` are least values: of the probability of approval, of the
    days waited.
    """

    status: SuggestionStatus = SuggestionStatus.PENDING
    kind: list[SuggestionKind] = []
    field: list[AnyField] = []
    district: list[AnyDistrict] = []
    score: Annotated[Annotated[float, Field(ge=0, le=1)] | None, Optional] = None
    age: Annotated[Annotated[int, Field(ge=0, le=3650)] | None, Optional] = None
    mine: bool = False
    by_hand: bool = False

    @field_validator("kind", "field", "district", mode="before")
    @classmethod
    def _no_blanks(cls, values: Any) -> Any:
        """«全部» in a form of choices arrives as an empty value."""
        return [value for value in values if value]

    def args(self) -> dict[str, Any]:
        """The filters as a query string would have them, defaults left out."""
        args = self.model_dump(mode="json", exclude_defaults=True)
        return {name: "1" if value is True else value for name, value in args.items()}

    def pairs(self) -> list[tuple[str, object]]:
        """The same as the fields of a form, in which a name may repeat."""
        return [
            (name, one)
            for name, value in self.args().items()
            for one in (value if isinstance(value, list) else [value])
        ]


class ListPage(Paged):
    """Which page of a list of pairs."""


class Leaving(Input):
    """The pair one turned away from, if any."""

    left: Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, Optional] = None


class OwnQuery(Paged):
    """An enterprise's own pairs: those of one need, or of all."""

    need: Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, Optional] = None


def _chosen(value: Any) -> Any:
    if value not in list(RejectReason):
        raise PydanticCustomError("reason", "请选择驳回的理由")
    return value


class RejectInput(Input):
    """Why a pair is refused; «其他原因» has to be put in words."""

    reason: Annotated[RejectReason, BeforeValidator(_chosen)] = Field(
        default=None, validate_default=True
    )
    words: Annotated[Text, Field(max_length=1000, validate_default=True)] = ""

    @field_validator("words")
    @classmethod
    def _other_is_explained(cls, words: str, info: core_schema.ValidationInfo) -> str:
        if info.data.get("reason") is RejectReason.OTHER and len(words) < FEWEST_WORDS:
            raise PydanticCustomError(
                "words",
                "选「其他原因」时请写明理由，至少 {least} 个字",
                {"least": FEWEST_WORDS},
            )
        return words


class BulkRejectInput(RejectInput):
    """The same reason for many pairs."""

    ids: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_ID)]],
        Field(min_length=1, max_length=MOST_AT_ONCE),
    ]

    @field_validator("ids", mode="before")
    @classmethod
    def _some_chosen(cls, ids: Any) -> Any:
        if not ids:
            raise PydanticCustomError("ids", "请先勾选要驳回的匹配建议")
        return ids


class SnoozeInput(Input):
    """When to look again: in so many days, or on a day (which goes before)."""

    days: Annotated[Annotated[int, Field(ge=1, le=366)] | None, Optional] = None
    until: Annotated[date | None, Optional, Field(validate_default=True)] = None

    @field_validator("until")
    @classmethod
    def _one_of_them(
        cls, until: date | None, info: core_schema.ValidationInfo
    ) -> date | None:
        # Days that are themselves wrong have their own message.
        if until is None and info.data.get("days", 1) is None:
            raise PydanticCustomError("until", "请选择什么时候再看")
        return until

    def on(self, today: date) -> date:
        """The day on which to look again."""
        return self.until or today + timedelta(days=self.days or 0)
