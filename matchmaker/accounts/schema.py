"""What a person may type about an account."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from models.states import OrganisationKind, Role

from ..schema import Input, Optional, Text

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u202a\u202c\u202d"
# Whoever has an address with other letters has one with these as well, and not
# every mail server takes the others.
LOCAL = r"[a-z0-9!#$%&*+/=?^_`{|}~-]+"
DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
EMAIL = re.compile(rf"{LOCAL}(\.{LOCAL})*@{DOMAIN}(\.{DOMAIN})+")

# What people build guessable passwords from; runs like «12345» and «aaaa» are
# found as such. A password needs something of its own beside these.
COMMON_WORDS = (
    "password",
    "passw0rd",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "iloveyou",
    "woaini",
    "welcome",
    "letmein",
    "abcdefghij",
    "changsha",
    "admin",
    "root",
    "mima",
    "test",
)
FEWEST_OWN = 4
SHORTEST_RUN = 3


def plain_email(text: str) -> str:
    """The one spelling of an e-mail: width, case, a Chinese full stop do not matter."""
    text = unicodedata.normalize("NFKC", text).replace("。", ".").lower().strip()
    return "".join(char for char in text if char not in INVISIBLE)


def _email(text: str) -> str:
    text = plain_email(text)
    if not EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "请填写邮箱地址，例如 name@example.com")
    return text


def _same_keys(value: Any) -> Any:
    # A Chinese input method may type full-width letters; they are the same keys.
    return unicodedata.normalize("NFKC", value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise PydanticCustomError("control", "密码含有无法识别的控制字符，请重新填写")
    return text


# Lengths after the spelling is settled: some characters grow when written out.
Email = Annotated[Text, AfterValidator(_email), Field(max_length=254)]
TypedPassword = Annotated[
    str,
    BeforeValidator(_same_keys),
    Field(max_length=LONGEST_PASSWORD),
    AfterValidator(_printable),
]
OrganisationName = Annotated[Text, Field(min_length=2, max_length=200)]
PersonName = Annotated[Text, Field(min_length=1, max_length=64)]
GivenPassword = Annotated[TypedPassword, Field(min_length=1)]


class SignInInput(Input):
    """The sign-in form; what is wrong with it is told without a hint at who exists."""

    email: Annotated[
        Text, AfterValidator(plain_email), Field(min_length=1, max_length=254)
    ]
    password: GivenPassword


class EmailOnly(Input):
    """Where the link of a reset is to be sent."""

    email: Email


class NewPassword(Input):
    """A password chosen through a link; ``repeated`` catches a slip of the finger."""

    new: GivenPassword
    repeated: GivenPassword


class PasswordOnly(Input):
    """The proof, before something grave, that it is still the same person."""

    password: GivenPassword


def _plain_code(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in text if char.isalnum())


class CodeInput(Input):
    """The second step: six digits of the app, or a spare code."""

    code: Annotated[
        Text, Field(min_length=1, max_length=64), AfterValidator(_plain_code)
    ]


class Details(Input):
    """What a person may change about itself."""

    name: PersonName


class PasswordChange(Input):
    """One's own new password; ``repeated`` catches a slip of the finger."""

    current: GivenPassword
    new: GivenPassword
    repeated: GivenPassword


class NewUser(Input):
    """An account as staff open it."""

    email: Email
    name: Annotated[Text, Field(min_length=1, max_length=64)]
    role: Role
    organisation: Annotated[OrganisationName | None, Optional] = None
    kind: OrganisationKind | None = None
    password: GivenPassword


def weakness(password: str, email: str) -> str | None:
    """Why this password will not do for this e-mail; None when it will."""
    plain = password.casefold()
    if len(password) < SHORTEST_PASSWORD:
        return f"密码至少 {SHORTEST_PASSWORD} 个字符"
    if _is_the_email(plain, email.casefold()):
        return "密码不能是您的邮箱"
    if plain.isdecimal():
        return "密码不能只有数字，请加入字母或其他字符"
    if len(_own_part(plain)) < FEWEST_OWN or plain in _common():
        return "这个密码太常见，容易被猜到，请换一个"
    return None


@cache
def _common() -> frozenset[str]:
    """The passwords people were found to use most, of those long enough to be taken."""
    # Large, and needed only where somebody chooses a password.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    known = FREQUENCY_LISTS["passwords"]
    return frozenset(word for word in known if len(word) >= SHORTEST_PASSWORD)


def _is_the_email(password: str, email: str) -> bool:
    name = email.partition("@")[0]
    return password == email or password.strip("0123456789!@#._-") == name


def _own_part(plain: str) -> str:
    for word in COMMON_WORDS:
        plain = plain.replace(word, "")
    return "".join(run for run in _runs(plain) if len(run) < SHORTEST_RUN)


def _runs(text: str) -> Iterator[str]:
    """The text cut into stretches that repeat, rise or fall evenly: aaa, 123, cba."""
    run, step = "", None
    for char in text:
        move = ord(char) - ord(run[-1]) if run else None
        if move not in (-1, 0, 1) or (step is not None and move != step):
            if run:
                yield run
            run, move = "", None
        run, step = run + char, move
    if run:
        yield run
