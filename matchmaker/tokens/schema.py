"""What a token may be asked for."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..schema import Input, Text, worded

LABELS = {"name": "名称", "scopes": "权限范围", "days": "有效期"}
LONGEST_DAYS = 365
PERIODS = (30, 90, 180, LONGEST_DAYS)


def _known(scope: str) -> str:
    from ..api.registry import scopes

    if scope not in scopes():
        raise PydanticCustomError("scope", "没有这个权限范围，请从列表中选择")
    return scope


def _once_each(scopes: list[str]) -> list[str]:
    if not scopes:
        raise PydanticCustomError("scopes", "请至少选择一项权限")
    return sorted(set(scopes))


class TokenInput(Input):
    """A new token: its name, its scopes, and for how many days it is in force."""

    name: Annotated[Text, Field(min_length=2, max_length=60), worded(1)]
    scopes: Annotated[
        list[Annotated[Text, AfterValidator(_known)]],
        Field(validate_default=True),
        AfterValidator(_once_each),
    ] = []
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 90
