"""What is typed about an entry of a dictionary and about a holiday."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..schema import Day, Input, Paged, Text

LABELS = {
    "code": "代码",
    "label": "名称",
    "advice": "修改建议",
    "day": "日期",
    "name": "名称",
    "is_working": "当天安排",
}
CODE = re.compile(r"\w{1,32}")
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise PydanticCustomError(
            "code", "代码由 1 到 32 个字母、数字、下划线或汉字组成，不含空格"
        )
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise PydanticCustomError("one_line", "请写在一行内")
    return text


def _near(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("year", "请核对年份")
    return day


Label = Annotated[Text, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
Advice = Annotated[Text, Field(max_length=1000)]


class EntryEdit(Input):
    """New words for an entry; ``seen`` marks those the form was filled from."""

    label: Label
    advice: Advice = ""
    seen: Annotated[str, Field(max_length=64)] = ""


class NewEntry(Input):
    """An entry as it is added; the code stays for good."""

    dictionary: Annotated[Text, Field(max_length=32)]
    code: Annotated[Text, AfterValidator(_code)]
    label: Label
    advice: Advice = ""


class EntryMove(Input):
    """One place up or down the list."""

    direction: Literal["up", "down"]


class HolidayInput(Input):
    """A day that is not what its weekday says."""

    day: Annotated[Day, AfterValidator(_near)]
    name: Annotated[Text, Field(min_length=1, max_length=64), AfterValidator(_one_line)]
    is_working: bool = False


class Year(Paged):
    """The year whose days are shown."""

    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
