"""What staff ask of the queue, and what they send with a decision."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError, core_schema

from ..nodes.schema import NodeKey
from ..schema import AnyDistrict, AnyField, Input, Optional, Paged, Text

LARGEST = 2**31 - 1
MOST_AT_ONCE = 100
MOST_CODES = 20
FEWEST_WORDS = 5
OTHER = "other"
# The keys of `kinds.KINDS`, which cannot be imported here.
KIND_NAMES = ("need", "achievement")


def _known(kind: str) -> str:
    if kind not in KIND_NAMES:
        raise PydanticCustomError("kind", "没有这一类信息，请从列表中选择")
    return kind


def _record(text: Any) -> Any:
    found = re.fullmatch(r"([a-z]{1,32}):(\d{1,9})", str(text), re.ASCII)
    if found is None or found[1] not in KIND_NAMES:
        raise PydanticCustomError("like", "没有这条信息，请从待审信息重新打开")
    return str(text)


Version = Annotated[int, Field(ge=1, le=LARGEST)]


class QueueQuery(Paged):
    """Which submissions; what is left empty does not narrow.

    ``like`` names one («need:12») that is shown with those that say the same.
    """

    node: NodeKey = None
    like: Annotated[Annotated[str, AfterValidator(_record)] | None, Optional] = None
    kind: list[Annotated[str, AfterValidator(_known)]] = []
    field: list[AnyField] = []
    district: list[AnyDistrict] = []

    @field_validator("kind", "field", "district", mode="before")
    @classmethod
    def _no_blanks(cls, values: Any) -> Any:
        return [value for value in values if value]

    def args(self) -> dict[str, Any]:
        """The filters as a query string would have them, defaults and page left out."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"page"})

    def pairs(self) -> list[tuple[str, str]]:
        """The same as a form sends them, a name once for each of its values."""
        return [
            (name, str(one))
            for name, value in self.args().items()
            for one in (value if isinstance(value, list) else [value])
        ]

    def original(self) -> tuple[str, int] | None:
        """The kind and number of the one that others are like."""
        kind, _, number = (self.like or "").partition(":")
        return (kind, int(number)) if kind else None


class Publication(Input):
    """``version`` is that of the text the person read."""

    version: Version


class Reasons(Input):
    """Why something goes back: codes of the dictionary, words, or both.

    Words without a code are «其他»; «其他» without words says nothing.
    """

    codes: Annotated[
        list[Annotated[Text, Field(max_length=32)]], Field(max_length=MOST_CODES)
    ] = []
    reason: Annotated[Text, Field(max_length=1000, validate_default=True)] = ""

    @field_validator("codes", mode="before")
    @classmethod
    def _once_each(cls, codes: Any) -> Any:
        return list(dict.fromkeys(code for code in codes if code))

    @field_validator("reason")
    @classmethod
    def _says_something(cls, words: str, info: core_schema.ValidationInfo) -> str:
        if set(info.data.get("codes", ())) - {OTHER} or len(words) >= FEWEST_WORDS:
            return words
        raise PydanticCustomError(
            "reason",
            "请勾选原因；只选「其他」或不选时，请写明要改什么，至少 {least} 个字",
            {"least": FEWEST_WORDS},
        )

    @property
    def coded(self) -> list[str]:
        """The codes to keep."""
        return list(self.codes) or [OTHER]


class Return(Reasons, Publication):
    """A return says what to change."""


class Chosen(NamedTuple):
    """A submission ticked in the queue, with the version that was shown."""

    kind: str
    id: int
    version: int


def _chosen(value: Any) -> Any:
    """«need:12:3» as a form of the queue has it."""
    found = re.fullmatch(r"([a-z]{1,32}):(\d{1,10}):(\d{1,10})", str(value), re.ASCII)
    if found is None:
        raise PydanticCustomError("chosen", "勾选的内容无法识别，请刷新后重选")
    kind, number, version = found[1], int(found[2]), int(found[3])
    if kind not in KIND_NAMES or max(number, version) > LARGEST:
        raise PydanticCustomError("chosen", "勾选的内容无法识别，请刷新后重选")
    return Chosen(kind, number, version)


class Batch(Input):
    """Several submissions ticked together."""

    items: Annotated[
        list[Annotated[Any, BeforeValidator(_chosen)]],
        Field(default=[], max_length=MOST_AT_ONCE, validate_default=True),
    ]

    @field_validator("items", mode="before")
    @classmethod
    def _some(cls, items: Any) -> Any:
        if not items:
            raise PydanticCustomError("items", "请先勾选要处理的信息")
        return list(dict.fromkeys(items))


class BatchReturn(Reasons, Batch):
    """The same reasons for several."""
