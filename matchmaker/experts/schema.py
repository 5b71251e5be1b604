"""What is typed about an expert, and by an expert about itself."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from models.states import TieKind

from ..accounts.schema import Email, GivenPassword, OrganisationName, PersonName
from ..schema import AnyField, Input, Paged, Text

LABELS = {
    "email": "邮箱",
    "name": "姓名",
    "employer": "工作单位",
    "title": "职称或职务",
    "fields": "评审领域",
    "organisation": "单位名称",
    "kind": "是什么关系",
    "words": "说明",
    "new": "密码",
    "repeated": "再填一次密码",
}
LARGEST_ID = 2**31 - 1
MOST_FIELDS = 12

JobTitle = Annotated[Text, Field(max_length=64)]


def _few(codes: list[str]) -> list[str]:
    if len(codes) > MOST_FIELDS:
        raise PydanticCustomError("fields", f"最多选 {MOST_FIELDS} 个领域")
    return sorted(set(codes))


Fields = Annotated[list[AnyField], AfterValidator(_few)]


class ExpertInput(Input):
    """An expert as the staff invite it."""

    email: Email
    name: PersonName
    employer: OrganisationName
    title: JobTitle = ""
    fields: Fields = []


class ExpertEdit(Input):
    """What the staff may change of an expert."""

    title: JobTitle = ""
    fields: Fields = []


class Joining(Input):
    """What the expert says when it opens the link of the invitation."""

    name: PersonName
    new: GivenPassword
    repeated: GivenPassword


class TieInput(Input):
    """What binds the expert to an organisation, on the platform or not."""

    organisation: OrganisationName
    kind: TieKind
    words: Annotated[Text, Field(max_length=500)] = ""


class ExpertQuery(Paged):
    """Which experts are listed."""

    q: Annotated[Text, Field(max_length=200)] = ""

    @field_validator("q", mode="before")
    @classmethod
    def _typed(cls, value: Any) -> Any:
        return value or ""
