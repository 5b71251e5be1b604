"""What a work list may be asked for."""

from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ..nodes.schema import NodeKey
from ..schema import Optional, Paged, Text
from .sources import BY_NAME


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise PydanticCustomError("source", "没有这一类待办，请从列表中选择")
    return name


class WorkQuery(Paged):
    """One kind of work, or all of it; for staff, that of a node."""

    source: Annotated[Annotated[Text, AfterValidator(_known)] | None, Optional] = None
    node: NodeKey = None

    def args(self) -> dict[str, Any]:
        """The filters as a query string would have them, defaults and page left out."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"page"})
