"""What may be typed about a hook, and about the hosts hooks may name."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from models.states import WebhookFormat

from ..schema import Input, InWords, Text
from . import hosts

LONGEST_HOST = 260
LABELS = {
    "name": "名称",
    "format": "格式",
    "address": "网址",
    "signing": "加签密钥",
    "events": "推送哪些消息",
    "pattern": "主机",
}


def _address(text: str) -> str:
    if text:
        try:
            hosts.target(text)
        except hosts.Refused as error:
            raise PydanticCustomError(
                "address", "{words}", {"words": str(error)}
            ) from error
    return text


def _at_least_one(kinds: list[str]) -> list[str]:
    if not kinds:
        raise PydanticCustomError("events", "请至少选一种消息")
    return kinds


def _pattern(text: str) -> str:
    try:
        return hosts.plain_pattern(text)
    except hosts.Refused as error:
        raise PydanticCustomError(
            "pattern", "{words}", {"words": str(error)}
        ) from error


Name = Annotated[Text, Field(min_length=2, max_length=60), InWords]
Events = Annotated[
    list[Annotated[str, Field(max_length=48)]],
    Field(max_length=200, validate_default=True),
    AfterValidator(_at_least_one),
]
Address = Annotated[Text, Field(max_length=hosts.LONGEST), AfterValidator(_address)]
# The robot's own 加签 secret.
Signing = Annotated[Text, Field(max_length=200)]


class HookChange(Input):
    """A hook as it is to be; what is left blank of the secrets stays as it was."""

    labels: ClassVar[Mapping[str, str]] = LABELS

    name: Name
    address: Address = ""
    signing: Signing = ""
    events: Events


class HookEdit(HookChange):
    """With the version of the hook that was read."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


class NewHook(Input):
    """A new hook."""

    labels: ClassVar[Mapping[str, str]] = LABELS

    name: Name
    format: WebhookFormat
    address: Annotated[Address, Field(min_length=1)]
    signing: Signing = ""
    events: Events


class HookInput(NewHook):
    """With what marks its form, so that the form sent twice makes one."""

    form_key: Annotated[str, Field(max_length=64)] = ""


class HostInput(Input):
    """A host hooks may name from now on."""

    labels: ClassVar[Mapping[str, str]] = LABELS

    pattern: Annotated[
        Text,
        Field(min_length=1, max_length=LONGEST_HOST),
        AfterValidator(_pattern),
    ]
    allows_http: bool = False
    allows_private: bool = False
