"""What a work list may be asked for."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ..schema import Optional, Paged, Text
from .sources import BY_NAME


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise PydanticCustomError("source", "没有这一类待办，请从列表中选择")
    return name


class WorkQuery(Paged):
    """One kind of work, or all of it."""

    source: Annotated[Annotated[Text, AfterValidator(_known)] | None, Optional] = None
