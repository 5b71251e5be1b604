"""What an introduction may be asked, answered and told."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

from models.states import Interest, IntroductionStatus, TalkEventKind, TalkRoute

from ..schema import AnyField, Day, Input, Optional, Paged, Text

LARGEST_ID = 2**31 - 1
FEWEST_WORDS = 5
# What is only ever said by an answer, and not by whoever ends the talks.
DECLINED = "declined"
PHONE = re.compile(r"\+?[0-9][0-9 ()\-]{5,38}[0-9]")

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
OptionalId = Annotated[Id | None, Optional]
Version = Annotated[int, Field(ge=0, le=LARGEST_ID)]
Words = Annotated[Text, Field(max_length=2000)]
Code = Annotated[Text, Field(max_length=32)]


def _enough(words: str) -> str:
    if len(words) < FEWEST_WORDS:
        raise PydanticCustomError("words", f"请至少写 {FEWEST_WORDS} 个字")
    return words


SomeWords = Annotated[Words, Field(validate_default=True), AfterValidator(_enough)]


class RequestInput(Input):
    """A request for talks: about what of one's own (none: in general), and why."""

    own: OptionalId = None
    message: SomeWords = ""


class PairInput(Input):
    """A request from an approved pair; the pair says why already."""

    message: Words = ""


class CreateInput(Input):
    """Talks begun by hand: a need with an achievement, or a call with one of them."""

    need: OptionalId = None
    achievement: OptionalId = None
    call: OptionalId = None
    message: Words = ""

    @model_validator(mode="after")
    def _two_sides(self) -> "CreateInput":
        if sum(one is not None for one in (self.need, self.achievement, self.call)) < 2:
            raise PydanticCustomError(
                "two_sides",
                "请填写双方的编号：一条需求和一项成果，或其中一个和一个榜单",
            )
        return self


class AnswerInput(Input):
    """One side's answer; whoever is not interested says why."""

    version: Version
    interest: Interest
    reason: Annotated[Code | None, Optional] = None
    words: Words = ""

    def missing(self) -> dict[str, str]:
        """What a refusal still lacks, by field."""
        if self.interest is Interest.INTERESTED:
            return {}
        found = {} if self.reason else {"reason": "请选择无意向的原因"}
        if len(self.words) < FEWEST_WORDS:
            found["words"] = f"请用一句话说明原因，至少 {FEWEST_WORDS} 个字"
        return found


class MoveInput(Input):
    """The next stage; talks that come to nothing end with a reason."""

    version: Version
    to: IntroductionStatus
    failed_code: Annotated[Code | None, Optional] = None
    failed_words: Words = ""

    def missing(self) -> dict[str, str]:
        """What the end of the talks still lacks, by field."""
        if self.to is not IntroductionStatus.FAILED:
            return {}
        found = {} if self.failed_code else {"failed_code": "请选择未成的原因"}
        if len(self.failed_words) < FEWEST_WORDS:
            found["failed_words"] = f"请用一句话说明，至少 {FEWEST_WORDS} 个字"
        return found


class AssignInput(Input):
    """Which technology manager; none takes the one there is away."""

    version: Version
    manager: OptionalId = None


class RouteInput(Input):
    """How the two sides are to be brought together, and why."""

    version: Version
    route: TalkRoute
    route_words: SomeWords = ""


def _not_to_come(day: date, info: Info) -> date:
    today = (info.context or {}).get("today")
    if today is not None and day > today:
        raise PydanticCustomError("day", "日期不能晚于今天；约定的事请写在说明里")
    if day.year < 2000:
        raise PydanticCustomError("day", "请核对年份")
    return day


class LogInput(Input):
    """One line of the log. Its context holds ``today``."""

    kind: TalkEventKind
    happened_on: Annotated[Day, AfterValidator(_not_to_come)]
    log_words: Annotated[Text, Field(min_length=2, max_length=4000)]
    is_internal: bool = False


def _phone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    if text and not PHONE.fullmatch(text):
        raise PydanticCustomError(
            "phone", "请填写电话号码，例如 0731-88880000 或 13800000000"
        )
    return text


def _agreed(ticked: bool) -> bool:
    if not ticked:
        raise PydanticCustomError("agreed", "请确认后再公开联系方式")
    return ticked


class ContactInput(Input):
    """One's own contact for the other side; a phone, the account's e-mail, or both."""

    phone: Annotated[
        str, Field(validate_default=True, max_length=40), BeforeValidator(_phone)
    ] = ""
    by_mail: bool = False
    agreed: Annotated[bool, Field(validate_default=True), AfterValidator(_agreed)] = (
        False
    )

    def missing(self) -> dict[str, str]:
        """What the contact lacks, by field."""
        if self.phone or self.by_mail:
            return {}
        return {"phone": "请填写电话，或勾选公开账号邮箱"}


class Sort(StrEnum):
    WAITING = "waiting"
    NEWEST = "newest"
    UPDATED = "updated"


class View(StrEnum):
    LIST = "list"
    BOARD = "board"


NOBODY = "none"


def _manager(value: Any) -> Any:
    if value is None or value == NOBODY:
        return value
    text = str(value).strip()
    if not text:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= 10
    if not (digits and 0 < int(text) <= LARGEST_ID):
        raise PydanticCustomError("manager", "没有这位技术经理人，请从列表中选择")
    return text


class IntroductionFilters(Paged):
    """Which introductions; what is left empty does not narrow.

    ``overdue``: only those that have waited too long. ``manager`` is a number, or
    «none» for those without one.
    """

    status: Annotated[IntroductionStatus | None, Optional] = None
    field: Annotated[AnyField | None, Optional] = None
    organisation: Annotated[Text, Field(max_length=200)] = ""
    manager: Annotated[str | None, BeforeValidator(_manager)] = None
    overdue: bool = False
    q: Annotated[Text, Field(max_length=200)] = ""
    sort: Sort = Sort.WAITING

    def args(self) -> dict[str, Any]:
        """The filters as an address repeats them, defaults and page left out."""
        args = self.model_dump(mode="json", exclude={"page"}, exclude_defaults=True)
        return {name: "1" if value is True else value for name, value in args.items()}

    @property
    def narrows(self) -> bool:
        """Whether any filter is in force."""
        return bool(self.args().keys() - {"view", "sort"})


class IntroductionQuery(IntroductionFilters):
    """The same as a list or as a board."""

    view: View = View.LIST
