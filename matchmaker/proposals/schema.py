"""What somebody says who proposes a pair, and what a list of pairs may be asked."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from models.states import SuggestionStatus

from ..schema import Input, Optional, Paged, Text
from ..search.schema import LONGEST_QUERY

LARGEST_ID = 2**31 - 1
FEWEST_WORDS = 10
LABELS = {
    "other": "配对的另一方",
    "why": "为什么合适",
    "changed": "与上次有什么不同",
    "q": "检索词",
}


def _chosen(value: Any) -> Any:
    if not value:
        raise PydanticCustomError("other", "请从下面选一条")
    return value


class ProposalInput(Input):
    """The other side, and the sentence that speaks for the pair.

    ``changed`` is asked for where the pair was rejected before.
    """

    other: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST_ID)], BeforeValidator(_chosen)
    ] = Field(default=None, validate_default=True)
    why: Annotated[
        Text,
        Field(min_length=FEWEST_WORDS, max_length=1000, validate_default=True),
    ] = ""
    changed: Annotated[Text, Field(max_length=1000)] = ""


class SearchQuery(Input):
    """Words to look for the other side by; none: those of this side's title."""

    q: Annotated[Text, Field(max_length=LONGEST_QUERY)] = ""


class OwnQuery(Paged):
    """One's own proposals: those in one state, or all."""

    state: Annotated[SuggestionStatus | None, Optional] = None
