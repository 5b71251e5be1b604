"""What a person may type to register itself and its organisation."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from models.states import OrganisationKind, RegistrationState

from ..accounts.schema import Email, GivenPassword, OrganisationName, PersonName
from ..nodes.schema import NodeKey
from ..schema import District, Input, Paged, Text

# What a list of registrations may be narrowed to, as it stands in the address.
STATES: dict[str, RegistrationState] = {
    "": RegistrationState.PENDING,
    "approved": RegistrationState.APPROVED,
    "returned": RegistrationState.RETURNED,
}
# Chosen at «是否就是这一家», instead of the number of one.
ANOTHER = "new"
FIELDS = {
    "credit_code": "统一社会信用代码",
    "organisation_name": "单位名称",
    "kind": "单位类型",
    "district": "所在区县",
    "join": "是否就是这一家",
    "name": "您的姓名",
    "email": "邮箱",
    "new": "密码",
    "repeated": "再填一次密码",
}


def plain_code(text: str) -> str:
    """A code as it is stored: half width, capital, without what separates groups."""
    text = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in text if char.isalnum())


def checked_code(text: str) -> str:
    """A valid 统一社会信用代码 (GB 32100-2015), its check character included."""
    code = plain_code(text)
    if not code:
        raise PydanticCustomError("credit_code", "请填写此项")
    if len(code) != 18:
        raise PydanticCustomError(
            "credit_code",
            "应为 18 位，现在是 {length} 位，请对照营业执照或法人证书",
            {"length": len(code)},
        )
    if wrong := sorted(set(code) & set("IOSVZ")):
        raise PydanticCustomError(
            "credit_code",
            "不会出现字母 {letters}，请核对是否与数字 1、0、5、2 混淆",
            {"letters": "、".join(wrong)},
        )
    try:
        return str(uscc.validate(code))
    except InvalidChecksum as error:
        raise PydanticCustomError(
            "credit_code", "校验位不对，至少有一位填错，请逐位核对"
        ) from error
    except ValidationError as error:
        raise PydanticCustomError(
            "credit_code", "格式不对，前 8 位应为数字，请对照营业执照或法人证书"
        ) from error


def _known_state(state: str) -> str:
    if state not in STATES:
        raise PydanticCustomError("state", "没有这种状态，请从列表中选择")
    return state


class QueueQuery(Paged):
    """Which registrations: those that wait, or those decided one way."""

    state: Annotated[Text, AfterValidator(_known_state)] = ""
    node: NodeKey = None

    def args(self) -> dict[str, Any]:
        """The filters as a query string would have them, defaults and page left out."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"page"})


CreditCode = Annotated[Text, AfterValidator(checked_code)]


class OrganisationInput(Input):
    """The organisation, and whether it is one that is known already."""

    credit_code: CreditCode
    organisation_name: OrganisationName
    kind: OrganisationKind
    district: District
    join: Annotated[Text, Field(max_length=20)] = ""


class RegistrationInput(OrganisationInput):
    """A first registration."""

    name: PersonName
    email: Email
    new: GivenPassword
    repeated: GivenPassword


class CorrectionInput(OrganisationInput):
    """A registration that was returned, sent again."""

    name: PersonName


class Approval(Input):
    """A decision about the registration as it was read."""

    version: int


class RegistrationReturn(Approval):
    """A registration given back; the person reads the reason."""

    reason: Annotated[Text, Field(min_length=5, max_length=1000)]
