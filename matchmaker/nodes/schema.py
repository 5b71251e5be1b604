"""What is typed about a node and about a mandate."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from models.fields import DISTRICTS, FIELDS
from models.states import NodeKind

from ..schema import Day, Input, Optional, Paged, Text

LARGEST_ID = 2**31 - 1
# In an address instead of the number of a node: those at which the reader works.
MINE = "mine"
LABELS = {
    "kind": "类型",
    "name": "名称",
    "parent": "上级节点",
    "position": "排序",
    "districts": "负责的区县",
    "fields": "负责的领域",
    "organisation": "服务机构",
    "staff": "工作人员",
    "manager": "技术经理人",
    "from_on": "开始日期",
    "until_on": "结束日期",
}

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


def _node_key(key: str) -> str:
    if key != MINE and not (key.isascii() and key.isdigit() and len(key) < 11):
        raise PydanticCustomError("node", "没有这个节点，请从列表中选择")
    return key


# Which node a list of work is narrowed to, as it stands in an address.
NodeKey = Annotated[Annotated[Text, AfterValidator(_node_key)] | None, Optional]


def _known(known: Any, words: str) -> AfterValidator:
    def check(code: str) -> str:
        if code not in known:
            raise PydanticCustomError("unknown_code", words)
        return code

    return AfterValidator(check)


class NodeInput(Input):
    """A node as its form sends it; ``organisation`` is the name of its body."""

    kind: NodeKind
    name: Annotated[Text, Field(min_length=2, max_length=80)]
    parent: Annotated[Id | None, Optional] = None
    position: Annotated[int, Field(ge=0, le=9999)] = 0
    districts: list[
        Annotated[Text, _known(DISTRICTS, "没有这个区县，请从列表中选择")]
    ] = []
    fields: list[
        Annotated[Text, _known(FIELDS, "没有这个技术领域，请从列表中选择")]
    ] = []
    organisation: Annotated[Text, Field(max_length=200)] = ""
    staff: list[Id] = []


class NodeEdit(NodeInput):
    """``version`` is that of the node the form was filled from."""

    version: Id


class MandateQuery(Paged):
    """Which mandates are listed: by names, and whether they hold today."""

    q: Annotated[Text, Field(max_length=200)] = ""
    state: Annotated[Literal["held", "over"] | None, Optional] = None

    def args(self) -> dict[str, Any]:
        """The list as an address asks for it."""
        return self.model_dump(exclude_defaults=True)


class MandateInput(Input):
    """Whom a manager represents, and from when; ``organisation`` is its name."""

    manager: Id
    organisation: Annotated[Text, Field(min_length=2, max_length=200)]
    from_on: Day
    until_on: Annotated[Day | None, Optional] = None

    @field_validator("until_on")
    @classmethod
    def _not_before_start(cls, until: Any, info: ValidationInfo) -> Any:
        start = info.data.get("from_on")  # absent when it was itself invalid
        if until is not None and start is not None and until < start:
            raise PydanticCustomError("day_order", "结束日期不能早于开始日期")
        return until


class MandateEnd(Input):
    """The last day on which the mandate holds."""

    until_on: Day
