"""What a subscription may be."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.outbox import RecordType
from models.states import Frequency, Mode, Stage

from ..schema import District, FieldCode, Input, Optional, Text
from ..search.schema import LONGEST_QUERY, Trl
from ..search.service import FACETS
from ..search.words import says_nothing


class FrequencyInput(Input):
    """How soon, and whether by mail as well."""

    frequency: Frequency = Frequency.INSTANT
    by_mail: bool = False


class SubscriptionInput(FrequencyInput):
    """A search to be watched: of one kind, or by words alone of every kind."""

    kind: Annotated[RecordType | None, Optional] = None
    q: Annotated[Text, Field(max_length=LONGEST_QUERY)] = ""
    field: list[FieldCode] = []
    district: list[District] = []
    trl: list[Trl] = []
    mode: list[Mode] = []
    stage: list[Stage] = []

    @model_validator(mode="after")
    def asks_something(self) -> Self:
        if self.kind is None and not self.q:
            raise PydanticCustomError("nothing", "请先输入要找什么，再订阅")
        if self.q and says_nothing(self.q):
            raise PydanticCustomError(
                "nothing", "这些词太笼统，无法检索，请加上对象、现象或指标后再订阅"
            )
        return self

    def stored(self) -> dict[str, Any]:
        """The search as it is kept: each filter once, in order, none left blank."""
        names = FACETS[self.kind] if self.kind else ()
        filters = {name: getattr(self, name) for name in names}
        return ({"q": self.q} if self.q else {}) | {
            name: sorted({value if name == "trl" else str(value) for value in values})
            for name, values in filters.items()
            if values
        }


class BuyersInput(FrequencyInput):
    """«通知我»: whoever may need this achievement."""

    achievement_id: Annotated[int, Field(ge=1, lt=2**31)]
